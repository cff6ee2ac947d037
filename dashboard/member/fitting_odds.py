"""Odds that at least one of the spaces that match a member's needs is free.

In:    the forecast of one kind for one hour; how many spaces of that kind match.
Out:   the odds for each such number.
Never: history of the matching spaces: there are often too few of them to have one.

Assumption: matching spaces are as popular as the others. This has not been verified.
Let F of N spaces be free, each choice of F equally likely. Then k given spaces are all taken in C(N-F, k) of C(N, k)
cases (hypergeometric distribution). The forecast gives the probability of each F.
"""

import math
from collections.abc import Iterable, Sequence

from collector.contract.forecasts import HourOutlook, Outlook, chance_in_hour


def compute_match_odds(outlook: Outlook, hour: HourOutlook, numbers: Iterable[int]) -> dict[int, float]:
    """Return the odds (0 to 1) that at least one matching space is free, by the number of matching spaces.

    Args:
        outlook: the forecast of one kind of space, in a zone or the whole site.
        hour: one of its hours.
        numbers: numbers of matching spaces; 0 and the number of all spaces are left out.
    """
    capacity = outlook.capacity or 0
    at_least = [chance_in_hour(outlook, hour, free) or 0.0 for free in range(1, capacity + 1)]
    return {
        matching: sum(
            likely * (_all_taken(capacity, free, matching) - _all_taken(capacity, free + 1, matching))
            for free, likely in enumerate(at_least)
        )
        for matching in sorted(set(numbers))
        if 0 < matching < capacity
    }


def combine_with_zones(odds: float, by_zone: Sequence[float | None]) -> float:
    """Return the odds that a matching space of the site is free, in agreement with those of its zones.

    If all matching spaces are in one zone, its forecast knows more of them than that of the site. If they are in
    several, a free one in any zone is enough.

    Args:
        odds: by the forecast of the whole site.
        by_zone: by the forecast of each zone with matching spaces; None: it has none.
    """
    known = [each for each in by_zone if each is not None]
    if len(by_zone) == 1 and known:
        return known[0]
    return max([odds, *known])


def _all_taken(capacity: int, free: int, matching: int) -> float:
    """Return the probability that all matching spaces are among those taken."""
    taken = capacity - free
    return math.exp(_ln_choose(taken, matching) - _ln_choose(capacity, matching)) if taken >= matching else 0.0


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
