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

from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from collector.site.calendar import cut_hours
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.series_hours import HourOpening, SeriesHour
from collector.site.site_plan import SitePlan
from dashboard.use.use_query import DayRange
from edge.timekeeping.durations import HOUR_MS

MIN_COVERAGE: Final = 0.8
"""With a smaller share known, a figure is shown as unknown. The forecast uses the same limit for an hour (0019)."""
BUCKETS_PER_HOUR: Final = HOUR_MS // ZONE_FIVE_MIN.bucket_ms
MIN_FULL_BUCKETS: Final = 3
"""An hour counts as full if nothing was free in this many of its buckets: a quarter of an hour."""
MAX_UNKNOWN_SPACES: Final = 1.0
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


UsedHours = Mapping[int, UsedHour]
"""Rows of one zone and kind by the start of the hour, Unix ms."""


@dataclass(frozen=True, slots=True)
class UseSum:
    """The sum over some hours of one zone and kind. Space-hours are counted over the buckets that history has."""

    hour_count: int = 0
    """The number of hours."""
    buckets: float = 0.0
    capacity_h: float = 0.0
    """All space-hours."""
    known_h: float = 0.0
    """Space-hours with a known state."""
    taken_h: float = 0.0
    peak: float = 0.0
    free_least: float | None = None

    @property
    def coverage(self) -> float:
        """The share of the time that is known, 0 to 1."""
        if not self.hour_count or not self.capacity_h:
            return 0.0
        stored = min(1.0, self.buckets / (BUCKETS_PER_HOUR * self.hour_count))
        return round(stored * min(1.0, self.known_h / self.capacity_h), 9)  # removes floating-point noise

    @property
    def is_known(self) -> bool:
        """Whether enough is known for a figure."""
        return self.coverage >= MIN_COVERAGE

    @property
    def utilisation(self) -> float | None:
        """The share of the known time in which spaces were taken, 0 to 1; None if too little is known."""
        return min(1.0, self.taken_h / self.known_h) if self.is_known and self.known_h else None

    @property
    def is_few(self) -> bool:
        """Whether this is a single hour with 1 to 4 taken spaces: share times capacity would expose their number."""
        return self.hour_count == 1 and 0 < self.taken_h < MIN_SHOWN_GROUP

    @property
    def known_peak(self) -> float | None:
        """The most spaces taken at once; None if too little is known."""
        return self.peak if self.is_known else None

    @property
    def surplus(self) -> float | None:
        """The fewest spaces free at once; None if too little is known. An unknown space counts as free."""
        return self.free_least if self.is_known else None


def list_open_hours(plan: SitePlan, days: DayRange, until_ms: int) -> list[SeriesHour]:
    """Return the open hours of some days that are over at `until_ms` (Unix ms)."""
    from_ms, to_ms = days.to_span_ms(plan)
    to_ms = min(to_ms, until_ms)
    begin, end = -(-from_ms // HOUR_MS) * HOUR_MS, to_ms // HOUR_MS * HOUR_MS
    return [hour for hour in cut_hours(plan, begin, end) if hour.opening is not HourOpening.CLOSED]


def drop_public_holidays(hours_of_days: Iterable[SeriesHour]) -> list[SeriesHour]:
    """Leave out public holidays, whose use resembles no weekday."""
    return [hour for hour in hours_of_days if hour.opening is HourOpening.OPEN]


def group_by_scope(rows: Iterable[HistoryRow]) -> dict[tuple[str, ...], dict[int, UsedHour]]:
    """Group rows of ZONE_HOUR by zone and kind, then by hour."""
    found: dict[tuple[str, ...], dict[int, UsedHour]] = {}
    for row in rows:
        found.setdefault(row.tags, {})[row.at_ms] = UsedHour(*row.fields)  # type: ignore[arg-type]  # in this measure only `free_least` may be None
    return found


def sum_hours(hours_of_days: Iterable[SeriesHour], used: UsedHours) -> UseSum:
    """Sum some hours. An hour missing in history counts as unknown."""
    count, buckets, capacity_h, known_h, taken_h, peak = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    least: float | None = None
    for hour in hours_of_days:
        count += 1
        row = used.get(hour.at_ms)
        if row is None:
            continue
        share = row.buckets / BUCKETS_PER_HOUR
        buckets += row.buckets
        capacity_h += row.capacity * share
        known_h += max(0.0, row.capacity - row.unknown_mean) * share
        taken_h += row.taken_mean * share
        peak = max(peak, row.taken_peak)
        if row.free_least is not None:
            least = row.free_least if least is None else min(least, row.free_least)
    return UseSum(count, buckets, capacity_h, known_h, taken_h, peak, least)


def is_hour_full(hour: SeriesHour, used: UsedHours) -> bool | None:
    """Return whether nothing was free for a quarter of the hour or more; None if that is unknown."""
    row = used.get(hour.at_ms)
    if row is None or row.buckets < BUCKETS_PER_HOUR * MIN_COVERAGE:
        return None
    if row.none_free >= MIN_FULL_BUCKETS:
        return True
    if row.unknown_mean < MAX_UNKNOWN_SPACES:
        return False
    is_one_free = row.free_least is not None and row.free_least - row.unknown_mean > 0
    return False if is_one_free else None  # the unknown spaces may have been taken


def get_local_date(hour: SeriesHour) -> date:
    """Return the local date of an hour."""
    return date.fromordinal(hour.day)
