# SPDX-License-Identifier: Apache-2.0
"""What a recorder wrote, as one model: calls, process records, header, summary; threads with names that mean the same
in every run."""
import collections
import importlib.machinery
import importlib.util
import json
import os
import re

_ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "oracle", "run")
_loader = importlib.machinery.SourceFileLoader("oracle", os.path.normpath(_ORACLE))
_spec = importlib.util.spec_from_loader("oracle", _loader)
oracle = importlib.util.module_from_spec(_spec)
_loader.exec_module(oracle)

Call = collections.namedtuple("Call", "tid name ret errno args rec")

PID_CHANGED = re.compile(r"^(\w+)\((.*?),? *<pid changed to (\d+) \.\.\.>$")
SUPERSEDED = re.compile(r"^\+\+\+ superseded by execve in pid (\d+) \+\+\+$")
SIGNAL = re.compile(r"^--- (SIG\w+) ")
# strace's words, not a call's
UNNAMED = re.compile(r"^-1 \(errno (\d+)\)")
NOISE = ("strace: ",)
SPAWN = oracle.SPAWN


def is_cut(err):
    """Such a result is not for the caller: the call is made again, or its signal's handler puts EINTR in its place."""
    return bool(err) and err.startswith("ERESTART")


def call_name(name):
    """strace names a number beyond its table in hexadecimal."""
    if not name.startswith("syscall_0x"):
        return name
    n = int(name[10:], 16) & 0xffffffff
    return "syscall_%d" % (n - (n >> 31 << 32))


def strace_result(words):
    m = UNNAMED.match(words)
    return (-1, "errno_" + m.group(1)) if m else oracle.strace_result(words)


class Trace:
    """calls: in order. procs: process records, in order. names: tid -> name of the thread."""

    def __init__(self, recorder):
        self.recorder, self.calls, self.procs, self.order = recorder, [], [], []
        self.header = self.summary = None
        self.names, self.signals = {}, collections.defaultdict(list)
        self.cut = set()  # numbers of calls that were the last of their thread's life

    def name(self, tid):
        return self.names.get(tid, "unknown %d" % tid)

    def who(self, pid):
        """A number of a process or thread, from wherever."""
        return self.names.get(pid, "outside") if pid else pid


def strace(path, follow=True):
    """Calls in order of their end. A call that never ends comes where its task does. FOLLOW: -f, so lines have pids."""
    t, begun, bad, seen = Trace("strace"), {}, [], []

    def add(tid, name, ret, err, args):
        t.calls.append(Call(tid, call_name(name), None if is_cut(err) else ret, err, oracle.strace_args(args), None))

    def finish(tid):
        if tid in begun:
            name, args = begun.pop(tid)
            add(tid, name, None, None, args)

    with open(path, errors="replace") as f:
        for line in f:
            m = oracle.LINE.match(("" if follow else "1 ") + line.rstrip("\n"))
            if not m:
                if not line.startswith(NOISE):
                    bad.append(line)
                continue
            tid, text = int(m.group(1)), m.group(2)
            if tid not in seen[-8:]:
                seen.append(tid)
            if text.startswith("+++"):
                finish(tid)
                m = SUPERSEDED.match(text)
                if m and int(m.group(1)) in begun:
                    begun[tid] = begun.pop(int(m.group(1)))
                continue
            if text.startswith("---"):
                m = SIGNAL.match(text)
                if m:
                    t.signals[tid].append(m.group(1))
                continue
            if "???" in text[:10]:  # killed before strace could ask what it was doing
                continue
            m = PID_CHANGED.match(text)
            if m:
                begun[tid] = m.group(1), m.group(2)
                continue
            m = oracle.RESUMED.match(text)
            if m:
                name, head = begun.pop(tid, (m.group(1), ""))
                ret, err = strace_result(m.group(3))
                add(tid, name, ret, err, head + " " + m.group(2))
                continue
            m = oracle.START.match(text)
            if m:
                begun[tid] = m.group(1), m.group(2)
                continue
            m = oracle.WHOLE.match(text)
            if not m:
                bad.append(line)
                continue
            ret, err = strace_result(m.group(3))
            add(tid, m.group(1), ret, err, m.group(2))
    for tid in list(begun):
        finish(tid)
    if bad:
        raise ValueError("strace lines not understood: %r" % bad[:3])
    if not t.calls:
        raise ValueError("strace recorded nothing")
    name_by_results(t, list(dict.fromkeys(seen)))
    return t


def name_by_results(t, seen):
    """The Nth child that a thread makes is NAME/N. A result that is no tid of the log is one of another pid namespace:
    the first thread of the log that nobody has made yet."""
    made = {c.ret for c in t.calls if c.name in SPAWN and c.ret and c.ret > 0}
    strangers = [tid for tid in seen if tid not in made and tid != t.calls[0].tid]
    known, children = set(seen), collections.defaultdict(list)
    for c in t.calls:
        if c.name in SPAWN and c.ret and c.ret > 0:
            child = c.ret
            if child not in known and strangers and c.ret < 300:
                child = strangers.pop(0)
            children[c.tid].append(child)
    name_tree(t, t.calls[0].tid, children)


def name_tree(t, root, children):
    todo = [(root, "0")]
    while todo:
        tid, name = todo.pop()
        if tid in t.names:
            continue
        t.names[tid] = name
        todo += [(child, "%s/%d" % (name, i)) for i, child in enumerate(children[tid])]


def read_jsonl(path):
    with open(path, "rb") as f:
        return [json.loads(line) for line in f]


def sandtrace(records, recorder):
    t, children, latest = Trace(recorder), collections.defaultdict(list), {}
    for r in records:
        kind = r["event_type"]
        if kind == "header":
            t.header = r
        elif kind == "summary":
            t.summary = r
        elif kind == "lost":
            raise ValueError("records were lost: %s" % r)
        elif kind == "syscall":
            ret, err = r["return_value"], r.get("errno")
            if err:
                ret = None if is_cut(err) else -1
            c = Call(r["tid"], r["syscall"], ret, err, r["args"]["raw"], r)
            latest[c.tid] = len(t.calls)
            t.calls.append(c)
            t.order.append(c)
        else:
            t.procs.append(r)
            t.order.append(r)
            if r["action"] == "spawned":
                children[r["tid"]].append(r["child_tid"])
            elif r["action"] == "exited" and r["tid"] in latest:
                t.cut.add(latest[r["tid"]])
    if not t.summary or records[-1] is not t.summary:
        raise ValueError("no summary at the end of the trace")
    if not t.procs:
        raise ValueError("no process records")
    name_tree(t, t.procs[0]["tid"], children)
    return t
