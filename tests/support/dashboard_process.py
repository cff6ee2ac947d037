"""Runs the installed `ledig dashboard` command with its own site file and a limit of open files.

In:    a folder, the limit, additional lines for the site file.
Out:   a running process, its port and its log.
Never: a broker: the public page works without one.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import ROOT, accepts_connections, find_free_port, wait_until

SITE = """
[site]
id = "mill"
name = "The mill"

[broker]
port = {broker_port}

[storage]
directory = "data"

[dashboard]
port = {port}
{dashboard}

[[floor]]
id = "ground"
name = "Ground"
width_m = 20
depth_m = 10

[[zone]]
id = "hall"
name = "Hall"
floor = "ground"
x_m = 0
y_m = 0
width_m = 20
depth_m = 10

[[space]]
id = "room-1"
name = "Room 1"
kind = "room"
zone = "hall"
x_m = 2.0
y_m = 2.0

[[device]]
id = "pi-1"

[[device.sensor]]
id = "room-1-pir"
space = "room-1"
kind = "pir"
pin = 17
"""


@dataclass(frozen=True)
class DashboardProcess:
    """A running dashboard."""

    process: subprocess.Popen[bytes]
    port: int
    site: Path
    data: Path
    log_path: Path

    def log(self) -> str:
        """Return what it has logged since its first start."""
        return self.log_path.read_text(errors="replace")

    def is_running(self) -> bool:
        return self.process.poll() is None


def write_site(folder: Path, dashboard: str = "") -> tuple[Path, int]:
    """Write a small site file with additional lines for [dashboard]; return its path and the port of the pages."""
    port = find_free_port()
    site = folder / "site.toml"
    site.write_text(SITE.format(port=port, broker_port=find_free_port(), dashboard=dashboard))
    (folder / "data").mkdir(exist_ok=True)
    return site, port


@contextmanager
def dashboard_process(folder: Path, *, files: int | None = None, dashboard: str = "") -> Iterator[DashboardProcess]:
    """Run a dashboard that accepts connections; `files` limits its open files with `ulimit -n`."""
    site, port = write_site(folder, dashboard)
    with start_dashboard(site, port, files) as running:
        wait_until(
            lambda: accepts_connections(port) or running.process.poll() is not None,
            what=f"the dashboard on port {port}",
        )
        assert running.is_running(), running.log()
        yield running


@contextmanager
def start_dashboard(site: Path, port: int, files: int | None = None) -> Iterator[DashboardProcess]:
    """Run the process, which may not accept connections yet; stop it at the end."""
    limit = "" if files is None else f"ulimit -n {files} && "
    command = f'{limit}exec "{sys.executable}" -m ledig dashboard "{site}"'
    log_path = site.parent / "dashboard.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(["sh", "-c", command], cwd=ROOT, stdout=log, stderr=log)
    try:
        yield DashboardProcess(process, port, site, site.parent / "data", log_path)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
