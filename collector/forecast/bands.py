"""How far off a forecast may be: conformal quantiles of how far off such forecasts were.

In:    the errors of past days, each of a forecast that did not know its day.
Out:   the distances from the middle that hold 20, 40, 60 and 80 % of the outcomes; how much of an error lasts.
Never: an assumed shape of the errors, nor a side: a week that was always too low says that the next may be off as far,
       not which way. Source: Barber, Candes, Ramdas and Tibshirani 2023, conformal prediction beyond exchangeability:
       errors made under like conditions weigh more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HELD: Final = (0.2, 0.4, 0.6, 0.8)
"""The shares of outcomes within each distance: on either side of the middle they are the deciles."""
REACH: Final = (1.0, 0.7, 0.5, 0.35)
"""Weight of an error one, two, three hours away: a morning tells little of an afternoon."""
OTHER_KIND: Final = 0.3
"""Weight of a working day's errors for a weekend, and of a weekend's for a working day."""
FADING: Final = 0.97
"""What a day tells loses 3 % of its weight with each day known after it: half is gone in 23."""
LEAST_WORTH: Final = 5.0
"""Nothing is said when the weighted errors are worth fewer than so many equal ones: four of five are 80 %."""
BELIEF_DAYS: Final = 10
"""After so many days what was seen counts as much as what was believed."""


@dataclass(frozen=True, slots=True)
class DayOfErrors:
    """What came less what was expected, by hour, of one past day."""

    weekend: bool
    by_hour: Mapping[int, float]


def distances(
    days: Sequence[DayOfErrors], hour: int, *, weekend: bool, as_days: bool = False
) -> tuple[float, ...] | None:
    """How far from the middle the outcomes of an hour lie, for each share of `HELD`; None: too few errors bear on it.

    Args:
        days: oldest first.
        hour: local, 0-23.
        weekend: whether the day to come is one.
        as_days: the errors of one day go together and are worth one, as those of forecasts over several days do.
    """
    weighted: list[tuple[float, float]] = []
    likenesses: list[float] = []
    near = [(at, REACH[abs(at - hour)]) for at in around(hour)]
    weight = 1.0
    for day in reversed(days):
        likeness = weight if day.weekend is weekend else weight * OTHER_KIND
        by_hour = day.by_hour
        found = [(abs(by_hour[at]), likeness * reach) for at, reach in near if at in by_hour]
        if found:
            weighted += found
            likenesses.append(likeness)
        weight *= FADING
    weighted.sort()
    weights = [of_one for _, of_one in weighted]
    worth = _worth(likenesses if as_days else weights)
    return _quantiles(weighted, sum(weights), worth) if worth >= LEAST_WORTH else None


def _worth(weights: Sequence[float]) -> float:
    """How many equal weights tell as much. Source: Kish 1965, effective sample size."""
    total = sum(weights)
    return total * total / sum([weight * weight for weight in weights]) if weights else 0.0


def around(hour: int) -> range:
    """The hours whose errors bear on an hour."""
    return range(max(0, hour + 1 - len(REACH)), min(24, hour + len(REACH)))


def _quantiles(weighted: Sequence[tuple[float, float]], total: float, worth: float) -> tuple[float, ...]:
    """Weighted quantiles of ordered values, straight between the middles of their weights.

    Each is taken a little further out, for the one error yet to come: k of n+1 lie within k of n. Source: Vovk 2005.
    """
    found: list[float] = []
    goals = iter([total * min(1.0, share * (worth + 1) / worth) for share in HELD])
    goal = next(goals)
    before = below = reached = 0.0
    for value, weight in weighted:
        middle = reached + weight / 2
        while goal <= middle:
            found.append(before + (value - before) * (goal - below) / (middle - below))
            if len(found) == len(HELD):
                return tuple(found)
            goal = next(goals)
        before, below, reached = value, middle, reached + weight
    return (*found, *[before] * (len(HELD) - len(found)))


def slope(days: Sequence[Sequence[tuple[float, float]]], believed: float) -> float:
    """How much of the first of each pair is found again in the second, by least squares, from 0 to 1.

    Args:
        days: the pairs of each past day, oldest first.
        believed: the answer before anything is seen; it weighs as much as ten days.
    """
    product = square = seen = 0.0
    for pairs in days:
        product, square, seen = product * FADING, square * FADING, seen * FADING + bool(pairs)
        for cause, effect in pairs:
            product += cause * effect
            square += cause * cause
    if square <= 0:
        return believed
    return min(1.0, max(0.0, (seen * product / square + BELIEF_DAYS * believed) / (seen + BELIEF_DAYS)))
