"""What is learned of a series: its usual week, the deviation of its days, and the errors of their forecasts.

In:    the hours of the days before today.
Out:   the input of `course.py`.
Never: today or later. A past day is forecast from what was known at its midnight.

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
"""Older days are ignored: a week 20 weeks ago would weigh less than a thousandth of the mean."""
JUDGED_DAYS: Final = 42
"""Number of known days whose errors are kept."""
JUDGED_WITHIN_DAYS: Final = 70
"""Errors of older days are ignored."""
CARRYING_DAYS: Final = 5
HALVING: Final = 0.5
"""Each known day further back weighs half."""
OTHER_KIND: Final = 0.5
"""A Friday counts half as much for a Saturday as a Saturday would."""
NOTHING_NEW: Final = 0.3
"""Weight of the assumption of a usual day, beside 1 for yesterday."""
OWN_HOUR: Final = 0.75
"""Weight of the deviation at the same hour; the rest is that of the whole day."""
NEAR: Final = 0
FAR: Final = 3
"""For later days, the latest three known days are not known yet, as in the middle of the coming week."""
BELIEVED: Final = {NEAR: 0.8, FAR: 0.6}
"""Assumed share of a deviation that remains, before the series has shown it."""
UNREST: Final = 0.2
"""Weight of the latest day in the mean error of a day."""


@dataclass(frozen=True, slots=True)
class KnownDay:
    """One past day and its deviation from the usual values."""

    weekend: bool
    beyond: Mapping[int, float]
    """By hour: actual less usual value."""
    mean: float
    """Mean of `deviation`."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the usual values and the deviation of earlier days predicted the past days."""

    carried: float
    """Share of a deviation that is expected again."""
    errors: tuple[DayOfErrors, ...]
    """Oldest first, each divided by the error scale of its day."""
    unrest: float
    """Scale of the coming errors: after irregular weeks, bands are wider at once."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learned of a series by the midnight before `today`."""

    today: int
    first_day: int | None
    profile: Profile
    days: tuple[KnownDay, ...]
    near: Fit
    """For today."""
    far: Fit
    """For later days."""


def learn(history: Sequence[Hour], today: int) -> Learnt:
    """Learn from the days before `today` (as in SeriesHour.day).

    Args:
        history: oldest first; hours of today and later are ignored, and those older than 20 weeks.
        today: the day of the first coming open hour. On a Friday evening that may be Monday.
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
    """Return the weekday and the known values of one day, by local hour; the mean for an hour that occurs twice."""
    values: dict[int, float] = {}
    weekday = 0
    for hour in members:
        if hour.value is not None and hour.opening is not Opening.CLOSED:
            before = values.get(hour.hour)
            values[hour.hour] = hour.value if before is None else (before + hour.value) / 2
            weekday = hour.weekday
    return weekday, values


def unusual(days: Sequence[KnownDay], hours: Iterable[int], *, weekend: bool) -> dict[int, float]:
    """Return the mean deviation of the latest days by hour; the weight halves with each known day further back.

    Args:
        days: known days, oldest first.
        hours: local hours, 0-23.
        weekend: whether the day to forecast is one.
    """
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
    """Evaluate the last days, each by the days before it except the `skipped` latest of those."""
    first = max(0, len(days) - JUDGED_DAYS)
    evaluated = [
        (
            day,
            unusual(
                days[max(0, place - skipped - CARRYING_DAYS) : max(0, place - skipped)], day.beyond, weekend=day.weekend
            ),
        )
        for place, day in enumerate(days[first:], first)
    ]
    pairs = [[(before[hour], beyond) for hour, beyond in day.beyond.items()] for day, before in evaluated]
    carried = slope(pairs, BELIEVED[skipped])
    errors: list[DayOfErrors] = []
    mean = 0.0
    for number, (day, before) in enumerate(evaluated, 1):
        errors_by_hour = {hour: beyond - carried * before[hour] for hour, beyond in day.beyond.items()}
        mean_error = sum(map(abs, errors_by_hour.values())) / len(errors_by_hour)
        unrest = sqrt(mean or mean_error) or 1.0  # without any error there is nothing to divide
        errors.append(DayOfErrors(day.weekend, {hour: error / unrest for hour, error in errors_by_hour.items()}))
        mean += max(UNREST, 1 / number) * (mean_error - mean)
    return Fit(carried, tuple(errors), sqrt(mean))
