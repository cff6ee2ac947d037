"""Keeps the processes of a house alive, and stops them all when asked.

In:    children: a name, a function of this project, its arguments.
Out:   one real process each; one that dies is started again after a pause that grows.
Never: a child that outlives us: each watches for its parent's end.
"""

import contextlib
import logging
import multiprocessing
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from edge.log_output import log_to_stderr
from edge.supervision.threads import end_process_with_threads
from ledig.exits import Status, report
from ledig.stopping import stop_on_signals_or_hangup, stop_with_parent

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 15.0
"""Short enough that a process is back within 30 s after the fault of its environment has ended."""
STEADY_S = 60.0
"""Who lived this long begins again with the first pause."""
STOP_S = 4.0
"""A child that has not stopped after this is ended by force."""
LOOK_S = 0.1
LISTENS_S = 10.0

_SPAWN = multiprocessing.get_context("spawn")  # nothing of this process: no threads, no open database


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process: `work(*arguments, stop)` runs in it until `stop` is set."""

    name: str
    work: Callable[..., None]
    arguments: tuple[Any, ...]
    port: int | None = None
    """The children after it start once it listens here, on this machine."""


def stop_before_children() -> threading.Event:
    """The event that Ctrl-C, SIGTERM or a closed terminal sets; call it before the first child starts."""
    resource_tracker.ensure_running()  # multiprocessing's own child: to start it later would unblock the signals again
    return stop_on_signals_or_hangup()


def next_pause_s(pause_s: float, lived_s: float) -> float:
    """How long to wait before the next start: twice as long as the last time, unless the child lived long."""
    return FIRST_PAUSE_S if lived_s >= STEADY_S else min(LONGEST_PAUSE_S, pause_s * 2)


class _Running:
    """One child and its present process."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.pause_s = FIRST_PAUSE_S / 2
        self.due_s = 0.0
        self.process: BaseProcess | None = None
        self.started_s = 0.0

    def start(self) -> None:
        self.process = _SPAWN.Process(target=_be, args=(self.child,), name=self.child.name)
        self.process.start()
        self.started_s = time.monotonic()

    def await_port(self) -> None:
        """Wait a while until it listens; who comes too early tries again by itself."""
        patient_until_s = time.monotonic() + LISTENS_S
        while self.child.port and self.process and self.process.is_alive() and time.monotonic() < patient_until_s:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.child.port), timeout=LOOK_S):
                return
            time.sleep(LOOK_S / 2)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        self.process.join(STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Supervisor:
    """Starts children in their order and stops them in the opposite one."""

    def __init__(self, children: Sequence[Child], tell: Callable[[str], None]) -> None:
        """`tell` takes one plain line for the person at the terminal."""
        self._running = [_Running(child) for child in children]
        self._tell = tell

    def start(self) -> None:
        """Start every child."""
        for running in self._running:
            self._start(running)
            running.await_port()

    def tend(self) -> None:
        """Start each child again that ended and whose pause is over. No child's end stops the others."""
        for running in self._running:
            if running.process is None:
                if time.monotonic() >= running.due_s:
                    self._start(running)
            elif not running.process.is_alive():
                self._ended(running)

    def run(self, stop: threading.Event, every_look: Callable[[], None]) -> None:
        """Tend the children until `stop` is set; `every_look` is called ten times a second."""
        while not stop.wait(LOOK_S):
            self.tend()
            every_look()

    def stop(self) -> None:
        """Stop every child, the last started first."""
        for running in reversed(self._running):
            running.stop()

    def _start(self, running: _Running) -> None:
        """Start a child; a system without memory, files or processes for it is tried again later."""
        try:
            running.start()
        except OSError as fault:
            running.process = None
            self._pause(running, f"{running.child.name} cannot be started: {(fault.strerror or str(fault)).lower()}")

    def _ended(self, running: _Running) -> None:
        status = running.process.exitcode if running.process else None
        running.process = None
        how = f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
        if status == Status.WRONG:  # the settings were read before it was started: a file that they name has changed
            how += ", its settings are wrong (see above)"
        self._pause(running, f"{running.child.name} ended {how}")

    def _pause(self, running: _Running, what: str) -> None:
        """Report what happened, and when the child starts again."""
        running.pause_s = next_pause_s(running.pause_s, time.monotonic() - running.started_s)
        running.due_s = time.monotonic() + running.pause_s
        self._tell(f"{what}; it starts again in {running.pause_s:g} s")


def _be(child: Child) -> None:
    """What a child's process does."""
    end_process_with_threads()
    stop = stop_with_parent()
    log_to_stderr(logging.WARNING, f"{child.name}: %(message)s")
    try:
        child.work(*child.arguments, stop)
    except Exception as fault:  # noqa: BLE001 - every fault becomes a status here, and a bug keeps its traceback
        sys.exit(report(fault, child.name))
