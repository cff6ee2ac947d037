"""Keeps events until the collector has them: one SQLite file.

In:    what sensors said, many at a time; receipts.
Out:   the same events by their row number (`seq`), in the order they came.
Never: the network, clocks, threads. One thread owns an outbox, one process a file.

When `append` returns, its events are on the disk (WAL, `synchronous=FULL`): a power cut loses none of them. Measured
with a disk that forgets what was not synced: NORMAL lost hundreds of commits, FULL none.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from edge.message import Kind, SensorEvent
from edge.sqlite_transaction import transaction

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sensor TEXT NOT NULL,
    kind TEXT NOT NULL,
    value NUMERIC NOT NULL,
    at_ms INTEGER,              -- NULL until the time of day is known
    synchronised INTEGER NOT NULL DEFAULT 1,
    monotonic_ms INTEGER,       -- the next three only until then
    wall_ms INTEGER,
    boot TEXT
);
CREATE INDEX unstamped ON events (seq) WHERE at_ms IS NULL;
CREATE TABLE outbox (stream TEXT NOT NULL, dropped INTEGER NOT NULL);
"""
_KINDS = {kind.value: kind for kind in Kind}
_NOT_OURS = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

log = logging.getLogger(__name__)


class OutboxRejected(ValueError):
    """The file was made by a newer Ledig. Opening it again cannot help."""


class OutboxAway(ConnectionError):
    """The disk is full, read-only or gone, or another agent has the file. The same call may succeed later."""


class OutboxCorrupt(OutboxAway):
    """The file is damaged: open it again, and it is put aside for a new one."""


class Said(NamedTuple):
    """What a sensor said, before it has a number. `at_ms` is None until the time of day is known."""

    sensor: str
    kind: Kind
    value: float
    monotonic_ms: int
    wall_ms: int
    at_ms: int | None


