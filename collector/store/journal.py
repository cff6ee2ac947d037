"""The collector's durable storage: one SQLite file with one writer.

In:    what the collector's loop stores, inside `with journal.transaction()`.
Out:   the stored rows; after a commit they are on the disk.
Never: decisions, threads, a second writer.

Readers open the file themselves, read-only and with `wal_autocheckpoint = 0`. SQLite before 3.51.3 can lose a commit
when two connections checkpoint, so only this connection does.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from collector.contract.loss_reasons import LossReason
from collector.intake.fair_share import plan_evictions
from collector.intake.intake import RepeatedEvent, StreamKey
from collector.intake.rejection import RejectedInput, StreamGap
from collector.occupancy.evidence import SpaceChange, StoredEvent
from collector.site.site_sensor import SensorKey
from collector.sqlite_files.lock import FileLock, LockInUse
from collector.sqlite_files.migration import MigrationStep, migrate_schema
from collector.sqlite_files.page_checksums import PageSums, load_checksums
from collector.store.journal_faults import (
    JournalAway,
    JournalInUse,
    JournalRejected,
    make_full_log_error,
    make_lock_file_error,
    make_missing_log_error,
    translate_errors,
)
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.message import EVENT_KIND_BY_NAME, EventKind
from edge.process.sqlite_transaction import transaction

QUARANTINE_ROWS: Final = 1000
QUARANTINE_BYTES: Final = 2048
"""Most bytes that are kept of one rejected payload."""
GAP_ROWS: Final = 100_000
GROWTH_CHECK_BYTES: Final = 256 * 1024
MAX_LOCK_WAIT_S: Final = 0.5
"""The longest time that a reader or another program may delay the loop."""
TRUNCATE_LOG_BYTES: Final = 4 * 1024 * 1024
"""A write-ahead log of this size is written into the file."""
MAX_LOG_BYTES: Final = 60 * 1024 * 1024
"""Hard limit of the log's size, even while a reader prevents a checkpoint."""
RESTORED_AT: Final = "restored_at_ms"
"""When a backup replaced a damaged journal."""
MISSING_FROM: Final = "restored_from_ms"
"""When that backup was made; 0: there was none."""
RESTORED_POSITION: Final = "restored_position:"
AIR_PREFIX: Final = "air:"
"""Prefix of a zone's air among the stored values, where the key of a space is its id; no space's id has a colon."""

_BOUNDED: Final = {
    "gap": ("device", "device, stream, first", "at_ms, stream, first"),
    "quarantine": (f"CASE reason WHEN '{LossReason.UNKNOWN_DEVICE}' THEN '' ELSE device END", "no", "no"),
}
"""For each bounded table: SQL for a row's owner, its key, and its order by age. Unknown devices share one owner."""


EventRow = tuple[int, int, int, int, int, float, int]
"""One event as its table stores it."""


class Checkpoint(NamedTuple):
    """What remains of the erased events of one space."""

    at_ms: int
    """Events before this moment are erased."""
    state: str
    """The space's state at that moment."""
    body: bytes


