"""Adds up hours of use and computes how much of them is known.

In:    the open hours of some days; rows of ZONE_HOUR of one zone and kind.
Out:   sums, from which every figure of use is computed.
Never: a figure where too little is known: it is None, not zero.

The hours come from the site's calendar: each occurs once, also when clocks change, and is open or closed as in the
forecast.
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
"""With a smaller share known, a figure is shown as unknown. The forecast uses the same limit for an hour (0019)."""
BUCKETS: Final = HOUR_MS // ZONE_FIVE_MIN.bucket_ms
FULL_BUCKETS: Final = 3
"""An hour counts as full if nothing was free in this many of its buckets: a quarter of an hour."""
UNKNOWN_MOST: Final = 1.0
"""With this many unknown spaces on average, it is unknown whether the hour was full."""


class UsedHour(NamedTuple):
    """The fields of one row of ZONE_HOUR. `free_least` is None if too little was known for a minimum."""

    buckets: float
    capacity: float
    taken_mean: float
    taken_peak: float
    free_least: float | None
    unknown_mean: float
    none_free: float


Used = Mapping[int, UsedHour]
"""Rows of one zone and kind by the start of the hour, Unix ms."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum over some hours of one zone and kind. Space-hours are counted over the buckets that history has."""

    hours: int = 0
    """The number of hours."""
    buckets: float = 0.0
    capacity_h: float = 0.0
    """All space-hours."""
    known_h: float = 0.0
    """Space-hours with a known state."""
    taken_h: float = 0.0
    peak: float = 0.0
    least: float | None = None

    @property
    def coverage(self) -> float:
        """The share of the time that is known, 0 to 1."""
        if not self.hours or not self.capacity_h:
            return 0.0
        stored = min(1.0, self.buckets / (BUCKETS * self.hours))
        return round(stored * min(1.0, self.known_h / self.capacity_h), 9)  # removes floating-point noise

    @property
    def known(self) -> bool:
        """Whether enough is known for a figure."""
        return self.coverage >= KNOWN_LEAST

    @property
    def use(self) -> float | None:
        """The share of the known time in which spaces were taken, 0 to 1; None if too little is known."""
        return min(1.0, self.taken_h / self.known_h) if self.known and self.known_h else None

    @property
    def is_few(self) -> bool:
        """Whether this is a single hour with 1 to 4 taken spaces: share times capacity would expose their number."""
        return self.hours == 1 and 0 < self.taken_h < FEW

    @property
    def most(self) -> float | None:
        """The most spaces taken at once; None if too little is known."""
        return self.peak if self.known else None

    @property
    def surplus(self) -> float | None:
        """The fewest spaces free at once; None if too little is known. An unknown space counts as free."""
        return self.least if self.known else None


def open_hours(plan: SitePlan, days: Days, until_ms: int) -> list[Hour]:
    """Return the open hours of some days that are over at `until_ms` (Unix ms)."""
    from_ms, to_ms = days.span(plan)
    to_ms = min(to_ms, until_ms)
    begin, end = -(-from_ms // HOUR_MS) * HOUR_MS, to_ms // HOUR_MS * HOUR_MS
    return [hour for hour in hours(plan, begin, end) if hour.opening is not Opening.CLOSED]


def ordinary(hours_of_days: Iterable[Hour]) -> list[Hour]:
    """Leave out public holidays, whose use resembles no weekday."""
    return [hour for hour in hours_of_days if hour.opening is Opening.OPEN]


def by_scope(rows: Iterable[Row]) -> dict[tuple[str, ...], dict[int, UsedHour]]:
    """Group rows of ZONE_HOUR by zone and kind, then by hour."""
    found: dict[tuple[str, ...], dict[int, UsedHour]] = {}
    for row in rows:
        found.setdefault(row.tags, {})[row.at_ms] = UsedHour(*row.fields)  # type: ignore[arg-type]  # in this measure only `free_least` may be None
    return found


def summed(hours_of_days: Iterable[Hour], used: Used) -> Sum:
    """Sum some hours. An hour missing in history counts as unknown."""
    count, buckets, capacity_h, known_h, taken_h, peak = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    least: float | None = None
    for hour in hours_of_days:
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
    """Return whether nothing was free for a quarter of the hour or more; None if that is unknown."""
    row = used.get(hour.at_ms)
    if row is None or row.buckets < BUCKETS * KNOWN_LEAST:
        return None
    if row.none_free >= FULL_BUCKETS:
        return True
    if row.unknown_mean < UNKNOWN_MOST:
        return False
    is_one_free = row.free_least is not None and row.free_least - row.unknown_mean > 0
    return False if is_one_free else None  # the unknown spaces may have been taken


def day_of(hour: Hour) -> date:
    """Return the local date of an hour."""
    return date.fromordinal(hour.day)
