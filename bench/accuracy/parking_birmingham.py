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

from bench.accuracy.line import Figure, Goal, Line
from bench.accuracy.recordings import joined
from collector.forecast import Hour, Opening, Point
from collector.forecast.course import forecast
from collector.forecast.odds import odds
from collector.forecast.past import Learnt, learn
from collector.forecast.score import Issued, Lead, by_tenth, score
from ledig.replay.rows import Column, Layout, Row, TimeColumns

RECORDING: Final = "parking-birmingham"
FILES: Final = "parking_*.csv*"
LAYOUT: Final = Layout(
    times=TimeColumns(("LastUpdated",), "%Y-%m-%d %H:%M:%S", ZoneInfo("Europe/London")),
    columns=(Column("Capacity", 1, 100_000, whole=True), Column("Occupancy", 0, 100_000, whole=True)),
    keys=("SystemCodeNumber",),
)
HALF_HOUR_MS: Final = 30 * 60_000
OPEN: Final = range(8, 17)
JUDGED_AFTER_DAYS: Final = 28
SHORT_DAYS: Final = 35
"""A recording of fewer days is scored from its third week on."""
SHORT_AFTER_DAYS: Final = 14
LATEST_DAYS: Final = 21
PEERS_WEEKS: Final = 8
"""Band for comparison: the 10 and 90 % quantiles of the last eight same weekdays at that hour."""
FREE_POINTS: Final = 10
"""The odds are checked for this: a tenth of the car park is free."""
FULL: Final = 100.0

Values = Mapping[tuple[int, int], float]
"""Share taken, in per cent, by local day (its ordinal) and hour."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A forecast point for an hour, the observed value, and the rule."""

    rule: str
    day: int
    issued: Issued


AHEAD: Final = {1: Lead.HOUR, 3: Lead.THREE_HOURS}
OURS: Final = {
    Lead.DAY: "day ahead",
    Lead.WEEK: "a week ahead",
    Lead.HOUR: "one hour ahead",
    Lead.THREE_HOURS: "three hours ahead",
}
HOUR_AGAIN: Final = "one hour ahead: the hour before again"
GOALS: Final[Mapping[Lead, Mapping[Figure, Goal]]] = {
    Lead.DAY: {
        Figure.FORECAST_ERROR: Goal(most=5.2),
        Figure.PINBALL: Goal(most=1.75),
        Figure.COVERAGE_PCT: Goal(least=77, most=83),
    },
    Lead.HOUR: {Figure.FORECAST_ERROR: Goal(most=2.4)},
}


def measure(folder: Path) -> list[Line]:
    """Return the lines of this recording."""
    lots = [occupancy(rows) for _, rows in groupby(joined(folder, FILES, LAYOUT), key=lambda row: row.key)]
    days = [day for lot in lots for day, _ in lot]
    first, last = min(days), max(days)
    after = JUDGED_AFTER_DAYS if last - first >= SHORT_DAYS else SHORT_AFTER_DAYS
    found: dict[str, list[Judged]] = defaultdict(list)
    for lot in lots:
        for one in [*ours(lot, after), *peers(lot, after)]:
            found[one.rule].append(one)
    return list(lines(found, last))


def lines(found: Mapping[str, Sequence[Judged]], last: int) -> Iterator[Line]:
    """Yield the lines of the table, the product's first."""
    for lead, rule in OURS.items():
        yield line(rule, found.get(rule, ()), ours=True, goals=GOALS.get(lead, {}))
        if lead is Lead.DAY:
            latest = [one for one in found.get(rule, ()) if one.day > last - LATEST_DAYS]
            yield line(f"{rule}, last three weeks of it", latest, ours=True)
    for rule, points in found.items():
        if rule not in OURS.values():
            yield line(rule, points, ours=False)


def line(rule: str, points: Sequence[Judged], *, ours: bool, goals: Mapping[Figure, Goal] | None = None) -> Line:
    """Build the line of one rule."""
    issued = [one.issued for one in points]
    figures = {}
    if found := score(issued):
        figures[Figure.FORECAST_ERROR] = found.error
        if found.width > 0:
            figures |= {Figure.PINBALL: found.pinball, Figure.COVERAGE_PCT: 100 * found.coverage}
    return Line(
        recording=RECORDING,
        rule=rule,
        ours=ours,
        figures=figures,
        goals=goals or {},
        note=kept(issued) if ours else "",
    )


