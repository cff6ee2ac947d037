"""The messages of every channel: their types, and how they are decoded.

In:    the table of channels; payloads.
Out:   values that satisfy the contract; payloads.
Never: sockets. A channel without a decoder fails when this module is imported.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from collector.contract import alerts, findings, forecasts
from collector.contract.alerts import AlertCommand, Alerts
from collector.contract.findings import FindingCommand, Findings
from collector.contract.forecasts import Forecast
from collector.contract.states import CollectorStatus, SpaceState, Summary, Tuning, decode
from collector.site import adjustments
from collector.site.adjustments import Adjustments, SetHours, SetNotice, SetOutOfUse
from edge.contract import channels, message
from edge.contract.channels import CHANNELS, Channel, check_handlers
from edge.contract.message import DeviceCommand, DeviceStatus, EventsMessage, Receipt

_TYPES: Final[Mapping[str, type[Struct]]] = {
    one.__name__: one
    for one in (
        EventsMessage,
        Receipt,
        DeviceStatus,
        DeviceCommand,
        Findings,
        SpaceState,
        Tuning,
        Summary,
        Forecast,
        Alerts,
        Adjustments,
        CollectorStatus,
        FindingCommand,
        AlertCommand,
        SetNotice,
        SetHours,
        SetOutOfUse,
    )
}
MESSAGE_TYPES: Final = {channel: tuple(_TYPES[name] for name in channel.messages) for channel in CHANNELS}
"""The message types of each channel. A type that is missing above fails here, with KeyError."""


def _decode_collector_command(payload: bytes) -> FindingCommand | AlertCommand:
    """Decode a command to the collector; raises MessageRejected."""
    return alerts.decode_command(payload) if alerts.is_command(payload) else findings.decode_command(payload)


_DECODERS: Final[Mapping[Channel, Callable[[bytes], Any]]] = check_handlers(
    CHANNELS,
    {
        channels.EVENTS: message.decode_events,
        channels.RECEIPT: message.decode_receipt,
        channels.DEVICE_STATUS: message.decode_status,
        channels.DEVICE_COMMAND: message.decode_command,
        channels.FINDINGS: findings.decode_findings,
        channels.SPACE_STATE: lambda payload: decode(payload, SpaceState),
        channels.TUNING: lambda payload: decode(payload, Tuning),
        channels.ZONE_SUMMARY: lambda payload: decode(payload, Summary),
        channels.SITE_SUMMARY: lambda payload: decode(payload, Summary),
        channels.FORECAST: forecasts.decode,
        channels.ALERTS: alerts.decode_alerts,
        channels.ADJUSTMENTS: adjustments.decode_adjustments,
        channels.COLLECTOR_STATUS: lambda payload: decode(payload, CollectorStatus),
        channels.COLLECTOR_COMMAND: _decode_collector_command,
        channels.ADJUSTMENT_COMMAND: adjustments.decode_command,
    },
)


class OutgoingMessage(NamedTuple):
    """A message to publish. `name` is the id in the topic; `message` None clears what the broker has retained."""

    channel: Channel
    name: str
    message: Struct | None


def decode_message(channel: Channel, payload: bytes) -> Any:
    """Decode a message of this channel.

    Returns:
        A value of one of the channel's types.

    Raises:
        MessageRejected: the payload breaks the contract; the text names the field.
    """
    return _DECODERS[channel](payload)


encode_message: Final = msgspec.json.Encoder().encode
"""Encodes a message of any channel as UTF-8 JSON, with keys in the order of the type's fields."""
