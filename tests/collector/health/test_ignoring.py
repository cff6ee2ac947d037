"""An ignored finding stays ignored until its sensor or its cause changes."""

from msgspec.structs import replace

from collector.contract.findings import Finding, FindingAction, FindingCommand, FindingKind
from collector.health.ignoring import FORGET_AFTER_DAYS, IgnoredFinding, apply_command, compute_fingerprint, keep_valid
from collector.site.site_sensor import Sensor
from edge.contract.sensor_kinds import SensorKind

NAME = ("pi", "pir")
POOR = Finding(FindingKind.POOR_COVERAGE, 0, "pir", witness_device="pi", witness="mat")
IGNORE = FindingCommand(FindingAction.IGNORE, "pi", FindingKind.POOR_COVERAGE, "pir")
SENSOR = Sensor(device="pi", id="pir", kind=SensorKind.PIR, space="desk", wiring="17")
MARKS = {NAME: compute_fingerprint(SENSOR)}


def ignored() -> list[IgnoredFinding]:
    return apply_command([], IGNORE, [(NAME, POOR)], MARKS, 100)


def test_finding_is_ignored_and_no_longer_ignored() -> None:
    assert [one.is_about(NAME, Finding(FindingKind.POOR_COVERAGE, 0)) for one in ignored()] == [True]
    unignore = replace(IGNORE, command=FindingAction.UNIGNORE)
    assert apply_command(ignored(), unignore, [(NAME, POOR)], MARKS, 101) == []


def test_ignoring_twice_equals_ignoring_once() -> None:
    assert apply_command(ignored(), IGNORE, [(NAME, POOR)], MARKS, 100) == ignored()


def test_only_a_current_finding_can_be_ignored() -> None:
    assert apply_command([], IGNORE, [], MARKS, 100) == []


def test_ignoring_lasts_while_found_and_for_a_week_without_it() -> None:
    kept = ignored()
    for day in range(101, 140):
        kept = keep_valid(kept, [(NAME, POOR)], MARKS, day)
    assert keep_valid(kept, [], MARKS, 139 + FORGET_AFTER_DAYS - 1) == kept
    assert keep_valid(kept, [], MARKS, 139 + FORGET_AFTER_DAYS) == []


def test_replaced_sensor_is_no_longer_ignored() -> None:
    for change in ({"kind": SensorKind.PRESSURE}, {"space": "other"}, {"wiring": "18"}):
        fields = {"device": "pi", "id": "pir", "kind": SensorKind.PIR, "space": "desk", "wiring": "17"}
        other = Sensor(**fields | change)  # type: ignore[arg-type]
        assert keep_valid(ignored(), [(NAME, POOR)], {NAME: compute_fingerprint(other)}, 101) == []
    assert keep_valid(ignored(), [(NAME, POOR)], {}, 101) == [], "its device was renamed or removed"


def test_other_cause_is_no_longer_ignored() -> None:
    assert keep_valid(ignored(), [(NAME, replace(POOR, witness="radar"))], MARKS, 101) == []
    without = [(NAME, replace(POOR, witness="", witness_device=""))]
    assert [one.day for one in keep_valid(ignored(), without, MARKS, 101)] == [101], (
        "a missing witness is not another cause"
    )
