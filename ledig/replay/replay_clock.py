"""The clock of a replay: it follows the recording and waits for agents that have fallen behind.

In:    the time to advance to, and the deadlines that agents sleep for.
Out:   the site time, for agents in this process and, through shared memory, for the collector in its own.
Never: pins, rows.

The clock advances from deadline to deadline. Before it passes one, the thread that waits for it has run and
registered its next deadline. A slow machine therefore replays more slowly, with the same result.
"""

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_WAKE_TIMEOUT_S: Final = 2.0
"""A thread that has not woken for this long is stuck or has ended."""


class ReplayClock:
    """A `Clock` that advances only by `advance_to` and `jump_to`, at most `speed` times as fast as real time."""

    def __init__(self, shared: "Synchronized[int]", speed: float, stop: threading.Event) -> None:
        self._shared = shared
        self._stop = stop
        self._speed = speed
        self._now_ms: int = shared.value
        self._deadlines: dict[int, int] = {}
        self._changed = threading.Condition()
        self._readings = threading.local()

    @property
    def at_ms(self) -> int:
        """The current site time. Unlike `now_ms`, it does not count as a reading of the calling thread."""
        return self._now_ms

    def now_ms(self) -> int:
        self._readings.at_ms = self._now_ms
        return self._now_ms

    def monotonic_ms(self) -> int:
        """After `now_ms`, the thread's next reading returns the same time, because agents read both as a pair."""
        at_ms: int | None = getattr(self._readings, "at_ms", None)
        self._readings.at_ms = None
        return self._now_ms if at_ms is None else at_ms

    def seconds_until(self, monotonic_ms: int) -> float:
        with self._changed:
            self._deadlines[threading.get_ident()] = monotonic_ms
            self._changed.notify_all()
        return max(0.0, (monotonic_ms - self._now_ms) / 1000 / self._speed)

    def synchronised(self) -> bool:
        return True

    def confirms_steps(self) -> bool:
        return True

    def boot(self) -> str:
        return ""

    def count_sleepers(self) -> int:
        """Number of threads that have registered a deadline."""
        return len(self._deadlines)

    def clear_sleepers(self) -> None:
        """Remove all deadlines, after every agent has ended."""
        with self._changed:
            self._deadlines.clear()

    def advance_to(self, at_ms: int) -> None:
        """Advance to `at_ms`, deadline by deadline. Return early when the replay is stopped."""
        while self._now_ms < at_ms:
            if self._stop.wait((self._next_deadline_ms(at_ms) - self._now_ms) / 1000 / self._speed):
                return
            self._await_sleepers()  # a thread that registers late may register a deadline in the past
            self.jump_to(
                self._next_deadline_ms(at_ms)
            )  # looked up again: a thread that was awake may have registered an earlier one
            self._await_sleepers()

    def jump_to(self, at_ms: int) -> None:
        """Set the time to `at_ms`, for example after a break in which all devices were off."""
        self._now_ms = at_ms
        self._shared.value = at_ms

    def _await_sleepers(self) -> None:
        """Wait until every thread whose deadline has passed has registered the next one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._due_threads(), _WAKE_TIMEOUT_S)
            for thread in self._due_threads():
                del self._deadlines[thread]

    def _next_deadline_ms(self, at_ms: int) -> int:
        """Return the next deadline, at most `at_ms`."""
        with self._changed:
            return min([at_ms, *(due for due in self._deadlines.values() if due > self._now_ms)])

    def _due_threads(self) -> list[int]:
        return [thread for thread, due in self._deadlines.items() if due <= self._now_ms]
