"""Properties of inference: the transitions depend on the events, not on their order, and agree with the rules."""

from dataclasses import replace
from itertools import count, cycle, pairwise

import msgspec
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from collector.contract.states import Occupancy
from collector.live.space_states import SpaceStates
from collector.occupancy.evaluate import (
    apply_event,
    build_space_state,
    find_lapses,
    find_next_lapse,
    fold_events,
    merge_transitions,
)
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, SpaceChange, StoredEvent, Transition
from collector.occupancy.judge import MAX_BEHIND_DOOR_MS, last_high_ms
from collector.occupancy.learning.quiet_spans import count_longer
from collector.occupancy.space_rules import SensorRules, SpaceRules, build_space_rules
from collector.site.occupancy_rules import LearningSwitch
from edge.contract.message import EventKind
from edge.contract.sensor_traits import LearningMethod, SensorRole
from tests.support.collector.oracle import compute_changes_slowly
from tests.support.collector.room import HOUR, MINUTE, NOON_MS, SECOND
from tests.support.collector.simulated_spaces import PIR, Case, build_plan, cases, rooms, sensor_event, stays


def in_order(rules: SpaceRules, events: list[StoredEvent], until_ms: int) -> tuple[Evidence, list[Transition]]:
    evidence, transitions = fold_events(EMPTY_EVIDENCE, events, rules)
    return evidence, merge_transitions(EMPTY_EVIDENCE.state, transitions + find_lapses(evidence, rules, until_ms))


@settings(max_examples=700)
@given(case=st.one_of(cases(), rooms()), later_ms=st.integers(0, HOUR))
def test_transitions_agree_with_the_rules_at_every_moment(case: Case, later_ms: int) -> None:
    site, events = case
    rules = build_space_rules(replace(site, rules=replace(site.rules, learning=LearningSwitch.OFF)), "space")
    until_ms = events[-1].at_ms + later_ms
    _, lines = in_order(rules, events, until_ms)
    assert [(line.at_ms, line.state) for line in lines] == compute_changes_slowly(rules, events, until_ms)


@settings(max_examples=500)
@given(case=cases(), later_ms=st.integers(0, HOUR))
def test_transitions_change_the_state_and_have_distinct_times(case: Case, later_ms: int) -> None:
    site, events = case
    _, lines = in_order(build_space_rules(site, "space"), events, events[-1].at_ms + later_ms)
    for earlier, later in pairwise(lines):
        assert earlier.at_ms < later.at_ms
        assert earlier.state is not later.state


@settings(max_examples=300)
@given(case=st.one_of(cases(), rooms()), waits=st.lists(st.integers(0, 20 * MINUTE), max_size=8))
def test_lapses_and_shown_states_agree_at_every_moment(case: Case, waits: list[int]) -> None:
    site, events = case
    rules = build_space_rules(site, "space")
    evidence, transitions = fold_events(EMPTY_EVIDENCE, events, rules)
    now_ms = evidence.at_ms
    for wait_ms in waits:
        now_ms += wait_ms
        lines = merge_transitions(EMPTY_EVIDENCE.state, transitions + find_lapses(evidence, rules, now_ms))
        shown = build_space_state(evidence, rules, now_ms)
        assert shown.state is (lines[-1].state if lines else EMPTY_EVIDENCE.state)
        assert shown.since_ms == (lines[-1].at_ms if lines else 0)
        if (lapse := find_next_lapse(evidence, rules, now_ms)) is not None:
            assert build_space_state(evidence, rules, lapse.at_ms - 1).state is shown.state
            assert build_space_state(evidence, rules, lapse.at_ms).state is lapse.state
            assert find_lapses(evidence, rules, lapse.at_ms)[-1] == lapse


@settings(max_examples=300)
@given(case=cases())
def test_evidence_survives_encoding(case: Case) -> None:
    site, events = case
    evidence, _ = fold_events(EMPTY_EVIDENCE, events, build_space_rules(site, "space"))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(evidence), type=Evidence) == evidence


