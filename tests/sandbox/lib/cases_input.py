# SPDX-License-Identifier: Apache-2.0
"""Cases about what the command line and policy files are given: 76-79."""
import os
import socket
import stat
import subprocess
import sys

from groups import project_opts
from records import Failure, Skip, Trace, expect, same
from registry import case

DEEP = "x = " + "[" * 5000 + "]" * 5000 + "\n"
POLICIES = {
    # name: (text, words of the message)
    "unknown-key": ('[filesystem]\nallow_reed = ["/usr"]\n', ["2:1", "allow_reed"]),
    "unknown-section": ('[filesytem]\nallow_read = ["/usr"]\n', ["1:", "filesytem"]),
    "duplicate": ('[filesystem]\nallow_read = ["/usr"]\nallow_read = ["/etc"]\n', ["3:"]),
    "duplicate-table": ('[network]\nallow = true\n[filesystem]\n[network]\nallow = false\n', ["4:"]),
    "wrong-type": ('[filesystem]\nallow_read = "/usr"\n', ["2:14", "list"]),
    "wrong-item": ('[filesystem]\nallow_read = ["/usr", 7]\n', ["2:"]),
    "bool-string": ('[network]\nallow = "yes"\n', ["2:"]),
    "deep": (DEEP, [":"]),
    "empty-path": ('[filesystem]\nallow_read = [""]\n', ["2:"]),
    "nul": ('[filesystem]\nallow_read = ["/usr\\u0000/x"]\n', ["2:"]),
    "newline": ('[filesystem]\nallow_read = ["/usr\\n"]\n', None),
    "inner-stars": ('[filesystem]\nallow_read = ["/usr/**/x**y"]\n', ["2:"]),
    "bad-call": ('[syscalls]\ndeny = ["opeat"]\n', ["2:", "opeat"]),
    "always-blocked": ('[syscalls]\nallow = ["kexec_load"]\n', ["2:"]),
    "bad-size": ('[limits]\nmemory = "lots"\n', ["2:"]),
    "negative": ('[limits]\ntimeout = -1\n', ["2:"]),
    "bad-net": ('[network]\nallow = ["example.org"]\n', ["2:"]),
    "no-toml": ("this is no toml\n", ["1:"]),
    "binary": ("\x00\x01\x02\xff", [":"]),
    "date": ('[limits]\ntimeout = 2024-01-01\n', ["2:"]),
    "self-extends": ('extends = "./self-extends.toml"\n', []),
    "no-such-base": ('extends = "no_such_policy"\n', ["no_such_policy"]),
}


@case("76-policies")
def policies(box):
    """Nothing starts under a policy that is not understood; the message says where."""
    bad = []
    witness = box.side.path("project", "witness")
    for name, (text, words) in POLICIES.items():
        path = box.write_policy(name + ".toml", text)
        r = box.run("/bin/sh", "-c", "echo > witness", opts=["--policy", path, "--write", box.side.path("project")], traced=False)
        if words is None and r.rc == 0:
            continue
        if r.rc not in (125, 2) or os.path.exists(witness):
            bad.append("%s: status %d" % (name, r.rc))
        lacks = [w for w in words or [] if w not in r.text]
        if lacks:
            bad.append("%s: the message lacks %s: %s" % (name, lacks, r.text[-200:]))
    for name, data in (("huge.toml", b"# " + b"x" * (100 << 20)), ("dir.toml", None), ("huge.yaml", b"a: [" + b"[" * 100000),
                       ("bomb.yaml", b"a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n"),
                       ("dup.json", b'{"network": {"allow": true, "allow": false}}')):
        path = box.side.path(name)
        if data is None:
            os.makedirs(path, exist_ok=True)
        elif len(data) > 1 << 20:
            with open(path, "wb") as f:
                f.truncate(len(data))
                f.write(data[:4096])
        else:
            box.write_policy(name, data)
        r = box.run("/bin/true", opts=["--policy", path], traced=False)
        if r.rc not in (125, 2) or r.seconds > 3:
            bad.append("%s: status %d in %.1f s: %s" % (name, r.rc, r.seconds, r.text[-200:]))
    r = box.run("/bin/true", opts=["--policy", box.side.path("absent.toml")], traced=False)
    if r.rc not in (125, 2) or "absent.toml" not in r.text:
        bad.append("a missing file: status %d: %s" % (r.rc, r.text[-200:]))
    fifo = box.side.path("fifo.toml")
    if not os.path.exists(fifo):
        os.mkfifo(fifo, 0o666)
    try:
        r = box.run("/bin/true", opts=["--policy", fifo], traced=False, limit=10)
        if r.rc not in (125, 2):
            bad.append("a FIFO: status %d" % r.rc)
    except Failure:
        bad.append("a FIFO as policy: waits for a writer without end")
    expect(not bad, "; ".join(bad))


