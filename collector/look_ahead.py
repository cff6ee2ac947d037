"""Makes one series' forecast of the next seven days, and keeps what it said beside what came.

In:    the known hours of the past, the house's calendar, the rows that were issued before.
Out:   what is told, and the rows that are new or came true.
Never: clocks, files, a second word about an hour: what was issued stays as it was issued.

What came is a function of the known hours alone: late data correct it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from msgspec.structs import astuple, replace

from collector.forecast import HOUR_MS, LEAST_DAYS, Hour, Opening, Point
from collector.forecast.course import LEAST_KNOWN_DAYS, forecast
from collector.forecast.odds import odds
from collector.forecast.past import Learnt, learn
from collector.forecast.score import Issued, Kept, Lead, Score, by_lead, by_tenth
from collector.history import DAY_MS, Row
from collector.known_hours import Known
from collector.outlook import DAYS, Hindsight, Outlook, counts, rounded, told, usual

AHEAD: Final = {Lead.HOUR: 1, Lead.THREE_HOURS: 3}
"""So many hours after the last that is over."""
LOW, MIDDLE, HIGH, ODDS, CAME, CAME_FREE = range(6)  # the order of FORECAST's fields

_F = TypeVar("_F", Score, Kept)

KnownHours = Mapping[int, Known | None]
"""By the start of the hour; None: poorly known. One that is left out was never looked at."""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of space, or PEOPLE, in a zone or in WHOLE_SITE."""

    zone: str
    kind: str
    offered: int | None = None
    """Spaces that are offered now; None for people."""
    dedicated: int = 0
    """Spaces that count in the zone's capacity, and that nobody else may take."""


def look_ahead(
    series: Series, calendar: Sequence[Hour], now_ms: int, known: KnownHours, issued: Iterable[Row]
) -> tuple[Outlook, list[Row]]:
    """Forecast a series from the full hour `now_ms` on.

    Args:
        series: what it is about.
        calendar: the house's hours without values, from the first that may teach to eight days after `now_ms`.
        now_ms: all hours before this one are over.
        known: what they were.
        issued: rows of FORECAST of this series that are still scored, of every lead.

    Returns:
        What is told; and the rows to write: new promises, and old ones of which is known what came.
    """
    kept = {(row.tags[-1], row.at_ms): row for row in issued}
    came = [_came(row, known[row.at_ms]) for row in kept.values() if row.at_ms in known and row.at_ms < now_ms]
    hours = [_filled(series, hour, known, now_ms) for hour in calendar]
    today = _today(hours, now_ms)
    learnt = learn([_lesson(hour) for hour in hours if hour.day < today], today)
    new = [row for row in _promises(series, hours, now_ms, learnt) if (row.tags[-1], row.at_ms) not in kept]
    changed = [row for row in came if row != kept[row.tags[-1], row.at_ms]]
    kept |= {(row.tags[-1], row.at_ms): row for row in came}
    return _outlook(series, hours, now_ms, learnt, hindsight(kept.values())), [*changed, *new]


def hindsight(rows: Iterable[Row]) -> Hindsight | None:
    """How right rows of FORECAST were; None while none has come true."""
    over = [row for row in rows if row.fields[CAME] is not None]
    issued = [one for row in over if (one := _issued(row)) is not None]
    if not issued:
        return None
    promises = [
        (chance, kept)
        for row in over
        if (chance := row.fields[ODDS]) is not None and (kept := row.fields[CAME_FREE]) is not None
    ]
    leads = {lead: _short(found) for lead, found in by_lead(issued).items()}
    return Hindsight(leads, tuple(one and _short(one) for one in by_tenth(promises)) if promises else ())


def _short(figures: _F) -> _F:
    """Four digits after the point are plenty."""
    return type(figures)(*(round(value, 4) for value in astuple(figures)))


