# SPDX-License-Identifier: Apache-2.0
"""Addresses and system calls: the evaluated policy, `policy why` and `policy syscalls` against connect() and the kernel."""
import errno as E
import random
import re
import select
import socket

import bench
from bench import name

# May be called with all arguments 0 and without privilege, here and in the sandbox, and nothing happens.
CALLS = """getpid getppid gettid getuid geteuid getgid getegid sched_yield inotify_init1 epoll_create1 eventfd2
 timerfd_create getpgid getsid sched_getscheduler getpriority munlockall times uname sysinfo userfaultfd io_uring_setup
 io_uring_enter io_uring_register bpf keyctl add_key request_key perf_event_open setns mount umount2 chroot swapon swapoff reboot
 acct kexec_load init_module finit_module delete_module pivot_root quotactl syslog name_to_handle_at open_by_handle_at
 fanotify_init pidfd_open process_vm_readv process_vm_writev kcmp clone3 landlock_create_ruleset sethostname adjtimex
 clock_settime move_pages fsopen fsmount open_tree move_mount fsconfig mount_setattr pidfd_getfd process_madvise statx
 openat2 faccessat2 memfd_secret sync_file_range splice tee flock fsync dup getcwd sigaltstack rt_sigpending capget
 getrlimit getrusage gettimeofday time getcpu getrandom membarrier rseq get_mempolicy ioprio_get sched_get_priority_max
 migrate_pages lookup_dcookie modify_ldt iopl ioperm vhangup sendfile timerfd_gettime set_robust_list msgget semget shmget
 mq_unlink""".split()
ALWAYS = {"kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "init_module", "finit_module", "delete_module", "acct",
          "pivot_root"}
ALLOW, EPERM, ENOSYS, CONDITIONAL = 0, 1, 2, 3
WORDS = {ALLOW: "allow", EPERM: "EPERM", ENOSYS: "ENOSYS", CONDITIONAL: "conditional"}


def numbers(b):
    """{name: number} of this machine, from the command that lists them."""
    out = b.run([b.sandtrace, "policy", "syscalls", "--policy", b.policy], 0)[1].decode()
    return {m[2]: (int(m[1]), m[3]) for m in re.finditer(r"^(\d+) +(\S+) +(\S+)", out, re.M)}


def calls(rng, b, count):
    passed, bad = 0, []
    for _ in range(count):
        deny = rng.sample(CALLS, rng.choice((0, 0, 3, 10)))
        allow = rng.sample([c for c in CALLS if c not in ALWAYS], rng.choice((0, 5, 20)))
        b.write_policy("[syscalls]\ndeny = [" + ", ".join(f'"{c}"' for c in deny) + "]\nallow = [" +
                       ", ".join(f'"{c}"' for c in allow) + f']\n[seccomp]\nprofile = "{rng.choice(("default", "strict"))}"\n' +
                       "[filesystem]\n" + rng.choice(("", 'allow_exec = ["**"]\n')))
        table = numbers(b)
        names = [c for c in CALLS if c in table]
        stdin = "".join(f"{table[c][0]}\n" for c in names).encode()
        uid = rng.choice((0, b.user))
        outside = b.run([b.probe, "--drop", "calls"], uid, None, stdin)
        inside = b.contained(uid, ["calls"], None, stdin)
        answers = bench.Answers(b, uid)
        wrong = [f"policy refused: {answers.error}"] if answers.error else []
        if outside[0] or inside[0]:
            wrong.append(f"status {outside[0]}, inside {inside[0]}: {inside[2].decode(errors='replace')}")
        else:
            lists = [list(map(int, x[1].split())) for x in (outside, inside)]
            for c, was, now in zip(names, *lists):
                wrong += one_call(c, int(answers.ask("call " + c)[0]), table[c][1], was, now, c in deny)
            c = rng.choice(names)
            status = b.run([b.sandtrace, "policy", "why", "--policy", b.policy, c], uid)[0]
            if status != (0 if int(answers.ask("call " + c)[0]) in (ALLOW, CONDITIONAL) else 1):
                wrong.append(f"why {c}: status {status}, evaluated {answers.ask('call ' + c)}")
        answers.close()
        passed += not wrong
        if wrong:
            with open(b.policy, encoding="utf-8") as f:
                bad.append(f"  --- calls, user {uid}\n{f.read()}  * " + "\n  * ".join(wrong[:6]))
    return passed, bad


