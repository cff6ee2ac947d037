"""Evaluate one space at one moment from the newest states of its sensors.

In:    evidence, the rules, a moment.
Out:   one `SpaceEvaluation`: the state, which sensors are alive, and what each supports; when time may change it.
Never: clocks, own memory, reasons (explain.py derives them from the evaluation).

Two moments: the state is evaluated at `now_ms`, and the silence of sensors is measured at `alive_ms`. They differ only
to look ahead: which state follows if nobody moves and the sensors keep sending heartbeats?
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from collector.contract.states import FLIP_PERIOD_MS, Occupancy, SpaceHealth
from collector.occupancy.evidence import NEVER_MS, Evidence, SensorState
from collector.occupancy.learning.threshold import may_vouch
from collector.occupancy.space_rules import (
    CORROBORATING,
    SensorRules,
    SpaceRules,
    excess_output_ms,
    full_hold_ms,
    hold_after_door_opens_ms,
    silence_limit_ms,
)
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

# Every evaluation compares with these. Python 3.11 looks a global up ten times as fast as a member of an enum's class.
_OCCUPIED: Final = Occupancy.OCCUPIED
_AWAY: Final = Occupancy.AWAY
_CONTACT: Final = SensorRole.CONTACT
_MOTION: Final = SensorRole.MOTION
_NOTHING: Final = LearningMethod.NOTHING


SensorPair = tuple[SensorState, SensorRules]


class SensorWitness(Struct, frozen=True, gc=False):
    """One sensor in an evaluation."""

    known: SensorState
    sensor: SensorRules
    is_alive: bool
    support: Occupancy | None
    """The state that its evidence supports: occupied, away, or None."""


def is_alive(known: SensorState, sensor: SensorRules, alive_ms: int) -> bool:
    """Return whether the newest event of a sensor is recent enough."""
    return alive_ms < known.last_event_ms + silence_limit_ms(known, sensor)


def may_restore_rise(known: SensorState, sensor: SensorRules) -> bool:
    """Return whether a reported end shows that its beginning was lost: of a movement or of an opening.

    Both are short, so that a heartbeat seldom shows one whose beginning was lost. A level that has not changed is
    repeated by heartbeats, never in its own kind (firmware-config/contract.md).
    """
    is_short = sensor.role is _CONTACT or (sensor.role is _MOTION and sensor.learning_method is _NOTHING)
    return is_short and known.losses is not None and known.losses.tolerated > 0


def last_high_ms(known: SensorState) -> int:
    """Return the last moment at which a sensor was known to be high, or NEVER_MS."""
    return known.last_event_ms if known.is_high else known.fell_ms


def last_detection_ms(known: SensorState, sensor: SensorRules, high_until_ms: int) -> int:
    """Return when a sensor last detected somebody for sure, if its output was high until then.

    An output stays high for a while after each detection, so that time before its end proves nothing.
    """
    return max(known.rose_ms, high_until_ms - excess_output_ms(known.pulses, sensor))


def has_earned_full_hold(known: SensorState, sensor: SensorRules, high_until_ms: int) -> bool:
    """Return whether the newest evidence of a sensor earns the full hold.

    Args:
        known: the state of the sensor.
        sensor: its rules.
        high_until_ms: the last moment at which it was known to be high, Unix ms.
    """
    if known.has_full_hold or known.run_start_ms <= NEVER_MS:
        return known.has_full_hold
    last_ms = last_detection_ms(known, sensor, high_until_ms) if known.is_high else high_until_ms
    return last_ms - known.run_start_ms >= FULL_HOLD_AFTER_MS


class SpaceEvaluation(Struct, frozen=True, gc=False):
    """The result of evaluating one space at one moment. Reason, health and level are derived from it."""

    evidence: Evidence
    rules: SpaceRules
    now_ms: int
    state: Occupancy
    alive: list[bool]
    """Whether each sensor of the rules is alive."""
    supports: list[Occupancy | None]
    """The state that each sensor's evidence supports: occupied, away, or None."""

    @property
    def witnesses(self) -> Iterator[SensorWitness]:
        """The sensors that have reported, in the order of the rules."""
        for known, sensor, is_alive_now, support in zip(
            self.evidence.sensor_states, self.rules.sensors, self.alive, self.supports, strict=True
        ):
            if known is not None:
                yield SensorWitness(known, sensor, is_alive_now, support)

    @property
    def health(self) -> SpaceHealth:
        """How many sensors are alive."""
        living = sum(self.alive)
        if not living:
            return SpaceHealth.OFFLINE
        return SpaceHealth.HEALTHY if living == len(self.alive) else SpaceHealth.DEGRADED

    @property
    def level_pct(self) -> float | None:
        """The level of a supply in per cent, by its emptiest container; None if no sensor is alive or it is none."""
        if not self.rules.is_supply:
            return None
        return min((witness.known.value for witness in self.witnesses if witness.is_alive), default=None)


