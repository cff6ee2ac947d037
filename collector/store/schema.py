"""The journal's tables, and the migrations of older files.

In:    an open SQLite connection.
Out:   the same connection, with the tables of this version.
Never: rows.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from collector.history import tables
from collector.history.measures import ZONE_FIVE_MIN, ZONE_HOUR
from collector.rollup import series
from collector.store import history_coarsening
from edge.process.sqlite_transaction import transaction

# Names are stored once; an event stores their numbers. `settled` holds the newest evidence of each space (and door, and
# air); `checkpoint` holds what remains of the erased events.
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

MigrationStep = Callable[[sqlite3.Connection], None]
"""Migrates the tables from one version to the next."""


def _version_1(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1.split(";"):  # executescript would commit
        connection.execute(statement)
    tables.create_tables(connection)


# `crowd` stores who was inside at the end of each five minutes of the last days: late events are counted from there.
_CROWD: Final = "CREATE TABLE crowd (at_ms INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"


def _version_2(connection: sqlite3.Connection) -> None:
    connection.execute(_CROWD)
    tables.create_tables(connection)  # adds the measures that version 1 lacks


def _version_3(connection: sqlite3.Connection) -> None:
    tables.create_tables(connection)
    for tags in tables.iterate_series(connection, ZONE_FIVE_MIN):  # sum up existing rows; stays exist from now on only
        rows = tables.read_rows(connection, ZONE_FIVE_MIN, tags, 0, 2**62)
        tables.upsert_rows(connection, ZONE_HOUR, series.compute_zone_hours(rows))


def _version_4(connection: sqlite3.Connection) -> None:
    """Clear minima of buckets with too many unknown spaces: they were stored as if those spaces were occupied."""
    for tags in tables.iterate_series(connection, ZONE_FIVE_MIN):
        rows = [
            series.drop_uncertain_minimum(row) for row in tables.read_rows(connection, ZONE_FIVE_MIN, tags, 0, 2**62)
        ]
        tables.upsert_rows(connection, ZONE_FIVE_MIN, rows)
        tables.upsert_rows(connection, ZONE_HOUR, series.compute_zone_hours(rows))


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


MIGRATION_STEPS: Final[tuple[MigrationStep, ...]] = (
    _version_1,
    _version_2,
    _version_3,
    _version_4,
    _version_5,
    _version_6,
    _version_7,
)
"""The step at index n leads from version n to version n + 1."""


class SchemaTooNew(ValueError):
    """A later version of Ledig wrote this file; this version cannot read it."""


def migrate_schema(connection: sqlite3.Connection, steps: Sequence[MigrationStep] = MIGRATION_STEPS) -> None:
    """Migrate the tables to the version that `steps` ends with, in one transaction.

    Raises:
        SchemaTooNew: the file has a later version.
        sqlite3.Error: a step failed; the file is unchanged.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise SchemaTooNew(f"its schema is version {version}; this Ledig supports {len(steps)}; install a newer Ledig")
    if version == len(steps):
        return
    with transaction(connection):
        for step in steps[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
