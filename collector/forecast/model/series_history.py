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
from statistics import median
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
DAYS_UNKNOWN_TODAY: Final = 0
DAYS_UNKNOWN_LATER: Final = 7
"""A forecast for the same weekday of the next week is made without the seven days before it. Errors of later days are
those of such forecasts, because a drift makes the errors grow with each day ahead."""
DEFAULT_CARRIED_SHARE: Final = {DAYS_UNKNOWN_TODAY: 0.8, DAYS_UNKNOWN_LATER: 0.6}
"""Assumed share of a deviation that remains, before the series has shown it."""
SHIFT_DAYS: Final = 3
"""So many days in a row above the usual values, or below, are a new level. Of independent days with normal deviations,
three in a row are beyond one standard deviation on the same side in less than one case in a hundred."""
NORMAL_PER_MEDIAN: Final = 1.4826
"""Standard deviation of a normal distribution by the median of its absolute values, which unusual days change little.
Source: Hampel 1974."""
LATEST_DAY_WEIGHT: Final = 0.2
"""Weight of the latest day in the mean error of a day."""


@dataclass(frozen=True, slots=True)
class KnownDay:
    """One past day and its deviation from the usual values."""

    day: int
    weekend: bool
    deviation: Mapping[int, float]
    """By hour: actual less usual value, as known at its midnight."""
    mean: float
    """Mean of `deviation`."""
    later_deviation: Mapping[int, float]
    """The same with the usual values that were known `DAYS_UNKNOWN_LATER` before, if any were."""


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
    profile, earlier_profile, added = WeekProfile(), WeekProfile(), 0
    days: list[KnownDay] = []
    for left, (day, weekday, values) in zip(range(len(past), 0, -1), past, strict=True):
        while past[added][0] < day - DAYS_UNKNOWN_LATER:
            _add_day(earlier_profile, *past[added][1:])
            added += 1
        if left <= KEPT_ERROR_DAYS + DEVIATION_DAYS + DAYS_UNKNOWN_LATER and day >= today - MAX_ERROR_AGE_DAYS:
            beyond = _find_deviation(profile, weekday, values)
            if beyond:
                later = _find_deviation(earlier_profile, weekday, values) or beyond
                days.append(KnownDay(day, weekday in WEEKEND, beyond, sum(beyond.values()) / len(beyond), later))
        _add_day(profile, weekday, values)
    first_day = past[0][0] if past else None
    return LearnedSeries(
        today, first_day, profile, tuple(days), _fit(days, DAYS_UNKNOWN_TODAY), _fit(days, DAYS_UNKNOWN_LATER)
    )


def _add_day(profile: WeekProfile, weekday: int, values: Mapping[int, float]) -> None:
    for hour, value in values.items():
        profile.add((weekday, hour), value)


def _find_deviation(profile: WeekProfile, weekday: int, values: Mapping[int, float]) -> dict[int, float]:
    """Return by hour the actual less the usual value, where one is known."""
    usual = {hour: profile.usual_at((weekday, hour)) for hour in values}
    return {hour: values[hour] - base for hour, base in usual.items() if base is not None}


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


def find_level_shift(days: Sequence[KnownDay], *, weekend: bool) -> Mapping[int, float]:
    """Return the new level of a kind of day by hour, as its difference from the usual values; empty: there is none.

    Args:
        days: known days, oldest first.
        weekend: the kind of day.
    """
    alike = [day for day in days[-KEPT_ERROR_DAYS:] if day.weekend is weekend]
    latest, earlier = alike[-SHIFT_DAYS:], alike[:-SHIFT_DAYS]
    if len(earlier) < SHIFT_DAYS:
        return {}
    usual_size = NORMAL_PER_MEDIAN * median(abs(day.mean) for day in earlier)
    means = [day.mean for day in latest]
    if (
        -usual_size <= min(means) <= usual_size
        or -usual_size <= max(means) <= usual_size
        or min(means) < 0 < max(means)
    ):
        return {}
    whole = sum(means) / SHIFT_DAYS
    own = {
        hour: sum(day.deviation.get(hour, day.mean) for day in latest) / SHIFT_DAYS
        for hour in {hour for day in latest for hour in day.deviation}
    }
    return {hour: OWN_HOUR_WEIGHT * value + (1 - OWN_HOUR_WEIGHT) * whole for hour, value in own.items()}


def combine_with_shift(carried: float, shift: Mapping[int, float], hour: int) -> float:
    """Return the expected deviation: half what is usually carried over, and half the new level if there is one."""
    return (carried + shift.get(hour, carried)) / 2


def _fit(days: Sequence[KnownDay], unknown_days: int) -> ForecastFit:
    """Evaluate the last days, each by what was known `unknown_days` before its midnight."""
    evaluated = [
        (day, days[: bisect_left(days, day.day - unknown_days, key=attrgetter("day"))])
        for day in days[-KEPT_ERROR_DAYS:]
    ]
    actual = [day.later_deviation if unknown_days else day.deviation for day, _ in evaluated]
    deviations = [
        mean_deviation(known, beyond, weekend=day.weekend)
        for (day, known), beyond in zip(evaluated, actual, strict=True)
    ]
    pairs = [
        [(before[hour], value) for hour, value in beyond.items()]
        for before, beyond in zip(deviations, actual, strict=True)
    ]
    carried = fit_slope(pairs, DEFAULT_CARRIED_SHARE[unknown_days])
    errors: list[DayErrors] = []
    mean = 0.0
    for number, ((day, known), before, beyond) in enumerate(zip(evaluated, deviations, actual, strict=True), 1):
        shift = find_level_shift(known, weekend=day.weekend)
        errors_by_hour = {
            hour: value - combine_with_shift(carried * before[hour], shift, hour) for hour, value in beyond.items()
        }
        mean_error = sum(map(abs, errors_by_hour.values())) / len(errors_by_hour)
        unrest = sqrt(mean or mean_error) or 1.0  # without any error there is nothing to divide
        errors.append(DayErrors(day.weekend, {hour: error / unrest for hour, error in errors_by_hour.items()}))
        mean += max(LATEST_DAY_WEIGHT, 1 / number) * (mean_error - mean)
    return ForecastFit(carried, tuple(errors), sqrt(mean))
