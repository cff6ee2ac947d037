"""Forecast the coming hours of a series.

In:    what was learned of the days before today, today's hours so far, and the coming hours.
Out:   a point for each coming hour, or None where nothing may be shown.
Never: clocks. Later data never affects the forecast of a moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from collector.contract.forecast_points import ForecastPoint
from collector.forecast.model.bands import DayErrors, compute_distances, fit_slope, nearby_hours
from collector.forecast.model.profile import WEEKEND
from collector.forecast.model.series_history import (
    MIN_SERIES_DAYS,
    ForecastFit,
    LearnedSeries,
    combine_with_shift,
    find_level_shift,
    mean_deviation,
)
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS

MIN_KNOWN_DAYS: Final = 7
"""Fewest known days, of the last ten weeks, for a forecast."""
DEFAULT_REMAINING_PER_HOUR: Final = 0.85
"""Assumed share of the present error that remains an hour later, before the series has shown it."""


@dataclass(frozen=True, slots=True)
class _LatestHour:
    """The latest known hour of today."""

    at_ms: int
    error: float
    """Actual value less the value expected at midnight."""


def forecast_hours(
    learned: LearnedSeries, recent: Sequence[SeriesHour], coming: Sequence[SeriesHour]
) -> list[ForecastPoint | None]:
    """Forecast each coming hour, in order.

    Args:
        learned: of the days before `learned.today`.
        recent: the hours of `learned.today` that are over, oldest first; empty before it opens.
        coming: the hours to forecast; their values are not used.

    Returns:
        None for an hour that is closed, of which nothing is known, or while the series is under two weeks old.
    """
    young = learned.first_day is None or learned.today - learned.first_day < MIN_SERIES_DAYS
    if young or len(learned.days) < MIN_KNOWN_DAYS:
        return [None] * len(coming)
    course = _Course(learned)
    now = course.now(recent)
    return [None if hour.opening is HourOpening.CLOSED else course.point(hour, now) for hour in coming]


class _Course:
    """Combines the parts of a forecast; computes once what several hours share."""

    def __init__(self, learned: LearnedSeries) -> None:
        self._learned = learned
        self._carried = {weekend: mean_deviation(learned.days, range(24), weekend=weekend) for weekend in (False, True)}
        self._shifts = {weekend: find_level_shift(learned.days, weekend=weekend) for weekend in (False, True)}
        self._band_distances = cache(partial(_band_distances, learned))

    def now(self, recent: Sequence[SeriesHour]) -> _LatestHour | None:
        for hour in reversed(recent):
            if hour.value is not None and hour.opening is not HourOpening.CLOSED:
                expected = self._expected(hour, self._learned.today_fit)
                return None if expected is None else _LatestHour(hour.at_ms, hour.value - expected)
        return None

    def point(self, hour: SeriesHour, now: _LatestHour | None) -> ForecastPoint | None:
        today = hour.day == self._learned.today
        fit = self._learned.today_fit if today else self._learned.later_fit
        usual, middle = self._learned.profile.usual_at((hour.weekday, hour.hour)), self._expected(hour, fit)
        if usual is None or middle is None:
            return None
        band = None
        if today and now is not None:
            share, left = _remaining_error(fit.errors, hour.hour, max(1, (hour.at_ms - now.at_ms) // HOUR_MS))
            middle += share * now.error
            band = compute_distances(left, hour.hour, weekend=hour.weekday in WEEKEND)
        band = band or self._band_distances(today, hour.hour, hour.weekday in WEEKEND)
        if band is None:
            return None
        deciles = _bounded_deciles(middle, [fit.error_scale * distance for distance in band], hour.capacity)
        return ForecastPoint(hour.at_ms, deciles, usual, hour.capacity, len(self._learned.today_fit.errors))

    def _expected(self, hour: SeriesHour, fit: ForecastFit) -> float | None:
        """Return the value expected at midnight."""
        usual = self._learned.profile.usual_at((hour.weekday, hour.hour))
        if usual is None:
            return None
        weekend = hour.weekday in WEEKEND
        carried = fit.carried_share * self._carried[weekend][hour.hour]
        return usual + combine_with_shift(carried, self._shifts[weekend], hour.hour)


def _bounded_deciles(middle: float, steps: Sequence[float], capacity: float | None) -> tuple[float, ...]:
    """Return the median and the distances on both sides of it, bounded by zero and the capacity."""
    most = float("inf") if capacity is None else capacity
    below, above = [middle - step for step in reversed(steps)], [middle + step for step in steps]
    return tuple(min(most, max(0.0, value)) for value in (*below, middle, *above))


def _band_distances(learned: LearnedSeries, today: bool, hour: int, weekend: bool) -> tuple[float, ...] | None:  # noqa: FBT001 - a cache's key
    if today:
        return compute_distances(learned.today_fit.errors, hour, weekend=weekend)
    return compute_distances(learned.later_fit.errors, hour, weekend=weekend, as_days=True)


def _remaining_error(past: Sequence[DayErrors], hour: int, later: int) -> tuple[float, list[DayErrors]]:
    """Return the share of an error that remains after so many hours, until about `hour`, and past errors without it."""
    about = nearby_hours(hour)
    pairs = [
        {
            at: (day.by_hour[at - later], day.by_hour[at])
            for at in about
            if at in day.by_hour and at - later in day.by_hour
        }
        for day in past
    ]
    share = fit_slope([list(day.values()) for day in pairs], DEFAULT_REMAINING_PER_HOUR**later)
    left = [{at: error - share * before for at, (before, error) in day.items()} for day in pairs]
    return share, [DayErrors(day.weekend, by_hour) for day, by_hour in zip(past, left, strict=True)]
