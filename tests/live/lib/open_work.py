# SPDX-License-Identifier: Apache-2.0
"""Opens files in every way there is, in the directory it is given; waits for a line before, and ends at the next."""
import ctypes
import os
import struct
import sys

OPEN, CREAT, OPENAT2 = {"x86_64": (2, 85, 437), "aarch64": (None, None, 437)}[os.uname().machine]
AT_FDCWD, MAP_32BIT = -100, 0x40
libc = ctypes.CDLL(None, use_errno=True)


def call(nr, *args):
    fd = libc.syscall(nr, *args)
    if fd >= 0:
        os.close(fd)


def openat2(path, flags, mode=0):
    call(OPENAT2, AT_FDCWD, path, struct.pack("QQQ", flags, mode, 0), 24)


def by_handle(path):
    """Not by every file system."""
    handle, mount = ctypes.create_string_buffer(struct.pack("Ii", 120, 0), 128), ctypes.c_int()
    top = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    if not libc.name_to_handle_at(AT_FDCWD, path, handle, ctypes.byref(mount), 0):
        fd = libc.open_by_handle_at(top, handle, os.O_WRONLY)
        if fd >= 0:
            os.close(fd)
            print("by_handle=1", flush=True)
    os.close(top)


def work():
    def o(path, flags):
        os.close(os.open(path, flags, 0o640))
    o("plain", os.O_WRONLY | os.O_CREAT)
    o("plain", os.O_RDWR)
    o("./link/../plain", os.O_WRONLY | os.O_APPEND)  # link is there; `..` is of where it leads to
    o("touched", os.O_RDONLY | os.O_CREAT)
    o("emptied", os.O_RDONLY | os.O_TRUNC)
    o(".", os.O_RDWR | os.O_TMPFILE)
    openat2(b"how", os.O_WRONLY | os.O_CREAT, 0o600)
    openat2(b"emptied", os.O_RDONLY | os.O_TRUNC)
    if OPEN is not None:
        call(OPEN, b"old", os.O_WRONLY | os.O_CREAT, 0o600)
        call(CREAT, b"created", 0o600)
    o("innocent", os.O_RDONLY)  # leads to a key
    o("harmless", os.O_RDONLY)
    o("plain", os.O_PATH)
    o("/dev/null", os.O_WRONLY)
    for path, flags in (("missing", os.O_WRONLY), ("plain", os.O_WRONLY | os.O_CREAT | os.O_EXCL), (".", os.O_WRONLY)):
        try:
            os.open(path, flags)
        except OSError:
            pass
    by_handle(b"plain")


if __name__ == "__main__":
    sys.stdin.readline()
    os.chdir(sys.argv[1])
    work()
    print("done", flush=True)
    sys.stdin.readline()
