"""A recorded room with a badly placed motion sensor (UCI 864): which sensors have findings."""

from pathlib import Path

import pytest

from bench.accuracy.player import SensorColumn, build_plan, convert_to_decibels, derive_events
from bench.accuracy.recordings import read_all
from bench.accuracy.room_estimation import BADLY_PLACED, BOTH, FILES, LAYOUT, RECORDING, WELL_PLACED
from bench.accuracy.watching import collect_findings
from collector.contract.findings import Finding, FindingKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from ledig.replay.recorded_rows import RecordedRow

SOUND = SensorColumn("s1-sound", SensorKind.SOUND, EventKind.SOUND_DB, "S1_Sound", convert=convert_to_decibels)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> tuple[RecordedRow, ...]:
    return read_all(shared_data / "data" / RECORDING, FILES, LAYOUT)


def found(rows: tuple[RecordedRow, ...], *tracks: SensorColumn) -> dict[str, Finding]:
    """Return the findings by sensor; each has at most one."""
    findings = collect_findings(build_plan(tracks), derive_events(rows, tracks))
    assert len({name for name, _ in findings}) == len(findings)
    return {name: finding for (_, name), finding in findings}


def test_badly_placed_sensor_is_found_by_learned_sound(rows: tuple[RecordedRow, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED, SOUND).values()
    assert (finding.kind, finding.sensor) == (FindingKind.POOR_COVERAGE, "s7-pir")
    assert finding.witness == "s1-sound"
    assert finding.share_pct is not None
    assert finding.share_pct >= 15


def test_badly_placed_sensor_is_found_without_other_sensors(rows: tuple[RecordedRow, ...]) -> None:
    (finding,) = found(rows, BADLY_PLACED).values()
    assert (finding.kind, finding.sensor, finding.witness) == (FindingKind.POOR_COVERAGE, "s7-pir", "")


@pytest.mark.parametrize(
    "tracks", [(WELL_PLACED,), (WELL_PLACED, SOUND), BOTH, (*BOTH, SOUND)], ids=["one", "one+", "two", "two+"]
)
def test_well_placed_sensor_and_pair_have_no_findings(
    rows: tuple[RecordedRow, ...], tracks: tuple[SensorColumn, ...]
) -> None:
    assert found(rows, *tracks) == {}
