# SPDX-License-Identifier: Apache-2.0
"""Host cases: where no LSM can refuse, `attach --on-violation=kill` ends who has broken a rule, and nobody else."""
import contextlib
import os
import re
import shutil
import signal
import subprocess

from cases_attach import Attached, World, move
from host import Child, read_until, until
from registry import host
from records import Skip, expect, same

GOT = 42  # prog/breaks.c: it was let use what it must not have had
POLICY = """
[filesystem]
deny_write = ["%(dir)s/deny"]
deny_exec = ["%(dir)s/deny"]
[syscalls]
deny = ["bpf", "ptrace"]
"""


class Breaker(Child):
    """prog/breaks.c: a child of it does what a word says."""

    def __init__(self, h, cgroup=None):
        self.p = subprocess.Popen([h.prog("breaks"), h.dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  preexec_fn=(lambda: move(os.getpid(), cgroup)) if cgroup else None)
        read_until(self.p.stdout.fileno(), b"ready\n")
        self.pid, self.pids = self.p.pid, {}

    def do(self, word):
        """(signal, exit status) of the child."""
        self.p.stdin.write(word.encode() + b"\n")
        self.p.stdin.flush()
        said = dict(w.split("=") for w in read_until(self.p.stdout.fileno(), b"\n").decode().split()[1:])
        self.pids[word] = int(said["pid"])
        return int(said["signal"]), int(said["exit"])


def lay_out(h):
    """What prog/breaks.c expects to find; and the policy."""
    for d in ("deny", "xeny", "ok", "ok/bound"):
        os.mkdir(h.path(d))
    for f in ("deny/f", "deny/gone", "deny/away", "xeny/f", "ok/a", "ok/gone", "ok/in"):
        with open(h.path(f), "w") as out:
            out.write("before\n")
    os.link(h.path("deny/f"), h.path("ok/hard"))
    os.symlink("../deny/f", h.path("ok/link"))
    os.symlink("a", h.path("ok/swap"))
    with open(os.path.realpath("/bin/true"), "rb") as f, open(h.path("deny/prog"), "wb") as out, \
            open(h.path("ok/interp"), "wb") as dynamic:
        prog = f.read()
        out.write(prog)
        found = re.search(rb"/lib[^\0]*/ld-linux[^\0]*(?=\0)", prog)
        if found:  # else it has no interpreter, and cannot be given one
            shutil.copy(found.group().decode(), h.path("deny/ld"))
            prog = prog.replace(found.group(), b"deny/ld".ljust(len(found.group()), b"\0"))
        dynamic.write(prog)
    for f in ("deny/prog", "ok/interp"):
        os.chmod(h.path(f), 0o755)
    with open(h.path("kill.toml"), "w") as f:
        f.write(POLICY % {"dir": h.dir})
    return h.path("kill.toml")


def attached(w, r, policy, *opts):
    a = w.attached("--pid", r.pid, "--policy", policy, "--on-violation", "kill", *opts)
    if b"lsm: " in a.said:
        a.let_go()
        raise Skip("BPF LSM refuses here: nobody needs to be killed")
    return a


@contextlib.contextmanager
def breaking(h, name, *opts):
    """prog/breaks.c and `attach`, which kills for what it breaks. Both end as they would have."""
    with World(h, name) as w:
        policy = lay_out(h)
        r = Breaker(h)
        w.started.append(r)
        a = attached(w, r, policy, *opts)
        yield r, a
        same(r.end(), 7, "status of what was attached to")
        same(a.wait(), 0, "status of attach")


def verdicts(t, pid):
    return [(r["event_type"], r["action"], r["verdict"]) for r in t.records if r.get("pid") == pid and r.get("verdict") not in
            (None, "allowed")]


FINE = ("ok-write", "ok-read", "ok-path", "ok-unlink", "refused", "hard", "bpf-fails", "trapped")
NAMES = {
    "unlink": "unlink", "rename-away": "rename", "rename-in": "rename", "hard-link": "link", "symlink": "symlink", "mkdir": "mkdir",
    "mkfifo": "mknod", "chmod": "chmod", "chown": "chown", "truncate-name": "truncate",
}
BROKEN = {
    "open": ("file", "open_write"), "openat2": ("file", "open_write"), "create": ("file", "create"),
    "truncate": ("file", "open_write"), "relative": ("file", "open_write"), "link": ("file", "open_write"),
    "chroot": ("file", "open_write"), "bind": ("file", "open_write"), "old": ("file", "write"), "old-map": ("file", "write"),
    "exec": ("file", "execute"), "map": ("file", "mmap_exec"), "mprotect": ("file", "mprotect_exec"),
    "mprotect-hole": ("file", "mprotect_exec"), "bpf": ("kernel", "bpf"), "ptrace": ("kernel", "ptrace"),
    "thread": ("file", "open_write"), "flip": ("file", "open_write"), "link-race": ("file", "open_write"),
}


@host("kill_after_who_broke_a_rule_and_nobody_else")
def kill_after(h):
    with breaking(h, "kill") as (r, a):
        expect(b"nothing is prevented" in a.said and b"after the fact" in a.said, "it does not say what it is: %r" % a.said)
        for word in FINE:
            same(r.do(word), (0, 0), word)
        broken = dict(BROKEN)
        if b"not seen: what is removed" not in a.said:  # functions can be traced: an open that empties is asked for that first
            broken["truncate"] = ("file", "truncate")
        if os.path.exists(h.path("deny/ld")):
            broken["interpreter"] = ("file", "mmap_exec")
        for word in broken:
            same(r.do(word), (signal.SIGKILL, 0), word)
    t = h.trace(partial=True)
    for word in FINE:
        same(verdicts(t, r.pids[word]), [], "verdicts on %s" % word)
    for word, what in broken.items():
        same(verdicts(t, r.pids[word]), [what + ("killed_after",)], "verdicts on %s" % word)
    same([x["verdict"] for x in t.by_type["file"] if x["pid"] == r.pids["link"]], ["killed_after"], "records of one open")
    fine = [x["action"] for x in t.by_type["file"] if x["pid"] == r.pids["ok-write"]]
    expect("open_write" in fine, "no record of an open that is let through, but %s" % fine)
    d = next(x for x in t.records if x.get("pid") == r.pids["link"] and x.get("verdict") == "killed_after")
    same((d["path"], d["denial"]["layer"], d["rule"]), (h.path("deny/f"), "kill", 1), "what is told of it", [d])
    expect("errno" not in d["denial"], "it got no error", [d])
    expect(any(x.endswith("after the fact") for x in t.header["layers"]), "layers", [t.header])
    expect(any("nothing is prevented" in x for x in t.header["degraded"]), "degraded", [t.header])
    c = t.summary["classes"]
    same([c[k]["lost"] for k in ("file", "kernel", "process")], [0, 0, 0], "lost", [t.summary])
    same(c["file"]["seen"], len(t.by_type.get("file", [])), "file actions seen and written")
    expect(b"not prevented, killed for" in a.said and b"prevents nothing" in a.said, "summary: %r" % a.said)


@host("kill_after_misses_what_is_documented")
def kill_misses(h):
    with breaking(h, "misses") as (r, _):
        if r.do("uring") != (0, 77):
            same(r.do("uring"), (0, GOT), "an open by io_uring, which no call returns")
            same(r.do("uring-write"), (signal.SIGKILL, 0), "and a write by its descriptor")


@host("kill_after_a_change_of_names")
def kill_names(h):
    with breaking(h, "names") as (r, a):
        seen = b"not seen: what is removed" not in a.said  # functions can be traced
        for word in NAMES:
            same(r.do(word), (signal.SIGKILL, 0) if seen else (0, GOT), word)
    t = h.trace(partial=True)
    same(any("not seen: what is removed" in x for x in t.header["degraded"]), not seen, "the header says so")
    for word, what in NAMES.items():
        same(verdicts(t, r.pids[word]), [("file", what, "killed_after")] if seen else [], word)


@host("kill_after_one_of_many_children")
def kill_storm(h):
    with breaking(h, "many") as (r, _):
        same(r.do("storm"), (0, 0), "one of 200 dies, the others end well")
    t = h.trace(partial=True)
    same(len([x for x in t.records if x.get("verdict") == "killed_after"]), 1, "killed")


@host("kill_after_not_outside_of_the_scope")
def kill_scope(h):
    with World(h, "scope") as w:
        policy = lay_out(h)
        inside, outside = Breaker(h), Breaker(h)
        w.started += [inside, outside]
        a = attached(w, inside, policy)
        for word in ("open", "exec", "bpf", "map"):
            same(outside.do(word)[0], 0, "%s outside" % word)
            same(inside.do(word)[0], signal.SIGKILL, "%s inside" % word)
        same(outside.end(), 7, "status outside")
        same(inside.end(), 7, "status inside")
        same(a.wait(), 0, "status of attach")
        mine = {inside.pid} | set(inside.pids.values())
        expect(not [x for x in h.trace(partial=True).records[1:-1] if x.get("pid") not in mine | {None}], "others are recorded")


@host("kill_after_by_cgroup")
def kill_cgroup(h):
    with World(h, "killgroup") as w:
        policy = lay_out(h)
        path = w.cgroup()
        r = Breaker(h, cgroup=path)
        w.started.append(r)
        a = Attached(h, "--cgroup", path, "--policy", policy, "--on-violation=kill")
        w.started.append(a)
        if b"lsm: " in a.said:
            raise Skip("BPF LSM refuses here: nobody needs to be killed")
        same((r.do("ok-write"), r.do("open")), ((0, 0), (signal.SIGKILL, 0)), "in the group")
        same(r.end(), 7, "status")
        same(a.wait(), 0, "status of attach")


@host("kill_after_audit_only_marks")
def kill_audit(h):
    with breaking(h, "audit", "--mode", "audit") as (r, a):
        for word in ("open", "bpf", "exec"):
            same(r.do(word)[0], 0, word)
        a.p.send_signal(signal.SIGUSR2)
        until(lambda: r.do("open")[0] == signal.SIGKILL, "the switch to enforce changes nothing")
    t = h.trace(partial=True)
    same(verdicts(t, r.pids["bpf"]), [("kernel", "bpf", "would_deny")], "bpf")
    same(verdicts(t, r.pids["exec"]), [("file", "execute", "would_deny")], "exec")


@host("kill_only_when_asked_for")
def kill_not_asked(h):
    with World(h, "unasked") as w:
        policy = lay_out(h)
        r = Breaker(h)
        w.started.append(r)
        argv = [h.sandtrace, "attach", "--pid", str(r.pid), "--policy", policy, "-o", h.path("t.jsonl"), "--timeout", "100ms"]
        rc, _, err = h.exec(argv)
        if not rc:
            expect(b": lsm: " in err, "it goes on without the option, and nothing refuses: %r" % err)
            raise Skip("BPF LSM refuses here: nobody needs to be killed")
        h.refused(rc, err, "needs BPF LSM", "--on-violation=kill", "--allow-degraded=lsm")
        rc, _, err = h.exec([h.sandtrace, "attach", "--pid", str(r.pid), "--on-violation=kill"])
        same(rc, 2, "status without a policy")
        expect(b"--on-violation" in err, "it does not name the option: %r" % err)
        same(r.do("open"), (0, GOT), "and nothing is in force")
        same(r.end(), 7, "status")
