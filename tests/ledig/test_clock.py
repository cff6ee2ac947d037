"""The house's clock runs as fast as it is told, is the same everywhere, and never goes back."""

import pickle
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ledig.clock import ClockRejected, HouseClock, StoppedAt, first_morning_ms, start

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def test_house_time_runs_as_fast_as_it_is_told() -> None:
    clock = HouseClock(speed=144.0, origin_ms=1_000_000, started_ns=time.monotonic_ns() - 10 * 1_000_000_000)
    assert clock.monotonic_ms() >= 1_440_000
    assert clock.now_ms() - clock.monotonic_ms() == pytest.approx(1_000_000, abs=5_000)
    assert clock.synchronised()


def test_waiting_is_told_in_real_seconds() -> None:
    clock = start(144.0, 0)
    assert 0.9 < clock.seconds_until(clock.monotonic_ms() + 144_000) <= 1.0
    assert clock.seconds_until(clock.monotonic_ms() - 1) == 0


def test_another_process_reads_the_same_time() -> None:
    clock = start(144.0, 1_795_000_000_000)
    before = clock.now_ms()
    read = "import pickle, sys; print(pickle.load(sys.stdin.buffer).now_ms())"
    there = subprocess.run([sys.executable, "-c", read], input=pickle.dumps(clock), stdout=subprocess.PIPE, check=True)
    assert before <= int(there.stdout) <= clock.now_ms()


def test_a_new_house_begins_on_a_weekday_morning() -> None:
    def morning(*today: int) -> str:
        moment = datetime(*today, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day, hour
        return datetime.fromtimestamp(first_morning_ms(moment, STOCKHOLM) / 1000, STOCKHOLM).strftime("%a %d %H:%M")

    assert morning(2026, 11, 23, 18) == "Mon 23 06:58"
    assert morning(2026, 11, 28, 12) == "Fri 27 06:58"
    assert morning(2026, 11, 29, 12) == "Fri 27 06:58"
    assert morning(2026, 11, 29, 23) == "Mon 30 06:58", "it is Monday there already"


def test_a_house_sleeps_where_it_stopped_and_never_goes_back_after_a_kill(tmp_path: Path) -> None:
    note, clock = StoppedAt(tmp_path / "clock.json"), start(144.0, 5_000)
    assert note.read() is None
    note.note(clock)
    ahead = note.read()
    assert ahead is not None
    assert ahead > clock.now_ms()
    note.note_stop(clock)
    slept = note.read()
    assert slept is not None
    assert 5_000 <= slept <= clock.now_ms()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"house_ms": "x"}', '{"house_ms": 1.5}'])
def test_a_note_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(ClockRejected, match=r"clock\.json: .*; delete its folder to begin a new house"):
        StoppedAt(tmp_path / "clock.json").read()
