"""`ledig edge` becomes the bare agent: a process of its own, started as the command starts it."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from edge.settings import PirSettings
from tests.edge.house import DEVICE, Collector, device
from tests.servers import ROOT, Mosquitto

BECOME = """
import pathlib
from edge.broker import BrokerSettings
from edge.lean import become
from edge.settings import ClockSource, DeviceSettings, PirSettings
become({settings!r}, "mock")
"""


def started(broker: Mosquitto, folder: Path) -> subprocess.Popen[str]:
    settings = device(broker.settings(DEVICE), folder, PirSettings(id="desk-14-pir", pin=4))
    code = BECOME.format(settings=settings).replace("PosixPath(", "pathlib.Path(")
    code = code.replace("<ClockSource.NETWORK: 'network'>", "ClockSource.HOST")
    code = code.replace(f"user='{DEVICE}'", f"user='{DEVICE}', password='secret-of-{DEVICE}'")
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_it_reports_without_openssl_and_stops_cleanly(broker: Mosquitto, tmp_path: Path) -> None:
    with Collector(broker) as collector, started(broker, tmp_path) as agent:
        collector.wait(lambda: collector.told("desk-14-pir") == [("motion", 0)], "the present level")
        maps = Path(f"/proc/{agent.pid}/maps").read_text()
        assert "libssl" not in maps
        assert "libcrypto" not in maps
        assert "secret" not in Path(f"/proc/{agent.pid}/cmdline").read_text()
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(10) == 0
        collector.wait(lambda: not collector.statuses[-1].online, "offline")


def test_an_outbox_of_a_newer_ledig_ends_it_with_one_line(broker: Mosquitto, tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "outbox.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with started(broker, tmp_path) as agent:
        _, said = agent.communicate(timeout=30)
        assert agent.returncode == 2
    assert said.splitlines() == [
        (
            f"{tmp_path}/outbox.sqlite has schema 99, this Ledig knows 1; install the newer Ledig again,"
            " or move the file away (what it holds is then not handed over)"
        )
    ]
