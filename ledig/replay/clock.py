"""The clock of a replayed house: it follows the recording, and waits for whoever has fallen behind.

In:    moments to go to, and the deadlines that agents sleep for.
Out:   the house's time, for agents in this process and, through shared memory, for the collector in its own.
Never: pins, rows.

It goes from deadline to deadline: before it passes one, the thread that sleeps for it has woken and said its next.
So a slow machine replays slowly, and never differently.
"""

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_PATIENCE_S: Final = 2.0
"""A thread that has not woken for this long sleeps for good, or has ended."""


class ReplayClock:
    """A `Clock` that moves only by `go_to`, at most `speed` times as fast as real time."""

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
        """Where it stands, for whoever moves it."""
        return self._now_ms

    def now_ms(self) -> int:
        self._readings.at_ms = self._now_ms
        return self._now_ms

    def monotonic_ms(self) -> int:
        """The next reading of a thread after `now_ms` is of the same moment: the two are read to tie them together."""
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

    def sleepers(self) -> int:
        """How many threads have said when they want to wake."""
        return len(self._deadlines)

    def forget_sleepers(self) -> None:
        """Wait for nobody: every agent has ended."""
        with self._changed:
            self._deadlines.clear()

    def go_to(self, at_ms: int) -> None:
        """Let time pass until `at_ms`, deadline by deadline; return early when told to stop."""
        while self._now_ms < at_ms:
            if self._stop.wait((self._next_ms(at_ms) - self._now_ms) / 1000 / self._speed):
                return
            self._await_sleepers()  # who said a deadline late may say one that has passed
            self.jump_to(self._next_ms(at_ms))  # looked up again: who was awake may have said an earlier one
            self._await_sleepers()

    def jump_to(self, at_ms: int) -> None:
        """Be at `at_ms` now, as after a break in which nothing was on."""
        self._now_ms = at_ms
        self._shared.value = at_ms

    def _await_sleepers(self) -> None:
        """Until everybody whose deadline has come has said the next one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._due(), _PATIENCE_S)
            for thread in self._due():
                del self._deadlines[thread]

    def _next_ms(self, at_ms: int) -> int:
        """The next deadline, at most `at_ms`."""
        with self._changed:
            return min([at_ms, *(due for due in self._deadlines.values() if due > self._now_ms)])

    def _due(self) -> list[int]:
        return [thread for thread, due in self._deadlines.items() if due <= self._now_ms]
