"""`ledig up`: a whole house from one command, that heals, stops at once, and goes on where it stopped."""

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
    """A house that `ledig up` runs, as its terminal and its visitors see it."""

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
        """The house, once it has greeted; whatever is left at the end is killed, and is a failure."""
        with self.said.open("w") as said:
            command = [sys.executable, "-m", "ledig", *map(str, self.command)]
            started = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
        processes = [psutil.Process(started.pid)]
        try:
            until(lambda: "Spinneriet is open" in self.heard() or started.poll() is not None, what="it greets")
            assert started.poll() is None, self.heard()
            processes += processes[0].children(recursive=True)
            yield processes[0]
            started.wait(20)
            until(lambda: not alive(processes), seconds=10, what="nothing is left")
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
        desks = self.asks("api/v1/summary")["kinds"].get("desk")  # nobody is told of a closed house
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


def child(house: psutil.Process, house_of: House, name: str) -> psutil.Process:
    """The child that listens on the port of the broker or of the pages, or the one that listens nowhere."""
    port = {"broker": house_of.broker_port, "dashboard": house_of.port}[name]
    for process in house.children():
        if any(each.laddr.port == port and each.status == "LISTEN" for each in process.net_connections()):
            return process
    raise AssertionError(f"nobody listens on {port}")


def ctrl_c(process: psutil.Process) -> None:
    """What a terminal does: every process of the group gets the signal."""
    os.killpg(process.pid, signal.SIGINT)