class SpaceEventLog:
    """What a collector stores of one space: its events, and its transitions with rewrites."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.lines: list[Transition] = []

    def past(self, _space: str, above: Evidence) -> list[StoredEvent]:
        return [event for event in self.events if event.key > above.key]

    def note(self, changes: list[SpaceChange]) -> None:
        for change in changes:
            assert all(line.at_ms >= change.from_ms for line in change.transitions)
            self.lines = [line for line in self.lines if line.at_ms < change.from_ms] + change.transitions


@settings(max_examples=1500)
@given(case=st.one_of(cases(), stays(), rooms()), data=st.data())
def test_any_delay_order_batch_and_ticks_give_the_same_transitions(case: Case, data: st.DataObject) -> None:
    site, events = case
    journal, states = SpaceEventLog(), SpaceStates(site)
    now_ms = NOON_MS
    waiting = data.draw(st.permutations(events))
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        batch, waiting = waiting[:size], waiting[size:]
        journal.events += batch
        journal.note(states.apply_events(batch, now_ms, journal.past))
        now_ms += data.draw(st.sampled_from((0, SECOND, MINUTE, 10 * MINUTE)))
        journal.note(states.tick(now_ms))
        if data.draw(st.integers(0, 3)) == 0:  # the collector restarts
            stored = states.get_evidence("space")
            states = SpaceStates(site)
            states.restore_evidence("space", stored)
    now_ms = max(now_ms, events[-1].at_ms) + data.draw(st.integers(0, HOUR))
    journal.note(states.tick(now_ms))
    rules = build_space_rules(site, "space")
    evidence, lines = in_order(rules, events, now_ms)
    assert journal.lines == lines
    assert bare(states.get_evidence("space")) == bare(evidence)
    assert states.get_state("space", now_ms) == build_space_state(evidence, rules, now_ms)


@settings(max_examples=1000)
@given(case=st.one_of(cases(), stays(), rooms()), cuts=st.lists(st.integers(1, 9), min_size=1))
def test_single_steps_and_folds_of_any_pieces_agree(case: Case, cuts: list[int]) -> None:
    site, events = case
    rules = build_space_rules(site, "space")
    stepped, stepwise = EMPTY_EVIDENCE, []
    for event in events:
        stepped, more = apply_event(stepped, event, rules)
        stepwise += more
    folded, lines, place = EMPTY_EVIDENCE, [], 0
    for size in cycle(cuts):
        folded, more = fold_events(folded, events[place : place + size], rules)
        lines += more
        place += size
        if place >= len(events):
            break
    assert (bare(folded), lines) == (bare(stepped), stepwise)


def bare(evidence: Evidence) -> Evidence:
    """Return evidence without the bound that only saves work."""
    return msgspec.structs.replace(evidence, check_ms=0)


def test_a_space_that_is_used_repeatedly_learns() -> None:
    """Otherwise the properties above would not cover learning."""
    found = find(
        stays(),
        lambda case: (
            fold_events(EMPTY_EVIDENCE, case[1], build_space_rules(case[0], "space"))[0].hold_statistics.spans.counts
            != ()
        ),
    )
    assert found


@pytest.mark.parametrize("seen_ms", [0, MAX_BEHIND_DOOR_MS])
def test_people_do_stay_behind_closed_doors(seen_ms: int) -> None:
    """Otherwise the properties above would not cover doors."""

    def stays_unseen(case: Case) -> bool:
        evidence, _ = fold_events(EMPTY_EVIDENCE, case[1], build_space_rules(case[0], "space"))
        return evidence.is_somebody_inside and all(
            evidence.at_ms - last_high_ms(known) > seen_ms for known in evidence.sensor_states if known
        )

    assert find(rooms(), stays_unseen, settings=settings(max_examples=5000, database=None))


def presence_spans(events: list[StoredEvent], sensor: SensorRules) -> list[tuple[int, int]]:
    """Return spans in which a live sensor reported presence, without reports revoked in the same millisecond."""
    own_events = [event for event in events if (event.device, event.sensor) == (sensor.device, sensor.sensor)]
    spans = []
    for place, event_at in enumerate(own_events):
        if event_at.kind in (sensor.own_kind, EventKind.HEARTBEAT) and event_at.value > sensor.high_above:
            ends_ms = event_at.at_ms + sensor.silent_after_ms
            for later in own_events[place + 1 :]:
                if later.at_ms >= ends_ms:
                    break
                ends_ms = later.at_ms + sensor.silent_after_ms
                if later.kind in (sensor.own_kind, EventKind.HEARTBEAT):
                    ends_ms = later.at_ms
                    break
            spans.append((event_at.at_ms, ends_ms))
    return [(came_ms, went_ms) for came_ms, went_ms in spans if came_ms < went_ms]


@settings(max_examples=500)
@given(case=st.one_of(cases(), stays(), rooms()), later_ms=st.integers(0, HOUR))
def test_a_space_is_never_vacant_while_a_live_sensor_reports_presence(case: Case, later_ms: int) -> None:
    site, events = case
    rules = build_space_rules(site, "space")
    until_ms = events[-1].at_ms + later_ms
    _, lines = in_order(rules, events, until_ms)
    ends = [*(line.at_ms for line in lines[1:]), until_ms]
    free = [(line.at_ms, end) for line, end in zip(lines, ends, strict=False) if line.state is Occupancy.VACANT]
    seeing = [
        one
        for one in rules.sensors
        if one.role is not SensorRole.CONTACT and one.learning_method is not LearningMethod.THRESHOLD
    ]
    for came_ms, went_ms in (span for sensor in seeing for span in presence_spans(events, sensor)):
        for from_ms, to_ms in free:
            assert went_ms <= from_ms or to_ms <= came_ms


@settings(max_examples=300)
@given(case=stays(), data=st.data())
def test_a_backlog_changes_nothing_before_its_oldest_event(case: Case, data: st.DataObject) -> None:
    site, events = case
    journal, states = SpaceEventLog(), SpaceStates(site)
    late = data.draw(st.lists(st.sampled_from(events), unique=True, min_size=1, max_size=5))
    journal.events += [event for event in events if event not in late]
    now_ms = events[-1].at_ms + HOUR
    journal.note(states.apply_events(list(journal.events), now_ms, journal.past))
    before = list(journal.lines)
    journal.events += late
    oldest_ms = min(event.at_ms for event in late)
    changes = states.apply_events(late, now_ms, journal.past)
    assert all(change.from_ms >= oldest_ms for change in changes)
    journal.note(changes)
    assert [line for line in journal.lines if line.at_ms < oldest_ms] == [
        line for line in before if line.at_ms < oldest_ms
    ]
    assert journal.lines == in_order(build_space_rules(site, "space"), events, now_ms)[1]


def test_a_late_quiet_span_is_learned_as_if_it_had_been_known_in_time() -> None:
    site = build_plan((PIR,))
    seqs = count(1)
    (pir,) = site.sensors
    beats = [
        sensor_event(pir, NOON_MS + beat, next(seqs), EventKind.HEARTBEAT, 0)
        for beat in range(0, 3 * HOUR, 30 * SECOND)
    ]
    moves = [
        sensor_event(pir, NOON_MS + round(minute * MINUTE) + ms, next(seqs), EventKind.MOTION, level)
        for minute in (20, 20.5, 32.5, 100, 100.5)
        for ms, level in ((1, 1), (SECOND, 0))
    ]
    flip = [event for event in moves if event.at_ms > NOON_MS + 32 * MINUTE and event.at_ms < NOON_MS + 33 * MINUTE]
    events = sorted([*beats, *moves], key=lambda event: event.key)
    journal, states = SpaceEventLog(), SpaceStates(site)
    now_ms = NOON_MS + 3 * HOUR
    journal.events += [event for event in events if event not in flip]
    journal.note(states.apply_events(list(journal.events), now_ms, journal.past))
    assert count_longer(states.get_evidence("space").hold_statistics.spans, 0)[0] == 1
    journal.events += flip
    journal.note(states.apply_events(flip, now_ms, journal.past))
    assert count_longer(states.get_evidence("space").hold_statistics.spans, 0)[0] == 2
    assert journal.lines == in_order(build_space_rules(site, "space"), events, now_ms)[1]
