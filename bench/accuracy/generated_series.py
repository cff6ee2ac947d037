"""Generated series of taken desks with known changes: a new level, a drift, and the odds of a young site.

In:    fixed seeds; no files.
Out:   lines: a calm series, a new level, a drift a week ahead, and odds beside those of the past days (climatology).
Never: a rule or a threshold of its own; the forecast for an hour uses only earlier hours.

A site of twenty desks is open from 8 to 18 o'clock. Its load rises until 13 o'clock and falls again; weekends are
quiet. Each day has a deviation of 8 % of the desks, half of which remains on the next day, and each hour one of 5 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import sqrt
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

from bench.accuracy.line import Figure, Goal, ResultLine
from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import Lead
from collector.forecast.model.coming_hours import forecast_hours
from collector.forecast.model.profile import WEEKEND
from collector.forecast.model.scores import IssuedPoint, score_points
from collector.forecast.model.series_history import learn_series
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS

NAME: Final = "generated-series"
SEEDS: Final = 20
_MONDAY: Final = date(2026, 1, 5).toordinal()
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_OPEN: Final = range(8, 18)
_WEEKDAY_LOADS: Final = (1.0, 1.05, 1.05, 1.0, 0.8, 0.25, 0.2)
_DAY_DEVIATION: Final = 0.08
_REMAINING: Final = 0.5
_HOUR_DEVIATION: Final = 0.05
_DESKS: Final = 20
CHANGE_DAY: Final = 70
"""A Monday after ten weeks, on which the level changes."""
FOLLOWED_DAYS: Final = range(3, 12)
"""Days after the change on which it must be followed: from the fourth day to the end of the second week."""
_FOLLOWED_WITHIN: Final = 1.15
"""Most of the error of a followed level, compared with that of a calm series."""
YOUNG_DAYS: Final = range(14, 21)
"""Days of the third week: the site knows two to three weeks."""
GROUPS: Final = (4, 8, 20, 40)
"""Numbers of desks of which the odds are scored: of at least one, and of at least a quarter of them."""

ScoredOdds = tuple[float, float, float]
"""Forecast chance, chance by the past days, outcome: each 0 to 1."""


@dataclass(frozen=True, slots=True)
class SeriesShape:
    """What a generated series is like."""

    load: float = 0.45
    """Share of the desks that is taken at the busiest hour of a Monday."""
    change: float = 0.0
    """Added to the load from `CHANGE_DAY` on."""
    drift: float = 0.0
    """Added to the load with each week."""
    desks: int = _DESKS


CALM: Final = SeriesShape()
CHANGED: Final = {"a quarter more": SeriesShape(change=0.25), "a quarter fewer": SeriesShape(load=0.7, change=-0.25)}
DRIFTING: Final = SeriesShape(load=0.3, drift=0.03)


def measure(_folder: Path) -> list[ResultLine]:
    """Return the lines; nothing is read."""
    calm = _score(CALM, range(CHANGE_DAY, CHANGE_DAY + 12), Lead.DAY)
    most = _FOLLOWED_WITHIN * calm[Figure.FORECAST_ERROR]
    followed = [
        _build_line(
            f"day ahead, from the fourth day after a new level: {name} of the desks taken",
            _score(shape, [CHANGE_DAY + day for day in FOLLOWED_DAYS], Lead.DAY),
            {Figure.FORECAST_ERROR: Goal(most=round(most, 1))},
        )
        for name, shape in CHANGED.items()
    ]
    drift = _score(DRIFTING, range(49, 105), Lead.WEEK)
    return [
        _build_line("day ahead, no change", calm, {Figure.COVERAGE_PCT: Goal(least=75)}),
        *followed,
        _build_line("a week ahead, 3 % more desks taken each week", drift, {Figure.COVERAGE_PCT: Goal(least=77)}),
        *_measure_odds(),
    ]


def generate_series(shape: SeriesShape, days: int, generator: Random) -> list[SeriesHour]:
    """Return the hours of so many days from a Monday on."""
    hours: list[SeriesHour] = []
    deviation = 0.0
    for number in range(days):
        deviation = _REMAINING * deviation + generator.gauss(0, _DAY_DEVIATION * sqrt(1 - _REMAINING**2))
        load = shape.load + shape.drift * number / 7 + (shape.change if number >= CHANGE_DAY else 0) + deviation
        for hour in _OPEN:
            share = _WEEKDAY_LOADS[number % 7] * (1 - ((hour - 13) / 6.5) ** 2) * load
            value = shape.desks * min(1.0, max(0.0, share + generator.gauss(0, _HOUR_DEVIATION)))
            day = _MONDAY + number
            at_ms = ((day - _EPOCH_DAY) * 24 + hour) * HOUR_MS
            hours.append(SeriesHour(at_ms, day, hour, HourOpening.OPEN, value, float(shape.desks)))
    return hours


def score_series(shape: SeriesShape, numbers: Sequence[int], lead: Lead, seed: int) -> list[IssuedPoint]:
    """Return the points of working days, issued at their midnight or a week before.

    Args:
        shape: of the series.
        numbers: days to score, counted from its first.
        lead: `DAY` or `WEEK`.
        seed: of the series.
    """
    series = generate_series(shape, max(numbers) + 1, Random(seed))  # noqa: S311 - repeatable, no secret
    issued: list[IssuedPoint] = []
    for number in numbers:
        day = _MONDAY + number
        today = day - 7 if lead is Lead.WEEK else day
        hours = [hour for hour in series if hour.day == day and hour.weekday not in WEEKEND]
        learned = learn_series([hour for hour in series if hour.day < today], today)
        for hour, point in zip(hours, forecast_hours(learned, (), hours), strict=True):
            if point is not None and hour.value is not None:
                issued.append(IssuedPoint(lead, point, hour.value))
    return issued


def score_odds(desks: int, seed: int) -> list[ScoredOdds]:
    """Return the odds of the third week of a site, beside the share of past days on which they came true."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    series = generate_series(SeriesShape(generator.uniform(0.5, 1.0), desks=desks), max(YOUNG_DAYS) + 1, generator)
    found: list[ScoredOdds] = []
    for day, members in groupby(series, key=lambda hour: hour.day):
        hours = list(members)
        if day - _MONDAY not in YOUNG_DAYS:
            continue
        past = [hour for hour in series if hour.day < day]
        for hour, point in zip(hours, forecast_hours(learn_series(past, day), (), hours), strict=True):
            if point is not None:
                alike = [one for one in past if _are_alike(one, hour)]
                for wanted in {1, desks // 4}:
                    usual = fmean(_free_share(one, wanted) for one in alike)
                    found.append((chance_at_least_free(point, wanted), usual, _free_share(hour, wanted)))
    return found


def _are_alike(one: SeriesHour, other: SeriesHour) -> bool:
    return one.hour == other.hour and (one.weekday in WEEKEND) is (other.weekday in WEEKEND)


def _free_share(hour: SeriesHour, wanted: int) -> float:
    """Return the share of the hour with at least so many free desks, if the mean is spread over whole numbers."""
    return min(1.0, max(0.0, (hour.capacity or 0) - (hour.value or 0) - wanted + 1))


def _score(shape: SeriesShape, numbers: Sequence[int], lead: Lead) -> dict[Figure, float]:
    """Return error (in per cent of the desks), and coverage, of all seeds together."""
    score = score_points([point for seed in range(SEEDS) for point in score_series(shape, numbers, lead, seed)])
    if score is None:
        return {}
    return {Figure.FORECAST_ERROR: 100 * score.error / shape.desks, Figure.COVERAGE_PCT: 100 * score.coverage}


def _measure_odds() -> Iterator[ResultLine]:
    for desks in GROUPS:
        odds = [one for seed in range(SEEDS) for one in score_odds(desks, seed)]
        ours = fmean((chance - outcome) ** 2 for chance, _, outcome in odds)
        usual = fmean((chance - outcome) ** 2 for _, chance, outcome in odds)
        rule = f"odds of {desks} desks in the third week"
        yield _build_line(rule, {Figure.BRIER: ours}, {Figure.BRIER: Goal(most=usual)})
        yield _build_line(f"{rule}: share of the past days", {Figure.BRIER: usual}, {}, ours=False)


def _build_line(rule: str, figures: dict[Figure, float], goals: dict[Figure, Goal], *, ours: bool = True) -> ResultLine:
    return ResultLine(
        recording=NAME, rule=rule, ours=ours, figures=figures, goals=goals, note=f"{SEEDS} seeds, all hours together."
    )
