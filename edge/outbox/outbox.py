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
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from edge.contract.message import SensorEvent
from edge.outbox import outbox_schema
from edge.outbox.outbox_errors import OutboxCorrupt, translate_errors
from edge.outbox.outbox_opening import bring_up_to_date, lock_outbox, read_header, read_state
from edge.outbox.outbox_rows import Holes, OutboxState, PendingEvent
from edge.outbox.salvage import find_states_in_wal
from edge.process.plurals import format_count
from edge.process.sqlite_transaction import transaction

log = logging.getLogger(__name__)


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
        self._lock = lock_outbox(path)
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
            for row in outbox_schema.iter_sound_rows(db, self.stream, self._first_untimed_seq):
                if row.at_ms is None:
                    at_ms = max(0, (row.monotonic_ms or 0) + offset_ms)
                    self._rewrite(db, row.seq, row.assign_time(at_ms, synchronised=bool(row.synchronised)))
        self._first_untimed_seq = None

    def read_events(self, from_seq: int, limit: int) -> list[SensorEvent]:
        """Read at most `limit` events from `from_seq` on, up to the first hole or event without a time of day."""
        from_seq = max(from_seq, self.oldest_seq)
        ends = [end for end in (self._first_untimed_seq, self._holes.first_from(from_seq)) if end is not None]
        with translate_errors(self._path):
            found = self._db.execute(
                f"{outbox_schema.SELECT_EVENTS} WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
                (from_seq, min(ends, default=self.last_seq + 1), limit),
            ).fetchall()
        events: list[SensorEvent] = []
        for *columns, checksum in found:
            row = PendingEvent._make(columns)
            expected = from_seq + len(events)
            if row.seq != expected or not row.is_sound(self.stream, checksum):
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
            for row in outbox_schema.iter_sound_rows(db, self.stream, self.oldest_seq):
                self._rewrite(db, row.seq, row._replace(seq=row.seq - below), stream)
            self._write_state(db, self.last_seq - below, self.dropped, stream)
        self.stream, self.oldest_seq, self.last_seq = stream, 1, self.last_seq - below
        self._holes.shift(-below)
        self._first_untimed_seq = None if self._first_untimed_seq is None else self._first_untimed_seq - below
        self.last_seq_at_open = self.last_seq  # no collector has an event of the new stream

    def delete_old(self, before_ms: int) -> None:
        """Drop and count the oldest events, up to the first from `before_ms` on or without a time of day."""
        with translate_errors(self._path):
            found = self._db.execute(
                "SELECT seq FROM events WHERE at_ms >= ? OR at_ms IS NULL ORDER BY seq LIMIT 1", (before_ms,)
            ).fetchone()
        oldest = self.last_seq + 1 if found is None else found[0]
        if oldest > self.oldest_seq:
            self._drop_below(oldest, counted=oldest - self.oldest_seq)

    def clear_log(self) -> None:
        """Write the log into the file and empty it, so that deleted events can be read in neither."""
        with translate_errors(self._path):
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
            with translate_errors(self._path):
                outcome = outbox_schema.replace_damaged(self._path)
                log.error("%s; %s", fault, outcome)  # noqa: TRY400 - one plain line
            self._open()

    def _open(self) -> None:
        with translate_errors(self._path):
            outbox_schema.finish_replacement(self._path)
            read_header(self._path)
            self._db = outbox_schema.connect(self._path)
        try:
            with translate_errors(self._path):
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
            bring_up_to_date(db, self._path)
        with transaction(db):
            state = read_state(db, self._path)
            self.stream, self.dropped = state.stream, state.dropped
            known = [item.last for item in in_log if item.stream == state.stream]
            self._find_holes(db, state.last, max([state.last, *known]))
            self._assign_times_of_earlier_boots(db)
            self._write_state(db, self.last_seq, self.dropped)
        self.last_seq_at_open = self.last_seq
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._skip_holes()

    def _find_holes(self, db: sqlite3.Connection, last: int, last_in_log: int) -> None:
        """Find every number without a sound row, from the first row to the highest number ever assigned."""
        self._holes, self._first_untimed_seq = Holes(), None
        first_seq, expected, lost = 0, 0, 0
        unsound: list[tuple[int]] = []
        for *columns, checksum in db.execute(f"{outbox_schema.SELECT_EVENTS} ORDER BY seq"):
            row = PendingEvent._make(columns)
            if not row.is_sound(self.stream, checksum):
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
        for row in outbox_schema.iter_sound_rows(db, self.stream, self._first_untimed_seq):
            if row.at_ms is None and row.boot != self._boot:
                self._rewrite(db, row.seq, row.assign_time(row.wall_ms or 0, synchronised=False))
            elif row.at_ms is None and first_untimed is None:
                first_untimed = row.seq
        self._first_untimed_seq = first_untimed

    # Rows and holes

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
                with translate_errors(self._path):
                    found = self._db.execute("SELECT min(seq) FROM events WHERE at_ms IS NULL").fetchone()
                self._first_untimed_seq = found[0]

    def _write_state(self, db: sqlite3.Connection, last: int, dropped: int, stream: str | None = None) -> None:
        db.execute("UPDATE outbox SET state = ?", (OutboxState(stream or self.stream, last, dropped).format_line(),))

    # The disk

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with translate_errors(self._path), transaction(self._db):
            yield self._db
