#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the benchmark claims from numbers, on numbers whose meaning is known. Needs no root and no build."""

import json
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import chart, figures, own, report, sample, stats, variants  # noqa: E402

BASE = [100, 101, 99, 102, 98, 100, 101, 99]


def rounds(values):
    return dict(enumerate(values))


class Stats(unittest.TestCase):
    def test_interval_holds_the_median(self):
        got = stats.estimate([5, 1, 4, 2, 3])
        self.assertEqual(got, (3, 1, 5, 5))
        got = stats.estimate(range(1, 21))
        self.assertEqual((got.low, got.high), (6, 15))  # the textbook ranks for n = 20
        got = stats.estimate(range(1, 9))
        self.assertEqual((got.low, got.high), (1, 8))
        self.assertIsNone(stats.estimate([]))

    def test_spread_of_equal_values_is_zero(self):
        self.assertEqual(stats.spread([7, 7, 7]), 0)
        self.assertAlmostEqual(stats.spread([1, 2, 3, 4, 100]), 1.4826)

    def test_difference_inside_the_noise_is_not_claimed(self):
        small = stats.added(rounds([b + 1 for b in BASE]), rounds(BASE))
        self.assertFalse(stats.is_real(small, BASE))
        large = stats.added(rounds([b + 50 for b in BASE]), rounds(BASE))
        self.assertTrue(stats.is_real(large, BASE))
        either_way = stats.added(rounds([b + (-60, 60)[i % 2] for i, b in enumerate(BASE)]), rounds(BASE))
        self.assertFalse(stats.is_real(either_way, BASE))

    def test_few_rounds_claim_nothing(self):
        got = stats.added(rounds([500] * 4), rounds([100] * 4))
        self.assertFalse(stats.is_real(got, [100] * 4))
        self.assertEqual(stats.verdict(got, 1000), "undecided: too few rounds")

    def test_only_common_rounds_are_paired(self):
        self.assertEqual(stats.added({0: 5, 2: 9}, {0: 3, 1: 1}), (2, 2, 2, 1))

    def test_verdict_needs_the_whole_interval(self):
        e = stats.Estimate
        self.assertEqual(stats.verdict(e(1.5, 1.4, 1.7, 8), 1.8), "met")
        self.assertEqual(stats.verdict(e(1.5, 1.4, 1.9, 8), 1.8), "undecided")
        self.assertEqual(stats.verdict(e(2.0, 1.9, 2.2, 8), 1.8), "not met")
        self.assertEqual(stats.verdict(e(2.0, 1.9, 2.2, 8), 1.8, at_most=False), "met")
        self.assertEqual(stats.verdict(None, 1), "not measured")

    def test_ratio_to_a_floor_that_adds_nothing_is_refused(self):
        base = rounds(BASE)
        ours = rounds([b + 40 for b in BASE])
        self.assertEqual(stats.added_ratio(ours, rounds([b + 20 for b in BASE]), base).value, 2)
        self.assertIsNone(stats.added_ratio(ours, rounds([b - 1 for b in BASE]), base))


class Outcomes(unittest.TestCase):
    def outcome(self, name, text, calls):
        with tempfile.NamedTemporaryFile("w+") as f:
            f.write(text)
            f.flush()
            return variants.all_variants(Path("build"))[name].outcome(f.name, calls)

    def test_sandtrace_totals_of_all_classes(self):
        counts = {"seen": 10, "emitted": 8, "recorded": 8, "aggregated": 0, "lost": 2}
        last = {"event_type": "summary", "lost": 4, "classes": {"syscall": counts, "process": counts}}
        text = '{"event_type":"header"}\n' + json.dumps(last) + "\n"
        self.assertEqual(self.outcome("sandtrace", text, 10), (16, 4))

    def test_a_trace_without_summary_tells_nothing(self):
        self.assertEqual(self.outcome("sandtrace", '{"event_type":"syscall"}\n', 10), (None, None))
        self.assertEqual(self.outcome("sandtrace", '{"event_type":"sys', 10), (None, None))
        self.assertEqual(self.outcome("sandtrace", "", 10), (None, None))

    def test_perf_lost_lines(self):
        self.assertEqual(self.outcome("perf-trace", "a\nLOST 12 events!\nb\nLOST 3 events!\n", 20), (2, 15))

    def test_bpftrace_count_is_checked_where_it_can_be(self):
        text = f"@[1]: 5\n@[{variants.GETPPID}]: 990\n"
        self.assertEqual(self.outcome("bpftrace-count", text, 1000), (1000, 10))
        self.assertEqual(self.outcome("bpftrace-count", "@[1]: 5\n", 1000), (None, None))


