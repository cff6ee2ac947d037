"""AsyncAPI 3.0 document of the wire contract, generated from the code's types.

In:    the message types of edge and collector, and the topics.
Out:   one JSON document; `make contract` writes it to firmware-config/asyncapi.json.
Never: a rule that the types do not contain; the contract in prose is firmware-config/contract.md.

Source: AsyncAPI 3.0.0; its MQTT bindings 0.2.0.
"""

import inspect
import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from collector.contract import alerts, findings, forecasts, states
from collector.site import adjustments
from edge.contract import message, topics
from edge.contract.topics import DeviceTopic

_SITE, _DEVICE = "{site}", "{device}"
_PARAMETERS: Final = {
    "site": "The site's id in the site file.",
    "device": "The device's id in the site file; also its user name at the broker.",
    "space": "The id of a space.",
    "zone": "The id of a zone.",
}


class Direction(StrEnum):
    """Direction of a message, seen from the server: what a device sends, the server receives."""

    RECEIVE = "receive"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class ContractChannel:
    """One kind of topic: its address, message types, direction and delivery."""

    name: str
    address: str
    message_type: type
    direction: Direction
    is_retained: bool
    description: str
    qos: int = 1
    other_types: tuple[type, ...] = ()
    """Further message types."""

    @property
    def message_types(self) -> tuple[type, ...]:
        """All message types of the topic."""
        return self.message_type, *self.other_types


CHANNELS: Final = (
    ContractChannel(
        "events",
        topics.device_topic(_SITE, _DEVICE, DeviceTopic.EVENTS),
        message.EventsMessage,
        Direction.RECEIVE,
        is_retained=False,
        description="Events of a device.",
    ),
    ContractChannel(
        "receipt",
        topics.device_topic(_SITE, _DEVICE, DeviceTopic.RECEIPT),
        message.Receipt,
        Direction.SEND,
        is_retained=False,
        description="How far the collector has stored the events. If it is lost, the device sends the events again.",
        qos=0,
    ),
    ContractChannel(
        "status",
        topics.device_topic(_SITE, _DEVICE, DeviceTopic.STATUS),
        message.DeviceStatus,
        Direction.RECEIVE,
        is_retained=True,
        description="The status of a device; its last will reports it offline.",
    ),
    ContractChannel(
        "command",
        topics.device_topic(_SITE, _DEVICE, DeviceTopic.COMMAND),
        message.DeviceCommand,
        Direction.SEND,
        is_retained=False,
        description="A command to a device.",
    ),
    ContractChannel(
        "findings",
        topics.device_topic(_SITE, _DEVICE, DeviceTopic.FINDINGS),
        findings.Findings,
        Direction.SEND,
        is_retained=True,
        description="Problems of a device and its sensors. An empty payload: the device is no longer in the site file.",
    ),
    ContractChannel(
        "space",
        topics.space_topic(_SITE, "{space}"),
        states.SpaceState,
        Direction.SEND,
        is_retained=True,
        description="The state of one space. An empty payload: it no longer has one.",
    ),
    ContractChannel(
        "tuning",
        topics.tuning_topic(_SITE, "{space}"),
        states.Tuning,
        Direction.SEND,
        is_retained=True,
        description="The learned values of one space. An empty payload: it no longer has a state.",
    ),
    ContractChannel(
        "zone",
        topics.zone_topic(_SITE, "{zone}"),
        states.Summary,
        Direction.SEND,
        is_retained=True,
        description="The counts and the air of one zone.",
    ),
    ContractChannel(
        "site",
        topics.site_summary_topic(_SITE),
        states.Summary,
        Direction.SEND,
        is_retained=True,
        description="The counts of the whole site, and the people in it.",
    ),
    ContractChannel(
        "forecast",
        topics.forecast_topic(_SITE, "{zone}"),
        forecasts.Forecast,
        Direction.SEND,
        is_retained=True,
        description="The forecast of one zone, or of the whole site. An empty payload: there is none.",
    ),
    ContractChannel(
        "alerts",
        topics.alerts_topic(_SITE),
        alerts.Alerts,
        Direction.SEND,
        is_retained=True,
        description="Active alerts, recently resolved alerts, and what is muted.",
    ),
    ContractChannel(
        "adjustments",
        topics.adjustments_topic(_SITE),
        adjustments.Adjustments,
        Direction.SEND,
        is_retained=True,
        description="Changes by managers on top of the site file: a notice, hours of single dates, spaces out of use.",
    ),
    ContractChannel(
        "adjustments_command",
        topics.adjustments_command_topic(_SITE),
        adjustments.SetNotice,
        Direction.RECEIVE,
        is_retained=False,
        description="A manager adjusts the site on a page.",
        other_types=(adjustments.SetHours, adjustments.SetOutOfUse),
    ),
    ContractChannel(
        "collector",
        topics.collector_topic(_SITE),
        states.CollectorStatus,
        Direction.SEND,
        is_retained=True,
        description="Whether the collector is running; its last will reports it offline.",
    ),
    ContractChannel(
        "collector_command",
        topics.collector_command_topic(_SITE),
        findings.FindingCommand,
        Direction.RECEIVE,
        is_retained=False,
        description="A manager responds to a finding, or mutes alerts.",
        other_types=(alerts.AlertCommand,),
    ),
)
"""All topics of the contract."""


def build_document() -> dict[str, Any]:
    """Build the whole AsyncAPI document as plain values."""
    types = list({one: None for channel in CHANNELS for one in channel.message_types})
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ledig MQTT contract",
            "version": "1",
            "description": "Seen from the server: what a device sends, the server receives. Instants are Unix"
            " milliseconds, UTC. The rules that a schema cannot hold are in contract.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _build_channel(channel) for channel in CHANNELS},
        "operations": {f"{channel.direction}_{channel.name}": _build_operation(channel) for channel in CHANNELS},
        "components": {
            "messages": {one.__name__: {"payload": {"$ref": f"#/components/schemas/{one.__name__}"}} for one in types},
            "schemas": {name: _complete_schema(name, schema) for name, schema in sorted(schemas.items())},
        },
    }


def render_document() -> str:
    """Return the document as the text of the file."""
    return json.dumps(build_document(), indent=2, ensure_ascii=False) + "\n"


def _build_channel(channel: ContractChannel) -> dict[str, Any]:
    parameters = {name: {"description": text} for name, text in _PARAMETERS.items() if f"{{{name}}}" in channel.address}
    kinds = [one.__name__ for one in channel.message_types]
    return {
        "address": channel.address,
        "description": channel.description,
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
        "parameters": parameters,
    }


def _build_operation(channel: ContractChannel) -> dict[str, Any]:
    return {
        "action": channel.direction,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.is_retained, "bindingVersion": "0.2.0"}},
    }


def _complete_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "description" in schema:
        schema = schema | {"description": inspect.cleandoc(schema["description"])}
    if name == message.EventKind.__name__:
        schema = schema | {"x-value-bounds": {kind.value: [kind.low, kind.high] for kind in message.EventKind}}
    return schema


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_document(), encoding="utf-8")
