"""Evaluate whether a space is vacant, occupied, away or unknown, and a supply stocked or low.

In:    stored events of one space in canonical order, and moments.
Out:   the evidence of the space, its transitions, and its state at a moment.
Never: clocks, sockets, files, logging. Time is passed in as a value.

Evidence is the fold over stored events and does not depend on the current time. What time alone changes (the lapses)
is computed from it for any moment: so ticks change nothing, and a late event revokes what was only assumed.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from collector.evidence import OWN_KINDS, START, Evidence, Heard, Role, SpaceRules, Transition, space_rules
from collector.inference.calm import calm
from collector.inference.hearing import hear
from collector.inference.judgement import FOREVER, because_at, health_at, level_at, moments, quiet_span_ms, state_at
from collector.inference.voices import voices_at
from collector.learning.tuning import fitted_to, seen_again
from collector.outward import TAKEN, Lapse, Occupancy, SpaceState

__all__ = [
    "OWN_KINDS",
    "START",
    "Evidence",
    "Heard",
    "SpaceRules",
    "Transition",
    "advance",
    "fitted",
    "fold",
    "next_lapse",
    "space_rules",
    "step",
    "story",
    "view",
    "wake_ms",
]


def step(evidence: Evidence, event: Heard, rules: SpaceRules) -> tuple[Evidence, list[Transition]]:
    """Apply one event newer than `evidence.key`; return the new evidence and the transitions, oldest first.

    The transitions include the lapses up to the event. A transition at the time of an earlier one replaces it, and may
    even restore the state before it: `merge_transitions` cleans a joined list.

    Args:
        evidence: of the space, up to its newest event.
        event: newer than `evidence.key`.
        rules: of that space.
    """
    if len(evidence.views) != len(rules.sensors):
        evidence = fitted(evidence, rules)
    at_ms = event.at_ms
    transitions = advance(evidence, rules, at_ms - 1)
    for lapse in transitions:
        evidence = _enter_state(evidence, lapse)
    before, evidence = evidence, hear(evidence, event, rules)
    state = state_at(evidence, rules, at_ms, at_ms)
    if state is not evidence.state:
        if state is Occupancy.OCCUPIED and (quiet_ms := quiet_span_ms(before, rules, at_ms)) is not None:
            evidence = replace(evidence, tuned=seen_again(evidence.tuned, quiet_ms, rules.bounds))
        transitions.append(Transition(at_ms, state, because_at(evidence, rules, at_ms, state)))
        evidence = _enter_state(evidence, transitions[-1])
    return replace(evidence, check_ms=wake_ms(evidence, rules, at_ms)), transitions


def fold(evidence: Evidence, events: Sequence[Heard], rules: SpaceRules) -> tuple[Evidence, list[Transition]]:
    """Apply events in canonical order, all newer than `evidence.key`; like repeated `apply_event`, with less work.

    Only `check_ms` may differ from that of single steps.

    Args:
        evidence: of the space, up to its newest event.
        events: in canonical order, all newer than `evidence.key`.
        rules: of that space.
    """
    transitions: list[Transition] = []
    place = 0
    while place < len(events):
        evidence, after = calm(evidence, events, place, rules)
        if after == place:
            evidence, more = step(evidence, events[place], rules)
            transitions += more
            after += 1
        place = after
    return evidence, transitions


def story(state: Occupancy, transitions: Iterable[Transition]) -> list[Transition]:
    """Reduce transitions after `state` to the shortest equivalent list: one per moment, each changing the state."""
    last: dict[int, Transition] = {transition.at_ms: transition for transition in transitions}
    merged: list[Transition] = []
    for transition in last.values():
        if transition.state is not state:
            merged.append(transition)
            state = transition.state
    return merged


def fitted(evidence: Evidence, rules: SpaceRules) -> Evidence:
    """Fit stored evidence to the current rules: drop removed sensors, add new ones without events, evaluate again.

    A sensor whose kind changed counts as removed and added. If the current rules give another state, it begins at the
    newest event.
    """
    views = {(known.device, known.sensor, known.own): known for known in evidence.views if known is not None}
    fitted_views = tuple(
        views.get((sensor.device, sensor.sensor, sensor.own)) or views.get((sensor.device, sensor.sensor, None))
        for sensor in rules.sensors
    )
    doors = [known for known, sensor in zip(fitted_views, rules.sensors, strict=True) if sensor.role is Role.CONTACT]
    inside = evidence.inside and bool(doors) and None not in doors
    tuned = fitted_to(evidence.tuned, rules.bounds)
    draft = replace(evidence, views=fitted_views, inside=inside, check_ms=0, tuned=tuned)
    at_ms = evidence.at_ms
    state = state_at(draft, rules, at_ms, at_ms)
    return _enter_state(draft, Transition(at_ms, state, because_at(draft, rules, at_ms, state)))


def advance(evidence: Evidence, rules: SpaceRules, until_ms: int) -> list[Transition]:
    """Return the lapses after the newest event up to `until_ms` inclusive, each at its own time.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        until_ms: lapses up to here, Unix ms.
    """
    if until_ms < evidence.check_ms:
        return []
    lapses: list[Transition] = []
    state = evidence.state
    for moment in _moments_after(evidence, rules, evidence.at_ms):
        if moment > until_ms:
            break
        if (found := state_at(evidence, rules, moment, moment)) is not state:
            state = found
            lapses.append(Transition(moment, state, because_at(evidence, rules, moment, state)))
    return lapses


def next_lapse(evidence: Evidence, rules: SpaceRules, after_ms: int) -> Transition | None:
    """Return the first transition by silence alone after `after_ms`; None if there is none."""
    after_ms = max(after_ms, evidence.at_ms)
    state = state_at(evidence, rules, after_ms, after_ms)
    for moment in _moments_after(evidence, rules, after_ms):
        if (found := state_at(evidence, rules, moment, moment)) is not state:
            return Transition(moment, found, because_at(evidence, rules, moment, found))
    return None


def wake_ms(evidence: Evidence, rules: SpaceRules, after_ms: int) -> int:
    """Return until when silence alone changes neither state nor health; FOREVER_MS if it never does."""
    return min([moment for moment in moments(evidence, rules) if moment > after_ms], default=FOREVER)


def view(evidence: Evidence, rules: SpaceRules, now_ms: int) -> SpaceState:
    """Build the state shown at `now_ms`, with its reason, other sensors, next lapse, and health.

    The lapse assumes that nobody moves and that live sensors keep sending heartbeats. It is None if no end is known,
    and while the space is vacant. A moment before the newest event counts as the time of that event.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment, Unix ms.
    """
    now_ms = max(now_ms, evidence.at_ms)
    lapses = advance(evidence, rules, now_ms)
    state, since_ms = (lapses[-1].state, lapses[-1].at_ms) if lapses else (evidence.state, evidence.since_ms)
    because = because_at(evidence, rules, now_ms, state)
    return SpaceState(
        state=state,
        since_ms=since_ms,
        because=because,
        health=health_at(evidence, rules, now_ms),
        at_ms=evidence.at_ms,
        lapse=_lapse_after_quiet(evidence, rules, now_ms, state),
        level_pct=level_at(evidence, rules, now_ms),
        voices=voices_at(evidence, rules, now_ms, state, because),
    )


def _enter_state(evidence: Evidence, new: Transition) -> Evidence:
    """Enter a new state; a state that began in the same millisecond is replaced."""
    if new.state is evidence.state:
        return evidence
    if evidence.since_ms != new.at_ms:
        return replace(
            evidence,
            state=new.state,
            since_ms=new.at_ms,
            because=new.because,
            before=evidence.state,
            before_since_ms=evidence.since_ms,
            before_because=evidence.because,
        )
    if new.state is not evidence.before:
        return replace(evidence, state=new.state, because=new.because)
    return replace(evidence, state=evidence.before, since_ms=evidence.before_since_ms, because=evidence.before_because)


def _lapse_after_quiet(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Lapse | None:
    if state is not Occupancy.UNKNOWN and state not in TAKEN:
        return None
    for moment in _moments_after(evidence, rules, now_ms):
        found = state_at(evidence, rules, moment, now_ms)
        if found is not state and found not in TAKEN:  # away counts as taken, so it is not yet the end
            return Lapse(found, moment)
    return None


def _moments_after(evidence: Evidence, rules: SpaceRules, after_ms: int) -> list[int]:
    return sorted({moment for moment in moments(evidence, rules) if moment > after_ms})
