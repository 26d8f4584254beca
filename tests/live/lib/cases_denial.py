# SPDX-License-Identifier: Apache-2.0
"""What the sandbox refuses is recorded with its reason, once for each refused call, and what is suggested works."""
import json
import re
import shlex

from records import expect, same
from registry import host


def contained(h, *args, opts=(), want=0):
    """Runs the program "denied" in the sandbox; its trace and what it said."""
    argv = [h.sandtrace, "run", "-o", h.path("trace.jsonl"), *opts, "--", h.prog("denied"), *args]
    rc, _, err = h.exec(argv)
    same(rc, want, "status (%s)" % err[-400:])
    t = h.trace()
    recorded = [r for r in t.syscalls if r["action"] == "deny"]
    same(len(recorded), t.summary["denied_count"], "denied_count")
    same(sum(t.summary["denied_by_layer"].values()), len([r for r in recorded if "denial" in r]), "sum of denied_by_layer")
    same(sum(d["count"] for d in t.summary["denials"]) + sum(t.summary["denials_dropped"].values()),
         sum(t.summary["denied_by_layer"].values()), "sum of denials")
    return t, err


def denials(t, **want):
    """The denials of T whose members are WANT, without those of the program's own start."""
    found = [r["denial"] for r in t.syscalls if "denial" in r]
    return [d for d in found if all(d.get(k) == v for k, v in want.items())]


@host("denial_paths")
def denial_paths(h):
    t, _ = contained(h, "paths")
    found = denials(t, object="/etc/issue")
    same(len(found), 3, "denials of /etc/issue: absolute, relative to a descriptor, relative to the cwd", t.syscalls[-20:])
    for d in found:
        same((d["layer"], d["access"], d["errno"]), ("mount", "read", "ENOENT"), "the denial", [d])
        same(d["suggest"], {"key": "filesystem.allow_read", "value": "/etc/issue", "flag": "--read /etc/issue"}, "suggestion")
    # hidden like the others, but a rule of the policy would keep it so
    found = denials(t, object="/etc/shadow")
    same([("deny" in d["rule"], "suggest" in d) for d in found], [(True, False)], "a denied path", found)
    for name in ("/etc/nothing-is-called-so", "/usr/nothing-is-called-so"):
        same(denials(t, object=name), [], "what is nowhere is no denial: " + name)
    made = denials(t, object="/usr/share/made-by-a-test")
    same([(d["access"], d["errno"]) for d in made], [("create", "EROFS")], "creation in a read-only directory", made)
    same([d["access"] for d in denials(t, object="/usr/share/doc")], ["delete"], "renaming away")
    same([d["suggest"]["flag"] for d in denials(t, object="/etc/made-by-a-test")], ["--write /etc"], "creation in a hidden one")


@host("denial_calls")
def denial_calls(h):
    t, _ = contained(h, "calls")
    for name in ("mount", "socket(AF_PACKET, SOCK_RAW)"):
        d = denials(t, object="syscall " + name)
        same([(x["layer"], x["errno"], x.get("expected")) for x in d], [("seccomp", "EPERM", None)], name, d)
    d = denials(t, object="syscall clone3")
    expect(d and all(x["expected"] and "suggest" not in x for x in d), "clone3 is meant to look absent", d)


@host("denial_network")
def denial_network(h):
    t, _ = contained(h, "net")
    found = [d["object"] for d in denials(t, layer="network")]
    same(found, ["connect 192.0.2.1:443", "connect 127.0.0.1:1", "connect 127.0.0.1:2"], "refused connections",
         [r for r in t.syscalls if r["syscall"] in ("connect", "bind", "getsockname")])


@host("denial_exec")
def denial_exec(h):
    t, err = contained(h, "exec")
    d = denials(t, layer="exec")
    same([(x["object"], x["errno"], x["suggest"]["flag"]) for x in d], [("/usr/bin/id", "EACCES", "--allow-exec")], "exec", d)
    expect(b"--allow-exec" in err, "the summary does not say how: %r" % err[-500:])


@host("denial_library")
def denial_library(h):
    """A library that may not be mapped executable is named: the caller only passed its descriptor."""
    with open(h.path("lib.so"), "wb") as f:
        f.write(bytes(4096))
    t, _ = contained(h, "map", h.path("lib.so"), opts=["--allow-path", h.dir], want=1)
    d = denials(t, object=h.path("lib.so"))
    same([(x["layer"], x["access"], x["errno"], x["suggest"]["flag"]) for x in d],
         [("mount", "execute", "EPERM", "--allow-exec")], "the library", [r for r in t.syscalls if r["syscall"] == "mmap"][-2:])
    t, _ = contained(h, "map", h.path("lib.so"), opts=["--allow-path", h.dir, "--allow-exec"])
    same(denials(t, object=h.path("lib.so")), [], "with --allow-exec")


