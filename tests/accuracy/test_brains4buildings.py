"""Three recorded offices: the drifting counter and both wrong air sensors are found, and there are no false alarms."""

from pathlib import Path

import pytest

from bench.accuracy.brains4buildings import (
    RECORDING,
    RecordedSeries,
    SensorVerdict,
    build_plan,
    derive_events,
    findings_about,
    measure,
    read_sensors,
)
from bench.accuracy.line import Figure
from bench.accuracy.watching import collect_findings
from collector.contract.findings import FindingKind


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> list[RecordedSeries]:
    return read_sensors(shared_data / "data" / RECORDING)


def test_every_wrong_sensor_is_found_and_no_right_one(recorded: list[RecordedSeries]) -> None:
    found = collect_findings(build_plan([one.sensor for one in recorded]), derive_events(recorded))
    found_sensors = {one.sensor.key: one.verdict for one in recorded if findings_about(one, found)}
    assert found_sensors == {
        ("917810", "stereo-counter"): SensorVerdict.WRONG,
        ("917810", "managed-air"): SensorVerdict.WRONG,
        ("917810", "desk-air"): SensorVerdict.WRONG,
    }
    kinds = {name[1]: finding for name, finding in found}
    assert (kinds["desk-air"].kind, kinds["desk-air"].quantity) == (FindingKind.IMPLAUSIBLE, "co2_ppm")
    assert kinds["managed-air"].kind is FindingKind.REJECTED
    finding = kinds["stereo-counter"]
    assert (finding.kind, finding.witness) == (FindingKind.STUCK_ON, "pir")
    assert finding.span_min is not None
    assert finding.span_min >= 240


def test_both_motion_sensors_are_right_by_nights_and_co2(recorded: list[RecordedSeries]) -> None:
    verdicts = {one.sensor.key: one.verdict for one in recorded}
    assert verdicts["999169", "pir"] is verdicts["917810", "pir"] is SensorVerdict.RIGHT
    assert verdicts["917810", "desk-air"] is SensorVerdict.WRONG


def test_every_sensor_has_a_line_with_an_explanation(shared_data: Path) -> None:
    whole, *lines = measure(shared_data / "data" / RECORDING)
    assert whole.figures[Figure.FALSE_ALARMS] == 0
    assert len(lines) == 11
    note = next(line.note for line in lines if line.rule == "917810 stereo-counter")
    assert "while pir detected nobody" in note
    assert "people left in the last hour of 3 days" in note
