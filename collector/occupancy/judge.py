"""Evaluate one space at one moment from the newest states of its sensors.

In:    evidence, the rules, a moment.
Out:   the state at that moment, its reason, the health of the sensors, and when silence may change it.
Never: clocks, own memory.

Two moments: the state is evaluated at `now_ms`, and the silence of sensors is measured at `alive_ms`. They differ only
to look ahead: which state follows if nobody moves and the sensors keep sending heartbeats?
"""

from collections.abc import Iterator
from typing import Final

from collector.contract.states import TAKEN_STATES, Because, Occupancy, Reason, SpaceHealth
from collector.occupancy.evidence import (
    CORROBORATING,
    NEVER_MS,
    Evidence,
    SensorRules,
    SensorState,
    SpaceRules,
    full_hold_ms,
    hold_after_door_opens_ms,
)
from collector.occupancy.learning.threshold import may_vouch
from collector.occupancy.learning.tuning import FLIP_WINDOW_MS
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.sensor_traits import LearningMethod, SensorRole
from edge.timekeeping.durations import HOUR_MS

FULL_HOLD_AFTER_MS: Final = 20_000
"""Motion over a longer time than this earns the full hold: it is neither somebody who walks past, nor one movement
seen by two sensors."""

MAX_BEHIND_DOOR_MS: Final = 4 * HOUR_MS
"""Somebody behind a closed door may go undetected for at most this long; then the state is unknown. Four times the
longest gap of a badly placed motion sensor beside somebody (60 min, UCI 864). Without this bound, one error would hold
a room over a weekend."""


SensorPair = tuple[SensorState, SensorRules]


def is_alive(known: SensorState, sensor: SensorRules, alive_ms: int) -> bool:
    """Return whether the newest event of a sensor is recent enough."""
    return alive_ms < known.last_event_ms + sensor.silent_ms


def last_high_ms(known: SensorState) -> int:
    """Return the last moment at which a sensor was known to be high, or NEVER_MS."""
    return known.last_event_ms if known.is_high else known.fell_ms


def has_earned_full_hold(known: SensorState) -> bool:
    """Return whether the newest evidence of a sensor earns the full hold."""
    return known.has_full_hold or (
        known.run_start_ms > NEVER_MS and last_high_ms(known) - known.run_start_ms >= FULL_HOLD_AFTER_MS
    )


def evaluate_state(evidence: Evidence, rules: SpaceRules, now_ms: int, alive_ms: int) -> Occupancy:
    """Return the state: taken by any evidence, vacant only if every sensor confirms it, else unknown.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment to evaluate, Unix ms.
        alive_ms: when the silence of sensors is measured; usually `now_ms`.
    """
    if rules.is_disabled:
        return Occupancy.DISABLED
    if rules.is_supply:
        return _supply_at(evidence, rules, alive_ms)
    away = _door_hold_runs(evidence, rules, now_ms, alive_ms)
    vouched, sees = True, False
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if sensor.learning_method in CORROBORATING:
            if _is_no_evidence(known, sensor, alive_ms):
                continue
            vouched = vouched and (rules.has_direct_sensor or _may_vouch_alone(known))
        sees = sees or sensor.role is not SensorRole.CONTACT
        if known is None:
            vouched = False
            continue
        hold_ms = full_hold_ms(evidence, sensor)
        weight = evaluate_sensor(known, sensor, hold_ms, now_ms, alive_ms)
        if weight is Occupancy.OCCUPIED:
            return weight
        away = away or weight is not None
        vouched = vouched and is_alive(known, sensor, alive_ms) and now_ms >= known.alive_since_ms + hold_ms
    if is_behind_door(evidence, rules, now_ms, alive_ms):
        return Occupancy.OCCUPIED
    if away:
        return Occupancy.AWAY
    return Occupancy.VACANT if vouched and sees and not evidence.is_somebody_inside else Occupancy.UNKNOWN


