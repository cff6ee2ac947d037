"""What is usual: a value for each hour of the week, that follows a trend and is not moved by one odd week.

In:    values by weekday and hour, oldest first.
Out:   what is usual at an hour of the week.
Never: bands, clocks.
"""

from collections import deque
from collections.abc import Iterable
from statistics import fmean
from typing import Final

from collector.forecast import Hour, Opening

Slot = tuple[int, int]
"""Weekday 0-6 and local hour 0-23."""

LATEST: Final = 0.3
"""Weight of the latest week in the mean of an hour of the week. Source: rolling forecasts on four public sets."""
WEEKS: Final = 5
"""The median is of so many weeks: two odd ones among them do not move it."""
WORKDAYS: Final = range(5)
WEEKEND: Final = range(5, 7)


class _Slot:
    """The values of one hour of the week."""

    __slots__ = ("last", "mean", "seen", "usual")

    def __init__(self) -> None:
        self.last: deque[float] = deque(maxlen=WEEKS)
        self.mean = self.usual = 0.0
        self.seen = 0

    def take(self, value: float) -> None:
        self.seen += 1
        self.mean += max(LATEST, 1 / self.seen) * (value - self.mean)  # the first weeks count alike
        self.last.append(value)
        ordered = sorted(self.last)
        half = len(ordered) // 2
        self.usual = (self.mean + (ordered[half] + ordered[-1 - half]) / 2) / 2


class Profile:
    """Learns with each value that `take` is given; `at` says what is usual."""

    def __init__(self) -> None:
        self._slots: dict[Slot, _Slot] = {}
        self._shared: dict[tuple[range, int], float | None] = {}

    def take(self, slot: Slot, value: float) -> None:
        """Learn one value."""
        if slot not in self._slots:
            self._slots[slot] = _Slot()
        self._slots[slot].take(value)
        self._shared.clear()

    def at(self, slot: Slot) -> float | None:
        """What is usual then; None when no such hour was seen, on any working day (or of a weekend).

        It is half the mean that follows a trend, half the median that an odd week does not move. While few weeks are
        known it leans on the same hour of the other working days (or of the weekend), which count as one week more.
        """
        shared = self._of_all(WEEKEND if slot[0] in WEEKEND else WORKDAYS, slot[1])
        own = self._slots.get(slot)
        if own is None or shared is None:
            return shared
        return (own.seen * own.usual + shared) / (own.seen + 1)

    def _of_all(self, days: range, hour: int) -> float | None:
        kind = days, hour
        if kind not in self._shared:
            alike = [self._slots[day, hour].usual for day in days if (day, hour) in self._slots]
            self._shared[kind] = fmean(alike) if alike else None
        return self._shared[kind]


def usual(history: Iterable[Hour]) -> Profile:
    """What is usual after the whole history, oldest first."""
    profile = Profile()
    for hour in history:
        if hour.value is not None and hour.opening is not Opening.CLOSED:
            profile.take((hour.weekday, hour.hour), hour.value)
    return profile
