"""Locks and checks the file of an outbox before it is used, and brings its tables to the present version.

In:    the path; an open connection to the file.
Out:   the lock, tables of the present version and their state; or the error that the file causes.
Never: the search for holes among the rows.
"""

import sqlite3
from pathlib import Path
from typing import Final

from edge.outbox import outbox_schema
from edge.outbox.outbox_errors import OutboxAway, OutboxCorrupt, OutboxInUse, OutboxRejected, translate_errors
from edge.outbox.outbox_rows import OUTBOX_VERSION, OutboxState
from edge.outbox.salvage import find_newest_state, wal_path
from edge.process.file_access import find_access_problem, find_obstacle
from edge.process.file_lock import FileLock, LockInUse
from edge.process.sqlite_check import find_integrity_problem

_HEADER_BYTES: Final = 100
_VERSION_BYTES: Final = slice(60, 64)
"""The user version in the header."""


def lock_outbox(path: Path) -> FileLock:
    """Lock the file for this process.

    Raises:
        OutboxInUse: another agent uses it.
        OutboxAway: the disk is unavailable.
    """
    with translate_errors(path):
        try:
            return FileLock(path, "agent")
        except LockInUse as fault:
            raise OutboxInUse(str(fault)) from fault


def read_header(path: Path) -> bytes:
    """Return the file's checked header; empty for a new file.

    SQLite reports some damaged headers as temporary faults, which are retried.

    Raises:
        OutboxCorrupt: it is not the header of an outbox.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        header = b""
    if not header and not wal_path(path).exists():
        return header
    is_sound = (
        len(header) == _HEADER_BYTES
        and header[:18] == b"SQLite format 3\0\x10\0"
        and set(header[18:20]) <= {1, 2}
        and header[20:24] == bytes((0, 64, 32, 32))
        and header[52:60] in (bytes(8), bytes(7) + b"\x01")
    )
    if not is_sound:
        raise OutboxCorrupt(f"{path} is damaged: its header is not that of an outbox")
    return header


def bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or migrate those of an older version; inside a transaction.

    Raises:
        OutboxCorrupt: the file is damaged.
        OutboxRejected: a newer version of Ledig wrote it.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if version > OUTBOX_VERSION:
        ours = find_newest_state(path)
        if ours is not None and ours.version <= OUTBOX_VERSION:
            raise OutboxCorrupt(f"{path} is damaged: its version is {version}, its state's {ours.version}")
        raise _make_version_error(path, version)
    if version == 0 and not tables:
        outbox_schema.create_tables(db, OutboxState(outbox_schema.create_stream_id(), 0, 0))
    elif version == 0 or find_integrity_problem(db, "quick_check"):
        raise OutboxCorrupt(f"{path} is damaged")
    elif version == 1:
        outbox_schema.migrate_from_1(db)


def read_state(db: sqlite3.Connection, path: Path) -> OutboxState:
    """Read the state of the outbox.

    Raises:
        OutboxCorrupt: its checksum is wrong.
    """
    found = [
        state for (line,) in db.execute("SELECT state FROM outbox") for state in OutboxState.find_in(line.encode())
    ]
    if len(found) != 1:
        raise OutboxCorrupt(f"{path} is damaged: its state has a wrong checksum")
    return found[0]


def check_outbox(path: Path) -> None:
    """Check that an agent can open this outbox, or create it; nothing is changed.

    A damaged file is not a problem, because an agent replaces it. A running agent may use the file.

    Raises:
        OutboxRejected, OutboxAway: as when it is opened.
    """
    if remedy := "; ".join(find_obstacle(path) or ()) or find_access_problem(path):
        raise OutboxAway(f"{path} cannot be used: {remedy}")
    try:
        header = read_header(path)
    except OutboxCorrupt:
        return
    if (version := int.from_bytes(header[_VERSION_BYTES], "big")) > OUTBOX_VERSION:
        raise _make_version_error(path, version)


def _make_version_error(path: Path, version: int) -> OutboxRejected:
    return OutboxRejected(
        f"{path} has schema {version}, this version of Ledig supports {OUTBOX_VERSION};"
        " install the newer version again, or move the file away (its events are then not sent)"
    )
