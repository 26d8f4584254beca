# SPDX-License-Identifier: Apache-2.0
"""Cases about processes: descriptors at the start, resources, the end of a run and what outlives it."""
import json
import os

import leftover
from groups import project_opts
from host import until
from records import Failure, Skip, expect, same
from registry import case


def marked(marker):
    return [pid for pid, _ in leftover.marked(marker)]


def nothing_left(marker):
    until(lambda: not marked(marker), lambda: "still there: %s" % marked(marker), limit=5)


def wants(found, spec, *verdicts):
    expect(spec in found, "no result of %s: %s" % (spec, found))
    expect(found[spec][0] in verdicts, "%s: %s" % (spec, " ".join(found[spec])))
    return found[spec][1]


@case("6-fd-flood")
def fd_flood(box):
    """2,000 open descriptors: none inside, and no slower for it."""
    fds = []
    try:
        r, found = box.attempt("5-fd-list", opts=project_opts(box), traced=False)
        few = r.seconds
        for _ in range(2000):
            fds.append(os.open(box.side.path("outside/secret"), os.O_RDONLY))
        r, found = box.attempt("5-fd-list", opts=project_opts(box), pass_fds=fds, traced=False)
        wants(found, "5-fd-list", "blocked")
        expect(r.seconds < few + 1.0, "%.2f s with 2,000 descriptors, %.2f s without" % (r.seconds, few))
    finally:
        for fd in fds:
            os.close(fd)


@case("7-closed-stdio")
def closed_stdio(box):
    """Each subset of 0, 1 and 2 closed by the caller: nothing of sandtrace's own lands there."""
    result = box.side.path("project", "stdio-result")
    for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)):
        if os.path.exists(result):
            os.unlink(result)

        def close_them():
            for fd in closed:
                os.close(fd)

        null = open("/dev/null", "r+")
        p = box.popen(box.command(project_opts(box), box.attempt_argv([], result_file=result),
                                  box.side.path("trace", "stdio.jsonl") if box.config.traced else None),
                      stdin=null, stdout=null, stderr=null, preexec_fn=close_them)
        rc = p.wait(timeout=60)
        null.close()
        if rc == 125:
            continue  # refused to start like this: also right
        same(rc, 0, "status with %s closed" % (closed,))
        text = open(result).read()
        expect(" blocked " in text, "%s closed: %s" % (closed, text))


@case("9-escapes")
def escapes(box):
    """Escape sequences in names never reach the terminal that shows the trace and the summary."""
    for opts in ([], ["-v"], ["-vvv"]):
        if opts and not box.config.traced:
            continue
        r, found = box.attempt("9-escapes", opts=project_opts(box) + opts)
        wants(found, "9-escapes", "allowed")
        for bad in (b"\x1b]0", b"\x1b[2J", b"\x1b[31mOWNED", b"\x9b1m", b"\x07"):
            expect(bad not in r.err, "%r in what sandtrace says (%s)" % (bad, opts))
    for name in os.listdir(box.side.path("project")):
        if "OWNED" in name:
            os.unlink(box.side.path("project", name))


@case("10-outlive")
def outlive(box):
    marker = "outlive-%d-%s" % (os.getpid(), box.config.name)
    r, found = box.attempt("10-outlive", opts=project_opts(box), params={"marker": marker})
    r.ran()
    wants(found, "10-outlive", "allowed")
    nothing_left(marker)


@case("42-kill-all")
def kill_all(box):
    """kill(-1): everything inside may die, nothing outside; the status says what happened."""
    marker = "kill-all-%d-%s" % (os.getpid(), box.config.name)
    r, found = box.attempt("42-kill-all", opts=project_opts(box), params={"marker": marker})
    same(r.rc, 137, "status of a command that was killed; stderr: %s" % r.text[-300:])
    nothing_left(marker)


@case("42-stop-init")
def stop_init(box):
    r, found = box.attempt("42-stop-1", "42-kill-1", opts=project_opts(box) + ["--timeout", "10"])
    r.ran()
    wants(found, "42-kill-1", "blocked")


