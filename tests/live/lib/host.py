# SPDX-License-Identifier: Apache-2.0
"""What host cases use: starting sandtrace, reading what it leaves, and finding what it left behind."""
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from records import Failure, Skip, Trace, check_any, expect, same

LIMIT = int(os.environ.get("SANDTRACE_TEST_LIMIT", 60))  # seconds for anything; an emulated machine needs more


def communicate(p, argv, data, limit):
    """All that P, which is ARGV, says to DATA. (stdout, stderr)"""
    try:
        return p.communicate(data, timeout=limit)
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        raise Failure("no end within %d s: %s" % (limit, " ".join(map(str, argv))[:400]))


class Child:
    """What a case has started, as self.p."""

    def end(self):
        """It ends when nothing more is said to it. Its status."""
        self.p.stdin.close()
        return self.p.wait(LIMIT)

    def stop(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


class Host:
    def __init__(self, top, sandtrace, progs):
        self.top, self.sandtrace, self.progs = top, sandtrace, progs
        self.dir = tempfile.mkdtemp(prefix="live.")
        os.chmod(self.dir, 0o755)

    def done(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def prog(self, name):
        return os.path.join(self.progs, name)

    def path(self, name):
        return os.path.join(self.dir, name)

    def command(self, *args, opts=(), out="trace.jsonl"):
        o = ["-o", self.path(out)] if out else []
        return [self.sandtrace, "run", "--trace-only", *o, *opts, "--", *args]

    def exec(self, argv, **kw):
        """Runs ARGV to its end. Returns (status, stdout, stderr); a signal N is -N."""
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        kw.setdefault("cwd", self.dir)
        limit = kw.pop("limit", LIMIT)
        data = kw.pop("input", None)
        if data is not None:
            kw["stdin"] = subprocess.PIPE
        p = subprocess.Popen(argv, **kw)
        out, err = communicate(p, argv, data, limit)
        return p.returncode, out or b"", err or b""

    def run(self, *args, opts=(), out="trace.jsonl", **kw):
        return self.exec(self.command(*args, opts=opts, out=out), **kw)

    def trace(self, facts=b"", out="trace.jsonl", partial=False):
        t = Trace(self.path(out), facts.decode("utf-8", "replace"))
        check_any(t, partial)
        return t

    def refused(self, status, err, *words, want=125):
        """sandtrace itself failed: documented status, a message with WORDS, no stack of messages."""
        text = err.decode("utf-8", "replace")
        same(status, want, "exit status (stderr: %s)" % text[-600:])
        expect("sandtrace: " in text, "no message of sandtrace: %r" % text[-600:])
        for w in words:
            alternatives = w if isinstance(w, tuple) else (w,)
            expect(any(a.lower() in text.lower() for a in alternatives), "the message lacks %r: %r" % (w, text[-600:]))


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def until(cond, why, limit=LIMIT):
    """Waits for COND to hold; the pause only keeps the CPU free for what is waited for."""
    end = time.monotonic() + limit
    while not cond():
        expect(time.monotonic() < end, why() if callable(why) else why)
        select.select([], [], [], 0.01)


def read_until(fd, marker, seen=b"", limit=LIMIT):
    """Reads from FD until MARKER shows up; returns all that was read."""
    end = time.monotonic() + limit
    while marker not in seen:
        left = end - time.monotonic()
        expect(left > 0, "%r did not appear in %r" % (marker, seen[-800:]))
        if select.select([fd], [], [], left)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            expect(data, "end of output before %r: %r" % (marker, seen[-800:]))
            seen += data
    return seen


def _ids(kind):
    out = subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True).stdout
    try:
        found = json.loads(out)
    except ValueError:
        return {}
    if not isinstance(found, list):
        return {}
    # one that goes away meanwhile is an error in the list, without a number
    return {o["id"]: o for o in found if "id" in o}


def cgroup_mount():
    with open("/proc/self/mounts") as f:
        for line in f:
            words = line.split()
            if words[2] == "cgroup2":
                return words[1]
    raise Skip("no cgroup2 mount")


def cgroups():
    found = set()
    for base, dirs, _ in os.walk(cgroup_mount()):
        found |= {os.path.join(base, d) for d in dirs if "sandtrace" in d}
    return found


class Leftovers:
    """Programs, links and cgroups that appear and do not go away. Another sandtrace may run beside this test: what a
    living process outside this test holds is its own."""

    def __init__(self):
        if not shutil.which("bpftool") and not os.path.exists("/usr/sbin/bpftool"):
            raise Skip("no bpftool")
        os.environ["PATH"] += ":/usr/sbin"
        self.before = self.now()

    @staticmethod
    def now():
        return {k: _ids(k) for k in ("prog", "link")}, cgroups()

    def _new(self):
        bpf, groups = self.now()
        left = []
        for kind in bpf:
            for i, o in bpf[kind].items():
                owners = [p["pid"] for p in o.get("pids", [])]
                if i not in self.before[0][kind] and not any(alive(p) for p in owners):
                    left.append("%s %d %s" % (kind, i, o.get("name", o.get("type"))))
        for g in groups - self.before[1]:
            owner = "".join(c if c.isdigit() else " " for c in os.path.basename(g)).split()
            if not any(alive(int(p)) for p in owner):
                left.append(g)
        return left

    def check(self):
        until(lambda: not self._new(), lambda: "left behind: %s" % self._new()[:10])


def interrupt(pid, sig=signal.SIGINT):
    os.kill(pid, sig)
