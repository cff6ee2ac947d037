"""The recorded room, straight through the pure core with default rules. The whole way is `ledig replay`'s to show."""

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from collector.inference import START, Heard, advance, fold, space_rules, story
from collector.plan import SensorKind, Space, SpaceKind
from edge.message import Kind
from ledig.scoring import Truth, score
from tests.collector.room import MINUTE, SECOND, numbered, plan, pulse, says, sensor
from tests.conftest import NO_SHARED_DATA
from tests.servers import ROOT

RECORDING = ROOT.parent / "shared/data/room-occupancy-estimation/Occupancy_Estimation_dev.csv.gz"
SENSORS = {"s6-pir": "S6_PIR", "s7-pir": "S7_PIR"}
BREAK_MS = 10 * MINUTE

Row = tuple[int, dict[str, str]]


def recorded() -> list[Row]:
    with gzip.open(RECORDING, "rt") as file:
        return [(_at_ms(row), row) for row in csv.DictReader(file)]


def _at_ms(row: dict[str, str]) -> int:
    at = datetime.strptime(f"{row['Date']} {row['Time']}", "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
    return int(at.timestamp()) * 1000


def events(rows: list[Row]) -> Iterator[Heard]:
    """A row with motion is one second of it; a row without, and each half minute of a short gap, is a heartbeat."""
    for (at_ms, row), (next_ms, _) in pairwise(rows):
        for name, column in SENSORS.items():
            if row[column] == "1":
                yield from pulse(name, at_ms, SECOND)
            else:
                yield says(at_ms, name, Kind.HEARTBEAT, 0)
            if next_ms - at_ms <= BREAK_MS:
                for beat_ms in range(at_ms + 30 * SECOND, next_ms, 30 * SECOND):
                    yield says(beat_ms, name, Kind.HEARTBEAT, 0)


@pytest.mark.skipif(not RECORDING.exists(), reason=f"{NO_SHARED_DATA}: {RECORDING.name}")
def test_the_recorded_room_is_hardly_ever_shown_wrong(record_property: Callable[[str, object], None]) -> None:
    room = Space(id="space", name="Room", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1)
    rules = space_rules(plan(room, sensors=[sensor(SensorKind.PIR, name) for name in SENSORS]), "space")
    rows = recorded()
    evidence, transitions = fold(START, numbered(events(rows)), rules)
    lines = story(START.state, transitions + advance(evidence, rules, rows[-1][0]))
    truth = [Truth(at_ms, taken=row["Room_Occupancy_Count"] != "0") for at_ms, row in rows]
    found = score(truth, [(line.at_ms, line.state) for line in lines])
    record_property("score", str(found))
    assert found.false_vacant_share is not None
    assert found.false_vacant_share <= 0.0075
    assert found.false_occupied_share is not None
    assert found.false_occupied_share <= 0.017
    assert found.longest_false_vacant_min <= 1
    assert found.unknown_share is not None
    assert found.unknown_share <= 0.01
