"""Keeps events in the outbox, and in memory while the disk refuses.

In:    what sensors said, with the moment; the anchor that ties it to the time of day.
Out:   an outbox, open or away; how many events wait and how many were lost, exactly.
Never: an exception for a disk that may come back. It is said in one line, and tried again.

What waits in memory was promised to nobody: it is lost if the machine stops. Beyond `TAIL_EVENTS` the oldest go,
and are counted in `dropped` like those that the outbox drops at its own bound.
"""

import logging
from collections import deque
from pathlib import Path

from edge.clock import boot_id
from edge.message import SensorEvent
from edge.outbox import Outbox, OutboxAway, OutboxCorrupt, Said, remove_old_asides
from edge.plurals import counted
from edge.sensors.sensor import Told
from edge.stamp import Anchor

TAIL_EVENTS = 2000
"""Events kept in memory while the disk refuses: about an hour of sixteen desks."""
KEPT_MS = 72 * 3_600_000
"""The house forgets what happened longer ago, and so does its outbox: the collector would not take it any more."""
RETRY_MS = 1000
"""The disk is tried again this often (real milliseconds)."""
CLEAR_MS = 10_000
"""Events that a receipt covers may be read in the outbox's files for so long (real milliseconds)."""

log = logging.getLogger(__name__)


class Keeping:
    """The outbox of one agent and what waits in front of it. One thread owns it."""

    def __init__(self, path: Path, max_events: int) -> None:
        """Open the outbox, or begin without one.

        Raises:
            OutboxRejected: a newer Ledig made the file.
        """
        self._path, self._max_events = path, max_events
        self._boot = boot_id()
        self._tail: deque[Said] = deque()
        self._lost = 0
        self._retry_ms: int | None = None
        self._unstamped = True
        self._clear_ms = 0
        self.outbox: Outbox | None = None
        """None while the disk refuses to open it."""
        self._open(0)

    @property
    def depth(self) -> int:
        """How many events are kept, on the disk and in memory."""
        return len(self._tail) + (self.outbox.depth if self.outbox else 0)

    @property
    def dropped(self) -> int:
        """How many events were dropped since the outbox was made."""
        return self._lost + (self.outbox.dropped if self.outbox else 0)

    def add(self, sensor: str, told: Told, wall_ms: int) -> None:
        """Take one event; `flush` writes it. `wall_ms` is what the time of day is said to be."""
        self._tail.append(Said(sensor, told.kind, told.value, told.at_ms, wall_ms, None))
        if self._retry_ms is not None:
            self._bound()

    def flush(self, anchor: Anchor, now_ms: int) -> None:
        """Write all that waits, in one transaction; on the disk when it returns, or it waits on (`now_ms` is real)."""
        if self._retry_ms is not None and now_ms < self._retry_ms:
            return
        if self.outbox is None:
            self._open(now_ms)
        if self.outbox is None:
            return
        try:
            self._stamp(self.outbox, anchor)
            if self._tail or self._lost:
                said = [each._replace(at_ms=anchor.unix_ms(each.monotonic_ms)) for each in self._tail]
                self.outbox.append(said, self._lost)
                self._tail.clear()
                self._lost = 0
            if self.outbox.has_residue and now_ms >= self._clear_ms:
                self._clear_ms = now_ms + CLEAR_MS
                self.outbox.clear_log()
        except OutboxAway as fault:
            self._refused(fault, now_ms)
        else:
            self._accepted()

    def cover(self, seq: int, now_ms: int) -> None:
        """Let go of what the collector has; a disk that refuses keeps it a while longer."""
        if self.outbox is None:
            return
        try:
            self.outbox.cover(seq)
        except OutboxAway as fault:
            self._refused(fault, now_ms)

    def read(self, from_seq: int, limit: int, now_ms: int) -> list[SensorEvent]:
        """Events to send, oldest first; none while the disk refuses or their time of day is not known."""
        if self.outbox is None:
            return []
        try:
            return self.outbox.read(from_seq, limit)
        except OutboxAway as fault:
            self._refused(fault, now_ms)
            return []

    def forget(self, at_ms: int, now_ms: int) -> None:
        """Let go of what is older than the house keeps, at the time of day `at_ms`; it counts as dropped."""
        if self.outbox is None:
            return
        try:
            self.outbox.forget(at_ms - KEPT_MS)
            remove_old_asides(self._path, at_ms - KEPT_MS)
        except OutboxAway as fault:
            self._refused(fault, now_ms)

    def renew(self, now_ms: int) -> None:
        """Begin a new stream; a disk that refuses does so at the next receipt."""
        if self.outbox is None:
            return
        try:
            self.outbox.renew()
        except OutboxAway as fault:
            self._refused(fault, now_ms)

    def close(self) -> None:
        """Close the outbox; say what could not be written."""
        if self._tail:
            log.error("not written to %s and lost: %s", self._path, counted(len(self._tail), "event"))
        if self.outbox is not None:
            self.outbox.close()

    def _open(self, now_ms: int) -> None:
        try:
            self.outbox = Outbox(self._path, max_events=self._max_events, boot=self._boot)
        except OutboxAway as fault:
            self._refused(fault, now_ms)
        else:
            self._unstamped = True  # it may hold events of this boot that a former agent left unstamped

    def _stamp(self, outbox: Outbox, anchor: Anchor) -> None:
        if anchor.offset_ms is None:
            self._unstamped = True
        elif self._unstamped:
            outbox.stamp(anchor.offset_ms)
            self._unstamped = False

    def _refused(self, fault: OutboxAway, now_ms: int) -> None:
        if self._retry_ms is None:
            log.error("%s; events wait in memory, at most %d", fault, TAIL_EVENTS)
        self._retry_ms = now_ms + RETRY_MS
        self._bound()
        if isinstance(fault, OutboxCorrupt) and self.outbox is not None:  # opening it again puts it aside
            self.outbox.close()
            self.outbox = None

    def _bound(self) -> None:
        """Drop the oldest of what waits beyond the bound, and count them."""
        while len(self._tail) > TAIL_EVENTS:
            self._tail.popleft()
            self._lost += 1

    def _accepted(self) -> None:
        if self._retry_ms is not None:
            log.info("%s can be written again", self._path)
        self._retry_ms = None
