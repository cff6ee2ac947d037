"""History: how the site was used, in rows that overwrite themselves. One protocol and a table of stores.

In:    rows of the measures below.
Out:   the same rows, by measure, tags and period.
Never: live state, raw events, transitions (the journal keeps those, for at most 72 hours).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS

BUCKET_MS: Final = 5 * MINUTE_MS
"""Bucket of every series."""


class CorrectionReason(StrEnum):
    """Reason why the number of people differs from entries less exits."""

    NEGATIVE = "negative"
    """More people left than were counted inside."""
    DOORS = "doors"
    """Learned errors of the doors: the ratio of entries to exits, missed people."""
    STILL = "still"
    """Fewer or more people left than expected of so many."""
    SEEN = "seen"
    """So many people were detected inside for five minutes."""
    QUIET = "quiet"
    """The whole site and its doors were quiet."""
    CLOSED = "closed"
    """The site was closed, in the middle of its longest closed time."""
    LEAST = "least"
    """The site never closes: at its quietest hour the lower end of the range is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One table of history, with one row per tags and bucket. Every field is a number or None (unknown)."""

    name: str
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    bucket_ms: int


SPACE_HOUR: Final = Measure(
    name="space_hour", tags=("space",), fields=("taken_s", "vacant_s", "unknown_s"), bucket_ms=HOUR_MS
)
"""The state of one offered space at half past each hour (UTC): its field has all 3600 s, or none if it is disabled."""
ZONE_FIVE_MIN: Final = Measure(
    name="zone_five_min",
    tags=("zone", "kind"),
    fields=("capacity", "taken_mean", "taken_peak", "free_least", "unknown_mean"),
    bucket_ms=BUCKET_MS,
)
"""One kind of space in one zone, or in WHOLE_SITE, counted at the start of the bucket. One to four occupied spaces are
stored as 2.5 (`privacy_limits.FEW_COUNT_VALUE`). Mean and peak differ in ZONE_HOUR only. Fewer than five spaces have no
row.

`free_least` counts spaces with unknown state as possibly free, so it exceeds the true minimum by at most their number.
It is None while more than a fifth of the offered spaces is unknown."""
ZONE_HOUR: Final = Measure(
    name="zone_hour",
    tags=("zone", "kind"),
    fields=("buckets", "capacity", "taken_mean", "taken_peak", "free_least", "unknown_mean", "none_free"),
    bucket_ms=HOUR_MS,
)
"""The rows of ZONE_FIVE_MIN of one hour (UTC) combined, so that a year can be read at once: their number, the means of
the counts, the highest count, the minimum that was free, and in how many of them certainly nothing was free."""
STAYS: Final = Measure(
    name="stays",
    tags=("zone", "kind"),
    fields=("under_15_min", "under_30_min", "under_1_h", "under_2_h", "under_4_h", "under_8_h", "longer", "cut_short"),
    bucket_ms=DAY_MS,
)
"""How many stays ended on one local day (from local midnight), by length. The length of those in `cut_short` is unknown
because the sensor was silent. Offered spaces only, and only where `privacy_limits.has_forecast` allows it."""
PEOPLE_FIVE_MIN: Final = Measure(
    name="people_five_min",
    tags=("zone",),
    fields=("entries", "exits", "people", "least", "most", "zero_ms"),
    bucket_ms=BUCKET_MS,
)
"""The doors of the site (`zone` is WHOLE_SITE): `people` at the end of the bucket, with their range, and the start of
the five minutes in which the site was last known to be empty (Unix ms)."""
PEOPLE_CORRECTION: Final = Measure(
    name="people_correction", tags=("zone", "reason"), fields=("before", "after"), bucket_ms=BUCKET_MS
)
"""Corrections of the count of people beyond entries and exits: the count before and after. The reasons are those of
`CorrectionReason`."""
AIR_FIVE_MIN: Final = Measure(
    name="air_five_min", tags=("zone",), fields=("co2_ppm", "temperature_c", "humidity_pct"), bucket_ms=BUCKET_MS
)
"""Means of the readings in one zone."""
PEOPLE: Final = "people"
"""The value of the tag `kind` for people, where a measure has kinds of spaces."""
FORECAST: Final = Measure(
    name="forecast",
    tags=("zone", "kind", "lead"),
    fields=("low", "middle", "high", "odds", "came", "came_free"),
    bucket_ms=HOUR_MS,
)
"""The forecast for one hour, `lead` ahead, and its outcome, for free spaces of a kind (or `people`): the 80 % band from
`low` to `high`; `odds` of at least one free, 0 to 1; `came`, the actual mean; `came_free`, the share of the hour with
at least one free."""
MEASURES: Final = (
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    STAYS,
    PEOPLE_FIVE_MIN,
    PEOPLE_CORRECTION,
    AIR_FIVE_MIN,
    FORECAST,
)


class HistoryRow(Struct, frozen=True, gc=False, order=True):
    """One row: tag values in the measure's order, the start of its bucket (Unix ms, UTC), field values in order."""

    tags: tuple[str, ...]
    at_ms: int
    fields: tuple[float | None, ...]


class HistoryAway(ConnectionError):
    """The history did not answer. The same call may succeed later."""


class HistoryReader(Protocol):
    """What the pages need from a store of history."""

    def read_rows(self, measure: Measure, from_ms: int, to_ms: int, **tags: str) -> list[HistoryRow]:
        """Read rows with `from_ms` <= at < `to_ms` and these tag values, ordered by tags, then time.

        Raises:
            HistoryAway: the store did not answer.
        """
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...
