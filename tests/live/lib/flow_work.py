#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the cases of flows run, in a network of its own: does it, and prints what it sent and got as one line of JSON."""
import array
import fcntl
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import threading

LO = "127.0.0.1"
LINGER_RESET = struct.pack("ii", 1, 0)
UDP_SEGMENT = 103
TCP_FASTOPEN = 23
MSG_FASTOPEN = 0x20000000


def tcp_info(s):
    """The kernel's own account of a connection, of which `ss -ti` shows the same."""
    raw = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    acked, received = struct.unpack_from("QQ", raw, 120)
    segs_in, segs_out = struct.unpack_from("II", raw, 152)  # data_segs_in, data_segs_out
    return {"acked": acked, "received": received, "packets_in": segs_in, "packets_out": segs_out}


def snmp():
    """Of this network alone: what nstat shows."""
    rows, out = {}, {}
    with open("/proc/net/snmp") as f:
        for line in f:
            name, _, rest = line.partition(":")
            rows.setdefault(name, []).append(rest.split())
    for name in ("Tcp", "Udp"):
        out.update((name + k, int(v)) for k, v in zip(*rows[name]))
    return out


def listener(addr=LO, family=socket.AF_INET, backlog=4096):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, 0))
    s.listen(backlog)
    return s


def pull(s, size):
    got = 0
    while got < size:
        data = s.recv(min(65536, size - got))
        if not data:
            break
        got += len(data)
    return got


def drain(s):
    got = 0
    while True:
        data = s.recv(65536)
        if not data:
            return got
        got += len(data)


def transfer():
    """Each sends what it likes; every other server ends first, and every third client half-closes."""
    rnd = random.Random(7)
    server, facts = listener(), []
    for i in range(60):
        there, back = rnd.choice((0, 1, 1000, 70000, 900000)), rnd.choice((0, 1, 3000, 400000))
        c = socket.create_connection(server.getsockname())
        s, _ = server.accept()
        t = threading.Thread(target=lambda: c.sendall(b"c" * there))
        t.start()
        pull(s, there)
        t.join()
        t = threading.Thread(target=lambda: s.sendall(b"s" * back))
        t.start()
        pull(c, back)
        t.join()
        # what is on its way is an acknowledgement only; wait until both have all of them
        until_acked(c)
        until_acked(s)
        fact = {"client": c.getsockname(), "server": server.getsockname(), "there": there, "back": back, "c": tcp_info(c), "s": tcp_info(s)}
        first, second = (s, c) if i % 2 else (c, s)
        if i % 3 == 0:
            first.shutdown(socket.SHUT_WR)
            drain(second)
        first.close()
        second.close()
        facts.append(fact)
    return facts


def until_acked(s):
    while struct.unpack("i", fcntl.ioctl(s, 0x5411, b"\0\0\0\0"))[0]:  # SIOCOUTQ
        select.select([], [], [], 0.001)


MANY = 3000


