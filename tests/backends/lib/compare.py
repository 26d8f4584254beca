# SPDX-License-Identifier: Apache-2.0
"""
Comparing what the recorders wrote of one program. Each comparison returns texts, none when they are equal.

Left out, and why:
 - time: timestamp, seq, duration_*, utime, stime, total_us, max_us, first_ts, frozen_ms, freezes, duration_ms;
 - what a tracer's stops change: nvcsw, nivcsw, minflt, majflt, maxrss_kb;
 - numbers that are new in each run: pids (compared by the thread's name), exec_ids (compared as "image N of a
   process"), cgroup_id (must be the header's), inodes of files that the run itself makes, of pipes and of sockets;
   names of temporary files;
 - registers that the call does not take: they hold what was there before, and rt_sigreturn's are those it restores;
 - which thread of a process is the last when a signal or exit_group ends several at once (exactly one must be);
 - calls of EXCLUDED and of the program's `racy`, as in tests/oracle/run: timing decides how often they are made.
"""
import collections
import json
import re

from recorded import is_cut, oracle

# futex, sched_yield, getrandom as in the oracle; preadv2: how prog/adversary.h waits
EXCLUDED = {"futex", "sched_yield", "getrandom", "preadv2"}
# a program without timing of its own has these in the same places in each run
TIMING = {"restart_syscall", "rt_sigreturn"}
ADDRESSES = {"mmap", "mremap", "brk", "shmat"}
# arguments that are pids
PIDS = {"kill": (0,), "tkill": (0,), "tgkill": (0, 1), "wait4": (0,), "waitid": (1,), "setpgid": (0, 1), "getpgid": (0,),
        "getsid": (0,), "ptrace": (1,), "pidfd_open": (0,), "prlimit64": (0,), "rt_sigqueueinfo": (0,),
        "rt_tgsigqueueinfo": (0, 1), "process_vm_readv": (0,)}
ENDS = ("exit", "exit_group")
U64 = 0xffffffffffffffff

# Differences that come with the ways of recording. Each is looked for, counted and told, and nothing else is passed over.
DOCUMENTED = {
    "ptrace-by-tracee": "a traced task cannot trace, nor be traced by another: EPERM under ptrace and strace",
    "fatal-sender": "who sent a deadly signal, and how, is seen by the ptrace backend only: the kernel shows eBPF a SIGKILL",
    "untraced": "strace does not see the children of clone(CLONE_UNTRACED)",
    "notified": "a call that a seccomp supervisor answered: refused for eBPF, made for ptrace, which cannot tell",
    "cut-short": "the interrupted result of a call whose task dies before it sees it: strace never shows it",
    "ignored-signal": "a signal that the task ignores interrupts its call under a ptracer: the call is made again",
    "undumpable": "memory of a task that is not dumpable can be read by root only: state fault",
    "dying": "strace makes up the call of a task that is killed between calls: not compared with it",
    "strict-mode": "the call that seccomp's strict mode kills for is not seen by eBPF",
}

Entry = collections.namedtuple("Entry", "key args call")


class Notes(collections.Counter):
    """Documented differences that were met."""


# ---- calls -------------------------------------------------------------------------------------------------------

def number(v, names):
    v &= U64
    if v >> 63 or (v >> 31) & 1 and v >> 32 in (0, 0xffffffff):
        low = -(v & 0xffffffff) & 0xffffffff
        return "-" + names[low] if low in names else v
    return names.get(v, v)


def call_args(t, c):
    args = [a & U64 for a in c.args]
    for i in PIDS.get(c.name, ()):
        if i < len(args):
            args[i] = number(args[i], t.names)
    return args


