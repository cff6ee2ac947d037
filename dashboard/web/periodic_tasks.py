"""Runs periodic tasks beside the pages in a thread; logs a failure once and repeats the task at its next interval.

In:    tasks with their intervals, monotonic seconds as a value.
Out:   one log line when a task begins to fail, when its failure changes, and when it succeeds again.
Never: a failure that ends the process, or one that is logged every time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gevent.threadpool import ThreadPool

_log = logging.getLogger(__name__)


class FailureLog:
    """Logs each kind of failure once, and its end."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}

    def attempt(self, name: str, work: Callable[[], object]) -> bool:
        """Run `work`; return False if it failed, which is then logged. `name` is one of a few fixed tasks."""
        try:
            work()
        except ConnectionError as fault:  # our own or the network's; the next attempt may succeed
            self._log_once(name, str(fault), None)
        except OSError as fault:
            self._log_once(name, f"{fault.strerror or fault}", None)
        except Exception as fault:  # noqa: BLE001 - our bug; the pages matter more than this task
            self._log_once(name, type(fault).__name__, fault)
        else:
            if self._failing.pop(name, None) is not None:
                _log.warning("%s: works again", name)
            return True
        return False

    def _log_once(self, name: str, reason: str, bug: Exception | None) -> None:
        if self._failing.get(name) != reason:
            self._failing[name] = reason
            _log.error("%s failed, and is tried again: %s", name, reason, exc_info=bug)


@dataclass(slots=True)
class PeriodicTask:
    """A task that is due every `every_s`."""

    name: str
    every_s: float
    work: Callable[[], object]
    due_s: float = float("-inf")


class PeriodicTaskRunner:
    """Runs tasks one after the other in a thread of its own. Belongs to one event loop."""

    def __init__(self, chores: tuple[PeriodicTask, ...]) -> None:
        self._chores: Final = chores
        self._faults: Final = FailureLog()
        self._pool: Final = ThreadPool(1)
        self._busy = False

    def start_due(self, now_s: float) -> None:
        """Start the first task that is due, unless one is still running."""
        if self._busy:
            return
        due = next((chore for chore in self._chores if now_s >= chore.due_s), None)
        if due is None:
            return
        due.due_s = now_s + due.every_s
        self._busy = True
        self._pool.spawn(self._run_task, due)

    def _run_task(self, chore: PeriodicTask) -> None:
        try:
            self._faults.attempt(chore.name, chore.work)
        finally:
            self._busy = False
