"""Adds up hours of use, and says how much of them was known.

In:    the open hours of some days; rows of ZONE_HOUR of one zone and kind.
Out:   sums, from which every figure of use is made.
Never: a figure of hours of which too little is known: that is None, and no zero.

Hours are those of `collector.days`: each once, whatever the clocks do, and open or not as the forecast has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from collector.days import hours
from collector.forecast import Hour, Opening
from collector.history import HOUR_MS, ZONE_FIVE_MIN, Row
from collector.plan import SitePlan
from collector.privacy import FEW
from dashboard.use.asked import Days

KNOWN_LEAST: Final = 0.8
"""Less than this share known, and a figure is told as not known: what the forecast asks of an hour too (0019)."""
BUCKETS: Final = HOUR_MS // ZONE_FIVE_MIN.bucket_ms
FULL_BUCKETS: Final = 3
"""An hour with a quarter of an hour in which somebody might have found nothing free counts as full."""
UNKNOWN_MOST: Final = 1.0
"""Nobody says that nothing was free where as much as one space, in the mean, could have been."""


class UsedHour(NamedTuple):
    """The fields of one row of ZONE_HOUR; None: there was no moment at which enough was known for a minimum."""

    buckets: float
    capacity: float
    taken_mean: float
    taken_peak: float
    free_least: float | None
    unknown_mean: float
    none_free: float


Used = Mapping[int, UsedHour]
"""Rows of one zone and kind, by the start of the hour (Unix ms)."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Some hours of one zone and kind together. Space-hours are counted over the buckets that history has."""

    hours: int = 0
    """How many there were."""
    buckets: float = 0.0
    capacity_h: float = 0.0
    """Space-hours that there were."""
    known_h: float = 0.0
    """Those of them of which is known what they were."""
    taken_h: float = 0.0
    peak: float = 0.0
    least: float | None = None

    @property
    def coverage(self) -> float:
        """The share of the time that is known, 0 to 1."""
        if not self.hours or not self.capacity_h:
            return 0.0
        stored = min(1.0, self.buckets / (BUCKETS * self.hours))
        return round(stored * min(1.0, self.known_h / self.capacity_h), 9)  # without the dust of floating point

    @property
    def known(self) -> bool:
        """Whether enough of it is known for a figure."""
        return self.coverage >= KNOWN_LEAST

    @property
    def use(self) -> float | None:
        """The share of the known time that was taken, 0 to 1."""
        return min(1.0, self.taken_h / self.known_h) if self.known and self.known_h else None

    @property
    def is_few(self) -> bool:
        """Whether it is one hour of one to four taken spaces: times the capacity, its share would be their number."""
        return self.hours == 1 and 0 < self.taken_h < FEW

    @property
    def most(self) -> float | None:
        """How many were taken at once, at most."""
        return self.peak if self.known else None

    @property
    def surplus(self) -> float | None:
        """The fewest that were free at once; None if too little is known. An unknown space may have been free."""
        return self.least if self.known else None


def open_hours(plan: SitePlan, days: Days, until_ms: int) -> list[Hour]:
    """The open hours of some days that are over."""
    from_ms, to_ms = days.span(plan)
    to_ms = min(to_ms, until_ms)
    begin, end = -(-from_ms // HOUR_MS) * HOUR_MS, to_ms // HOUR_MS * HOUR_MS
    return [hour for hour in hours(plan, begin, end) if hour.opening is not Opening.CLOSED]


def ordinary(these: Iterable[Hour]) -> list[Hour]:
    """Without those of red days, which are like no weekday."""
    return [hour for hour in these if hour.opening is Opening.OPEN]


def by_scope(rows: Iterable[Row]) -> dict[tuple[str, ...], dict[int, UsedHour]]:
    """Rows of ZONE_HOUR by zone and kind, and then by hour."""
    found: dict[tuple[str, ...], dict[int, UsedHour]] = {}
    for row in rows:
        found.setdefault(row.tags, {})[row.at_ms] = UsedHour(*row.fields)  # type: ignore[arg-type]  # of this measure, only the least may be None
    return found


def summed(these: Iterable[Hour], used: Used) -> Sum:
    """The sum of some hours; one that history has not is an hour of which nothing is known."""
    count, buckets, capacity_h, known_h, taken_h, peak = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    least: float | None = None
    for hour in these:
        count += 1
        row = used.get(hour.at_ms)
        if row is None:
            continue
        share = row.buckets / BUCKETS
        buckets += row.buckets
        capacity_h += row.capacity * share
        known_h += max(0.0, row.capacity - row.unknown_mean) * share
        taken_h += row.taken_mean * share
        peak = max(peak, row.taken_peak)
        if row.free_least is not None:
            least = row.free_least if least is None else min(least, row.free_least)
    return Sum(count, buckets, capacity_h, known_h, taken_h, peak, least)


def full(hour: Hour, used: Used) -> bool | None:
    """Whether nothing was free in a quarter of it or more; None: that is not known."""
    row = used.get(hour.at_ms)
    if row is None or row.buckets < BUCKETS * KNOWN_LEAST:
        return None
    if row.none_free >= FULL_BUCKETS:
        return True
    if row.unknown_mean < UNKNOWN_MOST:
        return False
    is_one_free = row.free_least is not None and row.free_least - row.unknown_mean > 0
    return False if is_one_free else None  # what is unknown may have been taken


def day_of(hour: Hour) -> date:
    """Its local date."""
    return date.fromordinal(hour.day)
