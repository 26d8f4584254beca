# SPDX-License-Identifier: Apache-2.0
"""Cases about files that need runs of their own: the overlay and its reader, quotas, races at set-up."""
import ctypes
import os
import stat
import subprocess
import threading
import time

from groups import project_opts
from records import Failure, Skip, expect, same
from registry import case
from side import LIBC, TRAPS, snapshot


def overlay_opts(box):
    return project_opts(box) + ["--overlay"]


def wants(found, spec, *verdicts):
    expect(spec in found, "no result of %s: %s" % (spec, found))
    expect(found[spec][0] in verdicts, "%s: %s" % (spec, " ".join(found[spec])))
    return found[spec][1]


@case("15-race")
def race(box):
    """A directory is swapped with a link to the secret's, again and again, while sandboxes that allow it are made."""
    a, b = box.side.path("swap"), box.side.path("swap-link")
    os.makedirs(a, exist_ok=True)
    with open(os.path.join(a, "mine"), "w") as f:
        f.write("mine\n")
    box.side.own(a)
    if not os.path.lexists(b):
        os.symlink(box.side.path("outside"), b)
    stop = threading.Event()
    swaps = [0]

    def flip():
        while not stop.is_set():
            LIBC.renameat2(-100, a.encode(), -100, b.encode(), 2)
            swaps[0] += 1

    t = threading.Thread(target=flip)
    t.start()
    outcome = {}
    try:
        for i in range(25):
            r, found = box.attempt("15-race:" + a, opts=["--write", a], traced=False)
            if r.rc == 0:
                rest = wants(found, "15-race:" + a, "blocked")
                outcome[rest] = outcome.get(rest, 0) + 1
            else:
                r.refused()
                outcome["refused"] = outcome.get("refused", 0) + 1
    finally:
        stop.set()
        t.join()
        if os.path.islink(a):
            LIBC.renameat2(-100, a.encode(), -100, b.encode(), 2)
    expect(swaps[0] > 100, "only %d swaps" % swaps[0])
    expect(len(outcome) > 1, "the race was never won by either side: %s" % outcome)


@case("15-race-parent")
def race_parent(box):
    """The same one directory above what is allowed."""
    a, b = box.side.path("above"), box.side.path("above-link")
    os.makedirs(os.path.join(a, "in"), exist_ok=True)
    os.makedirs(box.side.path("elsewhere", "in"), exist_ok=True)
    for d, text in ((os.path.join(a, "in"), "mine\n"), (box.side.path("elsewhere", "in"), "SECRET\n")):
        with open(os.path.join(d, "mine" if text == "mine\n" else "secret"), "w") as f:
            f.write(text)
    box.side.own(a)
    box.side.own(box.side.path("elsewhere"))
    if not os.path.lexists(b):
        os.symlink(box.side.path("elsewhere"), b)
    stop = threading.Event()

    def flip():
        while not stop.is_set():
            LIBC.renameat2(-100, a.encode(), -100, b.encode(), 2)

    t = threading.Thread(target=flip)
    t.start()
    try:
        for i in range(15):
            spec = "15-race:%s/in" % a
            r, found = box.attempt(spec, opts=["--read", a + "/in"], traced=False)
            if r.rc == 0:
                wants(found, spec, "blocked")
            else:
                r.refused()
    finally:
        stop.set()
        t.join()
        if os.path.islink(a):
            LIBC.renameat2(-100, a.encode(), -100, b.encode(), 2)


@case("21-overlay")
def persist_overlay(box):
    """What is written where it would run later stays in the overlay, and is reported."""
    project = box.side.path("project")
    before = snapshot(project)
    specs = ["21-write:" + t for t in TRAPS] + ["21-write:package.json", "21-swap:.git"]
    r, found = box.attempt(*specs, opts=overlay_opts(box))
    r.ran()
    wants(found, "21-write:package.json", "allowed")
    same(snapshot(project), before, "the project on the host")
    if r.trace:
        text = str(r.trace.summary.get("changes"))
        for t in ["package.json"] + [t for t in TRAPS if found["21-write:" + t][0] == "allowed"]:
            expect(t in text, "%s is not among the changes: %s" % (t, text[:800]))


