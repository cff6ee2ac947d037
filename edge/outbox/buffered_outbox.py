"""Writes events to the outbox, and buffers them in memory while the disk is unavailable.

In:    events of sensors with their monotonic time; the anchor that converts it to the time of day.
Out:   an outbox, open or unavailable; the exact numbers of kept and dropped events.
Never: an exception for a disk that may come back. It is logged once and retried.

Events in memory are lost if the machine stops. Beyond `MAX_BUFFERED_EVENTS` the oldest are dropped, and counted in
`dropped` like those that the outbox drops at its own bound.
"""

import logging
from collections import deque
from pathlib import Path

from edge.contract.message import SensorEvent
from edge.contract.raw_retention import MAX_RAW_MS
from edge.outbox import Outbox, OutboxAway, OutboxCorrupt, PendingEvent, delete_old_damaged_files
from edge.process.plurals import format_count
from edge.timekeeping.clock_anchor import ClockAnchor
from edge.timekeeping.machine_clock import boot_id

MAX_BUFFERED_EVENTS = 2000
"""At most this many events are buffered in memory: about an hour of sixteen desks."""
DISK_RETRY_MS = 1000
"""The disk is retried this often (real milliseconds)."""
CLEAR_LOG_INTERVAL_MS = 10_000
"""Events covered by a receipt can be read in the outbox's files for at most this long (real milliseconds)."""

log = logging.getLogger(__name__)


class BufferedOutbox:
    """The outbox of one agent and the buffer in front of it. One thread owns it."""

    def __init__(self, path: Path, max_events: int, max_age_ms: int = MAX_RAW_MS) -> None:
        """Open the outbox, or start without one if the disk is unavailable.

        Args:
            path: the SQLite file of the outbox.
            max_events: its bound.
            max_age_ms: the collector keeps no event longer, and would not accept an older one.

        Raises:
            OutboxRejected: a newer version of Ledig wrote the file, or another agent uses it.
        """
        self._path, self._max_events, self._max_age_ms = path, max_events, max_age_ms
        self._boot_id = boot_id()
        self._buffered: deque[PendingEvent] = deque()
        self._dropped_from_buffer = 0
        self._retry_ms: int | None = None
        self._has_untimed = True
        self._next_clear_ms = 0
        self.outbox: Outbox | None = None
        """None while it cannot be opened."""
        self._open(0)

    @property
    def depth(self) -> int:
        """How many events are held, on disk and in memory."""
        return len(self._buffered) + (self.outbox.depth if self.outbox else 0)

    @property
    def dropped(self) -> int:
        """How many events were dropped since the outbox was created."""
        return self._dropped_from_buffer + (self.outbox.dropped if self.outbox else 0)

    def add(self, event: PendingEvent, wall_ms: int) -> None:
        """Buffer one event; `flush` writes it. `wall_ms` is the machine's time of day, right or wrong."""
        self._buffered.append(event._replace(wall_ms=wall_ms))
        if self._retry_ms is not None:
            self._drop_excess()

    def flush(self, anchor: ClockAnchor, now_ms: int) -> None:
        """Write the buffer in one transaction; if the disk is unavailable, keep it (`now_ms` is real milliseconds)."""
        if self._retry_ms is not None and now_ms < self._retry_ms:
            return
        if self.outbox is None:
            self._open(now_ms)
        if self.outbox is None:
            return
        try:
            self._assign_times(self.outbox, anchor)
            if self._buffered or self._dropped_from_buffer:
                events = [event._replace(at_ms=anchor.unix_ms(event.monotonic_ms or 0)) for event in self._buffered]
                self.outbox.append(events, self._dropped_from_buffer)
                self._buffered.clear()
                self._dropped_from_buffer = 0
            if self.outbox.has_deleted_in_log and now_ms >= self._next_clear_ms:
                self._next_clear_ms = now_ms + CLEAR_LOG_INTERVAL_MS
                self.outbox.clear_log()
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)
        else:
            self._handle_available()

    def delete_covered(self, seq: int, now_ms: int) -> None:
        """Delete the events that the collector has stored; if the disk is unavailable, a later receipt does."""
        if self.outbox is None:
            return
        try:
            self.outbox.delete_covered(seq)
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)

    def read_events(self, from_seq: int, limit: int, now_ms: int) -> list[SensorEvent]:
        """Read events to send, oldest first; none while the disk is unavailable or their time of day is unknown."""
        if self.outbox is None:
            return []
        try:
            return self.outbox.read_events(from_seq, limit)
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)
            return []

    def delete_old(self, at_ms: int, now_ms: int) -> None:
        """Delete events older than `max_age_ms` at the time of day `at_ms`; they count as dropped."""
        if self.outbox is None:
            return
        try:
            self.outbox.delete_old(at_ms - self._max_age_ms)
            delete_old_damaged_files(self._path, at_ms - self._max_age_ms)
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)

    def start_new_stream(self, now_ms: int) -> None:
        """Start a new stream; if the disk is unavailable, the next receipt tries again."""
        if self.outbox is None:
            return
        try:
            self.outbox.start_new_stream()
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)

    def close(self) -> None:
        """Close the outbox; log how many events could not be written."""
        if self._buffered:
            log.error("not written to %s and lost: %s", self._path, format_count(len(self._buffered), "event"))
        if self.outbox is not None:
            self.outbox.close()

    def _open(self, now_ms: int) -> None:
        try:
            self.outbox = Outbox(self._path, max_events=self._max_events, boot=self._boot_id)
        except OutboxAway as fault:
            self._handle_unavailable(fault, now_ms)
        else:
            self._has_untimed = (
                True  # it may hold events of this boot that an earlier process left without a time of day
            )

    def _assign_times(self, outbox: Outbox, anchor: ClockAnchor) -> None:
        if anchor.offset_ms is None:
            self._has_untimed = True
        elif self._has_untimed:
            outbox.assign_times(anchor.offset_ms)
            self._has_untimed = False

    def _handle_unavailable(self, fault: OutboxAway, now_ms: int) -> None:
        if self._retry_ms is None:
            log.error("%s; events are buffered in memory, at most %d", fault, MAX_BUFFERED_EVENTS)
        self._retry_ms = now_ms + DISK_RETRY_MS
        self._drop_excess()
        if isinstance(fault, OutboxCorrupt) and self.outbox is not None:  # opening it again replaces it
            self.outbox.close()
            self.outbox = None

    def _drop_excess(self) -> None:
        """Drop the oldest buffered events beyond the bound, and count them."""
        while len(self._buffered) > MAX_BUFFERED_EVENTS:
            self._buffered.popleft()
            self._dropped_from_buffer += 1

    def _handle_available(self) -> None:
        if self._retry_ms is not None:
            log.info("%s can be written again", self._path)
        self._retry_ms = None
