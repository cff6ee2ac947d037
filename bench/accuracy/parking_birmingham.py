"""Car parks (UCI 482), in place of seats: accuracy of the forecast a day, a week and some hours ahead.

In:    `parking-birmingham`: the number of cars in each of about thirty car parks, every half hour of the day.
Out:   lines: the forecast at each lead; and last week's value, the mean of all and of four weeks, the hour before.
Never: a rule for a single car park; the forecast for an hour uses only earlier hours.

Protocol: a reading counts for the nearest half hour (readings are some minutes early or late). An hour is the mean of
its readings, in per cent of the capacity. Each midnight from the end of a car park's fourth week on, all hours of the
coming day and of the same day a week later are forecast; during the day, after each hour, those one and three hours
ahead. (A recording of under five weeks is scored from its third week on.) Every hour from 08:00 to 16:59 with a reading
is scored. Rows with a negative count are broken and left out; an over-full car park is kept. Errors are in percentage
points; the pinball loss is the mean over the deciles 10, 50 and 90 %.

Source: D. H. Stolfi, E. Alba and X. Yao, "Predicting Car Park Occupancy Rates in Smart Cities", 2017.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.recordings import read_all
from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import ForecastPoint, Lead
from collector.forecast.model.coming_hours import forecast_hours
from collector.forecast.model.scores import IssuedPoint, score_by_tenth, score_points
from collector.forecast.model.series_history import LearnedSeries, learn_series
from collector.site.series_hours import HourOpening, SeriesHour
from ledig.replay.recorded_rows import RecordedColumn, RecordedRow, RowLayout, TimeColumns

RECORDING: Final = "parking-birmingham"
FILES: Final = "parking_*.csv*"
LAYOUT: Final = RowLayout(
    times=TimeColumns(("LastUpdated",), "%Y-%m-%d %H:%M:%S", ZoneInfo("Europe/London")),
    columns=(RecordedColumn("Capacity", 1, 100_000, whole=True), RecordedColumn("Occupancy", 0, 100_000, whole=True)),
    keys=("SystemCodeNumber",),
)
HALF_HOUR_MS: Final = 30 * 60_000
OPEN_HOURS: Final = range(8, 17)
SCORED_AFTER_DAYS: Final = 28
SHORT_DAYS: Final = 35
"""A recording of fewer days is scored from its third week on."""
SHORT_AFTER_DAYS: Final = 14
LATEST_DAYS: Final = 21
PEER_WEEKS: Final = 8
"""Band for comparison: the 10 and 90 % quantiles of the last eight same weekdays at that hour."""
FREE_POINTS: Final = 10
"""The odds are checked for this: a tenth of the car park is free."""
FULL_PCT: Final = 100.0

HourlyShares = Mapping[tuple[int, int], float]
"""Share taken, in per cent, by local day (its ordinal) and hour."""


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """A forecast point for an hour, the observed value, and the rule."""

    rule: str
    day: int
    issued: IssuedPoint


LEAD_OF_HOURS: Final = {1: Lead.HOUR, 3: Lead.THREE_HOURS}
RULE_OF_LEAD: Final = {
    Lead.DAY: "day ahead",
    Lead.WEEK: "a week ahead",
    Lead.HOUR: "one hour ahead",
    Lead.THREE_HOURS: "three hours ahead",
}
HOUR_AGAIN: Final = "one hour ahead: the hour before again"
GOALS_OF_LEAD: Final[Mapping[Lead, Mapping[Figure, Goal]]] = {
    Lead.DAY: {
        Figure.FORECAST_ERROR: Goal(most=5.2),
        Figure.PINBALL: Goal(most=1.75),
        Figure.COVERAGE_PCT: Goal(least=77, most=83),
    },
    Lead.HOUR: {Figure.FORECAST_ERROR: Goal(most=2.4)},
}


def measure(folder: Path) -> list[ResultLine]:
    """Return the lines of this recording."""
    lots = [compute_hours(rows) for _, rows in groupby(read_all(folder, FILES, LAYOUT), key=lambda row: row.key)]
    days = [day for lot in lots for day, _ in lot]
    first, last = min(days), max(days)
    after = SCORED_AFTER_DAYS if last - first >= SHORT_DAYS else SHORT_AFTER_DAYS
    found: dict[str, list[ScoredPoint]] = defaultdict(list)
    for lot in lots:
        for one in [*forecast_by_product(lot, after), *forecast_by_peers(lot, after)]:
            found[one.rule].append(one)
    return list(build_lines(found, last))


def build_lines(found: Mapping[str, Sequence[ScoredPoint]], last: int) -> Iterator[ResultLine]:
    """Yield the lines of the table, the product's first."""
    for lead, rule in RULE_OF_LEAD.items():
        yield build_line(rule, found.get(rule, ()), ours=True, goals=GOALS_OF_LEAD.get(lead, {}))
        if lead is Lead.DAY:
            latest = [one for one in found.get(rule, ()) if one.day > last - LATEST_DAYS]
            yield build_line(f"{rule}, last three weeks of it", latest, ours=True)
    for rule, points in found.items():
        if rule not in RULE_OF_LEAD.values():
            yield build_line(rule, points, ours=False)