@case("77-paths")
def paths(box):
    p = box.side.path
    refused = {"empty": "", "missing": p("no-such-path"), "root": "/", "socket": p("outside/agent.sock"), "device": "/dev/kvm",
               "proc": "/proc", "dev": "/dev"}
    bad = []
    for name, path in refused.items():
        r = box.run("/bin/true", opts=["--allow-path", path], traced=False)
        if r.rc != 125 or "sandtrace:" not in r.text:
            bad.append("--allow-path %s (%s): status %d: %s" % (path, name, r.rc, r.text[-150:]))
    # a file is a file, and its directory stays hidden
    r, found = box.attempt("11-read:" + p("outside/writable"), "11-read:" + p("outside/secret"),
                           opts=["--allow-path", p("outside/writable")], traced=False)
    if found.get("11-read:" + p("outside/writable"), ("",))[0] != "allowed" or \
       found.get("11-read:" + p("outside/secret"), ("",))[0] != "blocked":
        bad.append("--allow-path of a file: %s %s" % (found, r.text[-200:]))
    # a link in a directory that is not the system's
    r, found = box.attempt("11-read:" + p("project/link-to-dir/secret"), "11-read:" + p("outside/secret"),
                           opts=["--allow-path", p("project/link-to-dir"), "--write", p("project")], traced=False)
    if r.rc == 0 and any(v[0] == "allowed" for v in found.values()):
        bad.append("--allow-path of a link that lies in a writable directory leads out: %s" % found)
    # 3,000
    many = []
    os.makedirs(p("many"), exist_ok=True)
    for i in range(3000):
        d = p("many", "d%d" % i)
        os.makedirs(d, exist_ok=True)
        many += ["--read", d]
    r = box.run("/bin/true", opts=many, traced=False, limit=60)
    if r.rc not in (0, 125) or r.seconds > 15:
        bad.append("3,000 paths: status %d in %.1f s: %s" % (r.rc, r.seconds, r.text[-200:]))
    expect(not bad, "; ".join(bad))


@case("77-read-root")
def read_root(box):
    """--read /: all may be read but what is denied; nothing of it may be changed, and /dev and /proc are still the sandbox's own."""
    p = box.side.path
    specs = ["11-read:%s/.ssh/id_rsa" % p("home")]
    specs += ["11-read:/etc/shadow", "20-open-write", "20-create", "22-write:/usr/bin/battery", "22-write:/etc/cron.d/battery", "29-device:/dev/kvm",
              "29-device:/dev/kmsg", "30-open-write:/proc/sys/kernel/core_pattern", "30-open-write:/sys/kernel/mm/ksm/run", "30-cgroup-leave",
              "41-proc", "43-supervisor:environ", "35-dev-shm", "11-read:" + box.side.tmp_secret, "36-exec:/usr/bin/true", "36-ldso:/usr/bin/true",
              "59-unix:" + box.extra["run_socket"], "28-mknod:c-1-3-/tmp"]
    readable = ["11-read:" + p("readonly/second"), "11-read:/usr/bin/env"]
    r, found = box.attempt(*specs, *readable, opts=["--read", "/", "--write", p("project")])
    r.ran()
    for s in readable:
        expect(found[s][0] == "allowed", "%s under --read /: %s" % (s, found[s]))
    bad = ["%s %s" % (s, found.get(s)) for s in specs if found.get(s, ("",))[0] != "blocked"]
    expect(not bad, "; ".join(bad))


