"""Keeps what is known of the sensors of one space (a door, a zone): the hours of the last days, and the days before.

In:    what the sensors said, hour by hour; how to read them.
Out:   their days, for `judge`; the same past, to be stored.
Never: the journal, clocks, hours that are older than raw events may be.
"""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from collector.health.days import DayTally, SensorHours, day_tallies
from collector.health.hours import BEFORE, HOUR_MS, HourTally, Reading, Said, joined, tally
from collector.people.doors import DaySpan, day_span

KEPT_DAYS: Final = 14


class SensorPast(Struct, frozen=True, gc=False, array_like=True):
    """One sensor until now."""

    mark: str
    """What the sensor is: of another one nothing is known."""
    until_ms: int = 0
    """Every hour before this has been counted; 0: none."""
    hours: dict[int, HourTally] = {}
    """By the moment at which they begin; as long as raw events are kept."""
    days: tuple[DayTally, ...] = ()
    """Oldest first, the running day included."""
    fired: bool = False
    """It has come on at least once."""
    unread: bool = False
    """Its hours were counted while nobody knew where it is on."""


class Span(Struct, frozen=True):
    """What is counted: hours from `oldest_ms` on may still be, those before `due_ms` are over."""

    oldest_ms: int
    due_ms: int
    zone: ZoneInfo


def counted(past: SensorPast, how: Reading, from_ms: int, said: Sequence[Said], span: Span) -> SensorPast:
    """The past with the hours from `from_ms` to `span.due_ms` counted (again); `said` is oldest first."""
    hours = {at_ms: hour for at_ms, hour in past.hours.items() if at_ms >= span.oldest_ms}
    before, place, fired = past.hours.get(from_ms - HOUR_MS, BEFORE), 0, past.fired
    for at_ms in range(from_ms, span.due_ms, HOUR_MS):
        first = place
        while place < len(said) and said[place][0] < at_ms + HOUR_MS:
            place += 1
        before = hours[at_ms] = tally(said[first:place], before, at_ms, how)
        fired = fired or before.rises > 0
    unread = how.learns and not how.own
    return replace(past, until_ms=max(past.until_ms, span.due_ms), hours=hours, fired=fired, unread=unread)


def days_since(
    pasts: Sequence[tuple[Reading, SensorPast]], from_ms: int, span: Span
) -> tuple[list[SensorPast], list[DaySpan]]:
    """The pasts of one space's sensors with every day from that of `from_ms` on set side by side; and these days.

    A day that was told and of which hours are forgotten by now stays as it was.
    """
    found = [past for _, past in pasts]
    touched: list[DaySpan] = []
    day = day_span(from_ms, span.zone)
    while day.from_ms < span.due_ms:
        told = any(known.day == day.day for past in found for known in past.days)
        if day.from_ms >= span.oldest_ms or not told:
            sides = [
                SensorHours(how, hours_of(past, day, span.due_ms)) for (how, _), past in zip(pasts, found, strict=True)
            ]
            tallies = day_tallies(day.day, sides)
            found = [_with_day(past, tally) for past, tally in zip(found, tallies, strict=True)]
            touched.append(day)
        day = day_span(day.to_ms, span.zone)
    return found, touched


def hours_of(past: SensorPast, day: DaySpan, due_ms: int) -> list[HourTally]:
    """The hours of a day that are over."""
    first_ms = -(-day.from_ms // HOUR_MS) * HOUR_MS
    return [past.hours.get(at_ms, BEFORE) for at_ms in range(first_ms, min(day.to_ms, due_ms), HOUR_MS)]


def active_minutes(past: SensorPast, day: DaySpan) -> int:
    """The minutes of a day that is over in which a sensor was active."""
    return joined(hour.active for hour in hours_of(past, day, day.to_ms))


def _with_day(past: SensorPast, fresh: DayTally) -> SensorPast:
    days = {known.day: known for known in past.days}
    if (known := days.get(fresh.day)) is not None:  # what it moved with is found apart, once the day is over
        fresh = replace(
            fresh, moves_with=known.moves_with, other_pct=known.other_pct, own_pct=known.own_pct, moved=known.moved
        )
    days[fresh.day] = fresh
    return replace(past, days=tuple(days[day] for day in sorted(days)[-KEPT_DAYS:]))
