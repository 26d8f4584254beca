# SPDX-License-Identifier: Apache-2.0
"""Recorded cases: spawning, executing, dying, being interrupted, being refused; and exact accounting."""
import errno
import os
import signal

from registry import recorded
from records import Trace, decoded, expect, part, raw, same

PPID = "getppid"


def marks(t, pid=None, **fields):
    if pid is not None:
        fields["pid"] = pid
    return t.calls(PPID, **fields)


def spawned(t, child_tid):
    return t.one(t.procs("spawned", child_tid=child_tid), "spawned record of %d" % child_tid)


def exited(t, tid):
    return t.one(t.procs("exited", tid=tid), "exited record of %d" % tid)


@recorded("threads", "threads")
def threads(t):
    pid = t.pid("pid")
    for i in range(8):
        tid = t.pid("tid%d" % i)
        got = marks(t, tid=tid)
        same(len(got), 100 * (i + 1), "getppid calls of thread %d" % i, got[:3])
        expect(all(r["pid"] == pid for r in got), "pid of a thread's call is not the process", got[:3])
        last = t.one(t.calls("exit", tid=tid), "exit of thread %d" % i)
        expect(last.get("no_return") is True, "exit returned", [last])
        s = spawned(t, tid)
        expect(s.get("thread") is True and s["child_pid"] == pid, "spawned record of a thread", [s])
        expect(exited(t, tid).get("thread") is True, "exited record of a thread", [exited(t, tid)])
    expect(not exited(t, pid).get("thread"), "the process's exit is marked as a thread's", [exited(t, pid)])


def spawn(how, numbers):
    def check(t):
        pid, child = t.pid("pid"), t.pid("child")
        got = marks(t, child)
        same(len(got), 37, "getppid calls of the child", got[:3])
        s = spawned(t, child)
        same((s["pid"], s["child_pid"], s.get("thread")), (pid, child, None), "spawned", [s])
        expect(all(r["exec_id"] == s["child_exec_id"] for r in got), "exec_id of the child's calls", [s] + got[:2])
        made = [r for r in t.calls(*numbers, pid=pid) if r["return_value"] == t.fact("child")]
        call = t.one(made, "the %s that made the child" % how)
        e = exited(t, child)
        same((e["exit_code"], e["signal"], e["core"]), (11, 0, False), "exited", [e])
        same(e["ppid"], pid, "ppid", [e])
        same(e["exec_id"], s["child_exec_id"], "exec_id of exited", [s, e])
        same(e["parent_exec_id"], call["exec_id"], "parent_exec_id", [e, call])
        t.one(t.calls("exit_group", pid=child, no_return=True), "exit_group of the child")
        first = [r for r in t.syscalls if r["tid"] == child][0]
        expect(first["syscall"] != how, "the child's side of the %s is recorded as a call" % how, [first])
    return check


for _how, _names in (("fork", ["fork"]), ("vfork", ["vfork"]), ("clone", ["clone"]), ("clone3", ["clone3"])):
    recorded(_how, "spawn", _how)(spawn(_how, _names))


@recorded("exec_thread", "execs", "thread", rc=3)
def exec_thread(t):
    pid, tid = t.pid("pid"), t.fact("thread")
    e = [r for r in t.procs("exec") if r["old_tid"] != r["tid"]]
    e = t.one(e, "exec by a thread")
    same((e["pid"], e["tid"]), (pid, pid), "pid and tid after the exec", [e])
    s = t.one([r for r in t.procs("spawned") if r.get("thread")], "the thread")
    same(e["old_tid"], s["child_tid"], "old_tid", [e, s])
    expect(s["child_tid"] == tid or s["ns_tid"] == tid, "tid of the thread", [s])
    call = t.one(t.calls("execve", pid=pid)[1:], "second execve")
    same(call["return_value"], 0, "its result", [call])
    got = marks(t, pid)
    same(len(got), 5, "calls after the exec", got)
    expect(all(r["exec_id"] == e["exec_id"] and r["tid"] == pid for r in got), "identity after the exec", [e] + got)
    # the leader gave way to the thread: it left as a thread, with the old image
    left = t.procs("exited", tid=pid)
    same([(r.get("thread", False), r["exec_id"]) for r in left], [(True, e["parent_exec_id"]), (False, e["exec_id"])],
         "exited records of the leader and of its successor", left)
    same(left[1]["exit_code"], 3, "exit code", left)


