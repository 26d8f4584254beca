# SPDX-License-Identifier: Apache-2.0
"""What `sandtrace bench` measured: its JSON results as tables, and the figures that they decide. Pure but for measure()."""

import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from . import stats
from .figures import Figure, between

# name: (title, chart)
PARTS = {
    "micro": ("What a system call costs, by backend", "benchmarks-micro.svg"),
    "gcc": ("gcc build, by backend", "benchmarks-gcc.svg"),
    "gcc-limited": ("gcc build, only execve and openat of interest", None),
}
LIMITED = "execve,openat"


class OwnError(Exception):
    """`sandtrace bench` failed; the text says how."""


def run_one(sandtrace, runs, arguments, scratch, cwd=None):
    """The JSON result and the chart of one `sandtrace bench`."""
    files = [scratch / "bench.json", scratch / "bench.svg"]
    command = [sandtrace, "bench", "--runs", str(runs), "--json", files[0], "--svg", files[1], *arguments]
    done = subprocess.run(
        [str(a) for a in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode:
        raise OwnError(f"sandtrace bench: status {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return {"result": json.loads(files[0].read_text()), "svg": files[1].read_text()}


def measure(sandtrace, gen, micro_runs, app_runs, say):
    """Every part, as {name: {"result": ..., "svg": ...}}."""
    build = ["sh", "-c", "rm -f *.o prog; exec make -s -j2"]
    got = {}
    with tempfile.TemporaryDirectory(prefix="sandtrace-own.", dir="/dev/shm") as name:
        scratch = Path(name)
        tree = scratch / "gcc"
        subprocess.run([gen, tree], check=True)
        for part, runs, arguments in (
            ("micro", micro_runs, ["--micro"]),
            ("gcc", app_runs, ["--", *build]),
            ("gcc-limited", app_runs, ["--trace", LIMITED, "--", *build]),
        ):
            say(f"sandtrace bench: {part}, {runs} rounds")
            got[part] = run_one(sandtrace, runs, arguments, scratch, cwd=tree)
    return got


def group(own, part, name):
    if not own or part not in own:
        return None
    return next((g for g in own[part]["result"]["groups"] if g["id"] == name), None)


def row(own, part, name, backend):
    found = group(own, part, name)
    return found and next((r for r in found["rows"] if r["backend"] == backend), None)


def series(own, part, name, backend, key="wall_ns"):
    """{round: value} of the runs that ended as they should."""
    found = row(own, part, name, backend)
    if not found:
        return {}
    return {s["round"]: s[key] for s in found["samples"] if s[key] is not None and not s["differs"]}


def lost(own, part, name, backend):
    return sum(series(own, part, name, backend, "lost").values())


def decided(own, part, name, backends, got, limit, at_most=True):
    """A trace that lost something decides nothing."""
    gone = sum(lost(own, part, name, b) for b in backends)
    verdict = stats.verdict(got, limit, at_most)
    return f"not met: {gone:,.0f} lost" if gone and verdict != "not measured" else verdict


def micro_figures(own):
    def wall(backend, op="getppid"):
        return series(own, "micro", op, backend)

    got = stats.added_ratio(wall("ptrace"), wall("floor-ptrace"), wall("none"))
    yield Figure(
        "ptrace backend, getppid to JSONL: wall time added, against a bare PTRACE_SYSCALL counter",
        "<= 1.25 x",
        between(got, " x"),
        decided(own, "micro", "getppid", ["ptrace"], got, 1.25),
    )
    for found in own["micro"]["result"]["groups"]:
        op = found["id"]
        got = stats.ratio(wall("ptrace", op), wall("strace", op))
        verdict = decided(own, "micro", op, ["ptrace"], got, 1)
        yield Figure(f"ptrace backend, {found['label']}: wall time, against strace -f", "< 1 x", between(got, " x"), verdict)
    got = stats.added(wall("ptrace-limited"), wall("none"))
    yield Figure(
        f"ptrace backend, -e trace={LIMITED}: wall time added to getppid",
        "<= 30 ns",
        between(got, " ns", 1),
        decided(own, "micro", "getppid", ["ptrace-limited"], got, 30),
    )
    got = stats.added_ratio(wall("ptrace"), wall("ebpf"), wall("none"))
    verdict = decided(own, "micro", "getppid", ["ptrace", "ebpf"], got, 30, at_most=False)
    yield Figure("getppid: eBPF ahead of ptrace, in wall time added", ">= 30 x", between(got, " x", 1), verdict)


def figures(own):
    if not own:
        return
    if "micro" in own:
        yield from micro_figures(own)
    got = stats.ratio(*(series(own, "gcc-limited", "command", b) for b in ("ptrace", "strace")))
    yield Figure(
        f"gcc build, -e trace={LIMITED}: wall time of the ptrace backend, against strace --seccomp-bpf",
        "<= 1 x",
        between(got, " x"),
        decided(own, "gcc-limited", "command", ["ptrace"], got, 1),
    )


# ---- tables


def time_text(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if abs(ns) >= size:
            return f"{ns / size:,.2f} {unit}"
    return f"{ns:.0f} ns"


def claimed(estimate, text):
    """~ for what is not shown, ? for what too few rounds cannot show, as `sandtrace bench` says it."""
    return {"shown": "", "not_shown": "~ ", "too_few": "? "}[estimate["claim"]] + text


def ratio_cell(found, key):
    e = found.get(key)
    if not e:
        return "1" if found["backend"] == "none" else "-"
    if e["claim"] == "not_shown":
        return f"~ ({e['low']:.2f} to {e['high']:.2f})"
    return claimed(e, f"{e['median']:.2f} x ({e['low']:.2f} to {e['high']:.2f})")


def own_cell(found, key, text):
    return text(found[key]["median"]) if found[key] else "-"


def lost_cell(found):
    got = [s["lost"] for s in found["samples"] if s["lost"] is not None]
    return f"{sum(got):,}" if got else "-"


def missing(found):
    return found["not_measured"] or "the command ended otherwise"


def command_rows(result):
    for found in result["groups"][0]["rows"]:
        if not found["wall_ns"]:
            yield [found["label"], "not measured: " + missing(found), *[""] * 7]
            continue
        yield [
            found["label"],
            own_cell(found, "wall_ns", time_text),
            ratio_cell(found, "wall_ratio"),
            own_cell(found, "cpu_ns", time_text),
            ratio_cell(found, "cpu_ratio"),
            own_cell(found, "tracer_cpu_ns", time_text),
            own_cell(found, "tracer_rss_kib", lambda v: f"{v * 1024 / 1e6:.1f} MB"),
            own_cell(found, "calls", lambda v: f"{v:,.0f}"),
            lost_cell(found),
        ]


def added_cell(found):
    e, floor = found.get("wall_added_ns"), found.get("wall_added_of_floor")
    if not found["wall_ns"]:
        return "not measured"
    if not e:
        return time_text(found["wall_ns"]["median"])
    if e["claim"] == "not_shown":
        return f"~ ({time_text(e['low'])} to {time_text(e['high'])})"
    text = claimed(e, f"+{time_text(e['median'])}" if e["median"] >= 0 else time_text(e["median"]))
    return text + (f" ({floor['median']:.2f} x its floor)" if floor and floor["median"] else "")


def ahead_cell(found):
    e = found["ebpf_ahead_of_ptrace"]
    if not e or e["low"] is None:
        return "-"
    high = "more" if e["high"] is None else f"{e['high']:.0f}"
    middle = "" if e["median"] is None else f"{e['median']:.0f} x "
    return f"**{middle}({e['low']:.0f} to {high})**"


def micro_rows(result):
    for i, found in enumerate(result["groups"][0]["rows"]):
        yield [found["label"], *(added_cell(g["rows"][i]) for g in result["groups"])]
    yield ["**ebpf is ahead of ptrace by**", *(ahead_cell(g) for g in result["groups"])]


def where(result):
    m = result["machine"]
    text = (
        f"`sandtrace bench` {result['version']}, {result['date']}: rounds: {result['rounds']} after {result['warmup']} to warm up; "
        f"{m['cpu']}, {m['cpus']} CPUs, kernel {m['kernel']}, load {m['load']:.2f} before, strace {m['strace'] or 'missing'}."
    )
    if result["pinned"]:
        cpus = result["pinned"]
        text += f" Workload and ptrace tracers on CPU {cpus['workload']}, the rest on CPU {cpus['agent']}."
    base = [s["wall_ns"] for s in result["groups"][0]["rows"][0]["samples"]]
    if base and not result["pinned"]:
        text += f" Spread of the untraced runs: {100 * stats.spread(base) / median(base):.1f} %."
    return text


def sections(own, table):
    """Markdown, a paragraph each."""
    for part, (title, picture) in PARTS.items():
        if not own or part not in own:
            continue
        result = own[part]["result"]
        yield f"## {title}"
        yield where(result)
        if result["kind"] == "micro":
            yield "First row: wall time of each call, or of each process. Then what is added to it."
            yield table(["", *(g["label"] for g in result["groups"])], micro_rows(result))
        else:
            head = ["", "wall", "against none", "CPU", "against none", "tracer CPU", "tracer memory", "calls", "lost"]
            yield table(head, command_rows(result))
        if picture:
            yield f"![{title}]({picture})"
