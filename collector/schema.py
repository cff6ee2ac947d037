"""The tables of the journal, and how an older file becomes one of today.

In:    an open SQLite connection.
Out:   the same, with the tables of this version.
Never: rows.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from collector import series
from collector.history import ZONE_FIVE_MIN, ZONE_HOUR, coarsening, tables
from edge.sqlite_transaction import transaction

# Names stand once; an event has their numbers. `settled` is what the newest events left behind of each space (and door,
# and air); `checkpoint` is what those left behind that are erased.
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

Step = Callable[[sqlite3.Connection], None]
"""Brings the tables from one version to the next."""


def _version_1(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1.split(";"):  # executescript would commit
        connection.execute(statement)
    tables.create(connection)


# `crowd` is who was inside at the end of each five minutes of the last days: a late event is counted from there.
_CROWD: Final = "CREATE TABLE crowd (at_ms INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"


def _version_2(connection: sqlite3.Connection) -> None:
    connection.execute(_CROWD)
    tables.create(connection)  # measures that version 1 had not: those that are there stay


def _version_3(connection: sqlite3.Connection) -> None:
    tables.create(connection)
    for tags in tables.series(connection, ZONE_FIVE_MIN):  # what is there is added up; of stays, only those to come are
        rows = tables.read(connection, ZONE_FIVE_MIN, tags, 0, 2**62)
        tables.upsert(connection, ZONE_HOUR, series.zone_hours(rows))


def _version_4(connection: sqlite3.Connection) -> None:
    """Minima of buckets in which too much was unknown were stored as if the unknown spaces had been taken."""
    for tags in tables.series(connection, ZONE_FIVE_MIN):
        rows = [series.without_uncertain_minimum(row) for row in tables.read(connection, ZONE_FIVE_MIN, tags, 0, 2**62)]
        tables.upsert(connection, ZONE_FIVE_MIN, rows)
        tables.upsert(connection, ZONE_HOUR, series.zone_hours(rows))


_PLACE_OF_REFUSAL: Final = """
ALTER TABLE quarantine ADD COLUMN stream TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN sensor TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN field TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
CREATE INDEX quarantine_place ON quarantine (device, stream, first)
"""


def _version_5(connection: sqlite3.Connection) -> None:
    """Add the place of each refusal: stream, sequence numbers, sensor and field."""
    for statement in _PLACE_OF_REFUSAL.split(";"):
        connection.execute(statement)


def _version_6(connection: sqlite3.Connection) -> None:
    """Series told when within a bucket something changed, and counts of one to four."""
    connection.execute("PRAGMA secure_delete = ON")  # what is overwritten cannot be read in the file
    tables.create(connection)
    coarsening.coarsen(connection)


def _version_7(connection: sqlite3.Connection) -> None:
    tables.create(connection)  # `withdrawn`: rows that were taken back, for a projection to follow


STEPS: Final[tuple[Step, ...]] = (_version_1, _version_2, _version_3, _version_4, _version_5, _version_6, _version_7)
"""The step at place n leads from version n to version n + 1."""


class SchemaTooNew(ValueError):
    """A later Ledig wrote this file; this one would not understand it."""


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the tables to the version that `steps` ends with, all in one transaction or not at all.

    Raises:
        SchemaTooNew: the file has a later version.
        sqlite3.Error: a step failed; the file is as it was.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise SchemaTooNew(f"its schema is version {version}; this Ledig knows {len(steps)}; install a newer Ledig")
    if version == len(steps):
        return
    with transaction(connection):
        for step in steps[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
