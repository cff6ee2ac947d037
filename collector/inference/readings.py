"""Interpret a measured value by what was learned of its sensor: power, sound, light and CO2.

In:    evidence just before the reading, the sensor state, the reading, the rules.
Out:   whether the sensor's level is high, and the sensor state with what the reading taught.
Never: clocks; a fixed threshold, unless the site file sets it.

Sound and light learn from direct sensors, which detect people (threshold.py). A machine learns from its own power
(two_levels.py). Rising CO2 means that somebody breathes; falling or high CO2 is no evidence.
"""

from msgspec.structs import replace

from collector.air import SLOT_MS, thinned, trend
from collector.evidence import CORROBORATING, Evidence, Learns, Role, SensorRules, SensorView, SpaceRules, hold_of
from collector.inference.judgement import alive, behind_door, last_high_ms, weigh
from collector.learning import threshold, two_levels
from collector.learning.threshold import QUIET_MS
from collector.outward import TAKEN, Trend


def read(
    evidence: Evidence, past: SensorView, sensor: SensorRules, value: float, rules: SpaceRules
) -> tuple[SensorView, bool]:
    """Return the sensor state with what was learned, and whether the level is high now.

    Args:
        evidence: just before the reading.
        past: the state of the sensor before it.
        sensor: the rules of the sensor.
        value: the reading, in the unit of its kind.
        rules: of the space.
    """
    if sensor.learns is Learns.LEVELS:
        levels = two_levels.learn(past.levels or two_levels.EMPTY, value)
        used = two_levels.in_use(levels, value, past.high)
        return replace(past, levels=levels), value > sensor.above if used is None else used
    if sensor.learns is Learns.BREATH:
        return _read_co2(evidence, past, value)
    if sensor.learns is Learns.THRESHOLD:
        present = beside(evidence, rules)
        fresh = threshold.SPARSE if sensor.role is Role.MOTION else threshold.STEADY
        known = threshold.learn(past.threshold or fresh, value, present, evidence.at_ms)
        high = _is_above_boundary(evidence, known, past, value)
        left_on = high and present is False and _left_on(evidence, known, past)
        return replace(past, threshold=known), high and not left_on
    return past, value > sensor.above


def _read_co2(evidence: Evidence, past: SensorView, value: float) -> tuple[SensorView, bool]:
    """Return whether CO2 rises. Uses only the first reading of a slot: a trend costs more than the rest of a step."""
    now_ms, recent = evidence.at_ms, past.recent
    if recent and now_ms // SLOT_MS == recent[-1][0] // SLOT_MS:
        back = past.since_ms == now_ms  # it was silent, and has counted as low since
        return past, trend(recent) is Trend.RISING if back else past.high
    recent = thinned((*recent, (now_ms, value)))
    return replace(past, recent=recent), trend(recent) is Trend.RISING


def beside(evidence: Evidence, rules: SpaceRules) -> bool | None:
    """Return what the direct sensors indicate at the newest event.

    True: one of them holds the space. False: all are alive and have been quiet for EMPTY_AFTER_MS. None: not sure.
    """
    if evidence.inside:
        return behind_door(evidence, rules, evidence.at_ms, evidence.at_ms) or None
    now_ms, has_direct, all_quiet = evidence.at_ms, False, True
    for known, sensor in zip(evidence.views, rules.sensors, strict=True):
        if sensor.role is Role.CONTACT or sensor.learns in CORROBORATING:
            continue
        has_direct = True
        if known is None:
            all_quiet = False
            continue
        if weigh(known, sensor, hold_of(evidence, sensor), now_ms, now_ms) is not None:
            return True
        since_ms = max(known.since_ms, last_high_ms(known))
        all_quiet = all_quiet and alive(known, sensor, now_ms) and now_ms - since_ms >= QUIET_MS
    return False if has_direct and all_quiet else None


def _is_above_boundary(evidence: Evidence, known: threshold.Threshold, past: SensorView, value: float) -> bool:
    """Return whether the value indicates somebody: keeping a space taken needs less than taking it."""
    if known.boundary is None:
        return False
    keeps = past.high or evidence.state in TAKEN
    return value > (known.boundary.keeps_above if keeps else known.boundary.takes_above)


def _left_on(evidence: Evidence, known: threshold.Threshold, past: SensorView) -> bool:
    """Return whether it has been high without a break for longer than anybody sits undetected: a lamp left on."""
    boundary = known.boundary
    is_unbroken = boundary is not None and past.value > boundary.keeps_above
    return is_unbroken and evidence.at_ms - past.high_ms >= QUIET_MS
