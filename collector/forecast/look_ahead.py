"""Forecast one series for the next seven days, and keep the issued forecasts for scoring.

In:    the known hours of the past, the site's calendar, forecasts issued before.
Out:   the outlook to publish, and the rows that are new or have an outcome now.
Never: clocks, files.

Outcomes are a function of the known hours alone: late data corrects them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from collector.contract.forecast_points import ForecastPoint, Lead
from collector.contract.forecasts import (
    OUTLOOK_DAYS,
    ForecastScores,
    Outlook,
    build_hour_outlooks,
    round_count,
    usual_count,
)
from collector.forecast.known_hours import KnownHour
from collector.forecast.model.coming_hours import MIN_KNOWN_DAYS, forecast_hours
from collector.forecast.model.series_history import MIN_SERIES_DAYS, LearnedSeries, learn_series
from collector.forecast.score_keeping import add_outcome, build_forecast_row, score_rows
from collector.history.measures import HistoryRow
from collector.site.privacy_limits import Tenancy
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS

LEAD_HOURS: Final = {Lead.HOUR: 1, Lead.THREE_HOURS: 3}
"""Hours after the last hour that is over, by lead."""

KnownHours = Mapping[int, KnownHour | None]
"""By the start of the hour. None: poorly known. A missing hour was never recorded."""


@dataclass(frozen=True, slots=True)
class ForecastSeries:
    """One kind of space, or PEOPLE, in a zone or in WHOLE_SITE."""

    zone: str
    kind: str
    offered: int | None = None
    """Number of spaces offered now; None for people."""
    tenancy: Tenancy | None = None
    """Numbers of its shared and dedicated spaces; None for people."""
    few_spaces: tuple[str, ...] = ()
    """Ids of the spaces, if they are too few for a five-minute series."""


@dataclass(frozen=True, slots=True)
class _SeriesForecast:
    """Forecast from the full hour `now_ms` on."""

    now_ms: int
    points: list[ForecastPoint | None]
    """One per hour of seven days, the present one first."""
    from_midnight: list[ForecastPoint]
    """Of the present day, or of the next that is open, as forecast at its midnight."""
    week: list[ForecastPoint]
    """Of the day a week later, as forecast at the same midnight."""
    missing_days: int
    outcomes: list[tuple[int, float]]
    """Start of that day's open hours that are over and well known, and what was free; empty for people."""


def forecast_series(
    series: ForecastSeries, calendar: Sequence[SeriesHour], now_ms: int, known: KnownHours, issued: Iterable[HistoryRow]
) -> tuple[Outlook, list[HistoryRow]]:
    """Forecast a series from the full hour `now_ms` on.

    Args:
        series: what to forecast.
        calendar: the site's hours without values, from the first to learn from to a week after the next open day.
        now_ms: all hours before this one are over.
        known: their values.
        issued: rows of FORECAST of this series that are still scored, of every lead.

    Returns:
        The outlook to publish; and the rows to write: new forecasts, and old ones whose outcome is known now.
    """
    stored = {(row.tags[-1], row.at_ms): row for row in issued}
    outcomes = {key: add_outcome(row, known[row.at_ms]) for key, row in stored.items() if row.at_ms in known}
    ahead = _forecast_points(series, calendar, now_ms, known)
    new = [row for row in _issue_rows(series, ahead) if (row.tags[-1], row.at_ms) not in stored]
    changed = [row for key, row in outcomes.items() if row != stored[key]]
    return _build_outlook(series, ahead, score_rows((stored | outcomes).values())), [*changed, *new]


def _forecast_points(
    series: ForecastSeries, calendar: Sequence[SeriesHour], now_ms: int, known: KnownHours
) -> _SeriesForecast:
    past = [_with_value(hour, known) for hour in calendar if hour.at_ms < now_ms]
    coming = [hour for hour in calendar if hour.at_ms >= now_ms]
    today = next((hour.day for hour in coming if hour.opening is not HourOpening.CLOSED), coming[0].day)
    learned = learn_series([_learnable(hour) for hour in past if hour.day < today], today)
    recent = [hour for hour in past if hour.day == today]
    points = forecast_hours(learned, recent, _with_capacity(series, coming[: OUTLOOK_DAYS * 24]))
    days = _with_capacity(series, (hour for hour in calendar if hour.day in {today, today + OUTLOOK_DAYS}))
    from_midnight = [
        (hour.day, point) for hour, point in zip(days, forecast_hours(learned, (), days), strict=True) if point
    ]
    missing = _missing_days(learned)
    if not any(points) and any(hour.opening is not HourOpening.CLOSED for hour in coming[: OUTLOOK_DAYS * 24]):
        missing = max(missing, 1)  # a site that seldom opens has too few days for a band
    return _SeriesForecast(
        now_ms,
        points,
        [point for day, point in from_midnight if day == today],
        [point for day, point in from_midnight if day != today],
        missing,
        [
            (hour.at_ms, found.mean)
            for hour in recent
            if hour.opening is not HourOpening.CLOSED
            and (found := known.get(hour.at_ms))
            and found.capacity is not None
        ],
    )


def _build_outlook(series: ForecastSeries, ahead: _SeriesForecast, scores: ForecastScores | None) -> Outlook:
    if ahead.missing_days:
        return Outlook(at_ms=ahead.now_ms, missing_days=ahead.missing_days)
    points = [point for point in ahead.points if point is not None]
    return Outlook(
        at_ms=ahead.now_ms,
        capacity=series.offered,
        days=max((point.days for point in points), default=0),
        usual=tuple(
            ((point.at_ms - ahead.now_ms) // HOUR_MS, round_count(usual_count(point), point.capacity))
            for point in ahead.from_midnight
        ),
        actual=tuple(
            ((at_ms - ahead.now_ms) // HOUR_MS, round_count(mean, series.offered)) for at_ms, mean in ahead.outcomes
        ),
        hours=build_hour_outlooks(points, ahead.now_ms),
        scores=scores,
    )


def _issue_rows(series: ForecastSeries, ahead: _SeriesForecast) -> Iterator[HistoryRow]:
    """Yield the forecasts issued now of hours that have not begun, at each lead."""
    near = [(lead, ahead.points[hours - 1]) for lead, hours in LEAD_HOURS.items()]
    day = [(Lead.DAY, point) for point in ahead.from_midnight if point.at_ms >= ahead.now_ms]
    week = [(Lead.WEEK, point) for point in ahead.week]
    for lead, point in [*near, *day, *week]:
        if point is not None:
            yield build_forecast_row(series.zone, series.kind, lead, point)


def _with_value(hour: SeriesHour, known: KnownHours) -> SeriesHour:
    """Return a past hour with its value."""
    found = known.get(hour.at_ms)
    if found is None:
        return hour
    value = found.mean if found.capacity is None else found.capacity - found.mean
    return replace(hour, value=value, capacity=found.capacity)


def _with_capacity(series: ForecastSeries, hours: Iterable[SeriesHour]) -> list[SeriesHour]:
    """Return hours to be forecast, with the number of spaces offered now."""
    return [replace(hour, capacity=series.offered) for hour in hours]


def _learnable(hour: SeriesHour) -> SeriesHour:
    """Return an hour to learn from: a red day is not learned from, although it is forecast as a Sunday."""
    return replace(hour, value=None) if hour.opening is HourOpening.RED else hour


def _missing_days(learned: LearnedSeries) -> int:
    if learned.first_day is None:
        return MIN_SERIES_DAYS
    return max(0, MIN_SERIES_DAYS - (learned.today - learned.first_day), MIN_KNOWN_DAYS - len(learned.days))
