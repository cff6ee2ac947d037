"""The collector's durable storage: one SQLite file with one writer.

In:    what the collector's loop stores, inside `with journal.transaction()`.
Out:   the stored rows; after a commit they are on the disk.
Never: decisions, threads, a second writer.

Readers open the file themselves, read-only and with `wal_autocheckpoint = 0`. SQLite before 3.51.3 can lose a commit
when two connections checkpoint, so only this connection does.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from collector.intake.intake import RepeatedEvent, StreamKey
from collector.occupancy.evidence import SpaceChange, StoredEvent
from collector.site.site_sensor import SensorKey
from collector.sqlite_files.migration import MigrationStep
from collector.sqlite_files.page_checksums import load_checksums
from collector.store.journal_faults import (
    JournalAway,
    JournalInUse,
    JournalRejected,
    make_lock_file_error,
    translate_errors,
)
from collector.store.journal_log import JournalLog, open_connection
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from collector.store.name_numbers import NameNumbers
from collector.store.rejection_tables import RejectionTables
from collector.timekeeping.instants import FOREVER_MS
from edge.process.file_lock import FileLock, LockInUse
from edge.process.sqlite_transaction import transaction

GROWTH_CHECK_BYTES: Final = 256 * 1024
RESTORED_AT: Final = "restored_at_ms"
"""When a backup replaced a damaged journal."""
MISSING_FROM: Final = "restored_from_ms"
"""When that backup was made; 0: there was none."""
RESTORED_POSITION: Final = "restored_position:"
AIR_PREFIX: Final = "air:"
"""Prefix of a zone's air among the stored values, where the key of a space is its id; no space's id has a colon."""

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
        rejections: what is not stored, and why.
        log: the write-ahead log.

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
        try:
            self.stored_sums = load_checksums(path)
            with translate_errors(self.path):
                self._connection = open_connection(path, steps)
            self.tables = JournalTables(self._connection)
            self.rejections = RejectionTables(self._connection, self.tables)
            try:
                with translate_errors(self.path):
                    self._names = NameNumbers(self._connection)
                    self.log = JournalLog(path, self._connection)
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
                truncated = self.log.truncate(closing=True)
            if not truncated:  # SQLite may now write the log into the file, which would make the checksums wrong
                self.log.page_sums.discard()
            self._connection.close()
        finally:
            self.log.page_sums.close()
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
        self.log.enforce_bound()

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
        sensors, kinds = self._names.sensors, self._names.kinds
        device = stream = ""
        stream_no = 0
        for e in events:
            if e.stream is not stream or e.device is not device:
                device, stream = e.device, e.stream
                stream_no = self._names.add_stream((device, stream))
            sensor_no = sensors.get((device, e.sensor)) or self._names.add_sensor((device, e.sensor))
            yield (
                sensor_no,
                e.at_ms,
                stream_no,
                e.seq,
                kinds.get(e.kind) or self._names.add_kind(e.kind),
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
                (self._names.sensors.get(key), from_ms, to_ms),
            )
            found += [
                StoredEvent(
                    at_ms,
                    key[0],
                    self._names.stream_names[stream_no],
                    seq,
                    key[1],
                    self._names.kind_names[kind_no],
                    value,
                )
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
            "UPDATE stream SET seq = ? WHERE no = ?",
            [(seq, self._names.add_stream(key)) for key, seq in stored_up_to.items()],
        )

    def is_known(self, repeat: RepeatedEvent, from_ms: int, to_ms: int) -> bool:
        """Whether an event with a covered sequence number may be the one that had it first.

        Args:
            repeat: the repeated event.
            from_ms: events before this moment are erased, so nothing is left to compare with.
            to_ms: undated events after this moment are erased too.
        """
        event, key = repeat.event, (repeat.device, repeat.stream)
        stream_no = self._names.streams.get(key)
        if event is not None:
            sensor_no = self._names.sensors.get((event.device, event.sensor))
            row = self._connection.execute(
                "SELECT kind_no, value, synchronised FROM event"
                " WHERE sensor_no = ? AND at_ms = ? AND stream_no = ? AND seq = ?",
                (sensor_no, event.at_ms, stream_no, event.seq),
            ).fetchone()
            if row == (self._names.kinds.get(event.kind), event.value, repeat.synchronised):
                return True
            if not from_ms <= event.at_ms <= to_ms:
                return True
        return self.rejections.is_known(repeat)

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
        self._connection.execute(
            "DELETE FROM meta WHERE name = ?", (f"{RESTORED_POSITION}{self._names.add_stream(key)}",)
        )

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
        return set(self._names.sensors)

    def find_newest_ms(self, before_ms: int) -> int:
        """The time of the newest dated event before a moment; 0: there is none."""
        statement = "SELECT max(at_ms) FROM event WHERE sensor_no = ? AND at_ms < ? AND synchronised"
        found = [
            self._connection.execute(statement, (no, before_ms)).fetchone()[0] for no in self._names.sensors.values()
        ]
        return max((at_ms for at_ms in found if at_ms is not None), default=0)

    def erase_events(self, sensors: Iterable[SensorKey], before_ms: int, undated_after_ms: int) -> int:
        """Erase the events of these sensors from before a moment; returns how many.

        An event without a trusted clock may claim to be from the future: beyond `undated_after_ms` it is erased too.
        """
        numbers = [self._names.sensors[key] for key in sensors if key in self._names.sensors]
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

    def erase_people_estimates(self, before_ms: int) -> None:
        """Erase the estimates of who was inside before a moment."""
        self._connection.execute("DELETE FROM people_estimate WHERE at_ms < ?", (before_ms,))

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
            self._names.forget_stream((device, stream))
        return [(device, stream) for _, device, stream in rows]


def lock_journal(path: Path) -> FileLock:
    """Lock a journal against other collectors, before anything touches its file.

    Raises:
        JournalInUse: another collector uses it.
        JournalAway: the lock file cannot be created.
    """
    try:
        return FileLock(path, "collector")
    except LockInUse as fault:
        raise JournalInUse(str(fault)) from fault
    except OSError as fault:
        raise make_lock_file_error(path, fault) from fault
