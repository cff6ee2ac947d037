"""The site in which a recording is played: its plan, its devices, and the wiring of their sensors.

In:    a recording, and a folder for outboxes and for the files of measured values.
Out:   a `SitePlan`, settings for each device, and `ReplayWiring`, which applies recorded values to sensors.
Never: time, servers, rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from gpiozero import Factory

from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, Zone
from edge.configuration.device_settings import ClockSource, DeviceSettings
from edge.contract.broker_client import BrokerSettings
from edge.contract.file_sensor_kinds import AirSettings
from edge.contract.sensor_settings import GPIO_PINS, FileSettings, PinSettings, SensorSettings
from ledig.replay.recorded_data import RecordedSensor, Recording, SensorChange
from ledig.runtime.mock_pins import create_mock_factory
from ledig.simulation.wired_pins import WiredPin

SITE_ID: Final = "replay"
_ZONE: Final = "recorded"
_REPORT_EVERY_MS: Final = 30_000
"""How often a sensor is read that reports once per span. Recordings are no finer, and readings slow the replay down."""


class ReplayWiring:
    """Pins and files that the sensors of one device are wired to. Created again each time the device is switched on."""

    def __init__(self, settings: DeviceSettings, folder: Path) -> None:
        self.factory: Factory = create_mock_factory(WiredPin)
        self._sensors = {sensor.id: sensor for sensor in settings.sensors}
        self._folder = folder

    def apply_change(self, sensor: RecordedSensor, change: SensorChange) -> None:
        """Apply the change to the sensor's pin, or write it to the sensor's file."""
        settings = self._sensors[sensor.id]
        if not isinstance(settings, PinSettings):
            path = _value_path(self._folder, sensor.id, change.key)
            temporary = path.with_suffix(".new")
            temporary.write_text(f"{change.value:g}\n")
            temporary.replace(path)  # atomic: a reader never sees half a value
            return
        self.factory.pin(settings.pin).drive(high=bool(change.value) is not settings.is_low_when_active)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySite:
    """One floor, one zone, the recording's spaces, and as many devices as its sensors need."""

    plan: SitePlan
    devices: tuple[DeviceSettings, ...]


def build_replay_site(recording: Recording, broker: BrokerSettings, folder: Path) -> ReplaySite:
    """Build the site of a recording; its outboxes and files are in `folder`."""
    devices = tuple(
        DeviceSettings(
            site=SITE_ID,
            device=device,
            broker=broker,
            outbox_path=folder / f"outbox-{device}.sqlite",
            sensors=tuple(
                _sensor_settings(sensor, pin, folder) for pin, sensor in zip(GPIO_PINS, sensors, strict=False)
            ),
            clock=ClockSource.HOST,
        )
        for device, sensors in _split_by_device(recording.sensors)
    )
    return ReplaySite(plan=build_replay_plan(recording), devices=devices)


def build_replay_plan(recording: Recording) -> SitePlan:
    """Build a plan with the recording's spaces in one zone and with the default rules."""
    return SitePlan(
        id=SITE_ID,
        name="Replay",
        time_zone=recording.time_zone,
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=(Zone(id=_ZONE, name="Recorded", floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10),),
        spaces=tuple(
            Space(id=space.id, name=space.id, kind=space.kind, zone=_ZONE, x_m=5, y_m=5) for space in recording.spaces
        ),
        sensors=tuple(
            Sensor(
                device=device,
                id=sensor.id,
                kind=sensor.kind,
                output=sensor.create_output_times(),
                space=sensor.space or None,
                zone=None if sensor.space else _ZONE,
            )
            for device, sensors in _split_by_device(recording.sensors)
            for sensor in sensors
        ),
    )


def _split_by_device(sensors: tuple[RecordedSensor, ...]) -> Iterator[tuple[str, tuple[RecordedSensor, ...]]]:
    for start in range(0, len(sensors), len(GPIO_PINS)):
        yield f"recorder-{start // len(GPIO_PINS) + 1}", sensors[start : start + len(GPIO_PINS)]


def _sensor_settings(sensor: RecordedSensor, pin: int, folder: Path) -> SensorSettings:
    settings_class = sensor.kind.traits.settings
    if issubclass(settings_class, PinSettings):
        return settings_class(id=sensor.id, pin=pin)
    if issubclass(settings_class, FileSettings):
        settings = settings_class(id=sensor.id, path=_value_path(folder, sensor.id, "column"))
        names = {one.name for one in fields(settings_class)}
        changes: dict[str, Any] = {"scale": 1.0} if "scale" in names else {}
        if "send_every_ms" in names:
            changes |= {"every_ms": _REPORT_EVERY_MS, "send_every_ms": _REPORT_EVERY_MS}
        return replace(settings, **changes)
    return _air_settings(sensor, folder)


def _air_settings(sensor: RecordedSensor, folder: Path) -> AirSettings:
    paths = {key: _value_path(folder, sensor.id, key) for key in sensor.columns}
    return AirSettings(
        id=sensor.id,
        co2_path=paths["co2_column"],
        temperature_path=paths.get("temperature_column"),
        temperature_scale=1,
        humidity_path=paths.get("humidity_column"),
        humidity_scale=1,
    )


def _value_path(folder: Path, sensor_id: str, key: str) -> Path:
    """Path of the file that a measured value is read from."""
    return folder / f"{sensor_id}-{key}"
