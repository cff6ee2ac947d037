"""Compares two spans day by day, and tells a change from what days differ by anyway.

In:    one value for each day of both spans; how many days lie between them, whole weeks.
Out:   the means of the days that are known in both, their difference, and how large one must be to mean anything.
Never: a Monday against a Sunday; a verdict from a handful of days.

Each day stands against the same weekday of the other span, so that what a weekday is like drops out. What is left
scatters; with 95 % odds the mean of such scatter stays within t * s / sqrt(n) of zero. Source: Student (1908), the
paired t-test; the quantile by Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5), 0.3 % too low at its
worst. Days in a row resemble each other, so that the true bound is somewhat wider.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, stdev
from typing import Final

LEAST_DAYS: Final = 5
_Z: Final = 1.959964
"""97.5 % of a normal distribution lie below."""


class Verdict(StrEnum):
    """What a difference means."""

    MORE = "more"
    LESS = "less"
    NOISE = "noise"
    """Days differ by as much anyway."""
    TOO_FEW = "too_few"
    """Too few days are known in both spans."""


@dataclass(frozen=True, slots=True)
class Change:
    """Two means over the same weekdays. `noise` is what the difference must pass; None of too few days."""

    now: float | None
    before: float | None
    noise: float | None
    days: int
    verdict: Verdict

    @property
    def by(self) -> float | None:
        """How much more it is now."""
        return None if self.now is None or self.before is None else self.now - self.before


def change(now: Mapping[date, float], before: Mapping[date, float], apart: timedelta) -> Change:
    """Compare the days that are known in both spans."""
    pairs = [(value, before[day - apart]) for day, value in now.items() if day - apart in before]
    if not pairs:
        return Change(None, None, None, 0, Verdict.TOO_FEW)
    means = fmean(new for new, _old in pairs), fmean(old for _new, old in pairs)
    if len(pairs) < LEAST_DAYS:
        return Change(*means, None, len(pairs), Verdict.TOO_FEW)
    differences = [new - old for new, old in pairs]
    noise = _t(len(pairs) - 1) * stdev(differences) / math.sqrt(len(pairs))
    by = means[0] - means[1]
    verdict = Verdict.NOISE if abs(by) <= noise else Verdict.MORE if by > 0 else Verdict.LESS
    return Change(*means, noise, len(pairs), verdict)


def _t(freedom: int) -> float:
    """Student's 97.5 % quantile."""
    first = (_Z**3 + _Z) / 4
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + first / freedom + second / freedom**2 + third / freedom**3
