"""Closed doors by examples: somebody detected behind one stays. Minutes count from noon."""

import pytest
from msgspec.structs import replace

from collector.contract.states import Because, Lapse, Occupancy, Reason, SpaceHealth
from collector.occupancy.evaluate import apply_event, build_space_state, fit_to_rules, fold_events
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.occupancy.space_rules import build_space_rules
from collector.site.site_sensor import OutputTimes
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.minutes import a, at, quiet, since_noon, watched
from tests.support.collector.room import HOUR, SECOND, beats, event_of, numbered, plan, pulse, sensor

VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN

ROOM = watched(SensorKind.PIR, SensorKind.CONTACT, space=a(SpaceKind.ROOM))


def door(at_min: float, value: float) -> StoredEvent:
    return event_of(at(at_min), "contact", EventKind.CONTACT_OPEN, value)


def somebody_inside() -> list[StoredEvent]:
    """Create events: entry at minute 1, door closed at 1.1, two motions behind it, and nothing more."""
    events = quiet("pir") + quiet("contact", until_min=1) + [door(1, 1), door(1.1, 0)]
    return events + [event for minute in (1, 1.5, 2) for event in pulse("pir", at(minute), SECOND)]


def test_two_motions_behind_a_closed_door_hold_until_one_hold_after_it_opens() -> None:
    events = (
        somebody_inside() + beats("contact", at(1.5), at(40)) + [door(40, 1)] + beats("contact", at(40.5), at(60), 1)
    )
    assert since_noon(ROOM, events) == [(1, OCCUPIED), (40, AWAY), (50, VACANT)]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms < at(30)]), ROOM)
    shown = build_space_state(evidence, ROOM, at(30))
    assert shown.at_ms == at(29.5), "the time of the newest evidence"
    assert shown.because == Because(Reason.DOOR_CLOSED, "pi", "contact", at(1.1))
    assert shown.lapse == Lapse(UNKNOWN, at(2) + SECOND + 4 * HOUR)
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms <= at(40)]), ROOM)
    shown = build_space_state(evidence, ROOM, at(40.5))
    assert shown.because == Because(Reason.DOOR_OPENED, "pi", "contact", at(40)), "no movement of 38 min ago"
    assert shown.lapse == Lapse(VACANT, at(50))


def test_a_door_closed_overnight_makes_the_room_unknown_until_it_opens() -> None:
    night = beats("pir", at(60), at(700)) + beats("contact", at(1.5), at(600))
    events = somebody_inside() + night + [door(600, 1)] + beats("contact", at(600.5), at(700), 1)
    assert since_noon(ROOM, events, until_min=690) == [
        (1, OCCUPIED),
        (pytest.approx(242 + 1 / 60), UNKNOWN),
        (600, AWAY),
        (610, VACANT),
    ]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms < at(300)]), ROOM)
    assert build_space_state(evidence, ROOM, at(300)).because == Because(Reason.DOOR_CLOSED, "pi", "contact", at(1.1))
    stirs = [event for event in [*events, *pulse("pir", at(300), SECOND)] if event.at_ms < at(400)]
    assert since_noon(ROOM, stirs, until_min=400)[-1] == (300, OCCUPIED), "somebody slept there"


def test_one_motion_behind_a_closed_door_does_not_lock_the_room() -> None:
    events = quiet("pir") + quiet("contact", until_min=1) + [door(2, 1), door(2.1, 0)] + beats("contact", at(1), at(60))
    events += [event for minute in (1, 1.5, 2, 2.2) for event in pulse("pir", at(minute), SECOND)]
    assert since_noon(ROOM, events)[-1] == (pytest.approx(12.2 + 1 / 60), VACANT)


def test_presence_long_after_the_door_closed_holds_until_it_opens() -> None:
    """A radar detects somebody who comes in and then loses sight of her: she cannot have left."""
    rules = watched(SensorKind.PRESENCE, SensorKind.CONTACT, space=a(SpaceKind.BOOTH))
    events = quiet("presence", until_min=1) + quiet("contact", until_min=1) + [door(1, 1), door(1.2, 0)]
    seen = [event_of(at(1.1), "presence", EventKind.PRESENCE, 1), *beats("presence", at(1.5), at(4), 1)]
    events += seen + beats("contact", at(1.5), at(30)) + [door(30, 1)] + beats("contact", at(30.5), at(60), 1)
    for lost_min, after in ((4, [(4, AWAY), (7, VACANT)]), (5, [(30, AWAY), (33, VACANT)])):
        lost = [
            event_of(at(lost_min), "presence", EventKind.PRESENCE, 0),
            *beats("presence", at(lost_min + 0.5), at(60)),
        ]
        events_then = events + beats("presence", at(4), at(lost_min), 1) + lost
        assert since_noon(rules, events_then) == [(pytest.approx(1.1), OCCUPIED), *after]


