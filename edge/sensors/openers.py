"""Opens sensors, each by the function or class that the row of its kind names.

In:    a sensor's settings, a pin factory, the queue for its readings.
Out:   an `OpenSensor`.
Never: registration on import, a guess which driver to use.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from gpiozero import Factory

from edge.contract.sensor_kinds import SensorKind, get_sensor_kind
from edge.contract.sensor_settings import SensorSettings
from edge.sensors.sensor import OpenSensor, ReadingQueue

SensorOpener = Callable[[Any, Factory, ReadingQueue], OpenSensor]
"""Opens a sensor with the settings of its kind."""


def _import_opener(name: str) -> SensorOpener:
    module, _, attribute = name.rpartition(".")
    opener: SensorOpener = getattr(import_module(module), attribute)
    return opener


SENSOR_OPENERS: Final[Mapping[SensorKind, SensorOpener]] = {
    kind: _import_opener(kind.traits.opener) for kind in SensorKind
}
"""What opens the sensors of each kind. An opener that does not exist fails here, at import."""


def open_sensor(settings: SensorSettings, factory: Factory, queue: ReadingQueue) -> OpenSensor:
    """Open one sensor; may raise any error of its driver."""
    return SENSOR_OPENERS[get_sensor_kind(settings)](settings, factory, queue)
