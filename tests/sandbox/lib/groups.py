# SPDX-License-Identifier: Apache-2.0
"""Attempts that share a sandbox: with which options it is made, and what stands on its descriptors."""
import fcntl
import os
import pty
import struct
import termios
import threading

from records import expect

GROUPS = ("plain", "unix", "tty", "own-tty", "exec", "listed", "denied", "stdin-file")


def project_opts(box):
    p = box.side.path
    return ["--write", p("project"), "--read", p("readonly")]


def options(box, group):
    opts = project_opts(box) + ["--timeout", "100"]
    if group == "unix":
        opts += ["--allow-unix"]
    if group == "own-tty":
        opts += ["--tty"]
    if group == "listed":
        opts += ["--policy", box.write_policy("listed.toml", 'extends = "default"\n[filesystem]\nallow_exec = ["/usr/bin/true"]\n'
                                              '[seccomp]\nprofile = "%s"\n' % box.config.profile)]
    if group == "denied":
        opts += ["--policy", box.write_policy("denied.toml", 'extends = "default"\n[filesystem]\nallow_exec = ["**"]\n'
                                              'deny_exec = ["/tmp", "%s", "/usr/bin/true"]\n[seccomp]\nprofile = "%s"\n'
                                              % (box.side.path("project"), box.config.profile))]
    if group == "exec":
        opts += ["--allow-exec", "--read", box.side.path("set-id-dir")]
    return opts


class Terminal:
    """A pty whose slave is the controlling terminal of what is started with it."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        attr = termios.tcgetattr(self.slave)
        attr[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.slave, termios.TCSANOW, attr)

    def take(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def collect(self):
        """Reads what is shown until the end."""
        self.shown = []

        def read():
            while True:
                try:
                    data = os.read(self.master, 65536)
                except OSError:
                    return
                self.shown.append(data)
                if b"THE-END" in data:
                    return

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def collected(self):
        os.write(self.slave, b"\nTHE-END\n")
        self.reader.join(20)
        return b"".join(self.shown).replace(b"\r\n", b"\n")

    def typed(self):
        """Bytes that wait to be read by whoever reads the terminal next."""
        n = fcntl.ioctl(self.slave, termios.FIONREAD, b"\0\0\0\0")
        return struct.unpack("i", n)[0]

    def close(self):
        os.close(self.slave)
        os.close(self.master)


def reserve():
    """Keeps descriptor 9 for leak(): taken before any thread opens one."""
    null = os.open("/dev/null", os.O_RDONLY)
    if null != 9:
        os.dup2(null, 9)
        os.close(null)


def leak(path):
    """Descriptor 9 on PATH, for children that are given it."""
    fd = os.open(path, os.O_RDONLY)
    os.dup2(fd, 9, inheritable=True)
    os.close(fd)
    return 9


def run_group(box, group, specs, bare=False):
    extra = dict(box.extra)
    if bare:
        extra.update(bare=1, out_host="127.0.0.1", out_port=box.side.tcp.port)
    kw = {"pass_fds": (leak(box.side.path("outside")),)}
    term = None
    try:
        if group in ("tty", "own-tty"):
            term = Terminal()
            extra.update(host_pty=os.ttyname(term.slave), host_pty_dev=os.fstat(term.slave).st_dev)
            kw.update(stdin=term.slave, preexec_fn=term.take)
        elif group == "stdin-file":
            kw["stdin"] = open(box.side.path("readonly/second"))
        if group == "own-tty":
            # with --tty results come through the terminal: all three descriptors must be it
            kw.update(stdout=term.slave, stderr=term.slave)
            term.collect()
        argv = box.attempt_argv(specs, **extra)
        if bare:
            result = box.bare(*argv, **kw)
        else:
            result = box.run(*argv, opts=options(box, group), **kw)
        if group == "own-tty":
            result.out = term.collected()
            result.err = result.out
        elif term and not bare:
            expect(term.typed() == 0, "%d bytes were typed into the caller's terminal" % term.typed())
    finally:
        leak("/dev/null")
        if term:
            term.close()
    return result
