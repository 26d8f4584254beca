# SPDX-License-Identifier: Apache-2.0
"""Trees that somebody made on purpose, one by one. Each returns what is wrong with the answer."""
import os
import socket
import stat
import subprocess

import tree

ESTALE, EFBIG, ENOSPC = -116, -27, -28  # as the kernel numbers them
TESTS = []


def test(name, root_only=False):
    def add(f):
        def run(bed):
            return f(bed, bed.case(f.__name__)) if not (root_only and bed.uid) else []
        TESTS.append((name + (" (root only)" if root_only else ""), run))
        return f
    return add


def put(path, data=b"x", mode=0o644):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)


def names(changes):
    return {bytes.fromhex(c["path"]).decode("latin-1"): c for c in changes}


def expect(bad, condition, text):
    if not condition:
        bad.append(text)


def lower(d):
    return tree.snapshot(os.fsencode(d) + b"/lower")


def refuses(bed, d, bad, want, text, *between):
    """A commit that must change nothing below."""
    bed.own(d)
    before = lower(d)
    _, end, said = bed.driver("commit", d, *between)
    expect(bad, end["commit"] == want, f"{text}: commit {end['commit']}: {said}")
    if not between:
        expect(bad, lower(d) == before, f"{text}: the lower tree changed")
    return end, said


@test("100,000 nested directories end at the limit, said, and nothing is committed")
def depth(bed, d):
    bad, here = [], os.getcwd()
    put(d + "/upper/first")
    os.chdir(d + "/upper")
    for i in range(100000):
        os.mkdir("d")
        os.chdir("d")
        if bed.uid:
            os.chown(".", bed.uid, bed.uid)
    os.chdir(here)
    for p in ("/upper", "/upper/first", "/upper/d", "/lower"):
        os.chown(d + p, bed.uid, bed.uid)
    changes, total, _ = bed.driver("read", d)
    expect(bad, total["truncated"] and "deeper" in total["why"], f"{total}")
    expect(bad, len(changes) == 257 and "/p/first" in names(changes), f"{len(changes)} entries")
    _, end, said = bed.driver("commit", d)
    expect(bad, end["commit"] == EFBIG and not os.listdir(d + "/lower") and "not complete" in said, f"commit {end} {said}")
    _, total, _ = bed.driver("read", d, 1000000, 100000, 0, 0, 10000)
    expect(bad, total["truncated"] and "deeper" in total["why"], f"a depth beyond the built-in one was taken: {total}")
    # rmtree() recurses: in pieces
    os.chdir(d + "/upper")
    subprocess.run(["rm", "-rf", "d"], check=True)
    os.chdir(here)
    return bad


@test("limits of entries and time are kept and said")
def wide(bed, d):
    bad = []
    for i in range(20000):
        open(f"{d}/upper/{i}", "wb").close()
    bed.own(d)
    changes, total, _ = bed.driver("read", d, 5000, 256, 1 << 20, 1 << 20, 10000)
    expect(bad, total["truncated"] and "more entries than 5000" in total["why"] and len(changes) <= 5000, f"{total}")
    changes, total, _ = bed.driver("read", d, 1000000, 256, 1 << 20, 1 << 20, 0)
    expect(bad, total["truncated"] and "longer than 0 ms" in total["why"] and not changes, f"{total}")
    changes, total, _ = bed.driver("read", d)
    expect(bad, not total["truncated"] and total["created"] == 20000, f"{total}")
    return bad


@test("a sparse file of 1 PiB is not read, and committed without its holes")
def sparse(bed, d):
    bad = []
    with open(d + "/upper/big", "wb") as f:
        f.truncate(1 << 50)
        f.seek(1 << 49)
        f.write(b"here")
    bed.own(d)
    changes, total, _ = bed.driver("read", d)
    c = names(changes)["/p/big"]
    expect(bad, c["size"] == 1 << 50 and "sha256" not in c and c["blocks"] <= 1 << 16, f"{c}")
    expect(bad, total["bytes"] == c["blocks"], f"{total}")
    _, end, said = bed.driver("commit", d)
    st = os.stat(d + "/lower/big")
    expect(bad, not end["commit"] and st.st_size == 1 << 50 and st.st_blocks < 256, f"{end} {said} {st}")
    with open(d + "/lower/big", "rb") as f:
        f.seek(1 << 49)
        expect(bad, f.read(4) == b"here", "content")
    return bad