def one_call(c, verdict, word, was, now, denied):
    bad = []
    if WORDS.get(verdict) != word:
        bad.append(f"{c}: decided {WORDS.get(verdict)}, policy syscalls prints {word}")
    if (denied or c in ALWAYS) and verdict == ALLOW:
        bad.append(f"{c} is denied, and the evaluated policy allows it")
    if verdict == EPERM and now != E.EPERM:
        bad.append(f"{c}: decided EPERM, kernel {name(now)}")
    if verdict == ENOSYS and now != E.ENOSYS:
        bad.append(f"{c}: decided ENOSYS, kernel {name(now)}")
    if verdict == ALLOW and now in (E.EPERM, E.ENOSYS) and now != was:
        bad.append(f"{c}: allowed, kernel {name(now)}, outside {name(was)}")
    return bad


# ---- addresses --------------------------------------------------------------------------------------------------------

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.200.3.4", "::1")


class Listeners:
    """On every loopback address; three ports each, TCP and UDP."""

    def __init__(self):
        self.sockets, self.ports = [], []
        for _ in range(3):
            a = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            a.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            a.bind(("::", 0))
            a.listen(64)
            port = a.getsockname()[1]
            u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            u.bind(("::", port))
            self.sockets += [a, u]
            self.ports.append(port)

    def reached(self):
        """Takes what came: how many connections and datagrams."""
        n = 0
        while ready := select.select(self.sockets, [], [], 0)[0]:
            for s in ready:
                n += 1
                if s.type == socket.SOCK_STREAM:
                    s.accept()[0].close()
                else:
                    s.recv(16)
        return n

    def close(self):
        for s in self.sockets:
            s.close()


def rules(rng, ports):
    some = []
    for _ in range(rng.randint(1, 4)):
        a = rng.choice(ADDRESSES[:3] + ("127.0.0.0/8", "127.0.0.0/30", "10.0.0.0/8", "0.0.0.0/0"))
        if rng.random() < 0.3:
            a = rng.choice(("[::1]", "[::]/0", "[fd00::]/8"))
        p = rng.choice(ports)
        some.append(f"{a}:" + rng.choice((str(p), str(p), f"{p - 1}-{p + 1}", "*", "1-1023")))
    return some


def network(rng, b, count):
    passed, bad, listen = 0, [], Listeners()
    for _ in range(count):
        roll = rng.random()
        allow = None if roll < 0.15 else True if roll < 0.3 else rules(rng, listen.ports)
        text = "" if allow is None else "true" if allow is True else "[" + ", ".join(f'"{r}"' for r in allow) + "]"
        b.write_policy(f"[network]\nallow = {text}\n" if text else "")
        targets = [(kind, a, p) for kind in ("tcp", "udp") for a in ADDRESSES for p in listen.ports + [1]]
        listen.reached()
        status, out, err = b.contained(0, ["net"], None, "".join(f"{k} {a} {p}\n" for k, a, p in targets).encode())
        came = listen.reached()
        answers = bench.Answers(b, 0)
        wrong = [f"policy refused: {answers.error}"] if answers.error else []
        if status:
            wrong.append(f"status {status}: {err.decode(errors='replace')}")
        else:
            expected = 0
            for (k, a, p), now in zip(targets, map(int, out.split())):
                yes = answers.ask(f"net {a} {p}")[0] == b"1"
                expected += yes and p != 1
                if allow is None:
                    want = {E.ECONNREFUSED, E.ENETUNREACH, E.EADDRNOTAVAIL} | ({0} if k == "udp" else set())
                elif not yes:
                    want = {E.EPERM, E.EACCES}
                else:
                    want = {0} if p != 1 or k == "udp" else {E.ECONNREFUSED}
                if now not in want:
                    wrong.append(f"{k} {a} {p}: kernel {name(now)}, evaluated {'allowed' if yes else 'refused'}")
            if came != expected:
                wrong.append(f"{came} connections and datagrams came, {expected} are allowed")
            _, a, p = rng.choice(targets)
            host = f"[{a}]:{p}" if ":" in a else f"{a}:{p}"
            status = b.run([b.sandtrace, "policy", "why", "--policy", b.policy, host], 0)[0]
            if status != (0 if answers.ask(f"net {a} {p}")[0] == b"1" else 1):
                wrong.append(f"why {host}: status {status}, evaluated {answers.ask(f'net {a} {p}')}")
        answers.close()
        passed += not wrong
        if wrong:
            bad.append(f"  --- network: {text}\n  * " + "\n  * ".join(wrong[:6]))
    listen.close()
    return passed, bad


def run(seed, build, count):
    rng = random.Random(seed)
    passed = failed = 0
    with bench.Bench(build, "/srv", 54321) as b:
        for what, part in (("calls", calls), ("network", network)):
            p, bad = part(rng, b, count)
            print(f"  seed {seed}: {what}: {count} policies, {len(bad)} disagree")
            for text in bad[:4]:
                print(text)
            passed, failed = passed + p, failed + len(bad)
    return passed, failed
