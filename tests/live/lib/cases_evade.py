# SPDX-License-Identifier: Apache-2.0
"""Host cases: ways round a policy where no LSM can refuse. What cgroup-BPF holds, what it does not, and that it is said."""
import os
import socket
import subprocess
import sys

from cases_attach import EPERM, World, move
from host import LIMIT, cgroup_mount, read_until
from registry import host
from records import Skip, expect, same

POLICY = """
[filesystem]
deny_write = ["/srv/data"]
deny_exec = ["/tmp"]
[network]
allow = ["127.0.0.1:80"]
[syscalls]
deny = ["bpf"]
"""
OTHERS = ('filesystem.deny_write /srv/data', 'filesystem.deny_exec /tmp', 'syscalls.deny bpf')
# In places of their own: ports 80 and 81, and what tests/security/evade expects to find below /srv, /mnt and /tmp.
ENTER = """set -e
ip link set lo up
for dir in /mnt /srv; do mount -t tmpfs none $dir; done
cp "$1" /mnt/program
mount -t tmpfs none /tmp
"""
EVADE = ENTER + "/mnt/program world && exec /mnt/program serve"
# Attempts of tests/security/evade_net.c, and what comes of each. docs/security-profile.md lists those that go through.
HELD = ("connect-port", "connect-address", "connect-udp", "connect-v6", "connect-mapped", "mptcp", "raw-socket", "sendto",
        "sendto-without-family", "sendmmsg", "fast-open", "uring-connect")
NOT_HELD = ("send-old-tcp", "write-old-tcp", "send-old-udp", "send-passed-socket", "packet-socket")


