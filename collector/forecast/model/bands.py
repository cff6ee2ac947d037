"""Bands of a forecast: conformal quantiles of the errors of earlier forecasts.

In:    the errors of past days, each of a forecast made before its day.
Out:   the distances from the median that hold 20, 40, 60 and 80 % of the outcomes; how much of an error remains.
Never: an assumed shape or sign of the errors: a week that was always too low shows how large the next error may be, but
       not its direction. Source: Barber, Candes, Ramdas and Tibshirani 2023, conformal prediction beyond
       exchangeability: errors made under similar conditions weigh more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

BAND_SHARES: Final = (0.2, 0.4, 0.6, 0.8)
"""Shares of outcomes within each distance; on both sides of the median they are the deciles."""
HOUR_WEIGHTS: Final = (1.0, 0.7, 0.5, 0.35)
"""Weight of an error at the same hour, and one, two, three hours away: mornings indicate little about afternoons."""
OTHER_DAY_KIND_WEIGHT: Final = 0.3
"""Weight of a working day's errors for a weekend, and of a weekend's for a working day."""
DAY_DECAY: Final = 0.97
"""A day loses 3 % of its weight with each later known day: half is gone after 23."""
MIN_EFFECTIVE_ERRORS: Final = 5.0
"""Fewest effective errors of a band: four of five are 80 %."""
PRIOR_DAYS: Final = 10
"""After this many days the data weighs as much as the prior assumption."""


@dataclass(frozen=True, slots=True)
class DayErrors:
    """Actual less expected value by hour, of one past day."""

    weekend: bool
    by_hour: Mapping[int, float]


def compute_distances(
    days: Sequence[DayErrors], hour: int, *, weekend: bool, as_days: bool = False
) -> tuple[float, ...] | None:
    """Return how far from the median the outcomes of an hour lie, for each of `BAND_SHARES`; None: too few errors.

    Args:
        days: oldest first.
        hour: local, 0-23.
        weekend: whether the coming day is one.
        as_days: count the errors of one day as one, as those of forecasts over several days occur together.
    """
    weighted: list[tuple[float, float]] = []
    likenesses: list[float] = []
    near = [(at, HOUR_WEIGHTS[abs(at - hour)]) for at in nearby_hours(hour)]
    weight = 1.0
    for day in reversed(days):
        likeness = weight if day.weekend is weekend else weight * OTHER_DAY_KIND_WEIGHT
        by_hour = day.by_hour
        found = [(abs(by_hour[at]), likeness * reach) for at, reach in near if at in by_hour]
        if found:
            weighted += found
            likenesses.append(likeness)
        weight *= DAY_DECAY
    weighted.sort()
    weights = [of_one for _, of_one in weighted]
    effective = _effective_count(likenesses if as_days else weights)
    return _quantiles(weighted, sum(weights), effective) if effective >= MIN_EFFECTIVE_ERRORS else None


def _effective_count(weights: Sequence[float]) -> float:
    """Return the number of equal weights with the same information. Source: Kish 1965, effective sample size."""
    total = sum(weights)
    return total * total / sum([weight * weight for weight in weights]) if weights else 0.0


def nearby_hours(hour: int) -> range:
    """Return the hours whose errors are used for an hour."""
    return range(max(0, hour + 1 - len(HOUR_WEIGHTS)), min(24, hour + len(HOUR_WEIGHTS)))


def _quantiles(weighted: Sequence[tuple[float, float]], total: float, effective: float) -> tuple[float, ...]:
    """Return weighted quantiles of ordered values, linear between the middles of their weights.

    Each is taken a little further out, for the one coming error: k of n+1 lie within k of n. Source: Vovk 2005.
    """
    found: list[float] = []
    goals = iter([total * min(1.0, share * (effective + 1) / effective) for share in BAND_SHARES])
    goal = next(goals)
    before = below = reached = 0.0
    for value, weight in weighted:
        middle = reached + weight / 2
        while goal <= middle:
            found.append(before + (value - before) * (goal - below) / (middle - below))
            if len(found) == len(BAND_SHARES):
                return tuple(found)
            goal = next(goals)
        before, below, reached = value, middle, reached + weight
    return (*found, *[before] * (len(BAND_SHARES) - len(found)))


def fit_slope(days: Sequence[Sequence[tuple[float, float]]], prior: float) -> float:
    """Return how much of the first of each pair is found again in the second, by least squares, from 0 to 1.

    Args:
        days: the pairs of each past day, oldest first.
        prior: the prior answer; it weighs as much as ten days.
    """
    product = square = seen = 0.0
    for pairs in days:
        product, square, seen = product * DAY_DECAY, square * DAY_DECAY, seen * DAY_DECAY + bool(pairs)
        for cause, effect in pairs:
            product += cause * effect
            square += cause * cause
    if square <= 0:
        return prior
    return min(1.0, max(0.0, (seen * product / square + PRIOR_DAYS * prior) / (seen + PRIOR_DAYS)))
