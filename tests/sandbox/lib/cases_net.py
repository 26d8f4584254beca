# SPDX-License-Identifier: Apache-2.0
"""Cases about the network: lists of hosts, names, listening, and what stays closed when the network is open."""
import os
import socket
import subprocess
import time

from groups import project_opts
from host import until
from records import Failure, Skip, expect, same
from registry import case
from side import Listener

CLOSED = ["59-abstract", "59-abstract-dgram", "59-vsock", "59-family:17", "59-family:38", "63-sockopt:mark",
          "63-sockopt:transparent", "57-out:raw", "57-out:mptcp", "63-tun", "63-nested-net", "35-sysv-shm", "35-mq",
          "41-kill:host_pid", "41-pidfd", "59-netlink"]


def blocked_all(found, specs):
    bad = [(s, found.get(s)) for s in specs if not found.get(s) or found[s][0] not in ("blocked", "n/a")]
    expect(not bad, "not refused: %s" % bad)


def needs_filter(r):
    """--net needs cgroup-BPF, which an ordinary user cannot load: a clean refusal is right, and the rest not testable."""
    if r.rc == 125:
        raise Skip("an ordinary user cannot filter by host: " + r.text.strip().splitlines()[0][:150])


@case("60-list")
def listed(box):
    side = box.side
    other = Listener(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
    try:
        allowed = "58-connect:127.0.0.1"
        specs = ["58-connect:127.0.0.1,%d" % other.port, "58-connect:127.0.0.2", "58-connect:0.0.0.0", "58-connect:::1",
                 "58-connect:192.0.2.2", "58-connect:::ffff:127.0.0.2", "58-udp:127.0.0.2", "67-sendmmsg", "67-unspec",
                 "57-fastopen", "57-out:tcp", "57-out:udp", "57-out:sctp", "57-out:icmp", "57-out:udplite"]
        r, found = box.attempt(allowed, *specs, *CLOSED, opts=project_opts(box) + ["--net", "127.0.0.1:%d" % side.tcp.port])
        if box.config.user == "user":
            needs_filter(r)
        r.ran()
        same(found[allowed][0], "allowed", "the one that is listed: %s" % (found[allowed],))
        blocked_all(found, specs + CLOSED)
        same(other.count, 0, "connections to a port that is not listed")
        until(lambda: side.tcp.count > side.counts["tcp"], "the listed host saw no connection")
        same(side.tcp.count - side.counts["tcp"], 1, "connections to the listed host")
        side.counts["tcp"] = side.tcp.count
        if r.trace:
            text = str([x for x in r.trace.records if x.get("action") == "deny"])
            expect("127.0.0.2" in text, "no denial names 127.0.0.2")
    finally:
        other.close()


@case("60-cidr")
def cidr(box):
    side = box.side
    r, found = box.attempt("58-connect:127.0.0.1", "58-connect:127.0.1.1", "58-connect:::ffff:127.0.0.1",
                           opts=project_opts(box) + ["--net", "127.0.0.0/24:%d" % side.tcp.port])
    if box.config.user == "user":
        needs_filter(r)
    r.ran()
    same(found["58-connect:127.0.0.1"][0], "allowed", "inside the range")
    same(found["58-connect:127.0.1.1"][0], "blocked", "outside the range")
    until(lambda: side.tcp.count > side.counts["tcp"], "no connection arrived")
    side.counts = side.contacts()


@case("61-names")
def names(box):
    """A name that leads to this machine or its neighbours is no way in; odd spellings of addresses are not either."""
    for rule in ("localhost:80", "localhost.:80", "2130706433:80", "0177.0.0.1:80", "0x7f.1:80", "127.1:80"):
        r = box.run("/bin/true", opts=["--net", rule], traced=False)
        expect(r.rc == 125, "--net %s: status %d: %s" % (rule, r.rc, r.text[-200:]))
    if box.config.user == "user":
        return
    hosts = box.side.path("hosts")
    lines = {"evil-loop.test": "127.0.0.1", "evil-ten.test": "10.1.2.3", "evil-meta.test": "169.254.169.254",
             "evil-meta6.test": "fd00:ec2::254", "evil-own.test": "192.0.2.2", "evil-mapped.test": "::ffff:127.0.0.1",
             "evil-any.test": "0.0.0.0"}
    with open(hosts, "w") as f:
        f.write("127.0.0.1 localhost\n" + "".join("%s %s\n" % (v, k) for k, v in lines.items()))
    for name, addr in lines.items():
        cmd = box.command(["--net", name + ":80"], ["/bin/true"])
        p = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts] + cmd,
                           capture_output=True, timeout=60, env=dict(os.environ, HOME=box.side.path("home")))
        expect(p.returncode == 125, "--net %s (%s): status %d: %s" % (name, addr, p.returncode, p.stderr[-300:]))


