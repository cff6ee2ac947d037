"""Fast path for repeated levels: skip the evaluation when an event changes no state.

In:    evidence of one space, events in canonical order.
Out:   the evidence that evaluating each event would give, except for its bound `check_ms`.
Never: transitions. An event that may cause one is left to the full evaluation.
"""

from collections.abc import Sequence

from collector.contract.states import Occupancy
from collector.occupancy.evidence import Evidence, SensorState, StoredEvent
from collector.occupancy.judge import may_restore_rise, unchanged_until_ms
from collector.occupancy.learning.heartbeat_losses import BLOCK_HEARTBEATS, add_received, count_due_heartbeats
from collector.occupancy.learning.output_length import learn_pulse
from collector.occupancy.space_rules import SpaceRules, excess_output_ms, full_hold_ms, silence_limit_ms
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.message import EventKind
from edge.contract.sensor_traits import LearningMethod


def apply_repeated_levels(
    evidence: Evidence, events: Sequence[StoredEvent], first: int, rules: SpaceRules
) -> tuple[Evidence, int]:
    """Apply the events from index `first` on, as long as they are of one sensor and change no state.

    These are repeated levels of a live sensor, and changes of motion while the full hold already runs.

    Args:
        evidence: of the space, up to its newest event.
        events: in canonical order, newer than the evidence.
        first: index of the first event to apply.
        rules: of that space.

    Returns:
        The evidence after them, and the index of the next event.
    """
    event = events[first]
    index = rules.index_by_sensor.get((event.device, event.sensor), -1)
    views = evidence.sensor_states
    known = views[index] if 0 <= index < len(views) else None
    if known is None or rules.is_supply or rules.sensors[index].learning_method is not LearningMethod.NOTHING:
        return evidence, first
    place, fresh, check_ms = _find_run(evidence, known, events, first, rules)
    if place == first:
        return evidence, first
    last = events[place - 1]
    taken = Evidence(
        (last.at_ms, last.device, last.stream, last.seq),
        evidence.state,
        evidence.since_ms,
        evidence.because,
        evidence.previous_state,
        evidence.previous_since_ms,
        evidence.previous_because,
        check_ms,
        evidence.is_somebody_inside,
        evidence.door_released_ms,
        (fresh,) if len(views) == 1 else (*views[:index], fresh, *views[index + 1 :]),
        evidence.hold_statistics,
        evidence.level_hold_statistics,
    )
    return taken, place


def _find_run(
    evidence: Evidence, known: SensorState, events: Sequence[StoredEvent], first: int, rules: SpaceRules
) -> tuple[int, SensorState, int]:
    """Return the index after a sensor's run, its state after it, and until when silence then changes nothing."""
    name, device = known.sensor, known.device
    sensor = rules.sensors[rules.index_by_sensor[device, name]]
    own, above = sensor.own_kind, sensor.high_above
    hold_ms, lone_ms = full_hold_ms(evidence, sensor), sensor.lone_hold_ms
    losses, heartbeat_ms, silent_after_ms, arrived = (
        known.losses,
        sensor.heartbeat_ms,
        silence_limit_ms(known, sensor),
        0,
    )
    ends_lost_rise = may_restore_rise(known, sensor)
    due_after_ms = heartbeat_ms // 2 if sensor.is_loss_learned else FOREVER_MS
    wanted = FOREVER_MS if losses is None else BLOCK_HEARTBEATS - losses.due
    last_event_ms, value = known.last_event_ms, known.value
    high, high_ms, end_ms = known.is_high, known.rose_ms, known.fell_ms
    held = known.has_full_hold and lone_ms > 0 and not rules.has_contact and evidence.state is Occupancy.OCCUPIED
    exact, pulses = known.is_rise_exact, known.pulses
    check_ms, newest = evidence.check_ms, False
    alone, beat, motion = len(rules.sensors) == 1, EventKind.HEARTBEAT, EventKind.MOTION
    for place in range(first, len(events)):
        event = events[place]
        at_ms, kind = event.at_ms, event.kind
        if (kind is not own and kind is not beat) or not (alone or (event.sensor == name and event.device == device)):
            break
        if at_ms >= check_ms and not newest:  # the bound was computed before the newest event of this sensor
            check_ms, newest = unchanged_until_ms(evidence, rules, known, silent_after_ms), True
        gap_ms = at_ms - last_event_ms
        if at_ms >= check_ms or gap_ms >= silent_after_ms:
            break
        due = count_due_heartbeats(gap_ms, heartbeat_ms) if gap_ms >= due_after_ms else 0
        is_lost_rise = ends_lost_rise and kind is own and not high and event.value <= above
        if due > 1 or (due and arrived >= wanted) or is_lost_rise:  # a loss is left to the full evaluation
            break
        if (event.value > above) is not high:
            if not held or kind is not motion or (not high and at_ms >= end_ms + hold_ms):
                break
            if high:
                learned = learn_pulse(pulses, at_ms - high_ms) if exact and sensor.is_output_learned else pulses
                last_ms = max(high_ms, at_ms - excess_output_ms(learned, sensor))
                if last_ms + lone_ms <= at_ms:
                    break
                high, end_ms, pulses = False, last_ms, learned
            else:
                high, high_ms, exact, last_ms = True, at_ms, True, at_ms
            check_ms, newest = last_ms + lone_ms, True  # until then this motion alone keeps the space occupied
        last_event_ms, value, arrived = at_ms, event.value, arrived + due
    else:
        place = len(events)
    since_ms, full, begun_ms = known.alive_since_ms, known.has_full_hold, known.run_start_ms
    fresh = SensorState(
        device,
        name,
        last_event_ms,
        since_ms,
        high,
        high_ms,
        end_ms,
        full,
        value,
        begun_ms,
        own_kind=known.own_kind,
        is_rise_exact=exact,
        pulses=pulses,
        losses=losses if losses is None or not arrived else add_received(losses, arrived),
    )
    return place, fresh, min(check_ms, last_event_ms + silent_after_ms)
