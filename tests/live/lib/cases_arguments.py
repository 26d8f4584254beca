# SPDX-License-Identifier: Apache-2.0
"""Recorded cases: what is copied from a task's memory (paths, argument lists, addresses), and the filters."""
import json

from cases_process import marks
from registry import recorded
from records import Failure, decoded, expect, part, raw, same

# name in paths.c -> errno, text (None: not compared), state
LONG = "./" * 3000
PATHS = [
    ("max", "ENOENT", LONG[:4094] + "x", "ok"),
    ("over", "ENAMETOOLONG", LONG[:4096], "truncated"),
    ("far", "ENAMETOOLONG", LONG[:4096], "truncated"),
    ("null", "EFAULT", None, "null"),
    ("bad", "EFAULT", None, "fault"),
    ("kernel", "EFAULT", None, "fault"),
    ("edge", "ENOENT", "/absent-end", "ok"),
    ("cut", "EFAULT", None, "fault"),
    ("empty", "ENOENT", "", "ok"),
    ("component", "ENAMETOOLONG", "n" * 300, "ok"),
    ("utf8", None, b"bad-\xff\xfe-\xc3-utf8", "ok"),
    ("newline", None, "new\nline", "ok"),
    ("control", None, "ctl-\x01\x1b[31m\x7f\"\\'\t", "ok"),
    ("unicode", None, "gr\u00fc\u00df-\u20ac-\U0001f600", "ok"),
]


@recorded("paths", "paths")
def paths(t):
    opens = t.calls("openat")
    for i, (name, error, text, state) in enumerate(PATHS):
        r = opens[len(opens) - len(PATHS) + i]
        same(r.get("errno"), error, "%s: errno" % name, [r])
        got, got_state = decoded(r, "path")
        if name in ("over", "far"):
            # one byte too long for the kernel, which may still fit a recorder's buffer, and far too long
            whole = (LONG[:4094] + "x/" + LONG[4096:])[:4096 if name == "over" else 6000]
            expect(got and whole.startswith(got) and len(got) >= 4095, "%s: %d bytes kept" % (name, len(got)), [r])
            same(got_state, "ok" if got == whole else "truncated", "%s: state" % name, [r])
            continue
        same(got_state, state, "%s: state" % name, [r])
        if isinstance(text, bytes):
            check_bytes(r, got, text)
        elif text is not None:
            same(got, text, "%s: text" % name, [r])
        else:
            expect(not got, "%s: text of what could not be read" % name, [r])


def check_bytes(rec, got, want):
    """Bytes that are not UTF-8: the text has U+FFFD for them, and the exact bytes are beside it in hexadecimal."""
    expect("\ufffd" in (got or ""), "no replacement character", [rec])
    same(rec["args"]["decoded"].get("path_hex"), want.hex(), "the exact bytes", [rec])


def big_argv(size):
    def check(t):
        e = t.procs("exec")[-1]
        for r, what in ((e, "exec record"), (t.calls("execve")[-1], "execve")):
            where = r if r is e else r["args"]["decoded"]
            argv, state = part(where, "argv")
            expect(argv and argv[:2] == ["execs", "final"], "%s: head of argv" % what, [short(r)])
            for i, a in enumerate(argv[2:-1]):
                same(a, chr(97 + i % 26) * 999, "%s: argument %d" % (what, i + 2), [short(r)])
            kept = sum(len(a) + 1 for a in argv)
            if size <= 32768:
                same((state, kept), ("ok", size), "%s: state and bytes" % what, [short(r)])
                continue
            same(state, "truncated", "%s: state" % what, [short(r)])
            expect(32000 <= kept <= 32769, "%s: %d bytes kept" % (what, kept), [short(r)])
            same(where.get("argv_len"), size, "%s: true length" % what, [short(r)])
        same(len(marks(t)), 5, "calls of the last image")
    return check


def short(rec):
    return {"record": json.dumps(rec)[:600]}


for _size in (32768, 32769, 40000, 1900000):
    recorded("argv_%d" % _size, "execs", "argv", str(_size), rc=3)(big_argv(_size))


def address(rec, *words):
    text = json.dumps(rec["args"].get("decoded"))
    for w in words:
        expect(w in text, "no %r in the decoded arguments of %s" % (w, rec["syscall"]), [rec])


