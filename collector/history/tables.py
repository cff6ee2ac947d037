"""The tables of history in the journal's database, created from the measures.

In:    rows of any measure, on the journal's own connection, inside its transaction.
Out:   the same rows with a revision that grows with every real change, for a projection to follow.
Never: transactions of its own; a name that is not in MEASURES.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from collector.configuration.collector_settings import RetentionSettings
from collector.history.measures import MEASURES, SPACE_HOUR, HistoryRow, Measure
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from collector.timekeeping.instants import FOREVER_MS
from edge.timekeeping.durations import DAY_MS

ChangedRow = tuple[int, Measure, HistoryRow]
"""Revision, measure and row."""
Erasure = tuple[int, Measure, str, int]
"""Revision, measure, value of its first tag (empty: any), and the moment before which rows are erased."""

Withdrawal = tuple[int, Measure, str, int]
"""Revision, measure, value of its last tag (empty: any), and the moment from which on rows were withdrawn."""

MEASURE_BY_NAME = {measure.name: measure for measure in MEASURES}


def create_tables(db: sqlite3.Connection) -> None:
    """Create missing tables and columns, and the id by which a projection recognises this history."""
    for measure in MEASURES:
        tags = ", ".join(f"{tag} TEXT NOT NULL" for tag in measure.tags)
        fields = ", ".join(f"{field} REAL" for field in measure.fields)
        db.execute(
            f"CREATE TABLE IF NOT EXISTS {measure.name} ({tags}, at_ms INTEGER NOT NULL, {fields},"
            f" rev INTEGER NOT NULL, PRIMARY KEY ({', '.join(measure.tags)}, at_ms)) WITHOUT ROWID"
        )
        existing = {name for _, name, *_ in db.execute(f"PRAGMA table_info({measure.name})")}
        for field in measure.fields:
            if field not in existing:
                db.execute(f"ALTER TABLE {measure.name} ADD COLUMN {field} REAL")
        db.execute(f"CREATE INDEX IF NOT EXISTS {measure.name}_rev ON {measure.name} (rev)")
    db.execute(
        "CREATE TABLE IF NOT EXISTS erased (measure TEXT NOT NULL, tag TEXT NOT NULL, before_ms INTEGER NOT NULL,"
        " rev INTEGER NOT NULL, PRIMARY KEY (measure, tag)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS withdrawn (rev INTEGER PRIMARY KEY, measure TEXT NOT NULL, tag TEXT NOT NULL,"
        " from_ms INTEGER NOT NULL)"
    )
    db.execute("CREATE TABLE IF NOT EXISTS history (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT, rev INTEGER)")
    db.execute("INSERT OR IGNORE INTO history (one, id, rev) VALUES (1, ?, 0)", (secrets.token_hex(8),))


def renew_identity(db: sqlite3.Connection) -> None:
    """Give a restored history a new id, because its next revisions differ from those that a projection has seen."""
    db.execute("UPDATE history SET id = ?", (secrets.token_hex(8),))


def read_identity(db: sqlite3.Connection) -> tuple[str, int]:
    """The id of this history, created with its file, and its newest revision (0: no rows)."""
    name, rev = db.execute("SELECT id, rev FROM history").fetchone()
    return str(name), int(rev)


def upsert_rows(db: sqlite3.Connection, measure: Measure, rows: Iterable[HistoryRow]) -> int:
    """Write rows; existing rows with the same fields stay unchanged. Returns how many changed."""
    columns = (*measure.tags, "at_ms", *measure.fields, "rev")
    written = ", ".join(f"{name} = excluded.{name}" for name in (*measure.fields, "rev"))
    differs = " OR ".join(f"{field} IS NOT excluded.{field}" for field in measure.fields)
    statement = (
        f"INSERT INTO {measure.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of MEASURES
        f" ON CONFLICT ({', '.join(measure.tags)}, at_ms) DO UPDATE SET {written} WHERE {differs}"
    )
    before = rev = read_identity(db)[1]
    for row in rows:
        rev += db.execute(statement, (*row.tags, row.at_ms, *row.fields, rev + 1)).rowcount
    if rev != before:
        db.execute("UPDATE history SET rev = ?", (rev,))
    return rev - before


def replace_rows(
    db: sqlite3.Connection, measure: Measure, rows: Sequence[HistoryRow], from_ms: int, to_ms: int
) -> None:
    """Make `rows` the only rows of a measure with `from_ms` <= at < `to_ms`.

    A row that is no longer among them stays without any field, for a projection to follow; readers skip it.
    """
    written = {(row.tags, row.at_ms) for row in rows}
    existing = [row for tags in iterate_series(db, measure) for row in read_rows(db, measure, tags, from_ms, to_ms)]
    nothing = (None,) * len(measure.fields)
    gone = [HistoryRow(row.tags, row.at_ms, nothing) for row in existing if (row.tags, row.at_ms) not in written]
    upsert_rows(db, measure, [*rows, *gone])


def read_changed_rows(db: sqlite3.Connection, after_rev: int, limit: int) -> list[ChangedRow]:
    """The next `limit` rows whose revision is above `after_rev`, in its order."""
    found: list[ChangedRow] = []
    for measure in MEASURES:
        statement = f"SELECT rev, {_column_list(measure)} FROM {measure.name} WHERE rev > ? ORDER BY rev LIMIT ?"  # noqa: S608 - names of MEASURES
        for rev, *values in db.execute(statement, (after_rev, limit)):
            found.append((rev, measure, _make_row(measure, values)))
    return sorted(found, key=lambda change: change[0])[:limit]


def read_erasures(db: sqlite3.Connection, after_rev: int) -> list[Erasure]:
    """What was erased since `after_rev`, in the order of the revisions."""
    statement = "SELECT rev, measure, tag, before_ms FROM erased WHERE rev > ? ORDER BY rev"
    return [
        (rev, MEASURE_BY_NAME[measure], tag, before_ms)
        for rev, measure, tag, before_ms in db.execute(statement, (after_rev,))
    ]


def withdraw_rows(db: sqlite3.Connection, measure: Measure, from_ms: int, tag: str = "") -> int:
    """Delete rows of a measure that were written for a time that has not come; returns how many.

    Args:
        db: the journal's connection, in a transaction.
        measure: the measure of the rows.
        from_ms: the first moment of deleted rows, Unix milliseconds.
        tag: only those with this value of the measure's last tag; empty: all.
    """
    rows = [tags for tags in iterate_series(db, measure) if tag in {"", tags[-1]}]
    where = " AND ".join(f"{name} = ?" for name in measure.tags)
    deleted = db.executemany(
        f"DELETE FROM {measure.name} WHERE {where} AND at_ms >= ?",  # noqa: S608 - names of MEASURES
        [(*tags, from_ms) for tags in rows],
    ).rowcount
    if deleted <= 0:
        return 0
    rev = read_identity(db)[1] + 1
    db.execute("UPDATE history SET rev = ?", (rev,))
    db.execute(
        "INSERT INTO withdrawn (rev, measure, tag, from_ms) VALUES (?, ?, ?, ?)", (rev, measure.name, tag, from_ms)
    )
    return deleted


def read_withdrawals(db: sqlite3.Connection, after_rev: int, until_rev: int) -> list[Withdrawal]:
    """What was withdrawn after one revision, up to another. A projection deletes it before it writes rows."""
    statement = "SELECT rev, measure, tag, from_ms FROM withdrawn WHERE rev > ? AND rev <= ? ORDER BY rev"
    found = db.execute(statement, (after_rev, until_rev))
    return [(rev, MEASURE_BY_NAME[measure], tag, from_ms) for rev, measure, tag, from_ms in found]


def erase_expired_rows(db: sqlite3.Connection, plan: SitePlan, retention: RetentionSettings, now_ms: int) -> int:
    """Erase rows that are older than their retention, beyond recovery from the file. Returns how many.

    A space that is no longer in the plan is erased as early as a desk, because it may have been one.
    The caller truncates the write-ahead log afterwards.
    """
    db.execute("PRAGMA secure_delete = ON")
    gone = 0
    for measure in MEASURES:
        existing = list(iterate_series(db, measure))
        if measure is not SPACE_HOUR:
            gone += _erase_series(db, measure, existing, "", now_ms - retention.series_days * DAY_MS)
            continue
        for (space,) in existing:
            known = plan.space_by_id.get(space)
            desk = known is None or known.kind is SpaceKind.DESK
            days = min(retention.desk_hours_days, retention.space_hours_days) if desk else retention.space_hours_days
            gone += _erase_series(db, measure, [(space,)], space, now_ms - days * DAY_MS)
    return gone


def iterate_series(db: sqlite3.Connection, measure: Measure) -> Iterator[tuple[str, ...]]:
    """Iterate over the tag values that have rows, in order: one step of the primary key each, never a full scan."""
    tags = ", ".join(measure.tags)
    placeholders = ", ".join("?" * len(measure.tags))
    last: tuple[str, ...] | None = db.execute(f"SELECT {tags} FROM {measure.name} ORDER BY {tags} LIMIT 1").fetchone()  # noqa: S608 - names of MEASURES
    while last is not None:
        yield last
        last = db.execute(
            f"SELECT {tags} FROM {measure.name} WHERE ({tags}, at_ms) > ({placeholders}, ?) ORDER BY {tags} LIMIT 1",  # noqa: S608 - names of MEASURES
            (*last, FOREVER_MS),
        ).fetchone()


def read_rows(
    db: sqlite3.Connection, measure: Measure, tags: Sequence[str], from_ms: int, to_ms: int
) -> list[HistoryRow]:
    """The rows of one series with `from_ms` <= at < `to_ms`, oldest first."""
    where = " AND ".join(f"{tag} = ?" for tag in measure.tags)
    statement = (
        f"SELECT {_column_list(measure)} FROM {measure.name}"  # noqa: S608 - names of MEASURES
        f" WHERE {where} AND at_ms >= ? AND at_ms < ? AND {_has_value_sql(measure)} ORDER BY at_ms"
    )
    return [_make_row(measure, values) for values in db.execute(statement, (*tags, from_ms, to_ms))]


def has_row_before(db: sqlite3.Connection, measure: Measure, tags: Sequence[str], before_ms: int) -> bool:
    """Whether a series has a row before this moment."""
    where = " AND ".join(f"{tag} = ?" for tag in measure.tags)
    statement = f"SELECT 1 FROM {measure.name} WHERE {where} AND at_ms < ? LIMIT 1"  # noqa: S608 - names of MEASURES
    return db.execute(statement, (*tags, before_ms)).fetchone() is not None


def _erase_series(
    db: sqlite3.Connection, measure: Measure, existing: Sequence[tuple[str, ...]], tag: str, before_ms: int
) -> int:
    """Erase old rows of these series, each by its key: without the tags every row would be scanned."""
    before_ms -= before_ms % measure.bucket_ms
    where = " AND ".join(f"{name} = ?" for name in measure.tags)
    gone = db.executemany(
        f"DELETE FROM {measure.name} WHERE {where} AND at_ms < ?",  # noqa: S608 - names of MEASURES
        [(*tags, before_ms) for tags in existing],
    ).rowcount
    if gone:
        rev = read_identity(db)[1] + 1
        db.execute("UPDATE history SET rev = ?", (rev,))
        db.execute(
            "INSERT OR REPLACE INTO erased (measure, tag, before_ms, rev) VALUES (?, ?, ?, ?)",
            (measure.name, tag, before_ms, rev),
        )
    return gone


def _has_value_sql(measure: Measure) -> str:
    """The SQL condition that a row has a value."""
    return f"coalesce({', '.join(measure.fields)}) IS NOT NULL"


def _column_list(measure: Measure) -> str:
    return ", ".join((*measure.tags, "at_ms", *measure.fields))


def _make_row(measure: Measure, values: Sequence[object]) -> HistoryRow:
    split = len(measure.tags)
    return HistoryRow(tuple(values[:split]), values[split], tuple(values[split + 1 :]))  # type: ignore[arg-type]  # the columns' types
