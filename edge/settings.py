"""What an agent is told: the broker, its device, its sensors and pins.

In:    nothing; the front door reads the site file and makes these.
Out:   frozen settings that are right in themselves.
Never: files, pins, defaults that hide a mistake.

Pins are GPIO numbers (BCM), as gpiozero counts them. Spans are milliseconds of the house's clock.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.broker import BrokerSettings

GPIO_PINS = range(28)
"""GPIO0 to GPIO27: the pins of the 40-pin header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSettings:
    """What every sensor has."""

    id: str
    """Its name on the wire, unique in its device."""

    @property
    def pins(self) -> tuple[int, ...]:
        """Every pin that it uses; no two sensors of a device may share one."""
        return ()


def _check_pin(pin: int, name: str = "pin") -> None:
    if pin not in GPIO_PINS:
        raise ValueError(f"{name} must be a GPIO number from 0 to 27, got {pin}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSettings(SensorSettings):
    """A sensor that is one pin, high or low."""

    pin: int
    """GPIO number (BCM)."""
    settle_ms: int = 50
    """A level counts once it has stood still this long."""

    def __post_init__(self) -> None:
        _check_pin(self.pin)
        if not 0 <= self.settle_ms <= 10_000:
            raise ValueError(f"settle_ms must lie between 0 and 10000, got {self.settle_ms}")

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.pin,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PirSettings(PinSettings):
    """A passive infrared sensor whose output is high while it sees movement. Says `motion`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings(PinSettings):
    """A reed contact to ground, pulled up: closed reads low, and a cut wire reads open. Says `contact_open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureSettings(PinSettings):
    """A mat that closes to ground, pulled up, while somebody sits on it. Says `pressure`."""

    settle_ms: int = 120
    """A mat rebounds for about 40 ms after someone stands up; three times that is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSettings(PinSettings):
    """A radar (mmWave), or any other whose output is high as long as somebody is there. Says `presence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceSettings(SensorSettings):
    """An ultrasonic ranger (HC-SR04).

    Says `presence` below `near_mm`, or `level_pct` between `empty_mm` and `full_mm`.
    """

    echo_pin: int
    """GPIO number (BCM) of the echo, behind a divider to 3.3 V."""
    trigger_pin: int
    """GPIO number (BCM) of the trigger."""
    near_mm: int | None = None
    """Somebody sits there when the distance is below this."""
    empty_mm: int | None = None
    """The distance to the bottom of an empty container."""
    full_mm: int | None = None
    """The distance to the top of a full one."""
    every_ms: int = 1000
    """How often the distance is taken."""

    def __post_init__(self) -> None:
        _check_pin(self.echo_pin, "echo_pin")
        _check_pin(self.trigger_pin, "trigger_pin")
        level = (self.empty_mm, self.full_mm)
        if (self.near_mm is None) == (None in level) or (self.near_mm is not None and level != (None, None)):
            raise ValueError("give either near_mm (a seat), or both empty_mm and full_mm (a container)")
        if self.empty_mm is not None and self.full_mm is not None and not 0 <= self.full_mm < self.empty_mm <= 4000:
            raise ValueError(f"0 <= full_mm < empty_mm <= 4000 must hold, got {self.full_mm} and {self.empty_mm}")
        if self.near_mm is not None and not 20 <= self.near_mm <= 4000:
            raise ValueError(f"near_mm must lie between 20 and 4000, got {self.near_mm}")
        if not 100 <= self.every_ms <= 60_000:
            raise ValueError(f"every_ms must lie between 100 and 60000, got {self.every_ms}")

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.echo_pin, self.trigger_pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamPairSettings(SensorSettings):
    """Two light beams across a door; which breaks first gives the direction. Says `crossing`, +1 in and -1 out.

    Each receiver pulls its pin low while its beam is broken.
    """

    outer_pin: int
    """GPIO number (BCM) of the beam nearer to the street."""
    inner_pin: int
    """GPIO number (BCM) of the beam nearer to the house."""
    within_ms: int = 2000
    """A person passes both beams within this time."""

    def __post_init__(self) -> None:
        _check_pin(self.outer_pin, "outer_pin")
        _check_pin(self.inner_pin, "inner_pin")
        if self.outer_pin == self.inner_pin:
            raise ValueError(f"outer_pin and inner_pin must differ, both are {self.outer_pin}")
        if not 100 <= self.within_ms <= 10_000:
            raise ValueError(f"within_ms must lie between 100 and 10000, got {self.within_ms}")

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.outer_pin, self.inner_pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings(SensorSettings):
    """A meter that Linux shows as a file (hwmon: power1_input is in microwatts). Says `power_w`."""

    path: Path
    """The file that holds one number, say /sys/class/hwmon/hwmon0/power1_input."""
    scale: float = 0.000_001
    """Watts per unit of the file."""
    every_ms: int = 5000
    """How often the file is read; a reading is sent when it moved by `step_w`, and as a heartbeat."""
    step_w: float = 5.0
    """The least change that is told, in watts."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise ValueError(f"every_ms must lie between 100 and 600000, got {self.every_ms}")
        if self.step_w <= 0:
            raise ValueError(f"step_w must be above 0, got {self.step_w:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AirSettings(SensorSettings):
    """An air sensor that Linux shows as files (IIO: scd4x, scd30). Says `co2_ppm`, `temperature_c`, `humidity_pct`."""

    co2_path: Path
    """The file with the concentration of CO2."""
    co2_scale: float = 1.0
    """ppm per unit of the file."""
    temperature_path: Path | None = None
    """The file with the temperature; None: there is none."""
    temperature_scale: float = 0.001
    """Degrees Celsius per unit of the file."""
    humidity_path: Path | None = None
    """The file with the relative humidity; None: there is none."""
    humidity_scale: float = 0.001
    """Per cent per unit of the file."""
    every_ms: int = 30_000
    """How often the files are read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise ValueError(f"every_ms must lie between 1000 and 600000, got {self.every_ms}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings(SensorSettings):
    """A sound level meter that writes its level to a file, and never what was said. Says `sound_db`."""

    path: Path
    """The file that holds the level as one number."""
    scale: float = 1.0
    """Decibels per unit of the file."""
    every_ms: int = 1000
    """How often the file is read."""
    tell_ms: int = 30_000
    """The loudest level of so long is told, and nothing in between."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= self.tell_ms <= 600_000:
            raise ValueError(
                f"100 <= every_ms <= tell_ms <= 600000 must hold, got every_ms = {self.every_ms}"
                f" and tell_ms = {self.tell_ms}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSettings(SensorSettings):
    """A light sensor that Linux shows as a file (IIO: in_illuminance_raw). Says `light_lux`."""

    path: Path
    """The file that holds the illuminance as one number."""
    scale: float = 1.0
    """Lux per unit of the file."""
    every_ms: int = 30_000
    """How often the file is read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise ValueError(f"every_ms must lie between 1000 and 600000, got {self.every_ms}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings(SensorSettings):
    """A counter that writes how many people it sees to a file, and nothing of who they are. Says `people`."""

    path: Path
    """The file that holds one whole number."""
    every_ms: int = 5000
    """How often the file is read; a count is sent when it changed, and as a heartbeat."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise ValueError(f"every_ms must lie between 100 and 600000, got {self.every_ms}")


SENSOR_SETTINGS: dict[str, type[SensorSettings]] = {
    "pir": PirSettings,
    "contact": ContactSettings,
    "pressure": PressureSettings,
    "distance": DistanceSettings,
    "beam_pair": BeamPairSettings,
    "power": PowerSettings,
    "air": AirSettings,
    "presence": PresenceSettings,
    "sound": SoundSettings,
    "light": LightSettings,
    "people": PeopleSettings,
}
"""Every kind of sensor that an agent reads, by its name in the site file."""


class ClockSource(StrEnum):
    """What an agent trusts for the time of day."""

    NETWORK = "network"
    """Wait until the kernel says that it follows a time server: right for a Pi, which has no clock battery."""
    HOST = "host"
    """Trust this machine's clock: it has a battery, or is a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """One Raspberry Pi: who it is, what hangs on it, where it keeps what it has yet to hand over."""

    site: str
    """The site's id."""
    device: str
    """The device's id; also its user name at the broker."""
    broker: BrokerSettings
    """Where its events go."""
    outbox_path: Path
    """The SQLite file of its outbox."""
    sensors: tuple[SensorSettings, ...] = ()
    """What hangs on it."""
    clock: ClockSource = ClockSource.NETWORK
    """What it trusts for the time of day."""
    lamp_pin: int | None = None
    """GPIO number (BCM) of a state lamp; None: there is none."""
    lamp_space: str | None = None
    """The space whose state the lamp shows: lit when taken, dark when free, a slow pulse when not known."""
    heartbeat_ms: int = 30_000
    """A sensor that said nothing for this long says that it lives."""
    outbox_events: int = 500_000
    """The most events that the outbox holds; beyond, the oldest are dropped and counted (about 50 bytes each)."""

    def __post_init__(self) -> None:
        if self.lamp_pin is not None:
            _check_pin(self.lamp_pin, "lamp_pin")
        if (self.lamp_pin is None) != (self.lamp_space is None):
            raise ValueError("lamp_pin and lamp_space go together: give both or neither")
        if not 1000 <= self.heartbeat_ms <= 600_000:
            raise ValueError(f"heartbeat_ms must lie between 1000 and 600000, got {self.heartbeat_ms}")
        if not 1000 <= self.outbox_events <= 50_000_000:
            raise ValueError(f"outbox_events must lie between 1000 and 50000000, got {self.outbox_events}")