@recorded("exec_failed", "execs", "fail", rc=3)
def exec_failed(t):
    calls = t.calls("execve")
    same(len(calls), 5, "execve calls", calls)
    same([r.get("errno") for r in calls], [None, "ENOENT", "EACCES", "ENOEXEC", None], "results", calls)
    for r, path in zip(calls[1:4], ("./absent/program", "./noexec", "./garbage")):
        text, state = decoded(r, "path")
        same((text, state), (path, "ok"), "path", [r])
    same(len(t.procs("exec")), 2, "exec records", t.procs("exec"))
    same(len(marks(t)), 5, "calls of the last image")


def last_exec(t, image, flags):
    e = t.procs("exec")
    same(len(e), 2, "exec records", e)
    e = e[1]
    for f in flags:
        expect(f in e["image_flags"], "image_flags lack %s" % f, [e])
    same(len(marks(t)), 5, "calls of the last image", [e])
    expect(all(r["exec_id"] == e["exec_id"] for r in marks(t)), "exec_id after the exec", [e] + marks(t)[:1])
    same(e["parent_exec_id"], t.procs("exec")[0]["exec_id"], "parent_exec_id", t.procs("exec"))
    return e


@recorded("exec_script", "execs", "script", rc=3)
def exec_script(t):
    e = last_exec(t, "script", ["script"])
    same(part(e, "path"), ("./script.sh", "ok"), "path", [e])
    expect(part(e, "interp")[0].endswith("/execs"), "interp", [e])
    expect(part(e, "exe")[0].endswith("/execs"), "exe", [e])
    argv = part(e, "argv")[0]
    same([argv[1], argv[2], argv[3]], ["final", "./script.sh", "one"], "argv", [e])


@recorded("exec_memfd", "execs", "memfd", rc=3)
def exec_memfd(t):
    e = last_exec(t, "memfd", ["memfd"])
    expect("hidden" in part(e, "exe")[0], "exe names the memfd", [e])
    call = t.one(t.calls("execveat"), "execveat")
    same(call["return_value"], 0, "result", [call])
    expect(raw(call)[4] == 0x1000, "flags AT_EMPTY_PATH", [call])


@recorded("exec_deleted", "execs", "deleted", rc=3)
def exec_deleted(t):
    e = last_exec(t, "deleted", ["deleted"])
    expect("memfd" not in e["image_flags"], "a deleted file is not a memfd", [e])


def image_of(t, pid):
    e = [r for r in t.procs("exec", pid=t.pid(pid))]
    return t.one(e, "exec of %s" % pid)


@recorded("exec_privileges_by_ptrace", "execs", "privileges", opts=("--backend", "ptrace"), rc=3)
@recorded("exec_privileges", "execs", "privileges", rc=3)
def exec_privileges(t):
    """A set-id bit and capabilities of a file, where they took effect; a mount or no_new_privs may take that away."""
    for name, flag in (("plain", None), ("setuid", "setuid"), ("setgid", "setgid"), ("caps", "file_caps")):
        e = image_of(t, name)
        took = t.fact("secure_" + name)
        same(took and name == "plain", False, "a plain file is secure", [e])
        want = {flag, "secure"} if took and flag else set()
        same(set(e["image_flags"]), want, "flags of " + name, [e])


@recorded("exec_layers", "execs", "layers", rc=3)
def exec_layers(t):
    """What the upper layer of an overlay has is not of the image. By ptrace that is not known."""
    expect("upper" not in image_of(t, "inside")["image_flags"], "of the lower layer", [image_of(t, "inside")])
    for name in ("outside", "changed"):
        if t.header["backend"] == "ebpf":
            expect("upper" in image_of(t, name)["image_flags"], "%s is of the upper layer" % name, [image_of(t, name)])


@recorded("daemon", "daemon", rc=4)
def daemon(t):
    pid, child = t.pid("pid"), t.pid("daemon")
    got = marks(t, child)
    same(len(got), 53, "calls of the daemon", got[:3])
    e, own = exited(t, child), exited(t, pid)
    same(e["exit_code"], 9, "exit code of the daemon", [e])
    same(own["exit_code"], 4, "exit code of the command", [own])
    expect(own["timestamp"] < e["timestamp"], "the daemon outlived the command", [own, e])
    expect(e["ppid"] != pid, "the daemon was reparented", [e])
    t.one(t.calls("setsid"), "setsid")


