# SPDX-License-Identifier: Apache-2.0
"""Host cases: flows, compared with what the programs sent and got (flow_work.py) and with the kernel's own counts."""
import collections
import json
import os
import re
import subprocess

from cases_attach import World
from host import Child, read_until
from registry import host
from records import expect, same

WORK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "flow_work.py")
RESET, REFUSED = -104, -111
MANY = 3000


class Flows:
    def __init__(self, t):
        self.all = [r for r in t.records if r["event_type"] == "flow"]
        self.by = collections.defaultdict(list)
        for r in self.all:
            self.by[r["action"]].append(r)
        network = t.summary["classes"].get("network", {"seen": 0, "emitted": 0, "lost": 0})
        same(network["seen"], network["emitted"] + network["lost"], "seen of class network", [t.summary])
        same(network["lost"], 0, "lost of class network", [t.summary])

    def of(self, action, **want):
        """LOCAL, REMOTE: ports."""
        def fits(r):
            return all((r[k]["port"] if k in ("local", "remote") else r[k]) == v for k, v in want.items())
        return [r for r in self.by[action] if fits(r)]

    def one(self, action, **want):
        got = self.of(action, **want)
        same(len(got), 1, "%s with %s" % (action, want), got or self.all[:4])
        return got[0]

    def paired(self, unseen=()):
        """Each connection has one open and one end, which agree; but for those that end UNSEEN."""
        def key(r):
            return r["local"]["port"], r["remote"]["port"], r["incoming"]
        opens, ends = (collections.Counter(map(key, rows)) for rows in (self.by["open"], self.by["close"] + self.by["ongoing"]))
        for k in list(opens - ends):
            if k[:2] in unseen:
                del opens[k]
        same((opens - ends, ends - opens), (collections.Counter(), collections.Counter()), "opens and their ends")
        return sum(opens.values())


class Ends:
    """The kernel's own events of connections that end, by ftrace. Some hosted machines run no BPF program for what a packet does
    while their process 1 is interrupted: such an end cannot be seen."""
    DIR = "/sys/kernel/tracing/instances/sandtrace-test-%d"

    def __init__(self):
        self.dir, self.unseen = self.DIR % os.getpid(), set()

    def set(self, name, value):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(value)

    def __enter__(self):
        if os.path.isdir(os.path.dirname(self.dir)):
            os.mkdir(self.dir)
            self.set("buffer_size_kb", "8192")
            self.set("events/sock/inet_sock_set_state/filter", "protocol == 6 && newstate == 7")
            self.set("events/sock/inet_sock_set_state/enable", "1")
        return self

    def __exit__(self, *_):
        if not os.path.isdir(self.dir):
            return
        self.set("events/sock/inet_sock_set_state/enable", "0")
        first = set(os.listdir("/proc/1/task"))
        with open(os.path.join(self.dir, "trace")) as f:
            for m in re.finditer(r"-(\d+) +\[.* sport=(\d+) dport=(\d+) ", f.read()):
                if m[1] in first:
                    self.unseen.add((int(m[2]), int(m[3])))
        os.rmdir(self.dir)


def record(h, work):
    """In a network of its own. Its records, what it says, and the kernel's counts."""
    with Ends() as ends:
        status, out, err = h.run("/usr/bin/unshare", "-n", "/usr/bin/python3", WORK, work, opts=["--profile", "security"])
    same(status, 0, "status (%s)" % err[-800:])
    said = json.loads(out)
    t = h.trace(partial=True)
    flows = Flows(t)
    flows.unseen = ends.unseen
    flows.paired(ends.unseen)
    return flows, said["facts"], said["snmp"]


def began(r):
    """Nanoseconds in the minute."""
    return (int(float(r["timestamp"][17:19])) * 10**9 + int(r["timestamp"][20:29]) - r["duration"]) % (60 * 10**9)


@host("flow_transfers_have_the_kernels_counts")
def transfers(h):
    flows, facts, snmp = record(h, "transfer")
    same(len(flows.by["open"]), 2 * len(facts), "connections")
    same((snmp["TcpActiveOpens"], snmp["TcpPassiveOpens"]), (len(facts), len(facts)), "the kernel's count of connections")
    for f in facts:
        client, server = (flows.one("close", local=f[a][1], remote=f[b][1], incoming=i)
                          for a, b, i in (("client", "server", False), ("server", "client", True)))
        same((client["bytes_out"], client["bytes_in"]), (f["there"], f["back"]), "the client's bytes", [client])
        same((server["bytes_out"], server["bytes_in"]), (f["back"], f["there"]), "the server's bytes", [server])
        for r, info in ((client, f["c"]), (server, f["s"])):
            same({k: r[k] for k in ("packets_in", "packets_out")}, {k: info[k] for k in ("packets_in", "packets_out")}, "segments", [r])
            same(r["bytes_in"], info["received"], "bytes_received", [r])
            same(r["bytes_out"] + (not r["incoming"]), info["acked"], "bytes_acked, and a SYN", [r])
            same(r["error"], 0, "error", [r])
            expect(r["socket"] > 0 and r["duration"] > 0, "no socket or no time", [r])
        opened = flows.one("open", local=f["client"][1], remote=f["server"][1])
        same(opened["socket"], client["socket"], "socket", [opened, client])
        same(began(opened), began(client), "when it began", [opened, client])


