"""Explain an evaluation: the reason of the state, and the other sensors where they matter.

In:    the evaluation of a space at a moment.
Out:   the reason; sensors that keep it taken too, that cannot confirm vacancy yet, or that are silent.
Never: clocks; an evaluation of its own: what a sensor supports and whether it is alive come from judge.py.
"""

from collections.abc import Iterator
from typing import Final

from collector.contract.states import TAKEN_STATES, Because, Occupancy, OtherSensor, OtherSensorStatus, Reason
from collector.occupancy.evidence import NEVER_MS
from collector.occupancy.judge import (
    SensorWitness,
    SpaceEvaluation,
    has_earned_full_hold,
    has_threshold,
    last_high_ms,
    may_vouch_alone,
)
from collector.occupancy.space_rules import CORROBORATING, full_hold_ms
from edge.contract.sensor_traits import LearningMethod, SensorRole

MAX_OTHER_SENSORS: Final = 3
"""Most other sensors in a retained state, so that it stays short; the most important come first."""
_ORDER: Final = (
    OtherSensorStatus.KEEPS_TAKEN,
    OtherSensorStatus.NEVER_REPORTED,
    OtherSensorStatus.SILENT,
    OtherSensorStatus.WARMING_UP,
)


def explain_state(evaluation: SpaceEvaluation) -> Because:
    """Return the reason of the state."""
    state = evaluation.state
    if state is Occupancy.DISABLED:
        return Because(Reason.DISABLED)
    if state is Occupancy.UNKNOWN:
        return _because_unknown(evaluation)
    if state is Occupancy.VACANT:
        newest = max(_list_presence(evaluation), key=lambda witness: last_high_ms(witness.known)).known
        if (quiet_ms := last_high_ms(newest)) > NEVER_MS:
            return Because(Reason.QUIET, newest.device, newest.sensor, quiet_ms)
        return Because(Reason.QUIET)
    if evaluation.rules.is_supply:
        living = [witness.known for witness in evaluation.witnesses if witness.is_alive]
        emptiest = min(living, key=lambda known: known.value)
        return Because(Reason.LEVEL, emptiest.device, emptiest.sensor, emptiest.last_event_ms)
    return _because_taken(evaluation)


def explain_other_sensors(evaluation: SpaceEvaluation, because: Because) -> tuple[OtherSensor, ...]:
    """Return the sensors that matter besides the reason; empty if all agree, or only one affects the state.

    Args:
        evaluation: of the space.
        because: the reason of its state.
    """
    if evaluation.state is Occupancy.DISABLED:
        return ()
    now_ms = evaluation.now_ms
    found = [other for other in _find_others(evaluation) if not _is_reason(other, because, evaluation.state)]
    found.sort(key=lambda other: (_ORDER.index(other.status), -(other.until_ms or now_ms * 2)))
    return tuple(found[:MAX_OTHER_SENSORS])


def _list_presence(evaluation: SpaceEvaluation) -> list[SensorWitness]:
    return [witness for witness in evaluation.witnesses if witness.sensor.role is not SensorRole.CONTACT]


def _list_doors(evaluation: SpaceEvaluation) -> list[SensorWitness]:
    return [witness for witness in evaluation.witnesses if witness.sensor.role is SensorRole.CONTACT]


def _because_unknown(evaluation: SpaceEvaluation) -> Because:
    evidence, rules = evaluation.evidence, evaluation.rules
    required = [
        (known, sensor, is_alive)
        for known, sensor, is_alive in zip(evidence.sensor_states, rules.sensors, evaluation.alive, strict=True)
        if sensor.learning_method not in CORROBORATING
        or (has_threshold(known) and (rules.has_direct_sensor or may_vouch_alone(known)))
    ]
    if all(sensor.role is SensorRole.CONTACT for _, sensor, _ in required):
        return Because(Reason.NO_SENSOR)
    for known, sensor, _ in required:
        if known is None:
            return Because(Reason.NEVER_REPORTED, sensor.device, sensor.sensor)
    reporting = [(known, sensor, is_alive) for known, sensor, is_alive in required if known is not None]
    for known, _, is_alive in reporting:
        if not is_alive:
            return Because(Reason.SILENT, known.device, known.sensor, known.last_event_ms)
    if evidence.is_somebody_inside:
        return _because_closed(evaluation)
    last, _, _ = max(reporting, key=lambda each: each[0].alive_since_ms + full_hold_ms(evidence, each[1]))
    return Because(Reason.WARMING_UP, last.device, last.sensor, last.alive_since_ms)


