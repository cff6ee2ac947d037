"""Makes the figures of use: the week by the hour, each day's peak and least surplus, each zone's use.

In:    open hours, and rows of ZONE_HOUR.
Out:   figures, each with its coverage.
Never: words, colours, I/O.

A peak is that of the sum, and a day's surplus is the least of the day: history keeps both for a whole zone and kind.
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
    """One hour of the week over all weeks: Monday 0, local hour."""

    weekday: int
    hour: int
    sum: Sum
    judged: Mapping[int, bool]
    """Whether nothing was free in it, by day (`Hour.day`), of the days of which that is known."""

    @property
    def days(self) -> int:
        """On how many days it is known whether it was full."""
        return len(self.judged)

    @property
    def full_days(self) -> int:
        """On how many of them it was."""
        return sum(self.judged.values())


@dataclass(frozen=True, slots=True)
class Day:
    """The open hours of one day."""

    day: date
    sum: Sum
    full_hours: int


@dataclass(frozen=True, slots=True)
class Peaks:
    """How full it was at most, of how many spaces, and when first; each None where it is not known of any day."""

    highest: float | None
    on: date | None
    average_daily: float | None
    least_surplus: float | None
    least_on: date | None
    days: int
    """How many days are known."""
    of: int


def heatmap(these: Iterable[Hour], used: Used) -> dict[tuple[int, int], Cell]:
    """Each hour of the week that is ever open, by weekday and hour; red days are left out."""
    groups: dict[tuple[int, int], list[Hour]] = {}
    for hour in ordinary(these):
        groups.setdefault((hour.weekday, hour.hour), []).append(hour)
    return {place: _cell(place, within, used) for place, within in sorted(groups.items())}


def _cell(place: tuple[int, int], within: Sequence[Hour], used: Used) -> Cell:
    seen: dict[int, bool] = {}
    for hour in within:  # an hour that autumn brings twice is one of its day
        judged = full(hour, used)
        if judged is not None:
            seen[hour.day] = seen.get(hour.day, False) or judged
    return Cell(*place, summed(within, used), seen)


def by_hour(these: Iterable[Hour], used: Used) -> dict[int, Sum]:
    """Each hour of the day over all days that are no red days."""
    groups: dict[int, list[Hour]] = {}
    for hour in ordinary(these):
        groups.setdefault(hour.hour, []).append(hour)
    return {name: summed(within, used) for name, within in sorted(groups.items())}


def by_day(these: Iterable[Hour], used: Used) -> list[Day]:
    """Each day that was open, oldest first."""
    found: list[Day] = []
    for _day, group in groupby(these, lambda hour: hour.day):
        within = list(group)
        found.append(Day(day_of(within[0]), summed(within, used), sum(full(hour, used) is True for hour in within)))
    return found


def by_zone(these: Sequence[Hour], scopes: Mapping[tuple[str, ...], Used]) -> dict[tuple[str, ...], Sum]:
    """Each zone and kind over all of the hours."""
    return {scope: summed(these, used) for scope, used in scopes.items()}


def peaks(days: Sequence[Day]) -> Peaks:
    """The highest, and the mean of the days' highest, of the days that are known."""
    known = [day for day in days if day.sum.known]
    if not known:
        return Peaks(None, None, None, None, None, 0, len(days))
    highest = max(known, key=lambda day: day.sum.peak)
    least, least_on = min(
        ((day.sum.least, day.day) for day in known if day.sum.least is not None), default=(None, None)
    )
    average = sum(day.sum.peak for day in known) / len(known)
    return Peaks(highest.sum.peak, highest.day, average, least, least_on, len(known), len(days))
