# SPDX-License-Identifier: Apache-2.0
"""Host cases: `attach` to what runs already, by process and by cgroup, and letting it go."""
import json
import os
import signal
import socket
import subprocess

from host import LIMIT, Child, Leftovers, cgroup_mount, interrupt, read_until, until
from registry import host
from records import Failure, Trace, expect, same

CALLS = 300
READY = b"ready: "


class Running(Child):
    """prog/runs.c, which obeys bytes. CGROUP: it is started in there."""

    def __init__(self, h, cgroup=None):
        def enter():
            for sig in (signal.SIGINT, signal.SIGPIPE):
                signal.signal(sig, signal.SIG_DFL)
            if cgroup:
                move(os.getpid(), cgroup)
        self.p = subprocess.Popen([h.prog("runs"), str(CALLS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=enter)
        said = read_until(self.p.stdout.fileno(), b"ready\n").split()
        self.pid, self.child = (int(w.split(b"=")[1]) for w in said[:2])

    def do(self, byte, answer=b"done\n"):
        self.p.stdin.write(byte)
        self.p.stdin.flush()
        return read_until(self.p.stdout.fileno(), answer)


class Attached(Child):
    def __init__(self, h, *opts, out="trace.jsonl", own_session=False):
        self.h, self.out = h, out

        def signals():
            for sig in (signal.SIGINT, signal.SIGPIPE):
                signal.signal(sig, signal.SIG_DFL)
        self.p = subprocess.Popen([h.sandtrace, "attach", "-o", h.path(out), *map(str, opts)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=signals,
                                  start_new_session=own_session)
        self.said = read_until(self.p.stderr.fileno(), READY)

    def wait(self):
        try:
            self.said += self.p.communicate(timeout=LIMIT)[1]
        except subprocess.TimeoutExpired:
            self.p.kill()
            raise Failure("attach does not end")
        return self.p.returncode

    def let_go(self, sig=signal.SIGINT, one_cgroup=True):
        interrupt(self.p.pid, sig)
        same(self.wait(), 0, "status of attach (%s)" % self.said[-400:])
        return self.h.trace(out=self.out, partial=True) if one_cgroup else Trace(self.h.path(self.out))


def move(pid, cgroup):
    with open(os.path.join(cgroup, "cgroup.procs"), "w") as f:
        f.write(str(pid))


class Cgroup:
    def __init__(self, name):
        self.path = os.path.join(cgroup_mount(), "sandtrace-test-%s-%d" % (name, os.getpid()))
        os.mkdir(self.path)

    def populated(self):
        with open(os.path.join(self.path, "cgroup.events")) as f:
            return "populated 1" in f.read()

    def remove(self):
        until(lambda: not self.populated(), "the test's cgroup is not empty")
        for base, _, _ in os.walk(self.path, topdown=False):
            os.rmdir(base)


class World:
    """What a case starts: all of it is gone in the end."""

    def __init__(self, h, name):
        self.h, self.started, self.groups, self.name = h, [], [], name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.started:
            p.stop()
        for g in self.groups:
            g.remove()

    def cgroup(self):
        self.groups.append(Cgroup("%s%d" % (self.name, len(self.groups))))
        return self.groups[-1].path

    def running(self, **kw):
        self.started.append(Running(self.h, **kw))
        return self.started[-1]

    def attached(self, *opts, **kw):
        self.started.append(Attached(self.h, *opts, **kw))
        return self.started[-1]


def per_task(t, name="getppid"):
    counts = {}
    for r in t.calls(name):
        counts[r["pid"], r["tid"]] = counts.get((r["pid"], r["tid"]), 0) + 1
    return counts


def counted(t, tasks):
    """Each of TASKS made CALLS, and nobody another one; none is taken for a call that seccomp refused."""
    counts = per_task(t)
    same(sorted(counts.values()), [CALLS] * tasks, "getppid calls of each task")
    same([r for r in t.syscalls if r.get("no_enter") or r["action"] != "allow"], [], "calls without an enter")
    images = {}
    for r in t.syscalls:
        images.setdefault(r["pid"], set()).add(r["exec_id"])
    expect(all(len(v) == 1 for v in images.values()), "a process has several exec_ids: %s" % images)
    ids = [next(iter(v)) for v in images.values()]
    same(len(ids), len(set(ids)), "processes that share an exec_id")
    return counts


def totals(t):
    c = t.summary["classes"]["syscall"]
    same((c["seen"], c["lost"]), (len(t.syscalls), 0), "calls seen and lost", [t.summary])


@host("attach_pid_records_from_now_on")
def attach_pid(h):
    left = Leftovers()
    with World(h, "pid") as w:
        r = w.running()
        a = w.attached("--pid", r.pid, "--profile", "syscalls")
        r.do(b"c")
        t = a.let_go()
        # main, its thread, the child, the grandchild, a new thread, a new child
        counts = counted(t, 6)
        expect((r.pid, r.pid) in counts and (r.child, r.child) in counts, "not the ones that ran: %s" % counts)
        totals(t)
        same((t.header["backend"], t.header["pid"], t.summary["exit_kind"]), ("ebpf", r.pid, "attached"), "header, summary")
        expect(t.header["command"][0].endswith("/runs"), "command of the header", [t.header])
        left.check()
        r.do(b"c")  # it goes on
        same(r.end(), 7, "status of what was attached to")


@host("attach_pid_of_a_child_only")
def attach_child(h):
    with World(h, "child") as w:
        r = w.running()
        a = w.attached("--pid", r.child, "--profile", "syscalls", "-e", "getppid")
        r.do(b"c")
        t = a.let_go(signal.SIGTERM)
        counted(t, 2)  # and the grandchild; nothing of its parent
        same(r.end(), 7, "status")


@host("attach_does_not_see_itself")
def attach_parent(h):
    with World(h, "parent") as w:
        r = w.running()  # a child of ours, as attach is
        a = w.attached("--pid", os.getpid(), "--profile", "syscalls", "-e", "getppid,write,poll")
        r.do(b"c")
        t = a.let_go()
        expect(not [x for x in t.records[1:-1] if x["pid"] == a.p.pid], "it recorded itself")
        expect(len(t.calls("getppid", pid=r.pid)) == 3 * CALLS, "its brother is not recorded")
        r.end()


@host("attach_ends_with_its_target")
def attach_ends(h):
    with World(h, "ends") as w:
        r = w.running()
        a = w.attached("--pid", r.pid, "--profile", "syscalls")
        r.do(b"c")
        same(r.end(), 7, "status of what was attached to")
        same(a.wait(), 0, "status of attach (%s)" % a.said[-400:])
        t = h.trace(partial=True)
        counted(t, 6)
        totals(t)
        same(t.summary["killed_by"], None, "killed_by", [t.summary])
        same([x["exit_code"] for x in t.procs("exited", pid=r.pid) if x["tid"] == r.pid], [7], "exit of the process",
             t.procs("exited"))


@host("attach_goes_on_with_what_its_target_left")
def attach_outlived(h):
    with World(h, "outlived") as w:
        r = w.running()
        a = w.attached("--pid", r.child, "--profile", "syscalls", "-e", "none")
        os.kill(r.child, signal.SIGKILL)

        def told():
            with open(h.path("trace.jsonl")) as f:
                return '"action":"exited"' in f.read()
        until(told, "the exit of the child is not recorded")
        same(r.end(), 7, "status")  # now its child sees an end of file, and ends too
        same(a.wait(), 0, "status of attach")
        gone = [x["pid"] for x in h.trace(partial=True).procs("exited")]
        expect(gone[0] == r.child and len(gone) == 2, "exits: %s" % gone)


@host("attach_cgroup_and_who_is_moved_in")
def attach_cgroup(h):
    left = Leftovers()
    with World(h, "group") as w:
        path = w.cgroup()
        inside, outside, moved = w.running(cgroup=path), w.running(), w.running()
        a = w.attached("--cgroup", path, "--profile", "syscalls")
        move(moved.pid, path)
        for r in (inside, moved, outside):
            r.do(b"c")
        same((inside.end(), moved.end()), (7, 7), "statuses")
        same(a.wait(), 0, "status of attach (%s)" % a.said[-400:])  # as the cgroup is empty
        t = h.trace(partial=True)
        # of the one that was moved: main, thread, new thread, new child; its children of before stay where they are
        counts = counted(t, 6 + 4)
        expect((moved.pid, moved.pid) in counts, "not the one that was moved in: %s" % counts)
        expect(not any(pid in (outside.pid, outside.child) for pid, _ in counts), "one of outside: %s" % counts)
        totals(t)
        same((t.header["command"], t.header["cgroup_id"]), ([path], os.stat(path).st_ino), "header")
        outside.end()
    left.check()


@host("attach_cgroup_holds_who_leaves_before_doing_anything")
def attach_leaver(h):
    with World(h, "leaver") as w:
        path = w.cgroup()
        leaver, outside = w.running(cgroup=path), w.running()
        a = w.attached("--cgroup", path, "--profile", "syscalls")
        for pid in (leaver.child, leaver.pid):
            move(pid, cgroup_mount())
        for r in (leaver, outside):
            r.p.kill()
            r.p.wait()
        same(a.wait(), 0, "status of attach (%s)" % a.said[-400:])  # as nobody is left
        gone = {x["pid"] for x in Trace(h.path("trace.jsonl")).procs("exited")}
        expect(gone >= {leaver.pid, leaver.child}, "exits: %s, without those of %d and %d" % (gone, leaver.pid, leaver.child))
        expect(outside.pid not in gone, "one of outside: %s" % gone)


@host("attach_cgroup_from_below")
def attach_nested(h):
    with World(h, "nested") as w:
        top = w.cgroup()
        below = os.path.join(top, "below")
        os.mkdir(below)
        r = w.running(cgroup=below)
        # as /proc/PID/cgroup has it
        a = w.attached("--cgroup", top[len(cgroup_mount()):], "--profile", "syscalls", "-e", "getppid")
        r.do(b"c")
        counted(a.let_go(one_cgroup=False), 6)
        r.end()


@host("attach_empty_cgroup_is_waited_for")
def attach_empty(h):
    with World(h, "empty") as w:
        path = w.cgroup()
        a = w.attached("--cgroup", path, "--profile", "syscalls", "-e", "getppid")
        r = w.running(cgroup=path)
        r.do(b"c")
        same((r.end(), a.wait()), (7, 0), "statuses")
        t = h.trace(partial=True)
        same(len(t.calls("getppid")), 4 * 500 + 6 * CALLS, "calls")


@host("attach_timeout_lets_go")
def attach_timeout(h):
    with World(h, "timeout") as w:
        r = w.running()
        a = w.attached("--pid", r.pid, "--profile", "syscalls", "--timeout", "300ms")
        same(a.wait(), 0, "status of attach")
        t = h.trace(partial=True)
        same((t.summary["exit_kind"], t.summary["killed_by"]), ("attached", "timeout"), "summary", [t.summary])
        r.do(b"c")
        same(r.end(), 7, "status of what was attached to")


@host("attach_by_ptrace")
def attach_ptrace(h):
    with World(h, "ptrace") as w:
        r = w.running()
        a = w.attached("--pid", r.pid, "--profile", "syscalls", "--backend", "ptrace", "-e", "getppid")
        r.do(b"c")
        counted(a.let_go(), 4)  # its children of before are not its tracer's
        same(r.end(), 7, "status")


@host("attach_security_profile_says_what_it_is")
def attach_security(h):
    with World(h, "security") as w:
        r = w.running()
        a = w.attached("--pid", r.pid)
        r.do(b"o", b"errno=0\n")
        t = a.let_go()
        same(t.header["profile"], "security", "profile", [t.header])
        if t.header["trace_filter"] is None:  # by hooks
            same(t.syscalls, [], "system calls")
        else:
            expect(any("no LSM hooks" in d for d in t.header["degraded"]), "nothing says that there are no hooks", [t.header])
            expect(b"no LSM hooks" in a.said, "nothing on stderr says so: %r" % a.said)
        r.end()


SYSTEM = """
import os, sys
for line in sys.stdin:
    path, text = line.split()
    with open(path, "w") as f:
        f.write(text)
    print("done", flush=True)
"""
TTL = "/proc/sys/net/ipv4/ip_default_ttl"


class Writer:
    """A process that runs already, and writes what it is told."""

    def __init__(self, cgroup):
        self.p = subprocess.Popen(["/usr/bin/python3", "-c", SYSTEM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  preexec_fn=lambda: move(os.getpid(), cgroup))

    def write(self, path, text):
        self.p.stdin.write(b"%s %s\n" % (path.encode(), text.encode()))
        self.p.stdin.flush()
        read_until(self.p.stdout.fileno(), b"done\n")

    def stop(self):
        self.p.stdin.close()
        self.p.wait(LIMIT)


@host("attach_sees_sysctls_and_moves")
def attach_system(h):
    """What needs no LSM: sysctls as they are written, and who is moved to another control group, by whom."""
    with World(h, "system") as w:
        first, second = w.cgroup(), w.cgroup()
        inside, outside = Writer(first), Writer(first)
        w.started += [inside, outside]
        with open(TTL) as f:
            ttl = f.read().strip()
        a = w.attached("--pid", inside.p.pid)
        inside.write(TTL, ttl)
        outside.write(TTL, ttl)
        inside.write(os.path.join(second, "cgroup.procs"), "0")
        move(inside.p.pid, first)
        move(outside.p.pid, second)
        t = a.let_go(one_cgroup=False)
        got = [r for r in t.records if r["event_type"] == "kernel" and r["action"] == "write_sysctl"]
        r = t.one(got, "the sysctl written")
        same((r["pid"], r["text"]), (inside.p.pid, "net/ipv4/ip_default_ttl=" + ttl), "sysctl", [r])
        expect(r["exec_id"] > 0, "no number of its program", [r])
        got = [r for r in t.records if r["event_type"] == "kernel" and r["action"] == "cgroup"]
        same([(r["pid"], r["target_pid"], os.path.basename(r["text"])) for r in got],
             [(inside.p.pid, inside.p.pid, os.path.basename(second)), (inside.p.pid, inside.p.pid, os.path.basename(first))],
             "moves", got)


CONNECT = """
import socket, sys
for line in sys.stdin:
    host, port = line.split()
    s = socket.socket()
    s.settimeout(5)
    print(s.connect_ex((host, int(port))), flush=True)
    s.close()
"""


class Client:
    """A process that runs already, and connects to what it is told."""

    def __init__(self, cgroup):
        self.p = subprocess.Popen(["/usr/bin/python3", "-c", CONNECT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  preexec_fn=lambda: move(os.getpid(), cgroup))

    def connect(self, host, port):
        self.p.stdin.write(b"%s %d\n" % (host.encode(), port))
        self.p.stdin.flush()
        return int(read_until(self.p.stdout.fileno(), b"\n"))

    def stop(self):
        self.p.stdin.close()
        self.p.wait(LIMIT)


def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s


def net_policy(h, port):
    with open(h.path("net.toml"), "w") as f:
        f.write('[network]\nallow = ["127.0.0.1:%d"]\n' % port)
    return h.path("net.toml")


EPERM = 1


@host("attach_security_profile_looks_at_calls_when_they_return")
def attach_exit_only(h):
    with World(h, "exits") as w:
        c = Client(w.cgroup())
        w.started.append(c)
        a = w.attached("--pid", c.p.pid)
        c.connect("127.0.0.1", 1)
        t = a.let_go(one_cgroup=False)
        if t.header["trace_filter"] is None:  # by hooks
            return
        calls = t.calls("connect")
        same([(r["args"]["decoded"]["addr"]["port"], r["errno"]) for r in calls], [(1, "EINPROGRESS")], "connects", calls)
        expect(not any("no_enter" in r or r["duration_ns"] for r in t.syscalls), "looked at when they began", t.syscalls)


@host("attach_policy_of_network_rules")
def attach_net(h):
    left = Leftovers()
    with World(h, "net") as w, listener() as yes, listener() as no:
        path = w.cgroup()
        good, bad = yes.getsockname()[1], no.getsockname()[1]
        c = Client(path)
        w.started.append(c)
        same((c.connect("127.0.0.1", good), c.connect("127.0.0.1", bad)), (0, 0), "before")
        a = w.attached("--cgroup", path, "--policy", net_policy(h, good))
        same((c.connect("127.0.0.1", good), c.connect("127.0.0.1", bad)), (0, EPERM), "while attached")
        t = a.let_go()
        same((c.connect("127.0.0.1", good), c.connect("127.0.0.1", bad)), (0, 0), "afterwards")
        expect(any(x.endswith("1 rule") for x in t.header["layers"]), "layers", [t.header])
        expect([r for r in t.records if (r.get("denial") or {}).get("errno") == "EPERM"], "no denial is recorded")
        # killed, it takes what it enforces along
        a = w.attached("--cgroup", path, "--policy", net_policy(h, good), "-q")
        same(c.connect("127.0.0.1", bad), EPERM, "while attached")
        a.p.kill()
        a.p.wait()
        until(lambda: c.connect("127.0.0.1", bad) == 0, "the rules are still there")
    left.check()


@host("attach_policy_on_the_cgroup_of_a_process")
def attach_pid_net(h):
    with World(h, "own") as w, listener() as yes, listener() as no:
        path = w.cgroup()
        good, bad = yes.getsockname()[1], no.getsockname()[1]
        c = Client(path)
        w.started.append(c)
        a = w.attached("--pid", c.p.pid, "--policy", net_policy(h, good))
        same((c.connect("127.0.0.1", good), c.connect("127.0.0.1", bad)), (0, EPERM), "while attached")
        t = a.let_go()
        if not any(x.startswith("cgroup-bpf: ") for x in t.header["layers"]):
            return  # by LSM, whoever else is in there
        other = w.running(cgroup=path)
        rc, _, err = h.exec([h.sandtrace, "attach", "--pid", str(c.p.pid), "--policy", net_policy(h, good), "--timeout", "1"])
        h.refused(rc, err, "net.toml:2:10", "in its cgroup", "--cgroup")
        other.end()


@host("attach_policy_that_cannot_be_enforced")
def attach_refuses(h):
    with World(h, "refuses") as w:
        r = w.running()
        with open(h.path("p.toml"), "w") as f:
            f.write('[filesystem]\ndeny = ["/etc/shadow"]\n[syscalls]\ndeny = ["reboot", "bpf"]\n')
        argv = [h.sandtrace, "attach", "--pid", str(r.pid), "--policy", h.path("p.toml"), "-o", h.path("t.jsonl"), "--timeout", "100ms"]
        rc, _, err = h.exec(argv)
        # no kernel has a hook for reboot
        h.refused(rc, err, "p.toml:4:9: syscalls.deny reboot", "--allow-degraded=lsm")
        expect(not os.path.exists(h.path("t.jsonl")), "a trace was made")
        rc, _, err = h.exec(argv + ["--allow-degraded=lsm"])
        same(rc, 0, "status (%s)" % err[-300:])
        with open(h.path("t.jsonl")) as f:
            header = json.loads(f.readline())
        expect(any("syscalls.deny reboot" in d for d in header["degraded"]), "not in the header", [header])
        r.do(b"c")
        same(r.end(), 7, "status")
