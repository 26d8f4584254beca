# SPDX-License-Identifier: Apache-2.0
"""Runs sandtrace (or nothing at all: bare) with a command, and reads what came of it."""
import json
import os
import subprocess
import sys
import time

from host import communicate
from records import Trace, expect

LIMIT = 120
MEASURE = """import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, file=open(sys.argv[1], "w"))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Config:
    def __init__(self, user, profile):
        self.user, self.profile = user, profile
        self.name = "%s/%s" % (user, profile)
        self.uid = 0 if user == "root" else 65534
        self.traced = user == "root"


CONFIGS = [Config(u, p) for u in ("root", "user") for p in ("default", "strict")]


class Result:
    def __init__(self, rc, out, err, trace, seconds):
        self.rc, self.out, self.err, self.trace, self.seconds = rc, out, err, trace, seconds

    @property
    def text(self):
        return self.err.decode("utf-8", "replace")

    def refused(self, *words, want=125):
        expect(self.rc == want, "exit status %s, want %d; stderr: %s" % (self.rc, want, self.text[-500:]))
        for w in words:
            expect(w.lower() in self.text.lower(), "the message lacks %r: %s" % (w, self.text[-500:]))
        return self

    def ran(self, want=0):
        expect(self.rc == want, "exit status %s, want %d; stdout: %r; stderr: %s" % (
            self.rc, want, self.out[-300:], self.text[-900:]))
        return self


class Box:
    """What every case gets: one configuration and the host's side for its user."""

    def __init__(self, config, side, opts):
        self.config, self.side, self.opts = config, side, opts
        self.n = 0
        self.extra = {"run_socket": [p for p in side.sockets if p.startswith("/run/")][0],
                      "tmp_socket": [p for p in side.sockets if p.startswith("/tmp/")][0]}
        self.policy = side.path("strict-profile.toml")
        with open(self.policy, "w") as f:
            f.write('extends = "default"\n[seccomp]\nprofile = "strict"\n')
        os.chmod(self.policy, 0o644)

    def command(self, opts, argv, trace=None):
        c = [self.side.sandtrace, "run"]
        if not trace:
            c += ["--backend=none"]
        if self.config.profile == "strict" and not any(o.startswith("--policy") for o in opts):
            c += ["--policy", self.policy]
        if trace:
            c += ["-o", trace]
        return c + list(opts) + ["--"] + list(argv)

    def popen(self, argv, **kw):
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        kw.setdefault("cwd", self.side.path("project"))
        env = dict(os.environ, HOME=self.side.path("home"), GITHUB_TOKEN="SECRET-token", NO_COLOR="1")
        env.update(kw.pop("env", {}))
        if self.config.uid:
            kw.update(user=self.config.uid, group=self.config.uid, extra_groups=[])
        return subprocess.Popen(argv, env=env, **kw)

    def run(self, *argv, opts=(), traced=True, limit=LIMIT, read=True, **kw):
        """Runs ARGV inside. TRACED: a trace is wanted (where there is tracing)."""
        self.n += 1
        trace = None
        if traced and self.config.traced:
            trace = self.side.path("trace", "%d.jsonl" % self.n)
        cmd = self.command(opts, argv, trace)
        start = time.monotonic()
        data = kw.pop("input", None)
        if data is not None:
            kw["stdin"] = subprocess.PIPE
        p = self.popen(cmd, **kw)
        out, err = communicate(p, cmd, data, limit)
        seconds = time.monotonic() - start
        if self.opts.verbose:
            sys.stderr.write("%s\n-> %d in %.2f s\n%s" % (" ".join(map(str, cmd))[:600], p.returncode, seconds,
                                                          (err or b"").decode("utf-8", "replace")[-3000:]))
        t = None
        if trace and read and os.path.exists(trace) and os.path.getsize(trace):
            t = Trace(trace)
        if trace and os.path.exists(trace):
            os.unlink(trace)
        return Result(p.returncode, out or b"", err or b"", t, seconds)

    def measured(self, *specs, opts=()):
        """As attempt(), for runs whose trace is too large to be held: (Result, verdicts, summary, trace file, KiB at most)."""
        self.n += 1
        trace, usage = self.side.path("trace", "%d.jsonl" % self.n), self.side.path("trace", "usage")
        # not our own child: the kernel counts what its memory was before it executed, which is ours
        argv = ["/usr/bin/python3", "-S", "-c", MEASURE, usage] + self.command(opts, self.attempt_argv(specs), trace)
        start = time.monotonic()
        p = self.popen(argv)
        out, err = p.communicate(timeout=LIMIT)
        with open(trace, "rb") as f:
            f.seek(max(0, os.path.getsize(trace) - (1 << 22)))
            summary = json.loads(f.read().splitlines()[-1])
        with open(usage) as f:
            kib = int(f.read())
        return Result(p.returncode, out, err, None, time.monotonic() - start), verdicts(out), summary, trace, kib

    def bare(self, *argv, limit=LIMIT, **kw):
        start = time.monotonic()
        p = self.popen(argv, **kw)
        out, err = p.communicate(timeout=limit)
        return Result(p.returncode, out, err, None, time.monotonic() - start)

    def attempt_argv(self, specs, **params):
        return [self.side.attempt] + ["%s=%s" % kv for kv in self.side.params(**dict(self.extra, **params)).items()] + list(specs)

    def attempt(self, *specs, opts=(), params=None, **kw):
        """Runs attempts in one sandbox; returns (Result, {spec: (verdict, rest)})."""
        r = self.run(*self.attempt_argv(specs, **(params or {})), opts=opts, **kw)
        return r, verdicts(r.out)

    def write_policy(self, name, text):
        path = self.side.path(name)
        with open(path, "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path


def verdicts(out):
    found = {}
    for line in out.decode("utf-8", "replace").splitlines():
        words = line.split(" ", 2)
        if len(words) >= 2 and words[1] in ("blocked", "allowed", "n/a", "broken"):
            found[words[0]] = (words[1], words[2] if len(words) > 2 else "")
    return found


def windows(trace):
    """{spec: [records between its two marks, by time]}"""
    begin, end = {}, {}
    for r in trace.syscalls:
        if r["syscall"] != "faccessat":
            continue
        path = (r["args"].get("decoded") or {}).get("path") or ""
        if path.startswith("/.attempt/begin/"):
            begin[path[16:]] = r["timestamp"]
        elif path.startswith("/.attempt/end/"):
            end[path[14:]] = r["timestamp"]
    recs = sorted((r for r in trace.records[1:-1] if r.get("action") == "deny"), key=lambda r: r["timestamp"])
    out = {}
    for spec, start in begin.items():
        stop = end.get(spec, "9999")
        out[spec] = [r for r in recs if start <= r["timestamp"] <= stop]
    return out


def summary_text(trace):
    return json.dumps(trace.summary)