def test_two_minutes_of_motion_behind_a_closed_door_hold_until_it_opens() -> None:
    """The output of the sensor stays high, so it rises only once, before the door closed."""
    events = quiet("pir", until_min=1) + quiet("contact", until_min=1) + [door(1, 1), door(1.2, 0)]
    events += [event_of(at(1.1), "pir", EventKind.MOTION, 1), *beats("pir", at(1.5), at(3), 1)]
    events += beats("contact", at(1.5), at(60))
    for ended_min, after in ((3.1, VACANT), (3.2, OCCUPIED)):
        ended = [event_of(at(ended_min), "pir", EventKind.MOTION, 0), *beats("pir", at(3.5), at(60))]
        assert since_noon(ROOM, events + ended)[-1][1] is after


def test_a_held_output_after_the_door_closed_does_not_lock_the_room() -> None:
    """It stays high for so long after somebody left."""
    radar = sensor(SensorKind.PRESENCE, output=OutputTimes(held_ms=600_000))
    rules = build_space_rules(plan(a(SpaceKind.BOOTH), sensors=[radar, sensor(SensorKind.CONTACT)]), "space")
    events = quiet("presence", until_min=1) + quiet("contact", until_min=1) + [door(1, 1), door(1.2, 0)]
    events += [event_of(at(1.1), "presence", EventKind.PRESENCE, 1), *beats("presence", at(1.5), at(9), 1)]
    events += [event_of(at(9), "presence", EventKind.PRESENCE, 0), *beats("presence", at(9.5), at(60))]
    assert since_noon(rules, events + beats("contact", at(1.5), at(60)))[-1] == (9, VACANT)


def test_two_quick_motions_behind_a_closed_door_do_not_lock_the_room() -> None:
    events = (
        quiet("pir") + quiet("contact", until_min=1) + [door(1, 1), door(1.05, 0)] + beats("contact", at(1), at(60))
    )
    events += [event for minute in (1.1, 1.2, 1.3) for event in pulse("pir", at(minute), SECOND)]
    assert since_noon(ROOM, events)[-1] == (pytest.approx(3.3 + 1 / 60), VACANT)


@pytest.mark.parametrize("other", [0, 1])
def test_a_room_with_one_of_two_doors_open_is_not_locked(other: int) -> None:
    doors = [sensor(SensorKind.CONTACT), sensor(SensorKind.CONTACT, "other")]
    rules = build_space_rules(plan(a(SpaceKind.ROOM), sensors=[sensor(SensorKind.PIR), *doors]), "space")
    events = somebody_inside() + beats("contact", at(1.5), at(60)) + quiet("other", until_min=0.5)
    events += [event_of(at(0.6), "other", EventKind.CONTACT_OPEN, other), *beats("other", at(1), at(60), other)]
    ended = {0: OCCUPIED, 1: VACANT}[other]
    assert since_noon(rules, events, until_min=59)[-1][1] is ended


def test_a_machine_starting_behind_a_closed_door_does_not_lock_the_room() -> None:
    rules = watched(SensorKind.PIR, SensorKind.CONTACT, SensorKind.POWER, space=a(SpaceKind.ROOM, in_use_above_w=10))
    events = quiet("pir", "contact") + quiet("power", until_min=1) + pulse("power", at(1), 1, EventKind.POWER_W)
    events += [event_of(at(1) + 2, "power", EventKind.POWER_W, 60), event_of(at(2), "power", EventKind.POWER_W, 1)]
    events += beats("power", at(1.5), at(2), 60) + beats("power", at(2.5), at(60), 1)
    assert since_noon(rules, events)[-1] == (5, VACANT)


