"""What is learned of a series: its usual week, the deviation of its days, and the errors of their forecasts.

In:    the hours of the days before today.
Out:   the input of `coming_hours.py`.
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

from collector.forecast.model.bands import DayErrors, fit_slope
from collector.forecast.model.profile import WEEKEND, WeekProfile
from collector.site.series_hours import HourOpening, SeriesHour

MIN_SERIES_DAYS: Final = 14
"""Youngest age of a series with a forecast. Source: La Permanence coworking; two weeks of history have 16 % more error
than eight, one week 27 %."""
MEMORY_DAYS: Final = 140
"""Older days are ignored: a week 20 weeks ago would weigh less than a thousandth of the mean."""
KEPT_ERROR_DAYS: Final = 42
"""The band and the carried share are learned from the errors of this many latest known days."""
MAX_ERROR_AGE_DAYS: Final = 70
"""Errors of older days are ignored."""
DEVIATION_DAYS: Final = 5
DAY_BACK_WEIGHT: Final = 0.5
"""Each known day further back weighs half."""
OTHER_DAY_KIND_WEIGHT: Final = 0.5
"""A Friday counts half as much for a Saturday as a Saturday would."""
USUAL_DAY_WEIGHT: Final = 0.3
"""Weight of the assumption of a usual day, beside 1 for yesterday."""
OWN_HOUR_WEIGHT: Final = 0.75
"""Weight of the deviation at the same hour; the rest is that of the whole day."""
SKIPPED_DAYS_TODAY: Final = 0
SKIPPED_DAYS_LATER: Final = 3
"""For later days, the latest three known days are not known yet, as in the middle of the coming week."""
DEFAULT_CARRIED_SHARE: Final = {SKIPPED_DAYS_TODAY: 0.8, SKIPPED_DAYS_LATER: 0.6}
"""Assumed share of a deviation that remains, before the series has shown it."""
LATEST_DAY_WEIGHT: Final = 0.2
"""Weight of the latest day in the mean error of a day."""


@dataclass(frozen=True, slots=True)
class KnownDay:
    """One past day and its deviation from the usual values."""

    weekend: bool
    deviation: Mapping[int, float]
    """By hour: actual less usual value."""
    mean: float
    """Mean of `deviation`."""


@dataclass(frozen=True, slots=True)
class ForecastFit:
    """How well the usual values and the deviation of earlier days predicted the past days."""

    carried_share: float
    """Share of a deviation that is expected again."""
    errors: tuple[DayErrors, ...]
    """Oldest first, each divided by the error scale of its day."""
    error_scale: float
    """Scale of the coming errors: after irregular weeks, bands are wider at once."""


@dataclass(frozen=True, slots=True)
class LearnedSeries:
    """What was learned of a series by the midnight before `today`."""

    today: int
    first_day: int | None
    profile: WeekProfile
    days: tuple[KnownDay, ...]
    today_fit: ForecastFit
    """For today."""
    later_fit: ForecastFit
    """For later days."""


def learn_series(history: Sequence[SeriesHour], today: int) -> LearnedSeries:
    """Learn from the days before `today` (as in SeriesHour.day).

    Args:
        history: oldest first; hours of today and later are ignored, and those older than 20 weeks.
        today: the day of the first coming open hour. On a Friday evening that may be Monday.
    """
    by_day = attrgetter("day")
    begin = bisect_left(history, today - MEMORY_DAYS, key=by_day)
    end = bisect_left(history, today, key=by_day)
    found = [(day, *known_values(members)) for day, members in groupby(islice(history, begin, end), key=by_day)]
    past = [(day, weekday, values) for day, weekday, values in found if values]
    profile = WeekProfile()
    days: list[KnownDay] = []
    for left, (day, weekday, values) in zip(range(len(past), 0, -1), past, strict=True):
        if left <= KEPT_ERROR_DAYS + DEVIATION_DAYS + SKIPPED_DAYS_LATER and day >= today - MAX_ERROR_AGE_DAYS:
            usual = {hour: profile.usual_at((weekday, hour)) for hour in values}
            beyond = {hour: values[hour] - base for hour, base in usual.items() if base is not None}
            if beyond:
                days.append(KnownDay(weekday in WEEKEND, beyond, sum(beyond.values()) / len(beyond)))
        for hour, value in values.items():
            profile.add((weekday, hour), value)
    first_day = past[0][0] if past else None
    return LearnedSeries(
        today, first_day, profile, tuple(days), _fit(days, SKIPPED_DAYS_TODAY), _fit(days, SKIPPED_DAYS_LATER)
    )


def known_values(members: Iterable[SeriesHour]) -> tuple[int, dict[int, float]]:
    """Return the weekday and the known values of one day, by local hour; the mean for an hour that occurs twice."""
    values: dict[int, float] = {}
    weekday = 0
    for hour in members:
        if hour.value is not None and hour.opening is not HourOpening.CLOSED:
            before = values.get(hour.hour)
            values[hour.hour] = hour.value if before is None else (before + hour.value) / 2
            weekday = hour.weekday
    return weekday, values


def mean_deviation(days: Sequence[KnownDay], hours: Iterable[int], *, weekend: bool) -> dict[int, float]:
    """Return the mean deviation of the latest days by hour; the weight halves with each known day further back.

    Args:
        days: known days, oldest first.
        hours: local hours, 0-23.
        weekend: whether the day to forecast is one.
    """
    weights = [USUAL_DAY_WEIGHT]
    latest = days[-DEVIATION_DAYS:]
    for back, day in enumerate(reversed(latest)):
        weights.append(DAY_BACK_WEIGHT**back * (1.0 if day.weekend is weekend else OTHER_DAY_KIND_WEIGHT))
    total = sum(weights)
    whole, own = 0.0, dict.fromkeys(hours, 0.0)
    for weight, day in zip(weights[1:], reversed(latest), strict=True):
        share, beyond, mean = weight / total, day.deviation, day.mean
        whole += share * mean
        for hour in own:
            own[hour] += share * beyond.get(hour, mean)
    return {hour: OWN_HOUR_WEIGHT * value + (1 - OWN_HOUR_WEIGHT) * whole for hour, value in own.items()}


def _fit(days: Sequence[KnownDay], skipped: int) -> ForecastFit:
    """Evaluate the last days, each by the days before it except the `skipped` latest of those."""
    first = max(0, len(days) - KEPT_ERROR_DAYS)
    evaluated = [
        (
            day,
            mean_deviation(
                days[max(0, place - skipped - DEVIATION_DAYS) : max(0, place - skipped)],
                day.deviation,
                weekend=day.weekend,
            ),
        )
        for place, day in enumerate(days[first:], first)
    ]
    pairs = [[(before[hour], beyond) for hour, beyond in day.deviation.items()] for day, before in evaluated]
    carried = fit_slope(pairs, DEFAULT_CARRIED_SHARE[skipped])
    errors: list[DayErrors] = []
    mean = 0.0
    for number, (day, before) in enumerate(evaluated, 1):
        errors_by_hour = {hour: beyond - carried * before[hour] for hour, beyond in day.deviation.items()}
        mean_error = sum(map(abs, errors_by_hour.values())) / len(errors_by_hour)
        unrest = sqrt(mean or mean_error) or 1.0  # without any error there is nothing to divide
        errors.append(DayErrors(day.weekend, {hour: error / unrest for hour, error in errors_by_hour.items()}))
        mean += max(LATEST_DAY_WEIGHT, 1 / number) * (mean_error - mean)
    return ForecastFit(carried, tuple(errors), sqrt(mean))
