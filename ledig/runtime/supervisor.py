"""Supervisor of `ledig up`: runs child processes, restarts those that end, and stops them all.

In:    children: a name, a function of this project, its arguments.
Out:   one process each; one that ends is restarted after a growing pause.
Never: a child that outlives the supervisor: each child watches for its parent's end.
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

from edge.contract.hosts import LOOPBACK
from edge.process.log_output import log_to_stderr
from edge.process.recovery_pause import MAX_RECOVERY_PAUSE_S
from edge.process.thread_supervision import exit_on_thread_failure
from ledig.runtime.exit_status import ExitStatus, report_error
from ledig.runtime.stopping import stop_on_signals_or_hangup, stop_with_parent

MIN_RESTART_PAUSE_S = 1.0
RESTART_PAUSE_RESET_S = 60.0
"""After running this long, the pause of a child starts over."""
STOP_TIMEOUT_S = 4.0
"""A child that has not stopped after this is killed."""
POLL_INTERVAL_S = 0.1
PORT_TIMEOUT_S = 10.0

_SPAWN = multiprocessing.get_context("spawn")  # children inherit nothing: no threads, no open database


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildProcess:
    """One process: `work(*arguments, stop)` runs in it until `stop` is set."""

    name: str
    target: Callable[..., None]
    arguments: tuple[Any, ...]
    port: int | None = None
    """Later children start once this one listens on this local port."""


def prepare_stop() -> threading.Event:
    """Return the event that Ctrl-C, SIGTERM or a closed terminal sets; call it before the first child starts."""
    resource_tracker.ensure_running()  # multiprocessing's helper process; starting it later would unblock the signals
    return stop_on_signals_or_hangup()


def find_next_pause_s(pause_s: float, lived_s: float) -> float:
    """Return the pause before the next start: twice the last one, unless the child ran for a while.

    Args:
        pause_s: the last pause.
        lived_s: how long the child ran.
    """
    return MIN_RESTART_PAUSE_S if lived_s >= RESTART_PAUSE_RESET_S else min(MAX_RECOVERY_PAUSE_S, pause_s * 2)


class _RunningChild:
    """One child and its current process."""

    def __init__(self, child: ChildProcess) -> None:
        self.child = child
        self.pause_s = MIN_RESTART_PAUSE_S / 2
        self.due_s = 0.0
        self.process: BaseProcess | None = None
        self.started_s = 0.0

    def start(self) -> None:
        self.process = _SPAWN.Process(target=_run_child, args=(self.child,), name=self.child.name)
        self.process.start()
        self.started_s = time.monotonic()

    def await_port(self) -> None:
        """Wait a limited time for the child's port; clients that are too early retry by themselves."""
        deadline_s = time.monotonic() + PORT_TIMEOUT_S
        while self.child.port and self.process and self.process.is_alive() and time.monotonic() < deadline_s:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((LOOPBACK, self.child.port), timeout=POLL_INTERVAL_S),
            ):
                return
            time.sleep(POLL_INTERVAL_S / 2)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        self.process.join(STOP_TIMEOUT_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Supervisor:
    """Starts children in order and stops them in reverse order."""

    def __init__(self, children: Sequence[ChildProcess], show: Callable[[str], None]) -> None:
        """Create a supervisor.

        Args:
            children: in the order of their start.
            show: shows one line to the person at the terminal.
        """
        self._running = [_RunningChild(child) for child in children]
        self._show = show

    def start_all(self) -> None:
        """Start every child."""
        for running in self._running:
            self._start(running)
            running.await_port()

    def restart_ended(self) -> None:
        """Restart each child that has ended and whose pause is over. The end of one child never stops the others."""
        for running in self._running:
            if running.process is None:
                if time.monotonic() >= running.due_s:
                    self._start(running)
            elif not running.process.is_alive():
                self._handle_end(running)

    def run(self, stop: threading.Event, every_poll: Callable[[], None]) -> None:
        """Supervise the children until `stop` is set; `every_poll` is called ten times a second."""
        while not stop.wait(POLL_INTERVAL_S):
            self.restart_ended()
            every_poll()

    def stop_all(self) -> None:
        """Stop all children, the last started first."""
        for running in reversed(self._running):
            running.stop()

    def _start(self, running: _RunningChild) -> None:
        """Start a child; if the system lacks memory, files or processes for it, try again later."""
        try:
            running.start()
        except OSError as fault:
            running.process = None
            self._pause(running, f"{running.child.name} cannot be started: {(fault.strerror or str(fault)).lower()}")

    def _handle_end(self, running: _RunningChild) -> None:
        status = running.process.exitcode if running.process else None
        running.process = None
        how = f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
        if status == ExitStatus.WRONG:  # the settings were valid at start, so a file that they name has changed
            how += ", its settings are wrong (see above)"
        self._pause(running, f"{running.child.name} ended {how}")

    def _pause(self, running: _RunningChild, what: str) -> None:
        """Report what happened and when the child restarts."""
        running.pause_s = find_next_pause_s(running.pause_s, time.monotonic() - running.started_s)
        running.due_s = time.monotonic() + running.pause_s
        self._show(f"{what}; it starts again in {running.pause_s:g} s")


def _run_child(child: ChildProcess) -> None:
    """Entry point of a child process."""
    exit_on_thread_failure()
    stop = stop_with_parent()
    log_to_stderr(logging.WARNING, f"{child.name}: %(message)s")
    try:
        child.target(*child.arguments, stop)
    except Exception as fault:  # noqa: BLE001 - every exception becomes a status; a bug keeps its traceback
        sys.exit(report_error(fault, child.name))