def _outlook(series: Series, hours: Sequence[Hour], now_ms: int, learnt: Learnt, looked: Hindsight | None) -> Outlook:
    if (missing := _missing_days(learnt)) > 0:
        return Outlook(at_ms=now_ms, missing_days=missing)
    recent, coming = _cut(hours, now_ms, learnt.today)
    ahead = [hour for hour in coming if hour.at_ms < now_ms + DAYS * DAY_MS]
    points = [point for point in forecast(learnt, recent, ahead) if point is not None]
    if not points and any(hour.opening is not Opening.CLOSED for hour in ahead):
        return Outlook(at_ms=now_ms, missing_days=1)  # a band needs more than a house has that seldom opens
    return Outlook(
        at_ms=now_ms,
        capacity=series.offered,
        days=max((point.days for point in points), default=0),
        usual=tuple(
            ((point.at_ms - now_ms) // HOUR_MS, rounded(usual(point), point.capacity))
            for point in _dawn(hours, learnt, learnt.today)
        ),
        hours=told(points, now_ms),
        hindsight=looked,
    )


def _promises(series: Series, hours: Sequence[Hour], now_ms: int, learnt: Learnt) -> list[Row]:
    """Everything that this hour promises of an hour that has not begun, at each lead."""
    recent, coming = _cut(hours, now_ms, learnt.today)
    near = forecast(learnt, recent, coming[: max(AHEAD.values())])
    promised = [(lead, near[ahead - 1]) for lead, ahead in AHEAD.items() if ahead <= len(near)]
    promised += [(Lead.DAY, point) for point in _dawn(hours, learnt, learnt.today) if point.at_ms >= now_ms]
    promised += [(Lead.WEEK, point) for point in _dawn(hours, learnt, learnt.today + DAYS)]
    return [_row(series, lead, point) for lead, point in promised if point is not None]


def _dawn(hours: Sequence[Hour], learnt: Learnt, day: int) -> list[Point]:
    """What is to be expected of the hours of a day at the midnight that began today."""
    return [point for point in forecast(learnt, (), [hour for hour in hours if hour.day == day]) if point is not None]


def _cut(hours: Sequence[Hour], now_ms: int, today: int) -> tuple[list[Hour], list[Hour]]:
    """Today's hours that are over, and all that come."""
    recent = [hour for hour in hours if hour.day == today and hour.at_ms < now_ms]
    return recent, [hour for hour in hours if hour.at_ms >= now_ms]


def _filled(series: Series, hour: Hour, known: KnownHours, now_ms: int) -> Hour:
    """The hour with what was taken in it; one that comes, with what is offered."""
    if hour.at_ms >= now_ms:
        return replace(hour, capacity=series.offered)
    found = known.get(hour.at_ms)
    if found is None:
        return hour
    if found.capacity is None:
        return replace(hour, value=found.mean)
    return replace(hour, value=found.capacity - found.mean, capacity=found.capacity)


def _lesson(hour: Hour) -> Hour:
    """A red day is like a Sunday, and yet none: it teaches nothing."""
    return replace(hour, value=None) if hour.opening is Opening.RED else hour


def _today(hours: Sequence[Hour], now_ms: int) -> int:
    """The day of the first open hour to come: after closing it is the next open day; never open: the day that is."""
    coming = [hour for hour in hours if hour.at_ms >= now_ms]
    return next((hour.day for hour in coming if hour.opening is not Opening.CLOSED), coming[0].day)


def _missing_days(learnt: Learnt) -> int:
    if learnt.first_day is None:
        return LEAST_DAYS
    return max(0, LEAST_DAYS - (learnt.today - learnt.first_day), LEAST_KNOWN_DAYS - len(learnt.days))


def _row(series: Series, lead: Lead, point: Point) -> Row:
    deciles = counts(point)
    promise = None if point.capacity is None else odds(point, 1)
    tags = (series.zone, series.kind, lead.value)
    return Row(tags, point.at_ms, (deciles[0], deciles[4], deciles[-1], promise, None, None))


def _came(row: Row, known: Known | None) -> Row:
    came = (None, None) if known is None else (known.mean, known.free_share)
    return Row(row.tags, row.at_ms, (*row.fields[:CAME], *came))


def _issued(row: Row) -> Issued | None:
    """A row as its score wants it, which looks at the middle and the ends alone."""
    low, middle, high, _, came, _ = row.fields
    if low is None or middle is None or high is None or came is None:
        return None
    point = Point(row.at_ms, (low,) * 4 + (middle,) + (high,) * 4, middle, None, 0)
    return Issued(Lead(row.tags[-1]), point, came)
