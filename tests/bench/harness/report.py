# SPDX-License-Identifier: Apache-2.0
"""The Markdown report of a result. Pure."""

from statistics import median

from . import own
from .data import OP_LABEL, Data
from .figures import between, figures
from .stats import spread

METHOD = """\
## How it is measured

- Micro workloads run on CPU {workload}; the agent under test runs on CPU {agent}. strace runs on the workload's
  CPU, where it is 5 to 8 times faster than across CPUs of a virtual machine. Builds are pinned nowhere.
- The workload measures itself, after a warm-up, so the start-up of a tracer is in no figure but its own. CPU is
  user + system time charged to the workload and its children. It holds all that an in-kernel tracer does on the
  workload's CPU, but not the time that a ptrace stop waits for the tracer: read strace in the wall table.
- Every round runs each variant once per operation, in shuffled order, and is compared with the untraced run of
  that same round. Values are medians of those pairs; brackets hold the 95 % interval of the median, which with
  fewer than 9 rounds is the whole range. `~` marks a difference that is not larger than the noise, or of fewer
  than 5 rounds: nothing may be concluded from it.
- A target is met or not met only where the whole interval is on one side of it, and never by a trace that lost
  events.
- Floors: two empty programs on `sys_enter` and `sys_exit` (the price of being called at all), and one 64-byte
  ring record a call, at exit only, no wake-up, read every millisecond by a reader that only counts. The 64
  bytes hold time, task and result: no arguments, no duration, no paths, no output.
- Traces are written to tmpfs. Agent CPU is that of the tool's own process; per event, less that of tracing
  /bin/true; idle, in % of one CPU while the command sleeps. RSS is VmHWM, sampled every 50 ms.
- "By backend" is what `sandtrace bench` says, whose manual page says how it measures. There too values are medians of
  pairs within a round, orders change, and intervals are order statistics; `~` is a difference that is not shown, `?` one
  of fewer than six rounds. In its micro workloads whatever traces with ptrace runs on the workload's CPU, the
  reader of the ptrace backend on the other one; its builds are pinned nowhere.
- Kernel time spent in interrupts and by other system-wide observers is charged as the kernel charges it.
"""

