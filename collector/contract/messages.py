"""The messages of every kind of topic: their types, and how they are decoded.

In:    the table of topics; payloads.
Out:   values that satisfy the contract; payloads.
Never: sockets. A kind of topic without a decoder fails when this module is imported.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from collector.contract import alerts, findings, forecasts, truth
from collector.contract.alerts import AlertCommand, Alerts
from collector.contract.findings import FindingCommand, Findings
from collector.contract.forecasts import Forecast
from collector.contract.states import CollectorStatus, SpaceState, Summary, Tuning, decode
from collector.contract.truth import (
    AnswerRound,
    EndRound,
    RenewCode,
    ReportSpace,
    SiteAccuracy,
    SpaceCodes,
    StartRound,
    TruthRound,
)
from collector.site import adjustments
from collector.site.adjustments import Adjustments, SetHours, SetNotice, SetOutOfUse
from edge.contract import message, topics
from edge.contract.message import DeviceCommand, DeviceStatus, EventsMessage, Receipt
from edge.contract.topics import TOPIC_KINDS, TopicKind, check_handlers

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
        SiteAccuracy,
        SpaceCodes,
        TruthRound,
        ReportSpace,
        StartRound,
        AnswerRound,
        EndRound,
        RenewCode,
    )
}
MESSAGE_TYPES: Final = {topic_kind: tuple(_TYPES[name] for name in topic_kind.messages) for topic_kind in TOPIC_KINDS}
"""The message types of each kind of topic. A type that is missing above fails here, with KeyError."""


def _decode_collector_command(payload: bytes) -> FindingCommand | AlertCommand:
    """Decode a command to the collector; raises MessageRejected."""
    return alerts.decode_command(payload) if alerts.is_command(payload) else findings.decode_command(payload)


_DECODERS: Final[Mapping[TopicKind, Callable[[bytes], Any]]] = check_handlers(
    TOPIC_KINDS,
    {
        topics.EVENTS: message.decode_events,
        topics.RECEIPT: message.decode_receipt,
        topics.DEVICE_STATUS: message.decode_status,
        topics.DEVICE_COMMAND: message.decode_command,
        topics.FINDINGS: findings.decode_findings,
        topics.SPACE_STATE: lambda payload: decode(payload, SpaceState),
        topics.TUNING: lambda payload: decode(payload, Tuning),
        topics.ZONE_SUMMARY: lambda payload: decode(payload, Summary),
        topics.SITE_SUMMARY: lambda payload: decode(payload, Summary),
        topics.FORECAST: forecasts.decode,
        topics.ALERTS: alerts.decode_alerts,
        topics.ADJUSTMENTS: adjustments.decode_adjustments,
        topics.COLLECTOR_STATUS: lambda payload: decode(payload, CollectorStatus),
        topics.COLLECTOR_COMMAND: _decode_collector_command,
        topics.ADJUSTMENT_COMMAND: adjustments.decode_command,
        topics.ACCURACY: truth.decode_accuracy,
        topics.SPACE_CODES: truth.decode_codes,
        topics.TRUTH_ROUND: truth.decode_round,
        topics.TRUTH_COMMAND: truth.decode_command,
    },
)


class OutgoingMessage(NamedTuple):
    """A message to publish. `name` is the id in the topic; `message` None clears what the broker has retained."""

    topic_kind: TopicKind
    name: str
    message: Struct | None


def decode_message(topic_kind: TopicKind, payload: bytes) -> Any:
    """Decode a message of this kind of topic.

    Returns:
        A value of one of the types of the kind.

    Raises:
        MessageRejected: the payload breaks the contract; the text names the field.
    """
    return _DECODERS[topic_kind](payload)


encode_message: Final = msgspec.json.Encoder().encode
"""Encodes a message of any topic as UTF-8 JSON, with keys in the order of the type's fields."""
