"""Means of each hour over rows of five minutes, computed by SQLite.

In:    the journal's connection, a series, a span.
Out:   one value for each hour that has rows.
Never: a judgement of whether an hour is known well enough.
"""

import sqlite3
from typing import NamedTuple

from collector.history.measures import PEOPLE_FIVE_MIN, ZONE_FIVE_MIN
from collector.site.privacy_limits import FEW_COUNT_VALUE, MIN_SHOWN_GROUP
from edge.timekeeping.durations import HOUR_MS


class FreeHour(NamedTuple):
    """Means over the known five minutes of one hour."""

    at_ms: int
    bucket_count: int
    free: float
    """Spaces known to be free: `free_least`, which counts unknown ones as free, less `unknown_mean`."""
    free_share: float
    """Share of the hour with at least one free space."""
    capacity: float
    unknown: float


class PeopleHour(NamedTuple):
    """Means over the five minutes of one hour with events of doors."""

    at_ms: int
    bucket_count: int
    people: float


def read_hourly_free(db: sqlite3.Connection, scope: tuple[str, str], from_ms: int, to_ms: int) -> list[FreeHour]:
    """Read the free spaces of a zone (or WHOLE_SITE) and kind; `from_ms` and `to_ms` are on the full hour."""
    certain = "max(0.0, free_least - unknown_mean)"
    rows = db.execute(
        f"SELECT at_ms / {HOUR_MS} * {HOUR_MS}, count(free_least), avg({certain}), avg({certain} >= 1),"  # noqa: S608 - our own names
        " avg(capacity), avg(unknown_mean)"
        f" FROM {ZONE_FIVE_MIN.name} WHERE zone = ? AND kind = ? AND at_ms >= ? AND at_ms < ? GROUP BY 1",
        (*scope, from_ms, to_ms),
    )
    return [FreeHour(*row) for row in rows]


def read_hourly_people(db: sqlite3.Connection, zone: str, from_ms: int, to_ms: int) -> list[PeopleHour]:
    """Read the people of a zone (or WHOLE_SITE), one to four as one number."""
    coarse_people = f"CASE WHEN people > 0 AND people < {MIN_SHOWN_GROUP} THEN {FEW_COUNT_VALUE} ELSE people END"
    rows = db.execute(
        f"SELECT at_ms / {HOUR_MS} * {HOUR_MS}, count(people), avg({coarse_people})"  # noqa: S608 - our own names
        f" FROM {PEOPLE_FIVE_MIN.name} WHERE zone = ? AND at_ms >= ? AND at_ms < ? GROUP BY 1",
        (zone, from_ms, to_ms),
    )
    return [PeopleHour(*row) for row in rows]
