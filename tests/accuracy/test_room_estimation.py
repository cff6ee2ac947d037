"""A recorded room with two motion sensors (UCI 864), default settings, through the pure core."""

from collections.abc import Callable

import pytest

from bench.accuracy.line import Figure, ResultLine
from bench.accuracy.room_estimation import RECORDING
from tests.support.accuracy.figures import print_figures

Lines = Callable[[str], dict[str, ResultLine]]


def test_both_motion_sensors_are_accurate_without_flicker(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)["both PIRs"])
    assert found[Figure.FALSE_VACANT_PCT] <= 0.1
    assert found[Figure.LONGEST_FALSE_VACANT_MIN] <= 1
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 1.7
    assert found[Figure.CHANGES_PER_DAY] <= 8
    assert found[Figure.UNKNOWN_PCT] <= 1, "the state is known most of the time"


@pytest.mark.parametrize(("output_s", "most_pct"), [(30, 1.9), (60, 2.2), (90, 2.5)])
def test_results_hold_with_longer_outputs(lines: Lines, output_s: int, most_pct: float) -> None:
    found = print_figures(lines(RECORDING)[f"both PIRs, outputs of {output_s} s"])
    assert found[Figure.FALSE_VACANT_PCT] <= 0.1
    assert found[Figure.FALSE_OCCUPIED_PCT] <= most_pct


@pytest.mark.parametrize("seconds", [60, 90])
def test_results_hold_with_declared_blind_times(lines: Lines, seconds: int) -> None:
    found = print_figures(lines(RECORDING)[f"both PIRs, outputs of {seconds} s, then blind for {seconds} s, declared"])
    assert found[Figure.FALSE_VACANT_PCT] <= 0.3
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 2.5


def test_results_hold_with_a_fifth_of_the_motion_lost(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)["both PIRs, 20 % of motion lost"])
    assert found[Figure.FALSE_VACANT_PCT] <= 0.4
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 2.4


def test_learned_sound_compensates_for_a_badly_placed_sensor(lines: Lines) -> None:
    alone = print_figures(lines(RECORDING)["badly placed PIR alone"])
    found = print_figures(lines(RECORDING)["badly placed PIR, its desk's sound"])
    assert found[Figure.FALSE_VACANT_PCT] <= 0.5 < alone[Figure.FALSE_VACANT_PCT]
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 3.0


def test_only_the_badly_placed_sensor_has_poor_coverage(lines: Lines) -> None:
    badly, well = (lines(RECORDING)[f"{placed} placed PIR alone"] for placed in ("badly", "well"))
    assert print_figures(badly)[Figure.FINDINGS] == 1
    assert "poor coverage" in badly.note
    assert print_figures(well)[Figure.FINDINGS] == 0


def test_sound_and_light_beside_good_sensors_are_better_than_a_timer(lines: Lines) -> None:
    timer = lines(RECORDING)["timer of 12 min"].figures[Figure.FALSE_OCCUPIED_PCT]
    for beside in ("sound", "light"):
        found = print_figures(lines(RECORDING)[f"both PIRs, every desk's {beside}"])
        assert found[Figure.FALSE_VACANT_PCT] <= 0.1
        assert found[Figure.FALSE_OCCUPIED_PCT] < timer


def test_silent_sensors_never_cause_a_false_vacant_state(lines: Lines) -> None:
    found = print_figures(lines(RECORDING)["both PIRs, all silent for 30 min"])
    assert found[Figure.FALSE_VACANT_MIN] == 0
    assert found[Figure.STILL_FREE_S] <= 60, "two heartbeats after the first missed one"


def test_no_fixed_timer_is_better_in_both_errors(lines: Lines) -> None:
    ours = lines(RECORDING)["both PIRs"].figures
    for line in lines(RECORDING).values():
        if not line.ours:
            wrong = (Figure.FALSE_VACANT_PCT, Figure.FALSE_OCCUPIED_PCT)
            assert any(ours[figure] < print_figures(line)[figure] for figure in wrong)
