"""Keeps events until the collector has them: one SQLite file.

In:    what sensors said, many at a time; receipts.
Out:   the same events by their row number (`seq`), in the order they came.
Never: the network, clocks, threads. One thread owns an outbox, one process a file.

When `append` returns, its events are on the disk (WAL, `synchronous=FULL`): a power cut loses none of them. Measured
with a disk that forgets what was not synced: NORMAL lost hundreds of commits, FULL none.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from edge.file_access import access_problem
from edge.message import SensorEvent
from edge.outbox import schema
from edge.outbox.rows import KINDS, VERSION, Holes, Row, Said, State, new_row
from edge.outbox.salvage import log_of, newest_state, states_in_log
from edge.plurals import counted
from edge.sqlite_check import integrity_problem
from edge.sqlite_transaction import transaction

SCHEMA_VERSION: Final = VERSION
ASIDES: Final = 3
"""Damaged files that are kept beside the outbox at most."""
_SELECT: Final = f"SELECT {schema.COLUMNS}, sum FROM events"  # noqa: S608 - our own names
_ENVIRONMENT: Final = frozenset(
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
"""Primary codes of faults that pass; under every other one the file is not what an outbox wrote."""
_HEADER_BYTES: Final = 100

log = logging.getLogger(__name__)


class OutboxRejected(ValueError):
    """The file was made by a newer Ledig. Opening it again cannot help."""


class OutboxAway(ConnectionError):
    """The disk is full, read-only or gone, or another agent has the file. The same call may succeed later."""


class OutboxCorrupt(OutboxAway):
    """The file is damaged: open it again, and what is sound of it goes into a new one."""


class Outbox:
    """An open outbox. Every method raises OutboxAway when the disk refuses, and then changed nothing.

    A row whose checksum is wrong is a hole. Nothing is read beyond a hole until everything before it is covered; then
    the hole is dropped and counted, `oldest` moves behind it, and so the collector reports exactly that gap.
    """

    def __init__(self, path: Path, *, max_events: int, boot: str) -> None:
        """Open the file, or make it.

        Args:
            path: the file; of a damaged one the sound rows go into a new file, and it is kept beside that.
            max_events: beyond, the oldest are dropped and counted.
            boot: names this boot of the machine. Events of a former boot that never got their time keep the
                time of day as the machine had it then, marked as not synchronised.

        Raises:
            OutboxRejected: a newer Ledig made it.
            OutboxAway: the disk, or another agent.
        """
        self._path, self._max_events, self._boot = path, max_events, boot
        self.stream = ""
        self.oldest, self.last, self.dropped = 1, 0, 0
        self.inherited = 0
        """The last event that was there when the file was opened: no collector can have a later one."""
        self.has_residue = False
        """Whether the log may still hold events that are deleted."""
        self._holes = Holes()
        self._unstamped: int | None = None
        """The first event without a time of day."""
        try:
            self._open()
        except OutboxCorrupt as fault:
            with self._disk():
                log.error("%s; %s", fault, schema.replace_damaged(path, ASIDES))  # noqa: TRY400 - one plain line
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
        rows = [new_row(self.last + number, each, self._boot) for number, each in enumerate(said, start=1)]
        last = self.last + len(rows)
        oldest = max(self.oldest, last - self._max_events + 1)
        lost += oldest - self.oldest
        with self._transaction() as db:
            schema.insert(db, self.stream, rows)
            if oldest > self.oldest:
                db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
            self._write_state(db, last, self.dropped + lost)
        if self._unstamped is None:
            self._unstamped = next((row.seq for row in rows if row.at_ms is None), None)
        self.last, self.dropped = last, self.dropped + lost
        self._move(oldest)

    def stamp(self, offset_ms: int) -> None:
        """Give every event of this boot that waits for it its time: monotonic plus `offset_ms`."""
        if self._unstamped is None:
            return
        with self._transaction() as db:
            for row in self._sound_rows(db, self._unstamped):
                if row.at_ms is None:
                    at_ms = max(0, (row.monotonic_ms or 0) + offset_ms)
                    self._rewrite(db, row.seq, _stamped(row, at_ms, row.synchronised))
        self._unstamped = None

    def read(self, from_seq: int, limit: int) -> list[SensorEvent]:
        """At most `limit` events from `from_seq` on, up to the first that has no time of day yet, or is a hole."""
        from_seq = max(from_seq, self.oldest)
        ends = [end for end in (self._unstamped, self._holes.first_from(from_seq)) if end is not None]
        with self._disk():
            found = self._db.execute(
                f"{_SELECT} WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
                (from_seq, min(ends, default=self.last + 1), limit),
            ).fetchall()
        events: list[SensorEvent] = []
        for *columns, checksum in found:
            row = Row._make(columns)
            expected = from_seq + len(events)
            if row.seq != expected or not self._is_sound(row, checksum):
                self._lose(expected, max(expected, row.seq - 1))
                break
            events.append(row.event())
        return events

    def cover(self, seq: int) -> None:
        """The collector has everything up to `seq`: delete it."""
        seq = min(seq, self.last)
        if seq >= self.oldest:
            self._drop_below(seq + 1, counted=0)

    def renew(self) -> None:
        """Begin a new stream with the events held, numbered from 1.

        For a file older than what the collector has from it, as after a memory card was restored from a copy: its
        next numbers were used before, and the collector would take new events for repeats.
        """
        stream, below = schema.new_stream(), self.oldest - 1
        with self._transaction() as db:
            for row in self._sound_rows(db, self.oldest):
                self._rewrite(db, row.seq, row._replace(seq=row.seq - below), stream)
            self._write_state(db, self.last - below, self.dropped, stream)
        self.stream, self.oldest, self.last = stream, 1, self.last - below
        self._holes.shift(-below)
        self._unstamped = None if self._unstamped is None else self._unstamped - below
        self.inherited = self.last  # no collector knows the new name

    def forget(self, before_ms: int) -> None:
        """Drop the oldest events until one happened at or after `before_ms`, or waits for its time; count them."""
        with self._disk():
            found = self._db.execute(
                "SELECT seq FROM events WHERE at_ms >= ? OR at_ms IS NULL ORDER BY seq LIMIT 1", (before_ms,)
            ).fetchone()
        oldest = self.last + 1 if found is None else found[0]
        if oldest > self.oldest:
            self._drop_below(oldest, counted=oldest - self.oldest)

    def clear_log(self) -> None:
        """Write the log into the file and empty it: what was deleted can be read in neither."""
        with self._disk():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.has_residue = False

    def close(self) -> None:
        """Close the file; what it holds is kept."""
        self._db.close()

    # Opening

    def _open(self) -> None:
        with self._disk():
            schema.finish_replacement(self._path)
            _check_header(self._path)
            self._db = schema.connect(self._path)
        try:
            with self._disk():
                self._prepare()
        except Exception:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        in_log = list(states_in_log(self._path))  # before SQLite drops what it cannot read there
        for pragma in schema.PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        with transaction(db):  # takes the lock, so that a second agent fails here
            self._bring_up_to_date(db)
        with transaction(db):
            state = self._read_state(db)
            self.stream, self.dropped = state.stream, state.dropped
            known = [each.last for each in in_log if each.stream == state.stream]
            self._find_holes(db, state.last, max([state.last, *known]))
            self._stamp_former_boots(db)
            self._write_state(db, self.last, self.dropped)
        self.inherited = self.last
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._skip_holes()

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if version > VERSION:
            ours = newest_state(self._path)
            if ours is not None and ours.version <= VERSION:
                raise OutboxCorrupt(f"{self._path} is damaged: its version is {version}, its state's {ours.version}")
            raise OutboxRejected(
                f"{self._path} has schema {version}, this Ledig knows {VERSION};"
                " install the newer Ledig again, or move the file away (its events are then not sent)"
            )
        if version == 0 and not tables:
            schema.create(db, State(schema.new_stream(), 0, 0))
        elif version == 0 or integrity_problem(db, "quick_check"):
            raise OutboxCorrupt(f"{self._path} is damaged")
        elif version == 1:
            schema.migrate_from_1(db)

    def _read_state(self, db: sqlite3.Connection) -> State:
        found = [state for (line,) in db.execute("SELECT state FROM outbox") for state in State.found_in(line.encode())]
        if len(found) != 1:
            raise OutboxCorrupt(f"{self._path} is damaged: its state has a wrong checksum")
        return found[0]

    def _find_holes(self, db: sqlite3.Connection, last: int, last_in_log: int) -> None:
        """Find every number without a sound row, from the first row to the highest number ever given."""
        self._holes, self._unstamped = Holes(), None
        first_seq, expected, lost = 0, 0, 0
        unsound: list[tuple[int]] = []
        for *columns, checksum in db.execute(f"{_SELECT} ORDER BY seq"):
            row = Row._make(columns)
            if not self._is_sound(row, checksum):
                unsound.append((row.seq,))  # its number may be wrong too
                continue
            if not expected:
                first_seq = expected = min([row.seq, *(seq for (seq,) in unsound)])
            self._holes.add(expected, row.seq - 1)
            lost += row.seq - expected
            if row.at_ms is None and self._unstamped is None:
                self._unstamped = row.seq
            expected = row.seq + 1
        if not expected:
            first_seq = expected = min([seq for (seq,) in unsound if 0 < seq <= last], default=last + 1)
        self.last = max(last_in_log, expected - 1)
        self._holes.add(expected, self.last)
        lost += self.last + 1 - expected
        self.oldest = max(1, first_seq)
        db.executemany("DELETE FROM events WHERE seq = ?", unsound)
        if lost:
            log.error("%s: damaged and reported as lost: %s; the others are sent", self._path, counted(lost, "event"))

    def _stamp_former_boots(self, db: sqlite3.Connection) -> None:
        if self._unstamped is None:
            return
        first: int | None = None
        for row in self._sound_rows(db, self._unstamped):
            if row.at_ms is None and row.boot != self._boot:
                self._rewrite(db, row.seq, _stamped(row, row.wall_ms or 0, 0))
            elif row.at_ms is None and first is None:
                first = row.seq
        self._unstamped = first

    # Rows and holes

    def _is_sound(self, row: Row, checksum: object) -> bool:
        return checksum == row.sum(self.stream) and row.kind in KINDS

    def _sound_rows(self, db: sqlite3.Connection, from_seq: int) -> Iterator[Row]:
        """Every sound row from a number on, in chunks, while the caller rewrites those it got."""
        after = from_seq - 1
        while True:
            found = db.execute(f"{_SELECT} WHERE seq > ? ORDER BY seq LIMIT ?", (after, schema.CHUNK_ROWS)).fetchall()
            if not found:
                return
            for *columns, checksum in found:
                row = Row._make(columns)
                after = row.seq
                if self._is_sound(row, checksum):
                    yield row

    def _rewrite(self, db: sqlite3.Connection, seq: int, row: Row, stream: str | None = None) -> None:
        db.execute("DELETE FROM events WHERE seq IN (?, ?)", (seq, row.seq))
        schema.insert(db, stream or self.stream, [row])

    def _lose(self, first: int, last: int) -> None:
        log.error("%s: events %d to %d are damaged; they are reported as lost", self._path, first, last)
        self._holes.add(first, last)
        self._skip_holes()

    def _skip_holes(self) -> None:
        """Drop a hole once everything before it is covered, and count it."""
        end = self._holes.end_of(self.oldest)
        if end is not None:
            self._drop_below(end + 1, counted=end + 1 - self.oldest)

    def _drop_below(self, oldest: int, counted: int) -> None:
        """Delete everything below `oldest`, and the hole that begins there."""
        end = self._holes.end_of(oldest)
        if end is not None:
            oldest, counted = end + 1, counted + end + 1 - oldest
        with self._transaction() as db:
            db.execute("DELETE FROM events WHERE seq < ?", (oldest,))
            if counted:
                self._write_state(db, self.last, self.dropped + counted)
        self.dropped += counted
        self._move(oldest)

    def _move(self, oldest: int) -> None:
        if oldest > self.oldest:
            self.oldest, self.has_residue = oldest, True
            self._holes.forget_below(oldest)
            if self._unstamped is not None and self._unstamped < oldest:
                self._unstamped = self._first_unstamped()

    def _first_unstamped(self) -> int | None:
        with self._disk():
            (seq,) = self._db.execute("SELECT min(seq) FROM events WHERE at_ms IS NULL").fetchone()
        return None if seq is None else int(seq)

    def _write_state(self, db: sqlite3.Connection, last: int, dropped: int, stream: str | None = None) -> None:
        db.execute("UPDATE outbox SET state = ?", (State(stream or self.stream, last, dropped).line(),))

    # The disk

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._disk(), transaction(self._db):
            yield self._db

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what SQLite and the system report into whose move it is."""
        try:
            yield
        except sqlite3.Error as fault:
            code = getattr(fault, "sqlite_errorcode", None)
            if code is not None and code & 0xFF in _ENVIRONMENT:
                raise OutboxAway(f"{self._path} cannot be used: {fault}; {self._remedy()}") from fault
            if code is None:
                raise  # the module refuses our own call: a bug
            raise OutboxCorrupt(f"{self._path} is damaged: {fault}") from fault
        except UnicodeError as fault:  # Python cannot read SQLite's own message about a damaged schema
            raise OutboxCorrupt(f"{self._path} is damaged: its schema is no text") from fault
        except OutboxAway:
            raise
        except OSError as fault:
            raise OutboxAway(f"{self._path} cannot be used: {fault.strerror or fault}; {self._remedy()}") from fault

    def _remedy(self) -> str:
        """SQLite reports a file of another user as a failing disk."""
        with suppress(OSError):  # a disk that fails may not even show owner and mode
            return access_problem(self._path) or "check the disk"
        return "check the disk"


def _stamped(row: Row, at_ms: int, synchronised: int) -> Row:
    return row._replace(at_ms=at_ms, synchronised=synchronised, monotonic_ms=None, wall_ms=None, boot=None)


def _check_header(path: Path) -> None:
    """Some damaged headers make SQLite call the file read-only or not openable, which would be waited out for ever.

    Raises:
        OutboxCorrupt: it is no header of a file that an outbox made.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        header = b""
    if not header and not log_of(path).exists():
        return
    sound = (
        len(header) == _HEADER_BYTES
        and header[:18] == b"SQLite format 3\0\x10\0"
        and set(header[18:20]) <= {1, 2}
        and header[20:24] == bytes((0, 64, 32, 32))
        and header[52:60] in (bytes(8), bytes(7) + b"\x01")
    )
    if not sound:
        raise OutboxCorrupt(f"{path} is damaged: its header is not that of an outbox")
