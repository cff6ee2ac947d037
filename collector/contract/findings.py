"""Findings about sensors as the collector publishes them, and managers' commands about findings.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that conform to the contract.
Never: evaluation, sockets, texts of a page.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from edge.contract.message import Id, decode_payload


class FindingKind(StrEnum):
    """What may be wrong with a sensor or device."""

    STUCK_ON = "stuck_on"
    """It has been on for longer than anybody stays, or for hours while its neighbours are quiet."""
    STUCK_OFF = "stuck_off"
    """It has triggered before and is alive, but detects nothing while other sensors show that its space is used."""
    NEVER_TRIGGERED = "never_triggered"
    """The same for a sensor that has never triggered."""
    FLAPPING = "flapping"
    """It changes more often than a person can cause."""
    POOR_COVERAGE = "poor_coverage"
    """It misses people who are present: a witness detects them, or its space turns free and occupied repeatedly."""
    CLOCK_OFF = "clock_off"
    """The device's clock is wrong, or was never set."""
    BATTERY_LOW = "battery_low"
    """Its battery is nearly empty, or will soon be."""
    WRONG_PLACE = "wrong_place"
    """Its activity matches another space's sensors rather than those of its own space."""
    LEFT_INSIDE = "left_inside"
    """It counts people inside at 04:00, night after night."""
    SWAPPED = "swapped"
    """It and `witness`, a sensor of the same kind, each follow the people of the other one's place."""
    OFTEN_WRONG = "often_wrong"
    """Truth rounds found its space shown wrong significantly more often than the site."""
    REJECTED = "rejected"
    """The device sends events that the collector rejects."""
    TWO_CLIENTS = "two_clients"
    """Two clients sign in as this device."""
    IMPLAUSIBLE = "implausible"
    """It has readings of a quantity that are possible, but not in a building."""
    UNCHANGING = "unchanging"
    """Its readings of a quantity stay the same although they must change."""


class Finding(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One finding and its reason in numbers; for a dedicated desk at most `days`.

    A number that does not belong to the kind, or that would expose one member, is omitted.
    """

    kind: FindingKind
    since_ms: int = field(name="since")
    """Site time at which it was first found."""
    sensor: str = ""
    """The device's sensor; empty: the device itself."""
    ignored: bool = False
    """A manager has chosen to ignore it."""
    witness_device: str = ""
    witness: str = ""
    """The sensor that contradicts it, or empty."""
    space: str = ""
    """The space whose activity it matches."""
    times: int | None = None
    """Stays that it missed, people that it lost, changes in its busiest hour, or implausible readings."""
    days: int | None = None
    """On how many days of the site."""
    span_min: int | None = None
    """Minutes: how long it has been on, or what it missed in total."""
    share_pct: int | None = None
    """Per cent of the time in which somebody was present; for `wrong_place` and `swapped` the
    similarity; for `left_inside` of those who entered."""
    own_pct: int | None = None
    """For `wrong_place` and `swapped`: the similarity with its own space."""
    battery_pct: int | None = None
    days_left: int | None = None
    """Days until the battery is empty, if it continues to fall at this rate."""
    off_s: int | None = None
    """Seconds by which the clock is behind (positive) or ahead (negative)."""
    quantity: str = ""
    """The quantity whose readings are wrong; a sensor may have one finding of a kind for each."""
    value: float | None = None
    """The reading furthest from the plausible ones, or the one that does not change, in the unit of the quantity."""


class SensorNote(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Last event and battery of one sensor, with or without findings."""

    last_event_ms: int | None = field(name="last_event", default=None)
    """Its newest event, to the minute; None: none is stored. For a dedicated desk only while the sensor is silent."""
    battery_pct: int | None = None
    """Last reported level in per cent; None: no recent report, or no battery."""
    days_left: int | None = None
    """Days until the battery is empty, if it continues to fall at this rate; None: not known yet."""


class Rejection(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Events of a device that were rejected for the same reason and in the same field; never a value that it sent.

    For a dedicated desk's sensor without numbers and without a time.
    """

    reason: str
    """Such as `bad_value`; contract.md lists them."""
    sensor: str = ""
    """As the device named it; empty: it named none, or the whole message was rejected."""
    key: str = field(name="field", default="")
    """The key that is wrong; empty: no particular key. `?`: a name that cannot be shown."""
    first: int = 0
    """The lowest and the highest `seq`; 0: the whole message was rejected."""
    last: int = 0
    times: int = 0
    """How many events."""
    at_ms: int = field(name="at", default=0)
    """The full hour in which the newest arrived."""


class Findings(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """All findings about one device and its sensors, retained; an empty list means that everything is in order."""

    at_ms: int = field(name="at")
    findings: list[Finding]
    sensors: dict[Id, SensorNote] = {}
    """Sensors with stored events or a battery level; at most MAX_NOTES."""
    lost: Annotated[int, Meta(ge=0)] = 0
    """Events of the device that will never be stored, as far back as gaps are recorded."""
    rejected: list[Rejection] = []
    """Recent rejections of the device, newest first; at most MAX_REJECTIONS."""


class FindingAction(StrEnum):
    """What a manager can do with a finding."""

    IGNORE = "ignore"
    """Ignore it until the sensor changes."""
    UNIGNORE = "unignore"
    """Stop ignoring it."""


class FindingCommand(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One command about a finding; not retained."""

    command: FindingAction
    device: Id
    finding: FindingKind
    sensor: str = ""
    quantity: str = ""


MAX_NOTES: Final = 500
"""More notes would not fit into one message."""

MAX_REJECTIONS: Final = 20

_encoder: Final = msgspec.json.Encoder()
_findings_decoder: Final = msgspec.json.Decoder(Findings)
_command_decoder: Final = msgspec.json.Decoder(FindingCommand)


def encode(message: Findings | FindingCommand) -> bytes:
    """Return the message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_findings(payload: bytes) -> Findings:
    """Decode the findings about a device; raises MessageRejected."""
    return decode_payload(_findings_decoder, payload)


def decode_command(payload: bytes) -> FindingCommand:
    """Decode a command about a finding; raises MessageRejected."""
    return decode_payload(_command_decoder, payload)
