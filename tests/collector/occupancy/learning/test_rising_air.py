"""Rises of CO2 are evidence only if they hardly ever occur while nobody is there."""

from collections.abc import Callable
from random import Random

import pytest

from bench.accuracy.generated_air import GeneratedRoom, simulate_air
from bench.accuracy.line import Figure
from bench.accuracy.player import SensorColumn, build_rules, derive_events, list_figures, play_events, score_rows
from collector.occupancy.learning.rising_air import RISING_AIR, is_evidence, learn_slope
from collector.occupancy.learning.threshold import ReadingHistogram
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.replay.recorded_rows import RecordedRow

LEAST = 150
BEGIN_MS = 1_789_948_800_000
AIR = SensorColumn("air", SensorKind.AIR, EventKind.CO2_PPM, "co2")


def learn(days: int, by_day: Callable[[int], float], by_night: Callable[[int], float]) -> ReadingHistogram:
    known = RISING_AIR
    for day in range(1, days + 1):
        for slot in range(720):
            is_night = slot < 150
            known = learn_slope(known, (by_night if is_night else by_day)(slot), LEAST, day, present=not is_night)
    return known


def rise_at(first: int, slots: int, slope: float) -> Callable[[int], float]:
    return lambda slot: slope if first <= slot < first + slots else -20


STILL = rise_at(0, 0, 0)


def test_two_nights_are_needed() -> None:
    work = rise_at(200, 300, 400)
    assert not is_evidence(learn(1, work, STILL), 400)
    assert is_evidence(learn(2, work, STILL), 400)


def test_flat_air_and_no_trend_are_no_evidence() -> None:
    known = learn(7, rise_at(200, 100, 400), STILL)
    assert not is_evidence(known, 30)
    assert not is_evidence(known, None)
    assert not is_evidence(RISING_AIR, 900)


def test_rises_that_are_as_frequent_at_night_are_no_evidence() -> None:
    assert not is_evidence(learn(14, rise_at(200, 60, 250), rise_at(40, 15, 250)), 250)


def test_only_rises_that_are_steeper_than_those_at_night_are_evidence() -> None:
    known = learn(14, lambda slot: 600 if 200 <= slot < 300 else 220 if 300 <= slot < 330 else 0, rise_at(40, 15, 220))
    assert is_evidence(known, 600)
    assert not is_evidence(known, 225)


def test_a_change_of_the_nights_is_followed_within_three_days() -> None:
    known = learn(60, rise_at(200, 100, 300), STILL)
    assert is_evidence(known, 300)
    for day in range(61, 64):
        for slot in range(150):
            known = learn_slope(known, rise_at(40, 20, 300)(slot), LEAST, day, present=False)
    assert not is_evidence(known, 300)


def test_what_is_kept_is_bounded() -> None:
    dice = Random(1)  # noqa: S311 - repeatable, no secret
    known = learn(40, lambda _: dice.uniform(-500, 3000), lambda _: dice.uniform(-500, 3000))
    assert len(known.cells) < 130
    assert sum(known.empty_counts) <= 2_100


@pytest.mark.parametrize("draught_ppm", [0, 400])
@pytest.mark.parametrize("seed", range(4))
def test_answers_by_air_alone_are_clearly_better_than_chance(draught_ppm: float, seed: int) -> None:
    def count_people(at_ms: int) -> int:
        hour = (at_ms - BEGIN_MS) % DAY_MS / HOUR_MS
        return 2 if (at_ms - BEGIN_MS) // DAY_MS % 7 < 5 and (8 <= hour < 11 or 12 <= hour < 16) else 0

    room = GeneratedRoom(changes_by_night=1.0, draught_ppm=draught_ppm)
    rows = [
        RecordedRow(read.at_ms, {"co2": read.co2_ppm, "people": count_people(read.at_ms)})
        for read in simulate_air(room, count_people, BEGIN_MS, BEGIN_MS + 10 * DAY_MS, seed)
    ]
    _, shown = play_events(derive_events(rows, (AIR,)), build_rules((AIR,)), rows[-1].at_ms)
    score = score_rows(rows, "people", shown)
    figures = list_figures(score)
    answered_min = (score.occupied_min + score.vacant_min) * (1 - figures[Figure.UNKNOWN_PCT] / 100)
    assert score.false_vacant_min == 0
    assert score.false_occupied_min <= 0.1 * answered_min
    if not draught_ppm:
        assert answered_min > 200
