"""Wiring of a simulated device: gpiozero's mock pins, and the files behind meters and air sensors.

In:    sensor signals.
Out:   levels on pins, echoes, numbers in files; to the agent they look like real hardware.
Never: events. Only the agent creates them.
"""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from gpiozero.pins.pi import PiPin

from edge.configuration.device_settings import DeviceSettings
from edge.contract.file_sensor_kinds import AirSettings
from edge.contract.pin_sensor_kinds import BeamPairSettings, DistanceSettings
from edge.contract.sensor_settings import FileSettings, PinSettings, SensorSettings
from edge.sensors.distance import MM_PER_S
from ledig.runtime.mock_pins import BoundedPin, create_mock_factory
from ledig.simulation.signals import SensorSignal

_FAR_MM = 1500.0
_CLOSE_MM = 400.0


class WiredPin(BoundedPin):
    """A mock pin that is driven from outside, regardless of its pull."""

    def _set_pull(self, value: str) -> None:
        self._pull = value

    def drive(self, high: bool) -> None:  # noqa: FBT001 - a wire has two levels
        """Drive the wire high or low."""
        if high:
            self.drive_high()
        else:
            self.drive_low()


class EchoPin(WiredPin):
    """The echo pin of a distance sensor: its pulse has an exact length, however busy the machine is."""

    def emit_pulse(self, length_s: float) -> None:
        """Rise and fall, `length_s` apart in the driver's time."""
        rise_s = self.factory.ticks()
        for ticks, state in ((rise_s, 1), (rise_s + length_s, 0)):
            self._state = bool(state)
            if self._when_changed is not None:
                PiPin._call_when_changed(self, ticks, state)  # noqa: SLF001 - MockPin would use the present time


class TriggerPin(WiredPin):
    """The trigger pin of a distance sensor with an object at `distance_mm`."""

    echo: EchoPin
    distance_mm: float = _FAR_MM

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        if value:
            self.echo.emit_pulse(self.distance_mm / MM_PER_S)


class SimulatedWiring:
    """Pins and files of one simulated device. `settings` are the settings of its agent."""

    def __init__(self, settings: DeviceSettings, folder: Path) -> None:
        self.factory: Any = create_mock_factory(WiredPin)
        self.settings = replace(
            settings, sensors=tuple(_use_simulated_files(sensor, folder) for sensor in settings.sensors)
        )
        self._sensors = {sensor.id: sensor for sensor in self.settings.sensors}
        self._unwritten: dict[Path, float] = {}
        for sensor in settings.sensors:
            if isinstance(sensor, DistanceSettings):
                trigger = self.factory.pin(sensor.trigger_pin, pin_class=TriggerPin)
                trigger.echo = self.factory.pin(sensor.echo_pin, pin_class=EchoPin)
            elif isinstance(sensor, BeamPairSettings):
                for pin in sensor.pins:
                    self.factory.pin(pin).drive(high=True)  # a receiver pulls its pin low while its beam is interrupted

    def apply_signal(self, sign: SensorSignal) -> None:
        """Apply a signal to its sensor."""
        sensor = self._sensors[sign.sensor[1]]
        if isinstance(sensor, PinSettings):
            self.factory.pin(sensor.pin).drive(high=bool(sign.value) is not sensor.is_low_when_active)
        elif isinstance(sensor, BeamPairSettings):
            self._interrupt_beams(sensor, int(sign.value))
        elif isinstance(sensor, DistanceSettings):
            self.factory.pin(sensor.trigger_pin).distance_mm = _distance_mm(sensor, sign)
        else:
            path, scale = _file_and_scale(sensor, sign.quantity)
            if path is not None:
                self._unwritten[path] = sign.value / scale
        self._write_files()

    def _write_files(self) -> None:
        """Replace the last readings by the new ones, atomically.

        A reading that cannot be written is written with the next one: a full disk must not end the simulation.
        """
        for path, reading in list(self._unwritten.items()):
            temporary = path.with_name(path.name + ".new")
            with contextlib.suppress(OSError):
                temporary.write_text(f"{reading:.10g}\n", encoding="ascii")
                temporary.replace(path)
                del self._unwritten[path]

    def _interrupt_beams(self, beams: BeamPairSettings, way: int) -> None:
        """Interrupt the beams as a body wider than their gap: first, both, second, none."""
        first, second = (beams.outer_pin, beams.inner_pin)[::way]
        for pin, high in ((first, False), (second, False), (first, True), (second, True)):
            self.factory.pin(pin).drive(high=high)


def _distance_mm(sensor: DistanceSettings, sign: SensorSignal) -> float:
    if sensor.empty_mm is not None and sensor.full_mm is not None:
        return sensor.empty_mm - (sensor.empty_mm - sensor.full_mm) * sign.value / 100
    return min(_CLOSE_MM, (sensor.near_mm or _CLOSE_MM) / 2) if sign.value else _FAR_MM


def _use_simulated_files(sensor: SensorSettings, folder: Path) -> SensorSettings:
    """Return the sensor's settings with files of the simulation instead of the kernel's."""
    stem = folder / sensor.id
    if isinstance(sensor, FileSettings):
        return replace(sensor, path=stem.with_suffix(".reading"))
    if isinstance(sensor, AirSettings):
        return replace(
            sensor,
            co2_path=stem.with_suffix(".co2"),
            temperature_path=sensor.temperature_path and stem.with_suffix(".temperature"),
            humidity_path=sensor.humidity_path and stem.with_suffix(".humidity"),
        )
    return sensor


def _file_and_scale(sensor: SensorSettings, part: str) -> tuple[Path | None, float]:
    if isinstance(sensor, FileSettings):
        return sensor.path, getattr(sensor, "scale", 1.0)
    if isinstance(sensor, AirSettings):
        return {
            "co2_ppm": (sensor.co2_path, sensor.co2_scale),
            "temperature_c": (sensor.temperature_path, sensor.temperature_scale),
            "humidity_pct": (sensor.humidity_path, sensor.humidity_scale),
        }[part]
    raise TypeError(f"{type(sensor).__name__} cannot be simulated; add it to wired_pins.py")