def evaluate_space(evidence: Evidence, rules: SpaceRules, now_ms: int, alive_ms: int) -> SpaceEvaluation:
    """Evaluate a space: taken by any evidence, vacant only if every sensor confirms it, else unknown.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        now_ms: the moment to evaluate, Unix ms.
        alive_ms: when the silence of sensors is measured; usually `now_ms`.
    """
    alive: list[bool] = []
    supports: list[Occupancy | None] = []
    is_occupied, is_away, is_vouched, sees = False, False, True, False
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        is_living, support, hold_ms = False, None, 0
        if known is not None:
            hold_ms = full_hold_ms(evidence, sensor)
            silent_after_ms = sensor.silent_after_ms if known.losses is None else silence_limit_ms(known, sensor)
            is_living = alive_ms < known.last_event_ms + silent_after_ms
            support = evaluate_sensor(known, sensor, hold_ms, now_ms, is_living=is_living)
        alive.append(is_living)
        supports.append(support)
        method = sensor.learning_method
        if method is not _NOTHING and method in CORROBORATING:  # identity is much faster than a hash
            if _is_no_evidence(known, sensor, is_living=is_living):
                continue
            is_vouched = is_vouched and (rules.has_direct_sensor or may_vouch_alone(known))
        sees = sees or sensor.role is not _CONTACT
        is_occupied = is_occupied or support is _OCCUPIED
        is_away = is_away or support is not None
        is_vouched = is_vouched and known is not None and is_living and now_ms >= known.alive_since_ms + hold_ms
    if rules.is_disabled:
        state = Occupancy.DISABLED
    elif rules.is_supply:
        state = _evaluate_supply(evidence, alive)
    elif is_occupied or is_behind_door(evidence, rules, now_ms, alive_ms):
        state = _OCCUPIED
    elif is_away or _door_hold_runs(evidence, rules, now_ms, alive_ms):
        state = _AWAY
    else:
        is_vacant = is_vouched and sees and not evidence.is_somebody_inside
        state = Occupancy.VACANT if is_vacant else Occupancy.UNKNOWN
    return SpaceEvaluation(evidence, rules, now_ms, state, alive, supports)


def list_change_moments(evidence: Evidence, rules: SpaceRules) -> list[int]:
    """Return every moment, in no order, at which time alone may change the state or the health.

    It is no part of an evaluation: most evaluations need no moments.
    """
    moments = _list_door_moments(evidence, rules) if rules.has_contact else []
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if known is not None:
            hold_ms = full_hold_ms(evidence, sensor)
            last_event_ms = known.last_event_ms
            last_ms = last_event_ms if known.is_high else known.fell_ms
            moments += (
                last_event_ms + silence_limit_ms(known, sensor),
                known.alive_since_ms + hold_ms,
                last_ms + sensor.lone_hold_ms,
                last_ms + hold_ms,
            )
    return moments


