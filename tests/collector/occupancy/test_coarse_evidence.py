"""Coarse evidence: old moments are not exact, and the evaluation does not change."""

from itertools import count

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collector.contract.states import COARSE_STEP_MS
from collector.occupancy.coarse_evidence import coarsen_evidence, longest_wait_ms
from collector.occupancy.evaluate import find_lapses, fold_events
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent
from collector.occupancy.space_rules import SpaceRules, build_space_rules
from collector.site.site_plan import SitePlan
from edge.contract.message import EventKind
from edge.contract.raw_retention import MAX_RAW_MS
from tests.support.collector.room import HOUR, NOON_MS
from tests.support.collector.simulated_spaces import Case, cases, rooms

LATER_MS = [60_001, HOUR // 4, 5 * HOUR, MAX_RAW_MS + 12 * HOUR]
"""The last event is erased after this long."""


def beats(site: SitePlan, living: set[str], evidence: Evidence, from_ms: int, to_ms: int) -> list[StoredEvent]:
    """Create heartbeats of the live sensors; levels do not change."""
    high = {known.sensor: known.is_high for known in evidence.sensor_states if known is not None}
    seqs = count(10**6)
    every_ms = min(sensor.heartbeat_ms for sensor in site.sensors)
    return [
        StoredEvent(at_ms, sensor.device, f"stream-{sensor.device}", next(seqs), sensor.id, EventKind.HEARTBEAT, value)
        for at_ms in range(from_ms, to_ms, every_ms)
        for sensor in site.sensors
        if sensor.id in living
        for value in [50.0 * high.get(sensor.id, False)]
    ]


def newest_before(evidence: Evidence, before_ms: int) -> int:
    """Return its newest moment before `before_ms`; 0 if there is none."""
    found = [
        evidence.key[0],
        evidence.since_ms,
        evidence.because.at_ms,
        evidence.previous_since_ms,
        evidence.door_released_ms,
    ]
    found.append(evidence.previous_because.at_ms)
    for known in evidence.sensor_states:
        if known is not None:
            found += [known.last_event_ms, known.alive_since_ms, known.rose_ms, known.fell_ms, known.run_start_ms]
    return max((at_ms for at_ms in found if 0 < at_ms < before_ms), default=0)


def outcome(rules: SpaceRules, evidence: Evidence, events: list[StoredEvent], from_ms: int, until_ms: int) -> object:
    """Return everything that follows from a moment on: transitions, learned values, the final state."""
    after, transitions = fold_events(evidence, events, rules)
    lines = [*transitions, *find_lapses(after, rules, until_ms)]
    return (
        [(line.at_ms, line.state, line.because.reason) for line in lines if line.at_ms >= from_ms],
        after.state,
        after.hold_statistics,
        after.level_hold_statistics,
        after.is_somebody_inside,
    )


@settings(max_examples=150, phases=(Phase.explicit, Phase.generate))
@given(case=st.one_of(cases(), rooms()), after=st.one_of(cases(), rooms()), data=st.data())
def test_coarse_evidence_is_evaluated_like_exact_evidence(case: Case, after: Case, data: st.DataObject) -> None:
    site, events = case
    rules = build_space_rules(site, "space")
    evidence, _ = fold_events(EMPTY_EVIDENCE, events, rules)
    living = data.draw(st.sets(st.sampled_from([sensor.id for sensor in site.sensors])))
    before_ms = events[-1].at_ms + data.draw(st.sampled_from(LATER_MS))
    end_ms = before_ms + data.draw(st.sampled_from([0, MAX_RAW_MS]))  # the next event may follow at once
    evidence, _ = fold_events(evidence, beats(site, living, evidence, events[-1].at_ms + 1, end_ms), rules)
    coarse = coarsen_evidence(evidence, rules, before_ms)
    names = [sensor.id for sensor in site.sensors]
    news = [
        StoredEvent(e.at_ms - NOON_MS + end_ms + 1, *_sensor(site, e, names), e.kind, e.value)
        for e in after[1]
        if e.kind in {event.kind for event in events}
    ]
    for until_ms in (end_ms, end_ms + HOUR, end_ms + 9 * HOUR):
        assert outcome(rules, coarse, [], before_ms, until_ms) == outcome(rules, evidence, [], before_ms, until_ms)
        assert outcome(rules, coarse, news, before_ms, until_ms) == outcome(rules, evidence, news, before_ms, until_ms)
    if newest_before(evidence, before_ms) < before_ms - longest_wait_ms(evidence, rules):
        assert newest_before(coarse, before_ms) % COARSE_STEP_MS == 0
    assert coarsen_evidence(coarse, rules, before_ms) == coarse


def _sensor(site: SitePlan, event: StoredEvent, names: list[str]) -> tuple[str, str, int, str]:
    """Replace a sensor of another site by one of this site."""
    sensor = site.sensors[event.seq % len(names)]
    return sensor.device, f"stream-{sensor.device}", event.seq + 10**9, sensor.id
