"""Watchdog and restarts: a process that no longer works never looks alive."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contract import topics
from ledig.runtime.supervisor import ChildProcess, Supervisor
from tests.support.command import LedigProcess, running_command
from tests.support.edge.site import FakeCollector
from tests.support.servers import ROOT, Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until
from tests.support.site_files import DEVICE, SITE, changing_meter, set_meter, site_file

WATCHDOG_S = 1.0
"""A healthy process reports four times in this period."""
SILENCE = 4
"""Watchdog periods without a report that count as silence."""
HANG_US = 600_000_000
"""Delay that simulates a disk that no longer answers."""
INFLUX = """
[history]
kind = "influxdb"
[history.influxdb]
url = "http://127.0.0.1:{port}"
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as started:
        yield started


def edge(site: Path) -> tuple[str | Path, ...]:
    return "edge", site, "--device", DEVICE, "--pins", "mock"


def wait_until_started(running: LedigProcess, *, log: str) -> None:
    """Wait until the process is ready and alive, and has logged a line that shows that all threads run."""
    running.wait_for_report("WATCHDOG=1")
    wait_until(lambda: log in running.output(), what=f"{log!r} in {running.output()}")
    assert running.read_reports()[0] == "READY=1"


@pytest.mark.parametrize(
    ("process", "log", "thread"),
    [
        ("edge", "connected to the broker", "paho-mqtt-client"),
        ("edge", "connected to the broker", "sensor laser-power"),
        ("collector", "connected to the broker", "projection"),
        ("dashboard", "following", "paho-mqtt-client"),
    ],
)
def test_dying_thread_ends_its_process_with_status_1_and_is_named(
    broker: Mosquitto, tmp_path: Path, process: str, log: str, thread: str
) -> None:
    more = INFLUX.format(port=find_free_port()) if thread == "projection" else ""
    site = site_file(tmp_path, broker, dashboard_port=find_free_port(), more=more)
    arguments = edge(site) if process == "edge" else (process, site)
    with running_command(*arguments) as running:
        wait_until_started(running, log=log)
        running.raise_in_thread(thread)
        assert running.process.wait(60) == 1, running.output()
        assert f'thread "{thread}' in running.output()
        assert "ThreadKilled" in running.output()


@pytest.mark.parametrize("process", ["edge", "collector", "dashboard"])
def test_hangup_ends_no_process(broker: Mosquitto, tmp_path: Path, process: str) -> None:
    site = site_file(tmp_path, broker, dashboard_port=find_free_port())
    with running_command(*(edge(site) if process == "edge" else (process, site)), watchdog_s=WATCHDOG_S) as running:
        running.wait_for_report("WATCHDOG=1")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for_report("WATCHDOG=1", count=3)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0, running.output()


def is_silent(running: LedigProcess) -> bool:
    """Return whether there is no report for several watchdog periods."""
    seen, quiet = len(running.read_reports()), threading.Event()
    quiet.wait(SILENCE * WATCHDOG_S)
    return len(running.read_reports()) == seen


def test_agent_without_receipts_reports_no_progress_while_the_broker_is_up(
    tmp_path: Path,
) -> None:
    with (
        mosquitto() as own,  # without a retained offline status of a collector
        FakeCollector(own) as collector,
        running_command(*edge(site_file(tmp_path, own)), watchdog_s=WATCHDOG_S) as agent,
    ):
        collector.wait_for(lambda: len(collector.events) > 2, "events")
        agent.wait_for_report("WATCHDOG=1", count=3)
        collector.sends_receipts = False
        set_meter(tmp_path, 500)

        def falls_silent_beside_a_running_collector() -> bool:
            collector.publish(topics.COLLECTOR_STATUS.topic(SITE), b'{"online":true,"at":1}')
            return is_silent(agent)

        wait_until(falls_silent_beside_a_running_collector, seconds=60, what="the end of the reports")
        assert agent.process.poll() is None
        collector.sends_receipts = True
        agent.wait_for_report("WATCHDOG=1")


def test_agent_reports_progress_while_the_broker_is_away(tmp_path: Path) -> None:
    with mosquitto() as own:
        site = site_file(tmp_path, own)
        with running_command(*edge(site), watchdog_s=WATCHDOG_S) as agent:
            wait_until_started(agent, log="connected to the broker")
            own.kill()
            wait_until(lambda: "is not available" in agent.output(), what="the loss of the broker")
            agent.wait_for_report("WATCHDOG=1", count=2 * SILENCE)


