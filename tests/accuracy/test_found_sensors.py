"""A recorded room with a badly placed motion sensor (UCI 864): which sensors have findings."""

from pathlib import Path

import pytest

from bench.accuracy.player import Track, decibels, events, house
from bench.accuracy.recordings import joined
from bench.accuracy.room_estimation import BADLY_PLACED, BOTH, FILES, GOOD, LAYOUT, RECORDING
from bench.accuracy.watching import ever_found
from collector.health.findings import Finding, FindingKind
from collector.plan import SensorKind
from edge.message import Kind
from ledig.replay.rows import Row

SOUND = Track("s1-sound", SensorKind.SOUND, Kind.SOUND_DB, "S1_Sound", unit=decibels)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> tuple[Row, ...]:
    return joined(shared_data / "data" / RECORDING, FILES, LAYOUT)


def found(rows: tuple[Row, ...], *tracks: Track) -> dict[str, Finding]:
    """Return the findings by sensor; each has at most one."""
    findings = ever_found(house(tracks), events(rows, tracks))
    assert len({name for name, _ in findings}) == len(findings)
    return {name: finding for (_, name), finding in findings}


def test_badly_placed_sensor_is_found_by_learned_sound(rows: tuple[Row, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED, SOUND).values()
    assert (finding.kind, finding.sensor) == (FindingKind.POOR_COVERAGE, "s7-pir")
    assert finding.witness == "s1-sound"
    assert finding.share_pct is not None
    assert finding.share_pct >= 15


def test_badly_placed_sensor_is_found_without_other_sensors(rows: tuple[Row, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED).values()
    assert (finding.kind, finding.sensor, finding.witness) == (FindingKind.POOR_COVERAGE, "s7-pir", "")


@pytest.mark.parametrize("tracks", [(GOOD,), (GOOD, SOUND), BOTH, (*BOTH, SOUND)], ids=["one", "one+", "two", "two+"])
def test_well_placed_sensor_and_pair_have_no_findings(rows: tuple[Row, ...], tracks: tuple[Track, ...]) -> None:
    assert found(rows, *tracks) == {}
