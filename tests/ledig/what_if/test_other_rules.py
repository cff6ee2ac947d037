"""Other rules are read as written by a manager; invalid ones are rejected together, with their bounds."""

from dataclasses import replace
from pathlib import Path

import pytest

from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from ledig.what_if.other_rules import OtherRulesRejected, format_duration, read_other_rules
from tests.support.collector.random_sites import build_desk_plan

TODAY = OccupancyRules(lone_motion_hold_ms=90_000)


def others(*asked: str) -> list[OccupancyRules]:
    return [other.rules for other in read_other_rules(asked, (), TODAY)]


def faults(*asked: str, files: tuple[Path, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(OtherRulesRejected) as caught:
        read_other_rules(asked, files, TODAY)
    return caught.value.faults


def rules(**changes: object) -> OccupancyRules:
    return OccupancyRules(**{"lone_motion_hold_ms": 90_000, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (" motion_hold = 420s ", rules(motion_hold_ms=420_000)),
        ("learning=off", rules(learning=LearningSwitch.OFF)),
        ("motion_hold=1h", rules(motion_hold_ms=3_600_000)),
        ("motion_hold_ms=1h30m", rules(motion_hold_ms=5_400_000)),
        ("level_hold_ms=90000", rules(level_hold_ms=90_000)),
        ("level_hold=90s,second_motion=1.5min", rules(level_hold_ms=90_000, second_motion_ms=90_000)),
        ("silent_after_heartbeats=4", rules(silent_after_heartbeats=4)),
        ("lone_motion_hold=3m,hold=7m", rules(lone_motion_hold_ms=180_000)),
    ],
)
def test_given_settings_change_nothing_else(asked: str, expected: OccupancyRules) -> None:
    assert others(asked) == [expected]


def test_each_what_if_is_one_set_of_rules_with_its_label() -> None:
    found = read_other_rules(("hold=7m", "hold=12m"), (), TODAY)
    assert [other.label for other in found] == ["hold=7m", "hold=12m"]
    assert [other.hold_ms for other in found] == [420_000, 720_000]


def test_hold_fixes_the_hold_of_every_space_and_nothing_else() -> None:
    plan = build_desk_plan(3)
    (other,) = read_other_rules(("hold=7m",), (), plan.rules)
    assert [space.motion_hold_ms for space in other.apply_to(plan).spaces] == [420_000] * 3
    (usual,) = read_other_rules(("learning=off",), (), plan.rules)
    assert usual.apply_to(plan) == replace(plan, rules=OccupancyRules(learning=LearningSwitch.OFF))


@pytest.mark.parametrize(
    ("asked", "finding"),
    [
        ("hold", '"hold" is not a setting; write name=value, such as hold=7m'),
        ("", '"" is not a setting'),
        ("hodl=7m", 'no rule "hodl"; known rules: hold, lone_motion_hold,'),
        ("hodl=7m", 'did you mean "hold"?'),
        ("hold=7", 'hold is "7"; write a duration with its unit: 90s, 7m or 2h'),
        ("hold=7 weeks", 'hold is "7 weeks"; write a duration with its unit'),
        ("hold=-7m", 'hold is "-7m"; write a duration with its unit'),
        ("hold=3h", "hold must lie between 1s and 2h, got 3h"),
        ("hold=0s", "hold must lie between 1s and 2h, got 0s"),
        ("motion_hold=1m", "motion_hold must lie between lone_motion_hold (90s) and 2h, got 1m"),
        ("learning=maybe", 'learning is "maybe"; it must be one of: on, off'),
        ("level_hold=2h", "level_hold must lie between 1s and 1h, got 2h"),
        ("silent_after_heartbeats=1", "silent_after_heartbeats must lie between 1.5 and 100, got 1.0"),
        ("silent_after_heartbeats=nan", "silent_after_heartbeats must lie between 1.5 and 100"),
        ("silent_after_heartbeats=often", 'silent_after_heartbeats is "often"; it must be a number'),
        ("hold=7m,hold=8m", "hold is set twice"),
    ],
)
def test_invalid_setting_is_rejected_with_its_bounds(asked: str, finding: str) -> None:
    (fault,) = faults(asked)
    assert fault.startswith(f'--what-if "{asked}": ')
    assert finding in fault


def test_file_contains_a_complete_table_of_rules(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text("[rules]\nmotion_hold_ms = 900000\n")
    (other,) = read_other_rules((), (path,), TODAY)
    assert (other.label, other.rules) == ("long.toml", OccupancyRules(motion_hold_ms=900_000))


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "[rules]\nmotion_hold_ms = 1",
            "motion_hold_ms must lie between lone_motion_hold_ms (120000) and 7200000, got 1",
        ),
        ("[rules]\nhold_ms = 1", 'no setting "hold_ms"; known settings:'),
        ('[rules]\nlevel_hold_ms = "3m"', 'level_hold_ms is "3m"; it must be a whole number'),
        ("[rules]\n[site]", 'no setting "site"; known settings: rules'),
        ("", "table [rules] is missing"),
        ("[rules", "give a TOML file with a table [rules]"),
        ("rules = " + "[" * 5000, "give a TOML file with a table [rules]"),
    ],
)
def test_invalid_file_is_rejected_with_its_bounds(tmp_path: Path, text: str, finding: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    assert finding in "\n".join(faults(files=(path,)))


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    found_faults = faults("hold=3h", "hodl=1m", files=(tmp_path / "none.toml",))
    assert len(found_faults) == 3
    assert "No such file or directory; give a TOML file" in found_faults[2]


@pytest.mark.parametrize(
    ("span_ms", "text"), [(420_000, "7m"), (90_000, "90s"), (7_200_000, "2h"), (1, "1ms"), (0, "0s")]
)
def test_duration_is_formatted_as_on_the_command_line(span_ms: int, text: str) -> None:
    assert format_duration(span_ms) == text
