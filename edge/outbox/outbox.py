"""Keeps events until the collector has stored them: one SQLite file.

In:    batches of events; receipts.
Out:   the same events by their row number (`seq`), in the order they came.
Never: the network, clocks, threads. One thread owns an outbox, and one process owns its file.

When `append` returns, its events are on disk (WAL, `synchronous=FULL`): a power cut loses none of them. Measured with
a simulated disk that loses unsynced writes: NORMAL lost hundreds of commits, FULL none.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from edge.contract.message import EVENT_KIND_BY_NAME, SensorEvent
from edge.outbox import outbox_schema
from edge.outbox.outbox_rows import OUTBOX_VERSION, Holes, OutboxState, PendingEvent
from edge.outbox.salvage import find_newest_state, find_states_in_wal, wal_path
from edge.process.file_access import find_access_problem, find_obstacle
from edge.process.file_lock import FileLock, LockInUse
from edge.process.plurals import format_count
from edge.process.sqlite_check import find_integrity_problem
from edge.process.sqlite_transaction import transaction

SCHEMA_VERSION: Final = OUTBOX_VERSION
MAX_DAMAGED_FILES: Final = 3
"""At most this many damaged files are kept beside the outbox."""
_SELECT: Final = f"SELECT {outbox_schema.COLUMNS}, sum FROM events"  # noqa: S608 - our own names
_TEMPORARY_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    }
)
"""Primary codes of temporary faults; every other code means that the file is damaged."""
_HEADER_BYTES: Final = 100
_VERSION_BYTES: Final = slice(60, 64)
"""The user version in the header."""

log = logging.getLogger(__name__)


class OutboxRejected(ValueError):
    """A newer version of Ledig wrote the file. Opening it again cannot help."""


class OutboxInUse(OutboxRejected):
    """Another agent uses the file. It can be opened once that agent has ended."""


class OutboxAway(ConnectionError):
    """The disk is full, read-only or missing. The same call may succeed later."""


class OutboxCorrupt(OutboxAway):
    """The file is damaged. Opening it again moves its sound rows to a new file."""


class Outbox:
    """An open outbox. If the disk is unavailable, every method raises OutboxAway and changes nothing.

    A row whose checksum is wrong is a hole. Events after a hole are sent only after receipts cover every event before
    it. Then the hole is dropped and counted, and `oldest_seq` is the number after it: the collector records the hole as
    a gap.
    """

    def __init__(self, path: Path, *, max_events: int, boot: str) -> None:
        """Open the file, or create it.

        Args:
            path: the file. If it is damaged, its sound rows are moved to a new file and it is kept beside that.
            max_events: beyond this, the oldest events are dropped and counted.
            boot: id of this boot of the machine. Events of an earlier boot that never got their time of day keep the
                wall clock's time of then, marked as not synchronised.

        Raises:
            OutboxRejected: a newer version of Ledig wrote it, or another agent uses it.
            OutboxAway: the disk is unavailable.
        """
        self._path, self._max_events, self._boot = path, max_events, boot
        self.stream = ""
        self.oldest_seq, self.last_seq, self.dropped = 1, 0, 0
        self.last_seq_at_open = 0
        """The last event when the file was opened: no collector can have stored a later one."""
        self.has_deleted_in_log = False
        """Whether the write-ahead log may still hold deleted events."""
        self._holes = Holes()
        self._first_untimed_seq: int | None = None
        """The first event without a time of day."""
        with self._translate_errors():
            try:
                self._lock = FileLock(path, "agent")
            except LockInUse as fault:
                raise OutboxInUse(str(fault)) from fault
        try:
            self._open_or_replace()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def depth(self) -> int:
        """How many events the outbox holds."""
        return self.last_seq - self.oldest_seq + 1

    def append(self, events: Sequence[PendingEvent], lost: int = 0) -> None:
        """Write events in one transaction; they are on disk when it returns.

        Args:
            events: the events, oldest first.
            lost: number of events that were dropped before they came here; added to `dropped`.
        """
        rows = [event.assign_seq(seq, self._boot) for seq, event in enumerate(events, start=self.last_seq + 1)]
        last = self.last_seq + len(rows)
        oldest = max(self.oldest_seq, last - self._max_events + 1)
        lost += oldest - self.oldest_seq
        with self._transaction() as db:
            outbox_schema.insert_rows(db, self.stream, rows)
            if oldest > self.oldest_seq:
                db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
            self._write_state(db, last, self.dropped + lost)
        if self._first_untimed_seq is None:
            self._first_untimed_seq = next((row.seq for row in rows if row.at_ms is None), None)
        self.last_seq, self.dropped = last, self.dropped + lost
        self._move_oldest(oldest)

    def assign_times(self, offset_ms: int) -> None:
        """Set the time of day of every event of this boot that has none: monotonic time plus `offset_ms`."""
        if self._first_untimed_seq is None:
            return
        with self._transaction() as db:
            for row in self._sound_rows(db, self._first_untimed_seq):
                if row.at_ms is None:
                    at_ms = max(0, (row.monotonic_ms or 0) + offset_ms)
                    self._rewrite(db, row.seq, row.assign_time(at_ms, synchronised=bool(row.synchronised)))
        self._first_untimed_seq = None

    def read_events(self, from_seq: int, limit: int) -> list[SensorEvent]:
        """Read at most `limit` events from `from_seq` on, up to the first hole or event without a time of day."""
        from_seq = max(from_seq, self.oldest_seq)
        ends = [end for end in (self._first_untimed_seq, self._holes.first_from(from_seq)) if end is not None]
        with self._translate_errors():
            found = self._db.execute(
                f"{_SELECT} WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
                (from_seq, min(ends, default=self.last_seq + 1), limit),
            ).fetchall()
        events: list[SensorEvent] = []
        for *columns, checksum in found:
            row = PendingEvent._make(columns)
            expected = from_seq + len(events)
            if row.seq != expected or not self._is_sound(row, checksum):
                self._add_hole(expected, max(expected, row.seq - 1))
                break
            events.append(row.to_wire())
        return events

    def delete_covered(self, seq: int) -> None:
        """Delete everything up to `seq`: the collector has stored it."""
        seq = min(seq, self.last_seq)
        if seq >= self.oldest_seq:
            self._drop_below(seq + 1, counted=0)

    def start_new_stream(self) -> None:
        """Start a new stream with the events held, numbered from 1.

        Used if the file is older than what the collector has stored from it, for example after a memory card was
        restored from a copy: it would reuse numbers, and the collector would take new events for repeats.
        """
        stream, below = outbox_schema.create_stream_id(), self.oldest_seq - 1
        with self._transaction() as db:
            for row in self._sound_rows(db, self.oldest_seq):
                self._rewrite(db, row.seq, row._replace(seq=row.seq - below), stream)
            self._write_state(db, self.last_seq - below, self.dropped, stream)
        self.stream, self.oldest_seq, self.last_seq = stream, 1, self.last_seq - below
        self._holes.shift(-below)
        self._first_untimed_seq = None if self._first_untimed_seq is None else self._first_untimed_seq - below
        self.last_seq_at_open = self.last_seq  # no collector has an event of the new stream

    def delete_old(self, before_ms: int) -> None:
        """Drop and count the oldest events, up to the first from `before_ms` on or without a time of day."""
        with self._translate_errors():
            found = self._db.execute(
                "SELECT seq FROM events WHERE at_ms >= ? OR at_ms IS NULL ORDER BY seq LIMIT 1", (before_ms,)
            ).fetchone()
        oldest = self.last_seq + 1 if found is None else found[0]
        if oldest > self.oldest_seq:
            self._drop_below(oldest, counted=oldest - self.oldest_seq)

    def clear_log(self) -> None:
        """Write the log into the file and empty it, so that deleted events can be read in neither."""
        with self._translate_errors():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.has_deleted_in_log = False

    def close(self) -> None:
        """Close the file; its events are kept."""
        self._db.close()
        self._lock.release()

    # Opening

    def _open_or_replace(self) -> None:
        try:
            self._open()
        except OutboxCorrupt as fault:
            with self._translate_errors():
                outcome = outbox_schema.replace_damaged(self._path, MAX_DAMAGED_FILES)
                log.error("%s; %s", fault, outcome)  # noqa: TRY400 - one plain line
            self._open()

    def _open(self) -> None:
        with self._translate_errors():
            outbox_schema.finish_replacement(self._path)
            _check_header(self._path)
            self._db = outbox_schema.connect(self._path)
        try:
            with self._translate_errors():
                self._prepare_file()
        except Exception:
            self._db.close()
            raise

    def _prepare_file(self) -> None:
        db = self._db
        in_log = list(find_states_in_wal(self._path))  # before SQLite drops what it cannot read there
        for pragma in outbox_schema.PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        with transaction(db):  # takes SQLite's lock, so that no other program reads the file from here on
            self._bring_up_to_date(db)
        with transaction(db):
            state = self._read_state(db)
            self.stream, self.dropped = state.stream, state.dropped
            known = [item.last for item in in_log if item.stream == state.stream]
            self._find_holes(db, state.last, max([state.last, *known]))
            self._assign_times_of_earlier_boots(db)
            self._write_state(db, self.last_seq, self.dropped)
        self.last_seq_at_open = self.last_seq
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._skip_holes()

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if version > OUTBOX_VERSION:
            ours = find_newest_state(self._path)
            if ours is not None and ours.version <= OUTBOX_VERSION:
                raise OutboxCorrupt(f"{self._path} is damaged: its version is {version}, its state's {ours.version}")
            raise _make_version_error(self._path, version)
        if version == 0 and not tables:
            outbox_schema.create_tables(db, OutboxState(outbox_schema.create_stream_id(), 0, 0))
        elif version == 0 or find_integrity_problem(db, "quick_check"):
            raise OutboxCorrupt(f"{self._path} is damaged")
        elif version == 1:
            outbox_schema.migrate_from_1(db)

    def _read_state(self, db: sqlite3.Connection) -> OutboxState:
        found = [
            state for (line,) in db.execute("SELECT state FROM outbox") for state in OutboxState.find_in(line.encode())
        ]
        if len(found) != 1:
            raise OutboxCorrupt(f"{self._path} is damaged: its state has a wrong checksum")
        return found[0]

    def _find_holes(self, db: sqlite3.Connection, last: int, last_in_log: int) -> None:
        """Find every number without a sound row, from the first row to the highest number ever assigned."""
        self._holes, self._first_untimed_seq = Holes(), None
        first_seq, expected, lost = 0, 0, 0
        unsound: list[tuple[int]] = []
        for *columns, checksum in db.execute(f"{_SELECT} ORDER BY seq"):
            row = PendingEvent._make(columns)
            if not self._is_sound(row, checksum):
                unsound.append((row.seq,))  # its number may be wrong too
                continue
            if not expected:
                first_seq = expected = min([row.seq, *(seq for (seq,) in unsound)])
            self._holes.add(expected, row.seq - 1)
            lost += row.seq - expected
            if row.at_ms is None and self._first_untimed_seq is None:
                self._first_untimed_seq = row.seq
            expected = row.seq + 1
        if not expected:
            first_seq = expected = min([seq for (seq,) in unsound if 0 < seq <= last], default=last + 1)
        self.last_seq = max(last_in_log, expected - 1)
        self._holes.add(expected, self.last_seq)
        lost += self.last_seq + 1 - expected
        self.oldest_seq = max(1, first_seq)
        db.executemany("DELETE FROM events WHERE seq = ?", unsound)
        if lost:
            log.error(
                "%s: damaged and reported as lost: %s; the others are sent", self._path, format_count(lost, "event")
            )

    def _assign_times_of_earlier_boots(self, db: sqlite3.Connection) -> None:
        if self._first_untimed_seq is None:
            return
        first_untimed: int | None = None
        for row in self._sound_rows(db, self._first_untimed_seq):
            if row.at_ms is None and row.boot != self._boot:
                self._rewrite(db, row.seq, row.assign_time(row.wall_ms or 0, synchronised=False))
            elif row.at_ms is None and first_untimed is None:
                first_untimed = row.seq
        self._first_untimed_seq = first_untimed

    # Rows and holes

    def _is_sound(self, row: PendingEvent, checksum: object) -> bool:
        return checksum == row.compute_checksum(self.stream) and row.kind in EVENT_KIND_BY_NAME

    def _sound_rows(self, db: sqlite3.Connection, from_seq: int) -> Iterator[PendingEvent]:
        """Yield every sound row from a number on, in chunks; the caller may rewrite rows that it has received."""
        after = from_seq - 1
        while True:
            found = db.execute(
                f"{_SELECT} WHERE seq > ? ORDER BY seq LIMIT ?", (after, outbox_schema.CHUNK_ROWS)
            ).fetchall()
            if not found:
                return
            for *columns, checksum in found:
                row = PendingEvent._make(columns)
                after = row.seq
                if self._is_sound(row, checksum):
                    yield row

    def _rewrite(self, db: sqlite3.Connection, seq: int, row: PendingEvent, stream: str | None = None) -> None:
        db.execute("DELETE FROM events WHERE seq IN (?, ?)", (seq, row.seq))
        outbox_schema.insert_rows(db, stream or self.stream, [row])

    def _add_hole(self, first: int, last: int) -> None:
        log.error("%s: events %d to %d are damaged; they are reported as lost", self._path, first, last)
        self._holes.add(first, last)
        self._skip_holes()

    def _skip_holes(self) -> None:
        """Drop and count a hole once receipts cover everything before it."""
        hole_end = self._holes.end_of(self.oldest_seq)
        if hole_end is not None:
            self._drop_below(hole_end + 1, counted=hole_end + 1 - self.oldest_seq)

    def _drop_below(self, oldest: int, counted: int) -> None:
        """Delete everything below `oldest` and a hole that begins there."""
        hole_end = self._holes.end_of(oldest)
        if hole_end is not None:
            oldest, counted = hole_end + 1, counted + hole_end + 1 - oldest
        with self._transaction() as db:
            db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
            if counted:
                self._write_state(db, self.last_seq, self.dropped + counted)
        self.dropped += counted
        self._move_oldest(oldest)

    def _move_oldest(self, oldest: int) -> None:
        if oldest > self.oldest_seq:
            self.oldest_seq, self.has_deleted_in_log = oldest, True
            self._holes.remove_below(oldest)
            if self._first_untimed_seq is not None and self._first_untimed_seq < oldest:
                self._first_untimed_seq = self._find_first_untimed()

    def _find_first_untimed(self) -> int | None:
        with self._translate_errors():
            (seq,) = self._db.execute("SELECT min(seq) FROM events WHERE at_ms IS NULL").fetchone()
        return None if seq is None else int(seq)

    def _write_state(self, db: sqlite3.Connection, last: int, dropped: int, stream: str | None = None) -> None:
        db.execute("UPDATE outbox SET state = ?", (OutboxState(stream or self.stream, last, dropped).format_line(),))

    # The disk

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._translate_errors(), transaction(self._db):
            yield self._db

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translate errors of SQLite and the system into OutboxAway or OutboxCorrupt."""
        try:
            yield
        except sqlite3.Error as fault:
            code = getattr(fault, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _TEMPORARY_CODES:
                raise OutboxAway(f"{self._path} cannot be used: {fault}; {self._remedy()}") from fault
            if code is None:
                raise  # the sqlite3 module rejects our call: a bug
            raise OutboxCorrupt(f"{self._path} is damaged: {fault}") from fault
        except UnicodeError as fault:  # Python cannot read SQLite's own message about a damaged schema
            raise OutboxCorrupt(f"{self._path} is damaged: its schema is not text") from fault
        except OutboxAway:
            raise
        except OSError as fault:
            raise OutboxAway(f"{self._path} cannot be used: {fault.strerror or fault}; {self._remedy()}") from fault

    def _remedy(self) -> str:
        """Return the remedy; SQLite reports a file of another user as a failing disk."""
        with suppress(OSError):  # a disk that fails may not even show owner and mode
            if obstacle := find_obstacle(self._path):
                return "; ".join(obstacle)
            return find_access_problem(self._path) or "check the disk"
        return "check the disk"


def _check_header(path: Path) -> None:
    """Check the file's header: SQLite reports some damaged headers as temporary faults, which are retried.

    Raises:
        OutboxCorrupt: it is not the header of an outbox.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        header = b""
    if not header and not wal_path(path).exists():
        return
    is_sound = (
        len(header) == _HEADER_BYTES
        and header[:18] == b"SQLite format 3\0\x10\0"
        and set(header[18:20]) <= {1, 2}
        and header[20:24] == bytes((0, 64, 32, 32))
        and header[52:60] in (bytes(8), bytes(7) + b"\x01")
    )
    if not is_sound:
        raise OutboxCorrupt(f"{path} is damaged: its header is not that of an outbox")


def check_outbox(path: Path) -> None:
    """Check that an agent can open this outbox, or create it; nothing is changed.

    A damaged file is not a problem, because an agent replaces it. A running agent may use the file.

    Raises:
        OutboxRejected, OutboxAway: as when it is opened.
    """
    if remedy := "; ".join(find_obstacle(path) or ()) or find_access_problem(path):
        raise OutboxAway(f"{path} cannot be used: {remedy}")
    try:
        _check_header(path)
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except (FileNotFoundError, OutboxCorrupt):
        return
    if (version := int.from_bytes(header[_VERSION_BYTES], "big")) > OUTBOX_VERSION:
        raise _make_version_error(path, version)


def _make_version_error(path: Path, version: int) -> OutboxRejected:
    return OutboxRejected(
        f"{path} has schema {version}, this version of Ledig supports {OUTBOX_VERSION};"
        " install the newer version again, or move the file away (its events are then not sent)"
    )
