"""The tables of an outbox, the migration of older files, and the replacement of damaged files.

In:    an open SQLite connection, or the path of a damaged file.
Out:   tables of the present version.
Never: the decision whether a file is damaged.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from edge.contract.message import EVENT_KIND_BY_NAME
from edge.outbox.outbox_rows import OUTBOX_VERSION, OutboxState, PendingEvent
from edge.outbox.salvage import find_newest_state, read_sound_rows, wal_path
from edge.process.file_access import make_private
from edge.process.plurals import format_count

# not AUTOINCREMENT: `last` in the state line prevents that a number is assigned twice
_EVENTS_TABLE: Final = """
CREATE TABLE events (seq INTEGER PRIMARY KEY, sensor TEXT NOT NULL, kind TEXT NOT NULL, value NUMERIC NOT NULL,
    at_ms INTEGER, synchronised INTEGER NOT NULL, monotonic_ms INTEGER, wall_ms INTEGER, boot TEXT,
    sum INTEGER NOT NULL)
"""
_STATE_TABLE: Final = "CREATE TABLE outbox (state TEXT NOT NULL)"
COLUMNS: Final = ", ".join(PendingEvent._fields)
INSERT_EVENT: Final = f"INSERT INTO events ({COLUMNS}, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
SELECT_EVENTS: Final = f"SELECT {COLUMNS}, sum FROM events"  # noqa: S608 - our own names
_CHUNK_ROWS: Final = 2000
_MAX_DAMAGED_FILES: Final = 3
"""At most this many damaged files are kept beside the outbox."""
PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",  # one agent per file, and no shared-memory file beside it
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",  # a deleted event cannot be read in the file
    "cache_size = -256",
    "wal_autocheckpoint = 256",
    "journal_size_limit = 0",
)

log = logging.getLogger(__name__)


def create_stream_id() -> str:
    """Create the random id of a new stream."""
    return os.urandom(8).hex()


def connect(path: Path) -> sqlite3.Connection:
    """Open the file; invalid UTF-8 is read with replacement characters, and then fails its checksum."""
    make_private(path)
    db = sqlite3.connect(path, isolation_level=None, timeout=0.1, check_same_thread=False)
    db.text_factory = lambda raw: raw.decode(errors="replace")
    return db


def create_tables(db: sqlite3.Connection, state: OutboxState) -> None:
    """Create the tables, inside a transaction."""
    db.execute(_STATE_TABLE)  # the first page after the header survives most truncations
    db.execute(_EVENTS_TABLE)
    db.execute("INSERT INTO outbox (state) VALUES (?)", (state.format_line(),))
    db.execute(f"PRAGMA user_version = {OUTBOX_VERSION}")


def insert_rows(db: sqlite3.Connection, stream: str, rows: Iterable[PendingEvent]) -> None:
    """Insert rows with their checksums."""
    db.executemany(INSERT_EVENT, ((*row, row.compute_checksum(stream)) for row in rows))


def iter_sound_rows(db: sqlite3.Connection, stream: str, from_seq: int) -> Iterator[PendingEvent]:
    """Yield every sound row from a number on, in chunks; the caller may rewrite rows that it has received."""
    after = from_seq - 1
    while True:
        found = db.execute(f"{SELECT_EVENTS} WHERE seq > ? ORDER BY seq LIMIT ?", (after, _CHUNK_ROWS)).fetchall()
        if not found:
            return
        for *columns, checksum in found:
            row = PendingEvent._make(columns)
            after = row.seq
            if row.is_sound(stream, checksum):
                yield row


def migrate_from_1(db: sqlite3.Connection) -> None:
    """Migrate version 1, which had no checksums; rows with an invalid kind or value become holes."""
    stream, dropped = db.execute("SELECT stream, dropped FROM outbox").fetchone()
    (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
    db.execute("ALTER TABLE events RENAME TO events_1")
    db.execute("DROP TABLE outbox")
    create_tables(db, OutboxState(stream, last, dropped))
    after = -1
    while True:
        rows = db.execute(
            f"SELECT {COLUMNS} FROM events_1 WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - our own names
            (after, _CHUNK_ROWS),
        ).fetchall()
        insert_rows(db, stream, (row for row in map(PendingEvent._make, rows) if _is_event(row)))
        if not rows:
            break
        after = rows[-1][0]
    db.execute("DROP TABLE events_1")


def _is_event(row: PendingEvent) -> bool:
    kind = EVENT_KIND_BY_NAME.get(row.kind)
    numbers = isinstance(row.value, int | float) and isinstance(
        row.at_ms if row.at_ms is not None else row.wall_ms, int
    )
    return kind is not None and numbers and kind.low <= row.value <= kind.high


def replace_damaged(path: Path) -> str:
    """Move a damaged file aside, and its sound rows to a new file with the same stream.

    The new file is complete before the damaged one is moved, so that a full disk or a power cut loses nothing.

    Returns:
        A description of what was done.

    Raises:
        OSError, sqlite3.Error: the damaged file was not moved.
    """
    state = find_newest_state(path)
    new_path = path.with_name(f"{path.name}.new")
    for part in (new_path, wal_path(new_path)):
        part.unlink(missing_ok=True)
    count = 0
    if state is not None:
        count = _build_replacement(new_path, path, state)
    aside = _move_aside(path)
    if state is None:
        return f"moved to {aside.name}; nothing in it is readable, its events are lost and a new stream starts"
    new_path.replace(path)
    _sync_folder(path.parent)
    return f"moved to {aside.name}; recovered: {format_count(count, 'event')}, the others are reported as lost"


def finish_replacement(path: Path) -> None:
    """Finish a `replace_damaged` that a power cut interrupted; may raise OSError."""
    new_path = path.with_name(f"{path.name}.new")
    if not path.exists() and new_path.exists() and not wal_path(new_path).exists():
        new_path.replace(path)


def _build_replacement(new_path: Path, damaged: Path, state: OutboxState) -> int:
    db = connect(new_path)
    try:
        for pragma in PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN IMMEDIATE")
        create_tables(db, state)
        db.executemany(  # the log may hold an older version of a row, without its time of day
            f"{INSERT_EVENT} ON CONFLICT (seq) DO UPDATE"
            " SET at_ms = excluded.at_ms, synchronised = excluded.synchronised,"
            " monotonic_ms = NULL, wall_ms = NULL, boot = NULL, sum = excluded.sum"
            " WHERE at_ms IS NULL AND excluded.at_ms IS NOT NULL",
            ((*row, row.compute_checksum(state.stream)) for row in read_sound_rows(damaged, state.stream)),
        )
        last, count = db.execute("SELECT coalesce(max(seq), 0), count(*) FROM events").fetchone()
        if last > state.last:
            db.execute("UPDATE outbox SET state = ?", (state._replace(last=last).format_line(),))
        db.execute("COMMIT")
    finally:
        db.close()  # writes the log into the file and removes it
    return int(count)


def list_damaged_files(path: Path) -> list[Path]:
    """List the damaged files that were moved aside, without their logs."""
    return [
        each for each in path.parent.glob(f"{path.name}.corrupt-*") if each.suffix.removeprefix(".corrupt-").isdigit()
    ]


def _move_aside(path: Path) -> Path:
    """Rename a damaged file and its log with the next number; keep only the newest files."""
    numbers = sorted(int(each.suffix.removeprefix(".corrupt-")) for each in list_damaged_files(path))
    aside = path.with_name(f"{path.name}.corrupt-{numbers[-1] + 1 if numbers else 1}")
    for old in numbers[: max(0, len(numbers) - _MAX_DAMAGED_FILES + 1)]:
        delete_damaged_file(path.with_name(f"{path.name}.corrupt-{old}"))
    for part, target in ((wal_path(path), wal_path(aside)), (path, aside)):
        if part.exists():
            part.rename(target)
    return aside


def delete_old_damaged_files(path: Path, before_ms: int) -> None:
    """Delete damaged files last written before `before_ms`, since they hold events; ignore errors."""
    for aside in list_damaged_files(path):
        with contextlib.suppress(OSError):
            if aside.stat().st_mtime_ns // 1_000_000 < before_ms:
                delete_damaged_file(aside)


def delete_damaged_file(aside: Path) -> None:
    """Delete a damaged file and its log."""
    for part in (wal_path(aside), aside):
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
