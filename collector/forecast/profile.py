"""What is usual: a value for each hour of the week, learnt with more weight on the latest weeks.

In:    days of a series, oldest first.
Out:   the profile, and the level of the last days against it.
Never: bands, clocks.
"""

from collections.abc import Iterable
from typing import Final

from collector.forecast import Hour, Opening

Slot = tuple[int, int]
"""Weekday 0-6 and local hour 0-23."""

WEIGHT: Final = 0.3
"""Of the latest week in the mean of an hour of the week. Source: rolling forecasts on four public sets."""
FULL_WEEKS: Final = 4
"""An hour of the week stands on its own from its fourth value on; until then it leans on all its kind of day."""


class Profile:
    """Means by hour of the week. Grows by `take`, a day at a time."""

    def __init__(self) -> None:
        self._means: dict[Slot, float] = {}
        self._seen: dict[Slot, int] = {}

    def take(self, slot: Slot, value: float) -> None:
        """Learn one value."""
        seen = self._seen.get(slot, 0)
        self._seen[slot] = seen + 1
        weight = max(WEIGHT, 1 / (seen + 1))  # the first values count alike
        mean = self._means.get(slot, value)
        self._means[slot] = mean + weight * (value - mean)

    def at(self, slot: Slot) -> float | None:
        """What is usual then; None when no such hour was ever seen, on no day of its kind."""
        own = self._means.get(slot)
        trust = min(1.0, self._seen.get(slot, 0) / FULL_WEEKS)
        if own is not None and trust == 1.0:
            return own
        days = range(5) if slot[0] < 5 else range(5, 7)
        alike = [self._means[day, slot[1]] for day in days if (day, slot[1]) in self._means]
        if not alike:
            return None
        shared = sum(alike) / len(alike)
        return shared if own is None else trust * own + (1 - trust) * shared


def usual(history: Iterable[Hour]) -> Profile:
    """The profile after the whole history, oldest first."""
    profile = Profile()
    for hour in history:
        if hour.value is not None and hour.opening is not Opening.CLOSED:
            profile.take((hour.weekday, hour.hour), hour.value)
    return profile
