"""Coarse evidence: old moments are not exact, and the evaluation does not change."""

from itertools import count

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collector.evidence import START, Evidence, Heard, SpaceRules, space_rules
from collector.inference import advance, fold
from collector.inference.coarse import coarsened, longest_wait_ms
from collector.outward import COARSE_MS, EXACT_MS
from collector.plan import SitePlan
from edge.message import Kind
from tests.collector.inference.lives import Case, cases, rooms
from tests.collector.room import HOUR, NOON_MS

LATER_MS = [60_001, HOUR // 4, 5 * HOUR, EXACT_MS + 12 * HOUR]
"""The last event is erased after this long."""


def beats(site: SitePlan, living: set[str], evidence: Evidence, from_ms: int, to_ms: int) -> list[Heard]:
    """Create heartbeats of the live sensors; levels do not change."""
    high = {known.sensor: known.high for known in evidence.views if known is not None}
    seqs = count(10**6)
    every_ms = min(sensor.heartbeat_ms for sensor in site.sensors)
    return [
        Heard(at_ms, sensor.device, f"stream-{sensor.device}", next(seqs), sensor.id, Kind.HEARTBEAT, value)
        for at_ms in range(from_ms, to_ms, every_ms)
        for sensor in site.sensors
        if sensor.id in living
        for value in [50.0 * high.get(sensor.id, False)]
    ]


def newest_before(evidence: Evidence, before_ms: int) -> int:
    """Return its newest moment before `before_ms`; 0 if there is none."""
    found = [evidence.key[0], evidence.since_ms, evidence.because.at_ms, evidence.before_since_ms, evidence.opened_ms]
    found.append(evidence.before_because.at_ms)
    for known in evidence.views:
        if known is not None:
            found += [known.heard_ms, known.since_ms, known.high_ms, known.end_ms, known.begun_ms]
    return max((at_ms for at_ms in found if 0 < at_ms < before_ms), default=0)


def outcome(rules: SpaceRules, evidence: Evidence, events: list[Heard], from_ms: int, until_ms: int) -> object:
    """Return everything that follows from a moment on: transitions, learned values, the final state."""
    after, transitions = fold(evidence, events, rules)
    lines = [*transitions, *advance(after, rules, until_ms)]
    return (
        [(line.at_ms, line.state, line.because.reason) for line in lines if line.at_ms >= from_ms],
        after.state,
        after.tuned,
        after.inside,
    )


@settings(max_examples=150, phases=(Phase.explicit, Phase.generate))
@given(case=st.one_of(cases(), rooms()), after=st.one_of(cases(), rooms()), data=st.data())
def test_coarse_evidence_is_evaluated_like_exact_evidence(case: Case, after: Case, data: st.DataObject) -> None:
    site, events = case
    rules = space_rules(site, "space")
    evidence, _ = fold(START, events, rules)
    living = data.draw(st.sets(st.sampled_from([sensor.id for sensor in site.sensors])))
    before_ms = events[-1].at_ms + data.draw(st.sampled_from(LATER_MS))
    end_ms = before_ms + data.draw(st.sampled_from([0, EXACT_MS]))  # the next event may follow at once
    evidence, _ = fold(evidence, beats(site, living, evidence, events[-1].at_ms + 1, end_ms), rules)
    coarse = coarsened(evidence, rules, before_ms)
    names = [sensor.id for sensor in site.sensors]
    news = [
        Heard(e.at_ms - NOON_MS + end_ms + 1, *_sensor(site, e, names), e.kind, e.value)
        for e in after[1]
        if e.kind in {event.kind for event in events}
    ]
    for until_ms in (end_ms, end_ms + HOUR, end_ms + 9 * HOUR):
        assert outcome(rules, coarse, [], before_ms, until_ms) == outcome(rules, evidence, [], before_ms, until_ms)
        assert outcome(rules, coarse, news, before_ms, until_ms) == outcome(rules, evidence, news, before_ms, until_ms)
    if newest_before(evidence, before_ms) < before_ms - longest_wait_ms(evidence, rules):
        assert newest_before(coarse, before_ms) % COARSE_MS == 0
    assert coarsened(coarse, rules, before_ms) == coarse


def _sensor(site: SitePlan, event: Heard, names: list[str]) -> tuple[str, str, int, str]:
    """Replace a sensor of another site by one of this site."""
    sensor = site.sensors[event.seq % len(names)]
    return sensor.device, f"stream-{sensor.device}", event.seq + 10**9, sensor.id
