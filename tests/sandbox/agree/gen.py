# SPDX-License-Identifier: Apache-2.0
"""Random trees and random policies over them. All from one random.Random: the same seed gives the same."""
import os
import socket
import stat as S

# names that sort around '/', need quoting, look like patterns, or are no text
NAMES = ["a", "b", "c", "d", "a-", "a.b", "a b", "ab", "aa", "A", "a0", "é", "[x]", "*", "q'\"", "back\\slash", ".hidden", ".env",
         "\udcff\udcfe", "-", "~", "$x", "x" * 60]
PROJECT = [".git", ".git/hooks", ".git/hooks/pre", ".git/config", ".npmrc", ".vscode", ".vscode/s", ".husky", ".envrc",
           ".github", ".github/workflows", ".github/workflows/w"]
FILE_MODES = [0o644, 0o755, 0o755, 0o755, 0o777, 0o666, 0o600, 0o700, 0o400, 0o111, 0o444, 0o000]
DIR_MODES = [0o755, 0o755, 0o755, 0o755, 0o755, 0o777, 0o777, 0o777, 0o700, 0o711, 0o555, 0o000]


class Item:
    """One thing of a tree: KIND is dir, file, link, hard, fifo or sock; REL is below the tree's top."""

    def __init__(self, kind, rel, mode=0, owner=0, to=None):
        self.kind, self.rel, self.mode, self.owner, self.to = kind, rel, mode, owner, to

    def __repr__(self):
        to = f" -> {self.to!r}" if self.to is not None else ""
        mode = "" if self.kind == "link" else f" {self.mode:04o} of {self.owner}"
        return f"{self.kind} {self.rel!r}{to}{mode}"


def tree(rng, top, user):
    items, dirs, files = [], [""], []
    taken = set()

    def owner():
        return rng.choice((0, user))

    def add(kind, rel, **more):
        if rel in taken:
            return
        taken.add(rel)
        if kind in ("dir", "file", "fifo", "sock"):
            more["mode"] = rng.choice(DIR_MODES if kind == "dir" else FILE_MODES)
            more["owner"] = owner()
        items.append(Item(kind, rel, **more))
        if kind == "dir":
            dirs.append(rel)
        elif kind == "file":
            files.append(rel)

    for _ in range(rng.randint(4, 24)):
        at = rng.choice(dirs if rng.random() < 0.6 else dirs[-3:])
        if at.count("/") > 4:
            continue
        rel = (at + "/" if at else "") + rng.choice(NAMES[:8] if rng.random() < 0.6 else NAMES)
        roll = rng.random()
        if roll < 0.42:
            add("dir", rel)
        elif roll < 0.80:
            add("file", rel)
        elif roll < 0.90:
            to = rng.choice([top, "/usr/bin", "nowhere", "..", ".", rng.choice(NAMES[:5])] +
                            [top + "/" + i.rel for i in items] + [os.path.relpath("/" + i.rel, "/" + at) for i in items])
            add("link", rel, to=to)
        elif roll < 0.94 and files:
            add("hard", rel, to=rng.choice(files))
        else:
            add(rng.choice(("fifo", "sock")), rel)
    if rng.random() < 0.5:
        at = rng.choice(dirs)
        base = at + "/" if at else ""
        for name in rng.sample(PROJECT, rng.randint(1, 8)):
            for part in range(name.count("/")):
                add("dir", base + "/".join(name.split("/")[:part + 1]))
            if base + name not in taken:
                leaf = "dir" if name in (".git", ".git/hooks", ".github", ".github/workflows", ".vscode") else "file"
                add(leaf, base + name)
    return items


def build(items, top, content):
    """Makes it. What lies below something that is no directory (after shrinking) is left out."""
    os.mkdir(top)
    for i in items:
        path = os.path.join(top, i.rel)
        try:
            if i.kind == "dir":
                os.mkdir(path)
            elif i.kind == "file":
                with open(path, "xb") as f:
                    f.write(content)
            elif i.kind == "link":
                os.symlink(i.to, path)
            elif i.kind == "hard":
                os.link(os.path.join(top, i.to), path, follow_symlinks=False)
            elif i.kind == "fifo":
                os.mkfifo(path)
            else:
                make_socket(path)
        except FileNotFoundError:
            continue
        if i.kind not in ("link", "hard"):
            os.chown(path, i.owner, i.owner)
    for i in items:  # modes last, inner ones first does not matter for root
        if i.kind not in ("link", "hard") and os.path.lexists(os.path.join(top, i.rel)):
            os.chmod(os.path.join(top, i.rel), i.mode)
    os.chmod(top, 0o777)


def make_socket(path):
    s = socket.socket(socket.AF_UNIX)
    at = os.open(os.path.dirname(path), os.O_PATH)
    s.bind(f"/proc/self/fd/{at}/" + os.path.basename(path))  # paths of sockets are short
    os.close(at)
    s.close()


def escape(path):
    """As a literal in a policy, where wildcards are special."""
    return "".join("[" + c + "]" if c in "*?[" else c for c in path)


def is_text(path):
    return not any("\ud800" <= c <= "\udfff" for c in path)