class Outbox:
    """An open outbox. Every method raises OutboxAway when the disk refuses, and then changed nothing."""

    def __init__(self, path: Path, *, max_events: int, boot: str) -> None:
        """Open the file, or make it.

        Args:
            path: the file; a damaged one is renamed, said in one line of the log, and a new stream begins.
            max_events: beyond, the oldest are dropped and counted.
            boot: names this boot of the machine. Events of a former boot that never got their time keep the
                time of day as it was told then, marked as not synchronised.

        Raises:
            OutboxRejected: a newer Ledig made it.
            OutboxAway: the disk, or another agent.
        """
        self._path, self._max_events, self._boot = path, max_events, boot
        self.stream = ""
        self.oldest, self.last, self.dropped = 1, 0, 0
        self.inherited = 0
        """The last event that was there when the file was opened: nobody can have heard of a later one."""
        try:
            self._open()
        except OutboxCorrupt as fault:
            _put_aside(path, fault)
            self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def depth(self) -> int:
        """How many events it holds."""
        return self.last - self.oldest + 1

    def append(self, said: Sequence[Said], lost: int = 0) -> None:
        """Write many events in one transaction; on the disk when it returns.

        Args:
            said: the events, oldest first.
            lost: events that were dropped before they came here; they count in `dropped`.
        """
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO events (sensor, kind, value, at_ms, monotonic_ms, wall_ms, boot)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._row(each) for each in said),
            )
            oldest = max(self.oldest, self.last + len(said) - self._max_events + 1)
            lost += oldest - self.oldest
            if lost:
                db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
                db.execute("UPDATE outbox SET dropped = dropped + ?", (lost,))
        self.oldest, self.last, self.dropped = oldest, self.last + len(said), self.dropped + lost

    def stamp(self, offset_ms: int) -> None:
        """Give every event of this boot that waits for it its time: monotonic plus `offset_ms`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE events SET at_ms = max(0, monotonic_ms + ?), monotonic_ms = NULL, wall_ms = NULL, boot = NULL"
                " WHERE at_ms IS NULL",
                (offset_ms,),
            )

    def read(self, from_seq: int, limit: int) -> list[SensorEvent]:
        """At most `limit` events from `from_seq` on, up to the first that has no time of day yet."""
        with self._disk():
            rows = self._db.execute(
                "SELECT seq, sensor, at_ms, kind, value, synchronised FROM events WHERE seq >= ? AND seq <"
                " coalesce((SELECT min(seq) FROM events WHERE at_ms IS NULL), ?) ORDER BY seq LIMIT ?",
                (from_seq, self.last + 1, limit),
            )
            return [
                SensorEvent(seq, sensor, at_ms, _KINDS[kind], value, bool(synchronised))
                for seq, sensor, at_ms, kind, value, synchronised in rows
            ]

    def cover(self, seq: int) -> None:
        """The collector has everything up to `seq`: let go of it."""
        seq = min(seq, self.last)
        if seq < self.oldest:
            return
        with self._transaction() as db:
            db.execute("DELETE FROM events WHERE seq <= ?", (seq,))
        self.oldest = seq + 1

    def renew(self) -> None:
        """Begin a new stream with the events held, numbered from 1.

        For a file older than what the collector has from it, as after a memory card was restored from a copy: its
        next numbers were used before, and the collector would take new events for repeats.
        """
        stream, below = _stream(), self.oldest - 1
        with self._transaction() as db:
            db.execute("UPDATE outbox SET stream = ?", (stream,))
            db.execute("UPDATE events SET seq = -seq")  # by way of numbers that nobody has
            db.execute("UPDATE events SET seq = -seq - ?", (below,))
            db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'events'", (self.last - below,))
        self.stream, self.oldest, self.last = stream, 1, self.last - below
        self.inherited = self.last  # nobody knows the new name

    def forget(self, before_ms: int) -> None:
        """Drop the oldest events until one happened at or after `before_ms`, or waits for its time; count them."""
        with self._disk():
            found = self._db.execute(
                "SELECT seq FROM events WHERE at_ms >= ? OR at_ms IS NULL ORDER BY seq LIMIT 1", (before_ms,)
            ).fetchone()
        oldest = self.last + 1 if found is None else found[0]
        lost = oldest - self.oldest
        if lost <= 0:
            return
        with self._transaction() as db:
            db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
            db.execute("UPDATE outbox SET dropped = dropped + ?", (lost,))
        self.oldest, self.dropped = oldest, self.dropped + lost

    def close(self) -> None:
        """Close the file; what it holds is kept."""
        self._db.close()

    def _open(self) -> None:
        with self._disk():
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=0.1, check_same_thread=False)
        try:
            with self._disk():
                self._prepare()
        except Exception:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        for pragma in (
            "locking_mode = EXCLUSIVE",  # one agent a file; and no shared-memory file beside it
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",  # who sat where is gone when it is gone
            "cache_size = -256",
            "wal_autocheckpoint = 256",
        ):
            db.execute(f"PRAGMA {pragma}")
        with self._transaction():  # takes the lock, so that a second agent is told here
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise OutboxRejected(
                    f"{self._path} has schema {version}, this Ledig knows {SCHEMA_VERSION};"
                    " install the newer Ledig again, or move the file away (what it holds is then not handed over)"
                )
            if version == 0:
                self._create()
            elif db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise OutboxCorrupt(f"{self._path} is damaged")
            db.execute(
                "UPDATE events SET at_ms = wall_ms, synchronised = 0, monotonic_ms = NULL, wall_ms = NULL, boot = NULL"
                " WHERE at_ms IS NULL AND boot != ?",
                (self._boot,),
            )
        self.stream, self.dropped = db.execute("SELECT stream, dropped FROM outbox").fetchone()
        self.last = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()[0]
        self.oldest = db.execute("SELECT coalesce(min(seq), ?) FROM events", (self.last + 1,)).fetchone()[0]
        self.inherited = self.last

    def _create(self) -> None:
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                self._db.execute(statement)
        self._db.execute("INSERT INTO outbox VALUES (?, 0)", (_stream(),))
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _row(self, said: Said) -> tuple[object, ...]:
        if said.at_ms is not None:
            return said.sensor, said.kind, said.value, said.at_ms, None, None, None
        return said.sensor, said.kind, said.value, None, said.monotonic_ms, said.wall_ms, self._boot

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._disk(), transaction(self._db):
            yield self._db

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what SQLite says of the file into whose move it is."""
        try:
            yield
        except sqlite3.DatabaseError as fault:
            code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
            if code in _NOT_OURS:
                raise OutboxCorrupt(f"{self._path} is damaged: {fault}") from fault
            if isinstance(fault, sqlite3.OperationalError):
                raise OutboxAway(f"{self._path} cannot be used: {fault}; check the disk") from fault
            raise


def _stream() -> str:
    return os.urandom(8).hex()  # `secrets` would load OpenSSL, 4 MB, for the same


def _put_aside(path: Path, fault: OutboxCorrupt) -> None:
    """Rename a damaged file and what belongs to it, under the first number that is free."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for tail in ("", "-wal", "-shm"):
        part = path.with_name(path.name + tail)
        try:
            if part.exists():
                part.rename(aside.with_name(aside.name + tail))
        except OSError as why:
            raise OutboxAway(f"{fault}, and cannot be put aside: {why}; check the disk") from why
    log.error("%s; put aside as %s, a new outbox begins and its events are gone", fault, aside.name)
