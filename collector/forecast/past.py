"""What a series has taught: its usual week, how its days differ from it, and how far off forecasts of them were.

In:    the hours of the days before today.
Out:   what `course.py` forecasts from.
Never: today or later. What is said of a past day was known at its midnight.

Source of the weights: chosen on one half of the car parks of UCI 482 and confirmed on the other (docs/decisions/0018).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from math import sqrt
from operator import attrgetter
from typing import Final

from collector.forecast import Hour, Opening
from collector.forecast.bands import DayOfErrors, slope
from collector.forecast.profile import WEEKEND, Profile

MEMORY_DAYS: Final = 140
"""Older days are not looked at: of a week 20 weeks ago, less than a thousandth is left in the mean."""
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
        history: oldest first; hours of today and later are not looked at, nor those older than 20 weeks.
        today: the day of the first hour to come that is open. In the evening of a Friday that may be Monday.
    """
    by_day = attrgetter("day")
    begin = bisect_left(history, today - MEMORY_DAYS, key=by_day)
    end = bisect_left(history, today, key=by_day)
    found = [(day, *known(members)) for day, members in groupby(islice(history, begin, end), key=by_day)]
    past = [(day, weekday, values) for day, weekday, values in found if values]
    profile = Profile()
    days: list[KnownDay] = []
    for left, (day, weekday, values) in zip(range(len(past), 0, -1), past, strict=True):
        if left <= JUDGED_DAYS + CARRYING_DAYS + FAR and day >= today - JUDGED_WITHIN_DAYS:
            usual = {hour: profile.at((weekday, hour)) for hour in values}
            beyond = {hour: values[hour] - base for hour, base in usual.items() if base is not None}
            if beyond:
                days.append(KnownDay(weekday in WEEKEND, beyond, sum(beyond.values()) / len(beyond)))
        for hour, value in values.items():
            profile.take((weekday, hour), value)
    first_day = past[0][0] if past else None
    return Learnt(today, first_day, profile, tuple(days), _fit(days, NEAR), _fit(days, FAR))


def known(members: Iterable[Hour]) -> tuple[int, dict[int, float]]:
    """The weekday and the known values of one day, by local hour; of an hour that comes twice the mean."""
    values: dict[int, float] = {}
    weekday = 0
    for hour in members:
        if hour.value is not None and hour.opening is not Opening.CLOSED:
            before = values.get(hour.hour)
            values[hour.hour] = hour.value if before is None else (before + hour.value) / 2
            weekday = hour.weekday
    return weekday, values


def unusual(days: Sequence[KnownDay], hours: Iterable[int], *, weekend: bool) -> dict[int, float]:
    """By hour, what the latest days had beyond the usual; a day's weight halves with each known day after it."""
    weights = [NOTHING_NEW]
    latest = days[-CARRYING_DAYS:]
    for back, day in enumerate(reversed(latest)):
        weights.append(HALVING**back * (1.0 if day.weekend is weekend else OTHER_KIND))
    total = sum(weights)
    whole, own = 0.0, dict.fromkeys(hours, 0.0)
    for weight, day in zip(weights[1:], reversed(latest), strict=True):
        share, beyond, mean = weight / total, day.beyond, day.mean
        whole += share * mean
        for hour in own:
            own[hour] += share * beyond.get(hour, mean)
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
        off = sum(map(abs, missed.values())) / len(missed)
        unrest = sqrt(mean or off) or 1.0  # where nothing was ever off there is nothing to divide
        errors.append(DayOfErrors(day.weekend, {hour: error / unrest for hour, error in missed.items()}))
        mean += max(UNREST, 1 / number) * (off - mean)
    return Fit(carried, tuple(errors), sqrt(mean))