def normalise(t, program, notes, only=None):
    """(thread name -> [Entry], Counter of what was left out). ONLY: the names of calls that a filter let through."""
    threads, left = collections.defaultdict(list), collections.Counter()
    excluded = EXCLUDED | program.racy | (set() if program.strict else TIMING)
    any_result = ADDRESSES if program.strict else oracle.NAME_ONLY
    last = set({c.tid: n for n, c in enumerate(t.calls)}.values()) | t.cut
    for n, c in enumerate(t.calls):
        name = program.strace_names.get(c.name, c.name) if c.rec is None else c.name
        if only is not None and name not in only:
            continue
        if name in excluded or (c.rec is None and program.racy and name.startswith("syscall_")):
            # the latter: strace asked too late, when the task was dying
            left[name] += 1
            continue
        ret, err = c.ret, c.errno
        if is_cut(err):
            if n in last:
                notes["cut-short"] += 1
                ret = err = None
            elif not program.strict:
                left["ERESTART"] += 1
                continue
        if not program.strict and name == "wait4" and len(c.args) > 2 and c.args[2] & oracle.WNOHANG:
            left["wait4(WNOHANG)"] += 1
            continue
        if name in any_result or name in program.names:
            ret = None if err else "any"
        elif name in oracle.IDS and ret and ret > 0:
            ret = program.low_id(ret) or t.names.get(ret, "outside")
        if name in program.verdicts:
            ret, err = "any", None
        # the first execve is the recorder's own: its pointers are not the program's
        threads[t.name(c.tid)].append(Entry((name, ret, err), call_args(t, c) if n or name != "execve" else [], c))
    return threads, left


def interrupted(e):
    return is_cut(e.key[2])


def unfinished(e):
    return e.key[1] is None and e.key[2] is None


def aligned(x, y, recorders, program, notes):
    """X and Y without what a documented difference puts into one of them."""
    x, y, i = list(x), list(y), 0
    while i < len(x) and i < len(y):
        if x[i].key != y[i].key:
            for mine, other, recorder in ((x, y[i], recorders[0]), (y, x[i], recorders[1])):
                again = mine[i + 1].key[0] if i + 1 < len(mine) else None
                if recorder != "ebpf" and interrupted(mine[i]) and not interrupted(other) and \
                        again in (mine[i].key[0], "restart_syscall"):
                    notes["ignored-signal"] += 1
                    if again == "restart_syscall":  # its end is the call's
                        mine[i] = mine[i]._replace(key=(mine[i].key[0],) + mine.pop(i + 1).key[1:])
                    else:
                        mine.pop(i)
                    break
            else:
                break
            continue
        i += 1
    # the last one: whose task dies, nobody need have told strace the result
    if "strace" in recorders and x and y and len(x) == len(y) and x[-1].key != y[-1].key and x[-1].key[0] == y[-1].key[0] and \
            (unfinished(x[-1]) or unfinished(y[-1])) and x[-1].key[0] not in ENDS:
        notes["cut-short"] += 1
        x[-1] = x[-1]._replace(key=y[-1].key)
    for longer, shorter, recorder in ((x, y, recorders[0]), (y, x, recorders[1])):
        if len(longer) == len(shorter) + 1 and recorder != "ebpf" and unfinished(longer[-1]) and \
                longer[-1].key[0] in program.unseen:
            notes["strict-mode"] += 1
            longer.pop()
    return x, y


def align(a, b, program, recorders, notes):
    out = {}, {}
    for name in set(a) | set(b):
        out[0][name], out[1][name] = aligned(a.get(name, []), b.get(name, []), recorders, program, notes)
    return out


def calls(a, b, program, label):
    """Sequences of (call, result, errno) of each thread."""
    if program.whole:
        count = [collections.Counter(e.key for th in x.values() for e in th) for x in (a, b)]
        return ["only in %s: %s x %d" % (label[i], k, n) for i in (0, 1) for k, n in (count[i] - count[1 - i]).items()]
    out = []
    for name in sorted(set(a) | set(b)):
        x, y = a.get(name, []), b.get(name, [])
        for i in range(max(len(x), len(y))):
            left = x[i].key if i < len(x) else None
            right = y[i].key if i < len(y) else None
            if left != right:
                before = [e.key[0] for e in x[max(0, i - 3):i]]
                out.append("calls: thread %s, call %d (after %s): %s has %s, %s has %s; %d and %d calls in all" % (
                    name, i, " ".join(before) or "nothing", label[0], left, label[1], right, len(x), len(y)))
                break
    return out


VOLATILE = re.compile(r"(pipe|socket):\[\d+\]")
PROC = re.compile(r"/proc/(\d+)(?=/|$)")


# of mkstemp, by the programs of the oracle
TEMPORARY = re.compile(r"((?:^|/)(?:sort|cc|sed|tmp_obj_)|/\.git/t)[A-Za-z0-9]{6}(?=$|/|\.)")


