"""What one event changes in what a space's sensors last said.

In:    evidence as it was just before the event, the event, the rules.
Out:   evidence with the new view of that sensor; its state is still to be judged.
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
    """Take in one event; one of a sensor that does not bear on the space changes nothing but the key."""
    evidence = replace(evidence, key=event.key)
    index = rules.places.get((event.device, event.sensor))
    if index is None:
        return evidence
    sensor = rules.sensors[index]
    known = evidence.views[index]
    if event.kind is not sensor.own and event.kind is not Kind.HEARTBEAT:  # its battery: it lives, and no more
        if known is None or not alive(known, sensor, event.at_ms):
            return evidence
        return _seen(evidence, index, replace(known, heard_ms=event.at_ms))
    past = _until_now(known, sensor, hold_of(evidence, sensor), event)
    if sensor.role is Role.CONTACT:
        evidence = _door(evidence, past, known, event, high=event.value > sensor.above)
    fresh = _now(evidence, past, sensor, event, rules)
    if rules.contacts and sensor.sees:
        if event.kind is sensor.own and fresh.high and not past.high:
            evidence = _came(evidence, fresh, sensor, event, rules)
        elif known is not None and known.high and not fresh.high:
            evidence = _stayed(evidence, fresh, sensor, event, rules)
    return _seen(evidence, index, fresh)


def _seen(evidence: Evidence, index: int, fresh: SensorView) -> Evidence:
    return replace(evidence, views=(*evidence.views[:index], fresh, *evidence.views[index + 1 :]))


def _until_now(known: SensorView | None, sensor: SensorRules, hold_ms: int, event: Heard) -> SensorView:
    """The sensor's view up to the event; one that is new or back after silence begins low, with what it left."""
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
    """Whether a word or two got lost where all had been quiet for a hold: nobody settles down in so short a time.

    Where somebody was lately, the lost words may have told of more. A door opens and closes in a second.
    """
    quiet = not known.high and max(known.since_ms, known.end_ms) + hold_ms <= known.heard_ms
    return quiet and sensor.role is not Role.CONTACT and at_ms < known.heard_ms + 2 * sensor.silent_ms


def _now(evidence: Evidence, past: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules) -> SensorView:
    at_ms, value = event.at_ms, event.value
    own = event.kind is sensor.own
    over = not own and sensor.role is Role.MOTION and sensor.learns is Learns.THRESHOLD
    past, high = (past, False) if over else read(evidence, past, sensor, value, rules)  # a heartbeat repeats no sound
    if high and not past.high:
        full, begun_ms = True, past.begun_ms
        settling = own and at_ms < past.since_ms + hold_of(evidence, sensor)  # nobody knows that it was vacant before
        if sensor.role is Role.MOTION and not settling and not held_in_full(evidence, rules, at_ms):
            begun_ms = run_began_ms(evidence, rules, at_ms) if own else at_ms  # a heartbeat mends a level, no more
            full = at_ms - begun_ms >= PASSING_MS
        return replace(past, heard_ms=at_ms, high=True, high_ms=at_ms, full=full, value=value, begun_ms=begun_ms)
    if past.high and not high:
        # of a lost change only the last moment before it is known; that a door closed is believed from when it is known
        sure = own and sensor.learns is not Learns.THRESHOLD  # a reading tells of its own moment only
        end_ms = at_ms if sure or sensor.role is Role.CONTACT else past.heard_ms
        full = earned_full(replace(past, heard_ms=end_ms))
        return replace(past, heard_ms=at_ms, high=False, end_ms=end_ms, full=full, value=value)
    if sensor.role is Role.CONTACT and not high and past.since_ms == at_ms:
        return replace(past, heard_ms=at_ms, end_ms=at_ms, value=value)
    return replace(past, heard_ms=at_ms, value=value)


def _door(evidence: Evidence, past: SensorView, known: SensorView | None, event: Heard, *, high: bool) -> Evidence:
    """A door that opens, or was not heard for too long, lets go of who was inside."""
    if not evidence.inside or known is None or (past.since_ms == known.since_ms and not high):
        return evidence
    seen_ms = event.at_ms if event.kind is Kind.CONTACT_OPEN and past.since_ms == known.since_ms else known.heard_ms
    return replace(evidence, inside=False, opened_ms=max(evidence.opened_ms, seen_ms))


def _came(evidence: Evidence, fresh: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules) -> Evidence:
    """Two motions behind a closed door, or one seat taken there, mean somebody inside.

    One motion is not enough: it would lock up a room whose sensor erred once after the last person had left.
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


def _stayed(evidence: Evidence, fresh: SensorView, sensor: SensorRules, event: Heard, rules: SpaceRules) -> Evidence:
    """Who was seen without a pause for a hold after the door had closed is inside when sight of him or her is lost.

    A shorter time is what a sensor goes on saying of somebody who left; of motion that is the hold of a lone one. An
    output that is held says nothing of it.
    """
    closed_ms = closed_since_ms(evidence, rules, event.at_ms)
    if closed_ms is not None and fresh.end_ms - closed_ms >= (sensor.lone_ms or sensor.hold_ms) > 0:
        return replace(evidence, inside=True)
    return evidence
