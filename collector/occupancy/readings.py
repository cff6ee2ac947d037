"""Interpret a measured value by what was learned of its sensor: power, sound, light and CO2.

In:    evidence just before the reading, the sensor state, the reading, the rules.
Out:   whether the sensor's level is high, and the sensor state with what the reading taught.
Never: clocks; a fixed threshold, unless the site file sets it.

Sound and light learn from direct sensors, which detect people (threshold.py). A machine learns from its own power
(power_levels.py). Rising CO2 means that somebody breathes, if it hardly ever rises as fast while nobody is there
(rising_air.py); falling or high CO2 is no evidence.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from collector.contract.states import TAKEN_STATES
from collector.occupancy.evidence import Evidence, SensorState
from collector.occupancy.judge import evaluate_sensor, is_alive, is_behind_door, last_high_ms
from collector.occupancy.learning import power_levels, rising_air, threshold
from collector.occupancy.learning.steady_signal import learn_steady_reading
from collector.occupancy.learning.threshold import EMPTY_AFTER_MS
from collector.occupancy.space_rules import CORROBORATING, SensorRules, SpaceRules, full_hold_ms
from collector.occupancy.zone_air import AIR_SLOT_MS, MIN_TREND_PPM_PER_H, compute_co2_slope, thin_readings
from edge.contract.sensor_traits import LearningMethod, SensorRole

NIGHT_HOURS: Final = range(5)
"""Local hours in which a space without direct sensors counts as empty, so that CO2 learns from them. At a site that is
used at night CO2 learns that its rises mean little, and has no effect."""


def evaluate_reading(
    evidence: Evidence, past: SensorState, sensor: SensorRules, value: float, rules: SpaceRules
) -> tuple[SensorState, bool]:
    """Return the sensor state with what was learned, and whether the level is high now.

    Args:
        evidence: just before the reading.
        past: the state of the sensor before it.
        sensor: the rules of the sensor.
        value: the reading, in the unit of its kind.
        rules: of the space.
    """
    if sensor.learning_method is LearningMethod.LEVELS:
        levels = power_levels.learn_power(past.power_levels or power_levels.EMPTY_HISTOGRAM, value)
        used = power_levels.is_in_use(levels, value, past.is_high)
        return replace(past, power_levels=levels), value > sensor.high_above if used is None else used
    if sensor.learning_method is LearningMethod.CO2_TREND:
        return _read_co2(evidence, past, value, rules)
    if sensor.learning_method is LearningMethod.THRESHOLD:
        present = evaluate_direct_sensors(evidence, rules)
        if sensor.role is SensorRole.MOTION:
            known = threshold.learn_reading(past.threshold or threshold.SPARSE_SIGNAL, value, present, evidence.at_ms)
        else:
            known = learn_steady_reading(past.threshold or threshold.STEADY_SIGNAL, value, present, evidence.at_ms)
        high = _is_above_boundary(evidence, known, past, value)
        left_on = high and present is False and _left_on(evidence, known, past)
        return replace(past, threshold=known), high and not left_on
    return past, value > sensor.high_above


def _read_co2(evidence: Evidence, past: SensorState, value: float, rules: SpaceRules) -> tuple[SensorState, bool]:
    """Return whether CO2 rises as it does with people.

    Uses only the first reading of a slot: a trend costs more than the rest of a step.
    """
    now_ms, recent, known = evidence.at_ms, past.recent_co2, past.threshold or rising_air.RISING_AIR
    if recent and now_ms // AIR_SLOT_MS == recent[-1][0] // AIR_SLOT_MS:
        back = past.alive_since_ms == now_ms  # it was silent, and has counted as low since
        return past, rising_air.is_evidence(known, compute_co2_slope(recent)) if back else past.is_high
    recent = thin_readings((*recent, (now_ms, value)))
    slope = compute_co2_slope(recent)
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(rules.time_zone)
    present = evaluate_direct_sensors(evidence, rules) if rules.has_direct_sensor else local.hour not in NIGHT_HOURS
    if slope is not None and present is not None:
        known = rising_air.learn_slope(known, slope, MIN_TREND_PPM_PER_H, local.toordinal(), present=present)
    return replace(past, recent_co2=recent, threshold=known), rising_air.is_evidence(known, slope)


def evaluate_direct_sensors(evidence: Evidence, rules: SpaceRules) -> bool | None:
    """Return what the direct sensors indicate at the newest event.

    True: one of them holds the space. False: all are alive and have been quiet for EMPTY_AFTER_MS. None: not sure.
    """
    if evidence.is_somebody_inside:
        return is_behind_door(evidence, rules, evidence.at_ms, evidence.at_ms) or None
    now_ms, has_direct, all_quiet = evidence.at_ms, False, True
    for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=True):
        if sensor.role is SensorRole.CONTACT or sensor.learning_method in CORROBORATING:
            continue
        has_direct = True
        if known is None:
            all_quiet = False
            continue
        is_reporting = is_alive(known, sensor, now_ms)
        if evaluate_sensor(known, sensor, full_hold_ms(evidence, sensor), now_ms, is_living=is_reporting) is not None:
            return True
        since_ms = max(known.alive_since_ms, last_high_ms(known))
        all_quiet = all_quiet and is_reporting and now_ms - since_ms >= EMPTY_AFTER_MS
    return False if has_direct and all_quiet else None


def _is_above_boundary(evidence: Evidence, known: threshold.ReadingHistogram, past: SensorState, value: float) -> bool:
    """Return whether the value indicates somebody: keeping a space taken needs less than taking it."""
    if known.boundary is None:
        return False
    keeps = past.is_high or evidence.state in TAKEN_STATES
    return value > (known.boundary.keeps_above if keeps else known.boundary.takes_above)


def _left_on(evidence: Evidence, known: threshold.ReadingHistogram, past: SensorState) -> bool:
    """Return whether it has been high without a break for longer than anybody sits undetected: a lamp left on."""
    boundary = known.boundary
    is_unbroken = boundary is not None and past.value > boundary.keeps_above
    return is_unbroken and evidence.at_ms - past.rose_ms >= EMPTY_AFTER_MS
