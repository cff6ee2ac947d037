"""Runs slow work in threads, each kind in a pool of its own, so that one kind never waits for another.

In:    blocking work: SQLite, InfluxDB, argon2.
Out:   its result, while the event loop serves other requests.
Never: an unbounded queue; work beyond the bound is refused at once.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from gevent.threadpool import ThreadPool

_T = TypeVar("_T")


class Overloaded(ConnectionError):
    """All threads of this kind are busy and the queue is full. The same request may succeed in seconds."""


class WorkerPool:
    """A few threads for one kind of work. Belongs to the event loop that created it."""

    def __init__(self, name: str, threads: int, queue: int) -> None:
        """At most `threads` run at once, and at most `queue` more wait."""
        self._name: Final = name
        self._max_pending: Final = threads + queue
        self._pool: Final = ThreadPool(threads)
        self._pending_count = 0

    def run_and_wait(self, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread and wait for it; raises Overloaded, and what `work` raises."""
        if self._pending_count >= self._max_pending:
            raise Overloaded(f"{self._name}: {self._max_pending} requests are already in progress")

        def capture() -> tuple[_T, None] | tuple[None, Exception]:
            try:
                return work(), None
            except Exception as fault:  # noqa: BLE001 - raised again below, in the calling greenlet
                return None, fault

        self._pending_count += 1
        try:
            outcome: tuple[_T, None] | tuple[None, Exception] = self._pool.apply(capture)
        finally:
            self._pending_count -= 1
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]


class Workers:
    """The pools of one dashboard. Checking one password takes 64 MiB, so few are checked at once."""

    def __init__(self) -> None:
        self.history: Final = WorkerPool("history", threads=4, queue=32)
        self.passwords: Final = WorkerPool("passwords", threads=2, queue=16)
        self.accounts: Final = WorkerPool("accounts", threads=2, queue=64)
        self.register: Final = WorkerPool("register", threads=1, queue=16)
        """For the public list of page views, which anybody may request at any rate."""
