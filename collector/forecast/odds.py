"""The chance that at least so many spaces are free.

In:    a point of a forecast.
Out:   a chance that rises as fewer are asked for, and is never surer than the days behind it.
Never: what was said of it before (that is `score.py`'s).
"""

from collections.abc import Sequence
from typing import Final

from collector.forecast import DECILES, Point

_STEPS: Final = 10
"""An hour whose mean is 2.4 free has three free for 40 % of it: the chance is a mean over such moments."""


def odds(point: Point, at_least: int) -> float:
    """The chance that at least `at_least` spaces are free at a moment of the hour; its `capacity` must be known.

    Returns:
        Over 0 and under 1: from 1/(days+2) to 1-1/(days+2).
    """
    if point.capacity is None:
        raise ValueError("odds need a capacity, and this series has none; ask for its deciles instead")
    most_taken = point.capacity - at_least
    chance = sum(below(point.deciles, most_taken + (step + 0.5) / _STEPS) for step in range(_STEPS)) / _STEPS
    unsure = 1 / (point.days + 2)
    return min(1 - unsure, max(unsure, chance))


def below(deciles: Sequence[float], value: float) -> float:
    """The chance that the outcome is at most `value`: straight between deciles, halving with each step beyond them."""
    if value < deciles[0]:
        step = deciles[1] - deciles[0]
        return DECILES[0] * 0.5 ** ((deciles[0] - value) / step) if step > 0 else 0.0
    if value >= deciles[-1]:
        step = deciles[-1] - deciles[-2]
        return 1 - (1 - DECILES[-1]) * (0.5 ** ((value - deciles[-1]) / step) if step > 0 else 0.0)
    place = max(number for number, decile in enumerate(deciles) if decile <= value)
    span = deciles[place + 1] - deciles[place]
    return DECILES[place] + (DECILES[place + 1] - DECILES[place]) * (value - deciles[place]) / span
