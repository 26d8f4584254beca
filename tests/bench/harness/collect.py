# SPDX-License-Identifier: Apache-2.0
"""The measurement itself: four kinds of sample, in interleaved rounds of shuffled order, inside a time budget."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import sample
from .variants import WORKLOAD_CPU, Variant

HERE = Path(__file__).resolve().parent.parent
# Operations per sample: about 0.1 to 0.2 s untraced.
OPS = {"getppid": 500_000, "rdwr": 200_000, "openclose": 60_000, "stat": 100_000, "forkexec": 250}
FEWEST = {"forkexec": 40}
FULL_SPEED = 3_000_000
APP_VARIANTS = ["none", "floor-exit64", "sandtrace", "sandtrace-c", "bpftrace-count", "perf-trace", "strace"]
IDLE_VARIANTS = ["none", "floor-exit64", "sandtrace", "sandtrace-c"]
QUICK_APPS = {"none", "sandtrace", "strace"}
# Share of the time budget that may be spent when a phase ends.
SHARE = {"startup": 0.08, "idle": 0.11, "throughput": 0.22, "micro": 0.55, "app": 1.0}


class Collector:
    def __init__(self, options, variants, binaries, scratch):
        self.options = options
        self.build = options.build
        self.scratch = scratch
        self.result = scratch / "result.json"
        self.wl = str(binaries / "tests/bench/wl")
        self.plain = Variant("none", "untraced", [])
        self.samples = []
        self.skipped = []
        self.rounds = {}
        self.began = time.monotonic()
        self.variants = {}
        for name, variant in variants.items():
            why = variant.missing()
            if why:
                self.skip(variant.label, why)
            else:
                self.variants[name] = variant

    def skip(self, what, why):
        print(f"bench: {what}: skipped: {why}", file=sys.stderr)
        self.skipped.append({"what": what, "why": why})

    def drop(self, variant, err):
        self.skip(variant.label, str(err))
        del self.variants[variant.name]

    def take(self, kind, op, number, variant, argv, **how):
        """One sample into self.samples. A peer that fails is dropped with its reason; ours ends the run."""
        try:
            got = sample.take(variant, argv, self.result, self.scratch, **how)
        except sample.SampleError as err:
            if not variant.peer:
                raise
            self.drop(variant, err)
            return
        self.samples.append(got | {"kind": kind, "op": op, "round": number})

    def phase(self, kind, rounds, one_round):
        """Calls ONE_ROUND up to ROUNDS times, as long as another is expected to fit."""
        limit = self.began + self.options.budget * SHARE[kind]
        longest, done = 0.0, 0
        while done < rounds and (not done or time.monotonic() + longest < limit):
            begin = time.monotonic()
            one_round(done)
            longest = max(longest, time.monotonic() - begin)
            done += 1
        self.rounds[kind] = {"done": done, "wanted": rounds}
        print(
            f"bench: {kind}: {done} of {rounds} rounds, {time.monotonic() - self.began:.0f} s so far", file=sys.stderr
        )

    def shuffled(self, names=None):
        chosen = [v for n, v in self.variants.items() if names is None or n in names]
        random.shuffle(chosen)
        return chosen

    def micro_argv(self, op, count, slow):
        count = max(count // slow, FEWEST.get(op, 1000))
        return [self.wl, "--cpu", str(WORKLOAD_CPU), "--out", str(self.result), op, str(count)]

    def micro(self, number):
        ops = list(OPS)
        random.shuffle(ops)
        for op in ops:
            for variant in self.shuffled():
                count = OPS[op] // (10 if self.options.quick else 1)
                self.take("micro", op, number, variant, self.micro_argv(op, count, variant.slow))

    def throughput(self, number):
        count = FULL_SPEED // (10 if self.options.quick else 1)
        for variant in self.shuffled():
            argv = self.micro_argv("getppid", count, variant.slow * 5 if variant.slow > 1 else 1)
            self.take("throughput", "getppid", number, variant, argv, watch_memory=True)

    def startup(self, number):
        """The tool itself is the command that is measured, tracing /bin/true."""
        for variant in self.shuffled():
            if variant.peer and number % 4:
                continue
            command = variant.argv(self.scratch / "output", ["/bin/true"], False)
            argv = [self.wl, "run", "--out", str(self.result), "--", *command]
            try:
                got = sample.take(self.plain, argv, self.result, self.scratch)
            except sample.SampleError as err:
                if not variant.peer:
                    raise
                self.drop(variant, err)
                continue
            self.samples.append(got | {"kind": "startup", "op": "true", "round": number, "variant": variant.name})

    def idle(self, number):
        """A command that sleeps a second: what a tool uses when there is nothing to trace."""
        for variant in self.shuffled(IDLE_VARIANTS):
            argv = [self.wl, "run", "--out", str(self.result), "--", "sleep", "1"]
            self.take("idle", "sleep", number, variant, argv, pinned=False)

    def app(self, name, prepare, command):
        def one(number):
            for variant in self.shuffled(QUICK_APPS if self.options.quick else APP_VARIANTS):
                if variant.peer and number % 2:
                    continue
                prepare()
                argv = [self.wl, "run", "--out", str(self.result), "--", *command]
                self.take("app", name, number, variant, argv, pinned=False)

        return one

    def apps(self):
        """The two builds alternate, so that a bad minute of the machine hits both."""
        rows = [self.app("gcc", *self.prepare_gcc())]
        npm = self.prepare_npm()
        if npm:
            rows.append(self.app("npm", *npm))

        def one(number):
            for row in rows:
                row(number)

        return one

    def prepare_gcc(self):
        tree = self.scratch / "gcc"
        subprocess.run([HERE / "gen", tree], check=True)

        def clean():
            for built in [*tree.glob("*.o"), tree / "prog"]:
                built.unlink(missing_ok=True)

        return clean, ["make", "-s", "-j2", "-C", str(tree)]

    def prepare_npm(self):
        """Fills the cache over the network once; every measured run is --offline. None when it cannot be filled."""
        if not shutil.which("npm"):
            self.skip("npm ci", "npm is not installed")
            return None
        cache, tree = self.build / "bench/npm-cache", self.scratch / "npm"
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
        command += ["--loglevel", "error", "--prefix", str(tree), "--cache", str(cache.absolute())]
        cache.mkdir(parents=True, exist_ok=True)

        def fresh():
            shutil.rmtree(tree, ignore_errors=True)
            shutil.copytree(HERE / "npm", tree)

        problem = None
        for attempt in (["--offline"], [], ["--offline"]):
            fresh()
            try:
                done = subprocess.run(
                    command + attempt, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
                )
            except subprocess.TimeoutExpired:
                problem = "npm did not end within 120 s"
                continue
            if done.returncode == 0 and attempt:
                return fresh, [*command, "--offline"]
            problem = done.stderr.strip()
        problem = re.sub(r"(https?:)?//\S+", "the registry", problem or "no reason given")
        self.skip("npm ci", "the cache could not be filled: " + re.sub(r"\s+", " ", problem)[:200])
        return None

    def run(self):
        options = self.options
        self.phase("startup", 3 if options.quick else 20, self.startup)
        self.phase("idle", 1 if options.quick else 5, self.idle)
        self.phase("throughput", 1 if options.quick else 5, self.throughput)
        self.phase("micro", options.rounds, self.micro)
        if options.apps:
            self.phase("app", 1 if options.quick else options.app_rounds, self.apps())


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (done.stdout or done.stderr).strip().split("\n")[0] or None


def cpu_model():
    info = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.+)$", info, re.M)
    model = found[1] if found else os.uname().machine
    return model + (", virtual machine" if re.search(r"^flags.*\bhypervisor\b", info, re.M) else "")


def machine():
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(), re.M)
    tools = {"strace": ["--version"], "perf": ["--version"], "bpftrace": ["--version"], "gcc": ["--version"]}
    versions = {t: first_line(t, *arguments) for t, arguments in tools.items()}
    return {
        "kernel": os.uname().release,
        "machine": os.uname().machine,
        "system": system[1] if system else None,
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "memory_mib": int(memory[1]) // 1024,
        "load_before": os.getloadavg()[0],
        "tools": versions | {"node": first_line("node", "--version"), "npm": first_line("npm", "--version")},
    }


def load_results(path):
    data = json.loads(Path(path).read_text())
    if data.get("schema") != 1 or "samples" not in data:
        raise ValueError("not a result of tests/bench/run")
    return data