def build_line(
    rule: str, points: Sequence[ScoredPoint], *, ours: bool, goals: Mapping[Figure, Goal] | None = None
) -> ResultLine:
    """Build the line of one rule."""
    issued = [one.issued for one in points]
    figures = {}
    if found := score_points(issued):
        figures[Figure.FORECAST_ERROR] = found.error
        if found.width > 0:
            figures |= {Figure.PINBALL: found.pinball, Figure.COVERAGE_PCT: 100 * found.coverage}
    return ResultLine(
        recording=RECORDING,
        rule=rule,
        ours=ours,
        figures=figures,
        goals=goals or {},
        note=describe_odds(issued) if ours else "",
    )


def describe_odds(issued: Sequence[IssuedPoint]) -> str:
    """Describe the accuracy of the odds of a free tenth: the mean distance of odds and outcome over the tenths."""
    if not issued:
        return ""
    points = [
        (chance_at_least_free(one.point, FREE_POINTS), min(1.0, max(0.0, FULL_PCT - one.actual - FREE_POINTS + 1)))
        for one in issued
    ]
    tenths = [one for one in score_by_tenth(points) if one is not None]
    promises = len(points)
    apart = sum(abs(one.mean_chance - one.hit_rate) * one.forecasts for one in tenths) / promises
    surest = tenths[-1]
    return (
        f"{promises} hours; odds of a free tenth are {100 * apart:.1f} points off on average,"
        f" and the surest, {100 * surest.mean_chance:.0f} %, came true in {100 * surest.hit_rate:.0f} %"
    )


def compute_hours(rows: Iterable[RecordedRow]) -> HourlyShares:
    """Compute the hourly values of one car park."""
    readings: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        near_ms = (row.at_ms + HALF_HOUR_MS // 2) // HALF_HOUR_MS * HALF_HOUR_MS
        local = datetime.fromtimestamp(near_ms / 1000, UTC).astimezone(LAYOUT.times.zone)
        readings[local.toordinal(), local.hour].append(FULL_PCT * row.values["Occupancy"] / row.values["Capacity"])
    return {when: fmean(several) for when, several in readings.items() if when[1] in OPEN_HOURS}


def forecast_by_product(lot: HourlyShares, after: int) -> Iterator[ScoredPoint]:
    """Yield the product's forecasts."""
    first, last = min(lot)[0], max(lot)[0]
    days = {day: list(split_hours(lot, day)) for day in range(first, last + 1)}
    history: list[SeriesHour] = []
    for day, today in days.items():
        if day >= first + after:
            learned = learn_series(history, day)
            yield from pair_with_outcomes(Lead.DAY, today, forecast_hours(learned, (), today))
            later = days.get(day + 7, [])
            yield from pair_with_outcomes(Lead.WEEK, later, forecast_hours(learned, (), later))
            yield from forecast_within_day(learned, today)
        history += today


def forecast_within_day(learned: LearnedSeries, today: Sequence[SeriesHour]) -> Iterator[ScoredPoint]:
    """Yield the points for later hours, made after each hour of the day that has a reading."""
    for place, hour in enumerate(today):
        for ahead, lead in LEAD_OF_HOURS.items():
            coming = today[place + ahead : place + ahead + 1]
            if hour.value is not None:
                yield from pair_with_outcomes(lead, coming, forecast_hours(learned, today[: place + 1], coming))


def pair_with_outcomes(
    lead: Lead, hours: Sequence[SeriesHour], points: Sequence[ForecastPoint | None]
) -> Iterator[ScoredPoint]:
    """Yield the points with the observed values."""
    for hour, point in zip(hours, points, strict=True):
        if point is not None and hour.value is not None:
            yield ScoredPoint(RULE_OF_LEAD[lead], hour.day, IssuedPoint(lead, point, hour.value))


def split_hours(lot: HourlyShares, day: int) -> Iterator[SeriesHour]:
    """Yield the hours of one day, as the site's calendar splits them."""
    for hour in OPEN_HOURS:
        begin = datetime(*date.fromordinal(day).timetuple()[:3], hour, tzinfo=LAYOUT.times.zone)
        yield SeriesHour(round(begin.timestamp() * 1000), day, hour, HourOpening.OPEN, lot.get((day, hour)), FULL_PCT)


def forecast_by_peers(lot: HourlyShares, after: int) -> Iterator[ScoredPoint]:
    """Yield what a buyer gets today, for the same hours."""
    first = min(lot)[0]
    for (day, hour), came in lot.items():
        before = [lot[past, hour] for past in range(day - 7, first - 1, -7) if (past, hour) in lot]
        if day < first + after or not before:
            continue
        rules = {
            "last week again": before[0],
            "mean of all weeks": fmean(before),
            "mean of the last four weeks": fmean(before[:4]),
        }
        low, high = (interpolate_quantile(before[:PEER_WEEKS], chance) for chance in (0.1, 0.9))
        for rule, middle in rules.items():
            yield ScoredPoint(rule, day, IssuedPoint(Lead.DAY, build_point(low, middle, high), came))
        if (now := lot.get((day, hour - 1))) is not None:
            yield ScoredPoint(HOUR_AGAIN, day, IssuedPoint(Lead.HOUR, build_point(now, now, now), came))


def build_point(low: float, middle: float, high: float) -> ForecastPoint:
    """Build a point from a rule without other deciles."""
    return ForecastPoint(0, (low,) * 4 + (middle,) + (high,) * 4, middle, None, 0)


def interpolate_quantile(values: Sequence[float], chance: float) -> float:
    """Return a quantile by linear interpolation between the ordered values."""
    ordered = sorted(values)
    place = chance * (len(ordered) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
