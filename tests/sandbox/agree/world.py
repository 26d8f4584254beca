# SPDX-License-Identifier: Apache-2.0
"""What the kernel must say, given what the evaluated policy says: paths walked, modes looked at, layers added up.

Paths are str with surrogateescape, as the file system's. Every verdict comes from outside (`ask`); nothing here knows a
policy."""
import errno as E
import os
import stat as S
from collections import namedtuple

OPS = ("stat", "read", "write", "map", "list", "exec", "create", "rename")
REFUSED = {E.EACCES, E.EROFS, E.EPERM}
MARK = "~agree~"

# one answer of the evaluated policy; see answers.c
Answer = namedtuple("Answer", "read write exec hidden kind access exec_mount own skeleton")
# what is at a path inside: kind of file, who owns it, what it lets them do
Node = namedtuple("Node", "type uid gid mode target host")


class World:
    """A tree as one user sees it inside. ASK(path) is an Answer; ALL None means outside: no policy at all."""

    def __init__(self, ask, uid, gid, exec_mode, overlay, paths):
        self.ask, self.uid, self.gid, self.exec_mode, self.overlay = ask, uid, gid, exec_mode, overlay
        self.host_cache, self.aliases = {}, {}
        self.paths = paths          # every path of the tree, without links
        for p in paths:
            st = self.host(p)
            if st and S.S_ISREG(st.st_mode):
                self.aliases.setdefault((st.st_dev, st.st_ino), []).append(p)
        self.keep = [p for p in paths if ask and self.protected(p)]

    def protected(self, p):
        a = self.ask(p)
        return a.own and (a.kind == "m" or (a.kind == "h" and not (a.access & 2 and a.exec_mount)))

    def host(self, path):
        if path not in self.host_cache:
            try:
                self.host_cache[path] = os.lstat(path)
            except OSError:
                self.host_cache[path] = None
        return self.host_cache[path]

    def node(self, path):
        a = self.ask(path) if self.ask else None
        if a is None or a.kind == "h":
            st = self.host(path)
            if not st:
                return None
            target = os.readlink(path) if S.S_ISLNK(st.st_mode) else None
            return Node(S.S_IFMT(st.st_mode), st.st_uid, st.st_gid, S.S_IMODE(st.st_mode), target, True)
        if a.kind == "m":
            if not a.own:
                return None
            st = self.host(path)
            return Node(S.S_IFDIR if st and S.S_ISDIR(st.st_mode) else S.S_IFREG, self.uid, self.gid, 0, None, False)
        if a.own and path.startswith("/dev/"):
            return Node(S.S_IFCHR, self.uid, self.gid, 0o666, None, False)
        if a.own or a.skeleton:
            mode = 0o777 if path in ("/tmp", "/var/tmp") else 0o755
            return Node(S.S_IFDIR, self.uid, self.gid, mode, None, False)
        return None

    def may(self, node, bits):
        mode = node.mode
        if node.uid == self.uid:
            mode >>= 6
        elif node.gid == self.gid:
            mode >>= 3
        return mode & bits == bits

    def walk(self, path, follow):
        """(errno, canonical path): the path is given after ENOENT too, if only the last name is not there."""
        cur, rest, links = "", [c for c in path.split("/") if c], 0
        while rest:
            name = rest.pop(0)
            at = self.node(cur or "/")
            if at is None:
                return E.ENOENT, None
            if at.type != S.S_IFDIR:
                return E.ENOTDIR, None
            if not self.may(at, 1):
                return E.EACCES, None
            if name == ".":
                continue
            if name == "..":
                cur = cur.rpartition("/")[0]
                continue
            nxt = cur + "/" + name
            node = self.node(nxt)
            if node is None:
                return E.ENOENT, None if rest else nxt
            if node.type == S.S_IFLNK and (rest or follow):
                links += 1
                if links > 40:
                    return E.ELOOP, None
                if node.target.startswith("/"):
                    cur = ""
                rest = [c for c in node.target.split("/") if c] + rest
                continue
            cur = nxt
        return 0, cur or "/"

    def answer(self, path):
        if self.ask:
            return self.ask(path)
        return Answer(1, 1, 1, 0, "h", 7, 1, 0, 0)

    def expect(self, path):
        """{op: set of errnos that may come}; an op that is not tried: {-1}."""
        err, p = self.walk(path, True)
        want = {op: {-1} for op in OPS}
        want["stat"] = {err}
        node = None if err else self.node(p)
        if err:
            want["read"] = want["write"] = want["exec"] = {err}
        else:
            self.expect_open(want, p, node)
        if self.exec_mode == "command":
            want["exec"] = {E.EACCES}
        err, p = self.walk(path, False)
        if err:
            want["create"] = self.expect_create(err, p)
        else:
            want["rename"] = self.expect_rename(p)
        return want

    def expect_open(self, want, p, node):
        a = self.answer(p)
        odd = node.type not in (S.S_IFREG, S.S_IFDIR)
        read = set() if a.read else {E.EACCES}
        read |= set() if self.may(node, 4) else {E.EACCES}
        want["read"] = read or ({E.ENXIO} if node.type == S.S_IFSOCK else {0})
        if node.type == S.S_IFDIR:
            want["list"] = read or {0}
            want["exec"] = {E.EACCES}
            return
        write = set() if a.write else set(REFUSED)
        write |= set() if self.may(node, 2) else {E.EACCES}
        if odd and write and self.may(node, 2) and self.below_writable(p):
            write |= {E.ENXIO}  # opens on a read-only mount, and Landlock adds what it grants above: known, open
        want["write"] = write or ({E.ENXIO} if odd else {0} | self.copy_up(p))
        if node.type == S.S_IFREG and not read:
            want["map"] = {0} if a.exec_mount else {E.EPERM}
        run = set() if a.exec and a.exec_mount and not odd else {E.EACCES}
        if run and not odd and a.exec_mount and self.twin_runs(p):
            run = {0, E.EACCES}  # Landlock's rules are of files, not of names: another name of the same file may be executed
        if self.overlay and a.write and not run and not self.may(node, 4):
            run = {0, E.EACCES}  # an overlay opens the file below for itself, which takes reading
        run |= set() if self.may(node, 1) else {E.EACCES}
        if E.EACCES in run and not self.may(node, 1):
            run = {E.EACCES}
        want["exec"] = run or {0}

    def below_writable(self, p):
        while p:
            p = p.rpartition("/")[0]
            if self.ask and p and (self.answer(p).kind == "p" or self.answer(p).access & 2):
                return True
        return False

    def twin_runs(self, p):
        st = self.host(p)
        return bool(st) and any(self.answer(q).exec for q in self.aliases.get((st.st_dev, st.st_ino), []))

    def expect_create(self, err, p):
        if p is None:
            return {err}
        at = p.rpartition("/")[0] or "/"
        bad = set() if self.answer(p).write else set(REFUSED)
        bad |= set() if self.may(self.node(at), 2) else {E.EACCES}
        return bad or {0} | self.copy_up(p)

    def copy_up(self, p):
        """An overlay copies a file, and the directories above it, before a change: not for owners that are not mapped."""
        if not self.overlay:
            return set()
        while p and p != "/":
            node = self.node(p)
            if node and node.host and (node.uid != self.uid or node.gid != self.gid):
                return {E.EOVERFLOW}
            p = p.rpartition("/")[0]
        return set()

    def expect_rename(self, p):
        if p == "/":
            return {E.EBUSY}
        a, node = self.answer(p), self.node(p)
        at = p.rpartition("/")[0] or "/"
        bad = set() if a.write and self.answer(p + MARK).write else set(REFUSED)
        bad |= set() if self.may(self.node(at), 2) else {E.EACCES}
        if a.own or (node.host and any(k.startswith(p + "/") for k in self.keep)):
            bad |= {E.EBUSY} | (REFUSED if a.own else set())  # a mount point, or what must stay leads through it
        if not bad and self.overlay and node.type == S.S_IFDIR:
            bad = {0, E.EXDEV}  # overlayfs does not move directories of the layer below
        return bad or {0} | self.copy_up(p)

    def expect_names(self, path):
        """The names in a directory that can be listed."""
        p = self.walk(path, True)[1]
        try:
            names = os.listdir(p)
        except OSError:
            names = []
        return {n for n in names if self.node(p.rstrip("/") + "/" + n)}
