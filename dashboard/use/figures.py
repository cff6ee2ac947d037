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

from collector.forecast import Hour
from dashboard.use.hours import Sum, Used, day_of, full, ordinary, summed

WEEK: Final = range(7)


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of the week over all weeks; Monday is 0, the hour is local."""

    weekday: int
    hour: int
    sum: Sum
    judged: Mapping[int, bool]
    """Whether nothing was free in this hour, by day (`Hour.day`); days on which that is unknown are left out."""

    @property
    def days(self) -> int:
        """The number of days on which it is known whether the hour was full."""
        return len(self.judged)

    @property
    def full_days(self) -> int:
        """The number of days on which the hour was full."""
        return sum(self.judged.values())


@dataclass(frozen=True, slots=True)
class Day:
    """The open hours of one day."""

    day: date
    sum: Sum
    full_hours: int


@dataclass(frozen=True, slots=True)
class Peaks:
    """The highest peak, the average daily peak and the least surplus; each is None if no day is known."""

    highest: float | None
    on: date | None
    average_daily: float | None
    least_surplus: float | None
    least_on: date | None
    days: int
    """The number of days with enough data."""
    of: int


def heatmap(hours: Iterable[Hour], used: Used) -> dict[tuple[int, int], Cell]:
    """Sum each hour of the week that is ever open, by weekday and hour. Public holidays are left out."""
    groups: dict[tuple[int, int], list[Hour]] = {}
    for hour in ordinary(hours):
        groups.setdefault((hour.weekday, hour.hour), []).append(hour)
    return {place: _sum_week_hour(place, group, used) for place, group in sorted(groups.items())}


def _sum_week_hour(place: tuple[int, int], hours: Sequence[Hour], used: Used) -> Cell:
    full_by_day: dict[int, bool] = {}
    for hour in hours:  # when clocks go back, the repeated hour counts as one hour of its day
        judged = full(hour, used)
        if judged is not None:
            full_by_day[hour.day] = full_by_day.get(hour.day, False) or judged
    return Cell(*place, summed(hours, used), full_by_day)


def by_hour(hours: Iterable[Hour], used: Used) -> dict[int, Sum]:
    """Sum each hour of the day over all days except public holidays."""
    groups: dict[int, list[Hour]] = {}
    for hour in ordinary(hours):
        groups.setdefault(hour.hour, []).append(hour)
    return {number: summed(group, used) for number, group in sorted(groups.items())}


def by_day(hours: Iterable[Hour], used: Used) -> list[Day]:
    """Sum each open day, oldest first."""
    found: list[Day] = []
    for _day, group in groupby(hours, lambda hour: hour.day):
        day_hours = list(group)
        found.append(
            Day(day_of(day_hours[0]), summed(day_hours, used), sum(full(hour, used) is True for hour in day_hours))
        )
    return found


def by_zone(hours: Sequence[Hour], scopes: Mapping[tuple[str, ...], Used]) -> dict[tuple[str, ...], Sum]:
    """Sum each zone and kind over all of the hours."""
    return {scope: summed(hours, used) for scope, used in scopes.items()}


def peaks(days: Sequence[Day]) -> Peaks:
    """Find the highest peak, the average daily peak and the least surplus of the known days."""
    known = [day for day in days if day.sum.known]
    if not known:
        return Peaks(None, None, None, None, None, 0, len(days))
    highest = max(known, key=lambda day: day.sum.peak)
    least, least_on = min(
        ((day.sum.least, day.day) for day in known if day.sum.least is not None), default=(None, None)
    )
    average = sum(day.sum.peak for day in known) / len(known)
    return Peaks(highest.sum.peak, highest.day, average, least, least_on, len(known), len(days))
