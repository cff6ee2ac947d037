"""`ledig up`: runs a whole site, recovers, stops at once, and continues where it stopped."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge.contract.broker_client import BrokerSettings
from ledig.runtime.start_checks import check_broker
from ledig.runtime.supervisor import MAX_RECOVERY_PAUSE_S, MIN_RESTART_PAUSE_S, RESTART_PAUSE_RESET_S, find_next_pause_s
from ledig.site.broker_passwords import BrokerPasswordRejected
from ledig.site_setup.hours_answer import parse_week_hours
from ledig.site_setup.setup_answers import FloorAnswers
from ledig.site_setup.site_text import write_site_text
from tests.support.command import NO_PINS, read_error_lines, run_ledig, run_ledig_without
from tests.support.servers import accepts_connections, find_free_port, wait_until
from tests.support.site_answers import create_answers, create_zone
from tests.support.valid_site import EXAMPLE


class UpSite:
    """A site run by `ledig up`, with its output and its pages."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.data, self.options = folder / "data", options
        self.broker_port, self.port = find_free_port(), find_free_port()
        self.site = folder / "site.toml"
        text = EXAMPLE.read_text(encoding="utf-8")
        text = re.sub(r"port = 18830", f"port = {self.broker_port}", text)
        self.site.write_text(re.sub(r"port = 8000", f"port = {self.port}", text), encoding="utf-8")
        self.output_file = folder / "said.txt"

    @property
    def command(self) -> tuple[str | Path, ...]:
        return ("up", self.site, "--simulate", "--data", self.data, *self.options)

    @contextmanager
    def open(self) -> Iterator[psutil.Process]:
        """Run the site until it has greeted; processes left at the end are killed and fail the test."""
        with self.output_file.open("w") as output:
            command = [sys.executable, "-m", "ledig", *map(str, self.command)]
            started = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        processes = [psutil.Process(started.pid)]
        try:
            wait_until(
                lambda: "Spinneriet is open" in self.read_output() or started.poll() is not None, what="the greeting"
            )
            assert started.poll() is None, self.read_output()
            processes += processes[0].children(recursive=True)
            yield processes[0]
            started.wait(20)
            wait_until(lambda: not filter_alive(processes), seconds=10, what="no process left")
        finally:
            for process in filter_alive([*processes, *self._descendants(processes[0])]):
                process.kill()
            started.wait()

    def read_output(self) -> str:
        return self.output_file.read_text()

    def get_json(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)

    def count_taken(self) -> int:
        desks = self.get_json("api/v1/summary")["kinds"].get("desk")  # a closed site shows no state
        return int(desks["taken"]) if desks else 0

    def query_journal(self, question: str, *values: int) -> Any:
        with closing(sqlite3.connect(f"file:{self.data / 'journal.sqlite'}?mode=ro", uri=True)) as db:
            return db.execute(question, values).fetchone()[0]

    def read_site_time_ms(self) -> int:
        return int(json.loads((self.data / "clock.json").read_text())["site_ms"])

    @staticmethod
    def _descendants(process: psutil.Process) -> list[psutil.Process]:
        return process.children(recursive=True) if process.is_running() else []


def filter_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def find_child(parent: psutil.Process, site: UpSite, name: str) -> psutil.Process:
    """Return the child process that listens on the port of the broker or of the pages."""
    port = {"broker": site.broker_port, "dashboard": site.port}[name]
    for process in parent.children():
        if any(each.laddr.port == port and each.status == "LISTEN" for each in process.net_connections()):
            return process
    raise AssertionError(f"nobody listens on {port}")


