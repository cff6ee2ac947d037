"""Groups sensors by what they watch.

In:    the plan of a site.
Out:   the sensors of each space, door and zone, by a unique name.
Never: events, the journal.
"""

from msgspec import Struct

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor


class SensorGroup(Struct, frozen=True):
    """The sensors that watch the same space, door or zone."""

    name: str
    sensors: tuple[Sensor, ...]

    @property
    def is_of_space(self) -> bool:
        """Whether they watch a space."""
        return self.sensors[0].space is not None


def group_sensors(plan: SitePlan) -> dict[str, SensorGroup]:
    """Return the sensors of each space, door and zone, by a unique name such as `space:desk-1`."""
    found: dict[str, list[Sensor]] = {}
    for sensor in plan.sensors:
        watched = (("space", sensor.space), ("door", sensor.door), ("zone", sensor.zone))
        found.setdefault(next(f"{what}:{name}" for what, name in watched if name is not None), []).append(sensor)
    return {name: SensorGroup(name, tuple(sensors)) for name, sensors in found.items()}