def explain_state(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Because:
    """Return the reason of `state`, which `evaluate_state` returned for the same moment.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment, Unix ms.
        state: the state at that moment.
    """
    if state is Occupancy.DISABLED:
        return Because(Reason.DISABLED)
    if state is Occupancy.UNKNOWN:
        return _because_unknown(evidence, rules, now_ms)
    if state in TAKEN_STATES:
        return _because_taken(evidence, rules, now_ms, state)
    if state is Occupancy.VACANT:
        known, _ = max(_presence_pairs(evidence, rules), key=lambda pair: last_high_ms(pair[0]))
        if (quiet_ms := last_high_ms(known)) > NEVER_MS:
            return Because(Reason.QUIET, known.device, known.sensor, quiet_ms)
        return Because(Reason.QUIET)
    known, _ = min(_alive_pairs(evidence, rules, now_ms), key=lambda pair: pair[0].value)
    return Because(Reason.LEVEL, known.device, known.sensor, known.last_event_ms)


def evaluate_health(evidence: Evidence, rules: SpaceRules, now_ms: int) -> SpaceHealth:
    """Return the health: how many sensors are alive."""
    living = sum(1 for _ in _alive_pairs(evidence, rules, now_ms))
    if not living:
        return SpaceHealth.OFFLINE
    return SpaceHealth.HEALTHY if living == len(rules.sensors) else SpaceHealth.DEGRADED


def evaluate_level_pct(evidence: Evidence, rules: SpaceRules, now_ms: int) -> float | None:
    """Return the level of a supply in per cent, by its emptiest container; None if no sensor is alive or it is none."""
    if not rules.is_supply:
        return None
    return min((known.value for known, _ in _alive_pairs(evidence, rules, now_ms)), default=None)


def list_change_moments(evidence: Evidence, rules: SpaceRules, speaker: SensorState | None = None) -> list[int]:
    """Return every moment, in no order, at which time alone may change the state or the health.

    The silence of the sensor `speaker` is left out.
    """
    found: list[int] = []
    if rules.has_contact:
        longest_ms = hold_after_door_opens_ms(evidence, rules)
        found.append(evidence.door_released_ms + longest_ms)
        found += [known.last_event_ms + longest_ms for known, _ in _door_pairs(evidence, rules)]
        if evidence.is_somebody_inside:
            found.append(_seen_inside_ms(evidence, rules) + MAX_BEHIND_DOOR_MS)
    longer_ms = evidence.hold_statistics.offset_ms
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if known is None:
            continue
        if known is not speaker:
            found.append(known.last_event_ms + sensor.silent_ms)
        hold_ms = sensor.hold_ms + longer_ms if sensor.is_hold_learned else sensor.hold_ms
        last_ms = known.last_event_ms if known.is_high else known.fell_ms
        found += (known.alive_since_ms + hold_ms, last_ms + sensor.lone_hold_ms, last_ms + hold_ms)
    return found


def unchanged_until_ms(evidence: Evidence, rules: SpaceRules, speaker: SensorState) -> int:
    """Return until when time changes nothing, while the sensor `speaker`, one of the sensor states, repeats its level.

    What is measured from its newest event moves later with each event, and matters only once it is silent.
    """
    at_ms = evidence.at_ms
    return min(
        [moment for moment in list_change_moments(evidence, rules, speaker) if moment > at_ms], default=FOREVER_MS
    )


def was_held_in_full(evidence: Evidence, rules: SpaceRules, at_ms: int) -> bool:
    """Return whether a full hold runs, or ended so recently that somebody detected at `at_ms` was there all along."""
    if rules.has_contact and at_ms < evidence.door_released_ms + hold_after_door_opens_ms(evidence, rules):
        return True
    for known, sensor in _presence_pairs(evidence, rules):
        last_ms = at_ms if known.is_high and is_alive(known, sensor, at_ms) else last_high_ms(known)
        full = known.has_full_hold or (
            known.run_start_ms > NEVER_MS and last_ms - known.run_start_ms >= FULL_HOLD_AFTER_MS
        )
        if full and at_ms <= last_ms + full_hold_ms(evidence, sensor) + FLIP_WINDOW_MS:
            return True
    return False


def find_run_start_ms(evidence: Evidence, rules: SpaceRules, at_ms: int) -> int:
    """Return the start of the run of motions that a motion at `at_ms` continues; `at_ms` if it starts a run."""
    began_ms = at_ms
    for known, sensor in _presence_pairs(evidence, rules):
        if sensor.role is SensorRole.MOTION and known.run_start_ms < began_ms:
            last_ms = at_ms if known.is_high and is_alive(known, sensor, at_ms) else last_high_ms(known)
            if at_ms - last_ms <= rules.second_motion_ms and known.run_start_ms > NEVER_MS:
                began_ms = known.run_start_ms
    return began_ms


def evaluate_sensor(
    known: SensorState, sensor: SensorRules, hold_ms: int, now_ms: int, alive_ms: int
) -> Occupancy | None:
    """Return the state that one sensor's evidence supports: occupied, away, or None.

    Args:
        known: the state of the sensor.
        sensor: its rules.
        hold_ms: its full hold.
        now_ms: the moment to evaluate, Unix ms.
        alive_ms: when its silence is measured.
    """
    if sensor.role is SensorRole.CONTACT:
        return None
    if known.is_high and is_alive(known, sensor, alive_ms):
        return Occupancy.OCCUPIED
    quiet_ms = now_ms - last_high_ms(known)
    if quiet_ms < sensor.lone_hold_ms:
        return Occupancy.OCCUPIED
    if quiet_ms < hold_ms and has_earned_full_hold(known):
        return Occupancy.AWAY
    return None


def quiet_span_ms(evidence: Evidence, rules: SpaceRules, until_ms: int) -> int | None:
    """Return how long every sensor has been quiet since a full hold after motion; None if none ran.

    That is: the newest evidence is motion of a live sensor, and since then only its hold has kept the space taken, or
    has ended and left it vacant.
    """
    known, sensor = max(_presence_pairs(evidence, rules), key=lambda pair: last_high_ms(pair[0]), default=(None, None))
    if known is None or sensor is None or not sensor.is_hold_learned or known.is_high or not known.has_full_hold:
        return None
    quiet_ms, hold_ms = until_ms - known.fell_ms, full_hold_ms(evidence, sensor)
    if evidence.state is Occupancy.VACANT:
        held = evidence.since_ms == known.fell_ms + hold_ms
    else:
        held = evidence.state is Occupancy.AWAY and quiet_ms <= hold_ms
    return quiet_ms if held and is_alive(known, sensor, until_ms) else None


def is_behind_door(evidence: Evidence, rules: SpaceRules, now_ms: int, alive_ms: int) -> bool:
    """Return whether somebody is still behind a closed door; at most MAX_BEHIND_DOOR_MS after the last detection."""
    if not evidence.is_somebody_inside or closed_since_ms(evidence, rules, alive_ms) is None:
        return False
    return now_ms < _seen_inside_ms(evidence, rules) + MAX_BEHIND_DOOR_MS


def closed_since_ms(evidence: Evidence, rules: SpaceRules, at_ms: int) -> int | None:
    """Return since when every door of the space has been closed; None if one is open or unknown."""
    since_ms = None
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if sensor.role is SensorRole.CONTACT:
            if known is None or known.is_high or not is_alive(known, sensor, at_ms):
                return None
            since_ms = max(since_ms or known.fell_ms, known.fell_ms)
    return since_ms


def _known_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if known is not None:
            yield known, sensor


def _presence_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    return (pair for pair in _known_pairs(evidence, rules) if pair[1].role is not SensorRole.CONTACT)


def _door_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    return (pair for pair in _known_pairs(evidence, rules) if pair[1].role is SensorRole.CONTACT)


def _alive_pairs(evidence: Evidence, rules: SpaceRules, now_ms: int) -> Iterator[SensorPair]:
    return (pair for pair in _known_pairs(evidence, rules) if is_alive(*pair, now_ms))


def _is_no_evidence(known: SensorState | None, sensor: SensorRules, alive_ms: int) -> bool:
    """Return whether an indirect sensor is no evidence now: nothing learned yet, or CO2 does not rise."""
    if sensor.learning_method is LearningMethod.CO2_TREND:
        return known is None or not known.is_high or not is_alive(known, sensor, alive_ms)
    return not _has_threshold(known)


def _has_threshold(known: SensorState | None) -> bool:
    """Return whether a sound or light sensor has learned its threshold; before that it is no evidence."""
    return known is not None and known.threshold is not None and known.threshold.boundary is not None


def _may_vouch_alone(known: SensorState | None) -> bool:
    """Return whether an indirect sensor agrees well enough with direct ones to confirm vacancy alone."""
    return known is not None and known.threshold is not None and may_vouch(known.threshold)


def _seen_inside_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """Return when somebody was last detected behind the door."""
    return max((last_high_ms(known) for known, _ in _presence_pairs(evidence, rules)), default=NEVER_MS)


def _door_hold_runs(evidence: Evidence, rules: SpaceRules, now_ms: int, alive_ms: int) -> bool:
    """Return whether the hold after the door runs: it opened, or its contact fell silent."""
    if not rules.has_contact:
        return False
    hold_ms = hold_after_door_opens_ms(evidence, rules)
    if now_ms < evidence.door_released_ms + hold_ms:
        return True
    silent = [known for known, sensor in _door_pairs(evidence, rules) if not is_alive(known, sensor, alive_ms)]
    return (
        evidence.is_somebody_inside and bool(silent) and all(now_ms < known.last_event_ms + hold_ms for known in silent)
    )


def _supply_at(evidence: Evidence, rules: SpaceRules, alive_ms: int) -> Occupancy:
    stocked = [known.is_high for known, _ in _alive_pairs(evidence, rules, alive_ms)]
    if not stocked:
        return Occupancy.UNKNOWN
    return Occupancy.STOCKED if all(stocked) else Occupancy.LOW


def _because_unknown(evidence: Evidence, rules: SpaceRules, now_ms: int) -> Because:
    required = [
        (known, sensor)
        for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True)
        if sensor.learning_method not in CORROBORATING
        or (_has_threshold(known) and (rules.has_direct_sensor or _may_vouch_alone(known)))
    ]
    if all(sensor.role is SensorRole.CONTACT for _, sensor in required):
        return Because(Reason.NO_SENSOR)
    for known, sensor in required:
        if known is None:
            return Because(Reason.NEVER_REPORTED, sensor.device, sensor.sensor)
    reporting = [(known, sensor) for known, sensor in required if known is not None]
    for known, sensor in reporting:
        if not is_alive(known, sensor, now_ms):
            return Because(Reason.SILENT, known.device, known.sensor, known.last_event_ms)
    if evidence.is_somebody_inside:
        return _because_closed(evidence, rules)
    known, _ = max(reporting, key=lambda pair: pair[0].alive_since_ms + full_hold_ms(evidence, pair[1]))
    return Because(Reason.WARMING_UP, known.device, known.sensor, known.alive_since_ms)


