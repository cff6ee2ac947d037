"""Artificial series: days of open hours, given by a rule."""

from collections.abc import Callable, Sequence
from datetime import date

from collector.contract.forecast_points import ForecastPoint
from collector.forecast.model.coming_hours import forecast_hours
from collector.forecast.model.series_history import learn_series
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS

MONDAY = date(2026, 1, 5).toordinal()
_EPOCH = date(1970, 1, 1).toordinal()
OPEN = range(8, 18)

ValueRule = Callable[[int, int], float | None]
"""The value by day (counted from MONDAY) and hour."""


def hour_of(day: int, hour: int, value: float | None = None, opening: HourOpening = HourOpening.OPEN) -> SeriesHour:
    """Create one hour of a day; the site is in UTC."""
    return SeriesHour(((MONDAY + day - _EPOCH) * 24 + hour) * HOUR_MS, MONDAY + day, hour, opening, value, 40.0)


def series(days: int, value_of: ValueRule, hours: Sequence[int] = OPEN, first: int = 0) -> list[SeriesHour]:
    """Create the hours of so many days."""
    return [hour_of(day, hour, value_of(day, hour)) for day in range(first, first + days) for hour in hours]


def coming(day: int, days: int = 1, hours: Sequence[int] = OPEN) -> list[SeriesHour]:
    """Create hours without values."""
    return series(days, lambda _day, _hour: None, hours, day)


def points(
    history: Sequence[SeriesHour], day: int, days: int = 1, recent: Sequence[SeriesHour] = ()
) -> list[ForecastPoint]:
    """Return the forecast at the midnight before `day`, or after its `recent` hours."""
    begun = len(recent)
    found = forecast_hours(learn_series(history, MONDAY + day), recent, coming(day, days)[begun:])
    return [point for point in found if point is not None]
