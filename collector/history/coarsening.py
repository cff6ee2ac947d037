"""Makes history that older versions stored as coarse as what is stored today (docs/decisions/0033).

In:    the tables of an older journal, on its own connection, inside its transaction.
Out:   the same rows without a moment within a bucket and without a count of one to four; each has a new revision, so
       that a projection writes it over what it wrote before.
Never: the plan, which a migration does not have: how many spaces a row is about is its own `capacity`.

A row that may not stay is overwritten as unknown and not deleted: a projection overwrites points one by one.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

from collector import series
from collector.history import (
    AIR_FIVE_MIN,
    DAY_MS,
    FORECAST,
    PEOPLE,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    Measure,
    Row,
    tables,
)
from collector.plan import WHOLE_SITE
from collector.privacy import SEATS, coarse
from collector.use import HOUR_S

_ZERO: Final = PEOPLE_FIVE_MIN.fields.index("zero_ms")
_CAME: Final = FORECAST.fields.index("came")


def coarsen(db: sqlite3.Connection) -> None:
    """Coarsen every measure, a day at a time."""
    for from_ms, to_ms in _days(db):
        _zones(db, from_ms, to_ms)
        for measure, change in (
            (SPACE_HOUR, _space_hour),
            (PEOPLE_FIVE_MIN, _people),
            (AIR_FIVE_MIN, _air),
            (FORECAST, _forecast),
        ):
            tables.upsert(db, measure, map(change, _rows(db, measure, from_ms, to_ms)))


def _days(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """From the first row of all to the last."""
    edges = [
        edge
        for measure in (SPACE_HOUR, ZONE_FIVE_MIN, PEOPLE_FIVE_MIN, AIR_FIVE_MIN, FORECAST)
        for tags in tables.series(db, measure)
        for edge in _edges(db, measure, tags)
    ]
    if edges:
        begin_ms = min(edges) - min(edges) % DAY_MS
        for from_ms in range(begin_ms, max(edges) + 1, DAY_MS):
            yield from_ms, from_ms + DAY_MS


def _edges(db: sqlite3.Connection, measure: Measure, tags: Sequence[str]) -> tuple[int, int]:
    where = " AND ".join(f"{tag} = ?" for tag in measure.tags)
    found: tuple[int, int] = db.execute(
        f"SELECT min(at_ms), max(at_ms) FROM {measure.name} WHERE {where}",  # noqa: S608 - names of MEASURES
        tuple(tags),
    ).fetchone()
    return found


def _rows(db: sqlite3.Connection, measure: Measure, from_ms: int, to_ms: int) -> list[Row]:
    return [row for tags in tables.series(db, measure) for row in tables.read(db, measure, tags, from_ms, to_ms)]


class _Count(NamedTuple):
    """Whole spaces in one bucket. A mean is rounded up: what was so for a part of it counts, however short."""

    capacity: float
    taken: float
    free: float
    unknown: float

    def less(self, other: "_Count") -> "_Count":
        return _Count(*(max(0.0, mine - theirs) for mine, theirs in zip(self, other, strict=True)))

    def plus(self, other: "_Count") -> "_Count":
        return _Count(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def coarse(self) -> "_Count":
        """One to four taken are one number; what that adds to them is not free."""
        taken = coarse(self.taken)
        return self._replace(taken=taken, free=max(0.0, self.free - (taken - self.taken)))


def _count(row: Row) -> _Count:
    """The counts of a row. Where its minimum is not known, what was not taken may have been free."""
    capacity, _mean, peak, unknown = (row.fields[field] or 0.0 for field in (0, 1, 2, 4))
    least = row.fields[3]
    free = max(0.0, capacity - peak) if least is None else least
    return _Count(*(float(ceil(round(value, 6))) for value in (capacity, peak, free, unknown)))


def _zones(db: sqlite3.Connection, from_ms: int, to_ms: int) -> None:
    """ZONE_FIVE_MIN, and ZONE_HOUR made of it anew."""
    rows = _rows(db, ZONE_FIVE_MIN, from_ms, to_ms)
    rows.sort(key=_bucket)
    coarser = [row for _bucket_of, group in groupby(rows, _bucket) for row in _coarse_zones(list(group))]
    coarser.sort()
    tables.upsert(db, ZONE_FIVE_MIN, coarser)
    tables.upsert(db, ZONE_HOUR, _hours(coarser))


def _hours(rows: Iterable[Row]) -> list[Row]:
    return [hour for _tags, group in groupby(rows, lambda row: row.tags) for hour in series.zone_hours(group)]


def _bucket(row: Row) -> tuple[int, str]:
    """When, and of which kind."""
    return row.at_ms, row.tags[1]


def _coarse_zones(rows: Sequence[Row]) -> list[Row]:
    """The rows of one kind and bucket: the site's is the sum of what its zones' say, and of all the rest together."""
    counts = {row.tags: _count(row) for row in rows}
    zones = {tags: count for tags, count in counts.items() if tags[0] != WHOLE_SITE}
    shown = {tags: count for tags, count in zones.items() if count.capacity >= SEATS}
    whole = next((count for tags, count in counts.items() if tags[0] == WHOLE_SITE), None)
    if whole is not None and shown and 0 < _rest(whole, shown).capacity < SEATS:  # it would follow from the others
        del shown[min(shown, key=lambda tags: (shown[tags].capacity, tags))]
    told = {tags: count.coarse() for tags, count in shown.items()}
    if whole is not None and whole.capacity >= SEATS:
        total = _rest(whole, shown).coarse()
        for count in told.values():
            total = total.plus(count)
        told |= {tags: total for tags in counts if tags[0] == WHOLE_SITE}
    return [_row(row, told.get(row.tags), counts[row.tags].capacity) for row in rows]


def _rest(whole: _Count, shown: dict[tuple[str, ...], _Count]) -> _Count:
    for count in shown.values():
        whole = whole.less(count)
    return whole


def _row(row: Row, told: _Count | None, capacity: float) -> Row:
    """The row with its coarse counts; None: nothing of it may be known."""
    if told is None:
        return Row(row.tags, row.at_ms, (capacity, 0.0, 0.0, None, capacity))
    least = None if row.fields[3] is None else told.free
    return Row(row.tags, row.at_ms, (told.capacity, told.taken, told.taken, least, told.unknown))


def _space_hour(row: Row) -> Row:
    """The hour in equal parts for each state that it had: how long one lasted dates the change."""
    seconds = [value or 0.0 for value in row.fields]
    disabled = sum(seconds) < HOUR_S - 0.5
    states = sum(value > 0 for value in seconds) + disabled
    return Row(row.tags, row.at_ms, tuple(HOUR_S / states if value > 0 else 0.0 for value in seconds))


def _people(row: Row) -> Row:
    zero_ms = row.fields[_ZERO]
    if zero_ms is not None:
        zero_ms -= zero_ms % PEOPLE_FIVE_MIN.bucket_ms
    return Row(row.tags, row.at_ms, (*row.fields[:_ZERO], zero_ms))


def _air(row: Row) -> Row:
    fields = zip(AIR_FIVE_MIN.fields, row.fields, strict=True)
    return Row(
        row.tags,
        row.at_ms,
        tuple(None if value is None else round(value, series.AIR_DIGITS[name]) for name, value in fields),
    )


def _forecast(row: Row) -> Row:
    """What came is read anew from coarse history for as long as it is scored."""
    if row.tags[1] == PEOPLE:
        return row
    return Row(row.tags, row.at_ms, (*row.fields[:_CAME], *(None for _ in row.fields[_CAME:])))
