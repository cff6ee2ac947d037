"""The messages between edge and collector: events, receipts, status, commands.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that satisfy the contract.
Never: sockets, clocks. A payload that breaks the contract is rejected with the field, the problem and the remedy.

Source: firmware-config/contract.md, version 1.
"""

from collections.abc import MutableMapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.contract.sensor_kinds import QUANTITIES

MAX_PAYLOAD_BYTES: Final = 64 * 1024
MAX_EVENTS_PER_MESSAGE: Final = 1000

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""An id from the site file. Its characters are not checked here: a pattern takes three times as long as the whole
decoding, and the collector rejects every id that is not in its site file."""
SequenceNumber = Annotated[int, Meta(ge=1, le=2**53 - 1)]
"""The outbox's row number: 1 for the first event of a stream, then one higher for each event."""
UnixMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Unix milliseconds, UTC; the upper bound is the year 9999."""


class MessageRejected(ValueError):
    """The payload breaks the contract. Sending it again cannot help."""


def _add_sensor_quantities(members: MutableMapping[str, Any]) -> None:
    """Add a member for each quantity of the table of sensor kinds to the body of an enumeration."""
    for quantity in QUANTITIES:
        members[quantity.name.upper()] = (quantity.name, quantity.low, quantity.high)


class EventKind(StrEnum):
    """What an event's value means, with the lowest and the highest value allowed; the unit is in the name.

    The bounds are what is physically possible in a building. They exclude the values with which sensors and drivers
    report a fault: 0 and 65535 of a 16-bit register, -45 and 130 degrees of an SHT, -127 and 85 degrees of a DS18B20,
    -40 and 125 degrees of an HDC1080. A reading outside the bounds makes the channel fail, and causes no event.
    """

    low: float
    high: float

    # Quantities of the table of sensor kinds. Only those that code names are declared here, for type checkers.
    MOTION: "EventKind"
    PRESENCE: "EventKind"
    PRESSURE: "EventKind"
    CONTACT_OPEN: "EventKind"
    CROSSING: "EventKind"
    PEOPLE: "EventKind"
    CO2_PPM: "EventKind"
    TEMPERATURE_C: "EventKind"
    HUMIDITY_PCT: "EventKind"
    SOUND_DB: "EventKind"
    LIGHT_LUX: "EventKind"
    POWER_W: "EventKind"
    LEVEL_PCT: "EventKind"

    def __new__(cls, name: str, low: float, high: float) -> Self:
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.low, kind.high = low, high
        return kind

    _add_sensor_quantities(locals())
    DISTANCE_MM = ("distance_mm", 0, 30_000)
    BATTERY_PCT = ("battery_pct", 0, 100)
    HEARTBEAT = ("heartbeat", -1_000_000, 1_000_000)


EVENT_KIND_BY_NAME: Final = {kind.value: kind for kind in EventKind}
"""A look-up takes a fifth of the time of a call of the enumeration."""


class SensorEvent(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A debounced event of one sensor.

    `at_ms` is the device's clock, Unix milliseconds, UTC. `synchronised` is false if that clock was never
    synchronised: such an event is stored but changes no state. A heartbeat repeats the sensor's present level (0 or 1)
    or its last reading, so that a lost change is corrected.
    """

    seq: SequenceNumber
    sensor: Id
    at_ms: UnixMs = msgspec.field(name="at")
    kind: EventKind
    value: int | float
    synchronised: bool = msgspec.field(name="sync", default=True)


class EventsMessage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Consecutive events of one outbox: `seq` has no gap from the first to the last.

    `oldest` is the lowest `seq` that the outbox still holds. Events below it that were never stored are lost, and
    the collector reports exactly that gap.
    """

    stream: Id
    oldest: SequenceNumber
    events: Annotated[list[SensorEvent], Meta(min_length=1, max_length=MAX_EVENTS_PER_MESSAGE)]


class Receipt(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The collector's confirmation that every event of `stream` up to `seq` is on its disk (0: none)."""

    stream: Id
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ClockState(StrEnum):
    """Whether a device's clock can be trusted."""

    SYNCHRONISED = "synchronised"
    WAITING = "waiting"


class OutboxStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How many events an outbox holds, and how many it has dropped since it was created."""

    depth: Annotated[int, Meta(ge=0)]
    dropped: Annotated[int, Meta(ge=0)]


SILENT_AFTER_HEARTBEATS: Final = 2.0
"""A sensor without an event, or without a reading at its agent, counts as silent after this many heartbeats."""


class SensorHealth(StrEnum):
    """The health of one sensor, as its agent reports it."""

    HEALTHY = "healthy"
    SILENT = "silent"
    """It is open and has had no reading for `SILENT_AFTER_HEARTBEATS`."""
    FAILED = "failed"
    """It could not be opened or read; the agent tries again."""


class DeviceStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The status of a device, retained. Its will is `DeviceStatus(online=False)`."""

    online: bool
    since_ms: UnixMs | None = msgspec.field(name="since", default=None)
    at_ms: UnixMs | None = msgspec.field(name="at", default=None)
    version: Annotated[str, Meta(max_length=64)] = ""
    outbox: OutboxStatus | None = None
    clock: ClockState | None = None
    temperature_c: float | None = None
    wifi_dbm: Annotated[int, Meta(ge=-128, le=0)] | None = None
    """Wi-Fi signal strength at the device; None: it is wired, or the strength is unknown."""
    sensors: dict[Id, SensorHealth] = {}
    failed_channels: dict[Id, list[EventKind]] = {}
    """Failed channels of sensors that have several channels and still work in part."""


MAX_FUTURE_MS: Final = 300_000
"""An event further ahead of the collector's clock than this comes from a wrong clock, and is rejected."""
IDENTIFY_S: Final = 10.0
"""For how long a device's lamp blinks on the command `identify`."""


class CommandName(StrEnum):
    """The commands of a device."""

    IDENTIFY = "identify"
    """Blink the state lamp for `IDENTIFY_S`, to find the device."""
    REPORT = "report"
    """Publish the status now."""


class DeviceCommand(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One request to a device; not retained."""

    command: CommandName


_T = TypeVar("_T")

_encoder = msgspec.json.Encoder()
_events_decoder = msgspec.json.Decoder(EventsMessage)
_receipt_decoder = msgspec.json.Decoder(Receipt)
_status_decoder = msgspec.json.Decoder(DeviceStatus)
_command_decoder = msgspec.json.Decoder(DeviceCommand)


def encode(message: EventsMessage | Receipt | DeviceStatus | DeviceCommand) -> bytes:
    """Encode a message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_events(payload: bytes) -> EventsMessage:
    """Decode an events message.

    Args:
        payload: UTF-8 JSON as `encode` writes it, at most 64 KiB.

    Raises:
        MessageRejected: the payload breaks the contract; the text names the field.
    """
    message = decode_payload(_events_decoder, payload)
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
    """Decode a receipt; raise MessageRejected if the payload breaks the contract."""
    return decode_payload(_receipt_decoder, payload)


def decode_status(payload: bytes) -> DeviceStatus:
    """Decode a device's status; raise MessageRejected if the payload breaks the contract."""
    return decode_payload(_status_decoder, payload)


def decode_command(payload: bytes) -> DeviceCommand:
    """Decode a command; raise MessageRejected if the payload breaks the contract."""
    return decode_payload(_command_decoder, payload)


def decode_payload(decoder: "msgspec.json.Decoder[_T]", payload: bytes) -> _T:
    """Decode one message of at most 64 KiB.

    Raises:
        MessageRejected: it is longer, or does not have the expected type; the text names the field.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageRejected(f"{len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are allowed")
    try:
        return decoder.decode(payload)
    except (ValueError, RecursionError) as fault:  # msgspec's own errors and bad UTF-8 are ValueErrors
        raise MessageRejected(str(fault)) from fault
