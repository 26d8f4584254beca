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
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class SampleError(Exception):
    """The command failed; the text says which and why."""


def own_cpu_ns(pid):
    """CPU time of a process that has ended but is not yet waited for, without its children.

    rusage would add those it has waited for, which some tools do with the workload and some do not. /proc counts in
    ticks; where they agree with the scheduler's count for the first thread, that one, in nanoseconds, is the better.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = (int(fields[11]) + int(fields[12])) * 1_000_000_000 // CLOCK_TICKS
    exact = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return exact if abs(exact - ticks) <= 3_000_000_000 // CLOCK_TICKS else ticks


def brief(text):
    """TEXT on one line, with paths relative to where the run was started: it ends up in a report."""
    return " ".join(text.replace(f"{os.getcwd()}/", "").split())


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
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            cpu = own_cpu_ns(self.pid)
            return os.waitpid(self.pid, 0)[1], cpu
        except BaseException:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


def workload_argv(variant, argv):
    """bpftrace takes its command as one word."""
    return [shlex.join(argv)] if variant.name == "bpftrace-count" else argv


def take(variant, argv, result, scratch, pinned=True, watch_memory=False):
    """Runs ARGV, which writes its own JSON line to RESULT, under VARIANT; returns its members and the tool's."""
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
        status, own_cpu = meter.wait()
    process.returncode = os.waitstatus_to_exitcode(status)
    elapsed = time.monotonic() - begin
    stderr = errors.read_text(errors="replace")
    if meter.timed_out or process.returncode or not result.exists():
        why = f"no end after {TIMEOUT} s" if meter.timed_out else f"exit status {process.returncode}"
        raise SampleError(brief(f"{shlex.join(command)}: {why}: {stderr[-400:]}"))

    sample = json.loads(result.read_text())
    if variant.name != "none":
        events, lost = variant.outcome(output, sample.get("calls"))
        sample |= {"events": events, "lost": lost, "agent_cpu_ns": own_cpu}
        sample |= variant.remarks(output)
        sample["output_bytes"] = output.stat().st_size if output.exists() else None
    output.unlink(missing_ok=True)
    sample |= {"variant": variant.name, "elapsed_ns": int(elapsed * 1e9), "peak_rss_kib": meter.peak_kib}
    return sample
