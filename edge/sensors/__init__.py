"""The table of sensors: each kind and what opens it.

In:    a sensor's settings, a pin factory, the post for its readings.
Out:   an open `Sensor`.
Never: registration on import, a guess which driver to use.
"""

from collections.abc import Callable
from typing import Any, Final

from gpiozero import Factory

from edge.sensors.beam_pair import BeamPair
from edge.sensors.digital import contact, pir, presence, pressure
from edge.sensors.distance import distance
from edge.sensors.files import AirSensor, LightSensor, PeopleSensor, PowerSensor, SoundSensor
from edge.sensors.sensor import Post, Sensor
from edge.settings import SENSOR_SETTINGS, SensorSettings

SENSORS: Final[dict[str, Callable[[Any, Factory, Post], Sensor]]] = {
    "pir": pir,
    "contact": contact,
    "pressure": pressure,
    "distance": distance,
    "beam_pair": BeamPair,
    "power": PowerSensor,
    "air": AirSensor,
    "presence": presence,
    "sound": SoundSensor,
    "light": LightSensor,
    "people": PeopleSensor,
}
"""Every kind by its name in the site file; its settings are in `edge.settings.SENSOR_SETTINGS` under the same name."""


def open_sensor(settings: SensorSettings, factory: Factory, post: Post) -> Sensor:
    """Open one sensor; raises whatever its driver raises."""
    kind = next(name for name, made in SENSOR_SETTINGS.items() if type(settings) is made)
    return SENSORS[kind](settings, factory, post)