class Journal:
    """The only writer of the journal.

    Args:
        path: the file.
        steps: the migrations that create its tables.
        lock: from `lock_journal`, if the file was checked under it; the journal releases it on `close`.

    Attributes:
        tables: for those who compute from what is stored.

    Raises:
        JournalInUse: another collector uses the file.
        JournalDamaged: the file is not a journal.
        JournalRejected: a later version of Ledig wrote it.
        JournalAway: the disk is full, read-only or failing.
    """

    def __init__(
        self, path: Path, steps: Sequence[MigrationStep] = MIGRATION_STEPS, lock: FileLock | None = None
    ) -> None:
        self.path = path
        self._lock = lock_journal(path) if lock is None else lock
        self.file_lock = threading.Lock()
        """Held while a reader needs the file unchanged."""
        self._log = path.with_name(f"{path.name}-wal")
        self._truncate_at_bytes = TRUNCATE_LOG_BYTES
        try:
            self.stored_sums = load_checksums(path)
            with translate_errors(self.path):
                self._connection = _open_connection(path, steps)
            self.tables = JournalTables(self._connection)
            try:
                with translate_errors(self.path):
                    self._read_names()
                    self.page_sums = PageSums(path)
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            if lock is None:
                self._lock.release()
            raise

    def close(self) -> None:
        """Close the file. Anything that was not committed is not in it."""
        truncated = False
        try:
            with contextlib.suppress(JournalAway, JournalRejected):  # everything committed is on the disk already
                truncated = self._truncate_log(closing=True)
            if not truncated:  # SQLite may now write the log into the file, which would make the checksums wrong
                self.page_sums.discard()
            self._connection.close()
        finally:
            self.page_sums.close()
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside the block, or none of it. After the block it is on the disk.

        Raises:
            JournalAway: the disk is full, read-only or failing. Close this journal and open it again: after a failed
                write the content of the system's cache is undefined.
            JournalDamaged: the file does not contain what was written.
        """
        with translate_errors(self.path), transaction(self._connection):
            yield
        self._bound_log()

    # Events

    def add_events(self, dated: Iterable[StoredEvent], undated: Iterable[StoredEvent] = ()) -> None:
        """Store events, and events of a device whose clock was never right; an event that exists stays unchanged."""
        rows = [*self._make_rows(dated, 1), *self._make_rows(undated, 0)]
        rows.sort()  # inserting neighbours one after the other takes two thirds of the time
        self._connection.executemany(
            "INSERT OR IGNORE INTO event (sensor_no, at_ms, stream_no, seq, kind_no, value, synchronised)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def _make_rows(self, events: Iterable[StoredEvent], synchronised: int) -> Iterator[EventRow]:
        """Convert events to rows; events of one message are adjacent and share device and stream."""
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

    def read_events(self, sensors: Iterable[SensorKey], from_ms: int, to_ms: int = FOREVER_MS) -> list[StoredEvent]:
        """The dated events of these sensors with `from_ms` <= at < `to_ms`, in canonical order."""
        found = []
        for key in sensors:
            rows = self._connection.execute(
                "SELECT at_ms, stream_no, seq, kind_no, value FROM event"
                " WHERE sensor_no = ? AND at_ms >= ? AND at_ms < ? AND synchronised",
                (self._sensors.get(key), from_ms, to_ms),
            )
            found += [
                StoredEvent(at_ms, key[0], self._stream_names[stream_no], seq, key[1], self._kind_names[kind_no], value)
                for at_ms, stream_no, seq, kind_no, value in rows
            ]
        found.sort(key=lambda event: event.key)
        return found

    def read_stored_up_to(self) -> dict[StreamKey, int]:
        """For every known stream: each event up to this number is stored, or in a gap."""
        rows = self._connection.execute("SELECT device, stream, seq FROM stream ORDER BY no")
        return {(device, stream): seq for device, stream, seq in rows}

    def set_stored_up_to(self, stored_up_to: Mapping[StreamKey, int]) -> None:
        """Record how far streams are stored."""
        self._connection.executemany(
            "UPDATE stream SET seq = ? WHERE no = ?", [(seq, self._stream_no(key)) for key, seq in stored_up_to.items()]
        )

    def add_gaps(self, gaps: Iterable[StreamGap], now_ms: int) -> None:
        """Record events that are not stored and never will be."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO gap (device, stream, first, last, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
            [(*g, now_ms) for g in gaps],
        )
        self._enforce_bound("gap", GAP_ROWS, GAP_ROWS // 100)

    def add_rejected(self, refused: Iterable[RejectedInput], now_ms: int) -> None:
        """Store rejections in the quarantine. At its bound the oldest are dropped and counted.

        A repeated message is only counted: its sender cannot stop repeating it.
        """
        for number, r in enumerate(refused, 1):
            if number % QUARANTINE_ROWS == 0:  # a batch may hold many times more, and each is compared with all
                self._enforce_bound("quarantine", QUARANTINE_ROWS, 0)
            payload = r.payload[:QUARANTINE_BYTES]
            if not r.first and self._count_again(r, payload):
                continue
            self._connection.execute(
                "INSERT INTO quarantine (at_ms, device, reason, payload, stream, first, last, sensor, field)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now_ms, r.device, r.reason, payload, r.stream, r.first, r.last, r.sensor, r.field),
            )
        self._enforce_bound("quarantine", QUARANTINE_ROWS, 0)

    def _count_again(self, refused: RejectedInput, payload: bytes) -> bool:
        same = self._connection.execute(
            "UPDATE quarantine SET times = times + 1"
            " WHERE device = ? AND stream = ? AND first = 0 AND reason = ? AND field = ? AND payload = ?",
            (refused.device, refused.stream, refused.reason, refused.field, payload),
        )
        return same.rowcount > 0

    def is_known(self, repeat: RepeatedEvent, from_ms: int, to_ms: int) -> bool:
        """Whether an event with a covered sequence number may be the one that had it first.

        Args:
            repeat: the repeated event.
            from_ms: events before this moment are erased, so nothing is left to compare with.
            to_ms: undated events after this moment are erased too.
        """
        event, key = repeat.event, (repeat.device, repeat.stream)
        stream_no = self._streams.get(key)
        if event is not None:
            sensor_no = self._sensors.get((event.device, event.sensor))
            row = self._connection.execute(
                "SELECT kind_no, value, synchronised FROM event"
                " WHERE sensor_no = ? AND at_ms = ? AND stream_no = ? AND seq = ?",
                (sensor_no, event.at_ms, stream_no, event.seq),
            ).fetchone()
            if row == (self._kinds.get(event.kind), event.value, repeat.synchronised):
                return True
            if not from_ms <= event.at_ms <= to_ms:
                return True
        refused = self._connection.execute(
            "SELECT payload FROM quarantine WHERE device = ? AND stream = ? AND first <= ? AND last >= ?",
            (*key, repeat.seq, repeat.seq),
        ).fetchall()
        if refused:
            return any(payload in (b"", repeat.payload[:QUARANTINE_BYTES]) for (payload,) in refused)
        return self._is_in_gap(key, repeat.seq)

    def _is_in_gap(self, key: StreamKey, seq: int) -> bool:
        """Whether an event lies in a gap."""
        found = self._connection.execute(
            "SELECT last FROM gap WHERE device = ? AND stream = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            (*key, seq),
        ).fetchone()
        return found is not None and found[0] >= seq

    # Occupancy

    def replace_transitions(self, spans: Sequence[SpaceChange], kept_ms: int = 0) -> None:
        """Replace the transitions of spaces from a moment on, but not before `kept_ms`.

        No space may occur twice. Transitions before `kept_ms` are erased and stay erased: for a space that was silent
        for long, a restart produces all of them again.
        """
        self._connection.executemany(
            "DELETE FROM transition WHERE space = ? AND at_ms >= ?",
            [(span.space, max(span.from_ms, kept_ms)) for span in spans],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO transition (space, at_ms, state) VALUES (?, ?, ?)",
            [
                (span.space, transition.at_ms, transition.state)
                for span in spans
                for transition in span.transitions
                if transition.at_ms >= kept_ms
            ],
        )

    def read_values(self) -> dict[str, bytes]:
        """All stored values by their keys."""
        return dict(self._connection.execute("SELECT key, body FROM stored_value"))

    def read_value(self, key: str) -> bytes | None:
        """One stored value; None: there is none."""
        row = self._connection.execute("SELECT body FROM stored_value WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def store_values(self, bodies: Mapping[str, bytes]) -> None:
        """Store values by their keys: the newest evidence of spaces, the air of zones, and others."""
        self._connection.executemany("INSERT OR REPLACE INTO stored_value (key, body) VALUES (?, ?)", bodies.items())

    def read_checkpoints(self) -> dict[str, Checkpoint]:
        """What remains of erased events, by space."""
        rows = self._connection.execute("SELECT space, at_ms, state, body FROM checkpoint")
        return {space: Checkpoint(*rest) for space, *rest in rows}

    def store_checkpoint(self, space: str, checkpoint: Checkpoint) -> None:
        """Store what remains of the erased events of a space."""
        self._connection.execute(
            "INSERT OR REPLACE INTO checkpoint (space, at_ms, state, body) VALUES (?, ?, ?, ?)", (space, *checkpoint)
        )

    def record_restore(self, from_ms: int, to_ms: int) -> None:
        """Record that this file replaced a damaged one: what it lacks, and how far it covers each stream.

        Args:
            from_ms: when this file was made, Unix ms; 0: it is new.
            to_ms: when it replaced the other, Unix ms.
        """
        self.tables.history.renew_identity()
        self.tables.store_number(MISSING_FROM, from_ms)
        self.tables.store_number(RESTORED_AT, to_ms)
        self._connection.execute(f"DELETE FROM meta WHERE name GLOB '{RESTORED_POSITION}*'")  # noqa: S608 - our own name
        self._connection.execute("INSERT INTO meta (name, value) SELECT ? || no, seq FROM stream", (RESTORED_POSITION,))

    def read_restored_positions(self) -> dict[StreamKey, int]:
        """For each stream without an event since the journal was restored: how far the backup covers it."""
        rows = self._connection.execute(
            "SELECT device, stream, value FROM stream JOIN meta ON name = ? || no", (RESTORED_POSITION,)
        )
        return {(device, stream): seq for device, stream, seq in rows}

    def drop_restored_position(self, key: StreamKey) -> None:
        """Drop the restored position of a stream: it has sent again, so what it lost is known."""
        self._connection.execute("DELETE FROM meta WHERE name = ?", (f"{RESTORED_POSITION}{self._stream_no(key)}",))

    def check_can_grow(self) -> None:
        """Check that the file can grow, with a large write that is removed again.

        Raises:
            JournalAway: it cannot grow.
        """
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO meta (name, value) VALUES ('growth_check', zeroblob(?))", (GROWTH_CHECK_BYTES,)
            )
        with self.transaction():
            self._connection.execute("DELETE FROM meta WHERE name = 'growth_check'")

    # Erasure

    def list_sensors(self) -> set[SensorKey]:
        """Every sensor that ever sent an event."""
        return set(self._sensors)

    def find_newest_ms(self, before_ms: int) -> int:
        """The time of the newest dated event before a moment; 0: there is none."""
        statement = "SELECT max(at_ms) FROM event WHERE sensor_no = ? AND at_ms < ? AND synchronised"
        found = [self._connection.execute(statement, (no, before_ms)).fetchone()[0] for no in self._sensors.values()]
        return max((at_ms for at_ms in found if at_ms is not None), default=0)

    def erase_events(self, sensors: Iterable[SensorKey], before_ms: int, undated_after_ms: int) -> int:
        """Erase the events of these sensors from before a moment; returns how many.

        An event without a trusted clock may claim to be from the future: beyond `undated_after_ms` it is erased too.
        """
        numbers = [self._sensors[key] for key in sensors if key in self._sensors]
        self._connection.executemany(
            "DELETE FROM event WHERE sensor_no = ? AND at_ms > ? AND NOT synchronised",
            [(no, undated_after_ms) for no in numbers],
        )
        return self._connection.executemany(
            "DELETE FROM event WHERE sensor_no = ? AND at_ms < ?", [(no, before_ms) for no in numbers]
        ).rowcount

    def erase_transitions(self, space: str, before_ms: int) -> None:
        """Erase the transitions of a space from before a moment."""
        self._connection.execute("DELETE FROM transition WHERE space = ? AND at_ms < ?", (space, before_ms))

    def erase_unknown_subjects(self, known: Iterable[str], before_ms: int) -> None:
        """Erase what is stored of spaces, doors and air that are not in `known`: old transitions, then the rest.

        A space that returns to the plan starts from nothing.
        """
        rows = self._connection.execute(
            "SELECT space FROM transition UNION SELECT space FROM checkpoint UNION SELECT key FROM stored_value"
        ).fetchall()
        for space in {space for (space,) in rows} - set(known):
            self.erase_transitions(space, before_ms)
            self._connection.execute("DELETE FROM stored_value WHERE key = ?", (space,))
            self._connection.execute("DELETE FROM checkpoint WHERE space = ? AND at_ms < ?", (space, before_ms))

    def erase_rejected(self, before_ms: int) -> None:
        """Erase rejections from before a moment."""
        self._connection.execute("DELETE FROM quarantine WHERE at_ms < ?", (before_ms,))

    def clear_gap_times(self, before_ms: int) -> None:
        """Clear the report time of gaps reported before a moment; keep which events are missing, and why."""
        self._connection.execute("UPDATE gap SET at_ms = 0 WHERE at_ms > 0 AND at_ms < ?", (before_ms,))

    def erase_people_estimates(self, before_ms: int) -> None:
        """Erase the estimates of who was inside before a moment."""
        self._connection.execute("DELETE FROM people_estimate WHERE at_ms < ?", (before_ms,))

    def truncate_log(self) -> bool:
        """Write the log into the file and truncate it, so that no erased data is left in it.

        Returns:
            Whether it is done. A reader or a running check of the file delays it.
        """
        return self._truncate_log()

    def _bound_log(self) -> None:
        """Truncate the log when it has grown. A reader that blocks this for long stops the collector, not the disk.

        Raises:
            JournalAway: the log has its full size and cannot be truncated. What is committed stays; devices keep the
                rest.
        """
        size = self._log_bytes()
        if size < self._truncate_at_bytes:
            return
        if self._truncate_log():
            self._truncate_at_bytes = TRUNCATE_LOG_BYTES
        else:
            self._truncate_at_bytes = min(size + TRUNCATE_LOG_BYTES // 4, MAX_LOG_BYTES)
            if size >= MAX_LOG_BYTES:
                raise make_full_log_error(self.path)

    def _log_bytes(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _truncate_log(self, *, closing: bool = False) -> bool:
        """Checkpoint the whole log without waiting for readers."""
        if not self.file_lock.acquire(blocking=False):
            return False
        try:
            with translate_errors(self.path):
                self.page_sums.before_checkpoint()
                self._connection.execute("PRAGMA busy_timeout = 0")
                try:
                    (blocked, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {int(MAX_LOCK_WAIT_S * 1000)}")
                if not blocked:
                    with contextlib.suppress(OSError):  # without checksums, SQLite's own check still covers the file
                        self.page_sums.after_checkpoint(closing=closing)
                return not blocked
        finally:
            self.file_lock.release()

    def remove_old_streams(self, kept: int) -> list[StreamKey]:
        """Remove old streams of devices with more than `kept` streams, if none of their events is stored any more.

        Anything such a stream may still repeat is too old to be accepted, so no event counts twice. The newest `kept`
        streams of each device stay. Events are scanned only if a device has more than that.

        Returns:
            The removed streams.
        """
        crowded = self._connection.execute(
            "SELECT 1 FROM stream GROUP BY device HAVING count(*) > ?", (kept,)
        ).fetchone()
        if crowded is None:
            return []
        rows = self._connection.execute(
            "SELECT no, device, stream FROM"
            " (SELECT *, row_number() OVER (PARTITION BY device ORDER BY no DESC) AS place FROM stream)"
            " WHERE place > ? AND no NOT IN (SELECT DISTINCT stream_no FROM event)",
            (kept,),
        ).fetchall()
        for no, device, stream in rows:
            self._connection.execute("DELETE FROM stream WHERE no = ?", (no,))
            self._connection.execute("DELETE FROM meta WHERE name = ?", (f"{RESTORED_POSITION}{no}",))
            del self._streams[device, stream], self._stream_names[no]
        return [(device, stream) for _, device, stream in rows]

    def _enforce_bound(self, table: str, most: int, spare: int) -> None:
        """Once a table has more than `most` rows, delete the oldest rows of owners with the most, and count them.

        Args:
            table: `gap` or `quarantine`.
            most: how many rows may stay.
            spare: how many more to delete, so that the next rows do not cost the same again.
        """
        (rows,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
        if rows <= most:
            return
        owner, key, order = _BOUNDED[table]
        row_counts = dict(self._connection.execute(f"SELECT {owner}, count(*) FROM {table} GROUP BY 1"))  # noqa: S608
        gone = plan_evictions(row_counts, rows - most + spare)
        for device, number in gone.items():
            self._connection.execute(
                f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608
                f" (SELECT {key} FROM {table} WHERE {owner} = ? ORDER BY {order} LIMIT ?)",
                (device, number),
            )
        name = f"{table}_dropped"
        self.tables.store_number(name, (self.tables.read_number(name) or 0) + sum(gone.values()))

    # Numbers that stand for names

    def _read_names(self) -> None:
        query = self._connection.execute
        self._sensors: dict[SensorKey, int] = {
            (device, sensor): no for no, device, sensor in query("SELECT no, device, sensor FROM sensor")
        }
        self._streams: dict[StreamKey, int] = {
            (device, stream): no for no, device, stream in query("SELECT no, device, stream FROM stream")
        }
        self._stream_names: dict[int, str] = {no: stream for (_, stream), no in self._streams.items()}
        self._kinds: dict[str, int] = {kind: no for no, kind in query("SELECT no, kind FROM kind")}
        self._kind_names = {no: EVENT_KIND_BY_NAME[kind] for kind, no in self._kinds.items()}

    def _sensor_no(self, key: SensorKey) -> int:
        if key not in self._sensors:
            cursor = self._connection.execute("INSERT INTO sensor (device, sensor) VALUES (?, ?)", key)
            self._sensors[key] = cursor.lastrowid or 0
        return self._sensors[key]

    def _stream_no(self, key: StreamKey) -> int:
        if key not in self._streams:
            cursor = self._connection.execute("INSERT INTO stream (device, stream, seq) VALUES (?, ?, 0)", key)
            self._streams[key] = cursor.lastrowid or 0
            self._stream_names[self._streams[key]] = key[1]
        return self._streams[key]

    def _kind_no(self, kind: EventKind) -> int:
        if kind not in self._kinds:
            cursor = self._connection.execute("INSERT INTO kind (kind) VALUES (?)", (kind.value,))
            self._kinds[kind.value] = cursor.lastrowid or 0
            self._kind_names[self._kinds[kind.value]] = kind
        return self._kinds[kind]


def lock_journal(path: Path) -> FileLock:
    """Lock a journal against other collectors, before anything touches its file.

    Raises:
        JournalInUse: another collector uses it.
        JournalAway: the lock file cannot be created.
    """
    try:
        return FileLock(path)
    except LockInUse as fault:
        raise JournalInUse(str(fault)) from fault
    except OSError as fault:
        raise make_lock_file_error(path, fault) from fault


def _start_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to a write-ahead log. If the disk fails here, SQLite continues without one and reports no error."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise make_missing_log_error(path)


def _open_connection(path: Path, steps: Sequence[MigrationStep]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=MAX_LOCK_WAIT_S, isolation_level=None)
    try:
        _start_log(connection, path)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `_truncate_log` does it and keeps the page checksums
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        connection.execute("PRAGMA secure_delete = ON")  # erased data cannot be read in the file
        migrate_schema(connection, steps)
    except BaseException:
        connection.close()
        raise
    return connection
