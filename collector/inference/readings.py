"""What a measured value says of a space, by what was learnt of its sensor: watts, sound, light and CO2.

In:    evidence as it was just before the reading, the sensor's view, the reading, the rules.
Out:   whether the sensor's level is high, and the view with what the reading taught.
Never: clocks, a threshold set by hand but for a pinned one.

Sound and light learn beside better sensors, those that see people themselves (threshold.py); a machine learns from
its own watts (two_levels.py). CO2 that rises is somebody's breath; that it falls, or is high, says nothing.
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
    """The view with what was learnt, and whether the level is high now."""
    if sensor.learns is Learns.LEVELS:
        levels = two_levels.learn(past.levels or two_levels.EMPTY, value)
        used = two_levels.in_use(levels, value, past.high)
        return replace(past, levels=levels), value > sensor.above if used is None else used
    if sensor.learns is Learns.BREATH:
        return _breath(evidence, past, value)
    if sensor.learns is Learns.THRESHOLD:
        present = beside(evidence, rules)
        fresh = threshold.SPARSE if sensor.role is Role.MOTION else threshold.STEADY
        known = threshold.learn(past.threshold or fresh, value, present, evidence.at_ms)
        high = _speaks(evidence, known, past, value)
        forgotten = high and present is False and _left_on(evidence, known, past)
        return replace(past, threshold=known), high and not forgotten
    return past, value > sensor.above


def _breath(evidence: Evidence, past: SensorView, value: float) -> tuple[SensorView, bool]:
    """Whether CO2 rises. The first reading of a slot is enough: a trend costs more than all the rest of a step."""
    now_ms, recent = evidence.at_ms, past.recent
    if recent and now_ms // SLOT_MS == recent[-1][0] // SLOT_MS:
        back = past.since_ms == now_ms  # it was silent, and counts as low since then
        return past, trend(recent) is Trend.RISING if back else past.high
    recent = thinned((*recent, (now_ms, value)))
    return replace(past, recent=recent), trend(recent) is Trend.RISING


def beside(evidence: Evidence, rules: SpaceRules) -> bool | None:
    """What the better sensors say at the newest event.

    True: one of them holds the space. False: every one lives and has been quiet for QUIET_MS. None: not sure.
    """
    if evidence.inside:
        return behind_door(evidence, rules, evidence.at_ms, evidence.at_ms) or None
    now_ms, better, quiet = evidence.at_ms, False, True
    for known, sensor in zip(evidence.views, rules.sensors, strict=True):
        if sensor.role is Role.CONTACT or sensor.learns in CORROBORATING:
            continue
        better = True
        if known is None:
            quiet = False
            continue
        if weigh(known, sensor, hold_of(evidence, sensor), now_ms, now_ms) is not None:
            return True
        since_ms = max(known.since_ms, last_high_ms(known))
        quiet = quiet and alive(known, sensor, now_ms) and now_ms - since_ms >= QUIET_MS
    return False if better and quiet else None


def _speaks(evidence: Evidence, known: threshold.Threshold, past: SensorView, value: float) -> bool:
    """Whether the value speaks for somebody: less is needed to keep a space taken than to take it."""
    if known.boundary is None:
        return False
    keeps = past.high or evidence.state in TAKEN
    return value > (known.boundary.keeps_above if keeps else known.boundary.takes_above)


def _left_on(evidence: Evidence, known: threshold.Threshold, past: SensorView) -> bool:
    """Whether it has been high without a pause for longer than anybody sits unseen: a lamp that was left on."""
    boundary = known.boundary
    unbroken = boundary is not None and past.value > boundary.keeps_above
    return unbroken and evidence.at_ms - past.high_ms >= QUIET_MS
