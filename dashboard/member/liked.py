"""The chance that one of the spots that fit is free, if they are liked as the others are.

In:    what is forecast of a kind for one hour; how many of its spots fit what a member needs.
Out:   a chance for each such number.
Never: a past of the spots that fit: they are often too few for one. Whether they are liked better nobody has checked.

Of N spots F are free. If each choice of F is as likely, k of them are all taken in C(N-F, k) of C(N, k) cases: the
hypergeometric distribution. The forecast says how likely each F is.
"""

import math
from collections.abc import Iterable

from collector.forecast.outlook import HourOutlook, Outlook, chance


def odds_of_some(told: Outlook, hour: HourOutlook, numbers: Iterable[int]) -> dict[int, float]:
    """The chance that at least one is free, 0 to 1, by how many of the spots fit.

    Args:
        told: of a kind of space, in a zone or the house.
        hour: one of its hours.
        numbers: how many fit; those that are none of them, or all, are left out.
    """
    spots = told.capacity or 0
    at_least = [chance(told, hour, free) or 0.0 for free in range(1, spots + 1)]
    return {
        fit: sum(
            likely * (_all_taken(spots, free, fit) - _all_taken(spots, free + 1, fit))
            for free, likely in enumerate(at_least)
        )
        for fit in sorted(set(numbers))
        if 0 < fit < spots
    }


def _all_taken(spots: int, free: int, fit: int) -> float:
    """How likely all that fit are among those taken."""
    taken = spots - free
    return math.exp(_ln_choose(taken, fit) - _ln_choose(spots, fit)) if taken >= fit else 0.0


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
