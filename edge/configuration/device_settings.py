"""Settings of an agent: the broker, its device, its sensors, its lamp and its outbox.

In:    nothing; the `ledig` command reads the site file and creates these.
Out:   frozen, self-validating settings.
Never: files, pins, the settings of a sensor kind (edge/contract/pin_sensor_kinds.py, file_sensor_kinds.py).

Pins are GPIO numbers (BCM), as in gpiozero. Durations are milliseconds of site time.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.contract.broker_client import BrokerSettings
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.contract.sensor_settings import SensorSettings, check_pin
from edge.contract.settings_rejected import SettingsRejected


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
            check_pin(self.lamp_pin, "lamp_pin")
        if (self.lamp_pin is None) != (self.lamp_space is None):
            raise SettingsRejected(("", "lamp_pin and lamp_space go together: give both or neither"))
        if not 1000 <= self.heartbeat_ms <= 600_000:
            raise SettingsRejected(("heartbeat_ms", f"must lie between 1000 and 600000, got {self.heartbeat_ms}"))
        if not 1 <= self.raw_hours <= MAX_RAW_HOURS:
            raise SettingsRejected(("raw_hours", f"must lie between 1 and {MAX_RAW_HOURS}, got {self.raw_hours}"))
        if not 1000 <= self.outbox_events <= 50_000_000:
            raise SettingsRejected(("outbox_events", f"must lie between 1000 and 50000000, got {self.outbox_events}"))