@recorded("exit_and_exit_group", "exits", rc=42)
def exit_and_exit_group(t):
    pid, tid = t.pid("pid"), t.pid("tid")
    r = t.one(t.calls("exit", tid=tid), "exit")
    expect(r.get("no_return") and raw(r)[0] == 7, "exit(7) does not return", [r])
    r = t.one(t.calls("exit_group", tid=pid), "exit_group")
    expect(r.get("no_return") and raw(r)[0] == 42, "exit_group(42) does not return", [r])
    same(exited(t, pid)["exit_code"], 42, "exit code", [exited(t, pid)])
    same(t.summary["exit_code"], 42, "summary", [t.summary])


@recorded("exit_of_a_joined_thread", "exits", "joined", "500")
def exit_of_a_joined_thread(t):
    """The leader is woken before the thread's exit is seen: both find themselves the last."""
    leaders = [r for r in t.procs("exited", exit_code=5)]
    same(len(leaders), 500, "exits with the process's code", leaders[:3])
    for r in leaders:
        expect(r["tid"] == r["pid"] and not r.get("thread"), "the process's exit is not its leader's", [r])
    for r in t.procs("exited", exit_code=7):
        expect(r["tid"] != r["pid"] and r.get("thread") is True, "a thread's exit is not marked as one's", [r])


TICKS = 40 * 10**6  # ns: how far times can be off that are split by ticks


def used(t):
    """What the record of an exit says of its process is what its parent is told by wait4, which looks a moment later."""
    child = t.pid("child")
    r = exited(t, child)
    for key in ("utime", "stime"):
        want = t.fact(key) * 1000
        expect(abs(r[key] - want) <= want * 0.15 + TICKS, "%s: %d ns, by wait4 %d" % (key, r[key], want), [r])
    want = t.fact("maxrss")
    expect(abs(r["maxrss_kb"] - want) <= 1024, "maxrss: %d KiB, by wait4 %d" % (r["maxrss_kb"], want), [r])
    for key in ("minflt", "majflt", "nvcsw", "nivcsw"):
        want = t.fact(key)
        expect(want - 10 <= r[key] <= want + 2, "%s: %d, by wait4 %d" % (key, r[key], want), [r])
    thread = t.one([x for x in t.procs("exited", pid=child) if x.get("thread")], "exit of its thread")
    expect(r["utime"] * 0.3 < thread["utime"] < r["utime"] * 0.7, "half of it is the thread's own", [thread, r])
    same(thread["maxrss_kb"], 0, "memory of a thread", [thread])


recorded("exit_with_what_was_used", "rusage")(used)
recorded("exit_with_what_was_used_by_ptrace", "rusage", opts=("--backend", "ptrace"))(used)


def last_call(t, pid, call):
    """The call a task was in when SIGKILL came. The kernel lets an interruptible call end with an ERESTART result that
    nobody sees; where it does not even do that, the record has no result."""
    r = [x for x in t.syscalls if x["pid"] == pid][-1]
    same(r["syscall"], call, "last call of %d" % pid, [r])
    expect(r.get("no_return") or r.get("errno", "").startswith("ERESTART"), "it returned", [r])
    return r


def killed(call, first_arg):
    def check(t):
        child = t.pid("child")
        r = last_call(t, child, call)
        if first_arg:
            same(raw(r)[0], t.fact("fd"), "its descriptor", [r])
        expect(r["duration_ns"] > 0, "it took no time", [r])
        e = exited(t, child)
        same((e["signal"], e["core"]), (signal.SIGKILL, False), "exited", [e])
    return check


recorded("death_in_read", "killed", "read")(killed("read", True))
recorded("death_in_futex", "killed", "futex")(killed("futex", False))


def child_sequence(t, names):
    return [(r["syscall"], r.get("errno"), r["return_value"]) for r in t.syscalls
            if r["pid"] == t.pid("child") and r["syscall"] in names]


@recorded("restart_handler", "restart", "handler")
def restart_handler(t):
    got = child_sequence(t, ("read", "rt_sigreturn", PPID))
    same([g[0] for g in got], ["read", "rt_sigreturn", "read", PPID], "calls of the child", got)
    same(got[0][1], "ERESTARTSYS", "errno of the interrupted read", got)
    same(got[2][2], 1, "result of the restarted read", got)


