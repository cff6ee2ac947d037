"""Runs the `ledig` command as a service manager does: in its own process, with a notification socket.

In:    arguments of the command; environment.
Out:   the running process, its log, and its reports to the service manager.
Never: a fake command; the fault that a test injects is an exception inside one of its threads.
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

from tests.support.servers import ROOT, wait_until

RUN_WITH_THREAD_KILLER = """
import ctypes, signal, sys, threading

class ThreadKilled(BaseException):
    "Not caught by libraries that continue after an Exception."

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
"""Runs the command with an additional thread that raises in each thread whose name it reads from standard input."""


class LedigProcess:
    """One running command."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, listener: socket.socket) -> None:
        self.process = process
        self._output, self._listener = output, listener
        self._reports: list[str] = []

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def read_reports(self) -> list[str]:
        """Return the reports to the service manager so far, in order."""
        while True:
            try:
                self._reports += self._listener.recv(4096).decode().split()
            except BlockingIOError:
                return list(self._reports)

    def wait_for_report(self, report: str, *, count: int = 1) -> None:
        """Wait until `report` has come `count` more times."""
        expected_count = self.read_reports().count(report) + count
        wait_until(
            lambda: self._is_alive() and self.read_reports().count(report) >= expected_count,
            what=f"{report}; {self.output()}",
        )

    def raise_in_thread(self, name: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n".encode())
        self.process.stdin.flush()

    def _is_alive(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.output()}"
        return True


@contextmanager
def running_command(
    *arguments: str | Path,
    watchdog_s: float = 60,
    environment: Mapping[str, str] | None = None,
    under: Sequence[str] = (),
) -> Iterator[LedigProcess]:
    """Run `ledig` with these arguments; kill it at the end if it still runs.

    Args:
        arguments: the arguments of the command.
        watchdog_s: the value of systemd's WatchdogSec.
        environment: additional variables.
        under: a program with options that runs the command, such as strace.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ledig-command-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listener,
    ):
        address = f"{folder}/notify"
        listener.bind(address)
        variables = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(watchdog_s * 1e6)), **(environment or {})}
        output = Path(folder) / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*under, sys.executable, "-c", RUN_WITH_THREAD_KILLER, *map(str, arguments)],
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
            )
        try:
            yield LedigProcess(process, output, listener)
        finally:
            for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ():
                child.kill()  # a traced process outlives its tracer
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


NO_PINS = (
    "lgpio is not installed; on a Raspberry Pi, run: sudo apt-get install python3-lgpio, then in Ledig's folder: "
    "make install-edge; to try without pins: --pins mock"
)


def run_ledig(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ledig", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def run_replay_command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `ledig replay` with additional environment variables."""
    return subprocess.run(
        [sys.executable, "-m", "ledig", "replay", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


def run_ledig_without(modules: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as if `modules` were not installed."""
    start = (
        f"import sys; sys.modules.update(dict.fromkeys({modules})); from ledig.__main__ import run_command;"
        " sys.exit(run_command(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", start, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def read_error_lines(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines on stderr, which must contain no traceback."""
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()
