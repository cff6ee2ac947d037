"""The table of sensor kinds with the function that opens each.

In:    a sensor's settings, a pin factory, the queue for its readings.
Out:   an `OpenSensor`.
Never: registration on import, a guess which driver to use.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from gpiozero import Factory

from edge.configuration.device_settings import SensorSettings, get_sensor_kind
from edge.contract.sensor_kinds import SensorKind, check_every_kind
from edge.sensors.beam_pair import BeamPair
from edge.sensors.digital import open_contact, open_pir, open_pressure_mat, open_radar
from edge.sensors.distance import open_ranger
from edge.sensors.files import AirSensor, LightSensor, PeopleSensor, PowerSensor, SoundSensor
from edge.sensors.sensor import OpenSensor, ReadingQueue

SENSOR_OPENERS: Final[Mapping[SensorKind, Callable[[Any, Factory, ReadingQueue], OpenSensor]]] = check_every_kind(
    {
        SensorKind.PIR: open_pir,
        SensorKind.CONTACT: open_contact,
        SensorKind.PRESSURE: open_pressure_mat,
        SensorKind.DISTANCE: open_ranger,
        SensorKind.BEAM_PAIR: BeamPair,
        SensorKind.POWER: PowerSensor,
        SensorKind.AIR: AirSensor,
        SensorKind.PRESENCE: open_radar,
        SensorKind.SOUND: SoundSensor,
        SensorKind.LIGHT: LightSensor,
        SensorKind.PEOPLE: PeopleSensor,
    }
)
"""What opens the sensors of each kind."""


def open_sensor(settings: SensorSettings, factory: Factory, queue: ReadingQueue) -> OpenSensor:
    """Open one sensor; may raise any error of its driver."""
    return SENSOR_OPENERS[get_sensor_kind(settings)](settings, factory, queue)
