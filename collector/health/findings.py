"""What the collector finds about sensors, as it says it on the wire, and what a manager answers.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: judgement, sockets, words of a page.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from edge.message import Id, read


class FindingKind(StrEnum):
    """What may be wrong with a sensor."""

    STUCK_ON = "stuck_on"
    """It has said "there" for longer than anybody stays, or for hours while its neighbours are quiet."""
    STUCK_OFF = "stuck_off"
    """It used to speak, lives, and says nothing while others say that its space is used."""
    NEVER_TRIGGERED = "never_triggered"
    """The same of a sensor that never said anything but that it lives."""
    FLAPPING = "flapping"
    """It changes more often than what it watches can."""
    POOR_COVERAGE = "poor_coverage"
    """It misses people who are there: a witness says so, or its space is lost and found again and again."""
    CLOCK_OFF = "clock_off"
    """The device's clock is wrong, or was never right."""
    BATTERY_LOW = "battery_low"
    """Its battery is nearly empty, or will soon be."""
    WRONG_PLACE = "wrong_place"
    """It moves with another space's sensors rather than with those of its own."""
    REJECTED = "rejected"
    """The device sends what the collector cannot take."""
    TWO_CLIENTS = "two_clients"
    """Two clients sign in as this device."""


class Finding(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One finding and its reason in numbers; of a dedicated desk it has `days` at most.

    A number that does not belong to the kind, or that would tell of one member, is left out.
    """

    kind: FindingKind
    since_ms: int = field(name="since")
    """The moment of the house's clock at which it was first found."""
    sensor: str = ""
    """The sensor of the device; empty: the device itself."""
    ignored: bool = False
    """A manager has seen it, and wants no more of it."""
    witness_device: str = ""
    witness: str = ""
    """The sensor that says otherwise, or empty."""
    space: str = ""
    """The space that it moves with."""
    times: int | None = None
    """How often: stays that it missed, people that it lost, changes in its busiest hour."""
    days: int | None = None
    """On how many days of the house."""
    span_min: int | None = None
    """Minutes: how long it has been on, or what it missed in all."""
    share_pct: int | None = None
    """Of the time in which somebody was there (or, of a wrong place, of its own movements), in per cent."""
    own_pct: int | None = None
    """Of a wrong place: the same share with its own space."""
    battery_pct: int | None = None
    days_left: int | None = None
    """Until the battery is empty, if it goes on falling like this."""
    off_s: int | None = None
    """Seconds that the clock is behind (above 0) or ahead (below 0)."""


class SensorNote(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How one sensor is, well or not."""

    heard_ms: int | None = field(name="heard", default=None)
    """Its newest event, to the minute; None: none is kept. Of a dedicated desk only while it is silent."""
    battery_pct: int | None = None
    """What it last said, in per cent; None: nothing of late, or it has none."""
    days_left: int | None = None
    """Until the battery is empty, if it goes on falling like this; None: it is not known yet."""


class Rejection(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Events of a device that were refused for the same reason and at the same place; no value that it sent.

    Of a dedicated desk's sensor without numbers and without a time.
    """

    reason: str
    """Such as `bad_value`; contract.md lists them."""
    sensor: str = ""
    """As the device named it; empty: it named none, or the message is meant."""
    key: str = field(name="field", default="")
    """The key that is wrong; empty: none in particular. `?`: a name that cannot be shown."""
    first: int = 0
    """The lowest and the highest `seq`; 0: the message is meant."""
    last: int = 0
    times: int = 0
    """How many."""
    at_ms: int = field(name="at", default=0)
    """The full hour in which the newest came."""


class Findings(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Everything found about one device and its sensors, retained; an empty list says that all is well."""

    at_ms: int = field(name="at")
    findings: list[Finding]
    sensors: dict[Id, SensorNote] = {}
    """Those that the journal has heard of; at most MOST_NOTES."""
    lost: Annotated[int, Meta(ge=0)] = 0
    """Events of the device that will never be stored, as far back as gaps are remembered."""
    rejected: list[Rejection] = []
    """What was refused of the device lately, the newest first; at most MOST_REJECTIONS."""


class Answer(StrEnum):
    """What a manager says to a finding."""

    IGNORE = "ignore"
    """I know; do not count it until the sensor changes."""
    HEED = "heed"
    """Take that back."""


class CollectorCommand(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One request to the collector; not retained."""

    command: Answer
    device: Id
    finding: FindingKind
    sensor: str = ""


MOST_NOTES: Final = 500
"""More would not fit into one message."""

MOST_REJECTIONS: Final = 20

_encoder: Final = msgspec.json.Encoder()
_findings: Final = msgspec.json.Decoder(Findings)
_command: Final = msgspec.json.Decoder(CollectorCommand)


def encode(message: Findings | CollectorCommand) -> bytes:
    """The message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_findings(payload: bytes) -> Findings:
    """Read what was found about a device; raises MessageRejected."""
    return read(_findings, payload)


def decode_command(payload: bytes) -> CollectorCommand:
    """Read a request to the collector; raises MessageRejected."""
    return read(_command, payload)
