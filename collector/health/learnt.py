"""What spaces have learnt that bears on how their sensors are read and judged.

In:    a house as it is now, a sensor of its plan.
Out:   where the sensor is on; how its space's hold fares at its bound.
Never: learning; that is the fold's (docs/decisions/0014-learning-in-the-fold.md).
"""

from collector.evidence import Learns
from collector.health.judge import Hold
from collector.house import House
from collector.learning.two_levels import switching
from collector.plan import Sensor


def above(house: House, sensor: Sensor) -> float | None:
    """Above which value its space takes the sensor to be on; None: that is not learnt yet."""
    rules = None if sensor.space is None else house.rules(sensor.space)
    place = None if rules is None else rules.places.get(sensor.key)
    if sensor.space is None or rules is None or place is None:
        return 0.5  # nothing of its own is judged
    views = house.evidence(sensor.space).views
    known = views[place] if place < len(views) else None
    threshold, levels = (known.threshold, known.levels) if known is not None else (None, None)
    match rules.sensors[place].learns:
        case Learns.THRESHOLD:
            learnt = None if threshold is None else threshold.boundary
            return None if learnt is None else learnt.takes_above
        case Learns.LEVELS if levels is not None and levels.levels is not None:
            return switching(levels.levels)[0]
    return rules.sensors[place].above


def hold(house: House, space: str) -> Hold:
    """How a space's hold after motion fares."""
    bounds, tuned = house.rules(space).bounds, house.evidence(space).tuned
    return Hold(tuned.flips, tuned.ends, bounds.start_ms + tuned.longer_ms >= bounds.most_ms)