def text(s, t):
    s = TEMPORARY.sub(r"\1XXXXXX", s)
    s = VOLATILE.sub(r"\1:[N]", s)
    return PROC.sub(lambda m: "/proc/<%s>" % t.names.get(int(m.group(1)), "outside"), s)


def value(v, t, pids=False):
    """A JSON value with what is new in each run replaced."""
    if isinstance(v, str):
        return text(v, t)
    if isinstance(v, bool):
        return v
    if isinstance(v, int) and pids:
        return number(v, t.names)
    if isinstance(v, list):
        return [value(x, t, pids) for x in v]
    if isinstance(v, dict):
        return {k: value(x, t, pids) for k, x in v.items() if not k.endswith("_hex") or pids}
    return v


CALL_FIELDS = ("errno", "syscall_nr", "abi", "success", "action", "denial", "category", "no_enter", "no_return")


def arguments(a, b, ta, tb, program, images, notes):
    """(calls compared, texts): registers, decoded values and marks of two traces of sandtrace with equal calls."""
    out, compared = [], 0
    if program.whole:
        return 0, out
    for name in sorted(a):
        for i, (x, y) in enumerate(zip(a[name], b.get(name, []))):
            where = "thread %s, call %d, %s" % (name, i, x.key[0])
            p, q = x.call.rec, y.call.rec
            if x.args and x.key[0] not in program.names:
                compared += 1
                n = taken(p)
                if x.args[:n] != y.args[:n] and not program.is_loose(x.key[0]):
                    out.append("arguments: %s: %s and %s" % (where, shown(x.args[:n]), shown(y.args[:n])))
            pids = x.key[0] in PIDS
            left, right = value(p["args"]["decoded"], ta, pids), value(q["args"]["decoded"], tb, pids)
            if program.is_loose(x.key[0]) or not x.args:
                left, right = pointers_out(left), pointers_out(right)
            if left != right and x.key[0] not in program.names:
                out.append("decoded: %s: %s and %s" % (where, json.dumps(left)[:400], json.dumps(right)[:400]))
            for f in CALL_FIELDS:
                if p.get(f) != q.get(f) and x.key[0] in program.answered:
                    notes["notified"] += 1
                elif p.get(f) != q.get(f) and x.key[0] not in program.verdicts:
                    out.append("marks: %s: %s is %s and %s" % (where, f, p.get(f), q.get(f)))
            if images[0].get(p["exec_id"]) != images[1].get(q["exec_id"]):
                out.append("images: %s: made by %s and %s" % (where, images[0].get(p["exec_id"]),
                                                              images[1].get(q["exec_id"])))
    return compared, out


def unread(t, program, notes):
    """What the kernel could read, the recorder could."""
    for c in t.calls if not program.hidden else ():
        for k, v in c.rec["args"]["decoded"].items():
            if k.endswith("_state") and v == "fault" and c.rec["success"]:
                return ["decoded: %s could not read %s of %s in thread %s" % (t.recorder, k[:-6], c.name, t.name(c.tid))]
    notes["undumpable"] += program.hidden
    return []


def expected(traces, program, notes):
    """A documented difference is what the document says: the results of those calls, by each recorder."""
    out = []
    for name, note, want in program.expect:
        for t in traces:
            got = [c.errno or (c.rec or {}).get("no_enter") or 0 for c in t.calls if c.name == name]
            notes[note] += 1
            if t.recorder in want and got != want[t.recorder]:
                out.append("documented: %s: %s of %s are %s, want %s" % (note, name, t.recorder, got, want[t.recorder]))
    return out


BESIDES = ("_path", "_state", "_len", "_hex")


def taken(rec):
    """How many registers the call takes; what the others hold is left over from before, pids and random numbers too."""
    decoded = rec["args"]["decoded"]
    if rec["syscall"].startswith("syscall_"):
        return 6
    return sum(k != "cwd" and not (k.endswith(BESIDES) and k.rpartition("_")[0] in decoded) for k in decoded)


def shown(args):
    return [hex(v) if isinstance(v, int) else v for v in args]


def pointers_out(v):
    return {k: x for k, x in v.items() if not (isinstance(x, str) and x.startswith("0x"))}