def made_up(lost=0):
    """Eight rounds in which sandtrace adds 1.5 times what the floor adds, to everything."""
    cost = {"none": 0, "floor-exit64": 200, "sandtrace": 300, "strace": 20000}
    samples = []
    for number, base in enumerate(BASE):
        for variant, extra in cost.items():
            common = {
                "variant": variant,
                "round": number,
                "lost": 0 if variant != "none" else None,
                "agent_cpu_ns": 10**9,
            }
            if variant == "sandtrace":
                common["lost"] = lost
            for op in ("getppid", "rdwr", "openclose", "stat", "forkexec"):
                value = base + extra
                samples.append(common | {"kind": "micro", "op": op, "cpu_per_op": value, "wall_per_op": value})
            value = int(1e9 * (base + extra / 200))
            samples.append(common | {"kind": "app", "op": "gcc", "cpu_ns": value, "wall_ns": value, "events": 9})
            full = {"kind": "throughput", "op": "getppid", "n": 10**6, "calls": 10**6, "events": 10**6}
            full |= {"wall_ns": 8 * 10**8, "elapsed_ns": 9 * 10**8, "peak_rss_kib": 20480}
            samples.append(common | full)
            samples.append(common | {"kind": "startup", "op": "true", "wall_ns": 50_000_000, "cpu_ns": 1_000_000})
    machine = {"cpu": "A & B", "cpus": 2, "memory_mib": 4096, "system": "S", "kernel": "1", "machine": "m"}
    machine |= {"load_before": 0.0, "load_after": 0.0, "tools": {"strace": "strace -- version 6.1", "perf": None}}
    labels = {v: {"label": v, "pinning": ""} for v in cost}
    return {
        "schema": 1,
        "date": "d",
        "revision": "r",
        "quick": False,
        "machine": machine,
        "skipped": [],
        "failed": None,
        "rounds": {"micro": {"done": 8, "wanted": 8}},
        "variants": labels,
        "samples": samples,
    }


def own_row(backend, added, claim="shown", floor=None, lost=0):
    samples = [
        {"round": i + 1, "wall_ns": b + added, "cpu_ns": b, "tracer_cpu_ns": 5, "tracer_rss_kib": 900, "calls": 7, "lost": lost}
        for i, b in enumerate(BASE)
    ]
    e = {"median": added, "low": added - 1, "high": added + 1, "coverage": 0.99, "n": 8, "spread": 1}
    found = {"backend": backend, "label": backend, "not_measured": None, "differing": 0, "other_status": None}
    found |= {k: e for k in ("wall_ns", "cpu_ns", "tracer_cpu_ns", "tracer_rss_kib", "calls", "lost")}
    if backend != "none":
        found |= {k: e | {"claim": claim} for k in ("wall_ratio", "cpu_ratio", "wall_added_ns", "cpu_added_ns")}
        found["wall_added_of_floor"] = floor and e | {"median": floor}
    found["samples"] = [s | {"differs": False} for s in samples]
    return found


def own_made_up(ptrace=12000, limited=20, lost=0):
    """What `sandtrace bench` writes: its ptrace backend adds PTRACE ns where the floor adds 10000, eBPF 300."""
    rows = [
        own_row("none", 0),
        own_row("ebpf", 300),
        own_row("floor-ptrace", 10000),
        own_row("ptrace", ptrace, floor=1.2, lost=lost),
        own_row("ptrace-limited", limited, "not_shown"),
        own_row("strace", 20000),
    ]
    ahead = {"median": 40, "low": 39, "high": None, "coverage": 0.99, "n": 8}
    group = {"label": "one", "unit": "call", "rows": rows, "ebpf_ahead_of_ptrace": ahead}
    machine = {"cpu": "c", "cpus": 2, "kernel": "k", "load": 0.5, "strace": None}
    common = {"version": "0", "date": "d", "rounds": 8, "warmup": 1, "machine": machine}
    micro = common | {"kind": "micro", "pinned": {"workload": 1, "agent": 0}, "groups": [group | {"id": "getppid"}]}
    command = common | {"kind": "command", "pinned": None, "groups": [group | {"id": "command"}]}
    svg = chart.svg(made_up())
    return {"micro": {"result": micro, "svg": svg}} | {p: {"result": command, "svg": svg} for p in ("gcc", "gcc-limited")}


