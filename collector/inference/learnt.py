"""Learned values of a space, as published: its hold after motion, its thresholds, its machine's power levels.

In:    evidence of one space, its rules.
Out:   `Tuning`; None for a space that learns nothing.
Never: clocks, times of single visits: shares and levels only.
"""

from typing import Final

from collector.evidence import Evidence, Learns, SensorRules, SensorView, SpaceRules
from collector.learning.threshold import agreement
from collector.learning.two_levels import switching
from collector.outward import HoldTuning, SensorTuning, Tuning

LEAST_ENDS: Final = 5
"""Fewest quiet spans of a published share: fewer would describe a single visit, and nothing about the hold."""


def learnt(evidence: Evidence, rules: SpaceRules) -> Tuning | None:
    """Build the learned values of a space from its evidence."""
    if rules.supply or rules.disabled:
        return None
    hold = _hold_values(evidence, rules) if any(sensor.tunes for sensor in rules.sensors) else None
    found = (_sensor_values(known, sensor) for known, sensor in zip(evidence.views, rules.sensors, strict=False))
    sensors = [sensor for sensor in found if sensor is not None]
    return Tuning(hold=hold, sensors=sensors) if hold or sensors else None


def _hold_values(evidence: Evidence, rules: SpaceRules) -> HoldTuning:
    tuned, bounds = evidence.tuned, rules.bounds
    return HoldTuning(
        hold_ms=bounds.start_ms + tuned.longer_ms,
        start_ms=bounds.start_ms,
        least_ms=bounds.least_ms,
        most_ms=bounds.most_ms,
        flip_share=_share(tuned.flips, tuned.ends),
        start_flip_share=_share(tuned.start_flips, tuned.start_ends),
    )


def _share(flips: float, ends: float) -> float | None:
    return round(flips / ends, 2) if ends >= LEAST_ENDS else None


def _sensor_values(known: SensorView | None, sensor: SensorRules) -> SensorTuning | None:
    if known is None:
        return None
    if sensor.learns is Learns.THRESHOLD and known.threshold is not None and known.threshold.boundary is not None:
        boundary, share = known.threshold.boundary, agreement(known.threshold)
        return SensorTuning(
            device=sensor.device,
            sensor=sensor.sensor,
            takes_above=round(boundary.takes_above, 1),
            keeps_above=round(boundary.keeps_above, 1),
            agreement=None if share is None else round(share, 2),
        )
    if sensor.learns is Learns.LEVELS and known.levels is not None and (levels := known.levels.levels) is not None:
        takes_w, keeps_w = switching(levels)
        return SensorTuning(
            device=sensor.device, sensor=sensor.sensor, takes_above=round(takes_w, 1), keeps_above=round(keeps_w, 1)
        )
    return None