def many():
    """Short connections from several threads at once."""
    server, pairs, lock = listener(), [], threading.Lock()

    def accepts():
        for _ in range(MANY):
            s, _ = server.accept()
            s.recv(16)
            s.close()

    def connects(n):
        for _ in range(n):
            c = socket.create_connection(server.getsockname())
            with lock:
                pairs.append(c.getsockname()[1])
            c.sendall(b"hello")
            drain(c)
            c.close()
    threads = [threading.Thread(target=accepts)] + [threading.Thread(target=connects, args=(MANY // 4,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return {"ports": pairs, "server": server.getsockname()}


def resets():
    server, ports = listener(), []
    for _ in range(100):
        c = socket.create_connection(server.getsockname())
        s, _ = server.accept()
        ports.append(c.getsockname()[1])
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        c.sendall(b"x" * 10)
        pull(s, 10)
        c.close()
        try:
            s.recv(1)
        except ConnectionResetError:
            pass
        s.close()
    return {"ports": ports}


def refused():
    server = listener()
    nobody = server.getsockname()
    server.close()
    for _ in range(20):
        try:
            socket.create_connection(nobody)
        except ConnectionRefusedError:
            pass
    # given up: a listener that takes nobody any more
    full = listener(backlog=0)
    waiting, given_up = [], []
    for _ in range(8):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(full.getsockname())
        waiting.append(c)
    for c in waiting:
        if c.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 2:  # SYN_SENT
            given_up.append(c.getsockname()[1])
        c.close()
    # connect(AF_UNSPEC) ends a connection, and the socket is used for another
    again = listener()
    c, ports = socket.create_connection(again.getsockname()), []
    for _ in range(3):
        ports.append(c.getsockname()[1])
        c.sendall(b"x" * 7)
        s, _ = again.accept()
        pull(s, 7)
        libc().connect(c.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)
        c.connect(again.getsockname())
    c.close()
    return {"nobody": nobody[1], "given_up": given_up, "full": full.getsockname()[1], "again": again.getsockname()[1], "ports": ports}


def libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)


def fast_open():
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as f:
        f.write("1027")  # both sides, without a cookie
    server = socket.socket()
    server.bind((LO, 0))
    server.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    server.listen(16)
    facts = []
    for n in (1, 100, 1000):
        c = socket.socket()
        c.sendto(b"f" * n, MSG_FASTOPEN, server.getsockname())
        s, _ = server.accept()
        pull(s, n)
        s.sendall(b"g" * 2 * n)
        pull(c, 2 * n)
        s.close()
        drain(c)
        facts.append({"port": c.getsockname()[1], "there": n, "back": 2 * n})
        c.close()
    return facts


def both_begin():
    """Simultaneous open: to itself."""
    s = socket.socket()
    s.bind((LO, 0))
    s.connect(s.getsockname())
    s.sendall(b"a" * 11)
    facts = {"port": s.getsockname()[1], "got": pull(s, 11)}
    s.close()
    return facts


DESTINATIONS, EACH, LENGTH = 300, 10, 48


def udp():
    sockets, ports = [], {}
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.bind((LO, 0))
    for _ in range(DESTINATIONS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((LO, 0))
        sockets.append(s)
        ports[s.getsockname()[1]] = 0
    for i in range(EACH):
        for s in sockets:
            out.sendto(b"u" * (LENGTH + i), s.getsockname())
            data, sender = s.recvfrom(1000)
            ports[s.getsockname()[1]] += len(data)
            if i % 2:
                s.sendto(b"v", sender)
                out.recv(10)
    return {"port": out.getsockname()[1], "ports": ports}


def segments():
    """One call, one packet, many datagrams; one datagram of many calls; none at all."""
    to, out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    to.bind((LO, 0))
    out.connect(to.getsockname())
    out.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
    out.send(b"x" * 10500)
    got = [len(to.recv(65536)) for _ in range(11)]
    out.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
    out.send(b"y" * 30, socket.MSG_MORE)
    out.send(b"z" * 3)
    got.append(len(to.recv(65536)))
    out.send(b"")
    got.append(len(to.recv(65536)))
    out.send(b"w" * 40000)
    got.append(len(to.recv(65536)))
    return {"port": to.getsockname()[1], "from": out.getsockname()[1], "got": got}


def mapped():
    tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    tcp.bind(("::", 0))
    tcp.listen(4)
    c = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    c.connect(("::ffff:127.0.0.1", tcp.getsockname()[1]))
    c6 = socket.create_connection(("::1", tcp.getsockname()[1]))
    udp6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp6.bind(("::", 0))
    u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    u.sendto(b"m", ("::ffff:127.0.0.1", udp6.getsockname()[1]))
    udp6.recv(10)
    u.sendto(b"six", ("::1", udp6.getsockname()[1]))
    udp6.recv(10)
    return {"tcp": tcp.getsockname()[1], "v4": c.getsockname()[1], "v6": c6.getsockname()[1], "udp": udp6.getsockname()[1]}


def forked():
    """A server whose children accept."""
    server = listener()
    children = []
    for _ in range(3):
        pid = os.fork()
        if not pid:
            s, _ = server.accept()
            s.sendall(b"hi" * pull(s, 1))
            s.close()
            os._exit(0)
        children.append(pid)
    ports = []
    for _ in children:
        c = socket.create_connection(server.getsockname())
        ports.append(c.getsockname()[1])
        c.sendall(b"1")
        drain(c)
        c.close()
    for pid in children:
        os.waitpid(pid, 0)
    return {"server": server.getsockname()[1], "pid": os.getpid(), "children": children, "ports": ports}


def passed():
    """A connected socket and one for datagrams go to another process; who made them ends before they are used."""
    server, sink = listener(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind((LO, 0))
    here, there = socket.socketpair()
    maker = os.fork()
    if not maker:
        c, u = socket.create_connection(server.getsockname()), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        there.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [c.fileno(), u.fileno()]))])
        os._exit(0)
    _, control, _, _ = here.recvmsg(1, socket.CMSG_SPACE(8))
    os.waitpid(maker, 0)
    fds = array.array("i")
    fds.frombytes(control[0][2])
    c, u = socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1])
    s, _ = server.accept()
    c.sendall(b"p" * 99)
    pull(s, 99)
    port = c.getsockname()[1]
    c.close()
    drain(s)
    s.close()
    u.sendto(b"d" * 5, sink.getsockname())
    sink.recv(10)
    return {"maker": maker, "pid": os.getpid(), "port": port, "sink": sink.getsockname()[1]}


