"""Other sensors of a space, where they matter. Minutes count from noon."""

from collector.contract.states import Occupancy, OtherSensor, OtherSensorStatus, Reason, SpaceState, encode
from collector.occupancy.evaluate import build_space_state, fold_events
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.occupancy.explain import MAX_OTHER_SENSORS
from collector.occupancy.space_rules import SpaceRules, build_space_rules
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, beats, event_of, numbered, plan, pulse, sensor

FIXED = OccupancyRules(learning=LearningSwitch.OFF)
DESK = Space(id="space", name="Space", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1)
ROOM = Space(id="space", name="Space", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1)


def at(minute: float) -> int:
    return NOON_MS + round(minute * MINUTE)


def watched(*kinds: SensorKind, space: Space = DESK) -> SpaceRules:
    return build_space_rules(plan(space, sensors=[sensor(kind) for kind in kinds], rules=FIXED), "space")


def quiet(*names: str, until_min: float = 60) -> list[StoredEvent]:
    return [beat for name in names for beat in beats(name, NOON_MS - HOUR, at(until_min))]


def seen(rules: SpaceRules, events: list[StoredEvent], minute: float) -> SpaceState:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(event for event in events if event.at_ms <= at(minute)), rules)
    return build_space_state(evidence, rules, at(minute))


BOTH = watched(SensorKind.PIR, SensorKind.PRESSURE)


def test_a_sensor_that_also_keeps_a_desk_taken_has_an_end() -> None:
    sat = [event_of(at(0), "pressure", EventKind.PRESSURE, 1), event_of(at(5), "pressure", EventKind.PRESSURE, 0)]
    beating = [*beats("pressure", NOON_MS - HOUR, at(0)), *beats("pressure", at(5.5), at(60))]
    going_on = beats("pressure", at(0.5), at(5), value=1)
    events = [*quiet("pir"), *beating, *sat, *going_on, *pulse("pir", at(3)), *pulse("pir", at(4))]
    pir_ms, mat_ms = at(4) + 2000, at(5)
    from_pir = OtherSensor("pi", "pir", OtherSensorStatus.KEEPS_TAKEN, pir_ms, pir_ms + FIXED.motion_hold_shared_ms)
    from_mat = OtherSensor("pi", "pressure", OtherSensorStatus.KEEPS_TAKEN, mat_ms, mat_ms + FIXED.level_hold_ms)
    found = {minute: seen(BOTH, events, minute) for minute in (6, 7, 9)}
    assert {minute: (state.because.sensor, state.other_sensors) for minute, state in found.items()} == {
        6: ("pir", (from_mat,)),
        7: ("pressure", (from_pir,)),
        9: ("pir", ()),
    }


def test_lasting_evidence_has_no_end() -> None:
    events = [*quiet("pir"), *beats("pressure", at(1), at(60), value=1), *pulse("pir", at(2)), *pulse("pir", at(5))]
    state = seen(BOTH, events, 5.5)
    others = {(other.sensor, other.until_ms) for other in state.other_sensors}
    assert others | {(state.because.sensor, 0)} == {("pressure", 0), *others}
    assert ("pressure", 0) in others or state.because.reason is Reason.PRESSURE


def test_a_vacant_desk_has_no_other_sensors() -> None:
    state = seen(BOTH, quiet("pir", "pressure"), 10)
    assert (state.state, state.other_sensors) == (Occupancy.VACANT, ())


def test_every_silent_sensor_of_an_unknown_desk_is_named_once() -> None:
    state = seen(BOTH, quiet("pir", "pressure", until_min=0), 10)
    assert (state.state, state.because.reason, state.because.sensor) == (Occupancy.UNKNOWN, Reason.SILENT, "pir")
    assert state.other_sensors == (OtherSensor("pi", "pressure", OtherSensorStatus.SILENT, at(0) - 30_000),)


def test_sensors_without_events_and_new_sensors_differ() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE, SensorKind.PRESENCE)
    state = seen(rules, [*beats("pir", at(0), at(60))], 1)
    assert (state.because.reason, state.because.sensor) == (Reason.NEVER_REPORTED, "pressure")
    never_reported, warming_up = state.other_sensors
    assert (never_reported.sensor, never_reported.status) == ("presence", OtherSensorStatus.NEVER_REPORTED)
    assert warming_up == OtherSensor(
        "pi", "pir", OtherSensorStatus.WARMING_UP, at(0), at(0) + FIXED.motion_hold_shared_ms
    )


def test_a_silent_sensor_may_still_hold_the_desk() -> None:
    """Its motion still holds the desk, and it cannot confirm vacancy any more."""
    events = [*quiet("pir", until_min=2), *pulse("pir", at(1)), *pulse("pir", at(1.5))]
    state = seen(watched(SensorKind.PIR), events, 5)
    assert (state.state in {Occupancy.OCCUPIED, Occupancy.AWAY}, state.because.reason) == (True, Reason.MOTION)
    assert state.other_sensors == (OtherSensor("pi", "pir", OtherSensorStatus.SILENT, at(1.5) + 2000),)


def test_untrained_sound_is_not_listed() -> None:
    rules = watched(SensorKind.PIR, SensorKind.SOUND, space=ROOM)
    assert seen(rules, quiet("pir", until_min=0), 10).other_sensors == ()


def test_a_state_with_all_its_other_sensors_stays_short() -> None:
    kinds = [SensorKind.PIR, SensorKind.PRESSURE, SensorKind.PRESENCE, SensorKind.DISTANCE, SensorKind.PEOPLE]
    sensors = [sensor(kind, f"meeting-room-{kind.value}") for kind in kinds]
    rules = build_space_rules(plan(ROOM, sensors=sensors, rules=FIXED), "space")
    own_kinds = {
        SensorKind.PIR: EventKind.MOTION,
        SensorKind.PRESSURE: EventKind.PRESSURE,
        SensorKind.PEOPLE: EventKind.PEOPLE,
    }
    events = [event_of(at(0), one.id, own_kinds.get(one.kind, EventKind.PRESENCE), 1) for one in sensors]
    state = seen(rules, events, 0.5)
    assert len(state.other_sensors) == MAX_OTHER_SENSORS
    assert len(encode(state)) < 600


def test_an_air_sensor_without_events_is_not_listed() -> None:
    rules = watched(SensorKind.PIR, SensorKind.AIR, space=ROOM)
    assert seen(rules, quiet("pir"), 10).other_sensors == ()
