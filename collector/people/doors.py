"""The day of the doors: where it is cut, when it turns, and what the doors of the last two weeks teach.

In:    the plan's time zone and opening hours; who came and went on each of the last days.
Out:   spans of days; the moment at which a day's count ends, and whether nobody is inside then; how the doors err.
Never: clocks, sockets, files. Local time exists only where the day is cut.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.days import is_open
from collector.people.odds import MISSED, TURNED
from collector.plan import SitePlan

DAY_BEGINS: Final = time(4)
"""The local time at which the fewest people are about: the doors' day begins."""
DAYS: Final = 14
"""So many days teach how the doors err."""
HOUR_MS: Final = 3_600_000
BUCKET_MS: Final = 300_000

LEAST_DRIFT: Final = 0.03
"""A smaller difference between in and out may be chance, and is left alone."""
LEAST_RATIO: Final = 0.67
MOST_RATIO: Final = 1.5
_EVEN_CROSSINGS: Final = 200
"""As long as the doors have counted few, they are taken to count as many in as out: that much weighs against them."""
_USUAL_CROSSINGS: Final = 500
"""The same of how often they err."""
_USUAL_SPREAD: Final = MISSED + 4 * TURNED
"""By how much one crossing of a usual counter spreads the number of people, as a variance."""
LEAST_ERRING: Final = 0.5
MOST_ERRING: Final = 4.0
_USUAL_LEAVING_PER_H: Final = 1.0
_USUAL_HOURS: Final = 30.0
"""Person-hours that weigh as much as what the doors say of how often people go out."""
LEAST_LEAVING_PER_H: Final = 0.1
MOST_LEAVING_PER_H: Final = 3.0


class DoorDay(Struct, frozen=True, gc=False, array_like=True):
    """Who passed the doors of the house on one day. `day` is the ordinal of the local date on which it began."""

    day: int
    entries: int = 0
    exits: int = 0
    person_ms: int = 0
    """For how long people were inside, added up over all of them."""


class Learnt(Struct, frozen=True, gc=False, array_like=True):
    """How the doors of a house err."""

    ratio: float = 1.0
    """Each one counted out stands for so many; 1 as long as in and out differ by less than 3 in a hundred."""
    erring: float = 1.0
    """How much the doors' days scatter beside those of a usual pair of beams."""
    leaving_per_h: float = _USUAL_LEAVING_PER_H
    """How often somebody inside goes out."""


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


def learn(days: Sequence[DoorDay]) -> Learnt:
    """What the doors' last days, each of which ended with nobody inside, say of the doors.

    The ratio is that of all in to all out, drawn towards 1 while there are few, and 1 where it differs by too little;
    so is the scatter of the days around it. What one event does to one day weighs as much as its crossings.
    """
    entries, exits = sum(day.entries for day in days), sum(day.exits for day in days)
    person_h = sum(day.person_ms for day in days) / HOUR_MS
    ratio = (entries + _EVEN_CROSSINGS) / (exits + _EVEN_CROSSINGS)
    ratio = min(MOST_RATIO, max(LEAST_RATIO, ratio)) if abs(ratio - 1) > LEAST_DRIFT else 1.0
    spread = sum((day.entries - ratio * day.exits) ** 2 for day in days) + _USUAL_CROSSINGS * _USUAL_SPREAD
    erring = spread / (entries + exits + _USUAL_CROSSINGS) / _USUAL_SPREAD
    leaving = (exits + _USUAL_LEAVING_PER_H * _USUAL_HOURS) / (person_h + _USUAL_HOURS)
    return Learnt(
        ratio=ratio,
        erring=min(MOST_ERRING, max(LEAST_ERRING, erring)),
        leaving_per_h=min(MOST_LEAVING_PER_H, max(LEAST_LEAVING_PER_H, leaving)),
    )


class Turn(Struct, frozen=True, gc=False):
    """The moment at which one day's count ends and the next begins, on a bucket's edge."""

    day: int
    """The ordinal of the local date that begins."""
    at_ms: int
    closed: bool
    """The house is closed then, so that nobody is inside; False: it may be open, and nothing is known."""


class Turns:
    """When the days of a house turn, by its opening hours."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._span: DaySpan | None = None
        self._turn = Turn(0, 0, closed=False)

    def of(self, at_ms: int) -> Turn:
        """The turn of the doors' day that holds a moment.

        That is 04:00 if the house is closed then; else the middle of the longest time that it is closed on that day,
        if that is an hour or more. A house that is open all that day turns at 04:00, and is not known to be empty.
        """
        if self._span is None or not self._span.from_ms <= at_ms < self._span.to_ms:
            self._span = day_span(at_ms, self._plan.time_zone)
            self._turn = self._find(self._span)
        return self._turn

    def _find(self, day: DaySpan) -> Turn:
        begins_ms = day.from_ms - day.from_ms % BUCKET_MS
        if not is_open(self._plan, begins_ms):
            return Turn(day.day, begins_ms, closed=True)
        longest_ms = closed_ms = middle_ms = 0
        for at_ms in range(begins_ms, day.to_ms, BUCKET_MS):
            closed_ms = 0 if is_open(self._plan, at_ms) else closed_ms + BUCKET_MS
            if closed_ms > longest_ms:
                longest_ms = closed_ms
                middle_ms = at_ms + BUCKET_MS - closed_ms // 2 // BUCKET_MS * BUCKET_MS
        if longest_ms >= HOUR_MS:
            return Turn(day.day, middle_ms, closed=True)
        return Turn(day.day, begins_ms, closed=False)


def _begin_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, DAY_BEGINS, zone).timestamp() * 1000)
