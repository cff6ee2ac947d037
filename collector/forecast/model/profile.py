"""Usual values: one for each hour of the week, which follows a trend and is robust against a single unusual week.

In:    values by weekday and hour, oldest first.
Out:   the usual value of an hour of the week.
Never: bands, clocks.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

WeekSlot = tuple[int, int]
"""Weekday 0-6 and local hour 0-23."""

LATEST_WEEK_WEIGHT: Final = 0.3
"""Weight of the latest week in the mean of an hour of the week. Source: rolling forecasts of car parks (UCI 482),
of two coworking spaces and of a library; it was best or next to it."""
MEDIAN_WEEKS: Final = 5
"""Weeks of the median: two unusual ones among them do not change it much."""
WEEKEND: Final = range(5, 7)


class _SlotValues:
    """The values of one hour of the week."""

    __slots__ = ("_last", "_mean", "_usual", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self._mean = 0.0
        self._last: deque[float] = deque(maxlen=MEDIAN_WEEKS)
        self._usual: float | None = None

    def add(self, value: float) -> None:
        self.seen += 1
        self._mean += max(LATEST_WEEK_WEIGHT, 1 / self.seen) * (value - self._mean)  # the first weeks weigh the same
        self._last.append(value)
        self._usual = None

    def compute_usual(self) -> float:
        if self._usual is None:
            ordered = sorted(self._last)
            half = len(ordered) // 2
            self._usual = (self._mean + (ordered[half] + ordered[-1 - half]) / 2) / 2
        return self._usual


class WeekProfile:
    """Usual values by hour of the week: `add` learns a value, `usual_at` returns the usual one."""

    def __init__(self) -> None:
        self._slots: dict[int, list[_SlotValues | None]] = {}
        self._shared: dict[tuple[int, bool], float | None] = {}

    def add(self, slot: WeekSlot, value: float) -> None:
        """Learn one value."""
        weekday, hour = slot
        days = self._slots.setdefault(hour, [None] * 7)
        own = days[weekday]
        if own is None:
            own = days[weekday] = _SlotValues()
        own.add(value)
        self._shared.clear()

    def usual_at(self, slot: WeekSlot) -> float | None:
        """Return the usual value of an hour of the week; None if no such hour of a working day (or weekend) is known.

        It is half the mean, which follows a trend, and half the median, which ignores an unusual week. While few weeks
        are known it includes the same hour of the other working days (or of the weekend), which count as one more week.
        """
        weekday, hour = slot
        days = self._slots.get(hour)
        if days is None:
            return None
        shared = self._mean_of_similar(hour, days, weekend=weekday in WEEKEND)
        own = days[weekday]
        if own is None or shared is None:
            return shared
        return (own.seen * own.compute_usual() + shared) / (own.seen + 1)

    def _mean_of_similar(self, hour: int, days: Sequence[_SlotValues | None], *, weekend: bool) -> float | None:
        if (hour, weekend) not in self._shared:
            alike = [day.compute_usual() for day in (days[5:] if weekend else days[:5]) if day is not None]
            self._shared[hour, weekend] = sum(alike) / len(alike) if alike else None
        return self._shared[hour, weekend]
