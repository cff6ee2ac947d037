"""The journal's tables, and the migrations of older files.

In:    an open SQLite connection.
Out:   the same connection, with the tables of this version.
Never: rows.
"""

import contextlib
import sqlite3
from typing import Final

import msgspec

from collector.contract.loss_reasons import LossReason
from collector.history import tables
from collector.history.measures import ZONE_FIVE_MIN, ZONE_HOUR
from collector.history.zone_hours import compute_zone_hours
from collector.sqlite_files.migration import MigrationStep
from collector.store import history_coarsening
from collector.store.blobs import BlobKind
from collector.store.loss_sentences import find_loss_reason
from collector.timekeeping.instants import FOREVER_MS

# docs/journal.md describes every table and column.
_VERSION_1: Final = """
CREATE TABLE stream (no INTEGER PRIMARY KEY, device TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
    UNIQUE (device, stream)) STRICT;
CREATE TABLE sensor (no INTEGER PRIMARY KEY, device TEXT NOT NULL, sensor TEXT NOT NULL,
    UNIQUE (device, sensor)) STRICT;
CREATE TABLE kind (no INTEGER PRIMARY KEY, kind TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE event (sensor_no INTEGER NOT NULL, at_ms INTEGER NOT NULL, stream_no INTEGER NOT NULL,
    seq INTEGER NOT NULL, kind_no INTEGER NOT NULL, value ANY NOT NULL, synchronised INTEGER NOT NULL,
    PRIMARY KEY (sensor_no, at_ms, stream_no, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE transition (space TEXT NOT NULL, at_ms INTEGER NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (space, at_ms)) STRICT, WITHOUT ROWID;
CREATE TABLE settled (space TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (space TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, state TEXT NOT NULL,
    body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE gap (device TEXT NOT NULL, stream TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    reason TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (device, stream, first)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, device TEXT NOT NULL,
    reason TEXT NOT NULL, payload BLOB NOT NULL) STRICT;
CREATE TABLE stale (subject TEXT PRIMARY KEY, from_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID
"""


def _version_1(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1.split(";"):  # executescript would commit
        connection.execute(statement)
    tables.create_tables(connection)


_CROWD: Final = "CREATE TABLE crowd (at_ms INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"


def _version_2(connection: sqlite3.Connection) -> None:
    connection.execute(_CROWD)
    tables.create_tables(connection)  # adds the measures that version 1 lacks


def _version_3(connection: sqlite3.Connection) -> None:
    tables.create_tables(connection)
    for tags in tables.iterate_series(connection, ZONE_FIVE_MIN):  # sum up existing rows; stays exist from now on only
        rows = tables.read_rows(connection, ZONE_FIVE_MIN, tags, 0, FOREVER_MS)
        tables.upsert_rows(connection, ZONE_HOUR, compute_zone_hours(rows))


def _version_4(connection: sqlite3.Connection) -> None:
    """Clear minima of buckets with too many unknown spaces: they were stored as if those spaces were occupied."""
    for tags in tables.iterate_series(connection, ZONE_FIVE_MIN):
        rows = [
            history_coarsening.drop_uncertain_minimum(row)
            for row in tables.read_rows(connection, ZONE_FIVE_MIN, tags, 0, FOREVER_MS)
        ]
        tables.upsert_rows(connection, ZONE_FIVE_MIN, rows)
        tables.upsert_rows(connection, ZONE_HOUR, compute_zone_hours(rows))


_REJECTION_POSITION: Final = """
ALTER TABLE quarantine ADD COLUMN stream TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN sensor TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN field TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
CREATE INDEX quarantine_place ON quarantine (device, stream, first)
"""


def _version_5(connection: sqlite3.Connection) -> None:
    """Add the position of each rejection: stream, sequence numbers, sensor and field."""
    for statement in _REJECTION_POSITION.split(";"):
        connection.execute(statement)


def _version_6(connection: sqlite3.Connection) -> None:
    """Coarsen series that showed the moment of a change within a bucket, and counts of one to four."""
    connection.execute("PRAGMA secure_delete = ON")  # overwritten data cannot be read in the file
    tables.create_tables(connection)
    history_coarsening.coarsen_history(connection)


def _version_7(connection: sqlite3.Connection) -> None:
    tables.create_tables(connection)  # adds `withdrawn`: rows that were removed, for a projection to follow


_PLAIN_NAMES: Final = """
ALTER TABLE settled RENAME TO stored_value;
ALTER TABLE stored_value RENAME COLUMN space TO key;
ALTER TABLE crowd RENAME TO people_estimate;
ALTER TABLE stale RENAME TO stale_history;
UPDATE meta SET name = 'accepted_from_ms' WHERE name = 'taken_from_ms';
UPDATE meta SET name = 'restored_position:' || substr(name, 15) WHERE name GLOB 'restored_mark:*';
DELETE FROM meta WHERE name = 'proof'
"""


def _version_8(connection: sqlite3.Connection) -> None:
    """Rename tables and keys; begin every stored value with its kind and version 1."""
    for statement in _PLAIN_NAMES.split(";"):
        connection.execute(statement)
    for table, key in (("stored_value", "key"), ("checkpoint", "space"), ("people_estimate", "at_ms")):
        for name, body in connection.execute(f"SELECT {key}, body FROM {table}").fetchall():  # noqa: S608 - our own names
            connection.execute(
                f"UPDATE {table} SET body = ? WHERE {key} = ?",  # noqa: S608 - our own names
                (_add_header(table, str(name), body), name),
            )


def _add_header(table: str, key: str, body: bytes) -> bytes:
    """Add the header of version 1. A body that cannot be decoded stays so, and is found as damaged later."""
    if table == "people_estimate":
        kind = BlobKind.PEOPLE_ESTIMATE
    elif key == "adjustments:now":
        kind = BlobKind.ADJUSTMENTS
        with contextlib.suppress(msgspec.DecodeError):  # they were JSON
            body = msgspec.msgpack.encode(msgspec.json.decode(body))
    elif key == "alerts:notes":
        kind = BlobKind.ALERT_NOTES
    elif key == "health:notes":
        kind = BlobKind.HEALTH_NOTES
    elif key.startswith("health:"):
        kind = BlobKind.SENSOR_HISTORIES
    else:
        kind = BlobKind.AIR if key.startswith("air:") else BlobKind.EVIDENCE
    return bytes((kind, 1)) + body


def _version_9(connection: sqlite3.Connection) -> None:
    """Replace the sentences of reasons with codes; the text of an unlisted one stays in `detail`."""
    for table in ("gap", "quarantine"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN detail TEXT NOT NULL DEFAULT ''")
        for (sentence,) in connection.execute(f"SELECT DISTINCT reason FROM {table}").fetchall():  # noqa: S608 - our own names
            reason = find_loss_reason(sentence)
            connection.execute(
                f"UPDATE {table} SET reason = ?, detail = ? WHERE reason = ?",  # noqa: S608 - our own names
                (reason, sentence if reason is LossReason.OTHER else "", sentence),
            )


MIGRATION_STEPS: Final[tuple[MigrationStep, ...]] = (
    _version_1,
    _version_2,
    _version_3,
    _version_4,
    _version_5,
    _version_6,
    _version_7,
    _version_8,
    _version_9,
)
"""The step at index n leads from version n to version n + 1."""
