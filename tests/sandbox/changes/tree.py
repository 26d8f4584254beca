# SPDX-License-Identifier: Apache-2.0
"""What a directory tree is: an account that shares nothing with the code under test."""
import hashlib
import os
import stat


def look(path):
    st = os.lstat(path)
    kind = stat.S_IFMT(st.st_mode)
    d = {"type": kind, "mode": st.st_mode & 0o7777, "uid": st.st_uid, "gid": st.st_gid, "rdev": st.st_rdev}
    if kind == stat.S_IFREG:
        d["size"], d["mtime"] = st.st_size, st.st_mtime_ns
        with open(path, "rb") as f:
            d["sha256"] = hashlib.sha256(f.read()).hexdigest()
    elif kind == stat.S_IFLNK:
        d["link"], d["mtime"] = os.fsencode(os.readlink(path)).hex(), st.st_mtime_ns
        d["mode"] = 0
    elif kind != stat.S_IFDIR:
        d["mtime"] = st.st_mtime_ns
    return d


def snapshot(root):
    """{relative path in hex: description} of all below ROOT (bytes). What its owner locked is opened and locked again."""
    out = {}

    def walk(directory, rel):
        mode = os.lstat(directory).st_mode & 0o7777
        if mode & 0o700 != 0o700:
            os.chmod(directory, mode | 0o700)
        for name in sorted(os.listdir(directory)):
            path, r = directory + b"/" + name, rel + b"/" + name if rel else name
            st = os.lstat(path)
            locked = stat.S_ISREG(st.st_mode) and not st.st_mode & 0o400
            if locked:
                os.chmod(path, st.st_mode & 0o7777 | 0o400)
            d = look(path)
            if locked:
                os.chmod(path, st.st_mode & 0o7777)
                d["mode"] = st.st_mode & 0o7777
            out[r.hex()] = d
            if d["type"] == stat.S_IFDIR:
                walk(path, r)
        if mode & 0o700 != 0o700:
            os.chmod(directory, mode)

    walk(root, b"")
    return out


def differences(before, after):
    """{path: kind}: created, deleted, replaced (another type), modified (content), metadata."""
    out = {}
    for p in before.keys() | after.keys():
        b, a = before.get(p), after.get(p)
        if not b:
            out[p] = "created"
        elif not a:
            out[p] = "deleted"
        elif a["type"] != b["type"]:
            out[p] = "replaced"
        elif any(a.get(k) != b.get(k) for k in ("sha256", "link", "rdev")):
            out[p] = "modified"
        elif any(a.get(k) != b.get(k) for k in ("mode", "uid", "gid", "mtime")):
            out[p] = "metadata"
    return out