@test("files over the limits of hashing are listed as changed, not hashed")
def hash_limits(bed, d):
    bad = []
    for t in ("upper", "lower"):
        put(f"{d}/{t}/a", b"y" * 100)
        put(f"{d}/{t}/b", b"z" * 100)
    bed.own(d)
    changes, total, _ = bed.driver("read", d, 1000, 10, 99, 1000, 1000)
    expect(bad, [c["kind"] for c in changes] == ["modified"] * 2 and not any("sha256" in c for c in changes), f"file: {changes}")
    changes, total, _ = bed.driver("read", d, 1000, 10, 100, 150, 1000)
    expect(bad, ["sha256" in c for c in changes if c["path"].endswith("62")] == [False], f"total: {changes}")
    return bad


@test("FIFOs and sockets are listed, never opened, refused by a commit, and what they replace stays")
def specials(bed, d):
    bad = []
    os.mkfifo(d + "/upper/fifo")
    s = socket.socket(socket.AF_UNIX)
    s.bind(d + "/upper/socket")
    s.listen(1)
    os.mkdir(d + "/lower/dir")
    put(d + "/lower/dir/kept")
    os.mkfifo(d + "/upper/dir")
    if not bed.uid:
        os.mknod(d + "/upper/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    put(d + "/upper/plain")
    bed.own(d)
    changes, total, _ = bed.driver("read", d)
    n = names(changes)
    want = {"/p/fifo": 0o010000, "/p/socket": 0o140000, "/p/dir": 0o010000} | ({} if bed.uid else {"/p/null": 0o020000})
    for p, t in want.items():
        expect(bad, p in n and n[p]["mode"] & 0o170000 == t, f"{p}: {n.get(p)}")
    expect(bad, n["/p/dir"]["kind"] == "replaced" and n["/p/dir/kept"]["kind"] == "deleted", f"{n}")
    _, end, said = bed.driver("commit", d)
    expect(bad, not end["commit"] and end["refused"] == len(want) and "not carried over" in said, f"{end} {said}")
    expect(bad, sorted(os.listdir(d + "/lower")) == ["dir", "plain"] and os.listdir(d + "/lower/dir") == ["kept"], "lower")
    return bad


@test("a link is data: never entered, its target never touched")
def links(bed, d):
    bad = []
    os.mkdir(d + "/victim")
    put(d + "/victim/file", b"safe")
    os.symlink(d + "/victim", d + "/upper/link")  # in place of a directory
    os.mkdir(d + "/lower/link")
    put(d + "/lower/link/file")
    os.symlink(d + "/victim/file", d + "/upper/file")
    put(d + "/lower/file")
    os.symlink(d + "/victim", d + "/lower/dir")  # a directory in place of a link
    os.mkdir(d + "/upper/dir")
    put(d + "/upper/dir/file", b"evil")
    bed.own(d)
    before = tree.snapshot(os.fsencode(d) + b"/victim")
    changes, total, _ = bed.driver("read", d)
    n = {p: c["kind"] for p, c in names(changes).items()}
    expect(bad, n == {"/p/link": "replaced", "/p/link/file": "deleted", "/p/file": "replaced", "/p/dir": "replaced",
                      "/p/dir/file": "created"}, f"{n}")
    _, end, said = bed.driver("commit", d)
    expect(bad, not end["commit"], f"{end} {said}")
    expect(bad, tree.snapshot(os.fsencode(d) + b"/victim") == before, "the target changed")
    expect(bad, os.readlink(d + "/lower/link") == d + "/victim" and not os.path.islink(d + "/lower/dir"), "lower")
    return bad


@test("set-id bits are not carried over")
def set_id(bed, d):
    bad = []
    put(d + "/upper/new")
    put(d + "/upper/old", b"same")
    put(d + "/lower/old", b"same")
    os.utime(d + "/upper/old", ns=(1, 1))
    os.utime(d + "/lower/old", ns=(1, 1))
    os.mkdir(d + "/upper/dir")
    bed.own(d)
    for f, m in (("new", 0o6755), ("old", 0o4755), ("dir", 0o2775)):
        os.chmod(f"{d}/upper/{f}", m)
    _, end, said = bed.driver("commit", d)
    modes = {f: os.stat(f"{d}/lower/{f}").st_mode & 0o7777 for f in ("new", "old", "dir")}
    expect(bad, not end["commit"] and modes == {"new": 0o755, "old": 0o755, "dir": 0o775}, f"{end} {said} {modes}")
    return bad


@test("what others changed meanwhile stops a commit before it has begun")
def meanwhile(bed, d):
    bad = []
    os.mkdir(d + "/victim")
    put(d + "/victim/file", b"safe")
    work = [("changed a file", "echo y > %s/f", "somebody else changed"), ("replaced a file", "rm %s/f; mkdir %s/f", "somebody else replaced"),
            ("removed a file", "rm %s/f", "somebody else removed"), ("created a file", "echo > %s/new", "somebody else created"),
            ("touched what is deleted", "touch %s/gone", "somebody else changed"),
            ("put a link", "mv %s/dir %s/was; ln -s ../../victim %s/dir", "somebody else replaced the directory")]
    for i, (what, script, why) in enumerate(work):
        c = f"{d}/{i}"
        for t in ("upper", "lower"):
            os.makedirs(f"{c}/{t}/dir")
            put(f"{c}/{t}/f", t.encode())
        put(c + "/upper/new")
        put(c + "/upper/dir/file", b"evil")
        put(c + "/lower/gone")
        os.mknod(c + "/upper/gone", stat.S_IFCHR, os.makedev(0, 0))
        bed.own(d)
        script = script.replace("%s", c + "/lower")
        end, said = bed.driver("commit", c, script)[1:]
        expect(bad, end["commit"] == ESTALE, f"{what}: {end} {said}")
        expect(bad, why in said and "nothing was changed" in said, f"{what}: said {said}")
        expect(bad, os.path.exists(c + "/lower/gone") and not [p for p in os.listdir(c + "/lower") if p.startswith(".sandtrace")],
               f"{what}: something was done")
    expect(bad, os.listdir(d + "/victim") == ["file"] and open(d + "/victim/file").read() == "safe", "wrote through a link")
    return bad


@test("what is not what was shown is not written")
def other_content(bed, d):
    bad = []
    put(d + "/upper/f", b"shown")
    bed.own(d)
    end, said = refuses(bed, d, bad, ESTALE, "content", f"printf other > {d}/upper/f")
    expect(bad, not os.listdir(d + "/lower"), f"left {os.listdir(d + '/lower')}")
    return bad


@test("a full disk stops a commit, which says how far it got and leaves no temporary file", root_only=True)
def full(bed, d):
    bad = []
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", d + "/lower"], check=True)
    try:
        put(d + "/lower/gone")
        os.mknod(d + "/upper/gone", stat.S_IFCHR, os.makedev(0, 0))
        put(d + "/upper/a", b"fits")
        put(d + "/upper/b", os.urandom(200000))
        _, end, said = bed.driver("commit", d)
        expect(bad, end["commit"] == ENOSPC and "1 of 3 changes had been applied" in said, f"{end} {said}")
        expect(bad, sorted(os.listdir(d + "/lower")) == ["a", "gone"], f"{os.listdir(d + '/lower')}")
    finally:
        subprocess.run(["umount", d + "/lower"], check=True)
    return bad


@test("another file system below is not entered", root_only=True)
def other_mount(bed, d):
    bad = []
    os.makedirs(d + "/upper/m")
    os.makedirs(d + "/lower/m")
    put(d + "/upper/m/new")
    subprocess.run(["mount", "-t", "tmpfs", "m", d + "/lower/m"], check=True)
    try:
        _, total, _ = bed.driver("read", d)
        expect(bad, total["truncated"] and "another file system" in total["why"], f"{total}")
        refuses(bed, d, bad, EFBIG, "mount")
    finally:
        subprocess.run(["umount", d + "/lower/m"], check=True)
    return bad


@test("paths longer than the kernel takes are read and committed")
def long_paths(bed, d):
    bad, here = [], os.getcwd()
    for root in ("upper",):
        os.chdir(f"{d}/{root}")
        for i in range(100):
            os.mkdir("n" * 200)
            os.chown("n" * 200, bed.uid, bed.uid)
            os.chdir("n" * 200)
        put("end", b"found")
        os.chown("end", bed.uid, bed.uid)
    os.chdir(here)
    os.chown(d + "/lower", bed.uid, bed.uid)
    _, end, said = bed.driver("commit", d)
    expect(bad, not end["commit"] and not end["truncated"] and end["created"] == 101, f"{end} {said}")
    os.chdir(d + "/lower")
    for i in range(100):
        os.chdir("n" * 200)
    expect(bad, open("end").read() == "found", "content")
    os.chdir(here)
    return bad


@test("a directory that its owner cannot enter is read and committed all the same")
def locked(bed, d):
    bad = []
    os.makedirs(d + "/upper/x/y")
    put(d + "/upper/x/y/f", b"in")
    os.makedirs(d + "/lower/ro")
    put(d + "/lower/ro/gone")
    os.makedirs(d + "/upper/ro")
    os.mknod(d + "/upper/ro/gone", stat.S_IFCHR, os.makedev(0, 0))
    bed.own(d)
    for p, m in (("upper/x/y/f", 0), ("upper/x/y", 0), ("upper/x", 0o200), ("upper/ro", 0o555), ("lower/ro", 0o555)):
        os.chmod(f"{d}/{p}", m)
    changes, total, _ = bed.driver("read", d)
    n = names(changes)
    expect(bad, not total["truncated"] and "sha256" in n.get("/p/x/y/f", {}) and n["/p/x/y/f"]["mode"] & 0o777 == 0, f"{total} {n}")
    expect(bad, [os.lstat(f"{d}/upper/{p}").st_mode & 0o777 for p in ("x", "x/y", "x/y/f")] == [0o200, 0, 0], "modes were not restored")
    _, end, said = bed.driver("commit", d)
    expect(bad, not end["commit"], f"{end} {said}")
    modes = [os.lstat(f"{d}/lower/{p}").st_mode & 0o777 for p in ("x", "x/y", "x/y/f", "ro")]
    expect(bad, modes == [0o200, 0, 0, 0o555] and not os.path.exists(d + "/lower/ro/gone"), f"{modes}")
    return bad


@test("the command cannot forge the overlay's marks")
def forged(bed, d):
    bad = []
    os.makedirs(d + "/lower/dir")
    put(d + "/lower/dir/kept")
    put(d + "/lower/f")
    bed.own(d)
    script = ("import os\n"
              f"os.chdir({d + '/merged'!r})\n"
              "for p, k in (('dir', 'opaque'), ('f', 'whiteout'), ('f', 'metacopy'), ('dir', 'redirect')):\n"
              "    try: os.setxattr(p, 'user.overlay.' + k, b'y')\n"
              "    except OSError: pass\n"
              "try: os.mknod('dir/w', 0o20000, 0)\n"
              "except OSError: pass\n"
              "open('dir/new', 'w').close()\n")
    p = bed.inside([d], ["python3", "-c", script])
    changes, total, _ = bed.driver("read", d)
    n = {p: c["kind"] for p, c in names(changes).items()}
    expect(bad, not p.returncode and n == {"/p/dir/new": "created"}, f"{p.stderr} {n} {total}")
    return bad


@test("a whiteout of nothing and an unchanged copy are no changes")
def nothing(bed, d):
    bad = []
    os.mknod(d + "/upper/w", stat.S_IFCHR, os.makedev(0, 0))
    for t in ("upper", "lower"):
        put(f"{d}/{t}/same")
        os.utime(f"{d}/{t}/same", ns=(5, 5))
    bed.own(d)
    changes, total, _ = bed.driver("read", d, prefix="/p/")
    expect(bad, not changes and not total["truncated"], f"{changes}")
    put(d + "/upper/one")
    bed.own(d)
    expect(bad, list(names(bed.driver("read", d, prefix="/")[0])) == ["/one"], "prefix /")
    return bad


@test("two overlays in one list keep apart, whatever their names have in common")
def two(bed, d):
    bad = []
    for name, other in (("q", "/q"), ("pq", "/p/q")):
        c, e = f"{d}/{name}", f"{d}/{name}2"
        for x in (c, e):
            os.makedirs(x + "/upper")
            os.makedirs(x + "/lower")
        put(c + "/upper/one")
        put(e + "/upper/two")
        bed.own(d)
        _, end, said = bed.driver("both", c, e + "/upper", e + "/lower", other)
        expect(bad, not end["err"] and end["created"] == 2, f"{end} {said}")
        expect(bad, (os.listdir(c + "/lower"), os.listdir(e + "/lower")) == (["one"], ["two"]), f"{other}: mixed up")
    return bad
