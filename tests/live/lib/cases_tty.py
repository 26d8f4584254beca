# SPDX-License-Identifier: Apache-2.0
"""Host cases: behaviour on a terminal. A pty and, where job control is the point, a real bash on it."""
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios

from host import alive, read_until, until
from registry import host
from records import expect, same


class Terminal:
    """A process in a session of its own whose controlling terminal is our pty."""

    def __init__(self, argv, cwd):
        self.fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            # whoever runs the tests in the background of a shell has these ignored, and so would all that we start
            for sig in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
                signal.signal(sig, signal.SIG_DFL)

        self.p = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, preexec_fn=own_terminal,
                                  env=dict(os.environ, TERM="dumb", PS1="$ ", HISTFILE=""))
        os.close(slave)
        self.seen = b""

    def type(self, keys):
        os.write(self.fd, keys)

    def until(self, marker):
        """Waits for MARKER in what came after the last one; returns the text up to it."""
        got = read_until(self.fd, marker, self.seen)
        head, _, self.seen = got.partition(marker)
        return head

    def end(self):
        """Reads the rest; returns (status, text)."""
        out = self.seen
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
        os.close(self.fd)
        return self.p.wait(timeout=20), out

    def close(self):
        if self.p.poll() is None:
            os.kill(self.p.pid, signal.SIGKILL)
            self.p.wait()


def pid_in(text):
    return int(text.rsplit(b"pid=", 1)[1].split()[0])


@host("tty_is_the_commands")
def tty(h):
    t = Terminal(h.command(h.prog("waiter"), "ends"), h.dir)
    try:
        text = t.until(b"ready")
        expect(b"tty0=1 tty1=1 tty2=1" in text, "isatty: %r" % text)
        expect(b"foreground=1" in text, "the command is not in the foreground: %r" % text)
        t.type(b"\x03")
        text = t.until(b"signal=2")
        rc, text = t.end()
        same(rc, 42, "status after one Ctrl-C (%r)" % text[-300:])
    finally:
        t.close()
    trace = h.trace()
    same(trace.summary["event_type"], "summary", "last record")


@host("tty_ctrl_c_default_action")
def tty_ctrl_c_default(h):
    t = Terminal(h.command("sh", "-c", "echo ready; exec cat"), h.dir)
    try:
        t.until(b"ready")
        t.type(b"\x03")
        rc, text = t.end()
        same(rc, 130, "status (%r)" % text[-300:])
    finally:
        t.close()
    h.trace()


@host("tty_ctrl_c_twice")
def tty_ctrl_c_twice(h):
    t = Terminal(h.command(h.prog("waiter"), "stays"), h.dir)
    try:
        pid = pid_in(t.until(b"ready"))
        t.type(b"\x03")
        t.until(b"signal=2")
        t.type(b"\x03")
        rc, text = t.end()
        expect(rc != 0, "status 0 after two interrupts")
        until(lambda: not alive(pid), "the command outlived two interrupts")
    finally:
        t.close()
    h.trace()


@host("tty_job_control")
def tty_job_control(h):
    """bash on a terminal: Ctrl-Z stops the job, fg continues it, Ctrl-C ends it."""
    t = Terminal(["bash", "--norc", "--noprofile", "-i"], h.dir)
    try:
        t.type(" ".join(h.command(h.prog("waiter"), "ends")).encode() + b"\n")
        t.until(b"ready")
        t.type(b"\x1a")
        t.until(b"Stopped")
        t.type(b"fg\n")
        t.until(b"signal=18")
        t.type(b"\x03")
        t.until(b"signal=2")
        t.type(b"echo status=$?.\n")
        t.until(b"status=42.")
        t.type(b"exit\n")
        t.end()
    finally:
        t.close()
    h.trace()


@host("tty_background_job")
def tty_background(h):
    """A job in the background that reads the terminal is stopped, as without sandtrace."""
    t = Terminal(["bash", "--norc", "--noprofile", "-i"], h.dir)
    try:
        t.type(" ".join(h.command("cat")).encode() + b" &\n")
        t.type(b"until jobs | grep -q Stopped; do :; done; echo in-$((40 + 2))\n")
        t.until(b"in-42")
        t.type(b"fg\n")
        t.until(b"-- cat\r\n")
        t.type(b"hello\n\x04")
        t.until(b"hello\r\nhello")
        t.type(b"echo status=$?.\n")
        t.until(b"status=0.")
        t.type(b"exit\n")
        t.end()
    finally:
        t.close()
    h.trace()
