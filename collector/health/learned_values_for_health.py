"""Reads learned values of spaces that sensor health needs to interpret and evaluate their sensors.

In:    the current state of all spaces, a sensor of the plan.
Out:   the value above which the sensor is on; statistics about its space's hold time.
Never: learning; the fold does that (docs/decisions/0014-learned-values.md).
"""

from collector.health.tallies.site_activity import HoldReliability
from collector.live.space_states import SpaceStates
from collector.occupancy.learning.power_levels import switching_levels_w
from collector.occupancy.learning.quiet_spans import count_longer
from collector.site.site_sensor import Sensor
from edge.contract.sensor_traits import LearningMethod


def read_threshold(spaces: SpaceStates, sensor: Sensor) -> float | None:
    """Return the value above which the sensor counts as on for its space; None: not learned yet."""
    rules = None if sensor.space is None else spaces.get_rules(sensor.space)
    place = None if rules is None else rules.index_by_sensor.get(sensor.key)
    if sensor.space is None or rules is None or place is None:
        return 0.5  # no rule of its own
    views = spaces.get_evidence(sensor.space).sensor_states
    known = views[place] if place < len(views) else None
    threshold, levels = (known.threshold, known.power_levels) if known is not None else (None, None)
    match rules.sensors[place].learning_method:
        case LearningMethod.THRESHOLD:
            boundary = None if threshold is None else threshold.boundary
            return None if boundary is None else boundary.takes_above
        case LearningMethod.LEVELS if levels is not None and levels.levels is not None:
            return switching_levels_w(levels.levels)[0]
    return rules.sensors[place].high_above


def read_hold_reliability(spaces: SpaceStates, space: str) -> HoldReliability:
    """Return statistics about a space's hold time after motion."""
    bounds, tuned = spaces.get_rules(space).hold_bounds, spaces.get_evidence(space).hold_statistics
    hold_ms = bounds.start_ms + tuned.offset_ms
    ends, flips = count_longer(tuned.spans, hold_ms)
    return HoldReliability(flips, ends, is_at_bound=hold_ms >= bounds.max_ms, is_known=bool(tuned.spans.stayed_pct))
