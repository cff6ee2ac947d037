"""History: what the house was, in rows that overwrite themselves. One protocol, a table of stores.

In:    rows of the measures below.
Out:   the same rows, by measure, tags and span.
Never: live state, raw events, single transitions (those are the journal's, for at most 72 hours).
"""

from dataclasses import dataclass
from typing import Final, Protocol

from msgspec import Struct

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One table of history: a row per tags and bucket. Every field is a number or None (not known)."""

    name: str
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    bucket_ms: int


SPACE_HOUR: Final = Measure(
    name="space_hour", tags=("space",), fields=("taken_s", "vacant_s", "unknown_s"), bucket_ms=HOUR_MS
)
"""What one offered space was half past an hour (UTC): all 3600 s are in that field, or in none if it is disabled."""
ZONE_FIVE_MIN: Final = Measure(
    name="zone_five_min",
    tags=("zone", "kind"),
    fields=("capacity", "taken_mean", "taken_peak", "free_least", "unknown_mean"),
    bucket_ms=5 * MINUTE_MS,
)
"""One kind of space in one zone, or in WHOLE_SITE, as counted at the start of the bucket; one to four of them that are
taken are 2.5 (`privacy.IN_SUMS`). Mean and peak differ in ZONE_HOUR only. Where fewer than five are, there is none.

`free_least` counts a space whose state is unknown as possibly free, so that it is never below the truth by more than
that. It is None while more than a fifth of the offered spaces is unknown."""
ZONE_HOUR: Final = Measure(
    name="zone_hour",
    tags=("zone", "kind"),
    fields=("buckets", "capacity", "taken_mean", "taken_peak", "free_least", "unknown_mean", "none_free"),
    bucket_ms=HOUR_MS,
)
"""The rows of ZONE_FIVE_MIN of one hour (UTC), added up so that a year can be read at once: how many there are, means
of the counts, the highest, the least that was free, and in how many of them certainly nothing was free."""
STAYS: Final = Measure(
    name="stays",
    tags=("zone", "kind"),
    fields=("under_15_min", "under_30_min", "under_1_h", "under_2_h", "under_4_h", "under_8_h", "longer", "cut_short"),
    bucket_ms=DAY_MS,
)
"""How many stays ended on one local day (it begins at local midnight), by their length; of those that are `cut_short`,
silence hides how long they were. Offered spaces only, and only where `privacy.foretold` lets them be told."""
PEOPLE_FIVE_MIN: Final = Measure(
    name="people_five_min",
    tags=("zone",),
    fields=("entries", "exits", "people", "least", "most", "zero_ms"),
    bucket_ms=5 * MINUTE_MS,
)
"""The doors of the house (`zone` is WHOLE_SITE); `people` at the end of the bucket, with their range, and the start of
the five minutes in which the house was last known to be empty (Unix ms)."""
PEOPLE_CORRECTION: Final = Measure(
    name="people_correction", tags=("zone", "reason"), fields=("before", "after"), bucket_ms=5 * MINUTE_MS
)
"""Where the people of a house are others than those in less those out: how many by then, and how many instead. The
reasons are those of `collector.people.Why`."""
AIR_FIVE_MIN: Final = Measure(
    name="air_five_min", tags=("zone",), fields=("co2_ppm", "temperature_c", "humidity_pct"), bucket_ms=5 * MINUTE_MS
)
"""Means of one zone's readings."""
PEOPLE: Final = "people"
"""What stands for people where a measure has kinds of spaces."""
FORECAST: Final = Measure(
    name="forecast",
    tags=("zone", "kind", "lead"),
    fields=("low", "middle", "high", "odds", "came", "came_free"),
    bucket_ms=HOUR_MS,
)
"""What was foretold of one hour, `lead` ahead, and what came: free spots of a kind (or `people`), the 80 % band from
`low` to `high`; `odds` of at least one free, 0 to 1; `came` in the mean, and the share of the hour with one free."""
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


class Row(Struct, frozen=True, gc=False, order=True):
    """One row: tag values in the measure's order, the start of its bucket (Unix ms, UTC), field values in order."""

    tags: tuple[str, ...]
    at_ms: int
    fields: tuple[float | None, ...]


class HistoryAway(ConnectionError):
    """The history did not answer. The same call may succeed later."""


class HistoryReader(Protocol):
    """What the pages ask of history."""

    def rows(self, measure: Measure, from_ms: int, to_ms: int, **tags: str) -> list[Row]:
        """Rows with `from_ms` <= at < `to_ms` and these tag values, ordered by tags, then time.

        Raises:
            HistoryAway: the store did not answer.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