def killed():
    """A process with open connections gets SIGKILL, in the middle of sending."""
    server, udp_sink = listener(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp_sink.bind((LO, 0))
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        all_of = [socket.create_connection(server.getsockname()) for _ in range(5)]
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        u.sendto(b"last", udp_sink.getsockname())
        os.write(w, json.dumps([c.getsockname()[1] for c in all_of]).encode() + b"\n")
        while True:
            all_of[0].sendall(b"k" * 65536)
    ports = json.loads(os.read(r, 4096))
    taken = [server.accept()[0] for _ in ports]
    pull(taken[0], 100000)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    rest = []
    for s in taken:
        try:
            rest.append(drain(s))
        except ConnectionResetError:
            rest.append(-1)
        s.close()
    return {"pid": pid, "ports": ports, "got": [rest[0] + 100000] + rest[1:], "sink": udp_sink.getsockname()[1]}


def before():
    """Has sockets already, and obeys: what it is attached to."""
    peer, mine = listener(), listener()
    out = socket.create_connection(peer.getsockname())
    far_out, _ = peer.accept()
    far_in = socket.create_connection(mine.getsockname())
    into, _ = mine.accept()
    u, sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind((LO, 0))
    for s, t in ((out, far_out), (far_out, out), (into, far_in), (far_in, into)):
        s.sendall(b"b" * 500)
        pull(t, 500)
    # out and into stay here, their other ends go elsewhere
    pid = os.fork()
    if not pid:
        for s in (out, into, u, peer, mine):
            s.close()
        while far_out.recv(100):
            pass
        far_out.close()
        far_in.recv(100)
        os._exit(0)
    far_out.close()
    far_in.close()
    say({"pid": os.getpid(), "out": out.getsockname()[1], "into": into.getsockname()[1], "far_in": into.getpeername()[1],
         "sink": sink.getsockname()[1]})
    for line in sys.stdin:
        if line == "use\n":
            u.sendto(b"now", sink.getsockname())
            sink.recv(10)
            late = socket.create_connection(mine.getsockname())
            mine.accept()[0].close()
            drain(late)
            late.close()
            stale = socket.create_connection(mine.getsockname())  # over, and nobody closes it
            end, _ = mine.accept()
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
            end.close()
            out.sendall(b"o" * 33)
            into.sendall(b"i" * 44)
            until_acked(out)
            until_acked(into)
        elif line == "close\n":
            out.close()
        say("done")
    for s in (into, out, stale):
        s.close()
    os.waitpid(pid, 0)


def say(what):
    print(json.dumps(what), flush=True)


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    fn = globals()[sys.argv[1]]
    if fn is before:
        return before()
    facts = fn()
    say({"facts": facts, "snmp": snmp()})


main()
