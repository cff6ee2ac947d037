"""Coarsens history that older versions stored, to the precision that is stored today (docs/decisions/0033).

In:    the tables of an older journal, on its own connection, inside its transaction.
Out:   the same rows without a moment within a bucket and without a count of one to four. Each gets a new revision, so
       that a projection overwrites what it wrote before.
Never: the plan, which a migration does not have: the number of spaces in a row is its own `capacity`.

A row that must not stay is overwritten as unknown, not deleted, because a projection overwrites points one by one.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

from collector.history import tables
from collector.history.measures import (
    AIR_FIVE_MIN,
    FORECAST,
    PEOPLE,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
    Measure,
)
from collector.history.zone_hours import AIR_DECIMALS, MAX_UNCERTAIN_SHARE, compute_zone_hours
from collector.site.privacy_limits import MIN_SHOWN_GROUP, coarsen_count
from collector.site.site_plan import WHOLE_SITE
from edge.timekeeping.durations import DAY_MS, HOUR_S

_ZERO: Final = PEOPLE_FIVE_MIN.fields.index("zero_ms")
_CAME: Final = FORECAST.fields.index("came")


def drop_uncertain_minimum(row: HistoryRow) -> HistoryRow:
    """Remove the minimum from a row of ZONE_FIVE_MIN if, on average, too many spaces were unknown."""
    capacity, taken_mean, taken_peak, _free_least, unknown_mean = (field or 0.0 for field in row.fields)
    if unknown_mean <= MAX_UNCERTAIN_SHARE * capacity:
        return row
    return HistoryRow(row.tags, row.at_ms, (capacity, taken_mean, taken_peak, None, unknown_mean))


def coarsen_history(db: sqlite3.Connection) -> None:
    """Coarsen every measure, a day at a time."""
    for from_ms, to_ms in _iterate_days(db):
        _coarsen_zones(db, from_ms, to_ms)
        for measure, change in (
            (SPACE_HOUR, _coarsen_space_hour),
            (PEOPLE_FIVE_MIN, _coarsen_people),
            (AIR_FIVE_MIN, _coarsen_air),
            (FORECAST, _clear_outcome),
        ):
            tables.upsert_rows(db, measure, map(change, _read_rows(db, measure, from_ms, to_ms)))


def _iterate_days(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """Iterate over the days from the first row of all measures to the last."""
    edges = [
        edge
        for measure in (SPACE_HOUR, ZONE_FIVE_MIN, PEOPLE_FIVE_MIN, AIR_FIVE_MIN, FORECAST)
        for tags in tables.iterate_series(db, measure)
        for edge in _read_edges(db, measure, tags)
    ]
    if edges:
        begin_ms = min(edges) - min(edges) % DAY_MS
        for from_ms in range(begin_ms, max(edges) + 1, DAY_MS):
            yield from_ms, from_ms + DAY_MS


def _read_edges(db: sqlite3.Connection, measure: Measure, tags: Sequence[str]) -> tuple[int, int]:
    where = " AND ".join(f"{tag} = ?" for tag in measure.tags)
    found: tuple[int, int] = db.execute(
        f"SELECT min(at_ms), max(at_ms) FROM {measure.name} WHERE {where}",  # noqa: S608 - names of MEASURES
        tuple(tags),
    ).fetchone()
    return found


def _read_rows(db: sqlite3.Connection, measure: Measure, from_ms: int, to_ms: int) -> list[HistoryRow]:
    return [
        row
        for tags in tables.iterate_series(db, measure)
        for row in tables.read_rows(db, measure, tags, from_ms, to_ms)
    ]


class _Count(NamedTuple):
    """Whole spaces in one bucket. A mean is rounded up: a state counts even if it lasted a part of the bucket."""

    capacity: float
    taken: float
    free: float
    unknown: float

    def subtract(self, other: "_Count") -> "_Count":
        return _Count(*(max(0.0, mine - theirs) for mine, theirs in zip(self, other, strict=True)))

    def add(self, other: "_Count") -> "_Count":
        return _Count(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def coarse(self) -> "_Count":
        """Replace one to four occupied spaces with one number; what that adds to them is not free."""
        taken = coarsen_count(self.taken)
        return self._replace(taken=taken, free=max(0.0, self.free - (taken - self.taken)))


def _read_count(row: HistoryRow) -> _Count:
    """The counts of a row. Where the minimum is unknown, all spaces that were not occupied may have been free."""
    capacity, _mean, peak, unknown = (row.fields[field] or 0.0 for field in (0, 1, 2, 4))
    least = row.fields[3]
    free = max(0.0, capacity - peak) if least is None else least
    return _Count(*(float(ceil(round(value, 6))) for value in (capacity, peak, free, unknown)))


def _coarsen_zones(db: sqlite3.Connection, from_ms: int, to_ms: int) -> None:
    """Coarsen ZONE_FIVE_MIN, and compute ZONE_HOUR from it again."""
    rows = _read_rows(db, ZONE_FIVE_MIN, from_ms, to_ms)
    rows.sort(key=_bucket_key)
    coarser = [row for _key, group in groupby(rows, _bucket_key) for row in _coarsen_zone_rows(list(group))]
    coarser.sort()
    tables.upsert_rows(db, ZONE_FIVE_MIN, coarser)
    tables.upsert_rows(db, ZONE_HOUR, _compute_hours(coarser))


def _compute_hours(rows: Iterable[HistoryRow]) -> list[HistoryRow]:
    return [hour for _tags, group in groupby(rows, lambda row: row.tags) for hour in compute_zone_hours(group)]


def _bucket_key(row: HistoryRow) -> tuple[int, str]:
    """The key of a bucket: its start and the kind."""
    return row.at_ms, row.tags[1]


def _coarsen_zone_rows(rows: Sequence[HistoryRow]) -> list[HistoryRow]:
    """Coarsen the rows of one kind and bucket: the site's row sums its shown zones and all other spaces together."""
    counts = {row.tags: _read_count(row) for row in rows}
    zones = {tags: count for tags, count in counts.items() if tags[0] != WHOLE_SITE}
    shown = {tags: count for tags, count in zones.items() if count.capacity >= MIN_SHOWN_GROUP}
    whole = next((count for tags, count in counts.items() if tags[0] == WHOLE_SITE), None)
    if (
        whole is not None and shown and 0 < _subtract_shown(whole, shown).capacity < MIN_SHOWN_GROUP
    ):  # it could be computed from the others
        del shown[min(shown, key=lambda tags: (shown[tags].capacity, tags))]
    coarse_counts = {tags: count.coarse() for tags, count in shown.items()}
    if whole is not None and whole.capacity >= MIN_SHOWN_GROUP:
        total = _subtract_shown(whole, shown).coarse()
        for count in coarse_counts.values():
            total = total.add(count)
        coarse_counts |= {tags: total for tags in counts if tags[0] == WHOLE_SITE}
    return [_coarse_row(row, coarse_counts.get(row.tags), counts[row.tags].capacity) for row in rows]


