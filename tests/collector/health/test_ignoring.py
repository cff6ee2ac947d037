"""An ignored finding stays ignored until its sensor or its cause changes."""

from msgspec.structs import replace

from collector.health.findings import Answer, CollectorCommand, Finding, FindingKind
from collector.health.ignoring import GONE_DAYS, Ignored, answered, mark, still
from collector.plan import Sensor, SensorKind

NAME = ("pi", "pir")
POOR = Finding(FindingKind.POOR_COVERAGE, 0, "pir", witness_device="pi", witness="mat")
IGNORE = CollectorCommand(Answer.IGNORE, "pi", FindingKind.POOR_COVERAGE, "pir")
SENSOR = Sensor(device="pi", id="pir", kind=SensorKind.PIR, space="desk", wiring="17")
MARKS = {NAME: mark(SENSOR)}


def ignored() -> list[Ignored]:
    return answered([], IGNORE, [(NAME, POOR)], MARKS, 100)


def test_finding_is_ignored_and_no_longer_ignored() -> None:
    assert [one.about(NAME, FindingKind.POOR_COVERAGE) for one in ignored()] == [True]
    unignore = replace(IGNORE, command=Answer.HEED)
    assert answered(ignored(), unignore, [(NAME, POOR)], MARKS, 101) == []


def test_ignoring_twice_equals_ignoring_once() -> None:
    assert answered(ignored(), IGNORE, [(NAME, POOR)], MARKS, 100) == ignored()


def test_only_a_current_finding_can_be_ignored() -> None:
    assert answered([], IGNORE, [], MARKS, 100) == []


def test_ignoring_lasts_while_found_and_for_a_week_without_it() -> None:
    kept = ignored()
    for day in range(101, 140):
        kept = still(kept, [(NAME, POOR)], MARKS, day)
    assert still(kept, [], MARKS, 139 + GONE_DAYS - 1) == kept
    assert still(kept, [], MARKS, 139 + GONE_DAYS) == []


def test_replaced_sensor_is_no_longer_ignored() -> None:
    for change in ({"kind": SensorKind.PRESSURE}, {"space": "other"}, {"wiring": "18"}):
        fields = {"device": "pi", "id": "pir", "kind": SensorKind.PIR, "space": "desk", "wiring": "17"}
        other = Sensor(**fields | change)  # type: ignore[arg-type]
        assert still(ignored(), [(NAME, POOR)], {NAME: mark(other)}, 101) == []
    assert still(ignored(), [(NAME, POOR)], {}, 101) == [], "its device was renamed or removed"


def test_other_cause_is_no_longer_ignored() -> None:
    assert still(ignored(), [(NAME, replace(POOR, witness="radar"))], MARKS, 101) == []
    without = [(NAME, replace(POOR, witness="", witness_device=""))]
    assert [one.day for one in still(ignored(), without, MARKS, 101)] == [101], "a missing witness is not another cause"