def _because_taken(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Because:
    seeing = _presence_pairs(evidence, rules)
    supporting = [
        pair for pair in seeing if evaluate_sensor(*pair, full_hold_ms(evidence, pair[1]), now_ms, now_ms) is state
    ]
    if not supporting:
        occupied = state is Occupancy.OCCUPIED
        return _because_closed(evidence, rules) if occupied else _because_opened(evidence, rules, now_ms)
    known, sensor = max(supporting, key=lambda pair: last_high_ms(pair[0]))
    return Because(sensor.reason, known.device, known.sensor, last_high_ms(known))


def _because_closed(evidence: Evidence, rules: SpaceRules) -> Because:
    door, _ = max(_door_pairs(evidence, rules), key=lambda pair: pair[0].fell_ms)
    return Because(Reason.DOOR_CLOSED, door.device, door.sensor, door.fell_ms)


def _because_opened(evidence: Evidence, rules: SpaceRules, now_ms: int) -> Because:
    """Explain `away` by a door: it opened, its contact is silent, or has only just reported again."""
    doors = list(_door_pairs(evidence, rules))
    if not doors:  # the plan has a new contact
        missing = next(sensor for sensor in rules.sensors if sensor.role is SensorRole.CONTACT)
        return Because(Reason.NEVER_REPORTED, missing.device, missing.sensor)
    opened = max((known for known, _ in doors), key=lambda known: known.rose_ms)
    if opened.rose_ms >= evidence.door_released_ms > NEVER_MS:
        return Because(Reason.DOOR_OPENED, opened.device, opened.sensor, evidence.door_released_ms)
    for known, sensor in doors:
        if not is_alive(known, sensor, now_ms):
            return Because(Reason.SILENT, known.device, known.sensor, known.last_event_ms)
    back = max((known for known, _ in doors), key=lambda known: known.alive_since_ms)
    return Because(Reason.WARMING_UP, back.device, back.sensor, back.alive_since_ms)
