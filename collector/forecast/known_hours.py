"""Read the free spaces or the people of each past hour from the journal's rows.

In:    the journal's tables; a zone or WHOLE_SITE, a kind of space; a span.
Out:   the hours that are known well enough.
Never: transitions, events, estimates for unknown hours.

A space counts as free if it was known to be free at the start of five minutes: `free_least`, which counts unknown
spaces as possibly free, less `unknown_mean`. So dedicated spaces and unknown ones never count as free. For spaces that
are too few for five-minute rows, it is the state of each at half past the hour.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.history.measures import SPACE_HOUR
from collector.site.privacy_limits import MIN_SHOWN_GROUP, Tenancy, coarsen_count
from collector.store.journal_tables import JournalTables

MIN_BUCKETS: Final = 10
"""Fewest known buckets of the twelve of an hour."""
MAX_UNKNOWN_SHARE: Final = 0.2
"""An hour is unknown if more than this share of the spaces was unknown."""


class KnownHour(NamedTuple):
    """One known hour."""

    mean: float
    """Mean number of free spaces, or of people."""
    free_share: float | None = None
    """Share of the hour with at least one free space; None for people."""
    capacity: float | None = None
    """Number of offered spaces; None for people."""


def read_free_hours(
    db: JournalTables, scope: tuple[str, str], let: Tenancy, from_ms: int, to_ms: int
) -> dict[int, KnownHour | None]:
    """Read free spaces by the start of the hour; None: poorly known. Hours without any row are left out.

    Args:
        db: the journal's tables.
        scope: zone (or WHOLE_SITE) and kind.
        let: numbers of shared and dedicated spaces; the rows count dedicated ones in their capacity.
        from_ms: on the full hour.
        to_ms: on the full hour.
    """
    return {
        hour.at_ms: KnownHour(hour.free, hour.free_share, max(hour.free, let.offered_capacity(hour.capacity)))
        if hour.bucket_count >= MIN_BUCKETS and hour.unknown <= MAX_UNKNOWN_SHARE * hour.capacity
        else None
        for hour in db.history.read_hourly_free(scope, from_ms, to_ms)
    }


def read_small_group_hours(
    db: JournalTables, spaces: Sequence[str], from_ms: int, to_ms: int
) -> dict[int, KnownHour | None]:
    """Read free spaces of a group too small for a series: those that were free at half past each hour.

    Args:
        db: the journal's tables.
        spaces: ids of all offered spaces.
        from_ms: on the full hour.
        to_ms: on the full hour.
    """
    found: dict[int, list[tuple[float | None, ...]]] = {}
    for space in spaces:
        for row in db.history.read_rows(SPACE_HOUR, (space,), from_ms, to_ms):
            found.setdefault(row.at_ms, []).append(row.fields)
    return {at_ms: _half_past(states, len(spaces)) for at_ms, states in sorted(found.items())}


def _half_past(states: Sequence[tuple[float | None, ...]], of: int) -> KnownHour | None:
    taken, vacant, unknown = (sum(state[field] != 0.0 for state in states) for field in range(3))
    if unknown + of - len(states) > MAX_UNKNOWN_SHARE * of or not taken + vacant:
        return None
    free = float(vacant) if of < MIN_SHOWN_GROUP else max(0.0, taken + vacant - coarsen_count(taken))
    return KnownHour(free, float(vacant > 0), float(taken + vacant + unknown))


def read_people_hours(db: JournalTables, zone: str, from_ms: int, to_ms: int) -> dict[int, KnownHour | None]:
    """Read people present by the start of the hour, like `read_free_hours`; minutes without door events are unknown."""
    return {
        hour.at_ms: KnownHour(hour.people) if hour.bucket_count >= MIN_BUCKETS else None
        for hour in db.history.read_hourly_people(zone, from_ms, to_ms)
    }
