"""What a simulated sensor is wired to: gpiozero's mock pins, and the files behind meters and air sensors.

In:    signs of what a sensor sees.
Out:   levels on pins, echoes, numbers in files; the agent cannot tell them from the real thing.
Never: an event of our own making. What is told is the agent's word alone.
"""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpiozero.pins.pi import PiPin

from edge.sensors.distance import MM_PER_S
from edge.settings import (
    AirSettings,
    BeamPairSettings,
    DeviceSettings,
    DistanceSettings,
    LightSettings,
    PeopleSettings,
    PinSettings,
    PowerSettings,
    SensorSettings,
    SoundSettings,
)
from ledig.mock_pins import BoundedPin, mock_factory
from ledig.simulation.signs import Sign

_LOW_WHEN_ACTIVE = {"pressure"}
"""A mat closes to ground; a motion or an open door is high."""
_ONE_FILE = PowerSettings | SoundSettings | LightSettings | PeopleSettings
_FAR_MM = 1500.0
_CLOSE_MM = 400.0


class WiredPin(BoundedPin):
    """A mock pin with something on its wire: what drives it is stronger than its pull."""

    def _set_pull(self, value: str) -> None:
        self._pull = value

    def put(self, high: bool) -> None:  # noqa: FBT001 - a level is what a wire has
        """Drive the wire."""
        if high:
            self.drive_high()
        else:
            self.drive_low()


class EchoPin(WiredPin):
    """The echo of a ranger: a pulse whose length is exact, however busy the machine is."""

    def sound(self, length_s: float) -> None:
        """Rise and fall, `length_s` apart by the driver's own time."""
        began = self.factory.ticks()
        for ticks, state in ((began, 1), (began + length_s, 0)):
            self._state = bool(state)
            if self._when_changed is not None:
                PiPin._call_when_changed(self, ticks, state)  # noqa: SLF001 - MockPin's own puts the present time


class TriggerPin(WiredPin):
    """The trigger of a ranger that looks at something `distance_mm` away."""

    echo: EchoPin
    distance_mm: float = _FAR_MM

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        if value:
            self.echo.sound(self.distance_mm / MM_PER_S)


class Wires:
    """Everything that hangs on one simulated device. `settings` are what its agent gets."""

    def __init__(self, settings: DeviceSettings, folder: Path) -> None:
        self.factory: Any = mock_factory(WiredPin)
        self.settings = replace(settings, sensors=tuple(_on_files(sensor, folder) for sensor in settings.sensors))
        self._sensors = {sensor.id: sensor for sensor in self.settings.sensors}
        self._unwritten: dict[Path, float] = {}
        for sensor in settings.sensors:
            if isinstance(sensor, DistanceSettings):
                trigger = self.factory.pin(sensor.trigger_pin, pin_class=TriggerPin)
                trigger.echo = self.factory.pin(sensor.echo_pin, pin_class=EchoPin)
            elif isinstance(sensor, BeamPairSettings):
                for pin in sensor.pins:
                    self.factory.pin(pin).put(high=True)  # a receiver pulls its pin low while its beam is broken

    def feel(self, sign: Sign) -> None:
        """Let the sensor see what the sign says."""
        sensor = self._sensors[sign.sensor[1]]
        if isinstance(sensor, PinSettings):
            self.factory.pin(sensor.pin).put(high=bool(sign.value) is not (sign.part in _LOW_WHEN_ACTIVE))
        elif isinstance(sensor, BeamPairSettings):
            self._cross(sensor, int(sign.value))
        elif isinstance(sensor, DistanceSettings):
            self.factory.pin(sensor.trigger_pin).distance_mm = _distance_mm(sensor, sign)
        else:
            path, scale = _file(sensor, sign.part)
            if path is not None:
                self._unwritten[path] = sign.value / scale
        self._write()

    def _write(self) -> None:
        """Put new readings in place of the last ones, so that no reader finds half of one.

        A reading that the disk refuses is written with the next: a meter that stands still ends no house.
        """
        for path, reading in list(self._unwritten.items()):
            beside = path.with_name(path.name + ".new")
            with contextlib.suppress(OSError):
                beside.write_text(f"{reading:.10g}\n", encoding="ascii")
                beside.replace(path)
                del self._unwritten[path]

    def _cross(self, beams: BeamPairSettings, way: int) -> None:
        """A body wider than the gap: the first beam, both, the second, none."""
        first, second = (beams.outer_pin, beams.inner_pin)[::way]
        for pin, high in ((first, False), (second, False), (first, True), (second, True)):
            self.factory.pin(pin).put(high=high)


def _distance_mm(sensor: DistanceSettings, sign: Sign) -> float:
    if sensor.empty_mm is not None and sensor.full_mm is not None:
        return sensor.empty_mm - (sensor.empty_mm - sensor.full_mm) * sign.value / 100
    return min(_CLOSE_MM, (sensor.near_mm or _CLOSE_MM) / 2) if sign.value else _FAR_MM


def _on_files(sensor: SensorSettings, folder: Path) -> SensorSettings:
    """The sensor, with the files of this machine's simulation in place of the kernel's."""
    stem = folder / sensor.id
    if isinstance(sensor, _ONE_FILE):
        return replace(sensor, path=stem.with_suffix(".reading"))
    if isinstance(sensor, AirSettings):
        return replace(
            sensor,
            co2_path=stem.with_suffix(".co2"),
            temperature_path=sensor.temperature_path and stem.with_suffix(".temperature"),
            humidity_path=sensor.humidity_path and stem.with_suffix(".humidity"),
        )
    return sensor


def _file(sensor: SensorSettings, part: str) -> tuple[Path | None, float]:
    if isinstance(sensor, PeopleSettings):
        return sensor.path, 1.0
    if isinstance(sensor, PowerSettings | SoundSettings | LightSettings):
        return sensor.path, sensor.scale
    if isinstance(sensor, AirSettings):
        return {
            "co2_ppm": (sensor.co2_path, sensor.co2_scale),
            "temperature_c": (sensor.temperature_path, sensor.temperature_scale),
            "humidity_pct": (sensor.humidity_path, sensor.humidity_scale),
        }[part]
    raise TypeError(f"{type(sensor).__name__} has no wires here; wires.py must learn it")
