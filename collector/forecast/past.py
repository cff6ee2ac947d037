"""What a series has taught: its usual week, how its days differ from it, and how far off forecasts of them were.

In:    the hours of the days before today.
Out:   what `course.py` forecasts from.
Never: today or later. What is said of a past day was known at its midnight.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from math import sqrt
from statistics import fmean
from typing import Final

from collector.forecast import Hour, Opening
from collector.forecast.bands import DayOfErrors, slope
from collector.forecast.profile import WEEKEND, Profile

MEMORY_DAYS: Final = 182
"""Older days are not looked at: 26 weeks on, 0.7 ** 26 of a week is left in the mean."""
JUDGED_DAYS: Final = 42
"""Errors are kept of so many known days."""
JUDGED_WITHIN_DAYS: Final = 70
"""A day older than that says nothing of the errors now."""
CARRYING_DAYS: Final = 5
HALVING: Final = 0.5
"""Each known day further back weighs half."""
OTHER_KIND: Final = 0.5
"""A Friday says half as much of a Saturday as a Saturday would."""
NOTHING_NEW: Final = 0.3
"""The weight of believing that a day is as usual, beside 1 for yesterday."""
OWN_HOUR: Final = 0.75
"""What was unusual at the same hour counts so much, the day as a whole the rest."""
NEAR: Final = 0
FAR: Final = 3
"""For the days after today the latest three known days are not there yet, as in the middle of the week to come."""
BELIEVED: Final = {NEAR: 0.8, FAR: 0.6}
"""How much of the unusual is believed to last, before the series has shown it."""
UNREST: Final = 0.2
"""Weight of the latest day in the mean error of a day."""


@dataclass(frozen=True, slots=True)
class KnownDay:
    """One past day: what was usual, and what came beyond it."""

    weekend: bool
    beyond: Mapping[int, float]
    """By hour: what came, less what was usual."""
    mean: float
    """Of `beyond`."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the usual and what was carried from the days before foretold the past days."""

    skipped: int
    carried: float
    """So much of what was unusual is expected again."""
    errors: tuple[DayOfErrors, ...]
    """Oldest first, each divided by the unrest of its day."""
    unrest: float
    """By which the errors to come are multiplied: restless weeks have wider bands at once."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a series had taught by the midnight before `today`."""

    today: int
    first_day: int | None
    profile: Profile
    days: tuple[KnownDay, ...]
    near: Fit
    """For today."""
    far: Fit
    """For the days after it."""


def learn(history: Sequence[Hour], today: int) -> Learnt:
    """Learn from the days before `today` (as in Hour.day).

    Args:
        history: oldest first; hours of today and later are not looked at, nor those older than half a year.
        today: the day of the first hour to come that is open. In the evening of a Friday that may be Monday.
    """
    profile = Profile()
    days: deque[KnownDay] = deque(maxlen=JUDGED_DAYS + CARRYING_DAYS + FAR)
    first_day: int | None = None
    begin = bisect_left(history, today - MEMORY_DAYS, key=lambda hour: hour.day)
    for day, members in groupby(islice(history, begin, None), key=lambda hour: hour.day):
        if day >= today:
            break
        weekday, values = known(members)
        if not values:
            continue
        first_day = day if first_day is None else first_day
        if day >= today - JUDGED_WITHIN_DAYS:
            usual = {hour: profile.at((weekday, hour)) for hour in values}
            beyond = {hour: values[hour] - base for hour, base in usual.items() if base is not None}
            if beyond:
                days.append(KnownDay(weekday in WEEKEND, beyond, fmean(beyond.values())))
        for hour, value in values.items():
            profile.take((weekday, hour), value)
    past = tuple(days)
    return Learnt(today, first_day, profile, past, _fit(past, NEAR), _fit(past, FAR))


def known(members: Iterable[Hour]) -> tuple[int, dict[int, float]]:
    """The weekday and the known values of one day, by local hour; of an hour that comes twice the mean."""
    values: dict[int, list[float]] = {}
    weekday = 0
    for hour in members:
        if hour.value is not None and hour.opening is not Opening.CLOSED:
            values.setdefault(hour.hour, []).append(hour.value)
            weekday = hour.weekday
    return weekday, {hour: fmean(several) for hour, several in values.items()}


def unusual(days: Sequence[KnownDay], hours: Iterable[int], *, weekend: bool) -> dict[int, float]:
    """By hour, what the latest days had beyond the usual; a day's weight halves with each known day after it."""
    weights = [NOTHING_NEW]
    latest = days[-CARRYING_DAYS:]
    for back, day in enumerate(reversed(latest)):
        weights.append(HALVING**back * (1.0 if day.weekend is weekend else OTHER_KIND))
    total = sum(weights)
    shares = [(weight / total, day) for weight, day in zip(weights[1:], reversed(latest), strict=True)]
    whole = sum(share * day.mean for share, day in shares)
    own = {hour: sum(share * day.beyond.get(hour, day.mean) for share, day in shares) for hour in hours}
    return {hour: OWN_HOUR * value + (1 - OWN_HOUR) * whole for hour, value in own.items()}


def _fit(days: Sequence[KnownDay], skipped: int) -> Fit:
    """Judge the last days, each by the days before it but for the `skipped` latest of those."""
    first = max(0, len(days) - JUDGED_DAYS)
    judged = [
        (
            day,
            unusual(
                days[max(0, place - skipped - CARRYING_DAYS) : max(0, place - skipped)], day.beyond, weekend=day.weekend
            ),
        )
        for place, day in enumerate(days[first:], first)
    ]
    pairs = [[(before[hour], beyond) for hour, beyond in day.beyond.items()] for day, before in judged]
    carried = slope(pairs, BELIEVED[skipped])
    errors: list[DayOfErrors] = []
    mean = 0.0
    for number, (day, before) in enumerate(judged, 1):
        missed = {hour: beyond - carried * before[hour] for hour, beyond in day.beyond.items()}
        unrest = sqrt(mean) or 1.0
        errors.append(DayOfErrors(day.weekend, {hour: error / unrest for hour, error in missed.items()}))
        mean += max(UNREST, 1 / number) * (fmean(abs(error) for error in missed.values()) - mean)
    return Fit(skipped, carried, tuple(errors), sqrt(mean) or 1.0)