class Evader:
    """Obeys lines, and answers each with one. In a group of its own when it says that it is ready."""

    def __init__(self, argv, cgroup, **kw):
        self.p = subprocess.Popen(["unshare", "-n", "-m", *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **kw)
        self.pid = int(read_until(self.p.stdout.fileno(), b"\n").split()[1])
        move(self.pid, cgroup)

    def attempt(self, words):
        """An errno, 0 for done, -1 for what cannot be tried here."""
        self.p.stdin.write(words.encode() + b"\n")
        self.p.stdin.flush()
        return int(read_until(self.p.stdout.fileno(), b"\n").split()[1])

    def stop(self):
        if self.p.poll() is None:
            self.p.stdin.close()
            self.p.wait(LIMIT)


def evader(h, w, cgroup):
    program = os.path.join(os.path.dirname(h.progs), "evade")
    if not os.path.exists(program):
        raise Skip("no %s: run make security-progs" % program)
    w.started.append(Evader(["sh", "-c", EVADE, "sh", program], cgroup))
    return w.started[-1]


def policy(h):
    with open(h.path("four.toml"), "w") as f:
        f.write(POLICY)
    return h.path("four.toml")


def attach(w, path, file, *opts):
    a = w.attached("--cgroup", path, "--policy", file, "--allow-degraded=lsm", *opts)
    if b"lsm: " in a.said:
        a.let_go()
        raise Skip("BPF LSM refuses here: tests/vm/evasion")
    return a


@host("fallback_of_a_policy_of_four_rules")
def four_rules(h):
    """What a host without BPF LSM can hold is held, and nothing begins before somebody has accepted that the rest is open."""
    with World(h, "four") as w:
        path = w.cgroup()
        e = evader(h, w, path)
        argv = [h.sandtrace, "attach", "--cgroup", path, "--policy", policy(h), "-o", h.path("t.jsonl"), "--timeout", "100ms"]
        rc, _, err = h.exec(argv)
        if not rc:
            expect(b": lsm: " in err, "it goes on without the option, and nothing refuses: %r" % err)
            raise Skip("BPF LSM refuses here: tests/vm/evasion")
        where = ("four.toml:3:", "four.toml:4:", "four.toml:8:")
        h.refused(rc, err, "3 rules", *where, *OTHERS, "needs BPF LSM", "--allow-degraded=lsm")
        expect(b"network.allow" not in err, "it complains of a rule that can be enforced: %r" % err)
        expect(not os.path.exists(h.path("t.jsonl")), "a trace was made")
        same(e.attempt("connect-port"), 0, "a connect after the refusal")
        a = attach(w, path, h.path("four.toml"))
        same((e.attempt("connect-allowed"), e.attempt("connect-port")), (0, EPERM), "connects to ports 80 and 81")
        same([e.attempt(x) for x in ("open", "exec", "bpf-map")], [0, 0, 0], "what is open, as it says")
        t = a.let_go()
        for rule in OTHERS:
            expect(any("not enforced: " in d and rule in d for d in t.header["degraded"]), "no word of %s" % rule, [t.header])
            expect(rule.encode() in a.said, "no warning of %s: %r" % (rule, a.said))
        same(t.header["layers"], ["cgroup-bpf: 1 rule"], "layers")
        expect(not any("network.allow" in d for d in t.header["degraded"]), "the network rule is degraded", [t.header])
        rules = [(r["rule"].partition(": ")[2], r["layer"], r["matched"]) for r in t.summary["rules"]]
        same(rules, [('network.allow "127.0.0.1:80"', "cgroup-bpf", 1)], "rules of the summary")
        same(e.attempt("connect-port"), 0, "a connect afterwards")


@host("fallback_against_ways_round_network_rules")
def ways_round(h):
    with World(h, "round") as w:
        path = w.cgroup()
        e = evader(h, w, path)
        a = attach(w, path, policy(h))
        got = {x: e.attempt(x) for x in HELD + NOT_HELD}
        for x in HELD:
            expect(got[x] in (EPERM, -1), "%s is not refused: %d" % (x, got[x]))
        expect(sum(got[x] == EPERM for x in HELD) >= len(HELD) - 2, "too much could not be tried: %s" % got)  # MPTCP, io_uring
        # one that is held from now on has to leave the list in docs/security-profile.md
        same([x for x in NOT_HELD if got[x] not in (0, -1)], [], "no longer as documented")
        t = a.let_go()
        expect(any("connections made before, and sockets brought from another cgroup" in d for d in t.header["degraded"]),
               "the header does not say what stays open", [t.header])
        denied = t.summary["network_filter"]["denied"]
        expect(denied >= len([x for x in HELD if got[x] == EPERM]), "%d refusals counted" % denied, [t.summary])


# Commands: "connect PORT"; "move DIR", itself to that group; "passed KIND PORT", by a socket that somebody outside made.
ESCAPE = """
import os, socket, sys
world = socket.socket(fileno=int(sys.argv[1]))
servers = [socket.create_server(("127.0.0.1", port)) for port in (80, 81)]
print("ready", os.getpid(), flush=True)

def connect(port, s=None):
    s = s or socket.socket()
    with s:
        return s.connect_ex(("127.0.0.1", int(port)))

def move(path):
    with open(path + "/cgroup.procs", "w") as f:
        f.write("0")
    return 0

def passed(port):
    return connect(port, socket.socket(fileno=socket.recv_fds(world, 1, 1)[1][0]))

for line in sys.stdin:
    words = line.split()
    print(words[0], globals()[words[0]](*words[1:]), flush=True)
"""


def escaper(w, cgroup):
    """And our end of the socket by which it is handed others."""
    ours, its = socket.socketpair()
    with its:
        argv = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-c", ESCAPE, str(its.fileno())]
        w.started.append(Evader(argv, cgroup, pass_fds=[its.fileno()]))
    return w.started[-1], ours


def hand_over(e, ours, kind):
    """A socket of the escaper's network, made by us, in our control group."""
    made = subprocess.run(["nsenter", "-t", str(e.pid), "-n", sys.executable, "-c",
                           "import socket, sys; w, s = socket.socket(fileno=int(sys.argv[1])), socket.socket(type=int(sys.argv[2]));"
                           "socket.send_fds(w, [b'x'], [s.fileno()])",
                           str(ours.fileno()), str(int(kind))], pass_fds=[ours.fileno()])
    same(made.returncode, 0, "status of who hands over a socket")


@host("fallback_does_not_hold_sockets_of_others")
def others_sockets(h):
    """cgroup-BPF asks for the group in which a socket was made, not for who uses it."""
    with World(h, "others") as w:
        path = w.cgroup()
        e, ours = escaper(w, path)
        a = attach(w, path, policy(h))
        with ours:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                hand_over(e, ours, kind)
                same(e.attempt("passed 81"), 0, "connect of a socket that was passed in: no longer as documented")
        same(e.attempt("connect 81"), EPERM, "connect of its own")
        t = a.let_go()
        calls = [(r["args"]["decoded"]["addr"]["port"], r.get("errno")) for r in t.calls("connect", pid=e.pid)]
        same(calls, [(81, None), (81, None), (81, "EPERM")], "what is seen of it", t.calls("connect"))


@host("fallback_does_not_hold_who_leaves_the_cgroup")
def leaves(h):
    """It goes unrefused, as documented, and not unseen: the move is a record, and what it does afterwards is still recorded."""
    with World(h, "leaves") as w:
        path = w.cgroup()
        e, ours = escaper(w, path)
        ours.close()
        a = attach(w, path, policy(h))
        same(e.attempt("connect 81"), EPERM, "connect from inside")
        same(e.attempt("move " + cgroup_mount()), 0, "the move")
        same(e.attempt("connect 81"), 0, "connect from outside: no longer as documented")
        t = a.let_go(one_cgroup=False)
        moves = [(r["pid"], r["target_pid"], r["text"]) for r in t.by_type.get("kernel", []) if r["action"] == "cgroup"]
        same(moves, [(e.pid, e.pid, "/")], "moves", t.by_type.get("kernel", []))
        calls = [r.get("errno") for r in t.calls("connect", pid=e.pid)]
        same(calls, ["EPERM", None], "connects", t.calls("connect"))
