"""Settings of an agent: the broker, its device, its sensors and pins.

In:    nothing; the `ledig` command reads the site file and creates these.
Out:   frozen, self-validating settings, with the default of each kind of sensor, such as debounce and poll interval.
Never: files, pins, defaults that hide a mistake.

Pins are GPIO numbers (BCM), as in gpiozero. Durations are milliseconds of site time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

from edge.contract.broker_client import BrokerSettings
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.contract.sensor_kinds import SensorKind, check_every_kind
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import MINUTE_MS

GPIO_PINS = range(28)
"""GPIO0 to GPIO27: the pins of the 40-pin header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSettings:
    """Settings common to all sensors."""

    id: str
    """The sensor's id on the wire, unique in its device."""

    @property
    def pins(self) -> tuple[int, ...]:
        """Every pin that the sensor uses; two sensors of a device must not share a pin."""
        return ()


def _check_pin(pin: int, name: str = "pin") -> None:
    if pin not in GPIO_PINS:
        raise SettingsRejected((name, f"must be a GPIO number from 0 to 27, got {pin}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSettings(SensorSettings):
    """A sensor on one pin that is high or low."""

    is_low_when_active: ClassVar[bool] = False
    """Whether the pin is low while the sensor is active."""

    pin: int
    """GPIO number (BCM)."""
    debounce_ms: int = 50
    """A level counts once it has been stable for this long."""

    def __post_init__(self) -> None:
        _check_pin(self.pin)
        if not 0 <= self.debounce_ms <= 10_000:
            raise SettingsRejected(("debounce_ms", f"must lie between 0 and 10000, got {self.debounce_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.pin,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PirSettings(PinSettings):
    """A passive infrared sensor whose output is high while it detects movement. Publishes `motion`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings(PinSettings):
    """A reed contact to ground, pulled up: closed reads low, a cut wire reads open. Publishes `contact_open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureSettings(PinSettings):
    """A mat that closes to ground, pulled up, while somebody sits on it. Publishes `pressure`."""

    is_low_when_active: ClassVar[bool] = True

    debounce_ms: int = 120
    """A mat rebounds for about 40 ms after someone stands up; three times that is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSettings(PinSettings):
    """A radar (mmWave), or any sensor whose output is high while somebody is there. Publishes `presence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceSettings(SensorSettings):
    """An ultrasonic ranger (HC-SR04).

    Publishes `presence` below `near_mm`, or `level_pct` between `empty_mm` and `full_mm`.
    """

    echo_pin: int
    """GPIO number (BCM) of the echo, behind a divider to 3.3 V."""
    trigger_pin: int
    """GPIO number (BCM) of the trigger."""
    near_mm: int | None = None
    """The seat counts as taken when the distance is below this."""
    empty_mm: int | None = None
    """The distance to the bottom of an empty container."""
    full_mm: int | None = None
    """The distance to the top of the content of a full container."""
    every_ms: int = 1000
    """How often the distance is measured."""

    def __post_init__(self) -> None:
        _check_pin(self.echo_pin, "echo_pin")
        _check_pin(self.trigger_pin, "trigger_pin")
        level = (self.empty_mm, self.full_mm)
        if (self.near_mm is None) == (None in level) or (self.near_mm is not None and level != (None, None)):
            raise SettingsRejected(("", "give either near_mm (a seat), or both empty_mm and full_mm (a container)"))
        if self.empty_mm is not None and self.full_mm is not None and not 0 <= self.full_mm < self.empty_mm <= 4000:
            raise SettingsRejected(
                ("", f"0 <= full_mm < empty_mm <= 4000 must hold, got {self.full_mm} and {self.empty_mm}")
            )
        if self.near_mm is not None and not 20 <= self.near_mm <= 4000:
            raise SettingsRejected(("near_mm", f"must lie between 20 and 4000, got {self.near_mm}"))
        if not 100 <= self.every_ms <= MINUTE_MS:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 60000, got {self.every_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.echo_pin, self.trigger_pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamPairSettings(SensorSettings):
    """Two light beams across a door; the beam that breaks first gives the direction.

    Publishes `crossing`: +1 in, -1 out. Each receiver pulls its pin low while its beam is broken.
    """

    outer_pin: int
    """GPIO number (BCM) of the beam nearer to the outside."""
    inner_pin: int
    """GPIO number (BCM) of the beam nearer to the inside."""
    within_ms: int = 2000
    """A person passes both beams within this time."""

    def __post_init__(self) -> None:
        _check_pin(self.outer_pin, "outer_pin")
        _check_pin(self.inner_pin, "inner_pin")
        if self.outer_pin == self.inner_pin:
            raise SettingsRejected(("", f"outer_pin and inner_pin must differ, both are {self.outer_pin}"))
        if not 100 <= self.within_ms <= 10_000:
            raise SettingsRejected(("within_ms", f"must lie between 100 and 10000, got {self.within_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.outer_pin, self.inner_pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings(SensorSettings):
    """A sensor whose reading is the one number in a file."""

    path: Path
    """The file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings(FileSettings):
    """A meter that Linux exposes as a file (hwmon: power1_input, in microwatts). Publishes `power_w`."""

    path: Path
    """The file that holds one number, for example /sys/class/hwmon/hwmon0/power1_input."""
    scale: float = 0.000_001
    """Watts per unit of the file."""
    every_ms: int = 5000
    """How often the file is read; a reading is sent when it has changed by `step_w`, and as a heartbeat."""
    step_w: float = 5.0
    """The smallest change that is published, in watts."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 600000, got {self.every_ms}"))
        if self.step_w <= 0:
            raise SettingsRejected(("step_w", f"must be above 0, got {self.step_w:g}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AirSettings(SensorSettings):
    """An air sensor that Linux exposes as files (IIO: scd4x, scd30).

    Publishes `co2_ppm`, `temperature_c` and `humidity_pct`.
    """

    co2_path: Path
    """The file that holds the CO2 concentration."""
    co2_scale: float = 1.0
    """ppm per unit of the file."""
    temperature_path: Path | None = None
    """The file that holds the temperature; None: there is none."""
    temperature_scale: float = 0.001
    """Degrees Celsius per unit of the file."""
    humidity_path: Path | None = None
    """The file that holds the relative humidity; None: there is none."""
    humidity_scale: float = 0.001
    """Per cent per unit of the file."""
    every_ms: int = 30_000
    """How often the files are read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 1000 and 600000, got {self.every_ms}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings(FileSettings):
    """A sound level meter that writes levels to a file, and never a recording. Publishes `sound_db`."""

    path: Path
    """The file that holds the level as one number."""
    scale: float = 1.0
    """Decibels per unit of the file."""
    every_ms: int = 1000
    """How often the file is read."""
    send_every_ms: int = 30_000
    """The loudest level of each span of this length is published, and nothing else."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= self.send_every_ms <= 600_000:
            raise SettingsRejected(
                (
                    "",
                    (
                        f"100 <= every_ms <= send_every_ms <= 600000 must hold, got every_ms = {self.every_ms}"
                        f" and send_every_ms = {self.send_every_ms}"
                    ),
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSettings(FileSettings):
    """A light sensor that Linux exposes as a file (IIO: in_illuminance_raw). Publishes `light_lux`."""

    path: Path
    """The file that holds the illuminance as one number."""
    scale: float = 1.0
    """Lux per unit of the file."""
    every_ms: int = 30_000
    """How often the file is read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 1000 and 600000, got {self.every_ms}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings(FileSettings):
    """A counter that writes only the number of people in view to a file. Publishes `people`."""

    path: Path
    """The file that holds one whole number."""
    every_ms: int = 5000
    """How often the file is read; a count is sent when it has changed, and as a heartbeat."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 600000, got {self.every_ms}"))


SENSOR_SETTINGS: Final[Mapping[SensorKind, type[SensorSettings]]] = check_every_kind(
    {
        SensorKind.PIR: PirSettings,
        SensorKind.CONTACT: ContactSettings,
        SensorKind.PRESSURE: PressureSettings,
        SensorKind.DISTANCE: DistanceSettings,
        SensorKind.BEAM_PAIR: BeamPairSettings,
        SensorKind.POWER: PowerSettings,
        SensorKind.AIR: AirSettings,
        SensorKind.PRESENCE: PresenceSettings,
        SensorKind.SOUND: SoundSettings,
        SensorKind.LIGHT: LightSettings,
        SensorKind.PEOPLE: PeopleSettings,
    }
)
"""The settings class of every sensor kind."""


def get_sensor_kind(settings: SensorSettings) -> SensorKind:
    """Return the kind of sensor that has these settings."""
    return next(kind for kind, settings_class in SENSOR_SETTINGS.items() if type(settings) is settings_class)


class ClockSource(StrEnum):
    """The source of an agent's time of day."""

    NETWORK = "network"
    """Wait until the kernel reports that it follows a time server: for a Pi, which has no clock battery."""
    HOST = "host"
    """Trust this machine's clock: for a server, or a Pi with a clock battery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """Settings of one device, usually a Raspberry Pi: its identity, its sensors and its outbox."""

    site: str
    """The site's id."""
    device: str
    """The device's id; also its user name at the broker."""
    broker: BrokerSettings
    """The broker that receives its events."""
    outbox_path: Path
    """The SQLite file of its outbox."""
    sensors: tuple[SensorSettings, ...] = ()
    """The sensors that are connected to it."""
    clock: ClockSource = ClockSource.NETWORK
    """The source of its time of day."""
    lamp_pin: int | None = None
    """GPIO number (BCM) of a state lamp; None: there is none."""
    lamp_space: str | None = None
    """The space whose state the lamp shows: lit when taken, dark when free, a slow pulse when unknown."""
    heartbeat_ms: int = 30_000
    """A sensor that has sent no event for this long sends a heartbeat."""
    raw_hours: int = MAX_RAW_HOURS
    """The outbox deletes events that are older, delivered or not: the site's retention of raw events."""
    outbox_events: int = 500_000
    """At most this many events in the outbox; beyond, the oldest are dropped and counted (about 50 bytes each)."""

    def __post_init__(self) -> None:
        if self.lamp_pin is not None:
            _check_pin(self.lamp_pin, "lamp_pin")
        if (self.lamp_pin is None) != (self.lamp_space is None):
            raise SettingsRejected(("", "lamp_pin and lamp_space go together: give both or neither"))
        if not 1000 <= self.heartbeat_ms <= 600_000:
            raise SettingsRejected(("heartbeat_ms", f"must lie between 1000 and 600000, got {self.heartbeat_ms}"))
        if not 1 <= self.raw_hours <= MAX_RAW_HOURS:
            raise SettingsRejected(("raw_hours", f"must lie between 1 and {MAX_RAW_HOURS}, got {self.raw_hours}"))
        if not 1000 <= self.outbox_events <= 50_000_000:
            raise SettingsRejected(("outbox_events", f"must lie between 1000 and 50000000, got {self.outbox_events}"))
