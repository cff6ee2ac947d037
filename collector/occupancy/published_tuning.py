"""Learned values of a space, as published: its hold after motion, thresholds, power levels, lost messages.

In:    evidence of one space, its rules.
Out:   `Tuning`; None for a space that learns nothing.
Never: clocks, times of single visits: shares and levels only.
"""

from typing import Final

from collector.contract.states import HoldTuning, SensorTuning, SilenceTuning, Tuning
from collector.occupancy.evidence import Evidence, SensorState
from collector.occupancy.learning.power_levels import switching_levels_w
from collector.occupancy.learning.quiet_spans import QuietSpans, count_longer
from collector.occupancy.learning.threshold import compute_agreement
from collector.occupancy.learning.tuning import HoldBounds, HoldStatistics
from collector.occupancy.space_rules import SensorRules, SpaceRules, silence_limit_ms
from edge.contract.sensor_traits import LearningMethod, SensorRole

MIN_QUIET_SPANS: Final = 5
"""Fewest quiet spans of a published share: fewer would describe a single visit, and nothing about the hold."""

_COARSE_FROM: Final = 0.1
_STEPS: Final = 20
"""From a tenth on, the share of lost messages is published in steps of a twentieth."""


def build_tuning(evidence: Evidence, rules: SpaceRules) -> Tuning | None:
    """Build the learned values of a space from its evidence."""
    if rules.is_supply or rules.is_disabled:
        return None
    learning = {sensor.role for sensor in rules.sensors if sensor.is_hold_learned}
    hold = _hold_values(evidence.hold_statistics, rules.hold_bounds) if SensorRole.MOTION in learning else None
    level_hold = (
        _hold_values(evidence.level_hold_statistics, rules.level_hold_bounds) if SensorRole.LEVEL in learning else None
    )
    found = (
        _sensor_values(known, sensor) for known, sensor in zip(evidence.sensor_states, rules.sensors, strict=False)
    )
    sensors = [sensor for sensor in found if sensor is not None]
    pairs = zip(evidence.sensor_states, rules.sensors, strict=False)
    silences = [_silence_values(known, sensor) for known, sensor in pairs if known is not None and _is_lossy(known)]
    tuning = Tuning(hold=hold, sensors=sensors, silences=silences, level_hold=level_hold)
    return None if tuning == Tuning() else tuning


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


def _hold_values(tuned: HoldStatistics, bounds: HoldBounds) -> HoldTuning:
    hold_ms = bounds.start_ms + tuned.offset_ms
    return HoldTuning(
        hold_ms=hold_ms,
        start_ms=bounds.start_ms,
        least_ms=bounds.min_ms,
        most_ms=bounds.max_ms,
        flip_share=_measure_flip_share(tuned.spans, hold_ms),
        start_flip_share=_measure_flip_share(tuned.spans, bounds.start_ms),
    )


def _measure_flip_share(spans: QuietSpans, hold_ms: int) -> float | None:
    ends, flips = count_longer(spans, hold_ms)
    return round(flips / ends, 2) if spans.stayed_pct and ends >= MIN_QUIET_SPANS else None


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