def _because_taken(evaluation: SpaceEvaluation) -> Because:
    supporting = [witness for witness in _list_presence(evaluation) if witness.support is evaluation.state]
    if not supporting:
        is_occupied = evaluation.state is Occupancy.OCCUPIED
        return _because_closed(evaluation) if is_occupied else _because_opened(evaluation)
    newest = max(supporting, key=lambda witness: last_high_ms(witness.known))
    return Because(newest.sensor.reason, newest.known.device, newest.known.sensor, last_high_ms(newest.known))


def _because_closed(evaluation: SpaceEvaluation) -> Because:
    door = max((witness.known for witness in _list_doors(evaluation)), key=lambda known: known.fell_ms)
    return Because(Reason.DOOR_CLOSED, door.device, door.sensor, door.fell_ms)


def _because_opened(evaluation: SpaceEvaluation) -> Because:
    """Explain `away` by a door: it opened, its contact is silent, or has only just reported again."""
    doors = _list_doors(evaluation)
    if not doors:  # the plan has a new contact
        missing = next(sensor for sensor in evaluation.rules.sensors if sensor.role is SensorRole.CONTACT)
        return Because(Reason.NEVER_REPORTED, missing.device, missing.sensor)
    opened = max((door.known for door in doors), key=lambda known: known.rose_ms)
    released_ms = evaluation.evidence.door_released_ms
    if opened.rose_ms >= released_ms > NEVER_MS:
        return Because(Reason.DOOR_OPENED, opened.device, opened.sensor, released_ms)
    for door in doors:
        if not door.is_alive:
            return Because(Reason.SILENT, door.known.device, door.known.sensor, door.known.last_event_ms)
    back = max((door.known for door in doors), key=lambda known: known.alive_since_ms)
    return Because(Reason.WARMING_UP, back.device, back.sensor, back.alive_since_ms)


def _find_others(evaluation: SpaceEvaluation) -> Iterator[OtherSensor]:
    for known, sensor in zip(evaluation.evidence.sensor_states, evaluation.rules.sensors, strict=True):
        if known is None and sensor.learning_method not in CORROBORATING:
            yield OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.NEVER_REPORTED)
    for witness in evaluation.witnesses:
        known, sensor = witness.known, witness.sensor
        if sensor.learning_method is LearningMethod.THRESHOLD and not has_threshold(known):
            continue
        warm_ms = known.alive_since_ms + full_hold_ms(evaluation.evidence, sensor)
        if evaluation.state in TAKEN_STATES and witness.support is not None:
            yield _keeps_taken(evaluation, witness)
        if not witness.is_alive:
            yield OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.SILENT, known.last_event_ms)
        elif evaluation.state is Occupancy.UNKNOWN and evaluation.now_ms < warm_ms:
            yield OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.WARMING_UP, known.alive_since_ms, warm_ms)


def _keeps_taken(evaluation: SpaceEvaluation, witness: SensorWitness) -> OtherSensor:
    """Describe a sensor that keeps the space taken: while its evidence lasts, or until its hold ends."""
    known, sensor = witness.known, witness.sensor
    last_ms = last_high_ms(known)
    if known.is_high and witness.is_alive:
        return OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.KEEPS_TAKEN, last_ms)
    hold_ms = (
        full_hold_ms(evaluation.evidence, sensor)
        if has_earned_full_hold(known, sensor, last_ms)
        else sensor.lone_hold_ms
    )
    return OtherSensor(sensor.device, sensor.sensor, OtherSensorStatus.KEEPS_TAKEN, last_ms, last_ms + hold_ms)


def _is_reason(other: OtherSensor, because: Because, state: Occupancy) -> bool:
    """Return whether the reason already covers it. Silence of a sensor is separate from what it detected."""
    is_same_sensor = (other.device, other.sensor) == (because.device, because.sensor)
    return is_same_sensor and (state is Occupancy.UNKNOWN or other.status is OtherSensorStatus.KEEPS_TAKEN)