def send_ctrl_c(process: psutil.Process) -> None:
    """Send SIGINT to every process of the group, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def test_site_starts_stops_at_once_and_continues_with_its_history(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    site.data.mkdir(mode=0o755)
    with site.open() as process:
        wait_until(lambda: site.count_taken() >= 3, what="people sit down")
        assert f"http://127.0.0.1:{site.port}/" in site.read_output()
        with pytest.raises(BrokerPasswordRejected, match="refuses a nameless user"):
            check_broker(BrokerSettings(host="127.0.0.1", port=site.broker_port), "stranger")
        again = run_ledig(*site.command)
        assert again.returncode == 1
        assert read_error_lines(again) == [
            f"{site.data}: a site is already running there; stop it, or give another folder with --data"
        ]
        wait_until(lambda: site.query_journal("SELECT count(*) FROM zone_five_min") > 20, what="history grows")
        send_ctrl_c(process)
    assert site.read_output().endswith("stopping ...\nstopped; the next start continues from here\n")
    assert "Traceback" not in site.read_output()
    stopped_ms = site.read_site_time_ms()
    first_ms = site.query_journal("SELECT min(at_ms) FROM zone_five_min")
    newest_ms = site.query_journal("SELECT max(at_ms) FROM event")
    assert newest_ms <= stopped_ms
    assert {file.stat().st_mode & 0o077 for file in (site.data / "passwords").iterdir()} == {0}
    assert {file.stat().st_mode & 0o077 for file in site.data.glob("*.sqlite*")} == {0}

    with site.open() as process:
        wait_until(lambda: site.query_journal("SELECT max(at_ms) FROM event") > newest_ms, what="time continues")
        assert site.query_journal("SELECT min(at_ms) FROM zone_five_min") == first_ms
        slept = "SELECT count(*) FROM event WHERE at_ms > ? AND at_ms < ?"
        assert site.query_journal(slept, newest_ms, stopped_ms) == 0
        wait_until(lambda: site.count_taken() >= 3, what="the same people are still there")
        process.terminate()
    assert site.read_site_time_ms() > stopped_ms


def test_site_without_sensors_shows_simulated_ones(tmp_path: Path) -> None:
    floor = FloorAnswers(name="Floor", zones=(create_zone(desks=12),))
    answers = replace(create_answers(floor, name="Spinneriet"), opening_hours=parse_week_hours("06-22"))
    site = UpSite(tmp_path)
    text = re.sub(r"port = 18830", f"port = {site.broker_port}", write_site_text(answers))
    site.site.write_text(re.sub(r"port = 8000", f"port = {site.port}", text))
    with site.open() as process:
        assert site.read_output().startswith("Spinneriet has no sensors yet: each space gets a simulated one\n")
        wait_until(lambda: site.count_taken() >= 1, what="people sit down")
        send_ctrl_c(process)


def test_site_recovers_from_a_dead_child_and_a_kill_leaves_no_process(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    with site.open() as process:
        wait_until(lambda: site.count_taken() >= 1, what="people sit down")
        for part in ("dashboard", "broker"):
            find_child(process, site, part).kill()
            wait_until(
                lambda part=part: f"{part} ended by signal 9; it starts again in 1 s" in site.read_output(),
                what="the restart message",
            )  # type: ignore[misc]
        newest_ms = site.query_journal("SELECT max(at_ms) FROM event")
        wait_until(lambda: site.query_journal("SELECT max(at_ms) FROM event") > newest_ms + 600_000, what="new events")
        wait_until(lambda: answers_live(site), what="the pages are live again")
        wait_until(lambda: site.count_taken() >= 1, what="states are published again")
        noted_ms = site.read_site_time_ms()
        process.kill()
    newest_ms = site.query_journal("SELECT max(at_ms) FROM event")
    assert site.read_site_time_ms() >= newest_ms, "site time never goes back, even after a kill"
    assert site.read_site_time_ms() >= noted_ms


def test_site_with_a_damaged_clock_file_continues_from_its_newest_event(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    with site.open() as process:
        wait_until(lambda: site.count_taken() >= 1, what="people sit down")
        process.terminate()
    newest_ms, stopped_ms = site.query_journal("SELECT max(at_ms) FROM event"), site.read_site_time_ms()
    (site.data / "clock.json").write_text('{"site_ms": 99999')
    with site.open() as process:
        assert "clock.json: no site time in it; moved to clock.json.damaged-1" in site.read_output()
        wait_until(lambda: site.query_journal("SELECT max(at_ms) FROM event") > newest_ms, what="time continues")
        process.terminate()
    assert newest_ms < site.read_site_time_ms() < stopped_ms + 20 * 3_600_000


def test_site_can_run_in_real_time(tmp_path: Path) -> None:
    other = find_free_port()
    site = UpSite(tmp_path, "--real-time", "--port", str(other))
    with site.open() as process:
        assert "Spinneriet is open (simulated, in real time)" in site.read_output()
        assert f"http://127.0.0.1:{other}/" in site.read_output()
        assert accepts_connections(other)
        assert not accepts_connections(site.port)
        process.terminate()
    assert abs(site.read_site_time_ms() - time.time() * 1000) < 60_000


def test_greeting_has_a_working_command_to_add_a_manager(tmp_path: Path) -> None:
    site = UpSite(tmp_path, "--day-minutes", "1")
    with site.open() as process:
        wait_until(lambda: "Ctrl-C" in site.read_output(), what="the greeting")
        assert "Spinneriet is open (simulated, one day takes 1 minute)" in site.read_output()
        line = re.search(r"add a manager +(.+) NAME (.+)", site.read_output())
        assert line is not None
        typed = "tre små grisar går\n"
        subprocess.run(["sh", "-c", f"{line[1]} anna {line[2]}"], input=typed, text=True, check=True, timeout=60)
        process.terminate()
    assert run_ledig("user", "list", "--data", site.data).stdout == "anna\n"


def answers_live(site: UpSite) -> bool:
    try:
        return bool(site.get_json("api/v1/summary")["link"] == "live")
    except OSError:
        return False


def test_port_in_use_is_reported_before_anything_starts(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    site.site.write_text(site.site.read_text().replace(f"port = {site.port}", f"port = {site.broker_port}"))
    with socket.create_server(("127.0.0.1", site.broker_port)):
        result = run_ledig(*site.command)
    assert result.returncode == 1
    assert read_error_lines(result) == [
        (
            f"127.0.0.1:{site.broker_port}: address already in use; stop the program that uses it, or set another port"
            " in [broker]"
        )
    ]


def test_missing_pins_are_reported_before_anything_starts(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    result = run_ledig_without(["lgpio"], "up", site.site, "--device", "pi-entren", "--data", site.data)
    assert (result.returncode, read_error_lines(result)) == (2, [NO_PINS])
    assert not site.data.exists()


def test_simulated_and_real_history_do_not_mix(tmp_path: Path) -> None:
    site = UpSite(tmp_path)
    site.data.mkdir()
    (site.data / "clock.json").write_text('{"site_ms": 1}')
    result = run_ledig("up", site.site, "--device", "pi-entren", "--data", site.data)
    assert (result.returncode, read_error_lines(result)) == (
        2,
        [f"{site.data}: contains a simulated site; give another folder with --data"],
    )
    (site.data / "clock.json").unlink()
    (site.data / "journal.sqlite").touch()
    result = run_ledig(*site.command)
    assert (result.returncode, read_error_lines(result)) == (
        2,
        [f"{site.data}: contains a real site; give another folder with --data"],
    )


def test_pauses_between_restarts_grow_and_reset_after_steady_running() -> None:
    pauses = [MIN_RESTART_PAUSE_S]
    while pauses[-1] < MAX_RECOVERY_PAUSE_S:
        pauses.append(find_next_pause_s(pauses[-1], lived_s=1))
    assert pauses == [1, 2, 4, 8, 15]
    assert find_next_pause_s(MAX_RECOVERY_PAUSE_S, lived_s=1) == MAX_RECOVERY_PAUSE_S
    assert find_next_pause_s(MAX_RECOVERY_PAUSE_S, lived_s=RESTART_PAUSE_RESET_S) == MIN_RESTART_PAUSE_S