def unchanged_until_ms(evidence: Evidence, rules: SpaceRules, repeating: SensorState, silent_after_ms: int) -> int:
    """Return until when time alone changes nothing, if one sensor goes on repeating its level.

    Each repetition postpones what is measured from the newest event of that sensor, such as the time at which it
    becomes silent; so these moments do not count.

    Args:
        evidence: of the space, up to its newest event.
        rules: of that space.
        repeating: the state of that sensor.
        silent_after_ms: how long it may send no event before it counts as silent.
    """
    at_ms = evidence.at_ms
    moments = list_change_moments(evidence, rules)
    moments.remove(repeating.last_event_ms + silent_after_ms)
    return min([moment for moment in moments if moment > at_ms], default=FOREVER_MS)


def was_held_in_full(evidence: Evidence, rules: SpaceRules, at_ms: int) -> bool:
    """Return whether a full hold runs, or ended so recently that somebody detected at `at_ms` was there all along."""
    if rules.has_contact and at_ms < evidence.door_released_ms + hold_after_door_opens_ms(evidence, rules):
        return True
    for known, sensor in _presence_pairs(evidence, rules):
        last_ms = at_ms if known.is_high and is_alive(known, sensor, at_ms) else last_high_ms(known)
        is_recent = at_ms <= last_ms + full_hold_ms(evidence, sensor) + FLIP_PERIOD_MS
        if is_recent and has_earned_full_hold(known, sensor, last_ms):
            return True
    return False


def find_run_start_ms(evidence: Evidence, rules: SpaceRules, at_ms: int) -> int:
    """Return the start of the run of motions that a motion at `at_ms` continues; `at_ms` if it starts a run."""
    began_ms = at_ms
    for known, sensor in _presence_pairs(evidence, rules):
        if sensor.role is _MOTION and known.run_start_ms < began_ms:
            last_ms = at_ms if known.is_high and is_alive(known, sensor, at_ms) else last_high_ms(known)
            if at_ms - last_ms <= rules.second_motion_ms + sensor.undetected_ms and known.run_start_ms > NEVER_MS:
                began_ms = known.run_start_ms
    return began_ms


def evaluate_sensor(
    known: SensorState, sensor: SensorRules, hold_ms: int, now_ms: int, *, is_living: bool
) -> Occupancy | None:
    """Return the state that one sensor's evidence supports: occupied, away, or None.

    Args:
        known: the state of the sensor.
        sensor: its rules.
        hold_ms: its full hold.
        now_ms: the moment to evaluate, Unix ms.
        is_living: whether its newest event is recent enough.
    """
    if sensor.role is _CONTACT:
        return None
    if known.is_high and is_living:
        return _OCCUPIED
    last_ms = known.last_event_ms if known.is_high else known.fell_ms
    quiet_ms = now_ms - last_ms
    if quiet_ms < sensor.lone_hold_ms:
        return _OCCUPIED
    if quiet_ms < hold_ms and has_earned_full_hold(known, sensor, last_ms):
        return _AWAY
    return None


def find_quiet_span(evidence: Evidence, rules: SpaceRules, until_ms: int) -> tuple[SensorRules, int] | None:
    """Return for how long every sensor has been quiet since a full hold began, and after which sensor; None: none ran.

    That is: the newest evidence is of a live sensor, and since then only holds have kept the space taken, or have ended
    and left it vacant. No door was used in between: somebody who passes a door was not there all along.
    """
    pairs = list(_presence_pairs(evidence, rules))
    known, sensor = max(pairs, key=lambda pair: last_high_ms(pair[0]), default=(None, None))
    if known is None or sensor is None or not sensor.is_hold_learned or known.is_high or not known.has_full_hold:
        return None
    if any(max(door.rose_ms, door.fell_ms) > known.fell_ms for door, _ in _door_pairs(evidence, rules)):
        return None
    ends_ms = max(last_high_ms(one) + _earned_hold_ms(evidence, one, rule) for one, rule in pairs)
    if evidence.state is Occupancy.VACANT:
        held = evidence.since_ms == ends_ms
    else:
        held = evidence.state is _AWAY and until_ms <= ends_ms
    return (sensor, until_ms - known.fell_ms) if held and is_alive(known, sensor, until_ms) else None


