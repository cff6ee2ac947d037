"""Fast path for repeated levels: skip the evaluation when an event changes no state.

In:    evidence of one space, events in canonical order.
Out:   the evidence that evaluating each event would give, except for its bound `check_ms`.
Never: transitions. An event that may cause one is left to the full evaluation.
"""

from collections.abc import Sequence

from collector.evidence import Evidence, Heard, Learns, SensorView, SpaceRules, hold_of
from collector.inference.judgement import unchanged_until_ms
from collector.outward import Occupancy
from edge.message import Kind


def calm(evidence: Evidence, events: Sequence[Heard], first: int, rules: SpaceRules) -> tuple[Evidence, int]:
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
    index = rules.places.get((event.device, event.sensor), -1)
    views = evidence.views
    known = views[index] if 0 <= index < len(views) else None
    if known is None or rules.supply or rules.sensors[index].learns is not Learns.NOTHING:
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
        evidence.before,
        evidence.before_since_ms,
        evidence.before_because,
        check_ms,
        evidence.inside,
        evidence.opened_ms,
        (fresh,) if len(views) == 1 else (*views[:index], fresh, *views[index + 1 :]),
        evidence.tuned,
    )
    return taken, place


def _find_run(
    evidence: Evidence, known: SensorView, events: Sequence[Heard], first: int, rules: SpaceRules
) -> tuple[int, SensorView, int]:
    """Return the index after a sensor's run, its state after it, and until when silence then changes nothing."""
    name, device = known.sensor, known.device
    sensor = rules.sensors[rules.places[device, name]]
    own, above = sensor.own, sensor.above
    silent_ms, hold_ms, lone_ms = sensor.silent_ms, hold_of(evidence, sensor), sensor.lone_ms
    heard_ms, value = known.heard_ms, known.value
    high, high_ms, end_ms = known.high, known.high_ms, known.end_ms
    held = known.full and lone_ms > 0 and not rules.contacts and evidence.state is Occupancy.OCCUPIED
    check_ms, newest = evidence.check_ms, False
    alone, beat, motion = len(rules.sensors) == 1, Kind.HEARTBEAT, Kind.MOTION
    for place in range(first, len(events)):
        event = events[place]
        at_ms, kind = event.at_ms, event.kind
        if (kind is not own and kind is not beat) or not (alone or (event.sensor == name and event.device == device)):
            break
        if at_ms >= check_ms and not newest:  # the bound was computed before the newest event of this sensor
            check_ms, newest = unchanged_until_ms(evidence, rules, known), True
        if at_ms >= check_ms or at_ms >= heard_ms + silent_ms:
            break
        if (event.value > above) is not high:
            if not held or kind is not motion or (not high and at_ms >= end_ms + hold_ms):
                break
            high = not high
            if high:
                high_ms = at_ms
            else:
                end_ms = at_ms
            check_ms, newest = at_ms + lone_ms, True  # until then this motion alone keeps the space occupied
        heard_ms, value = at_ms, event.value
    else:
        place = len(events)
    since_ms, full, begun_ms = known.since_ms, known.full, known.begun_ms
    fresh = SensorView(device, name, heard_ms, since_ms, high, high_ms, end_ms, full, value, begun_ms, own=known.own)
    return place, fresh, min(check_ms, heard_ms + silent_ms)
