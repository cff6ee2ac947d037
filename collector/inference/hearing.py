"""Apply one event to the newest states of a space's sensors.

In:    evidence just before the event, the event, the rules.
Out:   evidence with the new state of that sensor; the state of the space is still to be evaluated.
Never: clocks.
"""

from msgspec.structs import replace

from collector.evidence import NEVER, Evidence, Heard, Learns, Role, SensorRules, SensorView, SpaceRules, hold_of
from collector.inference.judgement import (
    PASSING_MS,
    alive,
    closed_since_ms,
    earned_full,
    held_in_full,
    last_high_ms,
    run_began_ms,
)
from collector.inference.readings import read
from edge.message import Kind


def hear(evidence: Evidence, event: Heard, rules: SpaceRules) -> Evidence:
    """Apply one event. An event of a sensor that does not affect the space changes only the key.

    Args:
        evidence: just before the event.
        event: the newest event of the space.
        rules: of that space.
    """
    evidence = replace(evidence, key=event.key)
    index = rules.places.get((event.device, event.sensor))
    if index is None:
        return evidence
    sensor = rules.sensors[index]
    known = evidence.views[index]
    if event.kind is not sensor.own and event.kind is not Kind.HEARTBEAT:  # such as its battery: only a sign of life
        if known is None or not alive(known, sensor, event.at_ms):
            return evidence
        return _with_view(evidence, index, replace(known, heard_ms=event.at_ms))
    past = _view_until(known, sensor, hold_of(evidence, sensor), event)
    if sensor.role is Role.CONTACT:
        evidence = _apply_door(evidence, past, known, event, high=event.value > sensor.above)
    fresh = _view_after(evidence, past, sensor, event, rules)
    if rules.contacts and sensor.sees:
        if event.kind is sensor.own and fresh.high and not past.high:
            evidence = _detect_inside(evidence, fresh, sensor, event, rules)
        elif known is not None and known.high and not fresh.high:
            evidence = _detect_staying(evidence, fresh, sensor, event, rules)
    return _with_view(evidence, index, fresh)


def _with_view(evidence: Evidence, index: int, fresh: SensorView) -> Evidence:
    return replace(evidence, views=(*evidence.views[:index], fresh, *evidence.views[index + 1 :]))


def _view_until(known: SensorView | None, sensor: SensorRules, hold_ms: int, event: Heard) -> SensorView:
    """Return the sensor state up to the event. If the sensor is new or back after silence, it begins low."""
    if known is None:
        known = SensorView(
            event.device,
            event.sensor,
            event.at_ms,
            event.at_ms,
            high=False,
            high_ms=NEVER,
            end_ms=NEVER,
            full=False,
            value=event.value,
            own=sensor.own,
        )
    elif not alive(known, sensor, event.at_ms) and not _only_late(known, sensor, hold_ms, event.at_ms):
        known = replace(known, since_ms=event.at_ms, high=False, end_ms=last_high_ms(known), full=earned_full(known))
    return known


def _only_late(known: SensorView, sensor: SensorRules, hold_ms: int, at_ms: int) -> bool:
    """Return whether only an event or two were lost after a full hold of quiet: too short for somebody to sit down.

    If somebody was there recently, the lost events may have shown more. A door can open and close within a second.
    """
    quiet = not known.high and max(known.since_ms, known.end_ms) + hold_ms <= known.heard_ms
    return quiet and sensor.role is not Role.CONTACT and at_ms < known.heard_ms + 2 * sensor.silent_ms


def _view_after(
    evidence: Evidence, past: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules
) -> SensorView:
    at_ms, value = event.at_ms, event.value
    own = event.kind is sensor.own
    over = not own and sensor.role is Role.MOTION and sensor.learns is Learns.THRESHOLD
    past, high = (past, False) if over else read(evidence, past, sensor, value, rules)  # heartbeats repeat no sound
    if high and not past.high:
        full, begun_ms = True, past.begun_ms
        is_warming_up = own and at_ms < past.since_ms + hold_of(evidence, sensor)  # it may have been taken before
        if sensor.role is Role.MOTION and not is_warming_up and not held_in_full(evidence, rules, at_ms):
            begun_ms = run_began_ms(evidence, rules, at_ms) if own else at_ms  # a heartbeat only corrects a level
            full = at_ms - begun_ms >= PASSING_MS
        return replace(past, heard_ms=at_ms, high=True, high_ms=at_ms, full=full, value=value, begun_ms=begun_ms)
    if past.high and not high:
        # If a change was lost, only the last moment before it is known. A closed door counts from when it is reported.
        sure = own and sensor.learns is not Learns.THRESHOLD  # a reading describes only its own moment
        end_ms = at_ms if sure or sensor.role is Role.CONTACT else past.heard_ms
        full = earned_full(replace(past, heard_ms=end_ms))
        return replace(past, heard_ms=at_ms, high=False, end_ms=end_ms, full=full, value=value)
    if sensor.role is Role.CONTACT and not high and past.since_ms == at_ms:
        return replace(past, heard_ms=at_ms, end_ms=at_ms, value=value)
    return replace(past, heard_ms=at_ms, value=value)


def _apply_door(
    evidence: Evidence, past: SensorView, known: SensorView | None, event: Heard, *, high: bool
) -> Evidence:
    """End `inside` when a door opens or its contact was silent for too long."""
    if not evidence.inside or known is None or (past.since_ms == known.since_ms and not high):
        return evidence
    seen_ms = event.at_ms if event.kind is Kind.CONTACT_OPEN and past.since_ms == known.since_ms else known.heard_ms
    return replace(evidence, inside=False, opened_ms=max(evidence.opened_ms, seen_ms))


def _detect_inside(
    evidence: Evidence, fresh: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules
) -> Evidence:
    """Set `inside` after two motions, or one seat taken, behind a closed door.

    One motion is not enough: a single sensor error after the last person left would lock the room.
    """
    closed_ms = closed_since_ms(evidence, rules, event.at_ms)
    if closed_ms is None or event.at_ms <= closed_ms:
        return evidence
    earlier = any(
        known is not None and other.sees and known.high_ms > closed_ms
        for known, other in zip(evidence.views, rules.sensors, strict=True)
    )
    if sensor.role is Role.LEVEL or (fresh.full and earlier):
        return replace(evidence, inside=True)
    return evidence


def _detect_staying(
    evidence: Evidence, fresh: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules
) -> Evidence:
    """Set `inside` when evidence ends that lasted without a break for a hold after the door had closed.

    A sensor may report somebody for a shorter time after they left; for motion that is the hold of a lone motion. The
    output of a held sensor proves nothing.
    """
    closed_ms = closed_since_ms(evidence, rules, event.at_ms)
    if closed_ms is not None and fresh.end_ms - closed_ms >= (sensor.lone_ms or sensor.hold_ms) > 0:
        return replace(evidence, inside=True)
    return evidence
