# SPDX-License-Identifier: Apache-2.0
"""The figures to reach: each a target, what was measured, and whether that decides it. Pure."""

from typing import NamedTuple

from . import stats
from .data import OP_LABEL, Data

FLOOR = "floor-exit64"


class Figure(NamedTuple):
    what: str
    target: str
    measured: str
    verdict: str


def between(estimate, unit, digits=2, scale=1):
    if estimate is None:
        return "-"
    value, low, high = (round(v * scale, digits) for v in estimate[:3])
    return f"{value:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def with_loss(data, verdict, kind, ops=None, variant="sandtrace"):
    """A figure counts only for a trace that is whole: no target is met by a run that lost events."""
    lost, silent = data.lost(kind, variant, ops)
    if verdict == "not measured":
        return verdict
    if lost:
        return f"not met: {lost} lost"
    if silent:
        return f"undecided: {silent} runs do not say what they lost"
    return verdict


def added_to_floor(data):
    for op, limit in (("getppid", 1.8), ("rdwr", 1.8), ("openclose", 2.5), ("stat", 2.5)):
        got = data.against(op, "cpu_per_op", FLOOR)
        verdict = with_loss(data, stats.verdict(got, limit), "micro", [op])
        yield Figure(
            f"{OP_LABEL[op]}: CPU added, against the exit-only floor", f"<= {limit} x", between(got, " x"), verdict
        )
    got, _ = data.added("micro", "forkexec", "sandtrace", "cpu_per_op")
    got = got and stats.Estimate(*(v / 1000 for v in got[:3]), got.count)
    verdict = with_loss(data, stats.verdict(got, 60), "micro", ["forkexec"])
    yield Figure("fork + exec: CPU added", "<= 60 us", between(got, " us", 1), verdict)


def against_strace(data):
    ours, real = data.added("micro", "getppid", "sandtrace", "wall_per_op")
    series = (data.series("micro", "getppid", v, "wall_per_op") for v in ("sandtrace", "strace", "none"))
    got = stats.added_ratio(*series) if real and ours.value > 0 else None
    verdict = with_loss(data, stats.verdict(got, 1 / 40), "micro", ["getppid"])
    measured = "-" if got is None else f"1/{1 / got.value:.0f} (1/{1 / got.low:.0f} to 1/{1 / got.high:.0f})"
    yield Figure("getppid: wall time added, against strace -f on the same CPU", "<= 1/40", measured, verdict)


def builds(data):
    for key, word, limit in (("cpu_ns", "CPU charged to the workload", 1.08), ("wall_ns", "wall time", 1.10)):
        got = data.ratio("app", "gcc", "sandtrace", key)
        verdict = with_loss(data, stats.verdict(got, limit), "app", ["gcc"])
        yield Figure(f"gcc build: {word}, against untraced", f"<= {limit:.2f} x", between(got, " x", 3), verdict)


def agent(data):
    got = data.sustained("sandtrace")
    verdict = with_loss(data, stats.verdict(got, 1e6, at_most=False), "throughput")
    yield Figure(
        "sustained to JSONL from one busy CPU, to the last byte", ">= 1.0 M/s", between(got, " M/s", 2, 1e-6), verdict
    )
    got = data.agent_cpu_per_event("sandtrace")
    verdict = with_loss(data, stats.verdict(got, 1000), "throughput")
    yield Figure("agent CPU per event to JSONL", "<= 1 us", between(got, " us", 2, 1e-3), verdict)
    got = stats.estimate(list(data.startup("sandtrace").values()))
    yield Figure(
        "`run --trace-only /bin/true`, start to end",
        "<= 80 ms",
        between(got, " ms", 1, 1e-6),
        stats.verdict(got, 80e6),
    )
    got = data.peak_rss_mb("sandtrace")
    yield Figure("peak RSS at full speed, default rings", "<= 32 MB", between(got, " MB", 1), stats.verdict(got, 32))


def figures(result):
    data = Data(result)
    return [*added_to_floor(data), *against_strace(data), *builds(data), *agent(data)]