@host("denial_names_are_escaped")
def denial_names(h):
    t, err = contained(h, "names", opts=["-v"])
    d = [x for x in denials(t, layer="mount") if x["object"].startswith("/etc/")]
    same(len(d), 2, "denials", d)
    for x in d:
        same("flag" in x["suggest"], True, "the directory can be suggested", [x])
        same(x["suggest"]["value"], "/etc", "suggestion", [x])
    expect(d[0]["object"] == "/etc/\x1b[31m\n\ufffd" and d[0]["object_hex"] == b"/etc/\x1b[31m\n\xff".hex(), "exact bytes", d)
    bad = re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]", err)
    same(bad, [], "control bytes on the terminal")
    err.decode("utf-8")


@host("denial_flood")
def denial_flood(h):
    t, err = contained(h, "flood", "3000", "3000", opts=["-v"])
    shadow = [d for d in t.summary["denials"] if d["object"] == "/etc/shadow"]
    same([d["count"] for d in shadow], [3000], "count of one object")
    same(len(denials(t)), sum(t.summary["denied_by_layer"].values()), "records")
    expect(sum(t.summary["denied_by_layer"].values()) >= 6000, "all are counted")
    expect(len(t.summary["denials"]) <= 1024 and t.summary["denials_dropped"]["mount"] > 1900, "the table is bounded")
    reasons = [line for line in err.decode().splitlines() if "╰ mount" in line]
    expect(5 <= len(reasons) <= 20 * (2 + t.summary["duration_ms"] // 1000), "%d reasons shown" % len(reasons))
    hidden = re.search(r"and ([0-9,]+) more denials: the same again", err.decode())
    shown = len([line for line in err.decode().splitlines() if "╰ " in line])
    expected = t.summary["denied_expected"]
    same(int(hidden[1].replace(",", "")) + shown, sum(t.summary["denied_by_layer"].values()) - expected, "shown and not shown")


def flags_of(t):
    return [w for d in t.summary["denials"] if "suggest" in d and "flag" in d["suggest"]
            for w in shlex.split(d["suggest"]["flag"])]


@host("denial_suggestion_works")
def suggestion_works(h):
    """What is suggested, as flags and as a policy, allows what was refused."""
    t, _ = contained(h, "paths")
    reads = [d["suggest"] for d in t.summary["denials"] if d.get("access") == "read" and "suggest" in d]
    expect(reads, "no suggestion to read")
    t, _ = contained(h, "paths", opts=[w for s in reads for w in shlex.split(s["flag"])])
    same(denials(t, object="/etc/issue"), [], "refused with the flags")
    with open(h.path("p.toml"), "w") as f:
        f.write("extends = [\"default\"]\n[filesystem]\nallow_read = %s\n" % json.dumps([s["value"] for s in reads]))
    t, _ = contained(h, "paths", opts=["--policy", h.path("p.toml")])
    same(denials(t, object="/etc/issue"), [], "refused with the policy")
    t, _ = contained(h, "exec")
    rc, out, err = h.exec([h.sandtrace, "run", "-q", "-o", h.path("trace.jsonl"), *flags_of(t), "--", h.prog("denied"), "exec"])
    same(rc, 0, "status with --allow-exec (%r)" % err[-300:])
    expect(b"uid=" in out, "id did not run: %r" % out)


@host("denial_rule_of_policy")
def rule_of_policy(h):
    """A denial by a rule names the file and line, and suggests nothing."""
    with open(h.path("p.toml"), "w") as f:
        f.write("extends = [\"default\"]\n[filesystem]\ndeny = [\"/usr/share/doc\"]\n[syscalls]\nlog_only = [\"openat\"]\n")
    t, _ = contained(h, "paths", opts=["--policy", h.path("p.toml")])
    d = [x for x in denials(t) if "p.toml:3" in x["rule"]]
    expect(d, "no denial names p.toml:3", t.summary["denials"])
    expect(all("suggest" not in x for x in d), "nothing is suggested", d)
    expect(any(r["action"] == "log_only" and r["syscall"] == "openat" for r in t.syscalls), "log_only is marked")
    same({r["action"] for r in t.syscalls if r["syscall"] == "close"}, {"allow"}, "others are not")
