"""Learned values of a space, as published: its hold after motion, thresholds, power levels, lost messages.

In:    evidence of one space, its rules.
Out:   `Tuning`; None for a space that learns nothing.
Never: clocks, times of single visits: shares and levels only.
"""

from typing import Final

from collector.contract.states import HoldTuning, SensorTuning, SilenceTuning, Tuning
from collector.occupancy.evidence import Evidence, SensorRules, SensorState, SpaceRules, silence_limit_ms
from collector.occupancy.learning.power_levels import switching_levels_w
from collector.occupancy.learning.threshold import compute_agreement
from edge.contract.sensor_traits import LearningMethod

MIN_QUIET_SPANS: Final = 5
"""Fewest quiet spans of a published share: fewer would describe a single visit, and nothing about the hold."""

_COARSE_FROM: Final = 0.1
_STEPS: Final = 20
"""From a tenth on, the share of lost messages is published in steps of a twentieth."""


def build_tuning(evidence: Evidence, rules: SpaceRules) -> Tuning | None:
    """Build the learned values of a space from its evidence."""
    if rules.is_supply or rules.is_disabled:
        return None
    hold = _hold_values(evidence, rules) if any(sensor.is_hold_learned for sensor in rules.sensors) else None
    found = (
        _sensor_values(known, sensor) for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=False)
    )
    sensors = [sensor for sensor in found if sensor is not None]
    pairs = zip(evidence.sensor_states, rules.sensors, strict=False)
    silences = [_silence_values(known, sensor) for known, sensor in pairs if known is not None and _is_lossy(known)]
    return Tuning(hold=hold, sensors=sensors, silences=silences) if hold or sensors or silences else None


def _is_lossy(known: SensorState) -> bool:
    return known.losses is not None and known.losses.tolerated > 0


def _silence_values(known: SensorState, sensor: SensorRules) -> SilenceTuning:
    lost_share = known.losses.lost_share if known.losses is not None else 0.0
    return SilenceTuning(
        device=sensor.device,
        sensor=sensor.sensor,
        lost_share=round(lost_share, 2) if lost_share < _COARSE_FROM else round(_STEPS * lost_share) / _STEPS,
        silent_after_ms=silence_limit_ms(known, sensor),
    )


def _hold_values(evidence: Evidence, rules: SpaceRules) -> HoldTuning:
    tuned, bounds = evidence.hold_statistics, rules.hold_bounds
    return HoldTuning(
        hold_ms=bounds.start_ms + tuned.offset_ms,
        start_ms=bounds.start_ms,
        least_ms=bounds.min_ms,
        most_ms=bounds.max_ms,
        flip_share=_share(tuned.flips, tuned.quiet_spans),
        start_flip_share=_share(tuned.start_flips, tuned.start_quiet_spans),
    )


def _share(flips: float, ends: float) -> float | None:
    return round(flips / ends, 2) if ends >= MIN_QUIET_SPANS else None


def _sensor_values(known: SensorState | None, sensor: SensorRules) -> SensorTuning | None:
    if known is None:
        return None
    if (
        sensor.learning_method is LearningMethod.THRESHOLD
        and known.threshold is not None
        and known.threshold.boundary is not None
    ):
        boundary, share = known.threshold.boundary, compute_agreement(known.threshold)
        return SensorTuning(
            device=sensor.device,
            sensor=sensor.sensor,
            takes_above=round(boundary.takes_above, 1),
            keeps_above=round(boundary.keeps_above, 1),
            agreement=None if share is None else round(share, 2),
        )
    if (
        sensor.learning_method is LearningMethod.LEVELS
        and known.power_levels is not None
        and (levels := known.power_levels.levels) is not None
    ):
        takes_w, keeps_w = switching_levels_w(levels)
        return SensorTuning(
            device=sensor.device, sensor=sensor.sensor, takes_above=round(takes_w, 1), keeps_above=round(keeps_w, 1)
        )
    return None
