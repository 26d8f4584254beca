# SPDX-License-Identifier: Apache-2.0
"""Host cases: exit statuses, bad input, transparency of descriptors, timeouts, outputs, and leaving nothing behind."""
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time

from host import Leftovers, alive, cgroup_mount, cgroups, read_until, until
from registry import host
from records import Failure, Skip, expect, same


def put(path, text, mode=0o644):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


# ---- exit statuses ---------------------------------------------------------------------------------------------

@host("exit_status_not_found")
def not_found(h):
    for name in ("no-such-command-here", "./absent", "/absent/command", "/etc/passwd/under"):
        rc, _, err = h.run(name)
        h.refused(rc, err, name, want=127)


@host("exit_status_not_executable")
def not_executable(h):
    put(h.path("plain"), "text")
    put(h.path("garbage"), "\x7fneither\n", 0o755)
    os.mkdir(h.path("dir"))
    os.mkfifo(h.path("fifo"), 0o755)
    for name in ("./plain", "./dir", "./garbage", "./fifo"):
        rc, _, err = h.run(name)
        h.refused(rc, err, name, want=126)


@host("exit_status_empty_name")
def empty_name(h):
    rc, _, err = h.run("")
    expect(rc in (125, 127), "status %d" % rc)
    h.refused(rc, err, ("empty", "no command", "not found"), want=rc)


@host("exit_status_bad_usage")
def bad_usage(h):
    for opts, word in ((["--no-such-option"], "no-such-option"), (["--format", "xml"], "xml"),
                       (["--on-overload", "explode"], "explode"), (["--ring-size", "1"], "ring-size"),
                       (["--ring-size", "65537"], "65537"), (["-e", "trace="], "trace")):
        rc, _, err = h.run("true", opts=opts)
        h.refused(rc, err, word)
    rc, _, err = h.exec([h.sandtrace, "run", "--trace-only"])
    h.refused(rc, err, "command")


@host("exit_status_command_not_found_in_path_is_searched")
def searched(h):
    put(h.path("mine"), "#!/bin/sh\nexit 23\n", 0o755)
    rc, _, err = h.run("mine", env=dict(os.environ, PATH=h.dir + ":" + os.environ["PATH"]))
    same(rc, 23, "status of a command found in PATH (%s)" % err[-300:])


# ---- bad values -------------------------------------------------------------------------------------------------

@host("timeout_bad_values")
def timeout_bad_values(h):
    for value in ("0", "-1", "99999999999999999999", "1000000000", "soon", "", "1x", " 5"):
        rc, _, err = h.run("true", opts=["--timeout=" + value])
        h.refused(rc, err, "timeout")
        expect(not os.path.exists(h.path("trace.jsonl")), "--timeout=%s left a trace behind" % value)


@host("unknown_filter_names")
def unknown_filter_names(h):
    for expr in ("trace=no_such_call", "%no_such_class", "openat,nope", "!nope"):
        rc, _, err = h.run("true", opts=["-e", expr])
        h.refused(rc, err, expr.replace("trace=", "").split(",")[-1].lstrip("!%"))


@host("ring_too_small_for_freeze")
def ring_too_small(h):
    rc, _, err = h.run("true", opts=["--ring-size", "64K"])
    h.refused(rc, err, "ring", ("drop", "larger", "at least", "minimum"))


# ---- timeouts ---------------------------------------------------------------------------------------------------

def pids_of(path):
    with open(path) as f:
        return [int(x) for x in f.read().split()]


@host("timeout_cpu_loop")
def timeout_cpu_loop(h):
    start = time.monotonic()
    rc, _, err = h.run(h.prog("stubborn"), "loop", h.path("pids"), opts=["--timeout", "1"])
    same(rc, 124, "status (%s)" % err[-300:])
    expect(0.9 < time.monotonic() - start < 10, "took %.1f s" % (time.monotonic() - start))
    pids = pids_of(h.path("pids"))
    expect(pids and not any(map(alive, pids)), "still alive: %s" % [p for p in pids if alive(p)])
    t = h.trace()
    same((t.summary["exit_kind"], t.summary.get("killed_by")), ("timeout", "timeout"), "summary", [t.summary])


