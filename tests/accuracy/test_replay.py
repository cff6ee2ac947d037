"""Accuracy on a recorded room, played through the real agent, Mosquitto and collector."""

import re
import subprocess
import sys
from pathlib import Path

ROOM = Path(__file__).parent / "room-occupancy-estimation.toml"
SPEED = 10_000
"""As fast as possible; the clock waits for the machine. 46 recorded hours take about a minute on two cores."""


def test_recorded_room_with_two_motion_sensors_meets_its_goals(shared_data: Path) -> None:
    """Default settings: at most 0.1 % of the taken time is shown free, at most 1.7 % of the free time taken."""
    data = shared_data / "data" / "room-occupancy-estimation" / "Occupancy_Estimation_dev.csv.gz"
    run = subprocess.run(
        [sys.executable, "-m", "ledig", "replay", str(ROOM), "--data", str(data), "--speed", str(SPEED)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    print(run.stdout)  # noqa: T201 - the figures themselves
    assert run.returncode == 0, run.stderr
    (total,) = [line for line in run.stdout.splitlines() if line.strip().startswith("total")]
    false_vacant, false_occupied, unknown = map(float, re.findall(r"([\d.]+) %", total))
    assert false_vacant <= 0.1
    assert false_occupied <= 1.7
    assert unknown <= 1, "the state is known most of the time"
    assert re.search(r"rows: \d+ played, 0 left out", run.stdout)
    assert re.search(r"(\d+) sent, \1 stored, 0 lost", run.stdout)