@host("flow_many_short_connections")
def many(h):
    flows, facts, snmp = record(h, "many")
    same(len(flows.by["open"]), 2 * MANY, "opens")
    same((snmp["TcpActiveOpens"], snmp["TcpPassiveOpens"]), (MANY, MANY), "the kernel's count of connections")
    port = facts["server"][1]
    same(sorted(r["local"]["port"] for r in flows.of("open", remote=port)), sorted(facts["ports"]), "opens of the clients")
    same(sorted(r["remote"]["port"] for r in flows.of("open", local=port)), sorted(facts["ports"]), "opens of the server")
    ongoing = len(flows.by["ongoing"])  # in LAST_ACK when the last process ended
    expect(len(flows.by["close"]) + ongoing + len(flows.unseen) >= 2 * MANY and ongoing <= 4, "%d closes" % len(flows.by["close"]))
    same({(r["bytes_out"], r["bytes_in"]) for r in flows.of("close", remote=port)}, {(5, 0)}, "bytes of the clients")


@host("flow_reset")
def resets(h):
    flows, facts, _ = record(h, "resets")
    same(len(flows.by["close"]), 200, "closes")
    for port in facts["ports"]:
        client, server = flows.one("close", local=port), flows.one("close", remote=port)
        same((client["bytes_out"], client["error"]), (10, 0), "who resets", [client])
        same((server["bytes_in"], server["error"]), (10, RESET), "who is reset", [server])


@host("flow_failed_and_given_up")
def refused(h):
    flows, facts, _ = record(h, "refused")
    rows = flows.of("failed", remote=facts["nobody"])
    same([r["error"] for r in rows], [REFUSED] * 20, "connects that are refused")
    same(len({r["local"]["port"] for r in rows}), 20, "their own ports", rows[:3])
    expect(facts["given_up"], "nobody had to wait")
    for port in facts["given_up"]:
        same(flows.one("failed", local=port)["error"], 0, "one that is given up", flows.of("failed", local=port))
    for port in facts["ports"]:
        same(flows.one("close", local=port, remote=facts["again"])["bytes_out"], 7, "a socket's former connection")


@host("flow_fast_open")
def fast_open(h):
    flows, facts, snmp = record(h, "fast_open")
    for f in facts:
        client, server = flows.one("close", local=f["port"]), flows.one("close", remote=f["port"])
        same((client["bytes_out"], client["bytes_in"]), (f["there"], f["back"]), "the client's bytes", [client])
        same((server["bytes_out"], server["bytes_in"]), (f["back"], f["there"]), "the server's bytes", [server])
        same((client["incoming"], server["incoming"]), (False, True), "who began", [client, server])


@host("flow_simultaneous_open")
def both_begin(h):
    flows, facts, _ = record(h, "both_begin")
    r = flows.one("close", local=facts["port"], remote=facts["port"])
    same((facts["got"], r["bytes_out"], r["bytes_in"], r["incoming"]), (11, 11, 11, False), "bytes", [r])


@host("flow_datagrams_to_many")
def udp(h):
    flows, facts, snmp = record(h, "udp")
    rows = flows.of("datagrams", local=facts["port"])
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    for r in rows:
        for i, k in enumerate(("packets_out", "bytes_out", "packets_in", "bytes_in")):
            sums[r["remote"]["port"]][i] += r[k]
    same({int(p): [10, n, 5, 5] for p, n in facts["ports"].items()}, dict(sums), "datagrams by destination")
    expect(len(rows) > 300, "nobody had to make room")
    for p, n in facts["ports"].items():
        r = flows.one("datagrams", local=int(p))
        same((r["packets_in"], r["bytes_in"], r["packets_out"], r["bytes_out"], r["incoming"]), (10, n, 5, 5, True), "the other end", [r])
    same(sum(r["packets_out"] for r in flows.by["datagrams"]), snmp["UdpOutDatagrams"], "the kernel's count of what went out")
    same(sum(r["packets_in"] for r in flows.by["datagrams"]), snmp["UdpInDatagrams"], "the kernel's count of what came in")


@host("flow_datagrams_offloaded_corked_empty")
def segments(h):
    flows, facts, _ = record(h, "segments")
    for r, way in ((flows.one("datagrams", local=facts["from"]), "out"), (flows.one("datagrams", local=facts["port"]), "in")):
        same((r["packets_" + way], r["bytes_" + way]), (len(facts["got"]), sum(facts["got"])), "datagrams " + way, [r])