def strace_arguments(a, b, program):
    """The same of strace's registers, as many as it shows, against sandtrace's."""
    out = []
    for name in sorted(a) if not program.whole else ():
        for i, (x, y) in enumerate(zip(a[name], b.get(name, []))):
            if not x.args or x.key[0] in program.names or program.is_loose(x.key[0]):
                continue
            mask = 0xffffffff if y.call.rec["abi"] == "i386" else U64
            want, got = ([v & mask if isinstance(v, int) else v for v in args] for args in (x.args, y.args))
            if got[:len(want)] != want:
                out.append("arguments: thread %s, call %d, %s: strace %s, %s" % (
                    name, i, x.key[0], shown(x.args), shown(y.args)))
    return out


# ---- processes ---------------------------------------------------------------------------------------------------

NOT_COMPARED = {"timestamp", "seq", "utime", "stime", "maxrss_kb", "minflt", "majflt", "nvcsw", "nivcsw"}
NUMBERS = ("pid", "tid", "ppid", "child_pid", "child_tid", "old_tid", "sender_pid")
NS_NUMBERS = ("ns_pid", "ns_tid")


def image_names(t):
    """exec_id -> "image K of process NAME", and texts where the chain of images does not hold."""
    names, out = {}, []

    def give(exec_id, name):
        if exec_id in names:
            out.append("images: %s: exec_id %d is given to %s and %s" % (t.recorder, exec_id, names[exec_id], name))
        names[exec_id] = name

    first = t.procs[0]
    names[first["parent_exec_id"] if first["action"] == "exec" else first["exec_id"]] = "0.0"
    for r in t.procs:
        if r["action"] == "spawned" and not r.get("thread"):
            give(r["child_exec_id"], "%s.0" % t.name(r["child_tid"]))
        elif r["action"] == "exec":
            old = names.get(r["parent_exec_id"], "?.0")
            process, count = old.rsplit(".", 1)
            if process != t.name(r["pid"]):
                out.append("images: %s: exec of %s under an image of %s" % (t.recorder, t.name(r["pid"]), process))
            give(r["exec_id"], "%s.%d" % (process, int(count) + 1))
    for r in t.procs + [c.rec for c in t.calls]:
        image = names.get(r["exec_id"])
        if image is None or image.rsplit(".", 1)[0] != t.name(r["pid"]):
            out.append("images: %s: a record of %s has exec_id %d, of %s" % (t.recorder, t.name(r["pid"]), r["exec_id"],
                                                                             image))
            break
    return names, out


def process_record(r, t, images, program):
    o = {}
    for k, v in r.items():
        if k in NOT_COMPARED or k == "event_type":
            continue
        if k in NUMBERS:
            v = t.who(v)
        elif k in NS_NUMBERS:
            v = program.low_id(v) or t.who(v)
        elif k in ("exec_id", "parent_exec_id", "child_exec_id"):
            v = images.get(v, "none" if v == 0 else "unknown")
        elif k == "cgroup_id":
            v = "the run's" if v == t.header["cgroup_id"] else "another"
        else:
            v = value(v, t)
        o[k] = v
    if r["action"] == "exec" and ({"memfd", "deleted"} & set(r["image_flags"]) or (r.get("exe") or "").startswith(
            program.work)):
        o.pop("inode")
    return o


def process_lists(t, images, program, notes):
    """thread name -> [record]; process name -> [(exit_code, signal, core) of its whole end]."""
    threads, ends = collections.defaultdict(list), collections.defaultdict(list)
    dying = {r["pid"]: r["signal"] for r in t.procs if r["action"] == "exited" and not r.get("thread")}
    for r in t.procs:
        o = process_record(r, t, images, program)
        if r["action"] == "exited":
            if not r.get("thread"):
                ends[t.name(r["pid"])].append((r["exit_code"], r["signal"], r["core"]))
            elif ends.get(t.name(r["pid"])):
                ends[t.name(r["pid"])].append("a thread after the last")
            o.pop("thread", None)
        elif r["action"] == "signaled":
            if r["signal"] in program.racy_signals:
                continue
            if not r["handled"] and dying.get(r["pid"]) == r["signal"]:
                notes["fatal-sender"] += 1
                o.pop("code")
                o.pop("sender_pid")
        threads[t.name(r["tid"])].append(o)
    return threads, ends


