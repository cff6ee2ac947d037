"""Reads something again and again in a thread of its own, and tells only what is worth telling.

In:    a function that reads and posts, and how often (house time).
Out:   readings on the agent's queue; `Deadband` leaves out what did not move.
Never: a wait that anybody else must share: a file or an echo that never comes blocks its own thread alone.
"""

import threading
from collections.abc import Callable

from edge.sensors.sensor import Post

CLOSE_S = 0.2
"""How long closing waits for a reading that is under way; one that blocks is left behind (a daemon thread)."""


class Polling:
    """A thread that calls `read` every `every_ms` until it is closed. What `read` raises is posted as a fault."""

    def __init__(self, read: Callable[[], None], every_ms: int, post: Post) -> None:
        self._read, self._every_ms, self._post = read, every_ms, post
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sensor {post.sensor}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask the thread to end, and wait a moment for it."""
        self._closed.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        clock = self._post.clock
        next_ms = clock.monotonic_ms()
        while not self._closed.wait(clock.seconds_until(next_ms)):
            if clock.monotonic_ms() < next_ms:
                continue  # woken early
            try:
                self._read()
            except Exception as fault:  # noqa: BLE001 - drivers raise anything, and the next reading may succeed
                if not self._closed.is_set():
                    self._post.fail(str(fault) or type(fault).__name__)
            next_ms = max(next_ms + self._every_ms, clock.monotonic_ms())  # a slow reading is not made up for


class Deadband:
    """Leaves out readings that moved by less than a step since the last one told."""

    def __init__(self, step: float) -> None:
        """`step` is in the reading's own unit."""
        self._step = step
        self.told: float | None = None
        """The last reading that was worth telling."""

    def moved(self, value: float) -> bool:
        """Whether `value` is worth telling; if so, it is the new measure."""
        if self.told is not None and abs(value - self.told) < self._step:
            return False
        self.told = value
        return True