class Own(unittest.TestCase):
    def verdicts(self, **how):
        return [f.verdict for f in own.figures(own_made_up(**how))]

    def test_every_figure_is_met(self):
        self.assertEqual(self.verdicts(), ["met"] * 5)

    def test_a_dear_ptrace_backend_meets_nothing(self):
        self.assertEqual(self.verdicts(ptrace=25000, limited=40), ["not met", "not met", "not met", "met", "not met"])
        self.assertEqual(self.verdicts(ptrace=8000)[3], "not met")  # eBPF is then less than 30 times ahead

    def test_a_lossy_trace_meets_nothing(self):
        self.assertEqual([v for v in self.verdicts(lost=1) if v == "met"], ["met"])  # the limited row lost nothing

    def test_without_it_there_are_no_figures(self):
        self.assertEqual(list(own.figures(None)), [])
        self.assertEqual(list(own.sections(None, report.table)), [])

    def test_it_is_part_of_the_report(self):
        text = report.markdown(made_up() | {"own": own_made_up(), "own_revision": "r2"}, "x.svg")
        for part in ("revision r2", "12.00 us (1.20 x its floor)", "~ (19 ns to 21 ns)", "40 x (39 to more)", "-micro.svg"):
            self.assertIn(part, text)
        self.assertNotIn("+20 ns", text)  # what is not shown is not a number
        lines = text.splitlines()
        for first, second in zip(lines, lines[1:]):
            if first.startswith("|") and second.startswith("|"):
                self.assertEqual(first.count("|"), second.count("|"), second)

    def test_a_row_that_is_missing_says_why(self):
        result = own_made_up()
        gone = result["gcc"]["result"]["groups"][0]["rows"][5]
        gone |= {"wall_ns": None, "not_measured": "strace is not installed", "samples": []}
        self.assertIn("not measured: strace is not installed", "\n".join(own.sections(result, report.table)))


class Reports(unittest.TestCase):
    def test_every_figure_is_met_in_a_made_up_result(self):
        got = figures.figures(made_up())
        self.assertEqual([f.verdict for f in got], ["met"] * 12, got)
        self.assertTrue(got[0].measured.startswith("1.50 x"), got[0])

    def test_a_lossy_trace_meets_nothing_that_depends_on_it(self):
        for figure in figures.figures(made_up(lost=1))[:10]:
            self.assertTrue(figure.verdict.startswith("not met: "), figure)

    def test_an_empty_result_is_not_measured(self):
        result = made_up() | {"samples": [], "failed": "it failed"}
        self.assertEqual({f.verdict for f in figures.figures(result)}, {"not measured"})
        self.assertIn("it failed", report.markdown(result, "x.svg"))
        xml.etree.ElementTree.fromstring(chart.svg(result))

    def test_markdown_tables_are_even(self):
        lines = report.markdown(made_up(), "x.svg").splitlines()
        for first, second in zip(lines, lines[1:]):
            if first.startswith("|") and second.startswith("|"):
                self.assertEqual(first.count("|"), second.count("|"), second)

    def test_chart_is_xml_inside_its_frame(self):
        root = xml.etree.ElementTree.fromstring(chart.svg(made_up()))
        width = float(root.get("width"))
        for bar in root.iter("{http://www.w3.org/2000/svg}rect"):
            self.assertLessEqual(float(bar.get("x", 0)) + float(bar.get("width")), width)

    def test_errors_carry_no_absolute_path(self):
        self.assertEqual(sample.brief(f"{Path.cwd()}/build/x:\n  no"), "build/x: no")


if __name__ == "__main__":
    unittest.main()