def _earned_hold_ms(evidence: Evidence, known: SensorState, sensor: SensorRules) -> int:
    has_full_hold = has_earned_full_hold(known, sensor, last_high_ms(known))
    return full_hold_ms(evidence, sensor) if has_full_hold else sensor.lone_hold_ms


def is_behind_door(evidence: Evidence, rules: SpaceRules, now_ms: int, alive_ms: int) -> bool:
    """Return whether somebody is still behind a closed door; at most MAX_BEHIND_DOOR_MS after the last detection."""
    if not evidence.is_somebody_inside or closed_since_ms(evidence, rules, alive_ms) is None:
        return False
    return now_ms < _seen_inside_ms(evidence, rules) + MAX_BEHIND_DOOR_MS


def closed_since_ms(evidence: Evidence, rules: SpaceRules, at_ms: int) -> int | None:
    """Return since when every door of the space has been closed; None if one is open or unknown."""
    since_ms = None
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if sensor.role is _CONTACT:
            if known is None or known.is_high or not is_alive(known, sensor, at_ms):
                return None
            since_ms = max(since_ms or known.fell_ms, known.fell_ms)
    return since_ms


def _known_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if known is not None:
            yield known, sensor


def _presence_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    return (pair for pair in _known_pairs(evidence, rules) if pair[1].role is not _CONTACT)


def _door_pairs(evidence: Evidence, rules: SpaceRules) -> Iterator[SensorPair]:
    return (pair for pair in _known_pairs(evidence, rules) if pair[1].role is _CONTACT)


def has_threshold(known: SensorState | None) -> bool:
    """Return whether a sound or light sensor has learned its threshold; before that it is no evidence."""
    return known is not None and known.threshold is not None and known.threshold.boundary is not None


def may_vouch_alone(known: SensorState | None) -> bool:
    """Return whether an indirect sensor agrees well enough with direct ones to confirm vacancy alone."""
    return known is not None and known.threshold is not None and may_vouch(known.threshold)


def _is_no_evidence(known: SensorState | None, sensor: SensorRules, *, is_living: bool) -> bool:
    """Return whether an indirect sensor is no evidence now: nothing learned yet, or CO2 does not rise."""
    if sensor.learning_method is LearningMethod.CO2_TREND:
        return known is None or not known.is_high or not is_living
    return not has_threshold(known)


def _seen_inside_ms(evidence: Evidence, rules: SpaceRules) -> int:
    """Return when somebody was last detected behind the door."""
    return max((last_high_ms(known) for known, _ in _presence_pairs(evidence, rules)), default=NEVER_MS)


def _list_door_moments(evidence: Evidence, rules: SpaceRules) -> list[int]:
    """Return the moments at which a hold after a door, or the bound behind a closed door, ends."""
    longest_ms = hold_after_door_opens_ms(evidence, rules)
    moments = [evidence.door_released_ms + longest_ms]
    moments += [known.last_event_ms + longest_ms for known, _ in _door_pairs(evidence, rules)]
    if evidence.is_somebody_inside:
        moments.append(_seen_inside_ms(evidence, rules) + MAX_BEHIND_DOOR_MS)
    return moments


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


def _evaluate_supply(evidence: Evidence, alive: list[bool]) -> Occupancy:
    stocked = [
        known.is_high for known, is_living in zip(evidence.sensor_states, alive, strict=True) if known and is_living
    ]
    if not stocked:
        return Occupancy.UNKNOWN
    return Occupancy.STOCKED if all(stocked) else Occupancy.LOW