@case("52-flood", only="root")
def flood(box):
    """Refused calls as fast as they can be made: counted exactly, in bounded memory and time."""
    n = 200000
    spec = "52-flood:%d" % n
    r, found, summary, trace, kib = box.measured(spec, opts=project_opts(box) + ["-q"])
    rest = wants(found, spec, "blocked")
    expect(r.seconds < 30, "%.1f s for %d refused calls (%s)" % (r.seconds, n, rest))
    expect(kib < 100 << 10, "sandtrace used %d MiB" % (kib >> 10))
    same(summary["lost"], 0, "lost records", [summary])
    same(summary["denied_count"], n, "denied_count", [summary])
    with open(trace, "rb") as f:
        same(sum(b'"io_uring_setup"' in line and b'"action":"deny"' in line for line in f), n, "denials in the trace")
    os.unlink(trace)


@case("52-flood-paths", only="root")
def flood_paths(box):
    """... and paths, each another: what is kept of them is bounded, what is said too."""
    n = 20000
    spec = "52-flood-paths:%d" % n
    r, found, summary, trace, kib = box.measured(spec, opts=project_opts(box))
    wants(found, spec, "blocked")
    expect(kib < 100 << 10, "sandtrace used %d MiB" % (kib >> 10))
    expect(len(r.err) < 100000, "%d bytes of messages" % len(r.err))
    expect(summary["denied_count"] >= n, "denied_count %d" % summary["denied_count"])
    expect(len(json.dumps(summary)) < 2 << 20, "a summary of %d bytes" % len(json.dumps(summary)))
    os.unlink(trace)


PIPELINE = """i=0
while [ $i -lt 100 ]; do
	sh -c 'trap : CHLD ALRM USR1; echo x' | sh -c 'trap : PIPE USR1; cat' | sh -c 'read a; echo "$a"'
	i=$((i+1))
done"""


@case("53-pipelines")
def pipelines(box):
    """Three shells with handlers, a hundred times: no call is lost or interrupted by being watched."""
    r = box.run("/bin/sh", "-c", PIPELINE, opts=["--allow-exec"], read=False).ran()
    same(r.out.count(b"x\n"), 100, "lines")


@case("55-short-lived")
def short_lived(box):
    n = 500
    r = box.run("/bin/sh", "-c", "i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done; echo $i" % n,
                opts=["--allow-exec"], limit=120).ran()
    same(r.out, b"%d\n" % n, "output")
    if r.trace:
        same(r.trace.lost, [], "lost")
        execs = r.trace.procs("exec")
        expect(len(execs) >= n, "%d execs of %d" % (len(execs), n + 1))


@case("56-rename", only="root")
def rename(box):
    r, found = box.attempt("56-rename", opts=project_opts(box))
    r.ran()
    execs = r.trace.procs("exec")
    expect(any(box.side.attempt in str(e) for e in execs), "no exec names the real program", execs[:3])


@case("68-fork-bomb")
def fork_bomb(box):
    r, found = box.attempt("68-fork:3000", opts=project_opts(box) + ["--pids", "60"])
    rest = wants(found, "68-fork:3000", "blocked")
    expect("EAGAIN" in rest, rest)
    n = int(rest.split("after ")[1].split()[0])
    expect(n <= 60, "%d children under --pids 60" % n)
    expect(r.seconds < 30, "%.1f s" % r.seconds)


KINDS = ("anon", "mlock", "memfd", "tmpfs", "shm")


@case("69-memory")
def memory(box):
    """Three times the cap, by every way that has pages in the end."""
    left = []
    for kind in KINDS:
        spec = "69-memory:%s-200" % kind
        r, found = box.attempt(spec, opts=project_opts(box) + ["--memory", "64M", "--tmpfs-size", "1G"], limit=60)
        if spec not in found:
            expect(r.rc in (137, 1), "%s: status %d and no result: %s" % (kind, r.rc, r.text[-300:]))
            continue
        if found[spec][0] == "allowed" and box.config.user == "user" and kind in ("memfd", "tmpfs", "shm"):
            left.append(kind)
            continue
        wants(found, spec, "blocked")
        if kind == "anon" and r.trace:
            expect("oom" in str(r.trace.summary).lower() or "memory" in str(r.trace.summary).lower(),
                   "the summary does not tell of the limit", [r.trace.summary])
    if left:
        raise Skip("no cgroup is delegated to an ordinary user here: RLIMIT_DATA holds anonymous memory, not %s" %
                   ", ".join(left))


