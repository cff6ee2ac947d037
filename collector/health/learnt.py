"""Reads learned values of spaces that sensor health needs to interpret and evaluate their sensors.

In:    the current state of all spaces, a sensor of the plan.
Out:   the value above which the sensor is on; statistics about its space's hold time.
Never: learning; the fold does that (docs/decisions/0014-learning-in-the-fold.md).
"""

from collector.evidence import Learns
from collector.health.judge import Hold
from collector.house import House
from collector.learning.two_levels import switching
from collector.plan import Sensor


def above(spaces: House, sensor: Sensor) -> float | None:
    """Return the value above which the sensor counts as on for its space; None: not learned yet."""
    rules = None if sensor.space is None else spaces.rules(sensor.space)
    place = None if rules is None else rules.places.get(sensor.key)
    if sensor.space is None or rules is None or place is None:
        return 0.5  # no rule of its own
    views = spaces.evidence(sensor.space).views
    known = views[place] if place < len(views) else None
    threshold, levels = (known.threshold, known.levels) if known is not None else (None, None)
    match rules.sensors[place].learns:
        case Learns.THRESHOLD:
            boundary = None if threshold is None else threshold.boundary
            return None if boundary is None else boundary.takes_above
        case Learns.LEVELS if levels is not None and levels.levels is not None:
            return switching(levels.levels)[0]
    return rules.sensors[place].above


def hold(spaces: House, space: str) -> Hold:
    """Return statistics about a space's hold time after motion."""
    bounds, tuned = spaces.rules(space).bounds, spaces.evidence(space).tuned
    return Hold(tuned.flips, tuned.ends, bounds.start_ms + tuned.longer_ms >= bounds.most_ms)
