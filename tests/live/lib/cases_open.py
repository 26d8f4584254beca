# SPDX-License-Identifier: Apache-2.0
"""Host cases: what the security profile says of opens, compared with strace and with what was opened. By LSM hooks or without."""
import collections
import os
import re
import shutil
import subprocess

from cases_attach import World
from host import LIMIT, read_until
from registry import host
from records import Skip, expect, same

WORK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "open_work.py")
KEY = ".ssh/id_rsa"
MAKEFILE = """
all: one two.o sub/three
one: two.c
	cat two.c > one; sed -i s/0/1/ one; cp one sub/copied; echo more >> one
two.o: two.c
	gcc -c -o two.o two.c
sub/three: two.c
	tar cf sub/three two.c && tar xf sub/three -C sub && rm sub/two.c
"""
LINE = re.compile(r"^(\d+) +((?:open|openat|openat2|creat)\(.*\)) += \d+<(.*)>$")
IO_DEVICES = ("/dev/null", "/dev/tty", "/dev/pts/")


class Opens:
    """The records of T about DIR, or of all but COMM."""

    def __init__(self, t, directory=None, but=None):
        self.all = [r for r in t.by_type.get("file", ()) if r["comm"] != but and
                    (not directory or (r["path"] or "").startswith(directory + "/"))]
        self.by = collections.Counter((r["action"], os.path.relpath(r["path"], directory or "/")) for r in self.all)
        c = t.summary["classes"]["file"]
        same((c["seen"], c["lost"]), (c["emitted"], 0), "records of class file that were seen", [t.summary])
        for r in self.all:
            expect(r["inode"] or r["action"] == "create", "no inode", [r])
            expect(r["verdict"] == "allowed" and r["path_state" if "path_state" in r else "path"], "not whole", [r])


def by_hooks(t):
    return t.header["trace_filter"] is None


def written(log):
    """(task, path) of the opens for writing that succeeded, as strace saw them."""
    out = collections.Counter()
    with open(log, errors="surrogateescape") as f:
        for line in f:
            m = LINE.match(line)
            if m and re.search(r"O_WRONLY|O_RDWR|O_TRUNC|^creat", m.group(2)) and not m.group(3).startswith(IO_DEVICES):
                out[int(m.group(1)), re.sub(r"( \(deleted\))?>*$", "", m.group(3))] += 1
    return out


@host("opens_of_a_build_are_those_that_strace_sees")
def build(h):
    if not shutil.which("strace"):
        raise Skip("no strace")
    top = h.path("build")
    os.makedirs(os.path.join(top, "sub"))
    for name, text in (("Makefile", MAKEFILE), ("two.c", "int two(void) { return 0; }\n")):
        with open(os.path.join(top, name), "w") as f:
            f.write(text)
    log = h.path("strace.log")
    status, _, err = h.run("strace", "-f", "-y", "-qq", "-s", "4096", "-e", "trace=open,openat,openat2,creat", "-o", log, "make", "-C", top,
                           opts=("--profile", "security", "-q"))
    same(status, 0, "status (%s)" % err[-400:])
    t = h.trace()
    want = written(log)
    expect(sum(want.values()) >= 8, "strace saw only %s" % want)
    o = Opens(t, but="strace")
    got = collections.Counter((r["ns_tid"], r["path"]) for r in o.all if r["action"] == "open_write")
    same(dict(got - want), {}, "records of what was not opened", o.all[:3])
    same(dict(want - got), {}, "opens without a record", o.all[:3])
    same([r for r in t.syscalls if r["syscall"] in ("open", "openat", "creat")], [], "the same opens as calls")


def make_place(h):
    top = h.path("opens")
    os.makedirs(os.path.join(top, "far/.ssh"))
    os.mkdir(os.path.join(top, "far/below"))
    for name in ("emptied", "harmless", "far/" + KEY, "far/plain"):
        with open(os.path.join(top, name), "w") as f:
            f.write("canary\n")
    os.symlink("far/below", os.path.join(top, "link"))
    os.symlink("far/" + KEY, os.path.join(top, "innocent"))
    return top


