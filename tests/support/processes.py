"""Runs our servers as on a site: each in its own process, which a test can kill like a power cut.

In:    the settings that the `ledig` command would pass.
Out:   a collector or a dashboard in its own process, which can be restarted.
Never: a thread of the test's process, because a kill must not affect the test.

Run as `python -m tests.support.processes FILE`; the file holds the pickled call.
"""

import multiprocessing
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.configuration.collector_settings import CollectorSettings
from collector.site.site_plan import SitePlan
from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support.servers import ROOT, accepts_connections, wait_until

SPAWN = multiprocessing.get_context("spawn")


class ServerProcess:
    """One server process; `start` after `kill` starts it again with the same settings."""

    def __init__(self, folder: Path, settings: CollectorSettings | DashboardSettings, plan: SitePlan) -> None:
        name = type(settings).__name__.removesuffix("Settings").lower()
        self._call = folder / f"{name}.pickle"
        self._call.write_bytes(pickle.dumps((settings, plan)))
        self._output_path = folder / f"{name}.output"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._output_path.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.processes", str(self._call)],
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """Kill it with SIGKILL: no will, no flush."""
        assert self._process is not None
        assert self._process.poll() is None, f"it had ended by itself:\n{self.output()}"
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def output(self) -> str:
        """Return what it has written since its first start."""
        return self._output_path.read_text(errors="replace")


@contextmanager
def running_collector(folder: Path, settings: CollectorSettings, plan: SitePlan) -> Iterator[ServerProcess]:
    process = ServerProcess(folder, settings, plan)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def running_dashboard(folder: Path, settings: DashboardSettings, plan: SitePlan) -> Iterator[ServerProcess]:
    """Run a dashboard that accepts connections."""
    process = ServerProcess(folder, settings, plan)
    process.start()
    try:
        wait_until(lambda: accepts_connections(settings.port), what=f"the dashboard on port {settings.port}")
        yield process
    finally:
        process.stop()


@contextmanager
def running_function(work: Callable[..., None], *arguments: object) -> Iterator[None]:
    """Run a function in its own process, which is terminated at the end."""
    process = SPAWN.Process(target=work, args=arguments)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def main() -> None:
    from collector.timekeeping.site_time import read_machine_clocks
    from ledig.runtime.stopping import stop_with_parent

    settings, plan = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our own file
    stop: threading.Event = stop_with_parent()
    if isinstance(settings, CollectorSettings):
        from collector.engine.collector_loop import run_collector

        run_collector(settings, plan, read_machine_clocks, stop)
    else:
        from dashboard.server import serve_dashboard

        serve_dashboard(settings, plan, read_machine_clocks, stop)


if __name__ == "__main__":
    main()
