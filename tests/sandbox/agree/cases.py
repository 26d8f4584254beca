# SPDX-License-Identifier: Apache-2.0
"""Disagreements that were found once. Each is tried at the start of every run: (why, tree, policy with "%" for its top)."""
from gen import Item


def d(rel, mode=0o777, owner=0):
    return Item("dir", rel, mode, owner)


def f(rel, mode=0o777, owner=0):
    return Item("file", rel, mode, owner)


CASES = [
    ("an empty allow_exec is the command alone", [f("x")], {"allow_read": ["%"], "allow_exec": []}),
    ("what leads to a mask stays where it is", [d("a"), d("a/b"), f("a/b/c")], {"allow_write": ["%"], "deny": ["%/a/b/c"]}),
    ("a grant on the way does not change that", [d("a"), d("a/b"), d("a/b/c"), f("a/b/c/d")],
     {"allow_write": ["%"], "allow_exec": ["%/a/b"], "deny": ["%/a/b/c/d"]}),
    ("an overlay's top has the mode of what it covers", [d("a", 0o555), f("a/x")], {"allow_write": ["%/a"], "overlay": True}),
    ("a file cannot be overlaid", [f("x")], {"allow_write": ["%/x"], "overlay": True}),
    ("\"a-\" sorts before \"a/\"", [d("a"), f("a/x"), d("a-"), f("a-/x"), f("a.b")],
     {"allow_read": ["%/a", "%/a-"], "deny": ["%/a-/x"], "allow_write": ["%/a/x"]}),
    ("a project's hooks stay read-only, and their names", [d(".git"), d(".git/hooks"), f(".git/hooks/pre"), f(".git/config")],
     {"allow_write": ["%"], "protect_project": True}),
    ("unless they are asked for", [d(".git"), d(".git/hooks"), f(".git/hooks/pre")],
     {"allow_write": ["%", "%/.git/hooks"], "protect_project": True}),
    ("a link out of what is granted leads nowhere", [d("a"), f("x"), Item("link", "a/l", to="../x")], {"allow_read": ["%/a"]}),
    ("a link that may have been planted is not followed", [f("x"), Item("link", "l", to="x")], {"allow_read": ["%/l"]}),
    ("nor on the way", [d("a"), f("a/x"), Item("link", "l", to="a")], {"allow_read": ["%/l/x"]}),
    ("a pattern denies hidden names, and allows none", [f(".env"), f("x"), d("a"), f("a/.env")],
     {"allow_read": ["%/a", "%/a/*", "%"], "deny": ["%/*env", "%/**/*nv"]}),
    ("a question mark is a character", [f("é"), f("x")], {"allow_read": ["%"], "deny": ["%/?"]}),
    ("a link by a link that is not there leads nowhere", [d("a"), f("a/x"), d("b"), Item("link", "l", to="a"),
                                                          Item("link", "b/l", to="../l")], {"allow_read": ["%/a", "%/b"]}),
    ("a link to what is denied is denied", [d("a"), f("a/x"), Item("link", "a/l", to="x")],
     {"allow_read": ["%"], "deny": ["%/a/l"]}),
    ("hard links are names of their own for mounts", [f("x"), Item("hard", "y", to="x")],
     {"allow_write": ["%/x"], "deny": ["%/y"], "allow_read": ["%"]}),
    ("directories on the way can be listed", [d("a"), d("a/b"), f("a/b/x"), f("a/y")], {"allow_read": ["%/a/b/x"]}),
    ("a rule names characters, not patterns", [f("[x]"), f("x"), f("*")], {"allow_read": ["%/[[]x]"], "deny": ["%/[*]"]}),
    ("what is kept stays as it is, in what may be written", [d("a"), d("a/b"), f("a/b/c"), f("a/x")],
     {"allow_write": ["%"], "deny_write": ["%/a/b"]}),
    ("and nothing below gives it back", [d("a"), d("a/b"), f("a/b/c")],
     {"allow_write": ["%", "%/a/b", "%/a/b/c"], "deny_write": ["%/a"]}),
    ("nor above", [d("a"), f("a/x")], {"allow_write": ["%/a"], "deny_write": ["%"]}),
    ("a file alone", [f("x"), f("y")], {"allow_write": ["%"], "deny_write": ["%/x"]}),
    ("by a link too", [d("a"), f("a/x"), Item("link", "l", to="a")], {"allow_write": ["%"], "deny_write": ["%/l"]}),
    ("nothing of it runs or is mapped, though all may be executed", [d("a"), f("a/x"), f("b")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_exec": ["%/a"]}),
    ("nor where it may only be read", [d("a"), f("a/x"), f("b")], {"allow_read": ["%"], "deny_exec": ["%/a"]}),
    ("nor what is listed", [d("a"), f("a/x"), f("a/y")], {"allow_exec": ["%", "%/a/x"], "deny_exec": ["%/a"]}),
    ("what leads there cannot be moved away", [d("a"), d("a/b"), d("a/b/c"), f("a/b/c/x")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_exec": ["%/a/b/c"]}),
    ("a single program", [f("x"), f("y")], {"allow_exec": ["%"], "deny_exec": ["%/x"]}),
    ("a file that may be written and not executed has no overlay", [f("x")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_exec": ["%/x"], "overlay": True}),
    ("a directory has", [d("a"), f("a/x")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_exec": ["%/a"], "overlay": True}),
    ("both at once", [d("a"), f("a/x"), d("a/b"), f("a/b/y")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_write": ["%/a"], "deny_exec": ["%/a/b"]}),
    ("what the sandbox has of its own too", [f("x")],
     {"allow_write": ["%"], "allow_exec": ["**"], "deny_write": ["/var/tmp"], "deny_exec": ["/tmp"]}),
    ("a private home that is kept can hold what is granted", [d("h"), d("h/p"), f("h/p/y")],
     {"allow_read": ["%/h/p"], "home": "%/h", "deny_write": ["%/h"]}),
    ("a private home hides the host's", [d("h"), f("h/x"), d("h/p"), f("h/p/y")], {"allow_read": ["%/h/p"], "home": "%/h"}),
]


def at(case, top, owner):
    """(items, policy) of CASE in TOP, everything owned by OWNER."""
    _, items, policy = case
    mine = [Item(i.kind, i.rel, i.mode, owner, i.to) for i in items]
    p = {"allow_read": [], "allow_write": [], "deny": [], "overlay": False, "protect_project": False, "home": None}
    for key, value in policy.items():
        p[key] = [t.replace("%", top) for t in value] if isinstance(value, list) else \
            value.replace("%", top) if isinstance(value, str) else value
    return mine, p
