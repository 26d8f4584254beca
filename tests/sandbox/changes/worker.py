# SPDX-License-Identifier: Apache-2.0
"""Inside, without capabilities: random work in merged/ of each case, and what could be seen before and after it."""
import io
import json
import os
import random
import shutil
import socket
import sys

import tree

NAMES = [b"a", b"b", b"c", b"a-b", b"d.txt", b"new\nline", b"\xff\xfe", b"sp ace", b".hidden", "\u00e4".encode(), b"-rf", b"a.b"]


def open(path, mode, buffering=-1):  # noqa: A001: of a FIFO nobody is at the other end
    return io.open(path, mode, buffering=buffering, opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK))


class Work:
    def __init__(self, root, seed):
        self.root, self.r = root, random.Random(seed)
        self.seed = seed

    def dirs(self):
        out = [self.root]
        for d, subdirs, _ in os.walk(self.root):
            out += [d + b"/" + s for s in subdirs if not os.path.islink(d + b"/" + s)]
        return out

    def any(self):
        out = []
        for d, subdirs, files in os.walk(self.root):
            out += [d + b"/" + n for n in subdirs + files]
        return self.r.choice(out) if out else self.fresh()

    def fresh(self):
        return self.r.choice(self.dirs()) + b"/" + self.r.choice(NAMES) + (b"" if self.r.random() < 0.6 else b"%d" % self.r.randrange(9))

    def bytes(self):
        return self.r.randbytes(self.r.choice([0, 1, 10, 4096, 5000, 300000]))

    def create(self):
        with open(self.fresh(), "wb") as f:
            f.write(self.bytes())

    def overwrite(self):
        with open(self.any(), "r+b", buffering=0) as f:
            f.write(self.bytes())

    def same_size(self):  # other content, and the times set back: nothing but the content tells
        p = self.any()
        st = os.lstat(p)
        with open(p, "r+b", buffering=0) as f:
            old = f.read(1)
            f.seek(0)
            f.write(bytes([old[0] ^ 1]) if old else b"")
        os.utime(p, ns=(st.st_atime_ns, st.st_mtime_ns))

    def touch_open(self):
        os.close(os.open(self.any(), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK))

    def append(self):
        with open(self.any(), "ab") as f:
            f.write(self.bytes())

    def truncate(self):
        os.truncate(self.any(), self.r.choice([0, 1, 100, 1 << 20]))

    def chmod(self):
        p = self.any()
        if not os.path.islink(p):
            os.chmod(p, self.r.choice([0o644, 0o755, 0o600, 0o4755, 0o2755, 0o444, 0o555, 0o1777, 0o700]))

    def lock(self):  # not of a file with two names: the overlay itself may show the former mode at the other
        p = self.any()
        if os.lstat(p).st_nlink == 1 and not os.path.islink(p) and not os.path.isdir(p):
            os.chmod(p, self.r.choice([0, 0o100, 0o200]))

    def utime(self):
        os.utime(self.any(), ns=(1, self.r.randrange(1 << 60)), follow_symlinks=False)

    def rename(self):
        a, b = self.any(), self.fresh()
        if os.path.isdir(a) and not os.path.islink(a) and (b + b"/").startswith(a + b"/"):
            return
        try:
            os.rename(a, b)
        except OSError:  # a directory from below: as mv does it
            if os.path.isdir(a) and not os.path.exists(b):
                shutil.copytree(a, b, symlinks=True)
                shutil.rmtree(a)

    def swap(self):
        a, b = self.any(), self.any()
        tmp = a + b".swap"
        if (a + b"/").startswith(b + b"/") or (b + b"/").startswith(a + b"/"):
            return
        os.rename(a, tmp)
        os.rename(b, a)
        os.rename(tmp, b)

    def unlink(self):
        os.unlink(self.any())

    def mkdir(self):
        os.mkdir(self.fresh())

    def rmtree(self):
        p = self.any()
        if os.path.isdir(p) and not os.path.islink(p):
            shutil.rmtree(p, ignore_errors=True)

    def remake(self):  # makes it opaque
        p = self.any()
        if os.path.isdir(p) and not os.path.islink(p):
            kept = os.listdir(p)
            shutil.rmtree(p)
            os.mkdir(p)
            for n in kept:
                how = self.r.randrange(3)
                if how == 0:
                    os.mkdir(p + b"/" + n)
                elif how == 1:
                    with open(p + b"/" + n, "wb") as f:
                        f.write(b"again")

    def symlink(self):
        os.symlink(self.r.choice([b"/nonexistent/t", b"a", b"../b", b"x" * 300, b"\xff\n"]), self.fresh())

    def hardlink(self):
        p = self.any()
        if os.lstat(p).st_mode & 0o400:
            os.link(p, self.fresh(), follow_symlinks=False)

    def replace(self):  # one kind of thing by another
        p = self.any()
        if os.path.isdir(p) and not os.path.islink(p):
            shutil.rmtree(p)
        else:
            os.unlink(p)
        how = self.r.randrange(4)
        if how == 0:
            os.mkdir(p)
            open(p + b"/in", "wb").close()
        elif how == 1:
            with open(p, "wb") as f:
                f.write(b"was something else")
        elif how == 2:
            os.symlink(b"elsewhere", p)
        else:
            os.mkfifo(p)

    def special(self):
        if self.r.random() < 0.5:
            os.mkfifo(self.fresh())
        else:
            s = socket.socket(socket.AF_UNIX)
            s.bind(self.fresh())
            s.close()

    def run(self, steps):
        ops = [self.create, self.overwrite, self.same_size, self.touch_open, self.append, self.truncate, self.chmod, self.lock,
               self.utime, self.rename, self.swap, self.unlink, self.mkdir, self.rmtree, self.remake, self.symlink,
               self.hardlink, self.replace, self.special]
        ops += [self.create, self.overwrite, self.rename, self.mkdir]
        for _ in range(steps):
            op = self.r.choice(ops)
            try:
                op()
            except (OSError, shutil.Error, TypeError):
                pass


def plant(root, rnd):
    """A tree below, of every kind of thing."""
    dirs = [root]
    for _ in range(rnd.randrange(3, 9)):
        p = rnd.choice(dirs) + b"/" + rnd.choice(NAMES)
        if not os.path.lexists(p):
            os.mkdir(p)
            dirs.append(p)
    for _ in range(rnd.randrange(5, 25)):
        p = rnd.choice(dirs) + b"/" + rnd.choice(NAMES) + b"%d" % rnd.randrange(5)
        if os.path.lexists(p):
            continue
        kind = rnd.random()
        if kind < 0.8:
            with open(p, "wb") as f:
                f.write(rnd.randbytes(rnd.choice([0, 3, 5000, 270000])))
            os.chmod(p, rnd.choice([0o644, 0o600, 0o755, 0o444]))
        elif kind < 0.95:
            os.symlink(rnd.choice([b"a", b"/nonexistent/s", b".."]), p)
        else:
            os.mkfifo(p)
    for p in dirs[1:]:
        if rnd.random() < 0.2:
            os.chmod(p, rnd.choice([0o555, 0o750, 0o2755]))


def main():
    base, first, n = os.fsencode(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for i in range(first, first + n):
        case = base + b"/%d" % i
        work = Work(case + b"/merged", i)
        before = tree.snapshot(work.root)
        work.run(random.Random(i).choice([3, 20, 120]))
        with open(case + b"/view.json", "w") as f:
            json.dump({"before": before, "after": tree.snapshot(work.root)}, f)


if __name__ == "__main__":
    main()
