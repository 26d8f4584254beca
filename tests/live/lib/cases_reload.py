# SPDX-License-Identifier: Apache-2.0
"""Host cases: another policy put in force while `attach` runs."""
import os
import pty
import signal
import threading

from cases_attach import EPERM, Client, World, listener, net_policy
from host import read_until
from records import expect, same
from registry import host

STAYS, NEW = b"stays as it is\n", b"another policy: "


def hang_up(a, said):
    os.kill(a.p.pid, signal.SIGHUP)
    a.said += read_until(a.p.stderr.fileno(), said)


class Prober(threading.Thread):
    """Tries what no policy allows, as fast as it can: there must be no moment between two policies."""

    def __init__(self, client, port):
        super().__init__(daemon=True)
        self.client, self.port, self.over, self.tries, self.through = client, port, False, 0, 0

    def run(self):
        while not self.over:
            self.tries += 1
            self.through += self.client.connect("127.0.0.1", self.port) != EPERM


@host("reload_policy_at_hangup")
def reload_policy(h):
    with World(h, "reload") as w, listener() as one, listener() as two, listener() as none:
        path = w.cgroup()
        ports = one.getsockname()[1], two.getsockname()[1]
        c, other = Client(path), Client(path)
        w.started += [c, other]
        a = w.attached("--cgroup", path, "--policy", net_policy(h, ports[0]), own_session=True)
        prober = Prober(other, none.getsockname()[1])
        prober.start()

        def tried(what):
            return [c.connect("127.0.0.1", p) for p in ports], what
        same(tried("first"), ([0, EPERM], "first"), "at first")
        rounds = 6
        for i in range(rounds):
            net_policy(h, ports[(i + 1) % 2])
            hang_up(a, NEW)
            same(tried(i), ([EPERM, 0] if i % 2 == 0 else [0, EPERM], i), "with the other policy")
        with open(h.path("net.toml"), "w") as f:
            f.write("[network]\nalow = []\n")
        hang_up(a, STAYS)
        expect(b"net.toml:2:1: unknown key 'alow'" in a.said, "the mistake is not told", a.said)
        same(tried("last"), ([0, EPERM], "last"), "after a mistake")
        prober.over = True
        prober.join()
        same(prober.through, 0, "times that what no policy allows was possible, of %d" % prober.tries)
        expect(prober.tries > 20, "too few tries", prober.tries)
        t = a.let_go()
        loads = [r for r in t.records if r["event_type"] == "policy"]
        same([(r["action"], r["mode"]) for r in loads], [("load", "enforce")] * rounds, "records of policies", loads)
        same(len({r["policy_sha256"] for r in loads}), 2, "different policies", loads)
        counts = {r["rule"].rsplit(" ", 1)[1].strip('"'): r["matched"] for r in t.summary["rules"] if '"' in r["rule"]}
        same(counts, {"127.0.0.1:%d" % ports[0]: 2 + rounds // 2, "127.0.0.1:%d" % ports[1]: rounds // 2},
             "what the rules decided, over all that came in their place", t.summary["rules"])


@host("reload_not_when_a_terminal_hangs_up")
def reload_terminal(h):
    with World(h, "tty") as w, listener() as one:
        path = w.cgroup()
        w.started.append(Client(path))
        pid, fd = pty.fork()
        if not pid:
            port = one.getsockname()[1]
            os.execv(h.sandtrace, [h.sandtrace, "attach", "--cgroup", path, "--policy", net_policy(h, port), "-o", h.path("t.jsonl")])
        read_until(fd, b"ready: ")
        os.kill(pid, signal.SIGHUP)
        read_until(fd, b"met nothing")  # of the rules, the last line
        _, status = os.waitpid(pid, 0)
        same(os.waitstatus_to_exitcode(status), 0, "status")
