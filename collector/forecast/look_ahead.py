"""Makes one series' forecast of the next seven days, and the promises that are kept of it.

In:    the known hours of the past, the house's calendar, the promises made before.
Out:   what is told, and the rows that are new or came true.
Never: clocks, files.

What came is a function of the known hours alone: late data correct it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from collector.forecast import HOUR_MS, LEAST_DAYS, Hour, Opening, Point
from collector.forecast.course import LEAST_KNOWN_DAYS, forecast
from collector.forecast.hindsight import hindsight, promise, with_outcome
from collector.forecast.known_hours import Known
from collector.forecast.outlook import DAYS, Hindsight, Outlook, rounded, told, usual
from collector.forecast.past import Learnt, learn
from collector.forecast.score import Lead
from collector.history import Row
from collector.privacy import Tenancy

AHEAD: Final = {Lead.HOUR: 1, Lead.THREE_HOURS: 3}
"""So many hours after the last that is over."""

KnownHours = Mapping[int, Known | None]
"""By the start of the hour; None: poorly known. One that is left out was never looked at."""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of space, or PEOPLE, in a zone or in WHOLE_SITE."""

    zone: str
    kind: str
    offered: int | None = None
    """Spaces that are offered now; None for people."""
    let: Tenancy | None = None
    """Whose its spaces are; None for people."""
    few: tuple[str, ...] = ()
    """The spaces themselves, if they are too few for a series of five minutes."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is expected from the full hour `now_ms` on."""

    now_ms: int
    points: list[Point | None]
    """Of each hour of seven days, the present one first."""
    dawn: list[Point]
    """Of the present day, or of the next that is open, as at its midnight."""
    week: list[Point]
    """Of the day a week after that, as at the same midnight."""
    missing_days: int
    came: list[tuple[int, float]]
    """Start of that day's open hours that are over and well known, and what was free; of people nobody asks."""


def look_ahead(
    series: Series, calendar: Sequence[Hour], now_ms: int, known: KnownHours, issued: Iterable[Row]
) -> tuple[Outlook, list[Row]]:
    """Forecast a series from the full hour `now_ms` on.

    Args:
        series: what it is about.
        calendar: the house's hours without values, from the first that may teach to a week after the next open day.
        now_ms: all hours before this one are over.
        known: what they were.
        issued: rows of FORECAST of this series that are still scored, of every lead.

    Returns:
        What is told; and the rows to write: new promises, and old ones of which is known what came.
    """
    kept = {(row.tags[-1], row.at_ms): row for row in issued}
    came = {key: with_outcome(row, known[row.at_ms]) for key, row in kept.items() if row.at_ms in known}
    ahead = _ahead(series, calendar, now_ms, known)
    new = [row for row in _promises(series, ahead) if (row.tags[-1], row.at_ms) not in kept]
    changed = [row for key, row in came.items() if row != kept[key]]
    return _outlook(series, ahead, hindsight((kept | came).values())), [*changed, *new]


def _ahead(series: Series, calendar: Sequence[Hour], now_ms: int, known: KnownHours) -> _Ahead:
    past = [_known(hour, known) for hour in calendar if hour.at_ms < now_ms]
    coming = [hour for hour in calendar if hour.at_ms >= now_ms]
    today = next((hour.day for hour in coming if hour.opening is not Opening.CLOSED), coming[0].day)
    learnt = learn([_lesson(hour) for hour in past if hour.day < today], today)
    recent = [hour for hour in past if hour.day == today]
    points = forecast(learnt, recent, _offered(series, coming[: DAYS * 24]))
    days = _offered(series, (hour for hour in calendar if hour.day in {today, today + DAYS}))
    dawn = [(hour.day, point) for hour, point in zip(days, forecast(learnt, (), days), strict=True) if point]
    missing = _missing_days(learnt)
    if not any(points) and any(hour.opening is not Opening.CLOSED for hour in coming[: DAYS * 24]):
        missing = max(missing, 1)  # a band needs more than a house has that seldom opens
    return _Ahead(
        now_ms,
        points,
        [point for day, point in dawn if day == today],
        [point for day, point in dawn if day != today],
        missing,
        [
            (hour.at_ms, found.mean)
            for hour in recent
            if hour.opening is not Opening.CLOSED and (found := known.get(hour.at_ms)) and found.capacity is not None
        ],
    )


def _outlook(series: Series, ahead: _Ahead, looked: Hindsight | None) -> Outlook:
    if ahead.missing_days:
        return Outlook(at_ms=ahead.now_ms, missing_days=ahead.missing_days)
    points = [point for point in ahead.points if point is not None]
    return Outlook(
        at_ms=ahead.now_ms,
        capacity=series.offered,
        days=max((point.days for point in points), default=0),
        usual=tuple(
            ((point.at_ms - ahead.now_ms) // HOUR_MS, rounded(usual(point), point.capacity)) for point in ahead.dawn
        ),
        came=tuple(((at_ms - ahead.now_ms) // HOUR_MS, rounded(mean, series.offered)) for at_ms, mean in ahead.came),
        hours=told(points, ahead.now_ms),
        hindsight=looked,
    )


def _promises(series: Series, ahead: _Ahead) -> Iterator[Row]:
    """Everything that this hour promises of an hour that has not begun, at each lead."""
    near = [(lead, ahead.points[hours - 1]) for lead, hours in AHEAD.items()]
    day = [(Lead.DAY, point) for point in ahead.dawn if point.at_ms >= ahead.now_ms]
    week = [(Lead.WEEK, point) for point in ahead.week]
    for lead, point in [*near, *day, *week]:
        if point is not None:
            yield promise(series.zone, series.kind, lead, point)


def _known(hour: Hour, known: KnownHours) -> Hour:
    """A past hour with what was taken in it."""
    found = known.get(hour.at_ms)
    if found is None:
        return hour
    value = found.mean if found.capacity is None else found.capacity - found.mean
    return replace(hour, value=value, capacity=found.capacity)


def _offered(series: Series, hours: Iterable[Hour]) -> list[Hour]:
    """Hours to be forecast, with what is offered now."""
    return [replace(hour, capacity=series.offered) for hour in hours]


def _lesson(hour: Hour) -> Hour:
    """A red day is like a Sunday, and yet none: it teaches nothing."""
    return replace(hour, value=None) if hour.opening is Opening.RED else hour


def _missing_days(learnt: Learnt) -> int:
    if learnt.first_day is None:
        return LEAST_DAYS
    return max(0, LEAST_DAYS - (learnt.today - learnt.first_day), LEAST_KNOWN_DAYS - len(learnt.days))