@recorded("restart_no_handler", "restart", "nohandler")
def restart_no_handler(t):
    got = child_sequence(t, ("read", "rt_sigreturn", PPID))
    same([g[0] for g in got], ["read", "read", PPID], "calls of the child", got)
    same(got[0][1], "ERESTARTSYS", "errno of the interrupted read", got)
    same(got[1][2], 1, "result of the restarted read", got)


@recorded("restart_syscall", "restart", "nanosleep")
def restart_syscall(t):
    got = child_sequence(t, ("nanosleep", "restart_syscall"))
    same([g[0] for g in got], ["nanosleep", "restart_syscall"], "calls of the child", got)
    same(got[0][1], "ERESTART_RESTARTBLOCK", "errno of the interrupted nanosleep", got)
    last_call(t, t.pid("child"), "restart_syscall")


@recorded("restart_eintr", "restart", "pause")
def restart_eintr(t):
    got = child_sequence(t, ("pause", "rt_sigreturn", PPID))
    same([g[0] for g in got], ["pause", "rt_sigreturn", PPID], "calls of the child", got)
    same(got[0][1], "ERESTARTNOHAND", "errno of the interrupted pause", got)
    same((got[1][1], got[1][2]), ("EINTR", -errno.EINTR), "rt_sigreturn puts EINTR back", got)


@recorded("int80", "compat")
def int80(t):
    getpid = t.one(t.calls("getpid", abi="i386"), "getpid of i386")
    same((getpid["syscall_nr"], getpid["return_value"]), (20, t.fact("pid")), "number and result", [getpid])
    r = t.one(t.calls("openat", abi="i386"), "openat of i386")
    same((r["syscall_nr"], r["errno"]), (295, "ENOENT"), "openat", [r])
    same(decoded(r, "path"), ("/absent-i386", "ok"), "its path", [r])
    r = t.one([r for r in t.syscalls if r["syscall_nr"] == 9999], "number 9999")
    same((r["abi"], r["errno"], raw(r)[:3]), ("i386", "ENOSYS", [1, 2, 3]), "beyond the table", [r])
    expect(t.calls("getpid", abi="x86_64"), "64-bit calls keep their abi")


@recorded("program_of_32_bit", "m32", rc=6)
def program_of_32_bit(t):
    pid = t.pid("pid")
    got = marks(t, pid)
    same(len(got), 21, "getppid calls", got[:3])
    expect(all((r["abi"], r["syscall_nr"]) == ("i386", 64) for r in got), "abi and number", got[:3])
    r = t.one(t.calls("openat", abi="i386", errno="ENOENT"), "openat")
    same(decoded(r, "path"), ("/absent-m32", "ok"), "its path", [r])
    expect(all(r["abi"] == "i386" for r in t.syscalls[1:]), "a call of another abi",
           [r for r in t.syscalls[1:] if r["abi"] != "i386"][:3])
    r = t.one(t.calls("socketcall"), "socketcall")
    same(r["return_value"], t.fact("socket"), "its result", [r])
    same(raw(t.one(t.calls("exit_group"), "exit_group"))[0], 6, "exit_group")


@recorded("x32", "x32")
def x32(t):
    r = t.one(t.calls("getpid", abi="x32"), "getpid of x32")
    same(r["syscall_nr"] & 0x3fffffff, 39, "number", [r])
    same(r["return_value"] if r["success"] else -1, t.fact("getpid"), "result", [r])
    r = t.one(t.calls("openat", abi="x32"), "openat of x32")
    same(decoded(r, "path"), ("/absent-x32", "ok"), "its path", [r])
    t.one(t.calls("execve", abi="x32"), "execve of x32")
    same(len(t.calls(abi="x32")), 3, "calls of x32", t.calls(abi="x32"))


@recorded("numbers_beyond_the_table", "beyond")
def numbers_beyond_the_table(t):
    args = [0x11, 0x22, 0x33, 0x44, 0x55, 0x6600000066]
    got = [r for r in t.syscalls if raw(r) == args]
    same(len(got), 5, "calls with the six known arguments", got)
    # 0x3fffffff has no x32 bit; -1 has every bit, and belongs to no abi but the native one
    same([r["syscall_nr"] for r in got], [511, 999, 1000000, 0x3fffffff, -1], "numbers", got)
    same({r["errno"] for r in got}, {"ENOSYS"}, "errno", got)
    expect(all(r["syscall"] for r in got), "a call without a name", got)


