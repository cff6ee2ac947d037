"""Polls a sensor in its own thread, and filters out small changes.

In:    a function that reads and queues, and how often (site time).
Out:   readings on the agent's queue; `Deadband` filters out readings that have hardly changed.
Never: a wait that blocks anything else: a file or an echo that never comes blocks only its own thread.
"""

import threading
from collections.abc import Callable

from edge.sensors.sensor import ReadingQueue

CLOSE_TIMEOUT_S = 0.2
"""How long closing waits for a reading in progress; a blocked one is abandoned (a daemon thread)."""


class PollingThread:
    """A thread that calls `read` every `every_ms` until it is closed. An exception of `read` is queued as a fault."""

    def __init__(self, read: Callable[[], None], every_ms: int, queue: ReadingQueue) -> None:
        self._read, self._every_ms, self._queue = read, every_ms, queue
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sensor {queue.sensor}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask the thread to end, and wait for it for at most `CLOSE_TIMEOUT_S`."""
        self._closed.set()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        clock = self._queue.clock
        next_ms = clock.monotonic_ms()
        while not self._closed.wait(clock.seconds_until(next_ms)):
            if clock.monotonic_ms() < next_ms:
                continue  # woken early
            try:
                self._read()
            except Exception as fault:  # noqa: BLE001 - drivers raise anything, and the next reading may succeed
                if not self._closed.is_set():
                    self._queue.put_fault(str(fault) or type(fault).__name__)
            next_ms = max(next_ms + self._every_ms, clock.monotonic_ms())  # missed readings are not made up for


class Deadband:
    """Filters out readings that differ by less than a step from the last published one."""

    def __init__(self, step: float) -> None:
        """`step` is in the reading's own unit."""
        self._step = step
        self.last_published: float | None = None
        """The last reading that was published; None if there is none yet."""

    def accept_change(self, value: float) -> bool:
        """Return whether `value` must be published; if so, it becomes the new reference."""
        if self.last_published is not None and abs(value - self.last_published) < self._step:
            return False
        self.last_published = value
        return True