@host("flow_mapped_addresses")
def mapped(h):
    flows, facts, _ = record(h, "mapped")
    for port, family, address in ((facts["v4"], "AF_INET", "127.0.0.1"), (facts["v6"], "AF_INET6", "::1")):
        for r in (flows.one("open", local=port), flows.one("open", remote=port)):
            same((r["remote"]["family"], r["remote"]["address"], r["local"]["address"]), (family, address, address), "addresses", [r])
        same(r["family"], "AF_INET6", "the socket's family", [r])
    got = {(r["remote"]["family"], r["remote"]["address"], r["bytes_out"]) for r in flows.of("datagrams", remote=facts["udp"])}
    same(got, {("AF_INET", "127.0.0.1", 1), ("AF_INET6", "::1", 3)}, "datagrams")


@host("flow_accepted_in_children")
def forked(h):
    flows, facts, _ = record(h, "forked")
    for port in facts["ports"]:
        opened, closed = flows.one("open", local=facts["server"], remote=port), flows.one("close", local=facts["server"], remote=port)
        same(opened["pid"], facts["pid"], "who listened", [opened])
        expect(closed["pid"] in [facts["pid"]] + facts["children"], "whose it is", [closed])
        same((closed["bytes_in"], closed["bytes_out"]), (1, 2), "bytes", [closed])


@host("flow_passed_socket_keeps_its_owner")
def passed(h):
    flows, facts, _ = record(h, "passed")
    r = flows.one("close", local=facts["port"])
    same((r["pid"], r["bytes_out"]), (facts["maker"], 99), "the connection", [r])
    d = flows.one("datagrams", remote=facts["sink"])
    same((d["pid"], d["bytes_out"]), (facts["maker"], 5), "the datagrams", [d])


@host("flow_of_a_killed_process")
def killed(h):
    flows, facts, _ = record(h, "killed")
    for port, got in zip(facts["ports"], facts["got"]):
        mine, other = flows.one("close", local=port), flows.one("close", remote=port)
        same(mine["pid"], facts["pid"], "whose", [mine])
        if got >= 0:
            same((mine["bytes_out"], other["bytes_in"]), (got, got), "bytes", [mine, other])
    same(flows.one("datagrams", remote=facts["sink"])["bytes_out"], 4, "its last datagram")


class Before(Child):
    """flow_work.py, with sockets already."""

    def __init__(self, enter=None):
        self.p = subprocess.Popen(["/usr/bin/unshare", "-n", "/usr/bin/python3", WORK, "before"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, preexec_fn=enter)
        self.facts = json.loads(read_until(self.p.stdout.fileno(), b"\n"))
        self.pid = self.facts["pid"]

    def do(self, what):
        self.p.stdin.write(what + b"\n")
        self.p.stdin.flush()
        read_until(self.p.stdout.fileno(), b"\n")


def attached(w, p, *target):
    a = w.attached(*target, "--profile", "security")
    p.do(b"use")
    p.do(b"close")
    return Flows(a.let_go(one_cgroup=False)), p.facts


def what_was_there(flows, facts):
    flows.paired()
    out, into = flows.one("open", local=facts["out"]), flows.one("open", remote=facts["far_in"], local=facts["into"])
    same((out["incoming"], into["incoming"]), (False, True), "who began", [out, into])
    closed, ongoing = flows.one("close", local=facts["out"]), flows.one("ongoing", remote=facts["far_in"])
    same((closed["bytes_out"], closed["bytes_in"]), (533, 500), "bytes", [closed])
    same((ongoing["bytes_out"], ongoing["bytes_in"]), (544, 500), "bytes", [ongoing])
    late = [r for r in flows.of("close", local=facts["into"])]
    same([r["incoming"] for r in late], [True, True], "connections to a listener from before", late)
    sent = flows.one("datagrams", remote=facts["sink"])
    same(sent["bytes_out"], 3, "datagrams of a socket from before", [sent])
    same([r["pid"] for r in (out, into, closed, ongoing, sent, *late)], [facts["pid"]] * 7, "whose they are")


@host("flow_attach_finds_sockets_from_before")
def attach_pid(h):
    with World(h, "flow") as w:
        p = Before()
        w.started.append(p)
        what_was_there(*attached(w, p, "--pid", p.pid))
        same(p.end(), 0, "the process goes on")


@host("flow_attach_cgroup_finds_sockets_from_before")
def attach_cgroup(h):
    with World(h, "flow") as w:
        group = w.cgroup()

        def enter():
            with open(os.path.join(group, "cgroup.procs"), "w") as f:
                f.write(str(os.getpid()))
        p = Before(enter)
        w.started.append(p)
        what_was_there(*attached(w, p, "--cgroup", group))
        same(p.end(), 0, "the process goes on")