def test_a_house_opens_moves_stops_at_once_and_goes_on_with_its_history(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.data.mkdir(mode=0o755)
    with house.open() as process:
        until(lambda: house.taken() >= 3, what="people sit down")
        assert f"http://127.0.0.1:{house.port}/" in house.heard()
        with pytest.raises(PasswordRejected, match="refuses a nameless user"):
            reach_broker(BrokerSettings(host="127.0.0.1", port=house.broker_port), "stranger")
        again = ledig(*house.command)
        assert again.returncode == 1
        assert plain(again) == [
            f"{house.data}: a site is already running there; stop it, or give another folder with --data"
        ]
        until(lambda: house.journal("SELECT count(*) FROM zone_five_min") > 20, what="history grows")
        ctrl_c(process)
    assert house.heard().endswith("stopping ...\nstopped; the next start continues from here\n")
    assert "Traceback" not in house.heard()
    stopped_ms = house.house_ms()
    first_ms = house.journal("SELECT min(at_ms) FROM zone_five_min")
    newest_ms = house.journal("SELECT max(at_ms) FROM event")
    assert newest_ms <= stopped_ms
    assert {file.stat().st_mode & 0o077 for file in (house.data / "passwords").iterdir()} == {0}
    assert {file.stat().st_mode & 0o077 for file in house.data.glob("*.sqlite*")} == {0}

    with house.open() as process:
        until(lambda: house.journal("SELECT max(at_ms) FROM event") > newest_ms, what="time goes on")
        assert house.journal("SELECT min(at_ms) FROM zone_five_min") == first_ms
        slept = "SELECT count(*) FROM event WHERE at_ms > ? AND at_ms < ?"
        assert house.journal(slept, newest_ms, stopped_ms) == 0
        until(lambda: house.taken() >= 3, what="the same people sit there still")
        process.terminate()
    assert house.house_ms() > stopped_ms


def test_a_house_heals_when_a_part_dies_and_leaves_nothing_when_it_is_killed(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.open() as process:
        until(lambda: house.taken() >= 1, what="people sit down")
        for part in ("dashboard", "broker"):
            child(process, house, part).kill()
            until(
                lambda part=part: f"{part} ended by signal 9; it starts again in 1 s" in house.heard(),
                what="it is told",
            )  # type: ignore[misc]
        newest_ms = house.journal("SELECT max(at_ms) FROM event")
        until(lambda: house.journal("SELECT max(at_ms) FROM event") > newest_ms + 600_000, what="events come again")
        until(lambda: answers_live(house), what="the pages are live again")
        until(lambda: house.taken() >= 1, what="states are told again")
        noted_ms = house.house_ms()
        process.kill()
    newest_ms = house.journal("SELECT max(at_ms) FROM event")
    assert house.house_ms() >= newest_ms, "after the kill too, house time will not go back"
    assert house.house_ms() >= noted_ms


def test_a_house_whose_note_of_time_is_damaged_goes_on_from_its_newest_event(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.open() as process:
        until(lambda: house.taken() >= 1, what="people sit down")
        process.terminate()
    newest_ms, stopped_ms = house.journal("SELECT max(at_ms) FROM event"), house.house_ms()
    (house.data / "clock.json").write_text('{"house_ms": 99999')
    with house.open() as process:
        assert "clock.json: no site time in it; moved to clock.json.damaged-1" in house.heard()
        until(lambda: house.journal("SELECT max(at_ms) FROM event") > newest_ms, what="time goes on")
        process.terminate()
    assert newest_ms < house.house_ms() < stopped_ms + 20 * 3_600_000


def test_a_house_can_live_in_real_time(tmp_path: Path) -> None:
    other = free_port()
    house = House(tmp_path, "--real-time", "--port", str(other))
    with house.open() as process:
        assert "Spinneriet is open (simulated, in real time)" in house.heard()
        assert f"http://127.0.0.1:{other}/" in house.heard()
        assert answers(other)
        assert not answers(house.port)
        process.terminate()
    assert abs(house.house_ms() - time.time() * 1000) < 60_000


def test_the_greeting_has_the_line_that_lets_a_manager_in_as_it_is_typed(tmp_path: Path) -> None:
    house = House(tmp_path, "--day-minutes", "1")
    with house.open() as process:
        until(lambda: "Ctrl-C" in house.heard(), what="it has greeted")
        assert "Spinneriet is open (simulated, one day takes 1 minute)" in house.heard()
        line = re.search(r"add a manager +(.+) NAME (.+)", house.heard())
        assert line is not None
        said = "tre små grisar går\n"
        subprocess.run(["sh", "-c", f"{line[1]} anna {line[2]}"], input=said, text=True, check=True, timeout=60)
        process.terminate()
    assert ledig("user", "list", "--data", house.data).stdout == "anna\n"


def answers_live(house: House) -> bool:
    try:
        return bool(house.asks("api/v1/summary")["link"] == "live")
    except OSError:
        return False


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.site.write_text(house.site.read_text().replace(f"port = {house.port}", f"port = {house.broker_port}"))
    with socket.create_server(("127.0.0.1", house.broker_port)):
        told = ledig(*house.command)
    assert told.returncode == 1
    assert plain(told) == [
        (
            f"127.0.0.1:{house.broker_port}: address already in use; stop the program that uses it, or set another port"
            " in [broker]"
        )
    ]


def test_a_real_device_without_pins_is_told_before_anything_starts(tmp_path: Path) -> None:
    house = House(tmp_path)
    told = ledig_without("lgpio", "up", house.site, "--device", "pi-entren", "--data", house.data)
    assert (told.returncode, plain(told)) == (2, [NO_PINS])
    assert not house.data.exists()


def test_a_simulated_past_and_a_real_one_do_not_mix(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.data.mkdir()
    (house.data / "clock.json").write_text('{"house_ms": 1}')
    told = ledig("up", house.site, "--device", "pi-entren", "--data", house.data)
    assert (told.returncode, plain(told)) == (
        2,
        [f"{house.data}: contains a simulated site; give another folder with --data"],
    )
    (house.data / "clock.json").unlink()
    (house.data / "journal.sqlite").touch()
    told = ledig(*house.command)
    assert (told.returncode, plain(told)) == (
        2,
        [f"{house.data}: contains a real site; give another folder with --data"],
    )


def test_pauses_between_starts_grow_and_begin_anew_after_a_steady_life() -> None:
    pauses = [FIRST_PAUSE_S]
    while pauses[-1] < LONGEST_PAUSE_S:
        pauses.append(next_pause_s(pauses[-1], lived_s=1))
    assert pauses == [1, 2, 4, 8, 15]
    assert next_pause_s(LONGEST_PAUSE_S, lived_s=1) == LONGEST_PAUSE_S
    assert next_pause_s(LONGEST_PAUSE_S, lived_s=STEADY_S) == FIRST_PAUSE_S
