"""Site time of a simulated site: runs at the given speed, equal in all processes, never goes back."""

import pickle
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.occupancy.evidence import StoredEvent
from collector.store.journal import Journal
from edge.contract.message import EventKind
from ledig.runtime.scaled_clock import (
    ClockFile,
    ClockRejected,
    ClockSaver,
    SimulatedClock,
    first_morning_ms,
    read_newest_stored_ms,
    start_clock,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def test_site_time_runs_at_the_given_speed() -> None:
    clock = SimulatedClock(speed=144.0, origin_ms=1_000_000, started_ns=time.monotonic_ns() - 10 * 1_000_000_000)
    assert clock.monotonic_ms() >= 1_440_000
    assert clock.now_ms() - clock.monotonic_ms() == pytest.approx(1_000_000, abs=5_000)
    assert clock.synchronised()


def test_waiting_time_is_in_real_seconds() -> None:
    clock = start_clock(144.0, 0)
    assert 0.9 < clock.seconds_until(clock.monotonic_ms() + 144_000) <= 1.0
    assert clock.seconds_until(clock.monotonic_ms() - 1) == 0


def test_other_processes_read_the_same_time() -> None:
    clock = start_clock(144.0, 1_795_000_000_000)
    before = clock.now_ms()
    read = "import pickle, sys; print(pickle.load(sys.stdin.buffer).now_ms())"
    there = subprocess.run([sys.executable, "-c", read], input=pickle.dumps(clock), stdout=subprocess.PIPE, check=True)
    assert before <= int(there.stdout) <= clock.now_ms()


def test_new_site_begins_on_a_weekday_morning() -> None:
    def morning(*today: int) -> str:
        moment = datetime(*today, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, hour
        return datetime.fromtimestamp(first_morning_ms(moment, STOCKHOLM) / 1000, STOCKHOLM).strftime("%a %d %H:%M")

    assert morning(2026, 11, 23, 18) == "Mon 23 06:58"
    assert morning(2026, 11, 28, 12) == "Fri 27 06:58"
    assert morning(2026, 11, 29, 12) == "Fri 27 06:58"
    assert morning(2026, 11, 29, 23) == "Mon 30 06:58", "it is already Monday in Stockholm"


def test_site_time_continues_where_it_stopped_and_never_goes_back_after_a_kill(tmp_path: Path) -> None:
    note, clock = ClockFile(tmp_path / "clock.json"), start_clock(144.0, 5_000)
    assert note.read() is None
    note.save(clock)
    ahead = note.read()
    assert ahead is not None
    assert ahead > clock.now_ms()
    note.save_stop(clock)
    slept = note.read()
    assert slept is not None
    assert 5_000 <= slept <= clock.now_ms()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"site_ms": "x"}', '{"site_ms": 1.5}'])
def test_clock_file_without_a_valid_time_is_rejected(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(ClockRejected, match=r"clock\.json: .*; delete its folder to start a new site"):
        ClockFile(tmp_path / "clock.json").read()


def test_changed_or_truncated_clock_file_is_rejected_or_still_right(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    note = ClockFile(file)
    note.save_stop(start_clock(1.0, 1_795_000_000_000))
    right, body = note.read(), file.read_bytes()
    refused = 0
    damages = [body[:end] for end in range(len(body))]
    for place in range(len(body)):
        damages += [body[:place] + bytes([body[place] ^ 1 << bit]) + body[place + 1 :] for bit in range(8)]
    for damaged in damages:
        file.write_bytes(damaged)
        try:
            assert note.read() == right, damaged
        except ClockRejected:
            refused += 1
    assert refused > len(damages) // 2


def test_damaged_clock_file_is_renamed_to_a_free_name(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    for number in (1, 2):
        file.write_text("damaged")
        assert ClockFile(file).set_aside().name == f"clock.json.damaged-{number}"
    assert ClockFile(file).read() is None


def test_failing_disk_is_reported_once_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    shown: list[str] = []
    notes = ClockSaver(ClockFile(folder / "clock.json"), start_clock(1.0, 5_000), shown.append)
    notes.save_stop()
    notes.save_stop()
    assert shown == ["site time cannot be saved (no such file or directory); trying again until it can"]
    folder.mkdir()
    notes.save_stop()
    assert shown[1:] == ["site time is saved again"]
    assert ClockFile(folder / "clock.json").read() is not None


def test_newest_stored_time_is_read_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    assert read_newest_stored_ms(path) == 0
    with closing(Journal(path)) as journal, journal.transaction():
        journal.add_events(
            [
                StoredEvent(1000, "pi-1", "s", 1, "a", EventKind.MOTION, 1),
                StoredEvent(900, "pi-1", "s", 2, "b", EventKind.MOTION, 1),
            ]
        )
    assert read_newest_stored_ms(path) == 1000
    path.write_bytes(b"damaged" * 1000)
    assert read_newest_stored_ms(path) == 0