def processes(traces, images, program, notes):
    """Process records of each thread, in order, and how each process ended."""
    (a, ends_a), (b, ends_b) = [process_lists(t, im, program, notes) for t, im in zip(traces, images)]
    la, lb = (t.recorder for t in traces)
    out = []
    if program.whole:
        count = [collections.Counter(r["action"] for th in x.values() for r in th) for x in (a, b)]
        return ["processes: %s and %s" % (dict(count[0]), dict(count[1]))] if count[0] != count[1] else []
    for name in sorted(set(a) | set(b)):
        x, y = a.get(name, []), b.get(name, [])
        if [r["action"] for r in x] != [r["action"] for r in y]:
            out.append("processes: thread %s: %s has %s, %s has %s" % (
                name, la, actions(x), lb, actions(y)))
            continue
        for r, s in zip(x, y):
            differ = sorted(k for k in set(r) | set(s) if r.get(k) != s.get(k))
            if differ:
                out.append("processes: thread %s, %s: %s" % (name, r["action"], "; ".join(
                    "%s is %s by %s and %s by %s" % (k, short(r.get(k)), la, short(s.get(k)), lb) for k in differ)))
    for name in sorted(set(ends_a) | set(ends_b)):
        x, y = ends_a.get(name), ends_b.get(name)
        if x != y or len(x or ()) != 1:
            out.append("processes: end of %s: %s by %s and %s by %s" % (name, x, la, y, lb))
    return out


def short(v):
    return json.dumps(v)[:200]


def actions(records):
    return " ".join(r["action"] + ("(%d)" % r["signal"] if r["action"] == "signaled" else "") for r in records) or "none"


