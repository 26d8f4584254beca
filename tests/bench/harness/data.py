# SPDX-License-Identifier: Apache-2.0
"""Questions that the tables, the figures and the chart ask of a result. Pure."""

from statistics import median

from . import stats

MICRO = ["getppid", "rdwr", "openclose", "stat", "forkexec"]
OP_LABEL = {
    "getppid": "getppid",
    "rdwr": "read + write",
    "openclose": "open + close",
    "stat": "stat",
    "forkexec": "fork + exec",
    "gcc": "gcc build",
    "npm": "npm ci",
}
ORDER = "none floor-empty floor-exit64 sandtrace sandtrace-c bpftrace-count perf-trace strace".split()


class Data:
    def __init__(self, result):
        self.result = result
        self.variants = [v for v in ORDER if any(s["variant"] == v for s in result["samples"])]
        labels = {v: entry["label"] for v, entry in result["variants"].items()}
        self.label = {v: labels.get(v, v) for v in self.variants}

    def pick(self, kind, op, variant):
        return [s for s in self.result["samples"] if (s["kind"], s["op"], s["variant"]) == (kind, op, variant)]

    def series(self, kind, op, variant, key):
        """{round: value}. A floor that lost records did less than it should and is not counted."""
        samples = self.pick(kind, op, variant)
        return stats.by_round([s for s in samples if not (variant.startswith("floor") and s.get("lost"))], key)

    def ops(self, kind):
        return [op for op in OP_LABEL if self.pick(kind, op, "none")]

    def added(self, kind, op, variant, key):
        """(what VARIANT adds to an untraced run, whether that may be claimed)."""
        base = self.series(kind, op, "none", key)
        got = stats.added(self.series(kind, op, variant, key), base)
        return got, stats.is_real(got, list(base.values()) or [0])

    def ratio(self, kind, op, variant, key):
        return stats.ratio(self.series(kind, op, variant, key), self.series(kind, op, "none", key))

    def against(self, op, key, floor):
        """What sandtrace adds, in units of what FLOOR adds."""
        return stats.added_ratio(*(self.series("micro", op, v, key) for v in ("sandtrace", floor, "none")))

    def noise(self, kind, op, key):
        """Spread of the untraced runs, as a fraction of their median."""
        values = list(self.series(kind, op, "none", key).values())
        return stats.spread(values) / median(values) if values else None

    def lost(self, kind, variant, ops=None):
        """(events lost, samples that do not say) over every sample of VARIANT."""
        got = [
            s["lost"]
            for s in self.result["samples"]
            if s["kind"] == kind and s["variant"] == variant and (ops is None or s["op"] in ops)
        ]
        return sum(v for v in got if v is not None), sum(v is None for v in got)

    def measures(self):
        """(kind, op, key, ns in the unit to print) of everything that was timed."""
        for op in self.ops("micro"):
            yield from (("micro", op, key, 1) for key in ("cpu_per_op", "wall_per_op"))
        for op in self.ops("app"):
            yield from (("app", op, key, 1e6) for key in ("cpu_ns", "wall_ns"))
        yield ("startup", "true", "wall_ns", 1e6)

    def startup(self, variant, key="wall_ns"):
        """{round: ns} of tracing /bin/true; agent CPU is what it costs beyond running it untraced."""
        return self.series("startup", "true", variant, key)

    def start_cpu(self, variant):
        """Nanoseconds of CPU that the tool itself needs to trace next to nothing; None where not measured."""
        start = self.startup(variant, "cpu_ns").values()
        bare = self.startup("none", "cpu_ns").values()
        return median(start) - median(bare) if start and bare else None

    def idle_share(self, variant):
        """Share of one CPU that the tool uses while its command sleeps."""
        fixed = self.start_cpu(variant)
        if fixed is None:
            return None
        got = [s for s in self.pick("idle", "sleep", variant) if "agent_cpu_ns" in s]
        return stats.estimate([max(0, s["agent_cpu_ns"] - fixed) / s["wall_ns"] for s in got])

    def agent_cpu_per_event(self, variant):
        """Nanoseconds of the agent's own CPU for each event at full speed, its start-up taken off."""
        fixed = self.start_cpu(variant)
        if fixed is None:
            return None
        got = [s for s in self.pick("throughput", "getppid", variant) if s.get("events")]
        return stats.estimate([max(0, s["agent_cpu_ns"] - fixed) / s["events"] for s in got])

    def rate(self, variant):
        """Calls a second of one busy CPU under VARIANT, as the workload sees it."""
        return stats.estimate([s["n"] * 1e9 / s["wall_ns"] for s in self.pick("throughput", "getppid", variant)])

    def sustained(self, variant):
        """The same up to the last byte of the trace: what is still in the rings when the workload ends counts too."""
        start = self.startup(variant).values()
        if not start:
            return None
        fixed = median(start)
        got = self.pick("throughput", "getppid", variant)
        return stats.estimate([s["calls"] * 1e9 / max(1, s["elapsed_ns"] - fixed) for s in got])

    def peak_rss_mb(self, variant):
        got = self.pick("throughput", "getppid", variant)
        return stats.estimate([s["peak_rss_kib"] / 1024 for s in got if s.get("peak_rss_kib")])
