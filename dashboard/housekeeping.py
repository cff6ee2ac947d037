"""Work beside the pages: each piece at its interval, in a thread; a failure is logged once and the work is repeated.

In:    pieces of work with their intervals, monotonic seconds as a value.
Out:   one log line when a piece begins to fail, another kind of failure, and when it succeeds again.
Never: a failure that ends the process, or one that is logged every time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gevent.threadpool import ThreadPool

_log = logging.getLogger(__name__)


class FaultLog:
    """Logs what fails once for each kind of failure, and when it is over."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}

    def attempt(self, name: str, work: Callable[[], object]) -> bool:
        """Do `work`; False: it failed, and that is in the log. `name` is one of few pieces of work."""
        try:
            work()
        except ConnectionError as fault:  # ours, or the network's: it may be over the next time
            self._failed(name, str(fault), None)
        except OSError as fault:
            self._failed(name, f"{fault.strerror or fault}", None)
        except Exception as fault:  # noqa: BLE001 - our bug; the pages matter more than this piece of work
            self._failed(name, type(fault).__name__, fault)
        else:
            if self._failing.pop(name, None) is not None:
                _log.warning("%s: works again", name)
            return True
        return False

    def _failed(self, name: str, reason: str, bug: Exception | None) -> None:
        if self._failing.get(name) != reason:
            self._failing[name] = reason
            _log.error("%s failed, and is tried again: %s", name, reason, exc_info=bug)


@dataclass(slots=True)
class Chore:
    """A piece of work: done every `every_s`."""

    name: str
    every_s: float
    work: Callable[[], object]
    due_s: float = float("-inf")


class Housekeeper:
    """Does chores one after the other in a thread of its own. Belongs to one event loop."""

    def __init__(self, chores: tuple[Chore, ...]) -> None:
        self._chores: Final = chores
        self._faults: Final = FaultLog()
        self._pool: Final = ThreadPool(1)
        self._busy = False

    def tick(self, now_s: float) -> None:
        """Begin what is due, unless the last one is still being done."""
        if self._busy:
            return
        due = next((chore for chore in self._chores if now_s >= chore.due_s), None)
        if due is None:
            return
        due.due_s = now_s + due.every_s
        self._busy = True
        self._pool.spawn(self._do, due)

    def _do(self, chore: Chore) -> None:
        try:
            self._faults.attempt(chore.name, chore.work)
        finally:
            self._busy = False
