"""Explain a state by the other sensors of the space, where they matter.

In:    evidence, the rules, a moment; the state at that moment and its reason.
Out:   other sensors: those that keep it taken too, those that cannot confirm vacancy yet, those that are silent.
Never: clocks; an evaluation of its own: it uses the results of judge.py.
"""

from collections.abc import Iterator
from typing import Final

from collector.contract.states import TAKEN_STATES, Because, Occupancy, OtherSensor, OtherSensorStatus
from collector.occupancy.evidence import CORROBORATING, Evidence, SensorRules, SensorState, SpaceRules, full_hold_ms
from collector.occupancy.judge import evaluate_sensor, has_earned_full_hold, is_alive, last_high_ms
from edge.contract.sensor_traits import LearningMethod

MAX_OTHER_SENSORS: Final = 3
"""Most other sensors in a retained state, so that it stays short; the most important come first."""
_ORDER: Final = (
    OtherSensorStatus.KEEPS_TAKEN,
    OtherSensorStatus.NEVER_REPORTED,
    OtherSensorStatus.SILENT,
    OtherSensorStatus.WARMING_UP,
)


def explain_other_sensors(
    evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy, because: Because
) -> tuple[OtherSensor, ...]:
    """Return the sensors that matter besides the reason of `state`; empty if all agree, or only one affects it.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment, Unix ms.
        state: the state at that moment.
        because: its reason.
    """
    if state is Occupancy.DISABLED or len(evidence.sensor_states) != len(rules.sensors):
        return ()
    found = [other for other in _find_others(evidence, rules, now_ms, state) if not _is_reason(other, because, state)]
    found.sort(key=lambda other: (_ORDER.index(other.status), -(other.until_ms or now_ms * 2)))
    return tuple(found[:MAX_OTHER_SENSORS])


def _find_others(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Iterator[OtherSensor]:
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if known is None:
            if sensor.learning_method not in CORROBORATING:
                yield OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.NEVER_REPORTED)
        elif sensor.learning_method is not LearningMethod.THRESHOLD or _has_learnt(known):
            hold_ms = full_hold_ms(evidence, sensor)
            if state in TAKEN_STATES and evaluate_sensor(known, sensor, hold_ms, now_ms, now_ms) is not None:
                yield _keeps_taken(known, sensor, hold_ms, now_ms)
            if not is_alive(known, sensor, now_ms):
                yield OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.SILENT, known.last_event_ms)
            elif state is Occupancy.UNKNOWN and now_ms < known.alive_since_ms + hold_ms:
                yield OtherSensor(
                    sensor.device,
                    sensor.sensor,
                    OtherSensorStatus.WARMING_UP,
                    known.alive_since_ms,
                    known.alive_since_ms + hold_ms,
                )


def _keeps_taken(known: SensorState, sensor: SensorRules, hold_ms: int, now_ms: int) -> OtherSensor:
    """Describe a sensor that keeps the space taken: while its evidence lasts, or until its hold ends."""
    last_ms = last_high_ms(known)
    if known.is_high and is_alive(known, sensor, now_ms):
        return OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.KEEPS_TAKEN, last_ms)
    until_ms = last_ms + (hold_ms if has_earned_full_hold(known) else sensor.lone_hold_ms)
    return OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.KEEPS_TAKEN, last_ms, until_ms)


def _is_reason(other: OtherSensor, because: Because, state: Occupancy) -> bool:
    """Return whether the reason already covers it. Silence of a sensor is separate from what it detected."""
    is_same_sensor = (other.device, other.sensor) == (because.device, because.sensor)
    return is_same_sensor and (state is Occupancy.UNKNOWN or other.status is OtherSensorStatus.KEEPS_TAKEN)


def _has_learnt(known: SensorState) -> bool:
    """Return whether a sound or light sensor has learned its threshold."""
    return known.threshold is not None and known.threshold.boundary is not None
