"""States of a space by examples. Minutes count from noon; sensors send a heartbeat every 30 s."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from collector.contract.states import Because, Lapse, Occupancy, Reason, SpaceHealth
from collector.occupancy.evaluate import (
    apply_event,
    build_space_state,
    find_lapses,
    find_next_lapse,
    fit_to_rules,
    fold_events,
)
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.occupancy.learning.output_length import MIN_PULSES
from collector.occupancy.learning.quiet_spans import count_longer
from collector.occupancy.learning.tuning import NO_HOLD_STATISTICS, HoldStatistics
from collector.occupancy.space_rules import MEASURED_OUTPUT_MS, build_space_rules
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_sensor import OutputTimes
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.minutes import QUIET_MS, a, at, quiet, since_noon, watched
from tests.support.collector.room import (
    MINUTE,
    NOON_MS,
    SECOND,
    beats,
    event_of,
    numbered,
    plan,
    pulse,
    sensor,
    states_by_minute,
)

VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN
PIR = watched(SensorKind.PIR)


def test_a_lone_motion_takes_a_desk_for_two_minutes() -> None:
    assert since_noon(PIR, quiet("pir") + pulse("pir", at(1))) == [(1, OCCUPIED), (pytest.approx(3 + 2 / 60), VACANT)]


def test_a_second_motion_within_four_minutes_earns_ten() -> None:
    events = quiet("pir") + pulse("pir", at(1), SECOND) + pulse("pir", at(1) + SECOND + 2 * MINUTE, SECOND)
    ended = 3 + 2 / 60
    assert since_noon(PIR, events) == [
        (1, OCCUPIED),
        (pytest.approx(ended + 2), AWAY),
        (pytest.approx(ended + 10), VACANT),
    ]
    second = quiet("pir") + pulse("pir", at(1), SECOND) + pulse("pir", at(1) + SECOND + 4 * MINUTE, SECOND)
    assert since_noon(PIR, second)[-1] == (pytest.approx(15 + 2 / 60), VACANT)


def test_a_second_motion_is_late_after_four_minutes() -> None:
    events = quiet("pir") + pulse("pir", at(1), SECOND) + pulse("pir", at(1) + SECOND + 4 * MINUTE + 1, SECOND)
    assert AWAY not in [state for _, state in since_noon(PIR, events)]


def test_walking_past_holds_for_two_minutes_despite_several_motions() -> None:
    passing = [event for second in (0, 5, 10, 18) for event in pulse("pir", at(1) + second * SECOND, SECOND)]
    assert AWAY not in [state for _, state in since_noon(PIR, quiet("pir") + passing)]
    staying = pulse("pir", at(1) + 20 * SECOND, SECOND)
    assert since_noon(PIR, quiet("pir") + passing + staying)[-1] == (pytest.approx(11 + 21 / 60), VACANT)


def test_one_motion_seen_by_two_sensors_counts_once() -> None:
    rules = build_space_rules(
        plan(a(), sensors=[sensor(SensorKind.PIR, "left"), sensor(SensorKind.PIR, "right")]), "space"
    )
    events = quiet("left", "right") + pulse("left", at(1), SECOND) + pulse("right", at(1), SECOND)
    assert since_noon(rules, events) == [(1, OCCUPIED), (pytest.approx(3 + 1 / 60), VACANT)]


def test_motion_soon_after_vacancy_earns_the_full_hold_at_once() -> None:
    moves = [event for minute in (1, 1.5, 13) for event in pulse("pir", at(minute), SECOND)]
    assert since_noon(PIR, quiet("pir") + moves)[-1] == (pytest.approx(23 + 1 / 60), VACANT)  # full hold at once


def test_a_quiet_span_with_an_unknown_sensor_teaches_nothing() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    moves = [event for minute in (1, 1.5) for event in pulse("pir", at(minute), SECOND)]
    lost = quiet("pressure", until_min=8.1) + beats("pressure", at(9.9), at(20))  # vacant only when it reports again
    events = [*quiet("pir", until_min=20), *moves, *lost]
    for again in ([], pulse("pir", at(11), SECOND)):
        evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([*events, *again]), rules)
        assert evidence.hold_statistics == NO_HOLD_STATISTICS
    vouched = [*quiet("pir", "pressure", until_min=20), *moves, *pulse("pir", at(11), SECOND)]
    assert count_longer(fold_events(EMPTY_EVIDENCE, numbered(vouched), rules)[0].hold_statistics.spans, 0)[0] == 1


def test_a_sensor_that_died_while_its_hold_ran_teaches_nothing() -> None:
    """The length of its quiet span is unknown, although another sensor detects somebody again."""
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    learnt_longer = replace(fit_to_rules(EMPTY_EVIDENCE, rules), hold_statistics=HoldStatistics(offset_ms=5 * MINUTE))
    moves = [event for minute in (1, 1.5) for event in pulse("pir", at(minute), SECOND)]
    again = event_of(at(11), "pressure", EventKind.PRESSURE, 1)
    for until_min, ends in ((20, 1), (5, 0)):
        events = [*quiet("pir", until_min=until_min), *quiet("pressure", until_min=11), *moves, again]
        assert count_longer(fold_events(learnt_longer, numbered(events), rules)[0].hold_statistics.spans, 0)[0] == ends


def test_the_full_hold_is_eight_minutes_with_two_sensors() -> None:
    rules = build_space_rules(
        plan(a(), sensors=[sensor(SensorKind.PIR, "left"), sensor(SensorKind.PIR, "right")]), "space"
    )
    events = quiet("left", "right") + pulse("left", at(1), SECOND) + pulse("right", at(2), SECOND)
    assert since_noon(rules, events)[-1] == (pytest.approx(10 + 1 / 60), VACANT)


def test_motion_while_away_occupies_again_with_the_full_hold() -> None:
    events = quiet("pir") + [event for minute in (1, 2, 8) for event in pulse("pir", at(minute), SECOND)]
    assert since_noon(PIR, events) == [
        (1, OCCUPIED),
        (pytest.approx(4 + 1 / 60), AWAY),
        (8, OCCUPIED),
        (pytest.approx(10 + 1 / 60), AWAY),
        (pytest.approx(18 + 1 / 60), VACANT),
    ]


def test_an_output_high_for_twenty_seconds_earns_the_full_hold() -> None:
    before_and_after = quiet("pir", until_min=1) + beats("pir", at(2), at(60))
    assert since_noon(PIR, before_and_after + pulse("pir", at(1), 20 * SECOND))[-1] == (
        pytest.approx(11 + 20 / 60),
        VACANT,
    )
    lone = since_noon(PIR, before_and_after + pulse("pir", at(1), 19 * SECOND))
    assert lone[-1] == (pytest.approx(3 + 19 / 60), VACANT)


def test_a_seat_is_away_at_once_and_vacant_after_three_minutes() -> None:
    rules = watched(SensorKind.PRESSURE)
    events = quiet("pressure", until_min=1) + pulse("pressure", at(1), 60 * SECOND, EventKind.PRESSURE)
    events += beats("pressure", at(1.5), at(2), 1) + beats("pressure", at(2.5), at(60))
    assert since_noon(rules, events) == [(1, OCCUPIED), (2, AWAY), (5, VACANT)]


def test_a_motion_beside_a_taken_seat_is_not_lone() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    events = quiet("pir") + quiet("pressure", until_min=1) + pulse("pressure", at(1), 60 * SECOND, EventKind.PRESSURE)
    events += beats("pressure", at(2.5), at(60)) + pulse("pir", at(4), SECOND)
    assert since_noon(rules, events)[-1] == (pytest.approx(12 + 1 / 60), VACANT)  # eight minutes with two sensors


def test_a_space_is_vacant_only_after_every_sensor_was_quiet_for_its_hold() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    events = quiet("pir") + quiet("pressure", until_min=1) + pulse("pressure", at(1), MINUTE, EventKind.PRESSURE)
    events += beats("pressure", at(2.5), at(60)) + pulse("pir", at(1), SECOND) + pulse("pir", at(1.5), SECOND)
    assert since_noon(rules, events)[-1] == (pytest.approx(9.5 + 1 / 60), VACANT)


def test_equipment_is_in_use_above_its_threshold_and_its_heartbeats_carry_watts() -> None:
    rules = watched(SensorKind.POWER, space=a(SpaceKind.EQUIPMENT, in_use_above_w=50))
    events = quiet("power", until_min=1, value=7)
    events += [event_of(at(1), "power", EventKind.POWER_W, 50), event_of(at(1.5), "power", EventKind.POWER_W, 51)]
    events += [*beats("power", at(2), at(10), 400), event_of(at(10), "power", EventKind.POWER_W, 7)]
    events += beats("power", at(10.5), at(60), 7)
    assert since_noon(rules, events) == [(1.5, OCCUPIED), (10, AWAY), (13, VACANT)]


def test_a_space_is_unknown_until_its_sensors_were_quiet_for_one_hold() -> None:
    events = beats("pir", at(0), at(20))
    assert states_by_minute(PIR, events, at(20), NOON_MS) == [(10, VACANT)]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events[:5]), PIR)
    shown = build_space_state(evidence, PIR, at(2))
    assert (shown.state, shown.because) == (UNKNOWN, Because(Reason.WARMING_UP, "pi", "pir", at(0)))
    assert shown.lapse == Lapse(VACANT, at(10))


def test_a_motion_in_an_unknown_space_is_not_lone() -> None:
    events = [event_of(at(0), "pir", EventKind.MOTION, 1), event_of(at(0) + SECOND, "pir", EventKind.MOTION, 0)]
    events += beats("pir", at(0.5), at(20))
    assert states_by_minute(PIR, events, at(20), NOON_MS) == [
        (0, OCCUPIED),
        (pytest.approx(2 + 1 / 60), AWAY),
        (pytest.approx(10 + 1 / 60), VACANT),
    ]


def test_a_silent_sensor_makes_a_space_unknown_until_one_hold_after_it_returns() -> None:
    events = quiet("pir", until_min=1) + beats("pir", at(20), at(60))
    assert since_noon(PIR, events) == [(1.5, UNKNOWN), (30, VACANT)]  # newest event at 0.5, silent a minute later


def test_silence_depends_on_the_heartbeat_of_each_sensor() -> None:
    mat = sensor(SensorKind.PRESSURE, heartbeat_ms=4 * MINUTE)
    rules = build_space_rules(plan(a(), sensors=[sensor(SensorKind.PIR), mat]), "space")
    slow = beats("pressure", QUIET_MS, at(1), every_ms=4 * MINUTE)  # the last one at noon
    assert since_noon(rules, quiet("pir") + slow) == [(8, UNKNOWN)]
    assert since_noon(rules, quiet("pir", until_min=1) + slow) == [(1.5, UNKNOWN)]


def test_one_lost_heartbeat_matters_only_until_the_next() -> None:
    events = quiet("pir", until_min=1) + beats("pir", at(1.52), at(40))  # one is lost, the next a little late
    assert since_noon(PIR, events, until_min=35) == [(1.5, UNKNOWN), (pytest.approx(1.52, abs=0.001), VACANT)]
    moved = quiet("pir", until_min=1) + pulse("pir", at(-3), SECOND) + beats("pir", at(1.52), at(40))
    assert since_noon(PIR, moved, until_min=35)[-1] == (pytest.approx(11.52, abs=0.001), VACANT), (
        "somebody may be there"
    )
    began = beats("pir", at(0), at(1.1)) + beats("pir", at(2.9), at(40))  # quiet, but not yet for a hold
    assert states_by_minute(PIR, began, at(35), NOON_MS) == [(pytest.approx(12.9, abs=0.001), VACANT)]
    longer = quiet("pir", until_min=1) + beats("pir", at(2.5), at(40))
    assert since_noon(PIR, longer, until_min=35) == [(1.5, UNKNOWN), (12.5, VACANT)], "long enough to come and sit down"


def test_a_sensor_silent_while_high_holds_from_its_newest_event() -> None:
    rules = watched(SensorKind.PRESSURE)
    events = [*quiet("pressure", until_min=1), event_of(at(1), "pressure", EventKind.PRESSURE, 1)]
    assert since_noon(rules, events) == [(1, OCCUPIED), (2, AWAY), (4, UNKNOWN)]


def test_a_motion_sensor_silent_while_high_for_half_a_minute_holds_in_full() -> None:
    events = [
        *quiet("pir", until_min=1),
        event_of(at(1), "pir", EventKind.MOTION, 1),
        event_of(at(1.5), "pir", EventKind.HEARTBEAT, 1),
    ]
    assert since_noon(PIR, events) == [(1, OCCUPIED), (3.5, AWAY), (11.5, UNKNOWN)]


def test_a_dead_mat_beside_a_live_pir_does_not_hold_its_desk_forever() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    events = quiet("pir") + quiet("pressure", until_min=1) + [event_of(at(1), "pressure", EventKind.PRESSURE, 1)]
    assert since_noon(rules, events)[-1] == (4, UNKNOWN)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), rules)
    shown = build_space_state(evidence, rules, at(60))
    assert shown.because == Because(Reason.SILENT, "pi", "pressure", at(1))
    assert shown.health is SpaceHealth.DEGRADED


def test_a_dead_sensor_does_not_hide_the_evidence_of_another() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE)
    events = quiet("pir") + quiet("pressure", until_min=-30) + pulse("pir", at(1), SECOND)
    assert since_noon(rules, events)[0] == (1, OCCUPIED)


def test_a_heartbeat_corrects_a_lost_fall() -> None:
    rules = watched(SensorKind.PRESSURE)
    events = [*quiet("pressure", until_min=1), event_of(at(1), "pressure", EventKind.PRESSURE, 1)]
    events += beats("pressure", at(1.5), at(5), 1) + beats("pressure", at(5), at(60), 0)
    assert since_noon(rules, events) == [(1, OCCUPIED), (5, AWAY), (7.5, VACANT)]


def test_a_heartbeat_corrects_a_lost_rise_without_a_second_motion() -> None:
    events = quiet("pir", until_min=1) + pulse("pir", at(1), SECOND)
    events += [event_of(at(1.5), "pir", EventKind.HEARTBEAT, 1), event_of(at(1.5) + SECOND, "pir", EventKind.MOTION, 0)]
    events += beats("pir", at(2), at(60))
    assert since_noon(PIR, events) == [(1, OCCUPIED), (pytest.approx(3.5 + 1 / 60), VACANT)]


def test_a_battery_event_counts_only_for_a_live_sensor() -> None:
    batteries = [event_of(at(minute / 2), "pir", EventKind.BATTERY_PCT, 80) for minute in range(2, 120)]
    assert since_noon(PIR, quiet("pir", until_min=1) + batteries) == []
    assert states_by_minute(PIR, batteries, at(60)) == []


def test_a_change_revoked_in_the_same_millisecond_leaves_no_transition() -> None:
    events = quiet("pressure", until_min=1)
    events += [event_of(at(1), "pressure", EventKind.PRESSURE, 1), event_of(at(1), "pressure", EventKind.PRESSURE, 0)]
    lines = since_noon(watched(SensorKind.PRESSURE), events + beats("pressure", at(1.5), at(60)))
    assert lines == [(1, AWAY), (4, VACANT)]


def test_a_state_restored_in_the_same_millisecond_keeps_its_start() -> None:
    rules = watched(SensorKind.PRESSURE)
    sat = [event_of(at(1), "pressure", EventKind.PRESSURE, 1), event_of(at(2), "pressure", EventKind.PRESSURE, 0)]
    again = [event_of(at(3), "pressure", EventKind.PRESSURE, 1), event_of(at(3), "pressure", EventKind.PRESSURE, 0)]
    events = [*quiet("pressure", until_min=1), *beats("pressure", at(1.5), at(2), 1), *sat, *again]
    events += beats("pressure", at(2.5), at(60))
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms <= at(3)]), rules)
    assert (evidence.state, evidence.since_ms, evidence.because.at_ms) == (AWAY, at(2), at(2))
    assert since_noon(rules, events) == [(1, OCCUPIED), (2, AWAY), (6, VACANT)]


SUPPLY = watched(SensorKind.DISTANCE, space=a(SpaceKind.SUPPLY, low_below_pct=20))


def test_a_supply_is_low_below_its_level_and_unknown_when_its_sensor_is_silent() -> None:
    levels = [
        event_of(at(minute), "distance", EventKind.LEVEL_PCT, level) for minute, level in ((0, 80), (1, 20), (2, 19.9))
    ]
    assert states_by_minute(SUPPLY, levels, at(60), NOON_MS) == [
        (0, Occupancy.STOCKED),
        (2, Occupancy.LOW),
        (3, UNKNOWN),
    ]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(levels), SUPPLY)
    shown = build_space_state(evidence, SUPPLY, at(2))
    assert (shown.level_pct, shown.because.reason) == (19.9, Reason.LEVEL)
    assert build_space_state(evidence, SUPPLY, at(5)).level_pct is None


def test_a_supply_of_two_containers_is_low_when_one_of_them_is() -> None:
    rules = build_space_rules(
        plan(
            a(SpaceKind.SUPPLY, low_below_pct=20),
            sensors=[sensor(SensorKind.DISTANCE, name) for name in ("beans", "milk")],
        ),
        "space",
    )
    events = [event_of(at(0), "beans", EventKind.LEVEL_PCT, 80), event_of(at(0), "milk", EventKind.LEVEL_PCT, 12)]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), rules)
    shown = build_space_state(evidence, rules, at(0))
    assert (shown.state, shown.level_pct, shown.because.sensor) == (Occupancy.LOW, 12, "milk")


def test_the_heartbeat_of_a_supply_has_its_level() -> None:
    events = [
        event_of(at(0), "distance", EventKind.LEVEL_PCT, 80),
        event_of(at(0.5), "distance", EventKind.HEARTBEAT, 12),
    ]
    assert states_by_minute(SUPPLY, events, at(1), NOON_MS) == [(0, Occupancy.STOCKED), (0.5, Occupancy.LOW)]


def test_a_disabled_space_ignores_its_sensors() -> None:
    rules = watched(SensorKind.PIR, space=a(disabled=True))
    evidence, transitions = fold_events(
        fit_to_rules(EMPTY_EVIDENCE, rules), numbered(quiet("pir") + pulse("pir", at(1))), rules
    )
    assert transitions == []
    assert build_space_state(evidence, rules, at(1)).state is Occupancy.DISABLED
    assert build_space_state(evidence, rules, at(1)).because == Because(Reason.DISABLED)
    assert find_next_lapse(evidence, rules, at(1)) is None


def test_a_space_without_sensors_is_unknown_with_a_reason() -> None:
    shown = build_space_state(fit_to_rules(EMPTY_EVIDENCE, watched()), watched(), at(0))
    assert (shown.state, shown.because, shown.health) == (UNKNOWN, Because(Reason.NO_SENSOR), SpaceHealth.OFFLINE)


def test_a_space_without_events_names_the_missing_sensor() -> None:
    shown = build_space_state(fit_to_rules(EMPTY_EVIDENCE, PIR), PIR, at(0))
    assert (shown.state, shown.because) == (UNKNOWN, Because(Reason.NEVER_REPORTED, "pi", "pir"))
    assert shown.health is SpaceHealth.OFFLINE


def test_a_taken_space_has_its_sensor_and_its_next_lapse() -> None:
    events = quiet("pir", until_min=2) + pulse("pir", at(1), SECOND) + pulse("pir", at(1.5), SECOND)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), PIR)
    shown = build_space_state(evidence, PIR, at(2))
    assert (shown.state, shown.since_ms, shown.health) == (OCCUPIED, at(1), SpaceHealth.HEALTHY)
    assert shown.because == Because(Reason.MOTION, "pi", "pir", at(1.5) + SECOND)
    assert shown.lapse == Lapse(VACANT, at(11.5) + SECOND)


def test_a_vacant_space_has_the_start_of_its_quiet() -> None:
    events = quiet("pir") + pulse("pir", at(1), SECOND)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), PIR)
    assert build_space_state(evidence, PIR, at(60)).because == Because(Reason.QUIET, "pi", "pir", at(1) + SECOND)
    assert build_space_state(evidence, PIR, at(60)).lapse is None


def test_silence_alone_ends_in_unknown_and_never_in_vacant() -> None:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(quiet("pir", until_min=1) + pulse("pir", at(1), SECOND)), PIR)
    assert [lapse.state for lapse in find_lapses(evidence, PIR, at(600))] == [UNKNOWN]
    lapse = find_next_lapse(evidence, PIR, at(1.1))
    assert lapse is not None
    assert (lapse.state, lapse.because.reason) == (UNKNOWN, Reason.SILENT)


def test_motion_sampled_every_half_minute_keeps_a_desk_taken() -> None:
    events = quiet("pir") + [event for half in range(2, 60) for event in pulse("pir", at(half / 2), SECOND)]
    assert since_noon(PIR, events)[:2] == [(1, OCCUPIED), (pytest.approx(31.5 + 1 / 60), AWAY)]


def test_a_past_full_hold_does_not_extend_a_later_motion() -> None:
    slow = OccupancyRules(lone_motion_hold_ms=5 * MINUTE, second_motion_ms=30 * SECOND)
    pirs = [sensor(SensorKind.PIR, name) for name in ("left", "right")]
    rules = build_space_rules(plan(a(), sensors=pirs, rules=slow), "space")
    twice = pulse("left", at(1), SECOND) + pulse("left", at(1) + 21 * SECOND, SECOND)
    alone = pulse("right", at(13), SECOND) + pulse("left", at(14), SECOND)  # the second while the first still occupies
    assert since_noon(rules, quiet("left", "right") + twice + alone) == [
        (1, OCCUPIED),
        (pytest.approx(6 + 22 / 60), AWAY),
        (pytest.approx(9 + 22 / 60), VACANT),
        (13, OCCUPIED),
        (pytest.approx(19 + 1 / 60), VACANT),
    ]


def test_evidence_of_a_removed_sensor_is_dropped() -> None:
    both = watched(SensorKind.PIR, SensorKind.PRESSURE)
    events = (
        quiet("pir", until_min=2)
        + quiet("pressure", until_min=1)
        + [event_of(at(1), "pressure", EventKind.PRESSURE, 1)]
    )
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), both)
    left = fit_to_rules(evidence, PIR)
    assert (evidence.state, left.state, left.since_ms) == (OCCUPIED, VACANT, at(1.5))
    came = fit_to_rules(left, both)
    assert (came.state, build_space_state(came, both, at(1)).because.reason) == (UNKNOWN, Reason.NEVER_REPORTED)


def test_an_irrelevant_event_changes_only_the_key() -> None:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(quiet("pir", until_min=1)), PIR)
    stranger = event_of(at(1), "thermometer", EventKind.TEMPERATURE_C, 21, seq=9999)
    after, transitions = apply_event(evidence, stranger, PIR)
    assert (after.key, after.sensor_states, transitions) == (stranger.key, evidence.sensor_states, [])


MEASURED_MIN = MEASURED_OUTPUT_MS / MINUTE
"""Holds count from the end of an output of this length."""


def held_pulses(held_min: float, *starts_min: float) -> list[StoredEvent]:
    """Heartbeats and pulses of this length of a PIR, one for each start."""
    events = [event for start_min in starts_min for event in pulse("pir", at(start_min), round(held_min * MINUTE))]
    beating = quiet("pir", until_min=starts_min[0])
    for start_min, next_min in pairwise((*starts_min, starts_min[-1] + 60)):
        beating += beats("pir", at(start_min + 0.25), at(start_min + held_min), 1)
        beating += beats("pir", at(start_min + held_min + 0.25), at(next_min))
    return numbered([*beating, *events])


def test_holds_count_from_the_last_movement_not_from_the_end_of_a_declared_output() -> None:
    held = sensor(SensorKind.PIR, output=OutputTimes(held_ms=90 * SECOND))
    rules = build_space_rules(plan(a(), sensors=[held]), "space")
    lone = since_noon(rules, held_pulses(1.5, 1))
    assert lone == [(1, OCCUPIED), (pytest.approx(3 + MEASURED_MIN), VACANT)]
    moved_on = since_noon(rules, held_pulses(2, 1))  # the last movement was half a minute after the first
    ended = 1.5 + MEASURED_MIN
    assert moved_on == [(1, OCCUPIED), (pytest.approx(ended + 2), AWAY), (pytest.approx(ended + 10), VACANT)]


def test_the_output_length_is_learned_from_the_shortest_pulse() -> None:
    passing = [20.0 * number + 1 for number in range(MIN_PULSES + 1)]
    ends = [at_min for at_min, state in since_noon(PIR, held_pulses(1.5, *passing)) if state is VACANT]
    assert ends[0] == passing[0] + 11.5, "not known yet: it may be somebody who moved for one and a half minutes"
    assert ends[-1] == pytest.approx(passing[-1] + MEASURED_MIN + 2), "known: it was one movement"


def test_nothing_is_learned_of_an_output_without_learning() -> None:
    rules = build_space_rules(
        plan(a(), sensors=[sensor(SensorKind.PIR)], rules=OccupancyRules(learning=LearningSwitch.OFF)), "space"
    )
    assert since_noon(rules, held_pulses(1.5, *range(1, 400, 20)))[-1] == (pytest.approx(381 + 11.5), VACANT)


def test_a_rise_that_was_lost_teaches_no_output_length() -> None:
    """The pulse seems shorter than it was."""
    events = held_pulses(1.5, *[20.0 * number + 1 for number in range(MIN_PULSES)])
    lost = [event for event in events if event.kind is not EventKind.MOTION or event.value == 0]
    evidence, _ = fold_events(EMPTY_EVIDENCE, lost, PIR)
    assert [known and known.pulses for known in evidence.sensor_states] == [None]


def test_a_lone_motion_holds_until_a_blind_sensor_can_detect_again() -> None:
    blind = sensor(SensorKind.PIR, output=OutputTimes(held_ms=90 * SECOND, blind_ms=60 * SECOND))
    rules = build_space_rules(plan(a(), sensors=[blind]), "space")
    lone = since_noon(rules, held_pulses(1.5, 1))
    assert lone == [(1, OCCUPIED), (pytest.approx(1 + MEASURED_MIN + 2.5), VACANT)]
    again = since_noon(rules, held_pulses(1.5, 1, 7))  # three and a half minutes after it could detect somebody again
    assert again[-1] == (pytest.approx(7 + MEASURED_MIN + 10), VACANT), "a second motion of the same run"