def test_collector_with_a_hanging_commit_reports_no_progress(broker: Mosquitto, tmp_path: Path) -> None:
    site, data = site_file(tmp_path, broker), tmp_path / "data"
    paths = [part for tail in ("", "-wal") for part in ("-P", f"{data}/journal.sqlite{tail}")]
    inject = f"inject=fdatasync:delay_enter={HANG_US}:when=20+"  # the start alone needs about eight
    under = ("strace", "-f", "-qq", "-o", "/dev/null", *paths, "-e", "trace=fdatasync", "-e", inject)
    data.mkdir()
    with running_command("collector", site, watchdog_s=WATCHDOG_S, under=under) as collector:
        wait_until_started(collector, log="connected to the broker")
        with running_command(*edge(site)), changing_meter(tmp_path):  # without events there is nothing to commit
            wait_until(lambda: is_silent(collector), seconds=60, what="the end of the reports")
            assert collector.process.poll() is None


def test_collector_with_a_locked_journal_logs_it_and_extends_its_start(broker: Mosquitto, tmp_path: Path) -> None:
    site = site_file(tmp_path, broker)
    with running_command("collector", site, watchdog_s=WATCHDOG_S) as collector:
        wait_until_started(collector, log="connected to the broker")
        lock = sqlite3.connect(tmp_path / "data" / "journal.sqlite", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        with running_command(*edge(site)), changing_meter(tmp_path):
            wait_until(lambda: "locked" in collector.output(), seconds=60, what="the locked journal in the log")
            collector.wait_for_report("WATCHDOG=1", count=2 * SILENCE)
        lock.execute("ROLLBACK")
        lock.close()


def test_process_is_not_ready_before_it_works(tmp_path: Path) -> None:
    with mosquitto() as own:
        site = site_file(tmp_path, own)
        (tmp_path / "data").mkdir()
        lock = sqlite3.connect(tmp_path / "data" / "journal.sqlite", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        with running_command("collector", site, watchdog_s=WATCHDOG_S) as collector:
            wait_until(lambda: "locked" in collector.output(), what="the locked journal in the log")
            assert collector.read_reports() == []
        lock.close()


def test_dashboard_is_ready_once_it_answers(broker: Mosquitto, tmp_path: Path) -> None:
    port = find_free_port()
    with running_command("dashboard", site_file(tmp_path, broker, dashboard_port=port)) as dashboard:
        dashboard.wait_for_report("READY=1")
        assert accepts_connections(port)


def _with_dying_thread(stop: threading.Event) -> None:
    def die() -> None:
        raise LookupError("this thread has an error")

    threading.Thread(target=die, name="worker-7").start()
    stop.wait()


def test_child_of_ledig_up_ends_with_its_thread_and_restarts(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    supervisor = Supervisor([ChildProcess(name="dying", target=_with_dying_thread, arguments=())], show=lines.append)
    supervisor.start_all()
    try:

        def again() -> bool:
            supervisor.restart_ended()
            return len(lines) >= 2

        wait_until(again, seconds=60, what="two ends")
    finally:
        supervisor.stop_all()
    assert all(line.startswith("dying ended with status 1; it starts again in") for line in lines)
    assert 'thread "worker-7" ended with LookupError' in capfd.readouterr().err


RAW_THREAD = """
import _thread, time
from edge.process.thread_supervision import exit_on_thread_failure
exit_on_thread_failure()
def die():
    raise LookupError("a thread without the module threading")
_thread.start_new_thread(die, ())
time.sleep(60)
"""
FINALISER_ERROR = """
import gc
from edge.process.thread_supervision import exit_on_thread_failure
exit_on_thread_failure()
class Thing:
    def __del__(self):
        raise LookupError("a finaliser")
Thing()
gc.collect()
"""


def test_dying_raw_thread_ends_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", RAW_THREAD], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "LookupError: a thread without" in ended.stderr


def test_error_in_a_finaliser_ends_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FINALISER_ERROR], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert "LookupError: a finaliser" in ended.stderr