def check_place(t, top, said):
    o = Opens(t, top)
    want = collections.Counter({
        ("create", "plain"): 1, ("open_write", "plain"): 2, ("open_write", "far/plain"): 1, ("create", "touched"): 1,
        ("open_write", "emptied"): 2, ("create", "how"): 1, ("open_write", "how"): 1, ("open_read", "far/" + KEY): 1})
    if os.uname().machine == "x86_64":
        want += collections.Counter({(a, n): 1 for a in ("create", "open_write") for n in ("old", "created")})
    if b"by_handle=1" in said:
        want["open_write", "plain"] += 1
    nameless = {k: v for k, v in o.by.items() if re.search(r"#\d+", k[1])}  # O_TMPFILE
    same(sum(nameless.values()), 1, "opens of a file without a name: %s" % nameless, o.all[:3])
    got = o.by - collections.Counter(nameless)
    if by_hooks(t):  # truncate, and what fails later, too
        got = collections.Counter({k: v for k, v in got.items() if k in want})
    same(dict(got), dict(want), "records", o.all[:3])
    for r in o.all:
        if r["action"] == "open_read":
            same(r["inode"], os.stat(os.path.join(top, "far", KEY)).st_ino, "inode", [r])


class Worker:
    def __init__(self, top):
        self.p = subprocess.Popen(["/usr/bin/python3", "-S", WORK, top], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def work(self):
        self.p.stdin.write(b"\n")
        self.p.stdin.flush()
        return read_until(self.p.stdout.fileno(), b"done\n")

    def stop(self):
        self.p.stdin.close()
        self.p.stdout.close()
        self.p.wait(LIMIT)


@host("opens_are_told_by_what_they_return")
def run_opens(h):
    top = make_place(h)
    status, out, err = h.run("/usr/bin/python3", "-S", WORK, top, opts=("--profile", "security", "-q"), input=b"\n\n")
    same(status, 0, "status (%s)" % err[-400:])
    t = h.trace()
    check_place(t, top, out)
    found = {f["rule"]: f.get("object") for f in t.summary["findings"]}
    same(found.get("cred.ssh"), os.path.join(top, "far", KEY), "the key that a link with another name leads to", [t.summary])
    if not by_hooks(t):
        same([r["syscall"] for r in t.syscalls if "open" in r["syscall"]], ["open_by_handle_at"] * out.count(b"by_handle=1"), "calls")


@host("opens_of_what_runs_already")
def attach_opens(h):
    top = make_place(h)
    with World(h, "opens") as w:
        worker = Worker(top)
        w.started.append(worker)
        a = w.attached("--pid", worker.p.pid, "-q")
        said = worker.work()
        t = a.let_go(one_cgroup=False)
        check_place(t, top, said)
        expect(any(f["rule"] == "cred.ssh" for f in t.summary["findings"]), "no finding of the key", [t.summary])
    with World(h, "watch") as w:
        shutil.rmtree(top)
        make_place(h)
        worker = Worker(top)
        w.started.append(worker)
        a = w.attached("--pid", worker.p.pid, "-q", "--events", "kernel")
        worker.work()
        same(a.let_go(one_cgroup=False).by_type.get("file", []), [], "files that nobody asked for")


CODE = """
import ctypes, os
c = ctypes.CDLL(None)
c.mmap.restype = ctypes.c_void_p
c.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
c.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
R, W, X, PRIVATE, ANONYMOUS = 1, 2, 4, 2, 32
def mapped(prot, fd=-1):
    return c.mmap(None, 4096, prot, PRIVATE | (ANONYMOUS if fd < 0 else 0), fd, 0)
def file(fd):
    os.write(fd, b"x" * 4096)
    return fd
def code():
    for _ in range(50):
        mapped(R | W | X)
        p = mapped(R | W)
        ctypes.memset(p, 1, 4096)
        c.mprotect(p, 4096, R | X)
    mapped(R | X)
code()
mapped(R | X, file(os.memfd_create("code")))
gone = file(os.open("gone", os.O_RDWR | os.O_CREAT))
os.unlink("gone")
mapped(R | X, gone)
plain = file(os.open("plain", os.O_RDWR | os.O_CREAT))
mapped(R | X, plain)
mapped(R | W | X, plain)
if not os.fork():
    code()
    os._exit(0)
os.wait()
"""
ONCE = [("mmap_exec", None, ("anonymous", "writable")), ("mprotect_exec", None, ("anonymous", "written"))]


@host("code_that_is_in_no_file_is_told")
def code(h):
    status, _, err = h.run("/usr/bin/python3", "-S", "-c", CODE, opts=("--profile", "security", "-q"))
    same(status, 0, "status (%s)" % err[-400:])
    t = h.trace()
    got = [(r["action"], r["path"], tuple(r["file_flags"])) for r in t.by_type["file"] if r["action"].endswith("_exec")]
    same(got, ONCE + [("mmap_exec", "memfd:code", ("deleted", "memfd")), ("mmap_exec", h.path("gone"), ("deleted",)),
                      ("mmap_exec", h.path("plain"), ("writable",))] + ONCE, "what was made executable")
    expect(any(f["rule"] == "memory.wx" for f in t.summary["findings"]), "no finding", [t.summary])