def _subtract_shown(whole: _Count, shown: dict[tuple[str, ...], _Count]) -> _Count:
    for count in shown.values():
        whole = whole.subtract(count)
    return whole


def _coarse_row(row: HistoryRow, coarse_count: _Count | None, capacity: float) -> HistoryRow:
    """The row with its coarse counts; None: nothing of it may be shown."""
    if coarse_count is None:
        return HistoryRow(row.tags, row.at_ms, (capacity, 0.0, 0.0, None, capacity))
    least = None if row.fields[3] is None else coarse_count.free
    return HistoryRow(
        row.tags,
        row.at_ms,
        (coarse_count.capacity, coarse_count.taken, coarse_count.taken, least, coarse_count.unknown),
    )


def _coarsen_space_hour(row: HistoryRow) -> HistoryRow:
    """Split the hour equally among its states: the duration of a state would reveal the moment of a change."""
    seconds = [value or 0.0 for value in row.fields]
    disabled = sum(seconds) < HOUR_S - 0.5
    states = sum(value > 0 for value in seconds) + disabled
    return HistoryRow(row.tags, row.at_ms, tuple(HOUR_S / states if value > 0 else 0.0 for value in seconds))


def _coarsen_people(row: HistoryRow) -> HistoryRow:
    zero_ms = row.fields[_ZERO]
    if zero_ms is not None:
        zero_ms -= zero_ms % PEOPLE_FIVE_MIN.bucket_ms
    return HistoryRow(row.tags, row.at_ms, (*row.fields[:_ZERO], zero_ms))


def _coarsen_air(row: HistoryRow) -> HistoryRow:
    fields = zip(AIR_FIVE_MIN.fields, row.fields, strict=True)
    return HistoryRow(
        row.tags,
        row.at_ms,
        tuple(None if value is None else round(value, AIR_DECIMALS[name]) for name, value in fields),
    )


def _clear_outcome(row: HistoryRow) -> HistoryRow:
    """Clear the outcome: it is computed again from coarse history while the forecast is scored."""
    if row.tags[1] == PEOPLE:
        return row
    return HistoryRow(row.tags, row.at_ms, (*row.fields[:_CAME], *(None for _ in row.fields[_CAME:])))
