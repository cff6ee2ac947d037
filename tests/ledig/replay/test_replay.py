"""`ledig replay` plays a small recording through the real agent, Mosquitto and collector."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run_replay_command
from tests.support.servers import wait_until

MAPPING = """
file = "morning.csv"
time = ["at"]
format = "%Y-%m-%d %H:%M:%S"
time_zone = "Europe/Stockholm"

[[space]]
id = "booth"
kind = "booth"
truth = "people"

[[space]]
id = "laser"
kind = "equipment"

[[sensor]]
id = "booth-pir"
kind = "pir"
space = "booth"
column = "moved"
pulse_ms = 2000

[[sensor]]
id = "booth-door"
kind = "contact"
space = "booth"
column = "door_open"

[[sensor]]
id = "laser-power"
kind = "power"
space = "laser"
column = "watts"
"""


def morning(day: str) -> str:
    """Rows with somebody in the booth from 9:20 to 9:50, behind a closed door that is open before and after."""
    rows = []
    for minute in range(75):
        inside = 20 <= minute < 50
        moved = int(inside and minute % 2 == 0 and minute < 40)
        opened = int(not 21 <= minute < 50)
        rows.append(
            f"{day} {9 + minute // 60:02}:{minute % 60:02}:00,{moved},{opened},{80 if inside else 2},{int(inside)}"
        )
    return "\n".join(rows) + "\n"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    (tmp_path / "morning.csv").write_text(
        "at,moved,door_open,watts,people\n" + morning("2026-01-05") + morning("2026-01-09")
    )
    path = tmp_path / "recording.toml"
    path.write_text(MAPPING)
    return path


def figures(output: str) -> list[str]:
    """Return the lines with accuracy figures, without the progress bar, whose timing varies."""
    return [line.strip() for line in output.splitlines() if "% (" in line or "late (median)" in line]


def test_recording_is_played_and_scored_day_by_day(mapping: Path) -> None:
    run = run_replay_command(mapping, "--speed", 2000)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    for day in ("2026-01-05", "2026-01-09", "total"):
        (line,) = [line for line in lines if line.strip().startswith(f"{day}  ")]
        assert "0.00 % (0.0 min)" in line, "a closed door holds the booth while nobody moves"
    assert re.search(r"laser: [4-9]\d* transitions", run.stdout)
    counts = re.search(r"events: (\d+) sent, (\d+) stored, 0 lost", run.stdout)
    assert counts is not None
    assert counts[1] == counts[2]
    assert int(counts[1]) > 2 * 75, "heartbeats of all sensors"


def test_current_rules_reproduce_the_shown_states_of_a_recording(mapping: Path) -> None:
    run = run_replay_command(
        mapping, "--speed", 2000, "--what-if", "level_hold=3m", "--what-if", "hold=15m,level_hold=10m"
    )
    assert run.returncode == 0, run.stderr
    shown, same, longer = re.split(r"booth: shown state under \S+ compared with the labels", run.stdout)
    assert figures(shown) == figures(same)
    assert figures(shown) != figures(longer)
    assert "they differ on no day" in run.stdout
    assert "they differ on 2026-01-05 (" in run.stdout


def test_broken_rows_are_reported_and_do_not_change_the_figures(mapping: Path) -> None:
    rows = mapping.parent / "morning.csv"
    whole = run_replay_command(mapping, "--speed", 2000)
    header, *lines = rows.read_text().splitlines()
    broken = ["2026-01-05 09:24:30,2,0,x,0", lines[9], "2026-01-05 09:25:00,1", "2098-01-05 09:25:00,0,0,1,0"]
    rows.write_text("\n".join([header, *lines[:25], *broken, *lines[25:]]) + "\n")
    run = run_replay_command(mapping, "--speed", 2000)
    assert run.returncode == 0, run.stderr
    assert re.findall(r"morning\.csv, row (\d+): ", run.stdout) == ["27", "28", "29", "30"]
    assert "rows: 150 played, 4 left out" in run.stdout
    assert "rows: 150 played, 0 left out" in whole.stdout
    assert figures(run.stdout) == figures(whole.stdout) != []


def test_file_without_a_good_row_is_rejected_with_all_faults(mapping: Path) -> None:
    rows = mapping.parent / "morning.csv"
    header, *_ = rows.read_text().splitlines()
    rows.write_text(f"{header}\n2026-01-10 09:00:00,2,0,x,0\n2026-01-10 09:01:00,1\n")
    run = run_replay_command(mapping)
    assert run.returncode == 2
    assert run.stdout == ""
    assert re.findall(r"row (\d+)", run.stderr) == ["2", "3"]
    assert "no valid row" in run.stderr
    assert "Traceback" not in run.stderr


def test_missing_broker_is_reported_with_its_package(mapping: Path, tmp_path: Path) -> None:
    run = run_replay_command(mapping, PATH=str(tmp_path))
    assert run.returncode == 3
    assert "apt install mosquitto" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_ctrl_c_ends_all_processes_and_removes_all_files(mapping: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "ledig", "replay", str(mapping), "--speed", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(scratch)},
    ) as run:
        wait_until(lambda: [*scratch.glob("*/outbox-*")], what="an outbox of the replay")
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 2
    assert errors.strip().splitlines()[-1] == "stopped"
    assert "Traceback" not in errors
    assert [*scratch.iterdir()] == []