def test_a_silent_contact_unlocks_the_room() -> None:
    events = somebody_inside() + beats("contact", at(1.5), at(20))
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms <= at(20)]), ROOM)
    assert build_space_state(evidence, ROOM, at(21)).because == Because(Reason.SILENT, "pi", "contact", at(19.5))
    again = numbered([event for event in events if event.at_ms <= at(20)] + beats("contact", at(25), at(26)))
    evidence, _ = fold_events(EMPTY_EVIDENCE, again, ROOM)
    assert build_space_state(evidence, ROOM, at(26)).because == Because(Reason.WARMING_UP, "pi", "contact", at(25))
    assert since_noon(ROOM, events) == [(1, OCCUPIED), (20.5, AWAY), (29.5, UNKNOWN)]  # newest event at 19.5
    back = events + beats("contact", at(25), at(60))
    assert since_noon(ROOM, back) == [(1, OCCUPIED), (20.5, AWAY), (29.5, VACANT)]


def test_a_contact_that_lost_events_unlocks_the_room() -> None:
    events = somebody_inside() + beats("contact", at(1.5), at(20)) + beats("contact", at(21), at(60))
    assert since_noon(ROOM, events) == [(1, OCCUPIED), (20.5, AWAY), (29.5, VACANT)]


def test_a_contact_that_repeats_open_at_once_counts_from_then() -> None:
    opened = [
        event_of(at(0), "contact", EventKind.CONTACT_OPEN, 1),
        event_of(at(0), "contact", EventKind.CONTACT_OPEN, 1),
    ]
    stepped = EMPTY_EVIDENCE
    for event in numbered(opened):
        stepped, _ = apply_event(stepped, event, ROOM)
    assert stepped.sensor_states[1] == fold_events(EMPTY_EVIDENCE, numbered(opened), ROOM)[0].sensor_states[1]


def test_a_silent_contact_unlocks_the_room_after_the_motion_sensor_died() -> None:
    events = [event for event in somebody_inside() if event.at_ms < at(3)] + beats("contact", at(1.5), at(20))
    assert since_noon(ROOM, events) == [(1, OCCUPIED), (20.5, AWAY), (29.5, UNKNOWN)]


def test_a_room_with_only_a_contact_is_unknown() -> None:
    rules = watched(SensorKind.CONTACT, space=a(SpaceKind.ROOM))
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(beats("contact", at(0), at(30))), rules)
    shown = build_space_state(evidence, rules, at(30))
    assert (shown.state, shown.because.reason, shown.health) == (UNKNOWN, Reason.NO_SENSOR, SpaceHealth.HEALTHY)


def test_a_new_door_in_the_plan_unlocks_the_room() -> None:
    events = somebody_inside() + beats("contact", at(1.5), at(30))
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms < at(30)]), ROOM)
    assert evidence.is_somebody_inside
    wider = build_space_rules(
        plan(
            a(SpaceKind.ROOM),
            sensors=[sensor(SensorKind.PIR), sensor(SensorKind.CONTACT), sensor(SensorKind.CONTACT, "other")],
        ),
        "space",
    )
    left = fit_to_rules(evidence, wider)
    assert left.state is UNKNOWN
    closed = [*beats("pir", at(30), at(60)), *beats("contact", at(30), at(60)), *beats("other", at(30), at(60))]
    later = [replace(event, seq=10**6 + event.seq) for event in numbered(closed)]
    assert fold_events(left, later, wider)[0].state is VACANT, "who was inside may have left by it"


@pytest.mark.parametrize(
    ("now_there", "state", "reason"),
    [
        ((("new-pir", SensorKind.PIR), ("contact", SensorKind.CONTACT)), AWAY, Reason.DOOR_OPENED),
        ((("pir", SensorKind.PIR), ("new-contact", SensorKind.CONTACT)), AWAY, Reason.NEVER_REPORTED),
        ((("new-pir", SensorKind.PIR), ("new-contact", SensorKind.CONTACT)), AWAY, Reason.NEVER_REPORTED),
        ((("contact", SensorKind.CONTACT),), UNKNOWN, Reason.NO_SENSOR),
        ((), UNKNOWN, Reason.NO_SENSOR),
    ],
)
def test_sensors_may_be_exchanged_while_the_door_hold_runs(
    now_there: tuple[tuple[str, SensorKind], ...], state: Occupancy, reason: Reason
) -> None:
    events = [*somebody_inside(), *beats("contact", at(1.5), at(40)), door(40, 1)]
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered([event for event in events if event.at_ms <= at(40)]), ROOM)
    rules = build_space_rules(
        plan(a(SpaceKind.ROOM), sensors=[sensor(kind, name) for name, kind in now_there]), "space"
    )
    left = fit_to_rules(evidence, rules)
    shown = build_space_state(left, rules, at(40.5))
    assert (shown.state, shown.because.reason) == (state, reason)
