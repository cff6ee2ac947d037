"""Read the free spaces or the people of each past hour from the journal's rows.

In:    the journal's connection; a zone or WHOLE_SITE, a kind of space; a span.
Out:   the hours that are known well enough.
Never: transitions, events, estimates for unknown hours.

A space counts as free if it was known to be free at the start of five minutes: `free_least`, which counts unknown
spaces as possibly free, less `unknown_mean`. So dedicated spaces and unknown ones never count as free. For spaces that
are too few for five-minute rows, it is the state of each at half past the hour.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.history import HOUR_MS, PEOPLE_FIVE_MIN, SPACE_HOUR, ZONE_FIVE_MIN, tables
from collector.privacy import FEW, IN_SUMS, SEATS, Tenancy, coarse

LEAST_BUCKETS: Final = 10
"""Fewest known buckets of the twelve of an hour."""
MOST_UNKNOWN: Final = 0.2
"""An hour is unknown if more than this share of the spaces was unknown."""


class Known(NamedTuple):
    """One known hour."""

    mean: float
    """Mean number of free spaces, or of people."""
    free_share: float | None = None
    """Share of the hour with at least one free space; None for people."""
    capacity: float | None = None
    """Number of offered spaces; None for people."""


def free_hours(
    db: sqlite3.Connection, scope: tuple[str, str], let: Tenancy, from_ms: int, to_ms: int
) -> dict[int, Known | None]:
    """Read free spaces by the start of the hour; None: poorly known. Hours without any row are left out.

    Args:
        db: the journal's connection.
        scope: zone (or WHOLE_SITE) and kind.
        let: numbers of shared and dedicated spaces; the rows count dedicated ones in their capacity.
        from_ms: on the full hour.
        to_ms: on the full hour.
    """
    certain = "max(0.0, free_least - unknown_mean)"
    rows = db.execute(
        f"SELECT at_ms / {HOUR_MS}, count(free_least), avg({certain}), avg({certain} >= 1),"  # noqa: S608 - our own names
        " avg(capacity), avg(unknown_mean)"
        f" FROM {ZONE_FIVE_MIN.name} WHERE zone = ? AND kind = ? AND at_ms >= ? AND at_ms < ? GROUP BY 1",
        (*scope, from_ms, to_ms),
    )
    return {
        hour * HOUR_MS: Known(free, share, max(free, let.shared(capacity)))
        if buckets >= LEAST_BUCKETS and unknown <= MOST_UNKNOWN * capacity
        else None
        for hour, buckets, free, share, capacity, unknown in rows
    }


def few_hours(db: sqlite3.Connection, spaces: Sequence[str], from_ms: int, to_ms: int) -> dict[int, Known | None]:
    """Read free spaces of a group too small for a series: those that were free at half past each hour.

    Args:
        db: the journal's connection.
        spaces: ids of all offered spaces.
        from_ms: on the full hour.
        to_ms: on the full hour.
    """
    found: dict[int, list[tuple[float | None, ...]]] = {}
    for space in spaces:
        for row in tables.read(db, SPACE_HOUR, (space,), from_ms, to_ms):
            found.setdefault(row.at_ms, []).append(row.fields)
    return {at_ms: _half_past(states, len(spaces)) for at_ms, states in sorted(found.items())}


def _half_past(states: Sequence[tuple[float | None, ...]], of: int) -> Known | None:
    taken, vacant, unknown = (sum(state[field] != 0.0 for state in states) for field in range(3))
    if unknown + of - len(states) > MOST_UNKNOWN * of or not taken + vacant:
        return None
    free = float(vacant) if of < SEATS else max(0.0, taken + vacant - coarse(taken))
    return Known(free, float(vacant > 0), float(taken + vacant + unknown))


def people_hours(db: sqlite3.Connection, zone: str, from_ms: int, to_ms: int) -> dict[int, Known | None]:
    """Read people present by the start of the hour, like `read_free_hours`; minutes without door events are unknown."""
    coarse_people = f"CASE WHEN people > 0 AND people < {FEW} THEN {IN_SUMS} ELSE people END"
    rows = db.execute(
        f"SELECT at_ms / {HOUR_MS}, count(people), avg({coarse_people})"  # noqa: S608 - our own names
        f" FROM {PEOPLE_FIVE_MIN.name} WHERE zone = ? AND at_ms >= ? AND at_ms < ? GROUP BY 1",
        (zone, from_ms, to_ms),
    )
    return {hour * HOUR_MS: Known(people) if buckets >= LEAST_BUCKETS else None for hour, buckets, people in rows}
