"""Compares two periods day by day and separates a change from random variation.

In:    one value for each day of both periods; the number of whole weeks between them.
Out:   the means over the days known in both, their difference, and the random variation that it must exceed.
Never: a Monday compared with a Sunday; a verdict from fewer than five days.

Each day is paired with the same weekday of the other period, so that the pattern of the week cancels out. If nothing
has changed, the mean of the remaining differences stays within t * s / sqrt(n) of zero in 95 % of cases. Source:
Student (1908), the paired t-test; the quantile by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), at most
0.3 % too low. Consecutive days resemble each other, so the true bound is somewhat wider.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import NormalDist, fmean, stdev
from typing import Final

MIN_COMPARED_DAYS: Final = 5
NOISE_CONFIDENCE: Final = 0.95
"""If nothing has changed, the mean difference stays within the random variation in this share of cases."""
_Z: Final = NormalDist().inv_cdf((1 + NOISE_CONFIDENCE) / 2)


class ChangeVerdict(StrEnum):
    """The result of a comparison."""

    MORE = "more"
    LESS = "less"
    NOISE = "noise"
    """Within random variation."""
    TOO_FEW = "too_few"
    """Too few days are known in both periods."""


@dataclass(frozen=True, slots=True)
class MeanChange:
    """Two means over the same weekdays. `noise` is the random variation, None with too few days."""

    now: float | None
    before: float | None
    noise: float | None
    day_count: int
    verdict: ChangeVerdict

    @property
    def difference(self) -> float | None:
        """The mean now minus the mean before."""
        return None if self.now is None or self.before is None else self.now - self.before


def compare_days(now: Mapping[date, float], before: Mapping[date, float], apart: timedelta) -> MeanChange:
    """Compare the days that are known in both periods.

    Args:
        now: one value per local day of the current period.
        before: one value per local day of the earlier period.
        apart: the distance between paired days, whole weeks.
    """
    pairs = [(value, before[day - apart]) for day, value in now.items() if day - apart in before]
    if not pairs:
        return MeanChange(None, None, None, 0, ChangeVerdict.TOO_FEW)
    means = fmean(new for new, _old in pairs), fmean(old for _new, old in pairs)
    if len(pairs) < MIN_COMPARED_DAYS:
        return MeanChange(*means, None, len(pairs), ChangeVerdict.TOO_FEW)
    differences = [new - old for new, old in pairs]
    noise = _t_quantile(len(pairs) - 1) * stdev(differences) / math.sqrt(len(pairs))
    by = means[0] - means[1]
    verdict = ChangeVerdict.NOISE if abs(by) <= noise else ChangeVerdict.MORE if by > 0 else ChangeVerdict.LESS
    return MeanChange(*means, noise, len(pairs), verdict)


def _t_quantile(degrees_of_freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t distribution."""
    first = (_Z**3 + _Z) / 4
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + first / degrees_of_freedom + second / degrees_of_freedom**2 + third / degrees_of_freedom**3
