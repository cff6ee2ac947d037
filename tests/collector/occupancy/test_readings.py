"""Learned sensors by examples: power, sound, light and CO2. Minutes count from noon."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.contract.states import Occupancy, Reason, SpaceHealth
from collector.occupancy.evaluate import build_space_state, find_lapses, fit_to_rules, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent, Transition
from collector.occupancy.judge import is_alive
from collector.occupancy.learning.quiet_spans import EDGES_MIN, QuietSpans
from collector.occupancy.learning.tuning import HoldStatistics
from collector.occupancy.published_tuning import build_tuning
from collector.occupancy.space_rules import MEASURED_OUTPUT_MS, SpaceRules, build_space_rules, full_hold_ms
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_sensor import OutputTimes, Sensor
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS
from tests.support.collector.room import (
    HOUR,
    MINUTE,
    NOON_MS,
    SECOND,
    beats,
    event_of,
    fold_until,
    numbered,
    plan,
    pulse,
    sensor,
)

VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN
HALF_MS = 30 * SECOND
OWN = {SensorKind.SOUND: EventKind.SOUND_DB, SensorKind.LIGHT: EventKind.LIGHT_LUX, SensorKind.POWER: EventKind.POWER_W}


def watched(*sensors: Sensor, kind: SpaceKind = SpaceKind.ROOM, **more: object) -> SpaceRules:
    room = Space(id="space", name="S", kind=kind, zone="loft", x_m=1, y_m=1, **more)  # type: ignore[arg-type]
    return build_space_rules(plan(room, sensors=sensors), "space")


def at(minute: float) -> int:
    return NOON_MS + round(minute * MINUTE)


def readings(kind: SensorKind, from_ms: int, to_ms: int, value: float) -> list[StoredEvent]:
    """Create a reading every half minute."""
    return [event_of(at_ms, kind.value, OWN[kind], value) for at_ms in range(from_ms, to_ms, HALF_MS)]


def moving(from_ms: int, to_ms: int) -> list[StoredEvent]:
    """Create motions of somebody who moves every minute."""
    return [event for at_ms in range(from_ms, to_ms, MINUTE) for event in pulse("pir", at_ms, SECOND)]


BOTH = {
    kind: watched(sensor(SensorKind.PIR), sensor(kind), kind=SpaceKind.ROOM)
    for kind in (SensorKind.SOUND, SensorKind.LIGHT)
}


LIGHT_DAYS = 10


def lesson(kind: SensorKind, days: int, quiet: float, loud: float) -> list[StoredEvent]:
    """Create days until noon; on each, nobody is there except for one hour.

    On the last day and every third one it ends half an hour before noon, on the others four or eight hours earlier.
    """
    events: list[StoredEvent] = []
    for days_ago in reversed(range(days)):
        noon = NOON_MS - days_ago * 24 * HOUR
        begins, goes = noon - 24 * HOUR, noon - 30 * MINUTE - days_ago % 3 * 4 * HOUR
        comes = goes - HOUR
        events += beats("pir", begins, noon) + moving(comes, goes)
        events += readings(kind, begins, comes, quiet) + readings(kind, comes, goes, loud)
        events += readings(kind, goes, noon, quiet)
    return events


def taught(kind: SensorKind, quiet: float, loud: float) -> Evidence:
    """Return evidence of sound after the one day that it needs, and of light after ten."""
    evidence, _ = fold_events(
        EMPTY_EVIDENCE, numbered(lesson(kind, LIGHT_DAYS if kind is SensorKind.LIGHT else 1, quiet, loud)), BOTH[kind]
    )
    assert evidence.state is VACANT
    return evidence


def after(
    evidence: Evidence, rules: SpaceRules, events: list[StoredEvent], until_min: float
) -> list[tuple[float, Occupancy]]:
    """Return the transitions from noon on."""
    newer = [
        StoredEvent(e.at_ms, e.device, e.stream, 10**6 + e.seq, e.sensor, e.kind, e.value) for e in numbered(events)
    ]
    now, transitions = fold_events(evidence, newer, rules)
    lines = merge_transitions(evidence.state, transitions + find_lapses(now, rules, at(until_min)))
    return [((line.at_ms - NOON_MS) / MINUTE, line.state) for line in lines]


def test_untrained_sound_is_no_evidence() -> None:
    rules = BOTH[SensorKind.SOUND]
    events = beats("pir", at(-60), at(60))
    _, lines = fold_until(rules, events + readings(SensorKind.SOUND, at(0), at(20), 90), at(60))
    assert [line.state for line in lines] == [VACANT]
    assert fold_until(rules, events, at(60))[1] == lines, "its silence does not matter"


def test_a_loud_reading_of_a_trained_sensor_takes_a_space() -> None:
    evidence = taught(SensorKind.SOUND, 35, 60)
    events = beats("pir", at(0), at(40)) + readings(SensorKind.SOUND, at(0), at(40), 35)
    loud = [event_of(at(minute) + 1, "sound", EventKind.SOUND_DB, 60) for minute in (5, 6)]
    found = after(evidence, BOTH[SensorKind.SOUND], events + loud, 35)
    assert found[0] == (pytest.approx(5, abs=0.01), OCCUPIED)
    assert found[-1] == (pytest.approx(16, abs=0.1), VACANT), "ten minutes after the last: one sensor sees the seat"


def test_one_noise_alone_holds_for_two_minutes() -> None:
    events = beats("pir", at(0), at(40)) + readings(SensorKind.SOUND, at(0), at(40), 35)
    found = after(taught(SensorKind.SOUND, 35, 60), BOTH[SensorKind.SOUND], [*events, _noise(5)], 35)
    assert found == [(pytest.approx(5, abs=0.01), OCCUPIED), (pytest.approx(7, abs=0.01), VACANT)]


def test_a_heartbeat_that_repeats_a_noise_does_not_count_again() -> None:
    events = beats("pir", at(0), at(40)) + readings(SensorKind.SOUND, at(0), at(40), 35)
    again = event_of(at(5) + 25 * SECOND, "sound", EventKind.HEARTBEAT, 60)
    found = after(taught(SensorKind.SOUND, 35, 60), BOTH[SensorKind.SOUND], [*events, _noise(5), again], 35)
    assert found == [(pytest.approx(5, abs=0.01), OCCUPIED), (pytest.approx(7, abs=0.01), VACANT)]


def _noise(minute: float) -> StoredEvent:
    return event_of(at(minute) + 1, "sound", EventKind.SOUND_DB, 60)


def test_a_silent_trained_sensor_makes_the_space_unknown() -> None:
    found = after(taught(SensorKind.SOUND, 35, 60), BOTH[SensorKind.SOUND], beats("pir", at(0), at(20)), 15)
    assert [state for _, state in found] == [UNKNOWN]


def test_quiet_sound_does_not_replace_a_dead_motion_sensor() -> None:
    quiet = readings(SensorKind.SOUND, at(0), at(60), 35)
    found = after(taught(SensorKind.SOUND, 35, 60), BOTH[SensorKind.SOUND], quiet, 60)
    assert [state for _, state in found] == [UNKNOWN]


def test_a_lamp_left_on_keeps_a_room_for_at_most_two_hours() -> None:
    events = beats("pir", at(0), at(160)) + moving(at(0), at(10)) + readings(SensorKind.LIGHT, at(0), at(160), 300)
    found = after(taught(SensorKind.LIGHT, 2, 300), BOTH[SensorKind.LIGHT], events, 144)
    assert found[0][1] is OCCUPIED
    assert found[-1] == (pytest.approx(130, abs=2), VACANT), "two hours after the last movement"
    back = [*events, *moving(at(145), at(147))]
    assert after(taught(SensorKind.LIGHT, 2, 300), BOTH[SensorKind.LIGHT], back, 155)[-1][1] is OCCUPIED


def test_only_a_sensor_with_good_agreement_may_confirm_vacancy_alone() -> None:
    begins = NOON_MS - 240 * HOUR
    events = beats("pir", begins, NOON_MS)
    for hour in range(240):
        there = hour % 24 in ({6, 7, 8} if hour // 24 % 2 else {12, 13, 14})
        events += moving(begins + hour * HOUR, begins + (hour + 1) * HOUR) if there else []
        events += readings(SensorKind.LIGHT, begins + hour * HOUR, begins + (hour + 1) * HOUR, 300 if there else 2)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), BOTH[SensorKind.LIGHT])
    alone = watched(sensor(SensorKind.LIGHT))
    left = fit_to_rules(evidence, alone)
    assert left.state is VACANT
    lit = readings(SensorKind.LIGHT, at(0), at(10), 300) + readings(SensorKind.LIGHT, at(10), at(20), 2)
    assert after(left, alone, lit, 20) == [(0, OCCUPIED), (10, VACANT)], "it stays on by itself, and adds no hold"
    unsure = fit_to_rules(taught(SensorKind.LIGHT, 2, 300), alone)
    assert unsure.state is UNKNOWN
    assert build_space_state(unsure, alone, NOON_MS).because.reason is Reason.NO_SENSOR


def breath(from_min: float, to_min: float, ppm: float, ppm_per_h: float) -> list[StoredEvent]:
    """Create readings of an air sensor, one per minute."""
    return [
        event_of(at(minute), "air", EventKind.CO2_PPM, ppm + ppm_per_h * (minute - from_min) / 60)
        for minute in range(round(from_min), round(to_min))
    ]


AIR = sensor(SensorKind.AIR, heartbeat_ms=2 * MINUTE)


def air_lesson(*, rises_at_night: bool = False) -> list[StoredEvent]:
    """Create seven days until noon: CO2 rises for two hours a day while people move, and perhaps for one at night."""
    events, ppm = [], 450.0
    for at_ms in range(at(0) - 7 * DAY_MS, at(0) - HOUR, 2 * MINUTE):
        hour = (at_ms - at(0)) % DAY_MS / HOUR
        is_day, is_night = hour < 2, rises_at_night and 9 <= hour < 10
        ppm = ppm + 15 if is_day or is_night else max(450.0, ppm - 15)
        events.append(event_of(at_ms, "air", EventKind.CO2_PPM, ppm))
        if is_day:
            events += pulse("pir", at_ms)
        else:
            events += beats("pir", at_ms, at_ms + 2 * MINUTE)
    return events


@cache
def taught_air(rules: Callable[[], SpaceRules], *, rises_at_night: bool = False) -> Evidence:
    """Return the evidence of a space whose air sensor has learned."""
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(air_lesson(rises_at_night=rises_at_night)), rules())
    return evidence


def alone() -> SpaceRules:
    return watched(AIR)


def beside_motion() -> SpaceRules:
    return watched(sensor(SensorKind.PIR), AIR)


def after_air(
    rules: Callable[[], SpaceRules], events: list[StoredEvent], minute: float, *, rises_at_night: bool = False
) -> list[Transition]:
    start = taught_air(rules, rises_at_night=rises_at_night)
    newer = [replace(event, seq=10**6 + event.seq) for event in numbered(events)]
    evidence, transitions = fold_events(start, newer, rules())
    return merge_transitions(start.state, transitions + find_lapses(evidence, rules(), at(minute)))


RISE = [*breath(0, 30, 450, 20), *breath(30, 60, 460, 500), *breath(60, 120, 710, -300)]


@pytest.mark.parametrize("rules", [alone, beside_motion])
def test_co2_has_no_effect_before_it_has_learned(rules: Callable[[], SpaceRules]) -> None:
    _, lines = fold_until(rules(), [*RISE, *beats("pir", at(0), at(120))], at(120))
    assert OCCUPIED not in [line.state for line in lines]


@pytest.mark.parametrize("rules", [alone, beside_motion])
def test_co2_that_also_rises_while_nobody_is_there_has_no_effect(rules: Callable[[], SpaceRules]) -> None:
    lines = after_air(rules, [*RISE, *beats("pir", at(0), at(120))], 120, rises_at_night=True)
    assert OCCUPIED not in [line.state for line in lines]


def test_rising_co2_takes_a_room_and_is_no_evidence_afterwards() -> None:
    lines = after_air(alone, RISE, 120)
    states = [line.state for line in lines if line.at_ms >= at(20)]
    assert states == [OCCUPIED, UNKNOWN], "air does not confirm vacancy"
    taken_ms, over_ms = (line.at_ms for line in lines if line.at_ms >= at(20))
    assert at(35) <= taken_ms <= at(45)
    assert at(65) <= over_ms <= at(75)


def test_rising_co2_is_evidence_beside_a_quiet_motion_sensor_and_falling_is_none() -> None:
    lines = after_air(beside_motion, [*RISE, *beats("pir", at(0), at(120))], 119)
    assert lines[-1].state is VACANT, "the motion sensor confirms vacancy"
    assert next(line for line in lines if line.state is OCCUPIED).because.reason is Reason.AIR


def test_falling_co2_does_not_override_a_motion_sensor() -> None:
    both = watched(sensor(SensorKind.PIR), AIR)
    _, lines = fold_until(both, moving(at(0), at(60)) + breath(0, 60, 1500, -800), at(60))
    assert lines[-1].state in {OCCUPIED, AWAY}


def test_an_air_sensor_that_dies_does_not_make_its_room_unknown() -> None:
    both = watched(sensor(SensorKind.PIR), AIR)
    evidence, _ = fold_until(both, beats("pir", at(0), at(60)) + breath(0, 20, 450, 0), at(60))
    assert evidence.state is VACANT
    assert build_space_state(evidence, both, at(60)).health is SpaceHealth.DEGRADED


def test_rising_co2_behind_a_closed_door_does_not_lock_a_room() -> None:
    room = watched(sensor(SensorKind.CONTACT), sensor(SensorKind.PIR), AIR)
    events = beats("contact", at(0), at(180)) + beats("pir", at(0), at(180))
    events += breath(0, 60, 450, 500) + breath(60, 180, 950, -100)
    evidence, _ = fold_until(room, events, at(180))
    assert evidence.state is VACANT


ALL = watched(sensor(SensorKind.PIR), sensor(SensorKind.SOUND), sensor(SensorKind.LIGHT), AIR)


@cache
def taught_all() -> Evidence:
    """Return the evidence of a room with every indirect sensor, all of them trained."""
    events: list[StoredEvent] = []
    for kind, quiet, loud in ((SensorKind.SOUND, 35, 60), (SensorKind.LIGHT, 2, 300)):
        events += lesson(kind, LIGHT_DAYS, quiet, loud)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(events), ALL)
    assert all(view.threshold.boundary for view in evidence.sensor_states[1:3] if view is not None and view.threshold)
    return evidence


OTHERS = (("pir", EventKind.MOTION, 1.0), ("sound", EventKind.SOUND_DB, 60.0), ("light", EventKind.LIGHT_LUX, 300.0))
STEPS = st.sampled_from([SECOND, HALF_MS, MINUTE, 2 * MINUTE, 11 * MINUTE])
STEPS = st.lists(st.tuples(STEPS, st.sampled_from(OTHERS), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=100)
@given(steps=STEPS, ppm_per_h=st.sampled_from([-400, 0, 400]), later_ms=st.integers(0, HOUR))
def test_indirect_evidence_keeps_a_room_taken_and_lapses_are_consistent(
    steps: list[tuple[int, tuple[str, EventKind, float], bool]], ppm_per_h: int, later_ms: int
) -> None:
    at_ms, events = NOON_MS, breath(0, 60, 900, ppm_per_h)
    for step_ms, (name, kind, high), loud in steps:
        at_ms += step_ms
        events.append(event_of(at_ms, name, kind, high if loud else 0))
    newer = [replace(event, seq=10**6 + event.seq) for event in numbered(events)]
    evidence, transitions = fold_events(taught_all(), newer, ALL)
    for known, each in zip(evidence.sensor_states, ALL.sensors, strict=True):
        if known is not None and known.is_high and is_alive(known, each, evidence.at_ms):
            assert evidence.state is OCCUPIED
    now_ms = evidence.at_ms + later_ms
    lines = merge_transitions(taught_all().state, transitions + find_lapses(evidence, ALL, now_ms))
    assert build_space_state(evidence, ALL, now_ms).state is (lines[-1].state if lines else taught_all().state)
    halfway = find_lapses(evidence, ALL, evidence.at_ms + later_ms // 2)
    assert find_lapses(evidence, ALL, now_ms)[: len(halfway)] == halfway


MACHINE = watched(sensor(SensorKind.POWER), kind=SpaceKind.EQUIPMENT)


def worked(idle_w: float = 40, busy_w: float = 400) -> list[StoredEvent]:
    """Create four hours until noon, one of them in use."""
    events = readings(SensorKind.POWER, at(-240), at(-120), idle_w) + readings(
        SensorKind.POWER, at(-120), at(-60), busy_w
    )
    return events + readings(SensorKind.POWER, at(-60), at(0), idle_w)


def test_a_machine_is_in_use_above_ten_watts_until_two_levels_are_learned() -> None:
    evidence, lines = fold_until(MACHINE, worked(), at(0))
    assert lines[0].state is OCCUPIED, "its fan draws 40 W"
    assert evidence.state is VACANT, "that is its rest"


def test_a_machine_stays_in_use_between_its_levels_but_does_not_start_there() -> None:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(worked()), MACHINE)
    between = readings(SensorKind.POWER, at(0), at(5), 120)
    assert after(evidence, MACHINE, between, 5) == []
    busy = readings(SensorKind.POWER, at(0), at(5), 400) + readings(SensorKind.POWER, at(5), at(10), 120)
    assert after(evidence, MACHINE, busy, 10) == [(0, OCCUPIED)]


def test_a_fixed_threshold_learns_nothing() -> None:
    pinned = watched(sensor(SensorKind.POWER), kind=SpaceKind.EQUIPMENT, in_use_above_w=30)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(worked()), pinned)
    assert evidence.state is OCCUPIED
    assert build_tuning(evidence, pinned) is None


@pytest.mark.parametrize(
    ("kind", "own", "value"), [(SensorKind.PRESENCE, EventKind.PRESENCE, 1), (SensorKind.PEOPLE, EventKind.PEOPLE, 3)]
)
def test_radar_and_a_count_of_people_take_a_room_at_once_and_hold_it_for_three_minutes(
    kind: SensorKind, own: EventKind, value: float
) -> None:
    events = [*beats(kind, at(-60), at(1)), event_of(at(1), kind, own, value), event_of(at(20), kind, own, 0)]
    events += beats(kind, at(1.5), at(20), value) + beats(kind, at(20.5), at(60))
    _, lines = fold_until(watched(sensor(kind)), events, at(59))
    assert [((line.at_ms - NOON_MS) / MINUTE, line.state) for line in lines[1:]] == [
        (1, OCCUPIED),
        (20, AWAY),
        (23, VACANT),
    ]


def test_the_declared_output_of_a_radar_is_part_of_its_hold() -> None:
    rules = watched(sensor(SensorKind.PRESENCE, output=OutputTimes(held_ms=60_000)))
    events = (
        beats("presence", at(0), at(1)) + beats("presence", at(1.5), at(13), 1) + beats("presence", at(13.5), at(20))
    )
    events += [event_of(at(1), "presence", EventKind.PRESENCE, 1), event_of(at(13), "presence", EventKind.PRESENCE, 0)]
    _, lines = fold_until(rules, events, at(20))
    assert [((line.at_ms - NOON_MS) / MINUTE, line.state) for line in lines[-2:]] == [
        (13, AWAY),
        (pytest.approx(15 + MEASURED_OUTPUT_MS / MINUTE), VACANT),
    ]


def test_a_declared_output_does_not_change_the_hold_of_another_sensor() -> None:
    blind = sensor(SensorKind.PIR, "held", output=OutputTimes(held_ms=60_000, blind_ms=90_000))
    held = watched(blind, sensor(SensorKind.PIR))
    evidence = replace(fit_to_rules(EMPTY_EVIDENCE, held), hold_statistics=HoldStatistics(offset_ms=60_000))
    assert [full_hold_ms(evidence, each) for each in held.sensors] == [480_000 + 60_000] * 2


def test_learned_values_include_their_bounds() -> None:
    tuning = build_tuning(taught(SensorKind.SOUND, 35, 60), BOTH[SensorKind.SOUND])
    assert tuning is not None
    assert tuning.hold is not None
    assert (tuning.hold.hold_ms, tuning.hold.start_ms) == (600_000, 600_000)
    assert (tuning.hold.least_ms, tuning.hold.most_ms) == (300_000, 900_000)
    assert tuning.hold.flip_share is None, "too few quiet spans for a share"
    (sound,) = tuning.sensors
    assert 35 < sound.keeps_above <= sound.takes_above < 60
    assert sound.agreement is not None
    assert sound.agreement > 0.9


@pytest.mark.parametrize(("ends", "share"), [(4, None), (5, 0.2)])
def test_shares_of_fewer_than_five_quiet_spans_are_not_published(ends: int, share: float | None) -> None:
    rules = watched(sensor(SensorKind.PIR))
    tuned = HoldStatistics(0, QuietSpans((*[0] * (len(EDGES_MIN) - 1), ends), (20,) * len(EDGES_MIN)))
    tuning = build_tuning(replace(fit_to_rules(EMPTY_EVIDENCE, rules), hold_statistics=tuned), rules)
    assert tuning is not None
    assert tuning.hold is not None
    assert (tuning.hold.flip_share, tuning.hold.start_flip_share) == (share, share)


def test_learned_values_of_a_machine_have_both_switching_levels() -> None:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(worked()), MACHINE)
    tuning = build_tuning(evidence, MACHINE)
    assert tuning is not None
    assert tuning.hold is None
    assert 40 < tuning.sensors[0].keeps_above < tuning.sensors[0].takes_above < 400


def test_a_fixed_hold_equals_its_bounds() -> None:
    rules = watched(sensor(SensorKind.PIR), motion_hold_ms=420_000)
    tuning = build_tuning(fit_to_rules(EMPTY_EVIDENCE, rules), rules)
    assert tuning is not None
    assert tuning.hold is not None
    assert tuning.hold.least_ms == tuning.hold.hold_ms == tuning.hold.most_ms == 420_000


def test_rules_without_learning_fix_every_hold() -> None:
    room = Space(id="space", name="S", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1)
    rules = build_space_rules(
        plan(room, sensors=[sensor(SensorKind.PIR)], rules=OccupancyRules(learning=LearningSwitch.OFF)), "space"
    )
    assert rules.hold_bounds.min_ms == rules.hold_bounds.max_ms == 600_000
