# SPDX-License-Identifier: Apache-2.0
"""Medians, spread, and what may be claimed from them. Pure: numbers in, numbers out.

Rounds are paired: every variant of one operation runs within seconds of the untraced run of the same round, so slow
drifts of the machine cancel. Nothing here assumes a normal distribution; a run on a shared machine has none.
"""

from math import comb
from statistics import median
from typing import NamedTuple

FEWEST = 5  # rounds below which nothing is claimed: all of 5 on one side of zero happens by chance once in 16 times


class Estimate(NamedTuple):
    """A median with its 95 % interval (of order statistics: with fewer than 9 values, their whole range)."""

    value: float
    low: float
    high: float
    count: int


def spread(values):
    """Median absolute deviation, scaled so that it equals the standard deviation where noise is normal."""
    middle = median(values)
    return 1.4826 * median(abs(v - middle) for v in values)


def estimate(values):
    """The median of VALUES and the interval that holds the true one in 95 % of cases or more; None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    count = len(ordered)
    outside, rank = 0.0, 0
    while True:
        outside += 2 * comb(count, rank) / 2**count
        if outside > 0.05 or rank >= count // 2:
            break
        rank += 1
    rank = max(rank - 1, 0)
    return Estimate(median(ordered), ordered[rank], ordered[count - 1 - rank], count)


def by_round(samples, key):
    """{round: value} of the samples that have KEY."""
    return {s["round"]: s[key] for s in samples if s.get(key) is not None}


def paired(ours, base, combine):
    """combine(our value, base value) of every round that both have."""
    return [combine(ours[r], base[r]) for r in sorted(ours.keys() & base.keys())]


def added(ours, base):
    return estimate(paired(ours, base, lambda a, b: a - b))


def ratio(ours, base):
    return estimate(paired(ours, base, lambda a, b: a / b))


def added_ratio(ours, floor, base):
    """What OURS adds to BASE, in units of what FLOOR adds.

    None where FLOOR adds nothing in half of the rounds: then there is no unit. Whether enough rounds remain to
    decide anything is the verdict's business.
    """
    rounds = ours.keys() & floor.keys() & base.keys()
    if 2 * sum(floor[r] > base[r] for r in rounds) <= len(rounds):
        return None
    return estimate([(ours[r] - base[r]) / (floor[r] - base[r]) for r in sorted(rounds) if floor[r] > base[r]])


def is_real(difference, base_values):
    """A difference may be claimed when there are enough rounds, its interval excludes zero, and it exceeds the spread
    of the untraced runs."""
    if difference is None or difference.count < FEWEST:
        return False
    beyond_zero = difference.low > 0 or difference.high < 0
    return beyond_zero and abs(difference.value) > spread(base_values)


def verdict(measured, target, at_most=True):
    """Met, not met, or undecided when there are too few rounds or the interval of MEASURED contains the target."""
    if measured is None:
        return "not measured"
    if measured.count < FEWEST:
        return "undecided: too few rounds"
    if measured.high <= target if at_most else measured.low >= target:
        return "met"
    if measured.low > target if at_most else measured.high < target:
        return "not met"
    return "undecided"
