"""The collector's durable memory: one SQLite file, one writer.

In:    what the loop hands over, inside `with journal.transaction()`.
Out:   the same rows again; after a commit they are on the disk.
Never: judgement, threads, a second writer.

Readers open the file on their own, read-only and with `wal_autocheckpoint = 0`: SQLite before 3.51.3 can lose a
commit when two connections checkpoint, so this one alone does.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from collector.evidence import Heard, Transition
from collector.fair_share import evictions
from collector.history import tables
from collector.intake import Repeat, StreamKey
from collector.journal_faults import JournalAway, JournalInUse, JournalRejected, log_is_full, no_log, not_opened, told
from collector.lock import InUse, Lock
from collector.page_sums import PageSums, stored_sums
from collector.rejection import Gap, Loss, Refused
from collector.schema import STEPS, Step, migrate
from edge.message import Kind
from edge.sqlite_transaction import transaction

QUARANTINE_ROWS: Final = 1000
QUARANTINE_BYTES: Final = 2048
"""The most that is kept of one refused payload."""
GAP_ROWS: Final = 100_000
PROOF_BYTES: Final = 256 * 1024
WAIT_S: Final = 0.5
"""The longest that a reader or another program may hold up the loop."""
LOG_BYTES: Final = 4 * 1024 * 1024
"""A write-ahead log of this size is written into the file."""
MOST_LOG_BYTES: Final = 60 * 1024 * 1024
"""It grows no further, though a reader keeps it from being cut."""
FOREVER_MS: Final = 2**62
RESTORED: Final = "restored_at_ms"
"""When a backup took the place of a damaged journal."""
MISSING_FROM: Final = "restored_from_ms"
"""When that backup was made; 0: there was none."""
RESTORED_MARK: Final = "restored_mark:"
AIR: Final = "air:"
"""Air stands among the spaces in `settled`; no space's id has a colon."""

SensorKey = tuple[str, str]
"""Device and sensor."""
_BOUNDED: Final = {
    "gap": ("device", "device, stream, first", "at_ms, stream, first"),
    "quarantine": (f"CASE reason WHEN '{Loss.UNKNOWN_DEVICE}' THEN '' ELSE device END", "no", "no"),
}
"""Of each bounded table: whose a row is, what names it, what is older. Devices that nobody knows share one place."""


_KIND: Final = {kind.value: kind for kind in Kind}

Row = tuple[int, int, int, int, int, float, int]
"""One event as its table has it."""


class Span(Protocol):
    """What one space was from `from_ms` on."""

    @property
    def space(self) -> str: ...
    @property
    def from_ms(self) -> int: ...
    @property
    def transitions(self) -> Sequence[Transition]: ...


class Checkpoint(NamedTuple):
    """What the erased events of one space left behind."""

    at_ms: int
    """Events before this are erased."""
    state: str
    """The space's state at that moment."""
    body: bytes


