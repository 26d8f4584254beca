# SPDX-License-Identifier: Apache-2.0
"""What a run must not leave behind, looked for where the kernel keeps it: processes, cgroups of every hierarchy, mounts,
namespaces, BPF programs and pins, System V objects, temporary files."""
import json
import os
import re
import subprocess
import time

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/sys/fs/bpf")


def marked(marker):
    """(pid, arguments) of the host's processes that have MARKER in their arguments, but for this one."""
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                line = f.read()
        except OSError:
            continue
        if marker.encode() in line:
            yield int(pid), line


def processes(marker):
    return ["process %d %s" % (pid, line[:60]) for pid, line in marked(marker)
            if b"tests/sandbox" not in line.split(b"\0", 2)[1:2]]


def cgroups(pids):
    """Directories that runs with these PIDs made, in every hierarchy."""
    names = {"sandtrace-%d" % p for p in pids}
    found = []
    for base, dirs, _ in os.walk("/sys/fs/cgroup"):
        found += ["cgroup " + os.path.join(base, d) for d in dirs if d in names]
    return found


def mounts():
    with open("/proc/self/mountinfo") as f:
        return {line.split(" ", 1)[1] for line in f if "sandtrace" in line or "battery" in line}


def namespaces():
    """A line for each namespace that has a process."""
    return subprocess.run(["lsns", "-rno", "TYPE,NS,PID,COMMAND"], capture_output=True, text=True).stdout.splitlines()


def files(pids):
    """Names with the number of one of our runs: other programs may make and remove what they like there."""
    marks = re.compile("sandtrace.*(?<!\\d)(%s)(?!\\d)" % "|".join(map(str, pids or [-1])))
    return {os.path.join(p, n) for p in PLACES if os.path.isdir(p) for n in os.listdir(p) if marks.search(n)}


def bpf():
    """Programs and links of the kernel that no process holds: then only a pin or a cgroup keeps them."""
    found = set()
    for kind in ("prog", "link"):
        out = subprocess.run(["/usr/sbin/bpftool", "-j", kind, "show"], capture_output=True, text=True).stdout
        if out.startswith("["):
            found |= {"%s_id %d" % (kind, o["id"]) for o in json.loads(out) if "id" in o}
    held = set()
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            for fd in os.listdir("/proc/%s/fd" % pid):
                if not os.readlink("/proc/%s/fd/%s" % (pid, fd)).startswith("anon_inode:bpf"):
                    continue
                with open("/proc/%s/fdinfo/%s" % (pid, fd)) as f:
                    held |= {" ".join(line.split()).replace(":", "") for line in f if line[:8] in ("prog_id:", "link_id:")}
        except OSError:
            pass
    return found - held


class Leftover:
    def __init__(self, marker):
        self.marker, self.pids = marker, []
        self.mounts = mounts()
        self.bpf = bpf()

    def now(self, with_bpf=True):
        left = processes(self.marker) + cgroups(self.pids)
        left += ["mount " + m.strip() for m in mounts() - self.mounts]
        left += ["file " + f for f in files(self.pids)]
        if not left:
            left = ["namespace " + line for line in namespaces() if self.marker in line]
        return left + (sorted(bpf() - self.bpf) if with_bpf else [])

    def wait(self, seconds=5, with_bpf=True):
        """
        [] once nothing is left; else what was there all the time for SECONDS: what other programs make and remove
        meanwhile, which may look the same for a moment, is not.
        """
        end = time.monotonic() + seconds
        left = None
        while left is None or (left and time.monotonic() < end):
            now = self.now(with_bpf)
            left = [x for x in now if left is None or x in left]
            if left:
                time.sleep(0.05)
        return left
