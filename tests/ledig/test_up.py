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
from pathlib import Path
from typing import Any

import psutil
import pytest

from edge.broker import BrokerSettings
from ledig.passwords import PasswordRejected
from ledig.reach import reach_broker
from ledig.supervisor import FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S, next_pause_s
from tests.ledig.site.test_site import EXAMPLE
from tests.ledig.test_command import NO_PINS, ledig, ledig_without, plain
from tests.servers import answers, free_port, until


class House:
    """A site run by `ledig up`, with its output and its pages."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.data, self.options = folder / "data", options
        self.broker_port, self.port = free_port(), free_port()
        self.site = folder / "site.toml"
        text = EXAMPLE.read_text(encoding="utf-8")
        text = re.sub(r"port = 18830", f"port = {self.broker_port}", text)
        self.site.write_text(re.sub(r"port = 8000", f"port = {self.port}", text), encoding="utf-8")
        self.said = folder / "said.txt"

    @property
    def command(self) -> tuple[str | Path, ...]:
        return ("up", self.site, "--simulate", "--data", self.data, *self.options)

    @contextmanager
    def open(self) -> Iterator[psutil.Process]:
        """Run the site until it has greeted; processes left at the end are killed and fail the test."""
        with self.said.open("w") as output:
            command = [sys.executable, "-m", "ledig", *map(str, self.command)]
            started = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        processes = [psutil.Process(started.pid)]
        try:
            until(lambda: "Spinneriet is open" in self.heard() or started.poll() is not None, what="the greeting")
            assert started.poll() is None, self.heard()
            processes += processes[0].children(recursive=True)
            yield processes[0]
            started.wait(20)
            until(lambda: not alive(processes), seconds=10, what="no process left")
        finally:
            for process in alive([*processes, *self._descendants(processes[0])]):
                process.kill()
            started.wait()

    def heard(self) -> str:
        return self.said.read_text()

    def asks(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)

    def taken(self) -> int:
        desks = self.asks("api/v1/summary")["kinds"].get("desk")  # a closed site shows no state
        return int(desks["taken"]) if desks else 0

    def journal(self, question: str, *values: int) -> Any:
        with closing(sqlite3.connect(f"file:{self.data / 'journal.sqlite'}?mode=ro", uri=True)) as db:
            return db.execute(question, values).fetchone()[0]

    def house_ms(self) -> int:
        return int(json.loads((self.data / "clock.json").read_text())["house_ms"])

    @staticmethod
    def _descendants(process: psutil.Process) -> list[psutil.Process]:
        return process.children(recursive=True) if process.is_running() else []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def child(parent: psutil.Process, site: House, name: str) -> psutil.Process:
    """Return the child process that listens on the port of the broker or of the pages."""
    port = {"broker": site.broker_port, "dashboard": site.port}[name]
    for process in parent.children():
        if any(each.laddr.port == port and each.status == "LISTEN" for each in process.net_connections()):
            return process
    raise AssertionError(f"nobody listens on {port}")


def ctrl_c(process: psutil.Process) -> None:
    """Send SIGINT to every process of the group, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def test_site_starts_stops_at_once_and_continues_with_its_history(tmp_path: Path) -> None:
    site = House(tmp_path)
    site.data.mkdir(mode=0o755)
    with site.open() as process:
        until(lambda: site.taken() >= 3, what="people sit down")
        assert f"http://127.0.0.1:{site.port}/" in site.heard()
        with pytest.raises(PasswordRejected, match="refuses a nameless user"):
            reach_broker(BrokerSettings(host="127.0.0.1", port=site.broker_port), "stranger")
        again = ledig(*site.command)
        assert again.returncode == 1
        assert plain(again) == [
            f"{site.data}: a site is already running there; stop it, or give another folder with --data"
        ]
        until(lambda: site.journal("SELECT count(*) FROM zone_five_min") > 20, what="history grows")
        ctrl_c(process)
    assert site.heard().endswith("stopping ...\nstopped; the next start continues from here\n")
    assert "Traceback" not in site.heard()
    stopped_ms = site.house_ms()
    first_ms = site.journal("SELECT min(at_ms) FROM zone_five_min")
    newest_ms = site.journal("SELECT max(at_ms) FROM event")
    assert newest_ms <= stopped_ms
    assert {file.stat().st_mode & 0o077 for file in (site.data / "passwords").iterdir()} == {0}
    assert {file.stat().st_mode & 0o077 for file in site.data.glob("*.sqlite*")} == {0}

    with site.open() as process:
        until(lambda: site.journal("SELECT max(at_ms) FROM event") > newest_ms, what="time goes on")
        assert site.journal("SELECT min(at_ms) FROM zone_five_min") == first_ms
        slept = "SELECT count(*) FROM event WHERE at_ms > ? AND at_ms < ?"
        assert site.journal(slept, newest_ms, stopped_ms) == 0
        until(lambda: site.taken() >= 3, what="the same people are still there")
        process.terminate()
    assert site.house_ms() > stopped_ms