@case("70-timeout")
def timeout(box):
    for what in ("spin", "stubborn", "stop"):
        marker = "timeout-%d-%s-%s" % (os.getpid(), what, box.config.name)
        r, _ = box.attempt("70-" + what, opts=project_opts(box) + ["--timeout", "1"], params={"marker": marker})
        same(r.rc, 124, "%s: status; stderr %s" % (what, r.text[-300:]))
        expect(r.seconds < 4, "%s: %.1f s" % (what, r.seconds))
        nothing_left(marker)


@case("71-output")
def output(box):
    """limits.output: no more bytes than that come out, and the run says so."""
    policy = box.write_policy("output.toml", 'extends = "default"\n[limits]\noutput = "1M"\n[seccomp]\nprofile = "%s"\n' %
                              box.config.profile)
    for kind in ("lines", "one", "nul"):
        r, _ = box.attempt("71-output:%s-30" % kind, opts=["--policy", policy] + project_opts(box) + ["--timeout", "30"],
                           input=b"x" * 300000)
        expect(len(r.out) <= (1 << 20) + 4096, "%s: %d bytes came out" % (kind, len(r.out)))
        expect(len(r.out) >= 1 << 19, "%s: only %d bytes came out" % (kind, len(r.out)))
        expect("output" in r.text.lower(), "%s: nothing says that the output was cut: %s" % (kind, r.text[-400:]))
        expect(r.seconds < 20, "%s: %.1f s" % (kind, r.seconds))


@case("71-flood-unlimited")
def output_unlimited(box):
    """Without a limit all of it comes out, as fast as it is read."""
    r, found = box.attempt("71-output:one-64", opts=project_opts(box))
    expect(len(r.out) >= 64 << 20, "%d bytes came out" % len(r.out))


@case("73-orphan")
def orphan(box):
    """A daemon keeps the caller's pipe open: the run ends all the same, and so does the daemon."""
    marker = "orphan-%d-%s" % (os.getpid(), box.config.name)
    r, found = box.attempt("73-orphan", opts=project_opts(box) + ["--timeout", "30"], params={"marker": marker})
    r.ran()
    expect(r.seconds < 10, "%.1f s" % r.seconds)
    nothing_left(marker)


@case("49-keys")
def keys(box):
    """A key of the host's user is not found, and none is left for the next job."""
    argv = box.attempt_argv(["49-add-key"], key="battery-host", bare=1)
    box.bare(*argv)
    r, found = box.attempt("49-find-key", opts=project_opts(box), params={"key": "battery-host"})
    wants(found, "49-find-key", "blocked")


@case("39-status")
def status(box):
    """What the kernel says of the command, read by an ordinary program."""
    r = box.run("/bin/grep", "-E", "^(Cap|Seccomp:|NoNewPrivs)", "/proc/self/status").ran()
    text = r.out.decode()
    for line in text.splitlines():
        key, value = line.split()
        if key.startswith("Cap"):
            same(int(value, 16), 0, key)
        else:
            same(value, {"Seccomp:": "2", "NoNewPrivs:": "1"}[key], key)
    same(len(text.splitlines()), 7, "lines")


@case("5-environment")
def environment(box):
    """A token of the caller's environment is not passed on; its name alone is recorded."""
    r = box.run("/usr/bin/env").ran()
    expect(b"SECRET" not in r.out, "a token came through: %r" % r.out[:500])
    expect(b"SECRET" not in r.err, "a token's value is told")
    if r.trace:
        text = str(r.trace.records)
        expect("SECRET-token" not in text, "a token's value is in the trace")
        expect("GITHUB_TOKEN" in text, "nothing tells that GITHUB_TOKEN was left out")