def kept(issued: Sequence[Issued]) -> str:
    """Describe the accuracy of the odds of a free tenth: the mean distance of odds and outcome over the tenths."""
    if not issued:
        return ""
    points = [(odds(one.point, FREE_POINTS), min(1.0, max(0.0, FULL - one.came - FREE_POINTS + 1))) for one in issued]
    tenths = [one for one in by_tenth(points) if one is not None]
    promises = len(points)
    apart = sum(abs(one.promised - one.came_true) * one.promises for one in tenths) / promises
    surest = tenths[-1]
    return (
        f"{promises} hours; odds of a free tenth are {100 * apart:.1f} points off on average,"
        f" and the surest, {100 * surest.promised:.0f} %, came true in {100 * surest.came_true:.0f} %"
    )


def occupancy(rows: Iterable[Row]) -> Values:
    """Compute the hourly values of one car park."""
    readings: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        near_ms = (row.at_ms + HALF_HOUR_MS // 2) // HALF_HOUR_MS * HALF_HOUR_MS
        local = datetime.fromtimestamp(near_ms / 1000, UTC).astimezone(LAYOUT.times.zone)
        readings[local.toordinal(), local.hour].append(FULL * row.values["Occupancy"] / row.values["Capacity"])
    return {when: fmean(several) for when, several in readings.items() if when[1] in OPEN}


def ours(lot: Values, after: int) -> Iterator[Judged]:
    """Yield the product's forecasts."""
    first, last = min(lot)[0], max(lot)[0]
    days = {day: list(hours(lot, day)) for day in range(first, last + 1)}
    history: list[Hour] = []
    for day, today in days.items():
        if day >= first + after:
            learned = learn(history, day)
            yield from judged(Lead.DAY, today, forecast(learned, (), today))
            later = days.get(day + 7, [])
            yield from judged(Lead.WEEK, later, forecast(learned, (), later))
            yield from in_the_day(learned, today)
        history += today


def in_the_day(learned: Learnt, today: Sequence[Hour]) -> Iterator[Judged]:
    """Yield the points for later hours, made after each hour of the day that has a reading."""
    for place, hour in enumerate(today):
        for ahead, lead in AHEAD.items():
            coming = today[place + ahead : place + ahead + 1]
            if hour.value is not None:
                yield from judged(lead, coming, forecast(learned, today[: place + 1], coming))


def judged(lead: Lead, hours: Sequence[Hour], points: Sequence[Point | None]) -> Iterator[Judged]:
    """Yield the points with the observed values."""
    for hour, point in zip(hours, points, strict=True):
        if point is not None and hour.value is not None:
            yield Judged(OURS[lead], hour.day, Issued(lead, point, hour.value))


def hours(lot: Values, day: int) -> Iterator[Hour]:
    """Yield the hours of one day, as the site's calendar splits them."""
    for hour in OPEN:
        begin = datetime(*date.fromordinal(day).timetuple()[:3], hour, tzinfo=LAYOUT.times.zone)
        yield Hour(round(begin.timestamp() * 1000), day, hour, Opening.OPEN, lot.get((day, hour)), FULL)


def peers(lot: Values, after: int) -> Iterator[Judged]:
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
        low, high = (quantile(before[:PEERS_WEEKS], chance) for chance in (0.1, 0.9))
        for rule, middle in rules.items():
            yield Judged(rule, day, Issued(Lead.DAY, said(low, middle, high), came))
        if (now := lot.get((day, hour - 1))) is not None:
            yield Judged(HOUR_AGAIN, day, Issued(Lead.HOUR, said(now, now, now), came))


def said(low: float, middle: float, high: float) -> Point:
    """Build a point from a rule without other deciles."""
    return Point(0, (low,) * 4 + (middle,) + (high,) * 4, middle, None, 0)


def quantile(values: Sequence[float], chance: float) -> float:
    """Return a quantile by linear interpolation between the ordered values."""
    ordered = sorted(values)
    place = chance * (len(ordered) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
