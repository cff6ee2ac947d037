"""Alerts as the collector publishes them, and managers' commands about alerts.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that conform to the contract.
Never: evaluation, sockets, texts of a page.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC, in site time.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from edge.contract.message import MAX_PAYLOAD_BYTES, decode_payload
from edge.timekeeping.durations import DAY_MS

ENDED_KEPT_MS: Final = 14 * DAY_MS
"""Ended alerts are kept and published for this long."""


class AlertKind(StrEnum):
    """What an alert is about."""

    DEVICE_SILENT = "device_silent"
    """No sensor of a device sends events."""
    SENSOR_SILENT = "sensor_silent"
    """A sensor sends no events while its device does."""
    BATTERY_LOW = "battery_low"
    STUCK = "stuck"
    """A sensor's reading does not change although it should (collector/health)."""
    LOST_EVENTS = "lost_events"
    """Events of a device will never be stored."""
    TWO_CLIENTS = "two_clients"
    """Two clients connect as one device."""
    OVER_CAPACITY = "over_capacity"
    """More people than the site has places for."""
    CO2_HIGH = "co2_high"
    SUPPLY_LOW = "supply_low"
    FEW_FREE = "few_free"
    """Fewer desks are free than the configured limit."""
    DISK_NEARLY_FULL = "disk_nearly_full"
    JOURNAL_AWAY = "journal_away"
    """The collector cannot store anything and evaluates nothing."""
    JOURNAL_RESTORED = "journal_restored"
    """The journal was damaged and replaced by a backup or an empty journal."""
    HISTORY_AWAY = "history_away"
    """InfluxDB is not reachable, or rejects part of the history."""
    NOT_DELIVERED = "not_delivered"
    """Notifications to a destination cannot be delivered."""
    CLOCK_DOUBTED = "clock_doubted"
    """The server's clock jumped, and nothing confirms the new time."""


class Severity(StrEnum):
    """How soon somebody should act."""

    NOTICE = "notice"
    """In the next few days."""
    WARNING = "warning"
    """Today."""
    URGENT = "urgent"
    """Now, even during quiet hours."""


NO_BACKUP: Final = "no_backup"
"""All data of the damaged journal is missing."""
AT_MOST: Final = "at_most"
"""The number of free desks if all unknown ones are free."""


class Alert(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One alert episode; its numbers are those of the instant at which it was raised, in the unit of its kind."""

    kind: AlertKind
    subject: str
    """A device, `device/sensor`, a zone, a space, a destination, or `site`."""
    severity: Severity
    since_ms: int = field(name="since")
    """When the condition began, as far as known; for silence, the last event."""
    fired_ms: int = field(name="fired")
    """When the alert was raised."""
    ended_ms: int | None = field(name="ended", default=None)
    """When it ended; None: it is open."""
    left: bool = False
    """Whether it ended because it is no longer monitored: the site file no longer has its subject or disables it."""
    muted: bool = False
    value: float | None = None
    """The measured value: ppm, people, free desks, lost events, per cent, minutes."""
    limit: float | None = None
    """The limit that the value crossed."""
    reason: str = ""
    """For a stuck sensor: the kind of finding. For lost events: why they were lost.

    For few free desks: AT_MOST or empty. For a restored journal: NO_BACKUP or empty.
    """
    sensors: int | None = None
    """For a silent device: how many sensors it has."""


_Subject = Annotated[str, Meta(max_length=130)]


class Mute(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Alerts that are shown but not delivered. Without kind and subject: all alerts of the site."""

    kind: AlertKind | None = None
    subject: _Subject = ""
    """A device includes its sensors."""
    until_ms: int | None = field(name="until", default=None)
    """None: until somebody unmutes it."""


class Alerts(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """All alerts of the site, retained: open ones, recently ended ones (newest first), and mutes."""

    at_ms: int = field(name="at")
    open: list[Alert]
    ended: list[Alert]
    mutes: list[Mute]
    left_out: int = 0
    """How many open alerts are omitted because they do not fit into one message."""


class MuteAction(StrEnum):
    """What a manager can do with alerts."""

    MUTE = "mute"
    """Stop delivering it."""
    UNMUTE = "unmute"
    """Deliver it again."""


class AlertCommand(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One command about alerts to the collector; not retained."""

    command: MuteAction
    kind: AlertKind | None = None
    subject: _Subject = ""
    until_ms: Annotated[int, Meta(ge=0)] | None = field(name="until", default=None)


class _CommandName(Struct, frozen=True, gc=False):
    """Only the name of a command."""

    command: MuteAction


MAX_BYTES: Final = MAX_PAYLOAD_BYTES
"""The size limit of the alerts message; alerts that do not fit are omitted."""

_encoder: Final = msgspec.json.Encoder()
_alerts_decoder: Final = msgspec.json.Decoder(Alerts)
_command_decoder: Final = msgspec.json.Decoder(AlertCommand)
_command_name_decoder: Final = msgspec.json.Decoder(_CommandName)


def encode(message: Alerts | AlertCommand) -> bytes:
    """Return the message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_alerts(payload: bytes) -> Alerts:
    """Decode the alerts of a site; raises MessageRejected."""
    return decode_payload(_alerts_decoder, payload)


def decode_command(payload: bytes) -> AlertCommand:
    """Decode a command about alerts; raises MessageRejected."""
    return decode_payload(_command_decoder, payload)


def is_command(payload: bytes) -> bool:
    """Return whether a command to the collector is about alerts, valid or not."""
    try:
        _command_name_decoder.decode(payload)
    except (ValueError, RecursionError):
        return False
    return True
