# SPDX-License-Identifier: Apache-2.0
"""The programs, the directory in which everything happens, and how they are run as one user or the other."""
import errno
import glob
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(HERE + "/../../..")
OVERFLOW = 65534  # as which the kernel shows every user that is not mapped
built = {}


def cc(*args):
    subprocess.run(["gcc", "-O1", "-g", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *args], cwd=TOP, check=True)


def build_programs(build):
    at = tempfile.mkdtemp(prefix="agree-prog.", dir="/var/tmp")
    built["dir"] = at
    cc("-D_GNU_SOURCE", "-static", "-o", at + "/probe", HERE + "/probe.c")
    cc("-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector", "-s", "-Wl,-z,max-page-size=4096",
       "-o", at + "/tiny", HERE + "/tiny.c")
    objects = [o for o in glob.glob(os.path.join(TOP, build) + "/userspace/**/*.o", recursive=True)
               if not o.endswith("/cli/main.o")]
    subprocess.run(["ar", "rcsT", at + "/all.a", *objects], check=True)
    cc("-D_GNU_SOURCE", "-Iinclude", "-Iuserspace", "-o", at + "/answers", HERE + "/answers.c", at + "/all.a", "-Wl,-Bstatic",
       "-lseccomp", "-lfyaml", "-lcrypto", "-lstdc++", "-Wl,-Bdynamic", "-lm")


def remove_programs():
    shutil.rmtree(built.pop("dir", ""), ignore_errors=True)


class Bench:
    """A directory below WHERE with bin/ beside it, and no trace of it afterwards."""

    def __init__(self, build, where, user):
        self.user = user
        self.whole = tempfile.mkdtemp(prefix="agree.", dir=where)
        os.chmod(self.whole, 0o755)
        self.at = self.whole + "/inner"  # what lies beside it, nobody else changes
        os.mkdir(self.at)
        os.mkdir(self.at + "/bin")
        for name in ("probe", "answers"):
            shutil.copy(os.path.join(built["dir"], name), self.at + "/bin/" + name)
        self.sandtrace = self.at + "/bin/sandtrace"
        shutil.copy(os.path.join(TOP, build, "sandtrace"), self.sandtrace)
        with open(built["dir"] + "/tiny", "rb") as f:
            self.tiny = f.read()
        self.probe, self.answers = self.at + "/bin/probe", self.at + "/bin/answers"
        self.policy = self.at + "/policy.toml"
        self.top = self.at + "/t"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.whole, ignore_errors=True)

    def write_policy(self, text):
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write(text)

    def options(self, uid, home):
        env = {"HOME": home or "/", "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
        more = {"user": uid, "group": uid, "extra_groups": []} if uid else {}
        return {"env": env, "cwd": "/", **more}

    def run(self, argv, uid, home=None, stdin=b"", timeout=60):
        """(status, stdout, stderr)."""
        p = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, check=False, **self.options(uid, home))
        return p.returncode, p.stdout, p.stderr

    def contained(self, uid, args, home=None, stdin=b"", options=()):
        return self.run([self.sandtrace, "run", "--backend", "none", "-q", "--policy", self.policy, *options, "--", self.probe,
                         *args], uid, home, stdin)


class Answers:
    """The C side's answers to one policy. `error` is set when it cannot be enforced."""

    def __init__(self, b, uid, home=None):
        self.p = subprocess.Popen([b.answers, b.policy, b.probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, **b.options(uid, home))
        first = self.p.stdout.readline().decode()
        self.error = None if first == "ok\n" else first.strip() or "died"
        self.cache = {}

    def ask(self, what):
        if what not in self.cache:
            self.p.stdin.write(os.fsencode(what) + b"\0")
            self.p.stdin.flush()
            line = self.p.stdout.readline().split()
            if not line:
                raise RuntimeError(f"answers died at {what!r}: {self.p.stderr.read()!r}")
            self.cache[what] = line
        return self.cache[what]

    def close(self):
        """What it said on standard error, the first time."""
        if self.p.stdin.closed:
            return ""
        self.p.stdin.close()
        why = self.p.stderr.read().decode(errors="replace")
        self.p.stdout.close()
        self.p.stderr.close()
        self.p.wait()
        return why


def name(err):
    return {0: "ok", -1: "not tried"}.get(err) or errno.errorcode.get(err, str(err))
