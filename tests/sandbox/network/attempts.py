#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs under network rules: attempts.py NAME [ARG...] does one thing with sockets and prints "ok", what it received,
or the name of the errno. attempts.py probe reads "FAMILY ADDRESS PORT" lines and prints a decision for each.
"""
import ctypes
import errno
import os
import select
import socket
import struct
import sys

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
MSG_FASTOPEN, TCP_FASTOPEN_CONNECT = 0x20000000, 30
IP_OPTIONS, IP_RETOPTS = 4, 7
IPPROTO_IPV6, IPV6_RTHDR = 41, 57
libc = ctypes.CDLL(None, use_errno=True)


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def sock(host, kind, proto=0):
    s = socket.socket(family(host), kind, proto)
    s.settimeout(3)
    return s


def raw4(host, port, fam=socket.AF_INET):
    """A sockaddr_in as bytes, of any family."""
    return struct.pack("=H", fam) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


def call(name, *args):
    r = getattr(libc, name)(*args)
    if r < 0:
        raise OSError(ctypes.get_errno(), "")
    return r


def tcp(host, port):
    s = sock(host, TCP)
    s.connect((host, int(port)))
    s.sendall(b"hello")
    return s.recv(99).decode()


def udp(host, port):
    s = sock(host, UDP)
    s.sendto(b"hello", (host, int(port)))
    return s.recv(99).decode()


def udp_connected(host, port):
    s = sock(host, UDP)
    s.connect((host, int(port)))
    s.send(b"hello")
    return s.recv(99).decode()


def udp_control(host, port):
    """A connected socket with control data in the call: the kernel asks the sendmsg hook without an address."""
    s = sock(host, UDP)
    s.connect((host, int(port)))
    if family(host) == socket.AF_INET:
        s.sendmsg([b"hello"], [(socket.IPPROTO_IP, socket.IP_TOS, struct.pack("i", 16))])
    else:
        s.sendmsg([b"hello"], [(IPPROTO_IPV6, socket.IPV6_TCLASS, struct.pack("i", 16))])
    return s.recv(99).decode()


def v6_socket_v4_address(host, port):
    """An IPv6 UDP socket takes an IPv4 address as such."""
    s = socket.socket(socket.AF_INET6, UDP)
    a = raw4(host, int(port))
    call("sendto", s.fileno(), b"hello", 5, 0, a, len(a))
    return "ok"


def v6_socket_v4_connect(host, port):
    s = socket.socket(socket.AF_INET6, UDP)
    a = raw4(host, int(port))
    call("connect", s.fileno(), a, len(a))
    s.send(b"hello")
    return "ok"


def udp_unspec(host, port):
    """An IPv4 UDP socket takes AF_UNSPEC for AF_INET."""
    s = socket.socket(socket.AF_INET, UDP)
    a = raw4(host, int(port), socket.AF_UNSPEC)
    call("sendto", s.fileno(), b"hello", 5, 0, a, len(a))
    return "ok"


def udp_other_when_connected(host, port, other, other_port):
    s = sock(host, UDP)
    s.connect((host, int(port)))
    s.sendto(b"hello", (other, int(other_port)))
    return "ok"


def reconnect(host, port, other, other_port):
    """connect, connect(AF_UNSPEC), connect elsewhere."""
    for kind in (UDP, TCP):
        s = sock(host, kind)
        s.connect((host, int(port)))
        call("connect", s.fileno(), struct.pack("=H", socket.AF_UNSPEC) + bytes(14), 16)
        try:
            s.connect((other, int(other_port)))
            return "ok"
        except PermissionError:
            pass
    return "EPERM"


def sendmmsg(host, port, other, other_port):
    """How many of three messages go: to HOST, to OTHER, to HOST."""
    class Iov(ctypes.Structure):
        _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]

    class Msg(ctypes.Structure):
        _fields_ = [("name", ctypes.c_char_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(Iov)),
                    ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                    ("flags", ctypes.c_size_t), ("n", ctypes.c_size_t)]
    s = sock(host, UDP)
    iov = Iov(b"hello", 5)
    v = (Msg * 3)()
    for m, (h, p) in zip(v, ((host, port), (other, other_port), (host, port))):
        a = raw4(h, int(p))
        m.name, m.namelen, m.iov, m.iovlen = a, len(a), ctypes.pointer(iov), 1
    sent = call("sendmmsg", s.fileno(), v, 3, 0)
    try:
        call("sendmmsg", s.fileno(), ctypes.byref(v, sent * ctypes.sizeof(Msg)), 3 - sent, 0)
    except PermissionError:
        return f"{sent} EPERM"
    return f"{sent} ok"


def fastopen(host, port):
    s = socket.socket(family(host), TCP)
    s.sendto(b"hello", MSG_FASTOPEN, (host, int(port)))
    return s.recv(99).decode()


def fastopen_connect(host, port):
    s = sock(host, TCP)
    s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    s.connect((host, int(port)))
    s.sendall(b"hello")
    return s.recv(99).decode()


def bind(host, port, kind="tcp"):
    s = sock(host, TCP if kind == "tcp" else UDP)
    s.bind((host, int(port)))
    return "ok"


def bind_zero(host, to, port):
    s = sock(host, TCP)
    s.bind((host, 0))
    s.connect((to, int(port)))
    s.sendall(b"hello")
    return s.recv(99).decode()


def make(fam, kind, proto):
    socket.socket(int(fam), int(kind), int(proto))
    return "ok"


def source_route(host, first):
    """Loose source route: on the wire the packet goes to FIRST."""
    return b"\x83\x07\x04" + socket.inet_aton(first) + b"\x00"


def route_udp(host, port, first):
    s = sock(host, UDP)
    s.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, source_route(host, first))
    s.sendto(b"routed", (host, int(port)))
    return "ok"


def route_tcp(host, port, first):
    s = sock(host, TCP)
    s.settimeout(0.3)
    s.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, source_route(host, first))
    s.connect((host, int(port)))
    return "ok"


def route_tcp_late(host, port, first):
    """Set on a connection that is up."""
    s = sock(host, TCP)
    s.connect((host, int(port)))
    s.setsockopt(socket.IPPROTO_IP, IP_OPTIONS, source_route(host, first))
    s.send(b"routed")
    return "ok"


def route_control(host, port, first):
    s = sock(host, UDP)
    s.sendmsg([b"routed"], [(socket.IPPROTO_IP, IP_RETOPTS, source_route(host, first))], 0, (host, int(port)))
    return "ok"


def route_v6(host, port, first):
    """A segment routing header: FIRST, then HOST."""
    s = sock(host, UDP)
    segments = socket.inet_pton(socket.AF_INET6, host) + socket.inet_pton(socket.AF_INET6, first)
    s.setsockopt(IPPROTO_IPV6, IPV6_RTHDR, struct.pack("!BBBBBBH", 0, len(segments) // 8, 4, 1, 1, 0, 0) + segments)
    s.sendto(b"routed", (host, int(port)))
    return "ok"


def port_zero(host):
    """What a resolver does to learn its source address; nothing can be sent by it."""
    s = sock(host, UDP)
    s.connect((host, 0))
    try:
        s.send(b"zero")
    except OSError as e:
        return "ok " + errno.errorcode[e.errno]
    return "ok sent"


def own_server(host, port):
    s = socket.create_server((host, int(port)), family=family(host))
    c = socket.create_connection((host, int(port)), 3)
    a, _ = s.accept()
    c.sendall(b"hello")
    return a.recv(99).decode()


def ready(s):
    print(s.getsockname()[1], flush=True)


def listen():
    """listen() without bind(): no hook sees it. Says its port; until stdin ends, what comes in."""
    s = socket.socket(socket.AF_INET, TCP)
    s.listen(5)
    ready(s)
    while sys.stdin not in (r := select.select([s, sys.stdin], [], [])[0]):
        pass
    return "accepted" if s in r else "nothing"


def receive():
    """The first datagram that arrives at a port of the kernel's choice."""
    s = socket.socket(socket.AF_INET, UDP)
    s.settimeout(5)
    s.bind(("0.0.0.0", 0))
    ready(s)
    return s.recv(99).decode()


def uring(prog, host, port):
    pid = os.popen(f"{prog} {host} {port}; echo rc $?").read().split()
    if pid[-1] == "77":
        return "none"
    return "ok" if pid[0] == "0" else errno.errorcode[-int(pid[0])]


def after_kill(host, port):
    """Says its parent, waits until that is gone, then connects."""
    print(os.getppid(), os.getpid(), flush=True)
    sys.stdin.read()
    return tcp(host, port)


def probe():
    for line in sys.stdin:
        kind, host, port = line.split()
        s = socket.socket(socket.AF_INET6 if kind == "6" else socket.AF_INET, UDP)
        try:
            s.connect((host, int(port)))
            print("1")
        except OSError as e:
            print("0" if e.errno == errno.EPERM else errno.errorcode[e.errno])
        s.close()
    return "end"


if __name__ == "__main__":
    try:
        print(globals()[sys.argv[1]](*sys.argv[2:]), flush=True)
    except OSError as error:
        print(errno.errorcode.get(error.errno, str(error)), flush=True)
