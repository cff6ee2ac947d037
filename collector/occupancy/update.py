"""Apply one event to the newest states of a space's sensors.

In:    evidence just before the event, the event, the rules.
Out:   evidence with the new state of that sensor; the state of the space is still to be evaluated.
Never: clocks.
"""

from msgspec.structs import replace

from collector.occupancy.evidence import NEVER_MS, Evidence, SensorState, StoredEvent
from collector.occupancy.judge import (
    FULL_HOLD_AFTER_MS,
    closed_since_ms,
    find_run_start_ms,
    has_earned_full_hold,
    is_alive,
    last_detection_ms,
    last_high_ms,
    may_restore_rise,
    was_held_in_full,
)
from collector.occupancy.learning.heartbeat_losses import learn_gap
from collector.occupancy.learning.output_length import learn_pulse
from collector.occupancy.readings import evaluate_reading
from collector.occupancy.space_rules import SensorRules, SpaceRules, full_hold_ms, silence_limit_ms
from edge.contract.message import EventKind
from edge.contract.sensor_traits import LearningMethod, SensorRole


def update_sensor(evidence: Evidence, event: StoredEvent, rules: SpaceRules) -> Evidence:
    """Apply one event. An event of a sensor that does not affect the space changes only the key.

    Args:
        evidence: just before the event.
        event: the newest event of the space.
        rules: of that space.
    """
    evidence = replace(evidence, key=event.key)
    index = rules.index_by_sensor.get((event.device, event.sensor))
    if index is None:
        return evidence
    sensor = rules.sensors[index]
    known = evidence.sensor_states[index]
    if (
        event.kind is not sensor.own_kind and event.kind is not EventKind.HEARTBEAT
    ):  # such as its battery: only a sign of life
        if known is None or not is_alive(known, sensor, event.at_ms):
            return evidence
        return _with_view(
            evidence, index, replace(_learn_losses(known, sensor, event.at_ms), last_event_ms=event.at_ms)
        )
    if known is not None and _was_rise_lost(known, sensor, event):
        evidence, known = _restore_rise(evidence, index, event, rules)
    past = _view_until(known, sensor, full_hold_ms(evidence, sensor), event)
    if sensor.role is SensorRole.CONTACT:
        evidence = _apply_door(evidence, past, known, event, high=event.value > sensor.high_above)
    fresh = _view_after(evidence, past, sensor, event, rules)
    if rules.has_contact and sensor.sees_people:
        if event.kind is sensor.own_kind and fresh.is_high and not past.is_high:
            evidence = _detect_inside(evidence, fresh, sensor, event, rules)
        elif known is not None and known.is_high and not fresh.is_high:
            evidence = _detect_staying(evidence, fresh, sensor, event, rules)
    return _with_view(evidence, index, fresh)


def _was_rise_lost(known: SensorState, sensor: SensorRules, event: StoredEvent) -> bool:
    """Return whether a sensor that loses messages reports the end of a movement or opening that is not known."""
    is_end = event.kind is sensor.own_kind and event.value <= sensor.high_above and not known.is_high
    return is_end and may_restore_rise(known, sensor) and is_alive(known, sensor, event.at_ms)


def _restore_rise(
    evidence: Evidence, index: int, event: StoredEvent, rules: SpaceRules
) -> tuple[Evidence, SensorState | None]:
    """Let a sensor become high when it reports the end; nothing is learned of how long it was high."""
    rise = replace(event, value=rules.sensors[index].high_above + 1)
    evidence = update_sensor(evidence, rise, rules)
    known = evidence.sensor_states[index]
    return evidence, known and replace(known, is_rise_exact=False)


def _with_view(evidence: Evidence, index: int, fresh: SensorState) -> Evidence:
    return replace(
        evidence, sensor_states=(*evidence.sensor_states[:index], fresh, *evidence.sensor_states[index + 1 :])
    )


def _view_until(known: SensorState | None, sensor: SensorRules, hold_ms: int, event: StoredEvent) -> SensorState:
    """Return the sensor state up to the event. If the sensor is new or back after silence, it begins low."""
    if known is None:
        known = SensorState(
            event.device,
            event.sensor,
            event.at_ms,
            event.at_ms,
            is_high=False,
            rose_ms=NEVER_MS,
            fell_ms=NEVER_MS,
            has_full_hold=False,
            value=event.value,
            own_kind=sensor.own_kind,
        )
    elif not is_alive(known, sensor, event.at_ms) and not _only_late(known, sensor, hold_ms, event.at_ms):
        known = replace(
            known,
            alive_since_ms=event.at_ms,
            is_high=False,
            fell_ms=last_high_ms(known),
            has_full_hold=has_earned_full_hold(known, sensor, last_high_ms(known)),
        )
    return _learn_losses(known, sensor, event.at_ms)


def _learn_losses(known: SensorState, sensor: SensorRules, at_ms: int) -> SensorState:
    """Learn from the time since the newest event how many messages are lost."""
    if not sensor.is_loss_learned:
        return known
    gap_ms = at_ms - known.last_event_ms
    losses = learn_gap(known.losses, gap_ms, sensor.heartbeat_ms, sensor.max_silent_ms)
    return known if losses == known.losses else replace(known, losses=losses)