@host("timeout_whole_tree")
def timeout_whole_tree(h):
    rc, _, err = h.run(h.prog("stubborn"), "tree", h.path("pids"), opts=["--timeout", "2"])
    same(rc, 124, "status (%s)" % err[-300:])
    pids = pids_of(h.path("pids"))
    same(len(pids), 4, "processes of the tree")
    expect(not any(map(alive, pids)), "still alive: %s" % [p for p in pids if alive(p)])
    t = h.trace()
    same(len([r for r in t.procs("exited") if r["signal"] == signal.SIGKILL]), 4, "killed", t.procs("exited"))


# ---- descriptors and what else a process inherits --------------------------------------------------------------

@host("transparent_streams")
def transparent_streams(h):
    data = random.Random(7).randbytes(1 << 20)
    rc, out, err = h.run("cat", input=data)
    same((rc, out == data, err.count(b"sandtrace:")), (0, True, 0), "cat of 1 MiB: status, equal, messages")
    rc, out, err = h.run("sh", "-c", "echo to-out; echo to-err >&2; exit 3")
    same((rc, out, b"to-err\n" in err), (3, b"to-out\n", True), "status, stdout, stderr")
    t = h.trace(out="trace.jsonl")
    expect(t.calls("execve"), "no execve in the trace")


@host("inherited_state_is_the_same")
def inherited_state(h):
    seen = []
    for argv in ([h.prog("state")], h.command(h.prog("state"))):
        with open(h.path("out"), "wb") as f:
            rc, _, err = h.exec(argv, stdout=f, stderr=subprocess.DEVNULL)
        same(rc, 0, "status")
        with open(h.path("out")) as f:
            seen.append([x for x in f.read().splitlines() if not x.startswith("env _=")])
    plain, traced = seen
    same([x for x in traced if x not in plain], [], "lines only under sandtrace")
    same([x for x in plain if x not in traced], [], "lines only without sandtrace")


@host("closed_streams")
def closed_streams(h):
    probe = ("s=; for f in 0 1 2; do if [ -e /proc/$$/fd/$f ]; then s=\"$s open\"; else s=\"$s closed\"; fi; done; "
             "echo $s >%s")
    for redirect in ("<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"):
        again = ["bash", "-c", 'exec "$@" %s' % redirect, "bash"]
        h.exec(again + ["bash", "-c", probe % h.path("plain-out")])
        rc, _, err = h.exec(again + h.command("bash", "-c", probe % h.path("traced-out")))
        same(rc, 0, "%s: status (%s)" % (redirect, err[-300:]))
        same(open(h.path("traced-out")).read(), open(h.path("plain-out")).read(), "%s: what it finds" % redirect)
        h.trace()


@host("descriptors_20000")
def descriptors_20000(h):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 20000:
        raise Skip("the hard limit of descriptors is %d" % hard)
    limit = 20000
    for room in (200, 12):
        script = ("import os, resource, sys\n"
                  "resource.setrlimit(resource.RLIMIT_NOFILE, (%d, %d))\n" % (limit, hard) +
                  "n = os.open('/dev/null', os.O_RDONLY)\nos.set_inheritable(n, True)\n"
                  "try:\n for i in range(%d - n - 1): os.set_inheritable(os.dup(n), True)\n"
                  "except OSError: pass\n" % (limit - room) +
                  "os.execv(sys.argv[1], sys.argv[1:])\n")
        argv = ["/usr/bin/python3", "-S", "-c", script]
        rc, plain, _ = h.exec(argv + [h.prog("state"), "n"])
        rc, out, err = h.exec(argv + h.command(h.prog("state"), "n"))
        if rc == 125 and room == 12:
            h.refused(rc, err, ("descriptor", "open files", "Too many"))
            continue
        same(rc, 0, "status with %d free (%s)" % (room, err[-400:]))
        same(out, plain, "descriptors of the command")


@host("argv_of_2_mb")
def argv_of_2_mb(h):
    args = ["x" * 100000] * 18 + ["y" * 90000]
    rc, out, err = h.run("true", *args)
    same(rc, 0, "status (%s)" % err[-300:])
    t = h.trace()
    e = t.procs("exec")[0]
    same((e["argv_state"], e["argv_len"]), ("truncated", sum(len(a) + 1 for a in args) + 5), "argv of the exec")
    rc, out, err = h.run("true", *["z" * 100000] * 8, env={"PATH": os.environ["PATH"]})
    same(rc, 0, "status (%s)" % err[-300:])