@case("21-protect")
def persist_protected(box):
    """filesystem.protect_project: they stay as they are, also when their directory is moved away."""
    project = box.side.path("project")
    box.side.fresh()
    before = snapshot(*(os.path.join(project, t) for t in TRAPS))
    files = {t: open(os.path.join(project, t)).read() for t in TRAPS}
    policy = box.write_policy("protect.toml", 'extends = "default"\n[filesystem]\nprotect_project = true\n'
                              '[seccomp]\nprofile = "%s"\n' % box.config.profile)
    specs = ["21-write:" + t for t in TRAPS] + ["21-swap:.git", "21-swap:.git/hooks", "21-swap:.github"]
    r, found = box.attempt(*specs, opts=["--policy", policy] + project_opts(box))
    r.ran()
    moved = [d for d in (".git", ".git/hooks", ".github") if found["21-swap:" + d][0] == "allowed"]
    if moved:
        box.side.fresh()
    expect(not moved, "moved away, to be put back with other contents: %s" % moved)
    for t in TRAPS:
        wants(found, "21-write:" + t, "blocked")
        same(open(os.path.join(project, t)).read(), files[t], t)
    same(snapshot(*(os.path.join(project, t) for t in TRAPS)), before, "the files that run later")


@case("21-kept")
def kept(box):
    """filesystem.deny_write: the same for whatever is named, and nothing that allows gives it back."""
    project = box.side.path("project")
    box.side.fresh()
    before = snapshot(os.path.join(project, ".git"), os.path.join(project, "package.json"))
    policy = box.write_policy("kept.toml", 'extends = "default"\n[filesystem]\nallow_write = ["%s/.git/hooks"]\n'
                              'deny_write = ["%s/.git", "%s/pack*.json"]\n[seccomp]\nprofile = "%s"\n'
                              % (project, project, project, box.config.profile))
    specs = ["21-write:" + t for t in TRAPS + ("package.json",)] + ["21-swap:.git", "21-swap:.git/hooks"]
    r, found = box.attempt(*specs, opts=["--policy", policy] + project_opts(box))
    r.ran()
    for s in specs:
        wants(found, s, "blocked" if ".git/" in s or s.endswith((".git", "package.json")) else "allowed")
    same(snapshot(os.path.join(project, ".git"), os.path.join(project, "package.json")), before, "what is kept")
    box.side.fresh()


@case("8-overlay")
def socket_overlay(box):
    """A socket of the host below an overlay has another inode there: it cannot be reached though Unix sockets are allowed."""
    r, found = box.attempt("8-scm-rights", opts=overlay_opts(box) + ["--allow-unix"])
    wants(found, "8-scm-rights", "blocked")


@case("22-home")
def persist_home(box):
    """The home inside is a private one: whatever is written there is gone, and the host's is as it was."""
    home = box.side.path("home")
    specs = ["22-write:%s/%s" % (home, f) for f in (".bashrc", ".profile", ".ssh/authorized_keys", ".local/bin/x",
                                                      ".config/autostart/x.desktop", ".config/systemd/user/x.service",
                                                      ".npmrc", ".gitconfig")]
    before = snapshot(home)
    r, found = box.attempt(*specs, opts=project_opts(box))
    r.ran()
    same(snapshot(home), before, "the host's home")
    r, found = box.attempt("11-stat:" + home + "/.bashrc", opts=project_opts(box))
    wants(found, "11-stat:" + home + "/.bashrc", "blocked")


@case("23-fill")
def fill(box):
    """Neither /tmp nor /dev/shm nor the home holds more than --tmpfs-size, all together."""
    specs = ["23-fill:/tmp", "23-fill:/dev/shm", "23-fill:/var/tmp", "23-fill:" + box.side.path("home"), "23-statvfs:/tmp"]
    r, found = box.attempt(*specs, opts=project_opts(box) + ["--tmpfs-size", "16M"], params={"fill_limit": 32 << 20})
    r.ran()
    for s in specs:
        rest = wants(found, s, "blocked", "n/a")
        expect(found[s][0] == "n/a" or "ENOSPC" in rest or "EDQUOT" in rest, "%s: %s" % (s, rest))


@case("23-overlay-fill")
def fill_overlay(box):
    project = box.side.path("project")
    before = snapshot(project)
    r, found = box.attempt("23-fill:" + project, opts=overlay_opts(box) + ["--tmpfs-size", "16M"],
                           params={"fill_limit": 64 << 20})
    wants(found, "23-fill:" + project, "blocked")
    same(snapshot(project), before, "the project on the host")


@case("24-inodes")
def inodes(box):
    r, found = box.attempt("24-inodes:/tmp", opts=project_opts(box) + ["--tmpfs-size", "32M", "--timeout", "60"],
                           params={"inode_limit": 400000}, traced=False)
    rest = wants(found, "24-inodes:/tmp", "blocked")
    expect("ENOSPC" in rest, rest)


def changes(result):
    expect(result.trace, "no trace")
    c = result.trace.summary.get("changes")
    expect(c is not None, "the summary has no changes", [result.trace.summary])
    return c