def order(traces, program):
    """How calls and process records follow each other in each thread."""
    lists = []
    for t in traces:
        x = collections.defaultdict(list)
        for item in t.order:
            if isinstance(item, dict):
                if item["action"] != "signaled" or item["signal"] not in program.racy_signals:
                    x[t.name(item["tid"])].append(item["action"])
            elif item.name not in EXCLUDED | program.racy | program.unseen and not is_cut(item.errno):
                x[t.name(item.tid)].append(item.name)
        lists.append(x)
    out = []
    for name in sorted(set(lists[0]) | set(lists[1])):
        x, y = lists[0][name], lists[1][name]
        if x != y:
            i = next((i for i, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
            out.append("order: thread %s, %d: %s has %s, %s has %s" % (
                name, i, traces[0].recorder, " ".join(x[max(0, i - 2):i + 3]), traces[1].recorder,
                " ".join(y[max(0, i - 2):i + 3])))
    return out


def strace_signals(t, s):
    """The signals that sandtrace T has of a thread are among those of strace S, in this order."""
    out, numbers = [], signal_numbers()
    mine = collections.defaultdict(list)
    for r in t.procs:
        if r["action"] == "signaled" and r["handled"]:
            mine[t.name(r["tid"])].append(r["signal"])
    theirs = {s.name(tid): [numbers.get(n, 0) for n in v] for tid, v in s.signals.items()}
    for name, sigs in mine.items():
        rest = iter(theirs.get(name, []))
        if not all(any(n == sig for n in rest) for sig in sigs):
            out.append("signals: thread %s: %s has %s, strace %s" % (name, t.recorder, sigs, theirs.get(name)))
    return out


def signal_numbers():
    import signal
    out = {s.name: int(s) for s in signal.Signals if s.name not in ("SIGRTMIN", "SIGRTMAX")}
    out["SIGRTMIN"] = 32
    for i in range(1, 33):
        out["SIGRT_%d" % i] = 32 + i
    return out


# ---- summaries ---------------------------------------------------------------------------------------------------

SUMMARY_EQUAL = ("exit_code", "exit_kind", "signal", "killed_by", "lost", "undecoded", "skipped", "denied_count",
                 "process_count", "thread_count", "processes_dropped", "files_accessed_dropped",
                 "network_attempts_dropped", "findings_dropped", "top_calls_dropped")
FINDING = ("rule", "severity", "text", "object", "comm", "count", "failed")
HEADER_EQUAL = ("schema", "version", "profile", "host", "kernel", "machine", "boot_id", "command", "cwd", "trace_filter",
                "follow_forks", "on_overload", "layers", "degraded")


def count_table(summary):
    return {(c["syscall"], c["abi"]): (c["calls"], c["errors"]) for c in summary["top_calls"]}


def counted_as(c):
    """Numbers beyond the table share one row."""
    return ("(beyond the table)" if not 0 <= c.rec["syscall_nr"] < 1024 else c.name), c.rec["abi"]


def own_summary(t):
    """A summary against the records above it."""
    out, s, table = [], t.summary, collections.defaultdict(lambda: [0, 0])
    for c in t.calls:
        row = table[counted_as(c)]
        row[0] += 1
        row[1] += c.rec["success"] is False
    want = {"total_syscalls": len(t.calls), "recorded": len(t.calls) + len(t.procs), "lost": 0,
            "process_count": 1 + sum(r["action"] == "spawned" and not r.get("thread") for r in t.procs),
            "thread_count": sum(r["action"] == "spawned" and r.get("thread", False) for r in t.procs),
            "unique_syscalls": len(table)}
    for k, v in want.items():
        if s[k] != v:
            out.append("summary: %s: %s is %s, the records say %s" % (t.recorder, k, s[k], v))
    for name, n in (("syscall", len(t.calls)), ("process", len(t.procs))):
        c = s["classes"][name]
        if (c["seen"], c["emitted"], c["recorded"], c["lost"]) != (n, n, n, 0):
            out.append("summary: %s: class %s is %s, the records are %d" % (t.recorder, name, c, n))
    got = count_table(s)
    for k, row in table.items():
        if got.get(k, (0, 0)) != tuple(row) and not s["top_calls_dropped"]:
            out.append("summary: %s: %s is %s, the records say %s" % (t.recorder, k, got.get(k), row))
    return out


def uneven(program):
    """Names whose number timing decides, or a documented difference."""
    out = EXCLUDED | program.racy | program.verdicts | program.unseen
    return out if program.strict else out | TIMING | {"wait4"}


def summary_list(t, key, program):
    """Of no order: what happens first in two processes is open."""
    if key != "findings":
        return collections.Counter(value(t.summary[key], t))
    fields = [f for f in FINDING if f != "failed" or not program.verdicts]
    return collections.Counter(json.dumps([value(x.get(f), t) for f in fields]) for x in t.summary[key])


def summaries(traces, program, notes):
    a, b = (t.summary for t in traces)
    out = own_summary(traces[0]) + own_summary(traces[1])
    for k in SUMMARY_EQUAL:
        if a[k] != b[k] and not (k == "denied_count" and program.answered):
            out.append("summary: %s is %s and %s" % (k, a[k], b[k]))
    if not (program.whole or program.racy):
        for k in ("files_accessed", "network_attempts", "suspicious_activity", "findings"):
            x, y = (summary_list(t, k, program) for t in traces)
            if x != y:
                out.append("summary: %s: only %s by %s, only %s by %s" % (k, dict(x - y), traces[0].recorder, dict(y - x),
                                                                          traces[1].recorder))
    out += tables(count_table(a), count_table(b), program, ["summary"] + [t.recorder for t in traces], notes)
    for k in HEADER_EQUAL:
        if traces[0].header[k] != traces[1].header[k]:
            out.append("header: %s is %s and %s" % (k, traces[0].header[k], traces[1].header[k]))
    for t in traces:
        if t.header["backend"] != t.recorder:
            out.append("header: backend is %s under %s" % (t.header["backend"], t.recorder))
    return out


def tables(x, y, program, label, notes):
    """Counters by call; the ignored signals of the documented difference make some calls fail and be made again."""
    out, leave_out = [], uneven(program)
    for k in sorted(set(x) | set(y)):
        p, q = x.get(k, (0, 0)), y.get(k, (0, 0))
        if p == q or k[0] in leave_out:
            continue
        if p[0] == q[0] and abs(p[1] - q[1]) <= notes["cut-short"]:
            continue
        if p[0] - p[1] == q[0] - q[1] and label[2 if p[1] < q[1] else 1] != "ebpf":
            notes["ignored-signal"] += 1
            continue
        out.append("%s: %s: %s has %s, %s has %s calls and errors" % (label[0], "/".join(k), label[1], p, label[2], q))
    return out


def strace_table(t, program):
    """strace's own counts: name -> (calls, errors)."""
    table = collections.defaultdict(lambda: [0, 0])
    for c in t.calls:
        name = program.strace_names.get(c.name, c.name)
        if name.startswith("syscall_") and not 0 <= int(name[8:]) < 1023:
            if program.racy:
                continue
            name = "syscall_1023"
        row = table[name,]
        row[0] += 1
        row[1] += c.errno is not None
    return {k: tuple(v) for k, v in table.items()}
