# SPDX-License-Identifier: Apache-2.0
"""
The programs. Those of the oracle run as they are there; the others are prog/*.c here and some of tests/live/prog.

strict: its outcome does not depend on timing at all, so restarts, signals and their order are compared too. Further fields:
racy, names, whole  as in tests/oracle/programs.py
loose               calls whose registers and pointers are not compared, "*" for all
pids_inside         ids below 300 are those of a pid namespace
strace_names        calls that strace takes apart, and what they are
user                run by an ordinary user, whom eBPF is closed to: strace and ptrace only
opts, only          options of `sandtrace run`; the calls that its -e lets through
Those for what compare.DOCUMENTED tells of:
unseen              calls that eBPF does not see ("strict-mode")
verdicts, expect    calls whose result differs; the results that each recorder must have
answered            calls that a supervisor answers ("notified")
untraced            threads that strace misses
dying, hidden       bool: "dying", "undumpable"
"""
from recorded import oracle

SIGKILL, SIGCHLD = 9, 17


class Program:
    def __init__(self, name, argv, **fields):
        self.name, self.argv, self.strict = name, argv, fields.get("strict", True)
        self.prepare, self.opts, self.whole = fields.get("prepare", ""), fields.get("opts", []), fields.get("whole", False)
        for f in ("racy", "names", "unseen", "verdicts", "untraced", "loose", "answered"):
            setattr(self, f, set(fields.get(f, ())))
        self.racy_signals = set(fields.get("racy_signals", ()))
        self.inside, self.only, self.work = fields.get("pids_inside", False), fields.get("only"), "/nowhere"
        self.hidden, self.expect, self.dying = fields.get("hidden", False), fields.get("expect", ()), fields.get("dying", False)
        self.strace_names = fields.get("strace_names", {})
        self.counts, self.user = fields.get("counts", self.strict), fields.get("user", False)

    def is_loose(self, call):
        return call in self.loose or "*" in self.loose

    def low_id(self, n):
        return "inside %d" % n if self.inside and n and n < 300 else None


def own(binary, *modes, **fields):
    """One program for each mode."""
    special = fields.pop("special", {})
    return [Program("%s-%s" % (binary, m), ["backends/" + binary, m], **dict(fields, **special.get(m, {})))
            for m in modes]


def live(name, *args, **fields):
    # their facts, which hold pids, go to standard output
    return [Program("-".join(("live", name) + args), ["prog/" + name] + list(args), **fields)]


# what they get: traced, seized, two that fail for everybody, one unknown; asked about by a filter: an errno, a value, "go on"
UNDER_PTRACE = ["EPERM", "EPERM", "ESRCH", "ESRCH", "ESRCH"]
TRACING = [("ptrace", "ptrace-by-tracee", {"ebpf": [0, 0, "ESRCH", "ESRCH", "ESRCH"], "ptrace": UNDER_PTRACE,
                                           "strace": UNDER_PTRACE})]
ANSWERED = [("getpriority", "notified", {"ebpf": ["EREMOTE", True, "ESRCH"], "ptrace": ["EREMOTE", 0, "ESRCH"]})]

ADVERSARIES = (
    own("signals", "interrupted", "restarted", "slept", "masked", "storm", "queued", "faults", "deadly") +
    own("images", "thread", "leaderless", "failing", "chain", "longchain", "nameless") +
    own("births", "bomb", "vforks", "vforkexec", "clonevfork", "siblings", "pidfd", "untraced", "untraced3",
        "untracedthread", "brief", "threads500", "manythreads", "concurrent", "quiet",
        special={"untraced": {"untraced": ["0/0", "0/0/0"]}, "untraced3": {"untraced": ["0/0", "0/0/0"]},
                 "untracedthread": {"untraced": ["0/0"]}, "brief": {"counts": False},
                 "concurrent": {"loose": ["*"], "racy": ["mmap", "munmap", "mprotect"]}}) +
    own("ends", "group", "groupbythread", "killed", "terminated", "leaderfirst", "unwaited", "orphan") +
    own("ends", "killrace", "grouprace", "execrace", racy=["getppid"], dying=True) +
    own("filters", "trace", "stacked", "inherited", "tsync", "trapped", "killed", "notified",
        special={"killed": {"unseen": ["getpgrp"], "racy_signals": [SIGKILL]},
                 "notified": {"answered": ["getpriority"], "expect": ANSWERED}}) +
    own("jobs", "stops", "stoppedkilled", "groups", "orphaned", "waits", "traces",
        special={"traces": {"verdicts": ["ptrace"], "expect": TRACING}}) +
    own("oddities", "name", "undumpable", "identities", "pointers", "addresses", "descriptors") +
    live("compat") + live("m32", loose=["socketcall"], strace_names={"socket": "socketcall"}) + live("x32") +
    live("beyond") + live("execs", "argv", "120000") + live("execs", "deleted") + live("identity") +
    live("pidns", pids_inside=True) + live("exits", "core") +
    [Program("decode-fds", ["backends/oddities", "descriptors"], opts=["-y"]),
     Program("decode-fds-find", ["/usr/bin/find", ".", "-name", "f*"], prepare=oracle.PROGRAMS[1].prepare, opts=["-y"]),
     Program("filtered", ["backends/births", "vforkexec"], opts=["-e", "execve,getppid,wait4"],
             only={"execve", "getppid", "wait4"}),
     Program("filtered-untraced", ["backends/births", "untraced"], opts=["-e", "getppid"], only={"getppid"},
             untraced=["0/0", "0/0/0"]),
     Program("filtered-seccomp", ["backends/filters", "stacked"], opts=["-e", "getpriority,openat"],
             only={"getpriority", "openat"}),
     Program("one-process", ["backends/births", "clonevfork"], opts=["--no-follow-forks"],
             names=["clone", "wait4", "set_tid_address"], loose=["wait4"])])


# which stack a thread gets depends on whether the one before it is quite gone; ls -R keeps the directories above in a hash
# table of inode numbers, which are new in each run: two in one bucket move its heap by 32 bytes
ADDRESSES_VARY = {"python-threads", "thread-pool", "python-subprocess", "ls"}


def from_oracle(p):
    """With -y, which the others are without."""
    return Program(p.name, ["/bin/dash", "-c", p.command], strict=False, prepare=p.prepare, racy=p.racy, names=p.names,
                   whole=p.whole, racy_signals=[SIGCHLD], loose=["*"] if p.name in ADDRESSES_VARY else (), opts=["-y"])


# strace and ptrace by an ordinary user: what root may look at, a tracer of one's own rights may not
OF_USER = {"signals-slept", "images-thread", "images-failing", "births-vforkexec", "births-untraced3", "ends-killed",
           "ends-leaderfirst", "filters-stacked", "filters-trapped", "jobs-stops", "oddities-undumpable",
           "oddities-identities", "oddities-pointers", "decode-fds-find"}
BY_USER = [Program("user-" + p.name, p.argv, user=True, counts=False, untraced=p.untraced, prepare=p.prepare,
                   hidden=p.name == "oddities-undumpable", loose=["*"] if p.name == "decode-fds-find" else ())
           for p in ADVERSARIES if p.name in OF_USER]

PROGRAMS = [from_oracle(p) for p in oracle.PROGRAMS] + ADVERSARIES + BY_USER