@case("78-options")
def option_values(box):
    bad = []
    for opt in (["--timeout", "0"], ["--timeout", "-1"], ["--timeout", "1e9"], ["--timeout", "NaN"], ["--timeout", "inf"],
                ["--memory", "0"], ["--memory", "-1"], ["--memory", "99999999T"], ["--pids", "0"], ["--pids", "-5"],
                ["--cpus", "0"], ["--cpus", "nan"], ["--tmpfs-size", "-1"], ["--net", ""], ["--net", "host"],
                ["--env", "=x"], ["--env", ""], ["--hostname", "a b"], ["--hostname", "x" * 300], ["--hostname", ""],
                ["--chdir", "relative"], ["--chdir", "/no/such"], ["--backend", "magic"], ["--allow-degraded", "nonsense"],
                ["--commit"]):
        r = box.run("/bin/true", opts=opt, traced=False)
        # a directory that is not there inside may also be found by the child
        if r.rc not in (125, 2):
            bad.append("%s: status %d: %s" % (" ".join(opt)[:60], r.rc, r.text[-150:]))
    expect(not bad, "; ".join(bad))


@case("78-trace-output", only="root")
def trace_output(box):
    """Where the trace goes: full devices, links, and a place that the command may write."""
    p = box.side.path
    bad = []
    for out in ("/dev/full", p("no-such-dir/x"), p("outside")):
        r = box.run("/bin/true", opts=["-o", out], traced=False)
        if r.rc != 125:
            bad.append("-o %s: status %d: %s" % (out, r.rc, r.text[-150:]))
    link = p("project", "trace-link.jsonl")
    if not os.path.lexists(link):
        os.symlink(p("outside/writable"), link)
    r = box.run("/bin/true", opts=["-o", link], traced=False)
    if open(p("outside/writable")).read() != "original\n":
        bad.append("-o followed a link and overwrote its target")
    os.unlink(link)
    # inside the writable directory: the command must neither read nor edit it
    inside = p("project", "trace-inside.jsonl")
    edit = ("import os\nf=%r\n"
            "for m in ('r','r+','w','a'):\n try:\n  open(f,m).close(); print('opened', m)\n except OSError as e: print('no', m, e.errno)\n"
            "try:\n os.unlink(f); print('unlinked')\nexcept OSError as e: print('no unlink', e.errno)\n"
            "try:\n os.rename(f, f+'x'); print('renamed')\nexcept OSError as e: print('no rename', e.errno)\n" % inside)
    r = box.run("/usr/bin/python3", "-c", edit, opts=["-o", inside, "--write", p("project")], traced=False)
    if r.rc == 125:
        pass  # refused: right
    else:
        if b"opened" in r.out or b"unlinked" in r.out or b"renamed" in r.out:
            bad.append("-o inside a writable path: the command says %r" % r.out)
        try:
            Trace(inside)
        except (Failure, OSError) as e:
            bad.append("the trace inside a writable path is not whole: %s" % e)
    for f in (inside, inside + "x"):
        if os.path.exists(f):
            if stat.S_IMODE(os.stat(f).st_mode) & 0o077:
                bad.append("the trace is readable by others: %o" % os.stat(f).st_mode)
            os.unlink(f)
    expect(not bad, "; ".join(bad))


@case("78-closed-pipe", only="root")
def closed_pipe(box):
    """The reader of the trace goes away: a clear end, nothing left running."""
    p = box.popen(box.command(["-o", "-"], ["/usr/bin/python3", "-c", "print('x')"]), stdout=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    p.stdout = None
    _, err = p.communicate(timeout=30)
    expect(p.returncode in (0, 125, 141, -13), "status %d: %s" % (p.returncode, err[-200:]))


@case("79-argv")
def argv(box):
    """Arguments as long and as odd as the kernel takes them."""
    count = "import sys; print(len(sys.argv), sum(len(a.encode('utf-8','surrogateescape')) for a in sys.argv[1:]))"
    cases = {"one of 128 KiB": ["a" * 131000], "2 MB in all": ["b" * 1000] * 1700, "invalid UTF-8": [b"\xff\xfe\x80"],
             "newlines and quotes": ["a\nb\"c'd\\"], "empty": ["", ""], "escape": ["\x1b[31m"]}
    for name, args in cases.items():
        raw = [a if isinstance(a, bytes) else a.encode() for a in args]
        r = box.run("/usr/bin/python3", "-c", count, *raw, opts=["-q"] if box.config.traced else [])
        r.ran()
        same(r.out.decode().strip(), "%d %d" % (len(raw) + 1, sum(map(len, raw))), name)
