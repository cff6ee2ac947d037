"""The tables of an outbox, how a file of an older version becomes one of today, and how a damaged one is replaced.

In:    an open SQLite connection, or the path of a damaged file.
Out:   tables of this version.
Never: a decision whether a file is damaged.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.outbox.rows import KINDS, VERSION, Row, State
from edge.outbox.salvage import log_of, newest_state, sound_rows
from edge.plurals import counted

# not AUTOINCREMENT: `last` in the state line is what keeps a number from being given twice
_EVENTS: Final = """
CREATE TABLE events (seq INTEGER PRIMARY KEY, sensor TEXT NOT NULL, kind TEXT NOT NULL, value NUMERIC NOT NULL,
    at_ms INTEGER, synchronised INTEGER NOT NULL, monotonic_ms INTEGER, wall_ms INTEGER, boot TEXT,
    sum INTEGER NOT NULL)
"""
_STATE: Final = "CREATE TABLE outbox (state TEXT NOT NULL)"
COLUMNS: Final = ", ".join(Row._fields)
INSERT: Final = f"INSERT INTO events ({COLUMNS}, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
CHUNK_ROWS: Final = 2000
PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",  # one agent a file; and no shared-memory file beside it
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",  # a deleted event cannot be read in the file
    "cache_size = -256",
    "wal_autocheckpoint = 256",
    "journal_size_limit = 0",
)

log = logging.getLogger(__name__)


def new_stream() -> str:
    """A name that no outbox had before."""
    return os.urandom(8).hex()


def connect(path: Path) -> sqlite3.Connection:
    """Open the file; text that is no UTF-8 is read with marks in it, and fails its checksum."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0.1, check_same_thread=False)
    db.text_factory = lambda raw: raw.decode(errors="replace")
    return db


def create(db: sqlite3.Connection, state: State) -> None:
    """Make the tables, inside a transaction."""
    db.execute(_STATE)  # the first page behind the header: it survives most truncations
    db.execute(_EVENTS)
    db.execute("INSERT INTO outbox VALUES (?)", (state.line(),))
    db.execute(f"PRAGMA user_version = {VERSION}")


def insert(db: sqlite3.Connection, stream: str, rows: Iterable[Row]) -> None:
    """Add rows with their checksums."""
    db.executemany(INSERT, ((*row, row.sum(stream)) for row in rows))


def migrate_from_1(db: sqlite3.Connection) -> None:
    """Version 1 had no checksums: what is no event by its kind and value is left out, and is a hole."""
    stream, dropped = db.execute("SELECT stream, dropped FROM outbox").fetchone()
    (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
    db.execute("ALTER TABLE events RENAME TO events_1")
    db.execute("DROP TABLE outbox")
    create(db, State(stream, last, dropped))
    after = -1
    while True:
        rows = db.execute(
            f"SELECT {COLUMNS} FROM events_1 WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - our own names
            (after, CHUNK_ROWS),
        ).fetchall()
        insert(db, stream, (row for row in map(Row._make, rows) if _is_event(row)))
        if not rows:
            break
        after = rows[-1][0]
    db.execute("DROP TABLE events_1")


def _is_event(row: Row) -> bool:
    kind = KINDS.get(row.kind)
    numbers = isinstance(row.value, int | float) and isinstance(
        row.at_ms if row.at_ms is not None else row.wall_ms, int
    )
    return kind is not None and numbers and kind.low <= row.value <= kind.high


def replace_damaged(path: Path, max_asides: int) -> str:
    """Put a damaged file aside, and what is sound of it into a new one under the same stream.

    The new file is complete before the damaged one is moved, so that a full disk or a power cut here loses nothing.

    Returns:
        What was done, in words.

    Raises:
        OSError, sqlite3.Error: the damaged file is where it was.
    """
    state = newest_state(path)
    beside = path.with_name(f"{path.name}.new")
    for part in (beside, log_of(beside)):
        part.unlink(missing_ok=True)
    count = 0
    if state is not None:
        count = _rebuild(beside, path, state)
    aside = _put_aside(path, max_asides)
    if state is None:
        return f"put aside as {aside.name}; nothing in it is readable, a new stream begins and its events are lost"
    beside.replace(path)
    _sync(path.parent)
    return f"put aside as {aside.name}; sound in it: {counted(count, 'event')}, the others are reported as lost"


def finish_replacement(path: Path) -> None:
    """Go on where a power cut interrupted `replace_damaged`; raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    if not path.exists() and beside.exists() and not log_of(beside).exists():
        beside.replace(path)


def _rebuild(beside: Path, damaged: Path, state: State) -> int:
    db = connect(beside)
    try:
        for pragma in PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN IMMEDIATE")
        create(db, state)
        db.executemany(  # the log may hold a row as it was before it had its time of day
            f"{INSERT} ON CONFLICT (seq) DO UPDATE SET at_ms = excluded.at_ms, synchronised = excluded.synchronised,"
            " monotonic_ms = NULL, wall_ms = NULL, boot = NULL, sum = excluded.sum"
            " WHERE at_ms IS NULL AND excluded.at_ms IS NOT NULL",
            ((*row, row.sum(state.stream)) for row in sound_rows(damaged, state.stream)),
        )
        last, count = db.execute("SELECT coalesce(max(seq), 0), count(*) FROM events").fetchone()
        if last > state.last:
            db.execute("UPDATE outbox SET state = ?", (state._replace(last=last).line(),))
        db.execute("COMMIT")
    finally:
        db.close()  # writes the log into the file and removes it
    return int(count)


def asides_of(path: Path) -> list[Path]:
    """The damaged files that were put aside, without their logs."""
    return [
        each for each in path.parent.glob(f"{path.name}.corrupt-*") if each.suffix.removeprefix(".corrupt-").isdigit()
    ]


def _put_aside(path: Path, most: int) -> Path:
    """Rename a damaged file and its log under the next number; only the newest few are kept."""
    numbers = sorted(int(each.suffix.removeprefix(".corrupt-")) for each in asides_of(path))
    aside = path.with_name(f"{path.name}.corrupt-{numbers[-1] + 1 if numbers else 1}")
    for old in numbers[: max(0, len(numbers) - most + 1)]:
        remove_aside(path.with_name(f"{path.name}.corrupt-{old}"))
    for part, target in ((log_of(path), log_of(aside)), (path, aside)):
        if part.exists():
            part.rename(target)
    return aside


def remove_old_asides(path: Path, before_ms: int) -> None:
    """Delete damaged files that were last written before a moment: they hold events too. One that cannot be, stays."""
    for aside in asides_of(path):
        with contextlib.suppress(OSError):
            if aside.stat().st_mtime_ns // 1_000_000 < before_ms:
                remove_aside(aside)


def remove_aside(aside: Path) -> None:
    """Delete a damaged file for good."""
    for part in (log_of(aside), aside):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