@recorded("seccomp_errno", "seccomp", "errno")
def seccomp_errno(t):
    got = marks(t)
    same(len(got), 5, "getppid calls", got)
    same([r.get("no_enter", False) for r in got], [False, False, True, True, True], "no_enter", got)
    same([r.get("errno") for r in got], [None, None, "EPERM", "EPERM", "EPERM"], "errno", got)
    same({r["action"] for r in got[2:]}, {"deny"}, "action of the refused", got)


@recorded("seccomp_trap", "seccomp", "trap")
def seccomp_trap(t):
    same(t.fact("trapped"), 1, "the handler ran")
    got = marks(t)
    same(len(got), 3, "getppid calls", got)
    expect(got[2].get("no_enter"), "the trapped call has no enter", got)
    same([r["action"] for r in got], ["allow", "allow", "deny"], "actions", got)
    t.one(t.calls("rt_sigreturn"), "rt_sigreturn of the handler")


@recorded("seccomp_kill", "seccomp", "kill")
def seccomp_kill(t):
    child = t.pid("child")
    same(t.fact("signal"), signal.SIGSYS, "the program saw")
    e = exited(t, child)
    same(e["signal"], signal.SIGSYS, "signal of exited", [e])
    for r in marks(t, child):
        expect(r.get("no_enter"), "the refused call was entered", [r])


@recorded("seccomp_kill_thread", "seccomp", "thread")
def seccomp_kill_thread(t):
    """The thread dies before sys_enter and never returns: its call is known from its death alone."""
    got = marks(t)
    same(len(got), 4, "getppid calls", got)
    dead = t.one([r for r in got if r["tid"] != r["pid"]], "call of the thread")
    same((dead.get("no_enter"), dead.get("no_return"), dead["action"]), (True, True, "deny"), "the refused call", [dead])


@recorded("core_flag", "exits", "core")
def core_flag(t):
    e = exited(t, t.pid("child"))
    same((e["signal"], e["core"]), (signal.SIGSEGV, bool(t.fact("core"))), "signal and core", [e])


@recorded("pid_namespace", "pidns")
def pid_namespace(t):
    child = [r for r in t.procs("exited") if r["exit_code"] == 5]
    child = t.one(child, "exited record of the namespace's init")
    same(child["ns_pid"], 1, "ns_pid", [child])
    expect(child["pid"] != 1, "pid is not the host's", [child])
    inner = t.one([r for r in t.procs("exited") if r["exit_code"] == 6], "exited record of its child")
    same((inner["ns_pid"], inner["ppid"]), (2, child["pid"]), "ns_pid and ppid", [inner, child])
    r = t.one(t.calls("getpid", pid=inner["pid"]), "getpid inside")
    same(r["return_value"], 2, "its result", [r])
    s = spawned(t, inner["tid"])
    same((s["ns_pid"], s["pid"]), (2, child["pid"]), "spawned", [s])


@recorded("reparenting", "reparent")
def reparenting(t):
    pid, child, grandchild, zombie = (t.pid(k) for k in ("pid", "child", "grandchild", "zombie"))
    e, s = exited(t, grandchild), spawned(t, grandchild)
    same(len(marks(t, grandchild)), 19, "calls of the grandchild")
    same((s["pid"], s["ppid"]), (child, pid), "spawned: made by the child", [s])
    same((e["ppid"], e["exit_code"]), (pid, 8), "exited: child of the command by then", [e])
    same(exited(t, zombie)["exit_code"], 2, "the zombie", [exited(t, zombie)])
    reaped = [r["return_value"] for r in t.calls("wait4", pid=pid)]
    expect(t.fact("grandchild") in reaped, "the command reaped the grandchild", t.calls("wait4"))