def pattern(rng, path, top):
    """A pattern that matches PATH, and perhaps more."""
    head, tail = path[:len(top)], path[len(top):].split("/")[1:]
    if not tail:
        return head + "/*"
    at = rng.randrange(len(tail))
    name = tail[at]
    tail = [escape(t) for t in tail]
    tail[at] = rng.choice(["*", escape(name[0]) + "*", "*" + escape(name[-1]), "?" * len(name), "**", "[!zy]*", "[a-c]*"])
    if tail[at] == "**" and at == len(tail) - 1:
        tail.append(escape(name))
    return escape(head) + "/" + "/".join(tail)


def projects(items):
    """Where there is something to protect: "" or "/dir"."""
    found = {("/" + i.rel)[:-len(name) - 1] for i in items for name in PROJECT if ("/" + i.rel).endswith("/" + name)}
    return sorted(found)


# what the sandbox has of its own, and what holds such places
ABOVE = ["/tmp", "/var/tmp", "/var", "/srv", "/home", "/proc/sys", "/usr"]


def policy(rng, items, top):
    """A dict, as in a policy file; "home" is how it is run."""
    p = {"allow_read": [], "allow_write": [], "deny": []}
    paths = [top + "/" + i.rel for i in items if i.kind != "link"] or [top]
    dirs = [top + "/" + i.rel for i in items if i.kind == "dir"] or [top]
    wild = rng.random() < 0.35

    def pick(key):
        roll = rng.random()
        if key == "allow_write":
            some = [top + "/" + i.rel for i in items if i.kind in ("dir", "file")]
            path = rng.choice(dirs) if roll < 0.6 else rng.choice(some or [top])
            if roll > 0.93:
                path = top
        elif roll < 0.82:
            path = rng.choice(paths)
        elif roll < 0.87:
            path = rng.choice(dirs) + "/absent"
        elif roll < 0.90:
            path = top
        else:
            path = top + "/" + (rng.choice(items).rel if items else "")
        while not is_text(path):
            path = os.path.dirname(path)
        if key.startswith("deny") and path == top and (key == "deny" or rng.random() < 0.7):
            path = rng.choice([q for q in dirs if is_text(q)] or [top])
        if wild and key != "allow_write" and rng.random() < 0.5:
            if key.startswith("deny") and path != top and rng.random() < 0.3:  # the top is found from above
                return "**/" + escape(os.path.basename(path))
            return pattern(rng, path, top)
        return escape(path) + ("/**" if rng.random() < 0.1 else "")

    for _ in range(rng.randint(1, 6)):
        key = rng.choice(["allow_read", "allow_read", "allow_write", "allow_write", "deny", "allow_exec"])
        p.setdefault(key, []).append(pick(key))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        key = rng.choice(("deny_write", "deny_exec"))
        p.setdefault(key, []).append(rng.choice(ABOVE) if rng.random() < 0.1 else pick(key))
    if rng.random() < 0.3:
        p["allow_exec"] = rng.choice([[], ["**"], ["**"]])
    p["overlay"] = rng.random() < 0.25
    p["protect_project"] = rng.random() < 0.3
    project = [q for q in projects(items) if is_text(q)]
    if p["protect_project"] and project and rng.random() < 0.6:
        p["allow_write"].append(escape(top + rng.choice(project)))
    p["home"] = rng.choice(dirs) if rng.random() < 0.2 else None
    return p


def toml(p):
    def string(s):
        return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = ["[filesystem]"]
    for key in ("allow_read", "allow_write", "allow_exec", "deny", "deny_write", "deny_exec"):
        if key in p:
            lines.append(f"{key} = [" + ", ".join(string(s) for s in p[key]) + "]")
    for key in ("overlay", "protect_project"):
        if p.get(key):
            lines.append(f"{key} = true")
    return "\n".join(lines) + "\n"


def in_private(top):
    """Names in the sandbox's own places; outside, nobody else makes them."""
    return [at + top.replace("/", "-") for at in ("/tmp/absent", "/var/tmp/absent")]


def probes(items, top):
    """What is tried: everything, names that are not there, and ways through links."""
    paths = [top, os.path.dirname(top), os.path.dirname(os.path.dirname(top)), top + "/absent", *in_private(top)]
    for i in items:
        path = top + "/" + i.rel
        paths.append(path)
        if i.kind in ("dir", "link"):
            paths += [path + "/absent", path + "/a", path + "/../a"]
        elif i.kind == "file":
            paths.append(path + "-")
    return list(dict.fromkeys(paths))


def canonical(items, top):
    """Every path without links: of the tree, and of what is not there but asked for."""
    paths = {top, top + "/absent", os.path.dirname(top), "/tmp", "/var/tmp", *in_private(top)}
    for i in items:
        path = top + "/" + i.rel
        paths.add(path)
        if i.kind == "dir":
            paths |= {path + "/absent", path + "/a", path + "/a-", path + "/a/b"}
    return sorted(paths)


def snapshot(top, times):
    seen = {}
    for at, _dirs, _files in os.walk(top):
        for path in [at] + [at + "/" + n for n in os.listdir(at)]:
            st = os.lstat(path)
            seen[path] = (S.S_IFMT(st.st_mode), S.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_ino,
                          0 if S.S_ISDIR(st.st_mode) else st.st_size, st.st_mtime_ns if times else 0)
    return seen
