"""People in the house by its doors: in minus out since 04:00 local time.

In:    crossings, in any order.
Out:   a count that is never shown negative, with its error.
Never: clocks, sockets, files. Local time exists only where the day is cut.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.outward import People

DAY_BEGINS: Final = time(4)
"""Local time at which nobody is in the house: the count begins anew."""


class DoorDay(Struct, frozen=True, gc=False, array_like=True):
    """The crossings of one door on one day. `day` is the ordinal of the local date on which it began."""

    day: int
    entries: int
    exits: int


class DoorState(Struct, frozen=True, gc=False, array_like=True):
    """The newest day of a door and the day before, if they had crossings, newest last."""

    days: tuple[DoorDay, ...] = ()


class DaySpan(Struct, frozen=True, gc=False):
    """One day of the doors: its ordinal, and `from_ms` <= at < `to_ms`, Unix milliseconds."""

    day: int
    from_ms: int
    to_ms: int


def day_span(at_ms: int, zone: ZoneInfo) -> DaySpan:
    """The doors' day that holds a moment; 23 to 25 hours long."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    begun = local.date() if local.time() >= DAY_BEGINS else local.date() - timedelta(days=1)
    return DaySpan(begun.toordinal(), _begin_ms(begun, zone), _begin_ms(begun + timedelta(days=1), zone))


def _begin_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, DAY_BEGINS, zone).timestamp() * 1000)


def cross(state: DoorState, day: int, value: float) -> DoorState:
    """Count one crossing of that day: in above 0, out below 0. Days before the newest and its eve are dropped."""
    entries, exits = int(value > 0), int(value < 0)
    days = {known.day: known for known in state.days}
    if (known := days.get(day)) is not None:
        entries, exits = entries + known.entries, exits + known.exits
    days[day] = DoorDay(day, entries, exits)
    newest = max(days)
    return DoorState(tuple(days[ordinal] for ordinal in sorted(days) if ordinal >= newest - 1))


def people(doors: Iterable[DoorState], day: int) -> People:
    """People in the house on that day, over all doors; the error is five in a hundred crossings, rounded up."""
    days = [known for door in doors for known in door.days if known.day == day]
    entries = sum(known.entries for known in days)
    exits = sum(known.exits for known in days)
    return People(count=max(0, entries - exits), error=-(-(entries + exits) // 20))