@recorded("identity", "identity")
def identity(t):
    pid, child = t.pid("pid"), t.pid("child")
    first, e = t.procs("exec", pid=pid)[0], t.one(t.procs("exec", pid=child), "exec of the child")
    same((first["uid"], first["euid"], first["gid"], first["egid"]),
         (t.fact("uid"), t.fact("uid"), t.fact("gid"), t.fact("gid")), "ids of the command", [first])
    same(part(first, "cwd")[0], t.facts["cwd"], "cwd of the command", [first])
    expect(part(first, "exe")[0].endswith("/identity"), "exe", [first])
    same(first["comm"], "identity", "comm", [first])
    want = 65534 if t.fact("uid") == 0 else t.fact("uid")
    same((e["uid"], e["euid"]), (want, want), "uid after setresuid", [e])
    same(part(e, "cwd"), ("/", "ok"), "cwd after chdir", [e])
    same(part(e, "argv"), (["identity", "final"], "ok"), "argv", [e])
    same((e["inode"], e["dev_major"], e["dev_minor"]), (first["inode"], first["dev_major"], first["dev_minor"]),
         "the same file", [first, e])
    gone = exited(t, child)
    same((gone["ppid"], gone["exit_code"], gone["uid"]), (pid, 5, want), "exited", [gone])


@recorded("storm_of_2000", "storm")
def storm_of_2000(t):
    n = t.fact("processes")
    same(n, 2000, "processes made")
    pids = [r["child_exec_id"] for r in t.procs("spawned")]
    same((len(pids), len(set(pids))), (n, n), "spawned records, all different")
    gone = [r for r in t.procs("exited") if r["pid"] != t.command_pid()]
    same(len(gone), n, "exited records")
    codes = sorted(r["exit_code"] for r in gone)
    same(codes, sorted(i % 100 for i in range(n)), "exit codes")
    same(len(marks(t)), n, "getppid calls")
    same(len([r for r in t.calls("exit_group") if r.get("no_return")]), n + 1, "exit_group calls")


def exit_status(kind, code):
    def check(t):
        e = exited(t, t.command_pid())
        if kind == "code":
            same((e["exit_code"], e["signal"]), (code, 0), "exited", [e])
            same((t.summary["exit_kind"], t.summary["exit_code"]), ("exited", code), "summary", [t.summary])
        else:
            same(e["signal"], code, "exited", [e])
            same((t.summary["exit_kind"], t.summary["signal"]), ("signaled", signal.Signals(code).name), "summary", [t.summary])
    return check


for _n in (0, 1, 7, 125, 255):
    recorded("exit_code_%d" % _n, "exits", "code", str(_n), rc=_n)(exit_status("code", _n))
for _n in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
    recorded("exit_%s" % _n.name.lower(), "exits", "signal", str(int(_n)), rc=128 + _n)(exit_status("signal", int(_n)))


def check_accounting(t):
    """Kernel counters, summary, lost records and the file agree. Returns (getppid recorded, calls lost)."""
    lost = sum(r["count"] for r in t.lost if r["class"] == "syscall")
    cls = t.summary["classes"]["syscall"]
    same(cls["seen"], cls["emitted"] + cls["lost"] + cls["aggregated"] + cls["suppressed"], "seen == emitted + lost + aggregated + suppressed",
         [t.summary])
    same(cls["lost"], lost, "lost in the summary against the lost records", [t.summary])
    same(cls["recorded"], len(t.syscalls), "recorded in the summary against the file", [t.summary])
    same(t.summary["total_syscalls"], cls["seen"], "total_syscalls against seen", [t.summary])
    return len(marks(t)), lost


ISSUES = "50000"
DROP = ("--ring-size", "64K", "--on-overload", "drop")


@recorded("accounting_lossless", "busy", ISSUES)
def accounting_lossless(t):
    same(check_accounting(t), (t.fact("issued"), 0), "recorded and lost", [t.summary])


@recorded("accounting_drop", "busy", ISSUES, opts=DROP + ("-e", "trace=getppid"), partial=True)
def accounting_drop(t):
    """Only the counted call is traced, so issued == recorded + lost has no other terms."""
    got, lost = check_accounting(t)
    same(got + lost, t.fact("issued"), "recorded %d + lost %d against issued" % (got, lost), [t.summary])


@recorded("accounting_drop_everything", "busy", ISSUES, opts=DROP, partial=True)
def accounting_drop_everything(t):
    """Every call is traced: the same program's total is known from the run that lost nothing."""
    got, lost = check_accounting(t)
    whole = Trace(os.path.join(os.path.dirname(t.path), "accounting_lossless.jsonl"))
    # a freeze interrupts a call that sleeps, which the kernel then makes again: one more each time, at most
    again = whole.summary["total_syscalls"] - t.summary["total_syscalls"]
    same(0 <= again <= whole.summary["freezes"], True,
         "recorded %d + lost %d against the lossless run" % (len(t.syscalls), lost), [t.summary, whole.summary])
