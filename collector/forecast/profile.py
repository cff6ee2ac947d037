"""What is usual: a value for each hour of the week, that follows a trend and is not moved by one odd week.

In:    values by weekday and hour, oldest first.
Out:   what is usual at an hour of the week.
Never: bands, clocks.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

Slot = tuple[int, int]
"""Weekday 0-6 and local hour 0-23."""

LATEST: Final = 0.3
"""Weight of the latest week in the mean of an hour of the week. Source: rolling forecasts of car parks (UCI 482),
of two coworking spaces and of a library; it was best or next to it."""
WEEKS: Final = 5
"""The median is of so many weeks: two odd ones among them do not move it."""
WEEKEND: Final = range(5, 7)


class _Slot:
    """The values of one hour of the week."""

    __slots__ = ("_last", "_mean", "_usual", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self._mean = 0.0
        self._last: deque[float] = deque(maxlen=WEEKS)
        self._usual: float | None = None

    def take(self, value: float) -> None:
        self.seen += 1
        self._mean += max(LATEST, 1 / self.seen) * (value - self._mean)  # the first weeks count alike
        self._last.append(value)
        self._usual = None

    def usual(self) -> float:
        if self._usual is None:
            ordered = sorted(self._last)
            half = len(ordered) // 2
            self._usual = (self._mean + (ordered[half] + ordered[-1 - half]) / 2) / 2
        return self._usual


class Profile:
    """Learns with each value that `take` is given; `at` says what is usual."""

    def __init__(self) -> None:
        self._slots: dict[int, list[_Slot | None]] = {}
        self._shared: dict[tuple[int, bool], float | None] = {}

    def take(self, slot: Slot, value: float) -> None:
        """Learn one value."""
        weekday, hour = slot
        days = self._slots.setdefault(hour, [None] * 7)
        own = days[weekday]
        if own is None:
            own = days[weekday] = _Slot()
        own.take(value)
        self._shared.clear()

    def at(self, slot: Slot) -> float | None:
        """What is usual then; None when no such hour was seen, on any working day (or of a weekend).

        It is half the mean that follows a trend, half the median that an odd week does not move. While few weeks are
        known it leans on the same hour of the other working days (or of the weekend), which count as one week more.
        """
        weekday, hour = slot
        days = self._slots.get(hour)
        if days is None:
            return None
        shared = self._of_all(hour, days, weekend=weekday in WEEKEND)
        own = days[weekday]
        if own is None or shared is None:
            return shared
        return (own.seen * own.usual() + shared) / (own.seen + 1)

    def _of_all(self, hour: int, days: Sequence[_Slot | None], *, weekend: bool) -> float | None:
        if (hour, weekend) not in self._shared:
            alike = [day.usual() for day in (days[5:] if weekend else days[:5]) if day is not None]
            self._shared[hour, weekend] = sum(alike) / len(alike) if alike else None
        return self._shared[hour, weekend]
