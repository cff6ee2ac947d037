"""The table of sensor kinds with the function that opens each.

In:    a sensor's settings, a pin factory, the queue for its readings.
Out:   an `OpenSensor`.
Never: registration on import, a guess which driver to use.
"""

from collections.abc import Callable
from typing import Any, Final

from gpiozero import Factory

from edge.configuration.settings import SENSOR_SETTINGS, SensorSettings
from edge.sensors.beam_pair import BeamPair
from edge.sensors.digital import open_contact, open_pir, open_pressure_mat, open_radar
from edge.sensors.distance import open_ranger
from edge.sensors.files import AirSensor, LightSensor, PeopleSensor, PowerSensor, SoundSensor
from edge.sensors.sensor import OpenSensor, ReadingQueue

SENSOR_OPENERS: Final[dict[str, Callable[[Any, Factory, ReadingQueue], OpenSensor]]] = {
    "pir": open_pir,
    "contact": open_contact,
    "pressure": open_pressure_mat,
    "distance": open_ranger,
    "beam_pair": BeamPair,
    "power": PowerSensor,
    "air": AirSensor,
    "presence": open_radar,
    "sound": SoundSensor,
    "light": LightSensor,
    "people": PeopleSensor,
}
"""Every kind by its name in the site file; `SENSOR_SETTINGS` has its settings class under the same name."""


def open_sensor(settings: SensorSettings, factory: Factory, queue: ReadingQueue) -> OpenSensor:
    """Open one sensor; may raise any error of its driver."""
    kind = next(name for name, made in SENSOR_SETTINGS.items() if type(settings) is made)
    return SENSOR_OPENERS[kind](settings, factory, queue)
