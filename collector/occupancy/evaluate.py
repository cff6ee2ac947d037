"""Evaluate whether a space is vacant, occupied, away or unknown, and a supply stocked or low.

In:    stored events of one space in canonical order, and moments.
Out:   the evidence of the space, its transitions, and its state at a moment.
Never: clocks, sockets, files, logging. Time is passed in as a value.

Evidence is the fold over stored events and does not depend on the current time. Changes that the passing of time causes
(lapses) are computed from it for any moment. So a tick does not change the evidence, and a late event cancels a change
that was only computed.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from collector.contract.states import TAKEN_STATES, Lapse, Occupancy, SpaceState
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, StoredEvent, Transition
from collector.occupancy.explain import explain_other_sensors, explain_state
from collector.occupancy.fast_path import apply_repeated_levels
from collector.occupancy.judge import SpaceEvaluation, evaluate_space, find_quiet_span, list_change_moments
from collector.occupancy.learning.tuning import fit_to_bounds, learn_quiet_span
from collector.occupancy.space_rules import EVENT_KINDS, SpaceRules, build_space_rules
from collector.occupancy.update import update_sensor
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.sensor_traits import SensorRole

__all__ = [
    "EMPTY_EVIDENCE",
    "EVENT_KINDS",
    "Evidence",
    "SpaceRules",
    "StoredEvent",
    "Transition",
    "apply_event",
    "build_space_rules",
    "build_space_state",
    "find_lapses",
    "find_next_lapse",
    "fit_to_rules",
    "fold_events",
    "merge_transitions",
    "next_wake_ms",
]


def apply_event(evidence: Evidence, event: StoredEvent, rules: SpaceRules) -> tuple[Evidence, list[Transition]]:
    """Apply one event newer than `evidence.key`; return the new evidence and the transitions, oldest first.

    The transitions include the lapses up to the event. A transition at the time of an earlier one replaces it, and may
    even restore the state before it: `merge_transitions` cleans a joined list.

    Args:
        evidence: of the space, up to its newest event.
        event: newer than `evidence.key`.
        rules: of that space.
    """
    if len(evidence.sensor_states) != len(rules.sensors):
        evidence = fit_to_rules(evidence, rules)
    at_ms = event.at_ms
    transitions = find_lapses(evidence, rules, at_ms - 1)
    for lapse in transitions:
        evidence = _enter_state(evidence, lapse)
    before, evidence = evidence, update_sensor(evidence, event, rules)
    evaluation = evaluate_space(evidence, rules, at_ms, at_ms)
    if evaluation.state is not evidence.state:
        if evaluation.state is Occupancy.OCCUPIED:
            evidence = _learn_hold(evidence, before, rules)
            # The evaluation stays valid: what makes a space occupied does not depend on the learned hold.
        transitions.append(_begin_state(evaluation))
        evidence = _enter_state(evidence, transitions[-1])
    return replace(evidence, check_ms=next_wake_ms(evidence, rules, at_ms)), transitions


def _learn_hold(evidence: Evidence, before: Evidence, rules: SpaceRules) -> Evidence:
    """Learn from the quiet span that the newest event ended; `before`: the evidence before that event."""
    if (quiet := find_quiet_span(before, rules, evidence.at_ms)) is None:
        return evidence
    sensor, span_ms = quiet
    if sensor.role is SensorRole.MOTION:
        learned = learn_quiet_span(evidence.hold_statistics, span_ms, rules.hold_bounds)
        return replace(evidence, hold_statistics=learned)
    learned = learn_quiet_span(evidence.level_hold_statistics, span_ms, rules.level_hold_bounds)
    return replace(evidence, level_hold_statistics=learned)


def fold_events(
    evidence: Evidence, events: Sequence[StoredEvent], rules: SpaceRules
) -> tuple[Evidence, list[Transition]]:
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
        evidence, after = apply_repeated_levels(evidence, events, place, rules)
        if after == place:
            evidence, more = apply_event(evidence, events[place], rules)
            transitions += more
            after += 1
        place = after
    return evidence, transitions


def merge_transitions(state: Occupancy, transitions: Iterable[Transition]) -> list[Transition]:
    """Reduce transitions after `state` to the shortest equivalent list: one per moment, each changing the state."""
    last: dict[int, Transition] = {transition.at_ms: transition for transition in transitions}
    merged: list[Transition] = []
    for transition in last.values():
        if transition.state is not state:
            merged.append(transition)
            state = transition.state
    return merged


def fit_to_rules(evidence: Evidence, rules: SpaceRules) -> Evidence:
    """Fit stored evidence to the current rules: drop removed sensors, add new ones without events, evaluate again.

    A sensor whose kind changed counts as removed and added. If the current rules give another state, it begins at the
    newest event.
    """
    views = {
        (known.device, known.sensor, known.own_kind): known for known in evidence.sensor_states if known is not None
    }
    fitted_views = tuple(
        views.get((sensor.device, sensor.sensor, sensor.own_kind)) or views.get((sensor.device, sensor.sensor, None))
        for sensor in rules.sensors
    )
    doors = [
        known for known, sensor in zip(fitted_views, rules.sensors, strict=True) if sensor.role is SensorRole.CONTACT
    ]
    inside = evidence.is_somebody_inside and bool(doors) and None not in doors
    draft = replace(
        evidence,
        sensor_states=fitted_views,
        is_somebody_inside=inside,
        check_ms=0,
        hold_statistics=fit_to_bounds(evidence.hold_statistics, rules.hold_bounds),
        level_hold_statistics=fit_to_bounds(evidence.level_hold_statistics, rules.level_hold_bounds),
    )
    at_ms = evidence.at_ms
    return _enter_state(draft, _begin_state(evaluate_space(draft, rules, at_ms, at_ms)))


def find_lapses(evidence: Evidence, rules: SpaceRules, until_ms: int) -> list[Transition]:
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
    for moment in _moments_between(evidence, rules, evidence.at_ms, until_ms):
        found = evaluate_space(evidence, rules, moment, moment)
        if found.state is not state:
            state = found.state
            lapses.append(_begin_state(found))
    return lapses


def find_next_lapse(evidence: Evidence, rules: SpaceRules, after_ms: int) -> Transition | None:
    """Return the first transition after `after_ms` that happens without an event; None if there is none."""
    after_ms = max(after_ms, evidence.at_ms)
    evaluation = evaluate_space(evidence, rules, after_ms, after_ms)
    for moment in _moments_between(evidence, rules, after_ms, FOREVER_MS):
        found = evaluate_space(evidence, rules, moment, moment)
        if found.state is not evaluation.state:
            return _begin_state(found)
    return None


def next_wake_ms(evidence: Evidence, rules: SpaceRules, after_ms: int) -> int:
    """Return until when neither state nor health changes without an event; FOREVER_MS: they stay as they are."""
    return min([moment for moment in list_change_moments(evidence, rules) if moment > after_ms], default=FOREVER_MS)


def build_space_state(evidence: Evidence, rules: SpaceRules, now_ms: int) -> SpaceState:
    """Build the state shown at `now_ms`, with its reason, other sensors, next lapse, and health.

    The lapse assumes that nobody moves and that live sensors keep sending heartbeats. It is None if no end is known,
    and while the space is vacant. A moment before the newest event counts as the time of that event.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment, Unix ms.
    """
    now_ms = max(now_ms, evidence.at_ms)
    lapses = find_lapses(evidence, rules, now_ms)
    state, since_ms = (lapses[-1].state, lapses[-1].at_ms) if lapses else (evidence.state, evidence.since_ms)
    evaluation = evaluate_space(evidence, rules, now_ms, now_ms)
    because = explain_state(evaluation)
    return SpaceState(
        state=state,
        since_ms=since_ms,
        because=because,
        health=evaluation.health,
        at_ms=evidence.at_ms,
        lapse=_find_end(evaluation),
        level_pct=evaluation.level_pct,
        other_sensors=explain_other_sensors(evaluation, because),
    )


def _begin_state(evaluation: SpaceEvaluation) -> Transition:
    return Transition(evaluation.now_ms, evaluation.state, explain_state(evaluation))


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
            previous_state=evidence.state,
            previous_since_ms=evidence.since_ms,
            previous_because=evidence.because,
        )
    if new.state is not evidence.previous_state:
        return replace(evidence, state=new.state, because=new.because)
    return replace(
        evidence, state=evidence.previous_state, since_ms=evidence.previous_since_ms, because=evidence.previous_because
    )


def _find_end(evaluation: SpaceEvaluation) -> Lapse | None:
    """Return the next state if nobody moves and live sensors keep sending heartbeats."""
    if evaluation.state is not Occupancy.UNKNOWN and evaluation.state not in TAKEN_STATES:
        return None
    evidence, rules, now_ms = evaluation.evidence, evaluation.rules, evaluation.now_ms
    for moment in _moments_between(evidence, rules, now_ms, FOREVER_MS):
        found = evaluate_space(evidence, rules, moment, now_ms).state
        if (
            found is not evaluation.state and found not in TAKEN_STATES
        ):  # away counts as taken, so it is not yet the end
            return Lapse(found, moment)
    return None


def _moments_between(evidence: Evidence, rules: SpaceRules, after_ms: int, until_ms: int) -> list[int]:
    return sorted({moment for moment in list_change_moments(evidence, rules) if after_ms < moment <= until_ms})