# ---- signals ------------------------------------------------------------------------------------------------------

def start_waiter(h, mode, **kw):
    p = subprocess.Popen(h.command(h.prog("waiter"), mode), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, cwd=h.dir, **kw)
    seen = read_until(p.stdout.fileno(), b"ready\n")
    pid = int(seen.split(b"pid=")[1].split()[0])
    return p, pid


@host("sigterm_is_forwarded")
def sigterm(h):
    p, pid = start_waiter(h, "ends")
    os.kill(p.pid, signal.SIGTERM)
    out, err = p.communicate(timeout=20)
    same(out, b"signal=15\n", "what the command saw (%s)" % err[-300:])
    same(p.returncode, 40 + 15, "status is the command's own")
    expect(not alive(pid), "the command is still alive")
    h.trace()


@host("sigint_twice_ends_at_once")
def sigint_twice(h):
    p, pid = start_waiter(h, "stays", start_new_session=True)
    os.kill(p.pid, signal.SIGINT)
    read_until(p.stdout.fileno(), b"signal=2\n")
    os.kill(p.pid, signal.SIGINT)
    out, err = p.communicate(timeout=10)
    until(lambda: not alive(pid), "the command outlived the second interrupt")
    expect(p.returncode != 0, "status 0 after an interrupt")
    t = h.trace()
    same(t.summary["exit_kind"], "interrupted", "exit_kind", [t.summary])


@host("sigkill_leaves_no_process")
def sigkill(h):
    before = Leftovers()
    for mode in ("tree", "loop"):
        pids = h.path("pids-" + mode)
        p = subprocess.Popen(h.command(h.prog("stubborn"), mode, pids), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=h.dir)
        want = 4 if mode == "tree" else 1
        until(lambda: os.path.exists(pids) and len(pids_of(pids)) == want, "the tree did not start")
        os.kill(p.pid, signal.SIGKILL)
        p.wait()
        until(lambda: not any(map(alive, pids_of(pids))),
              lambda: "alive after SIGKILL of sandtrace: %s" % [x for x in pids_of(pids) if alive(x)])
        lines = open(h.path("trace.jsonl"), "rb").read().split(b"\n")[:-1]
        for line in lines:
            json.loads(line)
        os.unlink(h.path("trace.jsonl"))
    before.check()