@recorded("socket_addresses", "net")
def socket_addresses(t):
    binds, connects = t.calls("bind"), t.calls("connect")
    listen, peer = t.facts["v4_listen"], t.facts["v4_peer"]
    address(binds[0], "127.0.0.1")
    address(connects[0], "127.0.0.1", listen)
    address(t.one(t.calls("accept4"), "accept4"), "127.0.0.1", peer)
    address(t.calls("getsockname")[0], "127.0.0.1", listen)
    if t.facts["v6"] != "no":
        address(binds[1], "::1")
        for call in ("sendto", "recvfrom"):
            address(t.one(t.calls(call), call), "::1")
        address(t.calls("sendto")[0], t.facts["v6"])
        address(t.calls("sendmsg")[0], "::1", t.facts["v6"])
    local = [r for r in binds if r["success"]][-2:]
    address(local[0], "sock")
    same(local[1]["args"]["decoded"]["addr"].get("abstract"), "hidden\0name", "abstract name", [local[1]])
    address([r for r in connects if r.get("errno") == "ENOENT"][-1], "u" * 108)
    odd = connects[-5:]
    same([r.get("errno") for r in odd], ["EFAULT", "EFAULT", "EINVAL", "EINVAL", "EINVAL"], "odd addresses", odd)
    states = [decoded(r, "addr")[1] for r in odd]
    same(states[:2], ["null", "fault"], "states of a null and of a bad address", odd[:2])


@recorded("result_pairs_and_passed_descriptor", "net")
def result_pairs(t):
    for call, keys in (("socketpair", ("pair0", "pair1")), ("pipe2", ("pipe0", "pipe1"))):
        r = t.calls(call)[-1]
        want = [t.fact(k) for k in keys]
        expect(want in r["args"]["decoded"].values(), "%s: no decoded pair %s" % (call, want), [r])
    passed = t.fact("passed")
    r = [r for r in t.calls("read") if raw(r)[0] == passed]
    same((len(r), r[0]["return_value"]), (1, 0), "read of the passed descriptor", r)


@recorded("openat2", "openat2")
def openat2(t):
    got = t.calls("openat2")
    same([r.get("errno") for r in got], [None, None, "EXDEV", "EINVAL", "EFAULT"], "results", got)
    same(decoded(got[0], "path"), ("/dev/null", "ok"), "path", got[:1])
    address(got[0], "O_CLOEXEC")
    address(got[1], "O_CREAT", "640")
    address(got[2], "RESOLVE_BENEATH")
    same(decoded(got[4], "how"), (None, "fault"), "the bad pointer", got[4:])


def mix_counts(t):
    counts = {}
    for r in t.syscalls:
        counts[r["syscall"]] = counts.get(r["syscall"], 0) + 1
    return counts


@recorded("filter_one_call", "mix", opts=("-e", "trace=openat"), partial=True)
def filter_one_call(t):
    same(mix_counts(t), {"openat": 5}, "recorded calls")
    same(len(t.procs("spawned")), 1, "process records are always there")


@recorded("filter_without_prefix", "mix", opts=("-e", "openat,socket"), partial=True)
def filter_without_prefix(t):
    same(mix_counts(t), {"openat": 5, "socket": 1}, "recorded calls")


@recorded("filter_negated", "mix", opts=("-e", "!close"), partial=True)
def filter_negated(t):
    counts = mix_counts(t)
    same((counts.get("close"), counts["openat"], counts[PPID]), (None, 5, 12), "recorded calls")


PPID = "getppid"


@recorded("filter_class", "mix", opts=("-e", "%network"), partial=True)
def filter_class(t):
    same(mix_counts(t), {"socket": 1, "connect": 1}, "recorded calls")


@recorded("filter_class_and_negation", "mix", opts=("-e", "trace=%network,%file,!connect"), partial=True)
def filter_class_and_negation(t):
    counts = mix_counts(t)
    same((counts.get("connect"), counts.get("socket"), counts.get("openat"), counts.get(PPID)), (None, 1, 5, None),
         "recorded calls")


@recorded("no_follow_forks", "mix", opts=("--no-follow-forks",), partial=True)
def no_follow_forks(t):
    pid = t.pid("pid")
    expect(all(r["pid"] == pid for r in t.syscalls), "a call of the child is recorded",
           [r for r in t.syscalls if r["pid"] != pid][:3])
    same((len(marks(t)), mix_counts(t)["openat"]), (5, 3), "calls of the command")
    same(t.procs("exec")[1:], [], "records of the child's images", t.procs("exec"))


@recorded("categories", "mix")
def categories(t):
    want = {"openat": "file_read", "socket": "network", "connect": "network", "execve": "process"}
    for r in t.syscalls:
        if r["syscall"] in want:
            same(r["category"], want[r["syscall"]], "category", [r])
    expect(all(r["action"] in ("allow", "deny") for r in t.syscalls), "action",
           [r for r in t.syscalls if r["action"] not in ("allow", "deny")][:3])


@recorded("inherited_state", "state")
def inherited_state(t):
    """Recorded for the comparison in the host case of the same theme; here only that it is whole."""
    if not t.calls("readlink"):
        raise Failure("the program listed no descriptors", t.syscalls[-3:])
