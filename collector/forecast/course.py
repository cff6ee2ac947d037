"""Forecasts the coming hours of a series.

In:    what was learnt of the days before today, today's hours so far, and the coming hours.
Out:   a point for each coming hour, or None where nothing may be shown.
Never: clocks. Nothing that comes after a moment bears on what is forecast at it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from collector.forecast import HOUR_MS, LEAST_DAYS, Hour, Opening, Point
from collector.forecast.bands import DayOfErrors, distances, slope
from collector.forecast.past import FAR, NEAR, Fit, Learnt, unusual
from collector.forecast.profile import WEEKEND

LEAST_KNOWN_DAYS: Final = 7
"""Nothing is shown before so many days are known, of the last ten weeks."""
LASTING: Final = 0.85
"""So much of the present error is believed to be left an hour later, before the series has shown it."""
DAY_HOURS: Final = range(24)


@dataclass(frozen=True, slots=True)
class _Now:
    """The latest known hour of today."""

    at_ms: int
    error: float
    """What came, less what was expected at midnight."""


def forecast(learnt: Learnt, recent: Sequence[Hour], coming: Sequence[Hour]) -> list[Point | None]:
    """A point for each coming hour, in its order.

    Args:
        learnt: of the days before `learnt.today`.
        recent: the hours of `learnt.today` that are over, oldest first; empty before it opens.
        coming: the hours asked for; their values are not looked at.

    Returns:
        None for an hour that is closed, of which nothing is known, or while the series is under two weeks old.
    """
    young = learnt.first_day is None or learnt.today - learnt.first_day < LEAST_DAYS
    if young or len(learnt.days) < LEAST_KNOWN_DAYS:
        return [None] * len(coming)
    course = _Course(learnt)
    now = course.now(recent)
    return [None if hour.opening is Opening.CLOSED else course.point(hour, now) for hour in coming]


class _Course:
    """Puts the parts together; what several hours share is worked out once."""

    def __init__(self, learnt: Learnt) -> None:
        self._learnt = learnt
        self._days = len(learnt.near.errors)
        self._carried: Callable[[int, bool], dict[int, float]] = cache(self._carry)
        self._spread: Callable[[int, int, bool], tuple[float, ...] | None] = cache(self._spread_of)

    def now(self, recent: Sequence[Hour]) -> _Now | None:
        for hour in reversed(recent):
            if hour.value is not None and hour.opening is not Opening.CLOSED:
                expected = self._expected(hour, self._learnt.near)
                return None if expected is None else _Now(hour.at_ms, hour.value - expected[1])
        return None

    def point(self, hour: Hour, now: _Now | None) -> Point | None:
        today = hour.day == self._learnt.today
        fit = self._learnt.near if today else self._learnt.far
        found = self._expected(hour, fit)
        if found is None:
            return None
        usual, middle = found
        weekend = hour.weekday in WEEKEND
        if today and now is not None:
            later = max(1, (hour.at_ms - now.at_ms) // HOUR_MS)
            lasts, errors = self._lag(later)
            middle += lasts * now.error
            wide = distances(errors, hour.hour, weekend=weekend)
        else:
            wide = self._spread(fit.skipped, hour.hour, weekend)
        if wide is None:
            return None
        most = float("inf") if hour.capacity is None else hour.capacity
        steps = [fit.unrest * distance for distance in wide]
        deciles = [middle - step for step in reversed(steps)] + [middle] + [middle + step for step in steps]
        return Point(
            hour.at_ms, tuple(min(most, max(0.0, value)) for value in deciles), usual, hour.capacity, self._days
        )

    def _expected(self, hour: Hour, fit: Fit) -> tuple[float, float] | None:
        """What is usual, and what is expected at midnight."""
        usual = self._learnt.profile.at((hour.weekday, hour.hour))
        if usual is None:
            return None
        return usual, usual + fit.carried * self._carried(fit.skipped, hour.weekday in WEEKEND)[hour.hour]

    def _carry(self, _skipped: int, weekend: bool) -> dict[int, float]:  # noqa: FBT001 - the key of a cache
        return unusual(self._learnt.days, DAY_HOURS, weekend=weekend)

    def _spread_of(self, skipped: int, hour: int, weekend: bool) -> tuple[float, ...] | None:  # noqa: FBT001 - the key of a cache
        fit = {NEAR: self._learnt.near, FAR: self._learnt.far}[skipped]
        return distances(fit.errors, hour, weekend=weekend)

    def _lag(self, later: int) -> tuple[float, list[DayOfErrors]]:
        """How much of an error lasts so many hours, and the errors that were left then."""
        past = self._learnt.near.errors
        pairs = [
            [(day.by_hour[hour - later], error) for hour, error in day.by_hour.items() if hour - later in day.by_hour]
            for day in past
        ]
        lasts = slope(pairs, LASTING**later)
        left = [
            DayOfErrors(
                day.weekend,
                {
                    h: error - lasts * day.by_hour[h - later]
                    for h, error in day.by_hour.items()
                    if h - later in day.by_hour
                },
            )
            for day in past
        ]
        return lasts, left
