# SPDX-License-Identifier: Apache-2.0
"""The tools that are compared: how each is started, on which CPU, and how it says what it recorded and lost."""

import json
import os
import platform
import re
import shutil
from pathlib import Path

WORKLOAD_CPU = 1
AGENT_CPU = 0
# A tracer that stops the workload twice a call gets fewer operations, so that a run stays short.
SLOW = 20
GETPPID = {"x86_64": 110, "aarch64": 173}.get(platform.machine())
TAIL = 1 << 20


class Variant:
    """One tool. `command` is the argument vector without taskset; FILE stands for its output file."""

    cpu = AGENT_CPU
    slow = 1
    peer = False
    pinning = f"agent on CPU {AGENT_CPU}"

    def __init__(self, name, label, command, tool=None):
        self.name = name
        self.label = label
        self.command = command
        self.tool = tool

    def missing(self):
        """Why it cannot run here, or None."""
        if self.tool and not shutil.which(self.tool):
            name = Path(self.tool).name
            return f"{name} is not installed (scripts/deps bench)" if self.peer else f"{name} is not built (make)"
        return None

    def argv(self, output, workload, pinned):
        prefix = ["taskset", "-c", str(self.cpu)] if pinned and self.command else []
        return prefix + [str(output) if a == "FILE" else a for a in self.command] + workload

    def outcome(self, output, calls):
        """(events the tool recorded, events it lost); None for what it does not tell."""
        return None, None

    def remarks(self, output):
        """More members of the sample."""
        return {}


class Floor(Variant):
    def outcome(self, output, calls):
        stats = json.loads(Path(output).read_text())
        return stats["records"] or None, stats["lost"]


class Sandtrace(Variant):
    def outcome(self, output, calls):
        totals = class_totals(last_record(output))
        if totals is None:
            return None, None
        events = sum(t.get("recorded", t.get("emitted", 0)) + t.get("aggregated", 0) for t in totals)
        return events, sum(t["lost"] for t in totals)

    def remarks(self, output):
        """How often and how long the command was held back so that nothing had to be lost."""
        summary = last_record(output) or {}
        return {k: summary.get(k) for k in ("freezes", "frozen_ms")}


class Strace(Variant):
    cpu = WORKLOAD_CPU  # on another CPU every stop costs two wake-ups across CPUs: 5 to 8 times slower in a VM
    slow = SLOW
    peer = True
    pinning = f"tracer on CPU {WORKLOAD_CPU}, with the workload"

    def outcome(self, output, calls):
        return calls or None, 0  # synchronous: it cannot lose


class PerfTrace(Variant):
    slow = SLOW
    peer = True

    def outcome(self, output, calls):
        lost, kept = 0, 0
        with open(output, errors="replace") as lines:
            for line in lines:
                found = re.search(r"LOST (\d+) events", line)
                if found:
                    lost += int(found[1])
                else:
                    kept += 1
        return kept or None, lost


class BpftraceCount(Variant):
    peer = True

    def outcome(self, output, calls):
        """Its map counts the whole machine, so only getppid, which nobody else calls, can be checked."""
        found = re.search(rf"@\[{GETPPID}\]: (\d+)", Path(output).read_text(errors="replace"))
        if not calls or not found or int(found[1]) < calls // 2:
            return None, None
        return calls, max(0, calls - int(found[1]))


def last_record(path):
    """The last JSON line of a file, or None: it is the summary, and may be long."""
    with open(path, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        f.seek(max(0, size - TAIL))
        lines = f.read().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def class_totals(record):
    """Every object below RECORD that accounts for a class of events, that is, has both `seen` and `lost`."""
    if isinstance(record, list):
        found = [t for v in record for t in class_totals(v) or []]
    elif isinstance(record, dict):
        if {"seen", "lost"} <= record.keys():
            return [record]
        found = [t for v in record.values() for t in class_totals(v) or []]
    else:
        return None
    return found or None


def all_variants(build):
    sandtrace = str(build / "sandtrace")
    floor = str(build / "tests/bench/floor")
    run = [sandtrace, "run", "--trace-only", "--timeout", "300"]
    count = "tracepoint:raw_syscalls:sys_enter { @[args->id] = count(); }"
    variants = [
        Variant("none", "untraced", []),
        Floor("floor-empty", "floor: empty enter + exit", [floor, "--stats", "FILE", "empty", "--"], floor),
        Floor("floor-exit64", "floor: exit-only 64 B record", [floor, "--stats", "FILE", "exit64", "--"], floor),
        Sandtrace("sandtrace", "sandtrace, JSONL", [*run, "-o", "FILE", "--"], sandtrace),
        Sandtrace("sandtrace-c", "sandtrace -c", [*run, "-c", "--format", "jsonl", "-o", "FILE", "--"], sandtrace),
        BpftraceCount("bpftrace-count", "bpftrace count", ["bpftrace", "-o", "FILE", "-e", count, "-c"], "bpftrace"),
        PerfTrace("perf-trace", "perf trace", ["perf", "trace", "-o", "FILE", "--"], "perf"),
        Strace("strace", "strace -f", ["strace", "-f", "-o", "/dev/null", "--"], "strace"),
    ]
    return {v.name: v for v in variants}
