"""Computes the figures of use: the week hour by hour, each day's peak and least surplus, the use of each zone.

In:    open hours, and rows of ZONE_HOUR.
Out:   figures, each with its coverage.
Never: texts, colours, I/O.

A peak is the peak of the whole zone and kind, not the sum of peaks. A day's surplus is the least of the day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from collector.site.series_hours import SeriesHour
from dashboard.use.used_hours import UsedHours, UseSum, drop_public_holidays, get_local_date, is_hour_full, sum_hours

WEEK: Final = range(7)


@dataclass(frozen=True, slots=True)
class WeekHourUse:
    """One hour of the week over all weeks; Monday is 0, the hour is local."""

    weekday: int
    hour: int
    total: UseSum
    full_by_day: Mapping[int, bool]
    """Whether nothing was free in this hour, by day (`Hour.day`); days on which that is unknown are left out."""

    @property
    def known_days(self) -> int:
        """The number of days on which it is known whether the hour was full."""
        return len(self.full_by_day)

    @property
    def full_days(self) -> int:
        """The number of days on which the hour was full."""
        return sum(self.full_by_day.values())


@dataclass(frozen=True, slots=True)
class DayUse:
    """The open hours of one day."""

    day: date
    total: UseSum
    full_hours: int


@dataclass(frozen=True, slots=True)
class UsePeaks:
    """The highest peak, the average daily peak and the least surplus; each is None if no day is known."""

    highest: float | None
    highest_on: date | None
    average_daily: float | None
    least_surplus: float | None
    least_on: date | None
    known_days: int
    """The number of days with enough data."""
    day_count: int


def sum_week_hours(hours: Iterable[SeriesHour], used: UsedHours) -> dict[tuple[int, int], WeekHourUse]:
    """Sum each hour of the week that is ever open, by weekday and hour. Public holidays are left out."""
    groups: dict[tuple[int, int], list[SeriesHour]] = {}
    for hour in drop_public_holidays(hours):
        groups.setdefault((hour.weekday, hour.hour), []).append(hour)
    return {place: _sum_week_hour(place, group, used) for place, group in sorted(groups.items())}


def _sum_week_hour(place: tuple[int, int], hours: Sequence[SeriesHour], used: UsedHours) -> WeekHourUse:
    full_by_day: dict[int, bool] = {}
    for hour in hours:  # when clocks go back, the repeated hour counts as one hour of its day
        judged = is_hour_full(hour, used)
        if judged is not None:
            full_by_day[hour.day] = full_by_day.get(hour.day, False) or judged
    return WeekHourUse(*place, sum_hours(hours, used), full_by_day)


def sum_by_hour(hours: Iterable[SeriesHour], used: UsedHours) -> dict[int, UseSum]:
    """Sum each hour of the day over all days except public holidays."""
    groups: dict[int, list[SeriesHour]] = {}
    for hour in drop_public_holidays(hours):
        groups.setdefault(hour.hour, []).append(hour)
    return {number: sum_hours(group, used) for number, group in sorted(groups.items())}


def sum_by_day(hours: Iterable[SeriesHour], used: UsedHours) -> list[DayUse]:
    """Sum each open day, oldest first."""
    found: list[DayUse] = []
    for _day, group in groupby(hours, lambda hour: hour.day):
        day_hours = list(group)
        found.append(
            DayUse(
                get_local_date(day_hours[0]),
                sum_hours(day_hours, used),
                sum(is_hour_full(hour, used) is True for hour in day_hours),
            )
        )
    return found


def sum_by_zone(
    hours: Sequence[SeriesHour], scopes: Mapping[tuple[str, ...], UsedHours]
) -> dict[tuple[str, ...], UseSum]:
    """Sum each zone and kind over all of the hours."""
    return {scope: sum_hours(hours, used) for scope, used in scopes.items()}


def find_peaks(days: Sequence[DayUse]) -> UsePeaks:
    """Find the highest peak, the average daily peak and the least surplus of the known days."""
    known = [day for day in days if day.total.is_known]
    if not known:
        return UsePeaks(None, None, None, None, None, 0, len(days))
    highest = max(known, key=lambda day: day.total.peak)
    least, least_on = min(
        ((day.total.free_least, day.day) for day in known if day.total.free_least is not None), default=(None, None)
    )
    average = sum(day.total.peak for day in known) / len(known)
    return UsePeaks(highest.total.peak, highest.day, average, least, least_on, len(known), len(days))