def _only_late(known: SensorState, sensor: SensorRules, hold_ms: int, at_ms: int) -> bool:
    """Return whether only an event or two were lost after a full hold of quiet: too short for somebody to sit down.

    If somebody was there recently, the lost events may have shown more. A door can open and close within a second.
    """
    quiet = not known.is_high and max(known.alive_since_ms, known.fell_ms) + hold_ms <= known.last_event_ms
    return (
        quiet
        and sensor.role is not SensorRole.CONTACT
        and at_ms < known.last_event_ms + 2 * silence_limit_ms(known, sensor)
    )


def _view_after(
    evidence: Evidence, past: SensorState, sensor: SensorRules, event: StoredEvent, rules: SpaceRules
) -> SensorState:
    at_ms, value = event.at_ms, event.value
    own = event.kind is sensor.own_kind
    over = not own and sensor.role is SensorRole.MOTION and sensor.learning_method is LearningMethod.THRESHOLD
    past, high = (
        (past, False) if over else evaluate_reading(evidence, past, sensor, value, rules)
    )  # heartbeats repeat no sound
    if high and not past.is_high:
        full, begun_ms = True, past.run_start_ms
        is_warming_up = own and at_ms < past.alive_since_ms + full_hold_ms(
            evidence, sensor
        )  # it may have been taken before
        if sensor.role is SensorRole.MOTION and not is_warming_up and not was_held_in_full(evidence, rules, at_ms):
            begun_ms = find_run_start_ms(evidence, rules, at_ms) if own else at_ms  # a heartbeat only corrects a level
            full = at_ms - begun_ms >= FULL_HOLD_AFTER_MS
        return replace(
            past,
            last_event_ms=at_ms,
            is_high=True,
            rose_ms=at_ms,
            has_full_hold=full,
            value=value,
            run_start_ms=begun_ms,
            is_rise_exact=own,
        )
    if past.is_high and not high:
        # If a change was lost, only the last moment before it is known. A closed door counts from when it is reported.
        sure = own and sensor.learning_method is not LearningMethod.THRESHOLD  # a reading describes only its own moment
        end_ms = at_ms if sure or sensor.role is SensorRole.CONTACT else past.last_event_ms
        if sensor.is_output_learned and sure and past.is_rise_exact:
            past = replace(past, pulses=learn_pulse(past.pulses, end_ms - past.rose_ms))
        if sensor.role is not SensorRole.CONTACT:
            end_ms = last_detection_ms(past, sensor, end_ms)
        full = has_earned_full_hold(replace(past, is_high=False), sensor, end_ms)
        return replace(past, last_event_ms=at_ms, is_high=False, fell_ms=end_ms, has_full_hold=full, value=value)
    if sensor.role is SensorRole.CONTACT and not high and past.alive_since_ms == at_ms:
        return replace(past, last_event_ms=at_ms, fell_ms=at_ms, value=value)
    return replace(past, last_event_ms=at_ms, value=value)


def _apply_door(
    evidence: Evidence, past: SensorState, known: SensorState | None, event: StoredEvent, *, high: bool
) -> Evidence:
    """End `inside` when a door opens or its contact was silent for too long."""
    if not evidence.is_somebody_inside or known is None or (past.alive_since_ms == known.alive_since_ms and not high):
        return evidence
    seen_ms = (
        event.at_ms
        if event.kind is EventKind.CONTACT_OPEN and past.alive_since_ms == known.alive_since_ms
        else known.last_event_ms
    )
    return replace(evidence, is_somebody_inside=False, door_released_ms=max(evidence.door_released_ms, seen_ms))


def _detect_inside(
    evidence: Evidence, fresh: SensorState, sensor: SensorRules, event: StoredEvent, rules: SpaceRules
) -> Evidence:
    """Set `inside` after two motions, or one seat taken, behind a closed door.

    One motion is not enough: a single sensor error after the last person left would lock the room.
    """
    closed_ms = closed_since_ms(evidence, rules, event.at_ms)
    if closed_ms is None or event.at_ms <= closed_ms:
        return evidence
    earlier = any(
        known is not None and other.sees_people and known.rose_ms > closed_ms
        for known, other in zip(evidence.sensor_states, rules.sensors, strict=True)
    )
    if sensor.role is SensorRole.LEVEL or (fresh.has_full_hold and earlier):
        return replace(evidence, is_somebody_inside=True)
    return evidence


def _detect_staying(
    evidence: Evidence, fresh: SensorState, sensor: SensorRules, event: StoredEvent, rules: SpaceRules
) -> Evidence:
    """Set `inside` when evidence ends that lasted without a break for a hold after the door had closed.

    A sensor may report somebody for a shorter time after they left; for motion that is the hold of a lone motion. The
    output of a held sensor proves nothing.
    """
    closed_ms = closed_since_ms(evidence, rules, event.at_ms)
    if closed_ms is not None and fresh.fell_ms - closed_ms >= (sensor.lone_hold_ms or sensor.hold_ms) > 0:
        return replace(evidence, is_somebody_inside=True)
    return evidence
