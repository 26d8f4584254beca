# SPDX-License-Identifier: Apache-2.0
"""Files: one tree, one policy, one user; compared, and shrunk when it differs."""
import os
import shutil
import stat as S

import bench
import gen
from bench import OVERFLOW, name
from model import Model, Refused
from world import OPS, Answer, World


def answer(line):
    n = [int(x) for x in line[:4]]
    return Answer(*n, line[4].decode(), *[int(x) for x in line[5:]])


def exec_mode(p):
    if p.get("allow_exec") == ["**"] or "**" in p.get("allow_exec", []):
        return "any"
    return "listed" if p.get("allow_exec") else "command"  # an empty list is as none


def parse(out):
    got = []
    for line in out.decode().splitlines():
        *numbers, names = line.split(" ")
        names = b"" if names == "-" else bytes.fromhex(names)
        got.append((dict(zip(OPS, map(int, numbers))), {os.fsdecode(n) for n in names.split(b"/") if n}))
    return got


class Case:
    def __init__(self, b, items):
        self.b = b
        self.items, self.known_case = items, False
        self.make(self.items)
        self.outside = []
        for uid in (0, b.user):
            self.outside += self.try_outside(uid)

    def make(self, items):
        shutil.rmtree(self.b.top, ignore_errors=True)
        gen.build(items, self.b.top, self.b.tiny)
        self.probes = gen.probes(items, self.b.top)
        self.known = gen.canonical(items, self.b.top)

    def stdin(self):
        return b"".join(os.fsencode(p) + b"\0" for p in self.probes)

    def try_outside(self, uid):
        """Without a sandbox: is our own idea of file modes right?"""
        status, out, err = self.b.run([self.b.probe, "--drop", "paths", self.b.top], uid, None, self.stdin())
        if status:
            return [f"probe outside: status {status} {err!r}"]
        return self.compare(World(None, uid, uid, "any", False, self.known), parse(out))

    def compare(self, world, got):
        bad = []
        if len(got) != len(self.probes):
            return [f"{len(got)} lines instead of {len(self.probes)}"]
        for path, (have, names) in zip(self.probes, got):
            want = world.expect(path)
            if not path.startswith(self.b.top + "/"):
                want["rename"] = {-1}
            for op in OPS:
                if have[op] not in want[op]:
                    bad.append(f"{op} {path!r}: kernel {name(have[op])}, policy and modes {' or '.join(map(name, want[op]))}")
            if have["list"] == 0 and want["list"] == {0} and names != world.expect_names(path):
                bad.append(f"names in {path!r}: kernel {sorted(names)}, policy {sorted(world.expect_names(path))}")
        return bad

    def try_policy(self, rng, p=None):
        """(answers compared, "" or what is wrong)."""
        self.known_case = bool(p)
        p = p or gen.policy(rng, self.items, self.b.top)
        bad = [f"outside: {x}" for x in self.outside]
        n, uid = 0, 0
        for uid in (0, self.b.user) if not bad else ():
            if uid == OVERFLOW and p["overlay"]:
                continue  # what is not mapped seems to be this user's own, the overlay's top directory among it
            compared, bad = self.once(p, uid, rng.random())
            n += compared
            if bad:
                break
        return n, self.shrink(p, uid, bad) if bad else ""

    def barred(self, uid, err):
        """Root of the sandbox's user namespace may not pass directories of other owners: a clean end, not a wrong answer."""
        return not uid and "Permission denied" in err and any(
            i.kind == "dir" and i.owner and not i.mode & 1 for i in self.items)

    @staticmethod
    def unlayered(p, err):
        """An overlay needs directories, which can be read."""
        return p["overlay"] and ("an overlay can only hold" in err or "to tell later what changed" in err or
                                 "read what the command changed: Permission denied" in err)

    def once(self, p, uid, roll=0.0):
        self.b.write_policy(gen.toml(p))
        answers = bench.Answers(self.b, uid, p["home"])
        try:
            return self.judge(p, uid, answers, roll)
        finally:
            answers.close()

    def judge(self, p, uid, answers, roll):
        modelled = self.model(p, uid)
        if isinstance(modelled, str) != bool(answers.error):
            why = answers.close() if answers.error else modelled
            return 1, [f"evaluation {'fails' if answers.error else 'succeeds'}, model says otherwise: {why}"]
        before = gen.snapshot(self.b.top, p["overlay"])
        status, out, err = self.b.contained(uid, ["paths", self.b.top], p["home"], self.stdin())
        after = gen.snapshot(self.b.top, p["overlay"])
        err = err.decode(errors="replace")
        if answers.error or status == 125:
            if bool(answers.error) != (status == 125) and not self.barred(uid, err) and not self.unlayered(p, err):
                return 1, [f"evaluation: {answers.error or 'ok'}; run: status {status}: {err}"]
            return 1, []
        if status:
            return 1, [f"run: status {status}: {err}"]
        world = World(lambda q: answer(answers.ask(q)), uid, uid, exec_mode(p), p["overlay"], self.known)
        bad = self.compare(world, parse(out))
        bad += [f"host changed: {q!r}: {before.get(q)} -> {after.get(q)}" for q in before.keys() | after.keys()
                if before.get(q) != after.get(q)]
        if not isinstance(modelled, str):
            bad += self.compare_model(world, modelled)
        bad += self.why(p, uid, world, roll)
        return len(self.probes) * len(OPS) + len(self.known), bad

    # ---- the third account --------------------------------------------------------------------------------------

    def model(self, p, uid):
        """A Model, or the reason why there is none."""
        outside = World(None, uid, uid, "any", False, [])

        def may_enter(at):
            return not uid or bool(outside.node(at) and outside.may(outside.node(at), 1))

        def may_read(at):
            return not uid or (may_enter(os.path.dirname(at)) and outside.may(outside.node(at), 4))

        try:
            home = p["home"] if p["home"] and not (uid and outside.walk(p["home"], True)[0]) else None
            return Model(p, home, self.b.probe, self.b.top, may_enter, may_read)
        except Refused as e:
            return str(e)

    def compare_model(self, world, model):
        bad = []
        for q in self.known:
            parent = world.host(os.path.dirname(q))
            if not parent or not S.S_ISDIR(parent.st_mode):
                continue
            have, want = world.ask(q), model.answer(q)
            fields = ["read", "write", "exec", "hidden", "kind"]
            fields += ["exec_mount"] if want.kind == "h" else ["skeleton"] if want.kind in "-p" else ["own"]
            for f in fields:
                if bool(getattr(have, f)) != bool(getattr(want, f)) or (f == "kind" and have.kind != want.kind):
                    bad.append(f"model: {f} of {q!r}: evaluated {getattr(have, f)}, model {getattr(want, f)}")
        return bad

    # ---- the command line -----------------------------------------------------------------------------------------

    def why(self, p, uid, world, roll):
        """Asks `policy why` of one path that is there; of all, for a case that is known."""
        there = [q for q in self.probes if q.startswith(self.b.top + "/") and os.path.lexists(q) and "/../" not in q]
        if not there:
            return []
        links = [q for q in there if os.path.realpath(q) != q]
        some = links if links and int(roll * 100) % 2 else there
        some = there if self.known_case else [some[int(roll * len(some))]]
        access = ("read", "write", "exec")[int(roll * 1000) % 3]
        return [x for path in some for x in self.why_one(p, uid, world, path, access)]

    def why_one(self, p, uid, world, path, access):
        outside = World(None, uid, uid, "any", False, [])
        if outside.walk(path, True)[0]:
            return []  # this user cannot follow the path even here
        free = Free(world)
        err, at = free.walk(path, True)
        a = None if err else world.ask(at)
        if a and access == "exec" and S.S_ISDIR(os.lstat(at).st_mode):
            access = "read"
        want = bool(a) and bool(getattr(a, access))
        argv = [self.b.sandtrace, "policy", "why", "--policy", self.b.policy]
        status, out, err = self.b.run(argv + {"read": [], "write": ["--write"], "exec": ["--exec"]}[access] + [path], uid, p["home"])
        if status == (0 if want else 1):
            return []
        return [f"why --{access} {path!r}: status {status}, evaluated policy {want}: {out.decode(errors='replace')} "
                f"{err.decode(errors='replace')}"]

    # ---- shrinking ----------------------------------------------------------------------------------------------

    def still(self, items, p, uid, kind):
        self.make(items)
        bad = [x for x in self.once(p, uid, self.roll)[1] if self.kind_of(x) == kind]
        return bad

    @staticmethod
    def kind_of(text):
        words = text.split(" ", 1)[0]
        return words + (text[text.find(": kernel"):] if ": kernel" in text and words != "names" else "")

    def shrink(self, p, uid, bad):
        kind, items, self.roll = self.kind_of(bad[0]), self.items, 0.0
        first = bad
        if not bad[0].startswith(("outside", "why")):
            try:
                p, items, bad = self.smaller(p, uid, kind, items, bad)
            finally:
                self.make(self.items)
        lines = ["  --- disagreement", f"  user {uid}, home {p['home']}, top {self.b.top}"]
        lines += ["    " + line for line in gen.toml(p).splitlines()]
        lines += [f"    {i!r}" for i in items] + [f"  * {x}" for x in bad[:6]]
        lines += [f"  (at first, {len(first)}: {first[0]})"]
        return "\n".join(lines)

    def smaller(self, p, uid, kind, items, bad):
        again = True
        while again:
            again = False
            for q in simpler(p):
                now = self.still(items, q, uid, kind)
                if now:
                    p, bad, again = q, now, True
                    break
            for i in reversed(items):
                rest = [j for j in items if j is not i and not (i.kind == "dir" and j.rel.startswith(i.rel + "/"))
                        and not (j.kind == "hard" and j.to == i.rel)]
                now = self.still(rest, p, uid, kind)
                if now:
                    items, bad, again = rest, now, True
        return p, items, bad


class Free(World):
    """As if everyone might do everything: the policy alone."""

    def __init__(self, world):  # pylint: disable=super-init-not-called
        self.__dict__.update(world.__dict__)

    def may(self, node, bits):
        return node.host or node.mode != 0


def simpler(p):
    for key in ("allow_read", "allow_write", "allow_exec", "deny", "deny_write", "deny_exec"):
        for k in range(len(p.get(key, []))):
            q = dict(p)
            q[key] = p[key][:k] + p[key][k + 1:]
            yield q
    if "allow_exec" in p and not p["allow_exec"]:
        q = dict(p)
        del q["allow_exec"]
        yield q
    for key, plain in (("overlay", False), ("protect_project", False), ("home", None)):
        if p[key]:
            yield dict(p, **{key: plain})
