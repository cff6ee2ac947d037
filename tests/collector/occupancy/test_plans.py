"""Changed plans: stored evidence is evaluated under the current site file, whose sensors may differ."""

from dataclasses import replace
from itertools import count

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.contract.states import Occupancy, Reason, encode
from collector.occupancy.evaluate import apply_event, build_space_state, find_next_lapse, fit_to_rules, fold_events
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent
from collector.occupancy.judge import is_alive
from collector.occupancy.learning.tuning import HoldStatistics
from collector.occupancy.published_tuning import build_tuning
from collector.occupancy.space_rules import CORROBORATING, EVENT_KINDS, SpaceRules, build_space_rules, full_hold_ms
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import UNKNOWN_OUTPUT, Sensor
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, SECOND, beats, numbered, plan, sensor
from tests.support.collector.simulated_spaces import HELD_OUTPUT

KINDS = [kind for kind in SensorKind if kind is not SensorKind.BEAM_PAIR]
VALUES: dict[EventKind, tuple[float, ...]] = {
    EventKind.POWER_W: (-5, 0, 8, 50, 1e6),
    EventKind.CO2_PPM: (400, 600, 1500),
    EventKind.SOUND_DB: (-100, 30, 70),
    EventKind.LIGHT_LUX: (0, 5, 300),
    EventKind.LEVEL_PCT: (0, 19, 20, 100),
    EventKind.PEOPLE: (0, 1, 5),
}
STEPS_MS = (0, 1, SECOND, 20 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 10 * MINUTE, 4 * HOUR)
WAITS_MS = (0, 1, MINUTE - 1, MINUTE, 10 * MINUTE, 5 * HOUR)


@st.composite
def site_plans(draw: st.DrawFn) -> SitePlan:
    """Draw a site with sensors of few ids, each of any kind, in a space of any kind."""
    ids = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    sensors = [
        Sensor(
            device="pi",
            id=one,
            kind=draw(st.sampled_from(KINDS)),
            space="space",
            heartbeat_ms=draw(st.sampled_from((30 * SECOND, 4 * MINUTE))),
            output=draw(st.sampled_from((UNKNOWN_OUTPUT, UNKNOWN_OUTPUT, HELD_OUTPUT))),
        )
        for one in ids
    ]
    space = Space(
        id="space",
        name="S",
        kind=draw(st.sampled_from((SpaceKind.ROOM, SpaceKind.ROOM, SpaceKind.EQUIPMENT, SpaceKind.SUPPLY))),
        zone="loft",
        x_m=0,
        y_m=0,
        disabled=draw(st.sampled_from((False, False, False, True))),
        motion_hold_ms=draw(st.sampled_from((None, 1000, 2 * HOUR))),
    )
    return plan(space, sensors=sensors, rules=OccupancyRules(learning=draw(st.sampled_from(LearningSwitch))))


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[SpaceRules, list[StoredEvent]]]:
    """Draw one space under a series of site files, with the events meanwhile."""
    at_ms, seqs = NOON_MS, count(1)
    results = []
    for site in draw(st.lists(site_plans(), min_size=2, max_size=3)):
        events: list[StoredEvent] = []
        for _ in range(draw(st.integers(0, 15)) if site.sensors else 0):
            at_ms += draw(st.sampled_from(STEPS_MS))
            reporting = draw(st.sampled_from(site.sensors))
            own = draw(st.sampled_from(sorted(EVENT_KINDS[reporting.kind])))
            kind = draw(st.sampled_from((own, own, EventKind.HEARTBEAT, EventKind.BATTERY_PCT)))
            value = draw(st.sampled_from(VALUES.get(own, (0, 1))))
            events.append(StoredEvent(at_ms, "pi", "stream", next(seqs), reporting.id, kind, value))
        results.append((build_space_rules(site, "space"), events))
    return results


@settings(max_examples=500)
@given(life=lives())
def test_any_plan_accepts_the_evidence_of_any_other(life: list[tuple[SpaceRules, list[StoredEvent]]]) -> None:
    evidence = EMPTY_EVIDENCE
    for rules, events in life:
        evidence = fit_to_rules(msgspec.msgpack.decode(msgspec.msgpack.encode(evidence), type=Evidence), rules)
        for moment in (None, *events):
            if moment is not None:
                evidence, _ = apply_event(evidence, moment, rules)
            build_tuning(evidence, rules)
            for wait_ms in WAITS_MS:
                now_ms = evidence.at_ms + wait_ms
                state = build_space_state(evidence, rules, now_ms)
                assert encode(state)
                find_next_lapse(evidence, rules, now_ms)
                if state.state is Occupancy.VACANT:
                    for known, each in zip(evidence.sensor_states, rules.sensors, strict=True):
                        assert each.learning_method in CORROBORATING or (
                            known is not None and is_alive(known, each, now_ms)
                        )


@settings(max_examples=500)
@given(life=lives())
def test_single_steps_and_folds_agree_after_a_change_of_plan(life: list[tuple[SpaceRules, list[StoredEvent]]]) -> None:
    stepped = folded = EMPTY_EVIDENCE
    for rules, events in life:
        stepped, folded = fit_to_rules(stepped, rules), fit_to_rules(folded, rules)
        results = []
        for event in events:
            stepped, more = apply_event(stepped, event, rules)
            results += more
        folded, lines = fold_events(folded, events, rules)
        assert lines == results
        assert msgspec.structs.replace(folded, check_ms=0) == msgspec.structs.replace(stepped, check_ms=0)


def test_a_sensor_whose_kind_changed_starts_without_evidence() -> None:
    room = Space(id="space", name="S", kind=SpaceKind.ROOM, zone="loft", x_m=0, y_m=0)
    mat, radar = (
        build_space_rules(plan(room, sensors=[sensor(kind, "box")]), "space")
        for kind in (SensorKind.PRESSURE, SensorKind.PRESENCE)
    )
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(beats("box", NOON_MS - HOUR, NOON_MS)), mat)
    assert evidence.state is Occupancy.VACANT
    assert fit_to_rules(evidence, mat) == msgspec.structs.replace(evidence, check_ms=0)
    shown = build_space_state(fit_to_rules(evidence, radar), radar, evidence.at_ms)
    assert (shown.state, shown.because.reason) == (Occupancy.UNKNOWN, Reason.NEVER_REPORTED)


def test_a_fixed_hold_overrides_what_was_learned() -> None:
    desk = Space(id="space", name="S", kind=SpaceKind.DESK, zone="loft", x_m=0, y_m=0)
    free, pinned = (
        build_space_rules(plan(one, sensors=[sensor(SensorKind.PIR)]), "space")
        for one in (desk, replace(desk, motion_hold_ms=7 * MINUTE))
    )
    learnt_longer = msgspec.structs.replace(
        fit_to_rules(EMPTY_EVIDENCE, free), hold_statistics=HoldStatistics(offset_ms=4 * MINUTE)
    )
    for rules, hold_ms in ((free, 14 * MINUTE), (pinned, 7 * MINUTE)):
        assert full_hold_ms(fit_to_rules(learnt_longer, rules), rules.sensors[0]) == hold_ms
        results = build_tuning(fit_to_rules(learnt_longer, rules), rules)
        assert results is not None
        assert results.hold is not None
        assert results.hold.hold_ms == hold_ms
