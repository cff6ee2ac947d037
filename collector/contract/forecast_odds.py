"""Chance that at least so many spaces are free.

In:    a point of a forecast.
Out:   a chance that rises as fewer spaces are required, never more certain than the number of days behind it allows.
Never: the outcome of earlier forecasts (see scores.py).

After n known days, the next day is unlike all of them with a probability of 1/(n + 2), by Laplace's rule of succession.
On such a day any number of free spaces is equally likely, so one of twenty is probably free even then.
"""

from collections.abc import Sequence
from typing import Final

from collector.contract.forecast_points import DECILES, ForecastPoint

_STEPS: Final = 10
"""Moments per hour: an hour with 2.4 free on average has three free for 40 % of it; the chance is a mean over these."""


def chance_at_least_free(point: ForecastPoint, at_least: int) -> float:
    """Return the chance that at least `at_least` spaces are free at a moment of the hour.

    Raises:
        ValueError: the point has no capacity.

    Returns:
        Above 0 and below 1: it leaves room for a day that is unlike all known ones.
    """
    if point.capacity is None:
        raise ValueError("odds need a capacity, and this series has none; use its deciles instead")
    most_taken = point.capacity - at_least
    chance = sum(chance_at_most(point.deciles, most_taken + (step + 0.5) / _STEPS) for step in range(_STEPS)) / _STEPS
    unlike = 1 / (point.days + 2)
    free_then = max(0.0, point.capacity - at_least + 1) / (point.capacity + 2)
    return min(1 - unlike * (1 - free_then), max(unlike * free_then, chance))


def chance_at_most(deciles: Sequence[float], value: float) -> float:
    """Return the chance that the outcome is at most `value`: linear between deciles, halving per step beyond them."""
    if value < deciles[0]:
        step = deciles[1] - deciles[0]
        return DECILES[0] * 0.5 ** ((deciles[0] - value) / step) if step > 0 else 0.0
    if value >= deciles[-1]:
        step = deciles[-1] - deciles[-2]
        return 1 - (1 - DECILES[-1]) * (0.5 ** ((value - deciles[-1]) / step) if step > 0 else 0.0)
    place = max(number for number, decile in enumerate(deciles) if decile <= value)
    span = deciles[place + 1] - deciles[place]
    return DECILES[place] + (DECILES[place + 1] - DECILES[place]) * (value - deciles[place]) / span