@host("sigstop_of_sandtrace_is_accounted")
def sigstop(h):
    """Nobody can read the rings of a reader that is stopped: what does not fit is lost, and counted."""
    p = subprocess.Popen(h.command(h.prog("busy"), "400000"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, cwd=h.dir)
    until(lambda: os.path.exists(h.path("trace.jsonl")) and os.path.getsize(h.path("trace.jsonl")) > 100000, "no trace")
    os.kill(p.pid, signal.SIGSTOP)
    read_until(p.stdout.fileno(), b"cpus=", limit=LIMIT_BUSY)
    os.kill(p.pid, signal.SIGCONT)
    out, err = p.communicate(timeout=LIMIT_BUSY)
    same(p.returncode, 0, "status (%s)" % err[-300:])
    got, lost, others, last = count_busy(h)
    same(lost, last["lost"], "lost records against the summary", [last])
    same(last["total_syscalls"], got + others + lost, "total_syscalls", [last])
    expect(lost > 0, "nothing was lost while the reader was stopped: the case shows nothing", [last])
    expect(got + lost >= 400000 * os.cpu_count(), "recorded %d + lost %d" % (got, lost), [last])


# ---- outputs --------------------------------------------------------------------------------------------------------

@host("output_refused")
def output_refused(h):
    put(h.path("victim"), "precious\n")
    os.symlink(h.path("victim"), h.path("link"))
    os.symlink(h.path("absent"), h.path("dangling"))
    os.mkdir(h.path("dir"))
    for name, word in (("no/such/dir/t", "no/such/dir/t"), ("link", "link"), ("dangling", "dangling"), ("dir", "dir")):
        rc, out, err = h.run("echo", "ran", out=name)
        h.refused(rc, err, word)
        same(out, b"", "%s: the command ran" % name)
    same(open(h.path("victim")).read(), "precious\n", "the file behind the link")
    expect(not os.path.exists(h.path("absent")), "the target of the dangling link was made")


@host("output_full_disk")
def output_full_disk(h):
    rc, out, err = h.exec([h.sandtrace, "run", "--trace-only", "-o", "/dev/full", "--", "ls", "/"])
    h.refused(rc, err, "/dev/full", ("No space", "ENOSPC"))


@host("output_closed_pipe")
def output_closed_pipe(h):
    before = Leftovers()
    cmd = "%s run --trace-only -o - -- seq 1 20000 2>%s | head -n 1" % (h.sandtrace, h.path("err"))
    rc, out, _ = h.exec(["bash", "-o", "pipefail", "-c", cmd])
    first = out.split(b"\n")[0]
    expect(first, "nothing came through the pipe")
    err = open(h.path("err")).read()
    expect("Traceback" not in err and err.count("\n") < 40, "noise: %s" % err[-500:])
    os.mkfifo(h.path("fifo"))
    reader = subprocess.Popen(["sh", "-c", "head -n 1 <fifo >one"], cwd=h.dir)
    rc, _, err = h.run(h.prog("busy"), "1000", out="fifo")
    reader.wait(timeout=20)
    until(lambda: os.path.exists(h.path("one")) and os.path.getsize(h.path("one")), "no line through the pipe")
    same(json.loads(open(h.path("one")).read())["event_type"], "header", "first line")
    before.check()


@host("output_existing_file")
def output_existing_file(h):
    put(h.path("trace.jsonl"), "old\n" * 100000)
    rc, _, err = h.run("true")
    same(rc, 0, "status (%s)" % err[-300:])
    h.trace()


@host("output_mode_0600")
def output_mode(h):
    h.run("true", umask=0)
    same(oct(os.stat(h.path("trace.jsonl")).st_mode & 0o777), "0o600", "mode of a new trace")


@host("output_to_stdout")
def output_stdout(h):
    rc, out, err = h.exec([h.sandtrace, "run", "--trace-only", "-o", "-", "--", "true"])
    lines = [json.loads(x) for x in out.splitlines()]
    same((lines[0]["event_type"], lines[-1]["event_type"]), ("header", "summary"), "first and last record")


@host("counts_only")
def counts_only(h):
    rc, out, err = h.run(h.prog("mix"), opts=["-c"], out=None)
    same(rc, 0, "status (%s)" % err[-300:])
    for line in err.decode().splitlines():
        if "getppid" in line.split():
            expect("12" in line.split(), "count of getppid: %r" % line)
            break
    else:
        raise Failure("no line for getppid in %r" % err[-2000:])


# ---- less than a whole machine -------------------------------------------------------------------------------------

def copied(h):
    """sandtrace where another user may execute it."""
    target = h.path("sandtrace")
    shutil.copy(h.sandtrace, target)
    os.chmod(target, 0o755)
    return target


def without_bpf(h, before, *words):
    """With BEFORE in front of it BPF is not permitted: --backend ebpf says why, and auto goes on with ptrace, which says it."""
    os.mkdir(h.path("out"), 0o777)
    os.chmod(h.path("out"), 0o777)
    again = [*before, copied(h), "run", "--trace-only", "-o", h.path("out/t")]
    rc, out, err = h.exec([*again, "--backend", "ebpf", "--", "echo", "ran"])
    h.refused(rc, err, words)
    same(out, b"", "the command ran")
    rc, out, err = h.exec([*again, "--", "sh", "-c", "echo ran; exit 3"])
    same((rc, out), (3, b"ran\n"), "by ptrace (%s)" % err[-300:])
    with open(h.path("out/t")) as f:
        head, *_, last = [json.loads(line) for line in f]
    same(head["backend"], "ptrace", "the backend")
    expect(any(w.lower() in head["backend_reason"].lower() for w in words), "the reason: %r" % head["backend_reason"])
    same((last["exit_code"], last["lost"]), (3, 0), "the summary")


@host("no_root")
def no_root(h):
    if os.getuid():
        raise Skip("not root, so nothing to drop")
    without_bpf(h, ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"], "root", "CAP_BPF", "privilege")


@host("no_bpf_capability")
def no_bpf(h):
    dropped = "-sys_admin,-bpf,-perfmon"
    if h.exec(["setpriv", "--bounding-set", dropped, "--inh-caps", dropped, "true"])[0]:
        raise Skip("setpriv cannot drop capabilities here")
    without_bpf(h, ["setpriv", "--bounding-set", dropped, "--inh-caps", dropped], "CAP_BPF", "CAP_SYS_ADMIN")


# What a container's filter does to whoever has no CAP_SYS_ADMIN in it: no bpf, and clone3 as if the kernel had none.
CONTAINER = '''
import ctypes, os, struct, sys
load, equal, answer = 0x20, 0x15, 0x06
code = [(load, 0, 0, 0), (equal, 0, 1, 435), (answer, 0, 0, 0x50000 | 38), (equal, 0, 1, 321), (answer, 0, 0, 0x50000 | 1),
        (answer, 0, 0, 0x7fff0000)]
insns = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
prog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(insns)))
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.prctl(38, 1, 0, 0, 0) and not libc.prctl(22, 2, prog, 0, 0), ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
'''


@host("container_without_clone3")
def container(h):
    if os.uname().machine != "x86_64":
        raise Skip("the numbers are those of x86_64")
    without_bpf(h, ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-S", "-c", CONTAINER],
                "bpf", "cgroup")


@host("no_btf")
def no_btf(h):
    hide = "mount -t tmpfs none /sys/kernel/btf"
    probe = h.exec(["unshare", "-m", "sh", "-c", hide])
    if probe[0]:
        raise Skip("no right to mount: %s" % probe[2].decode().strip())
    without_bpf(h, ["unshare", "-m", "sh", "-c", hide + ' && exec "$@"', "sh"], "btf")


# ---- accounting at full speed ---------------------------------------------------------------------------------------

LIMIT_BUSY = 120


def count_busy(h):
    """Counts without holding the trace in memory: only lines that are not getppid's are parsed. Returns (getppid
    records, lost, other calls, summary)."""
    got = lost = others = 0
    with open(h.path("trace.jsonl"), "rb") as f:
        for line in f:
            if line.startswith(b'{"event_type":"syscall"') and b'"syscall":"getppid"' in line:
                got += 1
                continue
            r = json.loads(line)
            others += r["event_type"] == "syscall"
            lost += r["count"] if r["event_type"] == "lost" else 0
    same(r["event_type"], "summary", "last record")
    return got, lost, others, r


@host("accounting_full_speed")
def accounting_full_speed(h):
    rc, out, err = h.run(h.prog("busy"), "1000000", opts=["--timeout", "110"], limit=LIMIT_BUSY)
    same(rc, 0, "status (%s)" % err[-300:])
    got, lost, others, last = count_busy(h)
    same((got, lost, last["lost"]), (1000000 * os.cpu_count(), 0, 0), "recorded, lost, lost of the summary", [last])
    same(last["total_syscalls"], got + others, "total_syscalls", [last])


@host("idle_reader_rests")
def idle_reader(h):
    """A command that waits costs nothing: what sandtrace uses in 3 s is its start, not a loop."""
    p = subprocess.Popen(h.command("sleep", "3"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, cwd=h.dir)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = status
    same(status, 0, "wait status")
    expect(usage.ru_utime + usage.ru_stime < 1, "%.2f s of CPU in a run of 3 s" % (usage.ru_utime + usage.ru_stime))


@host("nothing_left_behind")
def nothing_left(h):
    before = Leftovers()
    old = cgroups()
    for args, opts in ((("true",), ()), (("sh", "-c", "exit 9"), ()), (("no-such-command-here",), ()),
                       ((h.prog("stubborn"), "tree", h.path("pids")), ("--timeout", "1")),
                       ((h.prog("daemon"),), ())):
        h.run(*args, opts=list(opts))
    before.check()
    until(lambda: not (cgroups() - old) or any_foreign(old), lambda: "cgroups left: %s" % (cgroups() - old))


def any_foreign(old):
    """Cgroups of other sandtrace processes that started meanwhile."""
    return all(any(alive(int(p)) for p in "".join(c if c.isdigit() else " " for c in os.path.basename(g)).split())
               for g in cgroups() - old)


@host("signal_delivered")
def signal_delivered(h):
    """One record for each signal that acts: who sent it, whether a handler ran. None for one that is ignored."""
    rc, _, err = h.run("sh", "-c", "trap : USR1; trap '' USR2; kill -USR1 $$; kill -USR2 $$; kill -TERM $$")
    same(rc, 128 + signal.SIGTERM, "exit status (%s)" % err)
    got = h.trace().procs("signaled")
    same([(r["signal"], r["handled"]) for r in got], [(signal.SIGUSR1, True), (signal.SIGTERM, False)], "signals", got)
    same((got[0]["code"], got[0]["sender_pid"]), (0, got[0]["pid"]), "code and sender", got)


@host("slow_reader_of_the_trace")
def slow_reader(h):
    """A pipe nobody reads for a while: the command is held still, nothing is lost, and the timeout still works."""
    argv = [h.sandtrace, "run", "--trace-only", "-q", "--format", "jsonl", "-o", "-", "--", "sh", "-c",
            "i=0; while [ $i -lt 20000 ]; do kill -0 $$; i=$((i+1)); done"]
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=h.dir)
    frozen = lambda: any(open(os.path.join(c, "cgroup.freeze")).read().strip() == "1" for c in cgroups())
    until(frozen, "the command is not frozen while nobody reads")
    with open(h.path("trace.jsonl"), "wb") as f:
        shutil.copyfileobj(p.stdout, f)
    same(p.wait(), 0, "exit status")
    t = h.trace()
    same(t.summary["lost"], 0, "lost")
    expect(t.summary["freezes"] > 0, "no freeze", [t.summary])
    same(len([r for r in t.calls("kill")]), 20000, "calls")


@host("timeout_with_a_blocked_output")
def timeout_blocked(h):
    argv = [h.sandtrace, "run", "--trace-only", "-q", "--timeout", "500ms", "--format", "jsonl", "-o", "-", "--", "sh", "-c",
            "while :; do kill -0 $$; done"]
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=h.dir)
    until(lambda: cgroups() and all(not open(os.path.join(c, "cgroup.procs")).read() for c in cgroups()),
          "the command outlives its timeout while nobody reads the trace")
    with open(h.path("trace.jsonl"), "wb") as f:
        shutil.copyfileobj(p.stdout, f)
    same(p.wait(), 124, "exit status")
    same(h.trace().summary["exit_kind"], "timeout", "exit kind")


@host("cgroups_made_by_the_command_are_removed")
def sub_cgroups(h):
    rc, _, err = h.run("sh", "-c", "d=$(find %s -maxdepth 3 -name sandtrace-$PPID) && mkdir -p $d/a/b && echo $$ >$d/a/b/cgroup.procs"
                       % cgroup_mount())
    same(rc, 0, "status (%s)" % err)
    expect(b"could not be removed" not in err, "%r" % err)
    same(cgroups(), set(), "left behind")


@host("decode_fds")
def decode_fds(h):
    """-y: what descriptors stand for, from the kernel's table; for close, looked up before it is gone."""
    put(h.path("data"), "x")
    rc, _, err = h.run("sh", "-c", "exec 5<data 6<&5; read x <&6; exec 5<&-; : | cat", opts=["-y"])
    same(rc, 0, "exit status (%s)" % err)
    t, path = h.trace(), os.path.realpath(h.path("data"))
    opened = [r for r in t.calls("openat") if r["args"]["decoded"].get("path") == "data"]
    same([r["args"]["decoded"]["return_path"] for r in opened], [path], "what open returned", opened)
    same(opened[0]["args"]["decoded"]["dirfd_path"], os.path.dirname(path), "directory", opened)
    closed = [r["args"]["decoded"].get("fd_path") for r in t.calls("close")]
    expect(path in closed, "no close of %s in %r" % (path, closed))
    expect(any(str(r["args"]["decoded"].get("fd_path")).startswith("pipe:[") for r in t.calls("read")), "no pipe read")

