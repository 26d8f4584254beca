# SPDX-License-Identifier: Apache-2.0
"""Takes one sample: a workload under one tool, in a directory on tmpfs, bounded in time."""

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

TIMEOUT = 90
TICK = 0.05


class SampleError(Exception):
    """The command failed; the text says which and why."""


class Meter:
    """Waits for a process without waking up on its CPU more than needed: a timer signal bounds the time."""

    def __init__(self, pid, watch_memory):
        self.pid = pid
        self.watch_memory = watch_memory
        self.deadline = time.monotonic() + TIMEOUT
        self.timed_out = False
        self.peak_kib = None

    def tick(self, _signal, _frame):
        if time.monotonic() > self.deadline:
            self.timed_out = True
            os.killpg(self.pid, signal.SIGKILL)
        elif self.watch_memory:
            self.look()

    def look(self):
        """VmHWM, not ru_maxrss: that one survives exec, so it would show this interpreter and the children too."""
        try:
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_kib = int(line.split()[1])
        except OSError:
            pass

    def wait(self):
        previous = signal.signal(signal.SIGALRM, self.tick)
        signal.setitimer(signal.ITIMER_REAL, TICK if self.watch_memory else TIMEOUT, TICK if self.watch_memory else 1)
        try:
            return os.wait4(self.pid, 0)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


def workload_argv(variant, argv):
    """bpftrace takes its command as one word."""
    return [shlex.join(argv)] if variant.name == "bpftrace-count" else argv


def take(variant, argv, result, scratch, pinned=True, watch_memory=False):
    """Runs ARGV, which writes its own JSON line to RESULT, under VARIANT; returns that line's members and the tool's."""
    output, errors = scratch / "output", scratch / "stderr"
    for f in (result, output, errors):
        f.unlink(missing_ok=True)
    command = variant.argv(output, workload_argv(variant, argv), pinned)
    begin = time.monotonic()
    with open(errors, "wb") as err:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, start_new_session=True
        )
        meter = Meter(process.pid, watch_memory)
        _, status, usage = meter.wait()
    process.returncode = os.waitstatus_to_exitcode(status)
    elapsed = time.monotonic() - begin
    stderr = errors.read_text(errors="replace")
    if meter.timed_out or process.returncode or not result.exists():
        why = f"no end after {TIMEOUT} s" if meter.timed_out else f"exit status {process.returncode}"
        raise SampleError(f"{shlex.join(command)}: {why}: {stderr.strip()[-400:]}")

    sample = json.loads(result.read_text())
    if variant.name != "none":
        events, lost = variant.outcome(output, stderr, sample.get("calls"))
        # Waited-for children are in the tool's rusage; what the workload itself reports is taken off.
        total = (usage.ru_utime + usage.ru_stime) * 1e9
        sample |= {"events": events, "lost": lost, "agent_cpu_ns": max(0, int(total - sample["total_cpu_ns"]))}
        sample["output_bytes"] = output.stat().st_size if output.exists() else None
    output.unlink(missing_ok=True)
    sample |= {"variant": variant.name, "elapsed_ns": int(elapsed * 1e9), "peak_rss_kib": meter.peak_kib}
    return sample
