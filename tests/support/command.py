"""The `ledig` command as a service manager starts it: a process of its own, with a notification socket.

In:    arguments of the command; environment.
Out:   the running process, what it logged, and what it reported to the service manager.
Never: a stand-in for the command; the fault that a test injects is an exception inside one of its threads.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.servers import ROOT, until

WITH_KILLER = """
import ctypes, signal, sys, threading

class ThreadKilled(BaseException):
    "Nothing catches it: some libraries go on after an Exception."

def raise_in_threads():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    for line in sys.stdin:
        for thread in threading.enumerate():
            if thread.name.startswith(line.strip()):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(ThreadKilled))

threading.Thread(target=raise_in_threads, name="killer", daemon=True).start()
from ledig.__main__ import main
main()
"""
"""The command, and beside it a thread that raises in every thread whose name comes on standard input."""


class Command:
    """One running command."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, listener: socket.socket) -> None:
        self.process = process
        self._output, self._listener = output, listener
        self._reports: list[str] = []

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def reports(self) -> list[str]:
        """What the service manager was sent so far, in its order."""
        while True:
            try:
                self._reports += self._listener.recv(4096).decode().split()
            except BlockingIOError:
                return list(self._reports)

    def wait_for_report(self, report: str, *, count: int = 1) -> None:
        """Until `report` came `count` more times than now."""
        wanted = self.reports().count(report) + count
        until(lambda: self._alive() and self.reports().count(report) >= wanted, what=f"{report}; {self.output()}")

    def raise_in_thread(self, name: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n".encode())
        self.process.stdin.flush()

    def _alive(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.output()}"
        return True


@contextmanager
def command(
    *arguments: str | Path,
    watchdog_s: float = 60,
    environment: Mapping[str, str] | None = None,
    under: Sequence[str] = (),
) -> Iterator[Command]:
    """`ledig` with these arguments; killed at the end if it still runs.

    Args:
        arguments: of the command.
        watchdog_s: what systemd would be told in WatchdogSec.
        environment: more variables.
        under: a program that runs it, such as strace with its options.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ledig-command-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listener,
    ):
        address = f"{folder}/notify"
        listener.bind(address)
        given = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(watchdog_s * 1e6)), **(environment or {})}
        output = Path(folder) / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*under, sys.executable, "-c", WITH_KILLER, *map(str, arguments)],
                cwd=ROOT,
                env={**os.environ, **given},
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
            )
        try:
            yield Command(process, output, listener)
        finally:
            for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
                child.kill()  # what runs under a tracer outlives it
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
