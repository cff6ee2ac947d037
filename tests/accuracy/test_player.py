"""A recording is converted to the events that devices would have sent."""

from itertools import pairwise

from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from, tuples

from bench.accuracy.baselines import HALF_LIFE_MS, apply_decay, apply_timer
from bench.accuracy.player import (
    HEARTBEAT_MS,
    SensorColumn,
    build_plan,
    build_rules,
    choose_silences,
    derive_events,
    drop_motion,
    drop_spans,
    play_events,
    split_at_breaks,
)
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from ledig.replay.recorded_rows import RecordedRow
from ledig.replay.scoring import BREAK_MS

START_MS = 1_700_000_000_000
PIR = SensorColumn("pir", SensorKind.PIR, EventKind.MOTION, "moved", pulse_ms=2500)
LEVEL = SensorColumn("air", SensorKind.AIR, EventKind.CO2_PPM, "ppm")
STEPS = lists(tuples(sampled_from([30_000, 31_000, 61_000, 154_000, BREAK_MS, BREAK_MS + 1000]), integers(0, 1)))


def rows(*steps: tuple[int, int]) -> list[RecordedRow]:
    """Build rows, each `step_ms` after the one before."""
    at_ms, found = START_MS, []
    for step_ms, value in steps:
        at_ms += step_ms
        found.append(RecordedRow(at_ms, {"moved": value, "ppm": 400 + value}))
    return found


def relative(sent: list, row: RecordedRow) -> list[tuple[int, EventKind, float]]:
    return [(event.at_ms - row.at_ms, event.kind, event.value) for event in sent]


def test_motion_row_is_one_pulse_and_a_quiet_sensor_sends_heartbeats() -> None:
    recorded = rows((0, 0), (30_000, 1), (30_000, 0), (61_000, 0))
    assert relative(derive_events(recorded, [PIR]), recorded[0]) == [
        (0, EventKind.HEARTBEAT, 0),
        (30_000, EventKind.MOTION, 1),
        (32_500, EventKind.MOTION, 0),
        (62_500, EventKind.HEARTBEAT, 0),
        (92_500, EventKind.HEARTBEAT, 0),
        (122_500, EventKind.HEARTBEAT, 0),
    ]


def test_reading_is_sent_per_row_and_repeated_in_heartbeats() -> None:
    recorded = rows((0, 0), (61_000, 1))
    assert relative(derive_events(recorded, [LEVEL]), recorded[0]) == [
        (0, EventKind.CO2_PPM, 400),
        (30_000, EventKind.HEARTBEAT, 400),
        (60_000, EventKind.HEARTBEAT, 400),
        (61_000, EventKind.CO2_PPM, 401),
    ]


@given(STEPS)
def test_devices_send_nothing_in_a_break_and_are_not_silent_outside(steps: list[tuple[int, int]]) -> None:
    recorded = rows(*steps)
    sent = derive_events(recorded, [PIR])
    assert [event.seq for event in sent] == list(range(1, len(sent) + 1))
    for span in split_at_breaks(recorded):
        within = [event.at_ms for event in sent if span[0].at_ms <= event.at_ms <= span[-1].at_ms + HEARTBEAT_MS]
        assert all(later - at_ms <= HEARTBEAT_MS for at_ms, later in pairwise([span[0].at_ms, *within]))
        assert within[-1] >= span[-1].at_ms, "heartbeats continue while the last row is valid"
    assert sum(event.kind is EventKind.MOTION for event in sent) == 2 * sum(value for _, value in steps)


@given(STEPS, integers(0, 5))
def test_only_whole_motion_pulses_are_dropped(steps: list[tuple[int, int]], seed: int) -> None:
    sent = derive_events(rows(*steps), [PIR])
    received = drop_motion(sent, 0.5, seed)
    assert [event for event in sent if event.kind is EventKind.HEARTBEAT] == [
        event for event in received if event.kind is EventKind.HEARTBEAT
    ]
    moved = [event.value for event in received if event.kind is EventKind.MOTION]
    assert moved == [1, 0] * (len(moved) // 2)
    assert drop_motion(sent, 0, seed) == sent
    assert not [event for event in drop_motion(sent, 1, seed) if event.kind is EventKind.MOTION]


def test_silences_do_not_touch_and_are_reproducible() -> None:
    recorded = rows(*[(30_000, 0)] * 2000)
    silent = choose_silences(recorded, 0.02, 600_000, seed=1)
    assert silent == choose_silences(recorded, 0.02, 600_000, seed=1) != choose_silences(recorded, 0.02, 600_000, 2)
    assert len(silent) > 10
    assert all(end_ms < from_ms for (_, end_ms), (from_ms, _) in pairwise(silent))
    left = drop_spans(derive_events(recorded, [PIR]), silent)
    assert left
    assert not any(from_ms <= event.at_ms < end_ms for event in left for from_ms, end_ms in silent)


def test_timer_holds_each_motion_and_starts_free() -> None:
    recorded = rows((0, 0), (30_000, 1), (30_000, 1), (300_000, 1), (30_000, 0))
    shown = apply_timer(derive_events(recorded, [PIR]), 90_000, recorded[-1].at_ms + 600_000)
    assert [((at_ms - START_MS) / 1000, state) for at_ms, state in shown] == [
        (0, "vacant"),
        (30, "occupied"),
        (152.5, "vacant"),
        (360, "occupied"),
        (452.5, "vacant"),
    ]


def test_evidence_that_decays_holds_for_its_half_lives_after_the_last_motion() -> None:
    recorded = rows((0, 0), (30_000, 1), (30_000, 0), (9_000_000, 1), (30_000, 0))
    shown = apply_decay(derive_events(recorded, [PIR]), recorded[-1].at_ms + 9_000_000)
    # 2.85 falls to 0.847, the distance from the prior 0.3 to the threshold 0.5, within 1.75 half-lives
    moments = [(round((at_ms - START_MS) / HALF_LIFE_MS, 2), state) for at_ms, state in shown]
    assert moments == [
        (0, "vacant"),
        (0.05, "occupied"),
        (1.8, "vacant"),
        (15.1, "occupied"),
        (16.85, "vacant"),
    ]


def test_played_states_end_at_the_given_time() -> None:
    recorded = rows(*[(30_000, 1)] * 4, *[(30_000, 0)] * 40)
    sent = derive_events(recorded, [PIR])
    assert build_plan([PIR]).sensors_of("room")[0].heartbeat_ms == HEARTBEAT_MS
    _, shown = play_events(derive_events(recorded[:4], [PIR]), build_rules([PIR]), recorded[3].at_ms)
    assert [state for _, state in shown] == ["occupied"]
    _, shown = play_events(sent, build_rules([PIR]), recorded[-1].at_ms)
    assert shown[-1][1] == "vacant"