@case("25-sparse")
def sparse(box):
    """A file of terabytes that holds nothing: both sizes are told, and the end does not wait for reading it."""
    project = box.side.path("project")
    before = snapshot(project)
    r, found = box.attempt("25-sparse", opts=overlay_opts(box))
    wants(found, "25-sparse", "allowed", "blocked")
    expect(r.seconds < 15, "the run took %.1f s" % r.seconds)
    same(snapshot(project), before, "the project on the host")
    if r.trace and found["25-sparse"][0] == "allowed":
        one = [c for c in changes(r)["entries"] if c["path"].endswith("/sparse")]
        expect(one and one[0]["size"] > 1 << 30, "apparent size", one)
        expect(not one[0].get("sha256"), "a hash of a file that is beyond every limit", one)


@case("26-odd-files")
def odd_files(box):
    """Links, FIFOs and names that are traps for whoever reads the result."""
    project = box.side.path("project")
    before = snapshot(project)
    r, found = box.attempt("26-odd-files", opts=overlay_opts(box))
    r.ran()
    wants(found, "26-odd-files", "allowed")
    expect(r.seconds < 15, "the run took %.1f s" % r.seconds)
    same(snapshot(project), before, "the project on the host")
    expect(b"SECRET" not in r.err, "the secret was read by the reader of changes")
    expect(b"\x1b[31m\n" not in r.err, "a raw name reached the terminal")
    if r.trace:
        text = str(r.trace.summary)
        expect("SECRET" not in text, "the secret is in the summary")
        for n in ("out-link", "out-fifo"):
            expect(n in text, "%s is not listed: %s" % (n, text[-1500:]))


@case("26-commit")
def commit(box):
    """--commit writes what is harmless, follows no link and makes no FIFO, set-id file or device."""
    project = box.side.path("project")
    r, found = box.attempt("26-odd-files", "14-link-write", "21-write:package.json", opts=overlay_opts(box) + ["--commit"])
    try:
        same(open(os.path.join(project, "package.json")).read(), "owned\n", "package.json after --commit")
        expect(not os.path.exists(os.path.join(project, "out-fifo")), "a FIFO was made on the host")
        suid = os.path.join(project, "out-suid")
        if os.path.exists(suid):
            expect(not os.stat(suid).st_mode & 0o6000, "a set-id file was made: %o" % os.stat(suid).st_mode)
        same(open(box.side.path("outside/writable")).read(), "original\n", "a file behind a link")
    finally:
        box.side.fresh()


@case("27-depth")
def depth(box):
    """A tree that is too deep or too wide: the reader ends in time and says that it left something out."""
    project = box.side.path("project")
    before = snapshot(project)
    r, found = box.attempt("27-depth", "27-wide", opts=overlay_opts(box) + ["--timeout", "60"])
    expect(r.seconds < 40, "the run took %.1f s" % r.seconds)
    same(snapshot(project), before, "the project on the host")
    if r.trace:
        c = changes(r)
        made = [found.get(s, ("", ""))[0] for s in ("27-depth", "27-wide")]
        expect("allowed" not in made or c.get("truncated") or len(str(c)) > 1000, "%s" % str(c)[:500])


@case("34-locks")
def locks(box):
    """A lock on a file of the system in one sandbox, looked for from another."""
    target = "/usr/bin/env"
    hold = ("import fcntl,sys,time\nf=open(%r)\ntry:\n fcntl.flock(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\n print('held',flush=True)\n"
            "except OSError as e:\n print('no',e.errno,flush=True)\nsys.stdin.read()" % target)
    # first job: python under the sandbox; its stdin keeps it
    p = box.popen(box.command([], ["/usr/bin/python3", "-c", hold]), stdin=subprocess.PIPE)
    try:
        line = p.stdout.readline()
        if line.startswith(b"no"):
            return  # cannot be taken: ENOSYS
        expect(line == b"held\n", "the holder said %r; %s" % (line, p.stderr.read(2000) if not line else ""))
        r, found = box.attempt("34-flock:" + target, "34-fcntl:" + target)
        seen = [s for s, (v, _) in found.items() if v == "allowed"]
        if seen and box.config.profile == "default":
            raise Skip("under the profile default locks on shared files are seen by other sandboxes; strict refuses flock")
        expect(not seen, "a lock of another job is seen: %s" % found)
    finally:
        p.stdin.close()
        p.wait(timeout=30)
        p.stdout.close()
        p.stderr.close()


@case("20-stdio")
def stdio(box):
    """Files on 0, 1 and 2 stay what they were opened for, and lead nowhere else."""
    out = box.side.path("trace", "stdout")
    with open(box.side.path("readonly/first")) as i, open(out, "w") as o:
        r = box.run(*box.attempt_argv(["20-stdin-reopen", "12-proc:/proc/self/fd/0/../../outside/..",
                                       "12-proc:/proc/self/fd/1/../.."]), opts=project_opts(box), stdin=i, stdout=o)
    r.ran()
    text = open(out).read()
    expect(text.count(" blocked ") == 3, text)
