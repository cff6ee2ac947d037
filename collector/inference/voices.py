"""Explain a state by the other sensors of the space, where they matter.

In:    evidence, the rules, a moment; the state at that moment and its reason.
Out:   other sensors: those that keep it taken too, those that cannot confirm vacancy yet, those that are silent.
Never: clocks; an evaluation of its own: it uses the results of judge.py.
"""

from collections.abc import Iterator
from typing import Final

from collector.evidence import CORROBORATING, Evidence, Learns, SensorRules, SensorView, SpaceRules, hold_of
from collector.inference.judgement import alive, earned_full, last_high_ms, weigh
from collector.outward import TAKEN, Because, Occupancy, Says, Voice

MOST_VOICES: Final = 3
"""Most other sensors in a retained state, so that it stays short; the most important come first."""
_ORDER: Final = (Says.TAKEN, Says.UNHEARD, Says.SILENT, Says.SETTLING)


def voices_at(
    evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy, because: Because
) -> tuple[Voice, ...]:
    """Return the sensors that matter besides the reason of `state`; empty if all agree, or only one affects it.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment, Unix ms.
        state: the state at that moment.
        because: its reason.
    """
    if state is Occupancy.DISABLED or len(evidence.views) != len(rules.sensors):
        return ()
    found = [other for other in _find_others(evidence, rules, now_ms, state) if not _is_reason(other, because, state)]
    found.sort(key=lambda other: (_ORDER.index(other.says), -(other.until_ms or now_ms * 2)))
    return tuple(found[:MOST_VOICES])


def _find_others(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Iterator[Voice]:
    for known, sensor in zip(evidence.views, rules.sensors, strict=True):
        if known is None:
            if sensor.learns not in CORROBORATING:
                yield Voice(sensor.device, sensor.sensor, Says.UNHEARD)
        elif sensor.learns is not Learns.THRESHOLD or _has_learnt(known):
            hold_ms = hold_of(evidence, sensor)
            if state in TAKEN and weigh(known, sensor, hold_ms, now_ms, now_ms) is not None:
                yield _keeps_taken(known, sensor, hold_ms, now_ms)
            if not alive(known, sensor, now_ms):
                yield Voice(sensor.device, sensor.sensor, Says.SILENT, known.heard_ms)
            elif state is Occupancy.UNKNOWN and now_ms < known.since_ms + hold_ms:
                yield Voice(sensor.device, sensor.sensor, Says.SETTLING, known.since_ms, known.since_ms + hold_ms)


def _keeps_taken(known: SensorView, sensor: SensorRules, hold_ms: int, now_ms: int) -> Voice:
    """Describe a sensor that keeps the space taken: while its evidence lasts, or until its hold ends."""
    last_ms = last_high_ms(known)
    if known.high and alive(known, sensor, now_ms):
        return Voice(sensor.device, sensor.sensor, Says.TAKEN, last_ms)
    until_ms = last_ms + (hold_ms if earned_full(known) else sensor.lone_ms)
    return Voice(sensor.device, sensor.sensor, Says.TAKEN, last_ms, until_ms)


def _is_reason(other: Voice, because: Because, state: Occupancy) -> bool:
    """Return whether the reason already covers it. Silence of a sensor is separate from what it detected."""
    is_same_sensor = (other.device, other.sensor) == (because.device, because.sensor)
    return is_same_sensor and (state is Occupancy.UNKNOWN or other.says is Says.TAKEN)


def _has_learnt(known: SensorView) -> bool:
    """Return whether a sound or light sensor has learned its threshold."""
    return known.threshold is not None and known.threshold.boundary is not None