class Journal:
    """The one writer of the journal.

    Args:
        path: the file.
        steps: how its tables came to be.
        lock: from `locked`, if the file was checked under it; this journal releases it when it is closed.

    Attributes:
        connection: for the history tables, inside `transaction`.

    Raises:
        JournalInUse: another collector has it.
        JournalDamaged: it is no journal.
        JournalRejected: a later Ledig wrote it.
        JournalAway: the disk is full, read-only or failing.
    """

    def __init__(self, path: Path, steps: Sequence[Step] = STEPS, lock: Lock | None = None) -> None:
        self.path = path
        self._lock = locked(path) if lock is None else lock
        self.file_lock = threading.Lock()
        """Held by whoever must read the file while it does not change."""
        self._log = path.with_name(f"{path.name}-wal")
        self._cut_at_bytes = LOG_BYTES
        try:
            self.stored_sums = stored_sums(path)
            with told(self.path):
                self.connection = _opened(path, steps)
            try:
                with told(self.path):
                    self._read_names()
                    self.page_sums = PageSums(path)
            except BaseException:
                self.connection.close()
                raise
        except BaseException:
            if lock is None:
                self._lock.release()
            raise

    def close(self) -> None:
        """Let go of the file; what was not committed is not in it."""
        cut = False
        try:
            with contextlib.suppress(JournalAway, JournalRejected):  # all that is committed is on the disk already
                cut = self._cut(closing=True)
            if not cut:  # SQLite may write the log into the file now, and the checksums would be wrong
                self.page_sums.forget()
            self.connection.close()
        finally:
            self.page_sums.close()
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is on the disk when it ends, or none of it is.

        Raises:
            JournalAway: the disk is full, read-only or failing. Close this journal and open it anew: after a failed
                write nobody knows what the system's cache holds.
            JournalDamaged: the content is not what was written.
        """
        with told(self.path), transaction(self.connection):
            yield
        self._bound_log()

    # What devices said

    def add_events(self, dated: Iterable[Heard], undated: Iterable[Heard] = ()) -> None:
        """Store events, and events whose device's clock was never right; one that is there stays as it was."""
        rows = [*self._rows(dated, 1), *self._rows(undated, 0)]
        rows.sort()  # neighbours in the table, one after the other: two thirds of the time
        self.connection.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _rows(self, events: Iterable[Heard], synchronised: int) -> Iterator[Row]:
        """The rows of events; those of one message stand together and share its device and stream."""
        sensors, kinds = self._sensors, self._kinds
        device = stream = ""
        stream_no = 0
        for e in events:
            if e.stream is not stream or e.device is not device:
                device, stream = e.device, e.stream
                stream_no = self._stream_no((device, stream))
            sensor_no = sensors.get((device, e.sensor)) or self._sensor_no((device, e.sensor))
            yield (
                sensor_no,
                e.at_ms,
                stream_no,
                e.seq,
                kinds.get(e.kind) or self._kind_no(e.kind),
                e.value,
                synchronised,
            )

    def events(self, sensors: Iterable[SensorKey], from_ms: int, to_ms: int = FOREVER_MS) -> list[Heard]:
        """What these sensors said from `from_ms` and before `to_ms` by a trusted clock, in canonical order."""
        found = []
        for key in sensors:
            rows = self.connection.execute(
                "SELECT at_ms, stream_no, seq, kind_no, value FROM event"
                " WHERE sensor_no = ? AND at_ms >= ? AND at_ms < ? AND synchronised",
                (self._sensors.get(key), from_ms, to_ms),
            )
            found += [
                Heard(at_ms, key[0], self._stream_names[stream_no], seq, key[1], self._kind_names[kind_no], value)
                for at_ms, stream_no, seq, kind_no, value in rows
            ]
        found.sort(key=lambda heard: heard.key)
        return found

    def marks(self) -> dict[StreamKey, int]:
        """Of every known stream: each event up to this one is stored, or in a gap."""
        rows = self.connection.execute("SELECT device, stream, seq FROM stream ORDER BY no")
        return {(device, stream): seq for device, stream, seq in rows}

    def set_marks(self, marks: Mapping[StreamKey, int]) -> None:
        """Move the marks of streams on."""
        self.connection.executemany(
            "UPDATE stream SET seq = ? WHERE no = ?", [(seq, self._stream_no(key)) for key, seq in marks.items()]
        )

    def add_gaps(self, gaps: Iterable[Gap], now_ms: int) -> None:
        """Record what is not stored and never will be."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?, ?)", [(*g, now_ms) for g in gaps]
        )
        self._bound("gap", GAP_ROWS, GAP_ROWS // 100)

    def add_refused(self, refused: Iterable[Refused], now_ms: int) -> None:
        """Put aside what was refused; at the bound the oldest is dropped, and counted.

        The same message again is counted, and not put aside again: its sender does not know better.
        """
        for number, r in enumerate(refused, 1):
            if number % QUARANTINE_ROWS == 0:  # a batch may refuse many times as much, and each is compared with all
                self._bound("quarantine", QUARANTINE_ROWS, 0)
            payload = r.payload[:QUARANTINE_BYTES]
            if not r.first and self._count_again(r, payload):
                continue
            self.connection.execute(
                "INSERT INTO quarantine (at_ms, device, reason, payload, stream, first, last, sensor, field)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now_ms, r.device, r.reason, payload, r.stream, r.first, r.last, r.sensor, r.field),
            )
        self._bound("quarantine", QUARANTINE_ROWS, 0)

    def _count_again(self, refused: Refused, payload: bytes) -> bool:
        same = self.connection.execute(
            "UPDATE quarantine SET times = times + 1"
            " WHERE device = ? AND stream = ? AND first = 0 AND reason = ? AND field = ? AND payload = ?",
            (refused.device, refused.stream, refused.reason, refused.field, payload),
        )
        return same.rowcount > 0

    def is_known(self, repeat: Repeat, from_ms: int, to_ms: int) -> bool:
        """Whether an event under a covered sequence number may be the one that had it first.

        Args:
            repeat: what came again.
            from_ms: events before this are erased, so that nothing is left to compare with.
            to_ms: the same of events after this, if their clock was never right.
        """
        event, key = repeat.event, (repeat.device, repeat.stream)
        stream_no = self._streams.get(key)
        if event is not None:
            sensor_no = self._sensors.get((event.device, event.sensor))
            row = self.connection.execute(
                "SELECT kind_no, value, synchronised FROM event"
                " WHERE sensor_no = ? AND at_ms = ? AND stream_no = ? AND seq = ?",
                (sensor_no, event.at_ms, stream_no, event.seq),
            ).fetchone()
            if row == (self._kinds.get(event.kind), event.value, repeat.synchronised):
                return True
            if not from_ms <= event.at_ms <= to_ms:
                return True
        refused = self.connection.execute(
            "SELECT payload FROM quarantine WHERE device = ? AND stream = ? AND first <= ? AND last >= ?",
            (*key, repeat.seq, repeat.seq),
        ).fetchall()
        if refused:
            return any(payload in (b"", repeat.payload[:QUARANTINE_BYTES]) for (payload,) in refused)
        return self._is_lost(key, repeat.seq)

    def _is_lost(self, key: StreamKey, seq: int) -> bool:
        """Whether an event is in a gap."""
        found = self.connection.execute(
            "SELECT last FROM gap WHERE device = ? AND stream = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            (*key, seq),
        ).fetchone()
        return found is not None and found[0] >= seq

    # What it means

    def rewrite(self, spans: Sequence[Span], kept_ms: int = 0) -> None:
        """Let transitions stand for those that a space had from a moment on, but not before `kept_ms`.

        No space twice. What is past its time stays forgotten: of a space long silent, a restart tells all again.
        """
        self.connection.executemany(
            "DELETE FROM transition WHERE space = ? AND at_ms >= ?",
            [(span.space, max(span.from_ms, kept_ms)) for span in spans],
        )
        self.connection.executemany(
            "INSERT OR REPLACE INTO transition VALUES (?, ?, ?)",
            [
                (span.space, told.at_ms, told.state)
                for span in spans
                for told in span.transitions
                if told.at_ms >= kept_ms
            ],
        )

    def settled(self) -> dict[str, bytes]:
        """What the newest events left behind, by space, as `set_settled` had it."""
        return dict(self.connection.execute("SELECT space, body FROM settled"))

    def set_settled(self, bodies: Mapping[str, bytes]) -> None:
        """Remember what the newest events left behind."""
        self.connection.executemany("INSERT OR REPLACE INTO settled VALUES (?, ?)", bodies.items())

    def checkpoints(self) -> dict[str, Checkpoint]:
        """What the erased events left behind, by space."""
        rows = self.connection.execute("SELECT space, at_ms, state, body FROM checkpoint")
        return {space: Checkpoint(*rest) for space, *rest in rows}

    def set_checkpoint(self, space: str, checkpoint: Checkpoint) -> None:
        """Remember what the erased events left behind."""
        self.connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?)", (space, *checkpoint))

    def mark_stale(self, subject: str, from_ms: int) -> None:
        """Say that the history of a subject must be computed anew from `from_ms` on, or from an earlier moment."""
        self.connection.execute(
            "INSERT INTO stale VALUES (?, ?) ON CONFLICT DO UPDATE SET from_ms = min(from_ms, excluded.from_ms)",
            (subject, from_ms),
        )

    def note_restored(self, from_ms: int, to_ms: int) -> None:
        """Remember that this file took the place of a damaged one: what it lacks, and how far it knew each stream.

        Args:
            from_ms: when it was made, Unix ms; 0: it is new.
            to_ms: when it took the place.
        """
        tables.rename(self.connection)
        self.set_meta(MISSING_FROM, from_ms)
        self.set_meta(RESTORED, to_ms)
        self.connection.execute(f"DELETE FROM meta WHERE name GLOB '{RESTORED_MARK}*'")  # noqa: S608 - our own name
        self.connection.execute("INSERT INTO meta SELECT ? || no, seq FROM stream", (RESTORED_MARK,))

    def restored_marks(self) -> dict[StreamKey, int]:
        """Of each stream that has not been heard of since the journal was restored: how far the backup knew it."""
        rows = self.connection.execute(
            "SELECT device, stream, value FROM stream JOIN meta ON name = ? || no", (RESTORED_MARK,)
        )
        return {(device, stream): seq for device, stream, seq in rows}

    def forget_restored(self, key: StreamKey) -> None:
        """The stream was heard of: what it lost with the damaged journal is known."""
        self.connection.execute("DELETE FROM meta WHERE name = ?", (f"{RESTORED_MARK}{self._stream_no(key)}",))

    def meta(self, name: str) -> int | None:
        """A number that was remembered under this name; None: none was."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def can_grow(self) -> None:
        """Prove that more can be written, by a write that is taken back.

        Raises:
            JournalAway: it cannot.
        """
        with self.transaction():
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('proof', zeroblob(?))", (PROOF_BYTES,))
        with self.transaction():
            self.connection.execute("DELETE FROM meta WHERE name = 'proof'")

    def set_meta(self, name: str, value: int) -> None:
        """Remember a number under this name."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # What is forgotten

    def sensors(self) -> set[SensorKey]:
        """Every sensor that ever said something."""
        return set(self._sensors)

    def newest(self, before_ms: int) -> int:
        """When by a trusted clock the newest event before a moment happened; 0: there is none."""
        statement = "SELECT max(at_ms) FROM event WHERE sensor_no = ? AND at_ms < ? AND synchronised"
        found = [self.connection.execute(statement, (no, before_ms)).fetchone()[0] for no in self._sensors.values()]
        return max((at_ms for at_ms in found if at_ms is not None), default=0)

    def erase_events(self, sensors: Iterable[SensorKey], before_ms: int, undated_after_ms: int) -> int:
        """Forget what these sensors said before a moment; returns how many events that were.

        An event without a trusted clock may also claim to be from the future: beyond a moment, it goes too.
        """
        numbers = [self._sensors[key] for key in sensors if key in self._sensors]
        self.connection.executemany(
            "DELETE FROM event WHERE sensor_no = ? AND at_ms > ? AND NOT synchronised",
            [(no, undated_after_ms) for no in numbers],
        )
        return self.connection.executemany(
            "DELETE FROM event WHERE sensor_no = ? AND at_ms < ?", [(no, before_ms) for no in numbers]
        ).rowcount

    def erase_transitions(self, space: str, before_ms: int) -> None:
        """Forget single transitions of a space before a moment."""
        self.connection.execute("DELETE FROM transition WHERE space = ? AND at_ms < ?", (space, before_ms))

    def erase_strangers(self, known: Iterable[str], before_ms: int) -> None:
        """Forget single transitions before a moment, and then the rest, of spaces (and doors, air) that are not known.

        One whose space comes back into the plan begins anew.
        """
        rows = self.connection.execute(
            "SELECT space FROM transition UNION SELECT space FROM checkpoint UNION SELECT space FROM settled"
        ).fetchall()
        for space in {space for (space,) in rows} - set(known):
            self.erase_transitions(space, before_ms)
            self.connection.execute("DELETE FROM settled WHERE space = ?", (space,))
            self.connection.execute("DELETE FROM checkpoint WHERE space = ? AND at_ms < ?", (space, before_ms))

    def erase_refused(self, before_ms: int) -> None:
        """Forget what was refused before a moment."""
        self.connection.execute("DELETE FROM quarantine WHERE at_ms < ?", (before_ms,))

    def forget_gap_times(self, before_ms: int) -> None:
        """Of gaps that were reported before a moment keep which events and why, and no longer when."""
        self.connection.execute("UPDATE gap SET at_ms = 0 WHERE at_ms > 0 AND at_ms < ?", (before_ms,))

    def erase_crowds(self, before_ms: int) -> None:
        """Forget who was inside before a moment."""
        self.connection.execute("DELETE FROM crowd WHERE at_ms < ?", (before_ms,))

    def shrink(self) -> bool:
        """Write the log into the file and cut it, so that nothing erased is left in it; returns whether that is done.

        A reader in its way, or a check of the file that runs, delays it.
        """
        return self._cut()

    def _bound_log(self) -> None:
        """Cut the log when it has grown; a reader that is in the way for long stops the collector, not the disk.

        Raises:
            JournalAway: the log has its full size and cannot be cut. What is committed stays; devices keep the rest.
        """
        size = self._log_bytes()
        if size < self._cut_at_bytes:
            return
        if self._cut():
            self._cut_at_bytes = LOG_BYTES
        else:
            self._cut_at_bytes = min(size + LOG_BYTES // 4, MOST_LOG_BYTES)
            if size >= MOST_LOG_BYTES:
                raise log_is_full(self.path)

    def _log_bytes(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _cut(self, *, closing: bool = False) -> bool:
        """One checkpoint of the whole log, without waiting for anybody."""
        if not self.file_lock.acquire(blocking=False):
            return False
        try:
            with told(self.path):
                self.page_sums.before_checkpoint()
                self.connection.execute("PRAGMA busy_timeout = 0")
                try:
                    (blocked, *_) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self.connection.execute(f"PRAGMA busy_timeout = {int(WAIT_S * 1000)}")
                if not blocked:
                    with contextlib.suppress(OSError):  # without them the file is checked by SQLite alone
                        self.page_sums.after_checkpoint(closing=closing)
                return not blocked
        finally:
            self.file_lock.release()

    def retire_streams(self, kept: int) -> list[StreamKey]:
        """Forget old streams of devices that began more than `kept`, if no event of theirs is stored any more.

        What such a stream may still repeat is older than what is taken, so no event counts twice. The newest `kept` of
        each device stay. Events are read through only if a device has more than that.

        Returns:
            The streams that are forgotten.
        """
        crowded = self.connection.execute(
            "SELECT 1 FROM stream GROUP BY device HAVING count(*) > ?", (kept,)
        ).fetchone()
        if crowded is None:
            return []
        rows = self.connection.execute(
            "SELECT no, device, stream FROM"
            " (SELECT *, row_number() OVER (PARTITION BY device ORDER BY no DESC) AS place FROM stream)"
            " WHERE place > ? AND no NOT IN (SELECT DISTINCT stream_no FROM event)",
            (kept,),
        ).fetchall()
        for no, device, stream in rows:
            self.connection.execute("DELETE FROM stream WHERE no = ?", (no,))
            self.connection.execute("DELETE FROM meta WHERE name = ?", (f"{RESTORED_MARK}{no}",))
            del self._streams[device, stream], self._stream_names[no]
        return [(device, stream) for _, device, stream in rows]

    def _bound(self, table: str, most: int, spare: int) -> None:
        """Drop the oldest rows of whoever has the most, once a table has more rows than it may have, and count them.

        Args:
            table: `gap` or `quarantine`.
            most: so many rows may stay.
            spare: so many more go, so that the next rows do not cost the same again.
        """
        (rows,) = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
        if rows <= most:
            return
        owner, key, order = _BOUNDED[table]
        held = dict(self.connection.execute(f"SELECT {owner}, count(*) FROM {table} GROUP BY 1"))  # noqa: S608
        gone = evictions(held, rows - most + spare)
        for device, number in gone.items():
            self.connection.execute(
                f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608
                f" (SELECT {key} FROM {table} WHERE {owner} = ? ORDER BY {order} LIMIT ?)",
                (device, number),
            )
        name = f"{table}_dropped"
        self.set_meta(name, (self.meta(name) or 0) + sum(gone.values()))

    # Numbers that stand for names

    def _read_names(self) -> None:
        query = self.connection.execute
        self._sensors: dict[SensorKey, int] = {
            (device, sensor): no for no, device, sensor in query("SELECT no, device, sensor FROM sensor")
        }
        self._streams: dict[StreamKey, int] = {
            (device, stream): no for no, device, stream in query("SELECT no, device, stream FROM stream")
        }
        self._stream_names: dict[int, str] = {no: stream for (_, stream), no in self._streams.items()}
        self._kinds: dict[str, int] = {kind: no for no, kind in query("SELECT no, kind FROM kind")}
        self._kind_names = {no: _KIND[kind] for kind, no in self._kinds.items()}

    def _sensor_no(self, key: SensorKey) -> int:
        if key not in self._sensors:
            cursor = self.connection.execute("INSERT INTO sensor (device, sensor) VALUES (?, ?)", key)
            self._sensors[key] = cursor.lastrowid or 0
        return self._sensors[key]

    def _stream_no(self, key: StreamKey) -> int:
        if key not in self._streams:
            cursor = self.connection.execute("INSERT INTO stream (device, stream, seq) VALUES (?, ?, 0)", key)
            self._streams[key] = cursor.lastrowid or 0
            self._stream_names[self._streams[key]] = key[1]
        return self._streams[key]

    def _kind_no(self, kind: Kind) -> int:
        if kind not in self._kinds:
            cursor = self.connection.execute("INSERT INTO kind (kind) VALUES (?)", (kind.value,))
            self._kinds[kind.value] = cursor.lastrowid or 0
            self._kind_names[self._kinds[kind.value]] = kind
        return self._kinds[kind]


def locked(path: Path) -> Lock:
    """Keep other collectors off a journal, before anything is done with its file.

    Raises:
        JournalInUse: another collector has it.
        JournalAway: the lock cannot be made.
    """
    try:
        return Lock(path)
    except InUse as fault:
        raise JournalInUse(str(fault)) from fault
    except OSError as fault:
        raise not_opened(path, fault) from fault


def _begin_log(connection: sqlite3.Connection, path: Path) -> None:
    """Use a write-ahead log. If the disk fails here, SQLite goes on without one, and reports no error."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise no_log(path)


def _opened(path: Path, steps: Sequence[Step]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        _begin_log(connection, path)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `_cut` does it, and keeps the checksums of the pages
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        connection.execute("PRAGMA secure_delete = ON")  # what is erased cannot be read in the file
        migrate(connection, steps)
    except BaseException:
        connection.close()
        raise
    return connection