COLUMN_NOTE = {"cpu_per_op": "CPU", "wall_per_op": "Wall time"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def nanoseconds(value, op, sign=""):
    return f"{value / 1000:{sign},.1f} us" if op == "forkexec" else f"{value:{sign},.0f}"


def loss_cell(data, kind, variant, ops=None):
    if variant == "none" or variant == "floor-empty":
        return "-"
    lost, silent = data.lost(kind, variant, ops)
    return f"{lost:,}" if lost or not silent else "not told"


def micro_table(data, key):
    ops = data.ops("micro")
    rows = []
    for variant in data.variants:
        cells = []
        for op in ops:
            series = data.series("micro", op, variant, key)
            if not series:
                cells.append("-")
            elif variant == "none":
                cells.append(f"{nanoseconds(median(series.values()), op)}")
            else:
                got, real = data.added("micro", op, variant, key)
                share = data.ratio("micro", op, variant, key)
                cells.append(f"{'' if real else '~ '}{nanoseconds(got.value, op, '+')} ({share.value:.2f}x)")
        rows.append([data.label[variant], *cells, loss_cell(data, "micro", variant)])
    return table(["", *(OP_LABEL[op] for op in ops), "lost"], rows)


def app_table(data, op):
    rows = []
    for variant in data.variants:
        samples = data.pick("app", op, variant)
        if not samples:
            continue
        cpu, wall = (median(s[k] for s in samples) / 1e9 for k in ("cpu_ns", "wall_ns"))
        cells = []
        for key in ("cpu_ns", "wall_ns"):
            got = data.ratio("app", op, variant, key)
            real = data.added("app", op, variant, key)[1]
            cells.append("1" if variant == "none" else ("" if real else "~ ") + between(got, " x"))
        agent = [s["agent_cpu_ns"] / 1e9 for s in samples if "agent_cpu_ns" in s]
        events = [s["events"] for s in samples if s.get("events")]
        rows.append(
            [
                data.label[variant],
                f"{cpu:.2f} s",
                cells[0],
                f"{wall:.2f} s",
                cells[1],
                f"{median(agent):.2f} s" if agent else "-",
                f"{median(events):,.0f}" if events else "-",
                loss_cell(data, "app", variant, [op]),
            ]
        )
    return table(["", "CPU", "CPU ratio", "wall", "wall ratio", "agent CPU", "events", "lost"], rows)


def agent_table(data):
    rows = []
    for variant in data.variants:
        rate, start = data.rate(variant), list(data.startup(variant).values())
        per_event, rss = data.agent_cpu_per_event(variant), data.peak_rss_mb(variant)
        sustained, idle = data.sustained(variant), data.idle_share(variant)
        if rate is None or not start:
            continue
        agent = variant != "none"
        rows.append(
            [
                data.label[variant],
                f"{rate.value / 1e6:.3f} M/s",
                f"{sustained.value / 1e6:.3f} M/s" if agent and sustained else "-",
                f"{per_event.value / 1000:.2f} us" if agent and per_event else "-",
                f"{100 * idle.value:.1f} %" if agent and idle else "-",
                f"{rss.value:.1f} MB" if agent and rss else "-",
                f"{median(start) / 1e6:.1f} ms",
                loss_cell(data, "throughput", variant),
            ]
        )
    head = [
        "",
        "getppid, one CPU",
        "to the end of the trace",
        "agent CPU per event",
        "agent CPU, idle",
        "peak RSS",
        "/bin/true, start to end",
        "lost",
    ]
    return table(head, rows)


def spread_table(data):
    rows = []
    for kind, op, key, scale in data.measures():
        for variant in data.variants:
            values = [v / scale for v in data.series(kind, op, variant, key).values()]
            if values:
                numbers = (median(values), min(values), max(values), spread(values))
                what = f"{OP_LABEL.get(op, op)}, {'CPU' if 'cpu' in key else 'wall'}, {'ns' if scale == 1 else 'ms'}"
                rows.append([what, data.label[variant], *(f"{n:,.1f}" for n in numbers), len(values)])
    return table(["", "", "median", "min", "max", "spread", "rounds"], rows)


def noise_text(data):
    parts = []
    for kind, keys in (("micro", ("cpu_per_op", "wall_per_op")), ("app", ("cpu_ns", "wall_ns"))):
        for op in data.ops(kind):
            cpu, wall = (100 * data.noise(kind, op, key) for key in keys)
            parts.append(f"{OP_LABEL[op]} {cpu:.1f} % / {wall:.1f} %")
    return "Noise, as the spread of the untraced runs (CPU / wall): " + ", ".join(parts) + "."


def machine_text(result):
    m = result["machine"]
    tools = ", ".join(v for v in (tidy(t, line) for t, line in m["tools"].items()) if v)
    rounds = ", ".join(f"{kind} {r['done']} of {r['wanted']}" for kind, r in result["rounds"].items())
    return "\n".join(
        [
            f"- Date: {result['date']}, revision {result['revision']}"
            + (f"; `sandtrace bench`: revision {result['own_revision']}" if result.get("own_revision") else ""),
            f"- Machine: {m['cpu']}, {m['cpus']} CPUs, {m['memory_mib'] / 1024:.0f} GiB; {m['system']}, "
            f"kernel {m['kernel']}, {m['machine']}",
            f"- Load average before and after: {m['load_before']:.2f}, {m['load_after']:.2f}",
            f"- Tools: {tools}",
            f"- Rounds: {rounds}",
        ]
    )


def tidy(tool, line):
    """ "gcc (Debian 12.2.0-14) 12.2.0" -> "gcc 12.2.0"."""
    return f"{tool} {line.split()[-1].lstrip('v')}" if line else None


def every_figure(result):
    return [*figures(result), *own.figures(result.get("own"))]


def figures_table(result):
    return table(["figure", "target", "measured", ""], [[*f[:3], f"**{f.verdict}**"] for f in every_figure(result)])


def figures_text(result):
    """The same for a terminal."""
    rows = every_figure(result)
    widths = [max(len(r[i]) for r in rows) for i in range(3)]
    return "\n".join("  ".join([*(r[i].ljust(widths[i]) for i in range(3)), r.verdict]) for r in rows)


def markdown(result, chart_name):
    from .variants import AGENT_CPU, WORKLOAD_CPU

    data = Data(result)
    parts = ["# Benchmarks", "Written by `tests/bench/run`; `make bench` measures again.", machine_text(result)]
    if result["quick"]:
        parts.append("**A quick run: it shows that the benchmark works and proves nothing else.**")
    if result["failed"]:
        parts.append(f"**The run failed, what follows is incomplete:** {result['failed']}")
    if data.ops("micro"):
        parts += [
            noise_text(data),
            "## Figures to reach",
            figures_table(result),
            f"![Time added per operation]({chart_name})",
        ]
        for key in ("cpu_per_op", "wall_per_op"):
            parts.append(f"## {COLUMN_NOTE[key]} added per operation, ns")
            parts.append("First row: untraced, in ns. Then what is added, and the ratio to untraced.")
            parts.append(micro_table(data, key))
    elif result.get("own"):
        parts += ["## Figures to reach", figures_table(result)]
    parts += own.sections(result.get("own"), table)
    for op in data.ops("app"):
        parts += [f"## {OP_LABEL[op]}", app_table(data, op)]
    if data.pick("throughput", "getppid", "none"):
        parts += ["## Full speed, and what the tool itself uses", agent_table(data)]
    if result["skipped"]:
        parts += ["## Not measured", "\n".join(f"- {s['what']}: {s['why']}" for s in result["skipped"])]
    parts += [
        "<details><summary>Every median with its minimum, maximum and spread</summary>",
        spread_table(data),
        "</details>",
    ]
    parts.append(METHOD.format(workload=WORKLOAD_CPU, agent=AGENT_CPU).rstrip())
    return "\n\n".join(parts) + "\n"