@case("62-dns")
def dns(box):
    """No question leaves: not to the configured resolver, not to one given by address, not by TCP."""
    r = box.run("/usr/bin/python3", "-c",
                "import socket\ntry:\n print('resolved', socket.getaddrinfo('secret.evil.test', 80))\n"
                "except OSError as e:\n print('no', e)", opts=project_opts(box)).ran()
    expect(b"resolved" not in r.out, "%r" % r.out)
    specs = ["58-udp:192.0.2.77,53", "58-connect:192.0.2.77,53", "58-udp:192.0.2.77,5353", "58-udp:127.0.0.53,53"]
    r, found = box.attempt(*specs, opts=project_opts(box))
    blocked_all(found, specs)


@case("63-open-net")
def open_net(box):
    """--allow-net and --allow-unix open just that: the host's abstract sockets are Landlock's to keep away."""
    side = box.side
    specs = [s for s in CLOSED if s not in ("57-out:mptcp",)]
    r, found = box.attempt("58-connect:127.0.0.1", "58-own-loopback", *specs, opts=project_opts(box) + ["--allow-net", "--allow-unix"])
    r.ran()
    same(found["58-connect:127.0.0.1"][0], "allowed", "connect under --allow-net: %s" % (found["58-connect:127.0.0.1"],))
    blocked_all(found, specs)
    for s in ("59-abstract", "59-abstract-dgram"):
        expect("EPERM connect" in found[s][1] or "EPERM sendto" in found[s][1], "%s: %s" % (s, found[s]))
    until(lambda: side.tcp.count > side.counts["tcp"], "no connection arrived")
    side.counts = side.contacts()


@case("64-noproxy")
def noproxy(box):
    for args in (["--noproxy", "*"], ["-x", "http://127.0.0.1:%d" % box.side.tcp.port]):
        r = box.run("/usr/bin/curl", "-sS", "-m", "3", *args, "http://127.0.0.1:%d/" % box.side.tcp.port)
        expect(r.rc not in (0, 52, 124), "curl %s: status %d" % (args, r.rc))


@case("66-listen")
def listen(box):
    """A port that the command listens on is its own: nobody outside gets through, and no port of the host is taken."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    for name in ("listening", "stop"):
        if os.path.exists(box.side.path("project", name)):
            os.unlink(box.side.path("project", name))
    spec = "66-listen:%d" % port
    p = box.popen(box.command(project_opts(box), box.attempt_argv([spec])))
    try:
        until(lambda: os.path.exists(box.side.path("project/listening")) or p.poll() is not None, "it does not listen")
        for host in ("127.0.0.1", "192.0.2.2"):
            try:
                socket.create_connection((host, port), 1).close()
                raise Failure("the host reached the command's port %d" % port)
            except OSError:
                pass
    finally:
        with open(box.side.path("project/stop"), "w"):
            pass
        out, err = p.communicate(timeout=30)
    # strict has no sockets of the internet at all without a network
    want = b" blocked E" if box.config.profile == "strict" else b" blocked ECONNREFUSED"
    expect(want in out, "%r %r" % (out, err[-300:]))


@case("67-addresses", only="root/default")
def addresses(box):
    """Every way to name a destination is in the trace with the address."""
    specs = ["57-out:tcp", "57-out:udp", "67-sendmmsg", "67-unspec", "57-fastopen"]
    r, found = box.attempt(*specs, opts=project_opts(box))
    r.ran()
    for call in ("connect", "sendto", "sendmmsg"):
        hits = [x for x in r.trace.calls(call) if "192.0.2.77" in str(x)]
        expect(hits or call == "sendto" and found["57-fastopen"][0] == "n/a", "%s without its address" % call,
               r.trace.calls(call)[:3])
