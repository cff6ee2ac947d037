"""Alerts as the collector says them on the wire, and how managers mute them.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: judgement, sockets, words of a page.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC, of the house's clock.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from edge.message import MAX_PAYLOAD_BYTES, read


class AlertKind(StrEnum):
    """What an alert is about."""

    DEVICE_SILENT = "device_silent"
    """No sensor of a device is heard."""
    SENSOR_SILENT = "sensor_silent"
    """One is not heard while its device is."""
    BATTERY_LOW = "battery_low"
    STUCK = "stuck"
    """A sensor says the same whatever happens (collector/health)."""
    LOST_EVENTS = "lost_events"
    """A device's events will never be stored."""
    TWO_CLIENTS = "two_clients"
    """Two clients sign in as one device."""
    OVER_CAPACITY = "over_capacity"
    """More people than the house has places for."""
    CO2_HIGH = "co2_high"
    SUPPLY_LOW = "supply_low"
    FEW_FREE = "few_free"
    """Fewer desks are free than the house wants to have."""
    DISK_NEARLY_FULL = "disk_nearly_full"
    JOURNAL_AWAY = "journal_away"
    """The collector cannot store anything, and judges nothing."""
    JOURNAL_RESTORED = "journal_restored"
    """The journal was damaged, and a backup or an empty one took its place."""
    HISTORY_AWAY = "history_away"
    """InfluxDB does not take history, or rejects some of it."""
    NOT_DELIVERED = "not_delivered"
    """A destination of alerts takes none."""
    CLOCK_DOUBTED = "clock_doubted"
    """The server's clock jumped, and nothing confirms it."""


class Severity(StrEnum):
    """How soon somebody should look."""

    NOTICE = "notice"
    """In the next days."""
    WARNING = "warning"
    """Today."""
    URGENT = "urgent"
    """Now: quiet hours do not hold it up."""


NO_BACKUP: Final = "no_backup"
"""Everything that a damaged journal held is missing."""
AT_MOST: Final = "at_most"
"""So many desks are free if all are of which nothing is known."""


class Alert(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One episode, from the moment it was alerted of; numbers are those of that moment, in the unit of the kind."""

    kind: AlertKind
    subject: str
    """A device, `device/sensor`, a zone, a space, a destination, or `site`."""
    severity: Severity
    since_ms: int = field(name="since")
    """When it began, as far as is known: of silence the last word."""
    fired_ms: int = field(name="fired")
    """When it was alerted of."""
    ended_ms: int | None = field(name="ended", default=None)
    """Since when it is over; None: it is not."""
    left: bool = False
    """It has ended because nobody looks any more: the site file has its subject no longer, or does not ask."""
    muted: bool = False
    value: float | None = None
    """What was measured: ppm, people, free desks, events lost, per cent, minutes."""
    limit: float | None = None
    """What it should not have passed."""
    reason: str = ""
    """Of stuck: which finding it is. Of lost events: why they were lost. Of few free: AT_MOST, or nothing.

    Of a restored journal: NO_BACKUP, or nothing."""
    sensors: int | None = None
    """How many sensors of a silent device."""


_Subject = Annotated[str, Meta(max_length=130)]


class Mute(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What is shown, but not delivered. Neither kind nor subject: nothing of the whole house is."""

    kind: AlertKind | None = None
    subject: _Subject = ""
    """A device covers its sensors too."""
    until_ms: int | None = field(name="until", default=None)
    """None: until somebody takes it back."""


class Alerts(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """All alerts of the house, retained: what is open, what has ended lately, the newest first, and what is muted."""

    at_ms: int = field(name="at")
    open: list[Alert]
    ended: list[Alert]
    mutes: list[Mute]
    left_out: int = 0
    """So many are not told here, since one message holds no more."""


class Wish(StrEnum):
    """What a manager asks for."""

    MUTE = "mute"
    """Deliver no more of it."""
    UNMUTE = "unmute"
    """Take that back."""


class AlertCommand(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One request about alerts to the collector; not retained."""

    command: Wish
    kind: AlertKind | None = None
    subject: _Subject = ""
    until_ms: Annotated[int, Meta(ge=0)] | None = field(name="until", default=None)


class _Word(Struct, frozen=True, gc=False):
    """Of a command only its name."""

    command: Wish


MOST_BYTES: Final = MAX_PAYLOAD_BYTES
"""Alerts that are more are not all told."""

_encoder: Final = msgspec.json.Encoder()
_alerts: Final = msgspec.json.Decoder(Alerts)
_command: Final = msgspec.json.Decoder(AlertCommand)
_word: Final = msgspec.json.Decoder(_Word)


def encode(message: Alerts | AlertCommand) -> bytes:
    """The message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_alerts(payload: bytes) -> Alerts:
    """Read the alerts of a house; raises MessageRejected."""
    return read(_alerts, payload)


def decode_command(payload: bytes) -> AlertCommand:
    """Read a request about alerts; raises MessageRejected."""
    return read(_command, payload)


def is_command(payload: bytes) -> bool:
    """Whether a command to the collector is one about alerts, sound or not."""
    try:
        _word.decode(payload)
    except (ValueError, RecursionError):
        return False
    return True
