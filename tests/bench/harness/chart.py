# SPDX-License-Identifier: Apache-2.0
"""The chart: time added per operation by each tool, on one logarithmic axis. Pure; SVG by hand, no library."""

from html import escape
from math import ceil, floor, log10

from .data import MICRO, OP_LABEL, Data

WIDTH = 880
LEFT, RIGHT = 190, 110
TOP, BOTTOM = 120, 46
ROW, GROUP_HEAD, GROUP_GAP = 31, 26, 10
BAR = 12

STYLE = """\
  text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .sub, .tick, .value { fill: #57606a; font-size: 11px }
  .op { font-weight: 600; font-size: 13px }
  .value { font-variant-numeric: tabular-nums; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .cpu.floor { fill: #8c959f } .cpu.ours { fill: #1a7f37 } .cpu.peer { fill: #bc4c00 }
  .wall { opacity: .38 }
  .wall.floor { fill: #8c959f } .wall.ours { fill: #1a7f37 } .wall.peer { fill: #bc4c00 }
  .noise { opacity: .18 }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .sub, .tick, .value { fill: #9198a1 }
    .value { stroke: #0d1117 }
    .grid { stroke: #30363d }
    .paper { fill: #0d1117 }
    .cpu.floor, .wall.floor { fill: #7d8590 }
    .cpu.ours, .wall.ours { fill: #3fb950 }
    .cpu.peer, .wall.peer { fill: #f0883e }
  }"""


def kind_of(variant):
    if variant.startswith("floor"):
        return "floor"
    return "ours" if variant.startswith("sandtrace") else "peer"


def short(ns):
    """Three significant digits."""
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            value = ns / size
            return f"{value:.{max(0, 2 - floor(log10(value)))}f} {unit}"
    return f"{ns:.0f} ns"


def axis_label(ns):
    for unit, size in (("ms", 1e6), ("µs", 1e3), ("ns", 1)):
        if ns >= size:
            return f"{ns / size:.0f} {unit}"
    return f"{ns:g} ns"


def measured(data, op, variant, key):
    """(added nanoseconds, whether they are above the noise); None where nothing was added."""
    got, real = data.added("micro", op, variant, key)
    return (got.value, real) if got and got.value > 0 else (None, False)


def collect(data):
    groups = []
    for op in MICRO:
        rows = [
            (v, *(measured(data, op, v, key) for key in ("cpu_per_op", "wall_per_op")))
            for v in data.variants
            if v != "none" and data.pick("micro", op, v)
        ]
        if rows:
            groups.append((op, rows))
    return groups


class Axis:
    def __init__(self, values):
        self.low = floor(log10(min(values, default=10)))
        self.high = max(ceil(log10(max(values, default=100))), self.low + 1)

    def x(self, ns):
        share = (log10(max(ns, 10**self.low)) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self):
        return [10**e for e in range(self.low, self.high + 1)]


def bar(axis, y, ns, css):
    length = max(axis.x(ns) - LEFT, 1)
    return f'<rect class="{css}" x="{LEFT}" y="{y:.1f}" width="{length:.1f}" height="{BAR}" rx="1.5"/>'


def row(axis, y, label, variant, cpu, wall):
    out = [f'<text x="{LEFT - 10}" y="{y + 17:.1f}" text-anchor="end">{escape(label)}</text>']
    for offset, (ns, real), css in ((0, cpu, "cpu"), (BAR + 1, wall, "wall")):
        at, text = LEFT, "nothing above the noise"
        if ns is not None:
            out.append(bar(axis, y + offset, ns, f"{css} {kind_of(variant)}{'' if real else ' noise'}"))
            at, text = axis.x(ns), short(ns) if real else f"~ {short(ns)}"
        out.append(f'<text class="value" x="{at + 5:.1f}" y="{y + offset + BAR - 2:.1f}">{text}</text>')
    return out


def header(result):
    m = result["machine"]
    where = f"{m['cpu']}, {m['cpus']} CPUs, kernel {m['kernel']}, {result['date']}"
    out = [
        '<text class="title" x="20" y="30">Time added to each operation of the traced program</text>',
        '<text class="sub" x="20" y="50">Median over the untraced run of the same round; logarithmic scale. '
        "Upper bar: CPU charged to the program.</text>",
        '<text class="sub" x="20" y="66">Lower, lighter bar: wall time, waiting for the tracer included. '
        "~: not above the noise.</text>",
        f'<text class="sub" x="20" y="82">{escape(where)}</text>',
    ]
    return out


def svg(result):
    data = Data(result)
    groups = collect(data)
    axis = Axis([ns for _, rows in groups for _, *pair in rows for ns, _ in pair if ns is not None])
    height = TOP + BOTTOM + sum(GROUP_HEAD + len(rows) * ROW + GROUP_GAP for _, rows in groups)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="img" aria-label="Time added per operation by each tool">',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
        *header(result),
    ]
    for tick in axis.ticks():
        x = axis.x(tick)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - BOTTOM + 4}"/>')
        for at in (TOP - 8, height - BOTTOM + 20):
            out.append(f'<text class="tick" x="{x:.1f}" y="{at}" text-anchor="middle">{axis_label(tick)}</text>')
    y = TOP
    for op, rows in groups:
        out.append(f'<text class="op" x="20" y="{y + 15}">{escape(OP_LABEL[op])}</text>')
        y += GROUP_HEAD
        for variant, cpu, wall in rows:
            out += row(axis, y, data.label[variant], variant, cpu, wall)
            y += ROW
        y += GROUP_GAP
    out.append("</svg>")
    return "\n".join(out) + "\n"
