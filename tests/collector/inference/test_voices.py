"""Other sensors of a space, where they matter. Minutes count from noon."""

from collector.evidence import START, Heard, SpaceRules, space_rules
from collector.inference import fold, view
from collector.inference.voices import MOST_VOICES
from collector.outward import Occupancy, Reason, Says, SpaceState, Voice, encode
from collector.plan import Learning, Rules, SensorKind, Space, SpaceKind
from edge.message import Kind
from tests.collector.room import HOUR, MINUTE, NOON_MS, beats, numbered, plan, pulse, says, sensor

FIXED = Rules(learning=Learning.OFF)
DESK = Space(id="space", name="Space", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1)
ROOM = Space(id="space", name="Space", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1)


def at(minute: float) -> int:
    return NOON_MS + round(minute * MINUTE)


def watched(*kinds: SensorKind, space: Space = DESK) -> SpaceRules:
    return space_rules(plan(space, sensors=[sensor(kind) for kind in kinds], rules=FIXED), "space")


def quiet(*names: str, until_min: float = 60) -> list[Heard]:
    return [beat for name in names for beat in beats(name, NOON_MS - HOUR, at(until_min))]


def seen(rules: SpaceRules, events: list[Heard], minute: float) -> SpaceState:
    evidence, _ = fold(START, numbered(event for event in events if event.at_ms <= at(minute)), rules)
    return view(evidence, rules, at(minute))


BOTH = watched(SensorKind.PIR, SensorKind.PRESSURE)


def test_a_sensor_that_also_keeps_a_desk_taken_has_an_end() -> None:
    sat = [says(at(0), "pressure", Kind.PRESSURE, 1), says(at(5), "pressure", Kind.PRESSURE, 0)]
    beating = [*beats("pressure", NOON_MS - HOUR, at(0)), *beats("pressure", at(5.5), at(60))]
    going_on = beats("pressure", at(0.5), at(5), value=1)
    events = [*quiet("pir"), *beating, *sat, *going_on, *pulse("pir", at(3)), *pulse("pir", at(4))]
    pir_ms, mat_ms = at(4) + 2000, at(5)
    from_pir = Voice("pi", "pir", Says.TAKEN, pir_ms, pir_ms + FIXED.motion_hold_shared_ms)
    from_mat = Voice("pi", "pressure", Says.TAKEN, mat_ms, mat_ms + FIXED.level_hold_ms)
    found = {minute: seen(BOTH, events, minute) for minute in (6, 7, 9)}
    assert {minute: (state.because.sensor, state.voices) for minute, state in found.items()} == {
        6: ("pir", (from_mat,)),
        7: ("pressure", (from_pir,)),
        9: ("pir", ()),
    }


def test_lasting_evidence_has_no_end() -> None:
    events = [*quiet("pir"), *beats("pressure", at(1), at(60), value=1), *pulse("pir", at(2)), *pulse("pir", at(5))]
    state = seen(BOTH, events, 5.5)
    others = {(other.sensor, other.until_ms) for other in state.voices}
    assert others | {(state.because.sensor, 0)} == {("pressure", 0), *others}
    assert ("pressure", 0) in others or state.because.reason is Reason.PRESSURE


def test_a_vacant_desk_has_no_other_sensors() -> None:
    state = seen(BOTH, quiet("pir", "pressure"), 10)
    assert (state.state, state.voices) == (Occupancy.VACANT, ())


def test_every_silent_sensor_of_an_unknown_desk_is_named_once() -> None:
    state = seen(BOTH, quiet("pir", "pressure", until_min=0), 10)
    assert (state.state, state.because.reason, state.because.sensor) == (Occupancy.UNKNOWN, Reason.SILENT, "pir")
    assert state.voices == (Voice("pi", "pressure", Says.SILENT, at(0) - 30_000),)


def test_sensors_without_events_and_new_sensors_differ() -> None:
    rules = watched(SensorKind.PIR, SensorKind.PRESSURE, SensorKind.PRESENCE)
    state = seen(rules, [*beats("pir", at(0), at(60))], 1)
    assert (state.because.reason, state.because.sensor) == (Reason.NEVER_HEARD, "pressure")
    never_reported, warming_up = state.voices
    assert (never_reported.sensor, never_reported.says) == ("presence", Says.UNHEARD)
    assert warming_up == Voice("pi", "pir", Says.SETTLING, at(0), at(0) + FIXED.motion_hold_shared_ms)


def test_a_silent_sensor_may_still_hold_the_desk() -> None:
    """Its motion still holds the desk, and it cannot confirm vacancy any more."""
    events = [*quiet("pir", until_min=2), *pulse("pir", at(1)), *pulse("pir", at(1.5))]
    state = seen(watched(SensorKind.PIR), events, 5)
    assert (state.state in {Occupancy.OCCUPIED, Occupancy.AWAY}, state.because.reason) == (True, Reason.MOTION)
    assert state.voices == (Voice("pi", "pir", Says.SILENT, at(1.5) + 2000),)


def test_untrained_sound_is_not_listed() -> None:
    rules = watched(SensorKind.PIR, SensorKind.SOUND, space=ROOM)
    assert seen(rules, quiet("pir", until_min=0), 10).voices == ()


def test_a_state_with_all_its_other_sensors_stays_short() -> None:
    kinds = [SensorKind.PIR, SensorKind.PRESSURE, SensorKind.PRESENCE, SensorKind.DISTANCE, SensorKind.PEOPLE]
    sensors = [sensor(kind, f"meeting-room-{kind.value}") for kind in kinds]
    rules = space_rules(plan(ROOM, sensors=sensors, rules=FIXED), "space")
    own_kinds = {SensorKind.PIR: Kind.MOTION, SensorKind.PRESSURE: Kind.PRESSURE, SensorKind.PEOPLE: Kind.PEOPLE}
    events = [says(at(0), one.id, own_kinds.get(one.kind, Kind.PRESENCE), 1) for one in sensors]
    state = seen(rules, events, 0.5)
    assert len(state.voices) == MOST_VOICES
    assert len(encode(state)) < 600


def test_an_air_sensor_without_events_is_not_listed() -> None:
    rules = watched(SensorKind.PIR, SensorKind.AIR, space=ROOM)
    assert seen(rules, quiet("pir"), 10).voices == ()
