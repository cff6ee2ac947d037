"""The wire between edge and collector: events, receipts, status, commands.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep every promise of the contract.
Never: sockets, clocks. What breaks the contract is refused with the field, the finding and the remedy.

Source: firmware-config/contract.md, version 1.
"""

from enum import StrEnum
from typing import Annotated, Final, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_EVENTS: Final = 1000

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""A name in the site file. Its letters are not checked here: a pattern would cost three times the whole decoding,
and the collector refuses every name that its site file does not hold."""
Sequence = Annotated[int, Meta(ge=1, le=2**53 - 1)]
"""The outbox's row number: 1 for the first event of a stream, then one more for each."""
UnixMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Unix milliseconds, UTC; the upper bound is the year 9999."""


class MessageRejected(ValueError):
    """A payload breaks the contract. Sending it again cannot help."""


class Kind(StrEnum):
    """What an event's value means, with the lowest and the highest value allowed; the unit is in the name.

    The bounds are those of what can be true in a building. They exclude the values by which sensors and drivers report
    a fault: 0 and 65535 of a 16-bit register, -45 and 130 degrees of an SHT, -127 and 85 degrees of a DS18B20, -40
    and 125 degrees of an HDC1080. A reading outside of them is a failed channel, and no event.
    """

    low: float
    high: float

    def __new__(cls, word: str, low: float, high: float) -> Self:
        kind = str.__new__(cls, word)
        kind._value_ = word
        kind.low, kind.high = low, high
        return kind

    MOTION = ("motion", 0, 1)
    PRESENCE = ("presence", 0, 1)
    PRESSURE = ("pressure", 0, 1)
    CONTACT_OPEN = ("contact_open", 0, 1)
    CROSSING = ("crossing", -1, 1)
    PEOPLE = ("people", 0, 10_000)
    DISTANCE_MM = ("distance_mm", 0, 30_000)
    CO2_PPM = ("co2_ppm", 200, 20_000)
    """Outdoor air has about 420 ppm; a sensor that needs calibration may show half of that. 20,000 are no more fit for
    work, and above them most sensors are only saturated."""
    TEMPERATURE_C = ("temperature_c", -39, 70)
    """From the coldest unheated hall to a sensor in the sun."""
    HUMIDITY_PCT = ("humidity_pct", 1, 100)
    """Air of 0 % does not exist in a building."""
    SOUND_DB = ("sound_db", -100, 140)
    """A meter may count from its own full scale downwards; 140 dB is where sound hurts at once."""
    LIGHT_LUX = ("light_lux", 0, 150_000)
    """The sun at noon has about 120,000 lux."""
    POWER_W = ("power_w", -100_000, 100_000)
    """Negative of what feeds power back, or of a meter wired the wrong way round."""
    LEVEL_PCT = ("level_pct", 0, 100)
    BATTERY_PCT = ("battery_pct", 0, 100)
    HEARTBEAT = ("heartbeat", -1_000_000, 1_000_000)


class SensorEvent(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a sensor said, after debouncing.

    `at_ms` is the device's clock, Unix milliseconds, UTC. `synchronised` is false if that clock never was:
    such an event is stored and moves nothing. A heartbeat repeats the sensor's present level (0 or 1 for
    what has a level, the last reading for what is measured), so that a lost change mends itself.
    """

    seq: Sequence
    sensor: Id
    at_ms: UnixMs = msgspec.field(name="at")
    kind: Kind
    value: int | float
    synchronised: bool = msgspec.field(name="sync", default=True)


class EventsMessage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Events of one outbox, `seq` without a hole from the first to the last.

    `oldest` is the lowest `seq` that the outbox still holds: what lies below it and was never stored is gone,
    and the collector reports exactly that gap.
    """

    stream: Id
    oldest: Sequence
    events: Annotated[list[SensorEvent], Meta(min_length=1, max_length=MAX_EVENTS)]


class Receipt(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The collector's word that every event of `stream` up to `seq` is on its disk (0: none is)."""

    stream: Id
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ClockState(StrEnum):
    """How far a device's clock can be trusted."""

    SYNCHRONISED = "synchronised"
    WAITING = "waiting"


class OutboxStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an outbox holds, and what it had to drop at its bound since it was made."""

    depth: Annotated[int, Meta(ge=0)]
    dropped: Annotated[int, Meta(ge=0)]


class SensorHealth(StrEnum):
    """What an agent knows of one of its sensors."""

    HEALTHY = "healthy"
    SILENT = "silent"
    """It opened, and no reading has come for two heartbeats."""
    FAILED = "failed"
    """It could not be opened or read; the agent tries again."""


class DeviceStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How a device is, retained. Its will is `DeviceStatus(online=False)`."""

    online: bool
    since_ms: UnixMs | None = msgspec.field(name="since", default=None)
    at_ms: UnixMs | None = msgspec.field(name="at", default=None)
    version: Annotated[str, Meta(max_length=64)] = ""
    outbox: OutboxStatus | None = None
    clock: ClockState | None = None
    temperature_c: float | None = None
    wifi_dbm: Annotated[int, Meta(ge=-128, le=0)] | None = None
    """How strong the Wi-Fi is where it hangs; None: it has a wire, or nobody can say."""
    sensors: dict[Id, SensorHealth] = {}
    failed_channels: dict[Id, list[Kind]] = {}
    """Of sensors that measure several quantities and still work in part: those that have failed."""


class CommandName(StrEnum):
    """What a device can be asked."""

    IDENTIFY = "identify"
    """Blink the state lamp for ten seconds: which box is it?"""
    REPORT = "report"
    """Say your status now."""


class Command(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One request to a device; not retained."""

    command: CommandName


_T = TypeVar("_T")

_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(EventsMessage)
_receipt = msgspec.json.Decoder(Receipt)
_status = msgspec.json.Decoder(DeviceStatus)
_command = msgspec.json.Decoder(Command)


def encode(message: EventsMessage | Receipt | DeviceStatus | Command) -> bytes:
    """The message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_events(payload: bytes) -> EventsMessage:
    """Read events from the wire.

    Args:
        payload: UTF-8 JSON as `encode` writes it, at most 64 KiB.

    Raises:
        MessageRejected: the contract is broken; the text names the field.
    """
    message = read(_events, payload)
    seq = message.events[0].seq
    if message.oldest > seq:
        raise MessageRejected(f"oldest is {message.oldest}; it must not be above the first seq {seq}")
    for event in message.events:
        kind = event.kind
        if not kind.low <= event.value <= kind.high:
            raise MessageRejected(
                f"seq {event.seq}: {kind} is {event.value!r:.40}; it must lie between {kind.low:g} and {kind.high:g}"
            )
        if event.seq != seq:
            raise MessageRejected(f"seq {event.seq} is not {seq}; the numbers of a message have no gaps")
        seq += 1
    return message


def decode_receipt(payload: bytes) -> Receipt:
    """Read a receipt; raises MessageRejected."""
    return read(_receipt, payload)


def decode_status(payload: bytes) -> DeviceStatus:
    """Read a device's status; raises MessageRejected."""
    return read(_status, payload)


def decode_command(payload: bytes) -> Command:
    """Read a command; raises MessageRejected."""
    return read(_command, payload)


def read(decoder: "msgspec.json.Decoder[_T]", payload: bytes) -> _T:
    """Read one message of at most 64 KiB.

    Raises:
        MessageRejected: it is longer, or not what its decoder expects; the text names the field.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageRejected(f"{len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are allowed")
    try:
        return decoder.decode(payload)
    except (ValueError, RecursionError) as fault:  # msgspec's own errors and bad UTF-8 are ValueErrors
        raise MessageRejected(str(fault)) from fault
