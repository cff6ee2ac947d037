"""A recording is played as the devices would have told it."""

from itertools import pairwise

from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from, tuples

from bench.accuracy.baselines import timer
from bench.accuracy.player import (
    HEARTBEAT_MS,
    Track,
    events,
    house,
    lossy,
    play,
    random_silences,
    rules_of,
    silenced,
    spans,
)
from collector.plan import SensorKind
from edge.message import Kind
from ledig.replay.rows import Row
from ledig.replay.scoring import BREAK_MS

START_MS = 1_700_000_000_000
PIR = Track("pir", SensorKind.PIR, Kind.MOTION, "moved", pulse_ms=2500)
LEVEL = Track("air", SensorKind.AIR, Kind.CO2_PPM, "ppm")
STEPS = lists(tuples(sampled_from([30_000, 31_000, 61_000, 154_000, BREAK_MS, BREAK_MS + 1000]), integers(0, 1)))


def rows(*steps: tuple[int, int]) -> list[Row]:
    """Rows, each so long after the one before."""
    at_ms, found = START_MS, []
    for step_ms, value in steps:
        at_ms += step_ms
        found.append(Row(at_ms, {"moved": value, "ppm": 400 + value}))
    return found


def words(said: list, row: Row) -> list[tuple[int, Kind, float]]:
    return [(event.at_ms - row.at_ms, event.kind, event.value) for event in said]


def test_a_row_with_motion_is_one_pulse_and_a_quiet_sensor_says_that_it_lives() -> None:
    recorded = rows((0, 0), (30_000, 1), (30_000, 0), (61_000, 0))
    assert words(events(recorded, [PIR]), recorded[0]) == [
        (0, Kind.HEARTBEAT, 0),
        (30_000, Kind.MOTION, 1),
        (32_500, Kind.MOTION, 0),
        (62_500, Kind.HEARTBEAT, 0),
        (92_500, Kind.HEARTBEAT, 0),
        (122_500, Kind.HEARTBEAT, 0),
    ]


def test_a_reading_is_told_row_by_row_and_repeated_in_a_small_hole() -> None:
    recorded = rows((0, 0), (61_000, 1))
    assert words(events(recorded, [LEVEL]), recorded[0]) == [
        (0, Kind.CO2_PPM, 400),
        (30_000, Kind.HEARTBEAT, 400),
        (60_000, Kind.HEARTBEAT, 400),
        (61_000, Kind.CO2_PPM, 401),
    ]


@given(STEPS)
def test_no_device_says_anything_in_a_break_and_none_is_silent_outside(steps: list[tuple[int, int]]) -> None:
    recorded = rows(*steps)
    said = events(recorded, [PIR])
    assert [event.seq for event in said] == list(range(1, len(said) + 1))
    for span in spans(recorded):
        within = [event.at_ms for event in said if span[0].at_ms <= event.at_ms <= span[-1].at_ms + HEARTBEAT_MS]
        assert all(later - at_ms <= HEARTBEAT_MS for at_ms, later in pairwise([span[0].at_ms, *within]))
        assert within[-1] >= span[-1].at_ms, "it lives while the last row stands"
    assert sum(event.kind is Kind.MOTION for event in said) == 2 * sum(value for _, value in steps)


@given(STEPS, integers(0, 5))
def test_a_lost_motion_is_lost_whole_and_nothing_else_is(steps: list[tuple[int, int]], seed: int) -> None:
    said = events(rows(*steps), [PIR])
    arrived = lossy(said, 0.5, seed)
    assert [event for event in said if event.kind is Kind.HEARTBEAT] == [
        event for event in arrived if event.kind is Kind.HEARTBEAT
    ]
    moved = [event.value for event in arrived if event.kind is Kind.MOTION]
    assert moved == [1, 0] * (len(moved) // 2)
    assert lossy(said, 0, seed) == said
    assert not [event for event in lossy(said, 1, seed) if event.kind is Kind.MOTION]


def test_silences_do_not_meet_and_are_the_same_for_the_same_seed() -> None:
    recorded = rows(*[(30_000, 0)] * 2000)
    silent = random_silences(recorded, 0.02, 600_000, seed=1)
    assert silent == random_silences(recorded, 0.02, 600_000, seed=1) != random_silences(recorded, 0.02, 600_000, 2)
    assert len(silent) > 10
    assert all(end_ms < from_ms for (_, end_ms), (from_ms, _) in pairwise(silent))
    left = silenced(events(recorded, [PIR]), silent)
    assert left
    assert not any(from_ms <= event.at_ms < end_ms for event in left for from_ms, end_ms in silent)


def test_a_timer_is_taken_from_each_motion_for_its_time_and_starts_free() -> None:
    recorded = rows((0, 0), (30_000, 1), (30_000, 1), (300_000, 1), (30_000, 0))
    shown = timer(events(recorded, [PIR]), 90_000, recorded[-1].at_ms + 600_000)
    assert [((at_ms - START_MS) / 1000, state) for at_ms, state in shown] == [
        (0, "vacant"),
        (30, "occupied"),
        (152.5, "vacant"),
        (360, "occupied"),
        (452.5, "vacant"),
    ]


def test_what_is_played_ends_where_it_is_told_to() -> None:
    recorded = rows(*[(30_000, 1)] * 4, *[(30_000, 0)] * 40)
    said = events(recorded, [PIR])
    assert house([PIR]).sensors_of("room")[0].heartbeat_ms == HEARTBEAT_MS
    _, shown = play(events(recorded[:4], [PIR]), rules_of([PIR]), recorded[3].at_ms)
    assert [state for _, state in shown] == ["occupied"]
    _, shown = play(said, rules_of([PIR]), recorded[-1].at_ms)
    assert shown[-1][1] == "vacant"