def test_site_recovers_from_a_dead_child_and_a_kill_leaves_no_process(tmp_path: Path) -> None:
    site = House(tmp_path)
    with site.open() as process:
        until(lambda: site.taken() >= 1, what="people sit down")
        for part in ("dashboard", "broker"):
            child(process, site, part).kill()
            until(
                lambda part=part: f"{part} ended by signal 9; it starts again in 1 s" in site.heard(),
                what="the restart message",
            )  # type: ignore[misc]
        newest_ms = site.journal("SELECT max(at_ms) FROM event")
        until(lambda: site.journal("SELECT max(at_ms) FROM event") > newest_ms + 600_000, what="new events")
        until(lambda: answers_live(site), what="the pages are live again")
        until(lambda: site.taken() >= 1, what="states are published again")
        noted_ms = site.house_ms()
        process.kill()
    newest_ms = site.journal("SELECT max(at_ms) FROM event")
    assert site.house_ms() >= newest_ms, "site time never goes back, even after a kill"
    assert site.house_ms() >= noted_ms


def test_site_with_a_damaged_clock_file_continues_from_its_newest_event(tmp_path: Path) -> None:
    site = House(tmp_path)
    with site.open() as process:
        until(lambda: site.taken() >= 1, what="people sit down")
        process.terminate()
    newest_ms, stopped_ms = site.journal("SELECT max(at_ms) FROM event"), site.house_ms()
    (site.data / "clock.json").write_text('{"house_ms": 99999')
    with site.open() as process:
        assert "clock.json: no site time in it; moved to clock.json.damaged-1" in site.heard()
        until(lambda: site.journal("SELECT max(at_ms) FROM event") > newest_ms, what="time goes on")
        process.terminate()
    assert newest_ms < site.house_ms() < stopped_ms + 20 * 3_600_000


def test_site_can_run_in_real_time(tmp_path: Path) -> None:
    other = free_port()
    site = House(tmp_path, "--real-time", "--port", str(other))
    with site.open() as process:
        assert "Spinneriet is open (simulated, in real time)" in site.heard()
        assert f"http://127.0.0.1:{other}/" in site.heard()
        assert answers(other)
        assert not answers(site.port)
        process.terminate()
    assert abs(site.house_ms() - time.time() * 1000) < 60_000


def test_greeting_has_a_working_command_to_add_a_manager(tmp_path: Path) -> None:
    site = House(tmp_path, "--day-minutes", "1")
    with site.open() as process:
        until(lambda: "Ctrl-C" in site.heard(), what="the greeting")
        assert "Spinneriet is open (simulated, one day takes 1 minute)" in site.heard()
        line = re.search(r"add a manager +(.+) NAME (.+)", site.heard())
        assert line is not None
        typed = "tre små grisar går\n"
        subprocess.run(["sh", "-c", f"{line[1]} anna {line[2]}"], input=typed, text=True, check=True, timeout=60)
        process.terminate()
    assert ledig("user", "list", "--data", site.data).stdout == "anna\n"


def answers_live(site: House) -> bool:
    try:
        return bool(site.asks("api/v1/summary")["link"] == "live")
    except OSError:
        return False


def test_port_in_use_is_reported_before_anything_starts(tmp_path: Path) -> None:
    site = House(tmp_path)
    site.site.write_text(site.site.read_text().replace(f"port = {site.port}", f"port = {site.broker_port}"))
    with socket.create_server(("127.0.0.1", site.broker_port)):
        result = ledig(*site.command)
    assert result.returncode == 1
    assert plain(result) == [
        (
            f"127.0.0.1:{site.broker_port}: address already in use; stop the program that uses it, or set another port"
            " in [broker]"
        )
    ]


def test_missing_pins_are_reported_before_anything_starts(tmp_path: Path) -> None:
    site = House(tmp_path)
    result = ledig_without("lgpio", "up", site.site, "--device", "pi-entren", "--data", site.data)
    assert (result.returncode, plain(result)) == (2, [NO_PINS])
    assert not site.data.exists()


def test_simulated_and_real_history_do_not_mix(tmp_path: Path) -> None:
    site = House(tmp_path)
    site.data.mkdir()
    (site.data / "clock.json").write_text('{"house_ms": 1}')
    result = ledig("up", site.site, "--device", "pi-entren", "--data", site.data)
    assert (result.returncode, plain(result)) == (
        2,
        [f"{site.data}: contains a simulated site; give another folder with --data"],
    )
    (site.data / "clock.json").unlink()
    (site.data / "journal.sqlite").touch()
    result = ledig(*site.command)
    assert (result.returncode, plain(result)) == (
        2,
        [f"{site.data}: contains a real site; give another folder with --data"],
    )


def test_pauses_between_restarts_grow_and_reset_after_steady_running() -> None:
    pauses = [FIRST_PAUSE_S]
    while pauses[-1] < LONGEST_PAUSE_S:
        pauses.append(next_pause_s(pauses[-1], lived_s=1))
    assert pauses == [1, 2, 4, 8, 15]
    assert next_pause_s(LONGEST_PAUSE_S, lived_s=1) == LONGEST_PAUSE_S
    assert next_pause_s(LONGEST_PAUSE_S, lived_s=STEADY_S) == FIRST_PAUSE_S
