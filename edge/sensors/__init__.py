"""The table of sensor kinds with the function that opens each.

In:    a sensor's settings, a pin factory, the queue for its readings.
Out:   an `OpenSensor`.
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
"""Every kind by its name in the site file; `SENSOR_SETTINGS` has its settings class under the same name."""


def open_sensor(settings: SensorSettings, factory: Factory, queue: Post) -> Sensor:
    """Open one sensor; may raise any error of its driver."""
    kind = next(name for name, made in SENSOR_SETTINGS.items() if type(settings) is made)
    return SENSORS[kind](settings, factory, queue)
