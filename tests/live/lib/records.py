# SPDX-License-Identifier: Apache-2.0
"""Loads a JSONL trace and answers questions about it; and what must hold in every trace, whatever was run."""
import json

NEVER_RETURN = {"exit", "exit_group"}


class Failure(Exception):
    """A check that did not hold; RECORDS are printed below the reason."""

    def __init__(self, why, records=()):
        super().__init__(why)
        self.records = list(records)


class Skip(Exception):
    """The case cannot run here; the reason names what is missing."""


def expect(cond, why, records=()):
    if not cond:
        raise Failure(why, records)


def same(got, want, what, records=()):
    if got != want:
        raise Failure("%s: got %r, want %r" % (what, got, want), records)


class Trace:
    def __init__(self, path, facts=""):
        self.path = path
        self.records = []
        with open(path, "rb") as f:
            data = f.read()
        expect(data, "the trace is empty")
        expect(data.endswith(b"\n"), "the last line is not complete: %r" % data[-80:])
        for n, line in enumerate(data[:-1].split(b"\n"), 1):
            try:
                rec = json.loads(line.decode("utf-8"))
            except ValueError as e:
                raise Failure("line %d is not JSON: %s: %r" % (n, e, line[:200]))
            expect(isinstance(rec, dict) and "event_type" in rec, "line %d has no event_type" % n, [rec])
            self.records.append(rec)
        by = {}
        for rec in self.records:
            by.setdefault(rec["event_type"], []).append(rec)
        self.header = self.records[0]
        self.summary = self.records[-1]
        self.syscalls = by.get("syscall", [])
        self.process = by.get("process", [])
        self.lost = by.get("lost", [])
        self.by_type = by
        self.facts = {}
        for word in facts.split():
            key, sep, value = word.partition("=")
            if sep:
                self.facts[key] = value
        self._pids = {}
        for r in self.process:
            if r.get("ns_pid") and r["action"] != "spawned":
                self._pids.setdefault(r["ns_pid"], r["pid"])
            if r["action"] == "spawned" and r.get("ns_tid"):
                self._pids.setdefault(r["ns_tid"], r["child_tid"])

    def fact(self, key):
        expect(key in self.facts, "the program did not print %s" % key)
        return int(self.facts[key])

    def pid(self, key):
        """A pid that the program printed, which is that of its own pid namespace, as the trace's pid."""
        value = self.fact(key)
        return self._pids.get(value, value)

    def calls(self, *names, abi=None, **fields):
        out = []
        for r in self.syscalls:
            if names and r["syscall"] not in names:
                continue
            if abi and r["abi"] != abi:
                continue
            if all(r.get(k) == v for k, v in fields.items()):
                out.append(r)
        return out

    def procs(self, action, **fields):
        return [r for r in self.process if r["action"] == action and all(r.get(k) == v for k, v in fields.items())]

    def one(self, records, what):
        if len(records) != 1:
            raise Failure("%s: %d records, want 1" % (what, len(records)), records[:10])
        return records[0]

    def command_pid(self):
        return self.syscalls[0]["pid"]


def part(where, name):
    """(value, state) of what was copied from the task's memory: `name`, with `name_state` when it is not whole."""
    expect(name in where, "no member %s" % name, [where])
    return where[name], where.get(name + "_state", "null" if where[name] is None else "ok")


def decoded(rec, arg):
    """(value, state) of a decoded argument of a call."""
    args = rec["args"].get("decoded") or {}
    expect(arg in args, "%s has no decoded argument %s" % (rec["syscall"], arg), [rec])
    return part(args, arg)


def raw(rec):
    return rec["args"]["raw"]


def check_syscall(r):
    ret = r["return_value"]
    same(len(raw(r)), 6, "number of raw arguments", [r])
    expect(all(isinstance(a, int) and 0 <= a < 1 << 64 for a in raw(r)), "raw arguments are not u64", [r])
    if r.get("no_return"):
        expect(ret is None and r["success"] is None, "no_return with a result", [r])
        return
    expect(isinstance(ret, int), "no return value", [r])
    failed = -4095 <= ret < 0
    same(r["success"], not failed, "success", [r])
    same("errno" in r and r["errno"] is not None, failed, "errno present", [r])
    expect(r["duration_ns"] >= 0, "negative duration", [r])


def check_order(t):
    seq = [r["seq"] for r in t.records[1:-1]]
    expect(seq == list(range(1, len(seq) + 1)), "seq does not count from 1 without a gap")
    last = {}
    for r in t.syscalls:
        prev = last.get(r["tid"])
        expect(prev is None or prev["timestamp"] <= r["timestamp"], "calls of thread %d out of order" % r["tid"],
               [prev, r])
        last[r["tid"]] = r


def check_identity(t):
    """Every task and every image was introduced, and every task left."""
    tids, images = set(), set()
    for r in t.procs("spawned"):
        tids.add(r["child_tid"])
        images.add(r["child_exec_id"])
    for r in t.procs("exec"):
        images.add(r["exec_id"])
    first = t.syscalls[0]
    tids.add(first["tid"])
    images.add(first["exec_id"])
    for r in t.syscalls:
        expect(r["tid"] in tids, "tid %d was never spawned" % r["tid"], [r])
        expect(r["exec_id"] in images, "exec_id %d was never minted" % r["exec_id"], [r])
    # a leader whose place another thread takes by execve leaves once as a thread, and its successor under its tid
    gone = [(r["tid"], r["exec_id"]) for r in t.procs("exited")]
    expect(len(gone) == len(set(gone)), "a task exited twice", t.procs("exited")[:8])
    gone = {tid for tid, _ in gone}
    # a thread that called execve leaves with the tid of its process: count, not names
    execed = {r["old_tid"] for r in t.procs("exec") if r["old_tid"] != r["tid"]}
    expect(not tids - gone - execed, "no exited record for %s" % sorted(tids - gone - execed)[:5])


def check_cgroup(t):
    """Nothing here leaves the cgroup that sandtrace made."""
    for r in t.process:
        same(r["cgroup_id"], t.header["cgroup_id"], "cgroup_id", [r, t.header])


def check_totals(t):
    s = t.summary
    lost = sum(r["count"] for r in t.lost if r.get("class") == "syscall")
    same(s["total_syscalls"], len(t.syscalls) + lost, "total_syscalls against recorded + lost", [s])


def check_any(t, partial=False):
    """What holds in every trace. PARTIAL: filtered by -e, by drop or without follow: tasks may be unknown."""
    same(t.header["event_type"], "header", "event_type of the first record", [t.header])
    same(t.summary["event_type"], "summary", "event_type of the last record", [t.summary])
    for kind in ("header", "summary"):
        same(len(t.by_type[kind]), 1, "number of %s records" % kind)
    for r in t.syscalls:
        check_syscall(r)
    check_order(t)
    check_totals(t)
    check_cgroup(t)
    if partial:
        return
    expect(t.syscalls, "no syscall was recorded")
    first = t.syscalls[0]
    same(first["syscall"], "execve", "first call", [first])
    same(first["return_value"], 0, "result of the first execve", [first])
    same(t.lost, [], "lost records", t.lost)
    check_identity(t)
