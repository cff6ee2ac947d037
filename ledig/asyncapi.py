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

from collector import adjustments, outward
from collector.alerts import wire
from collector.forecast import outlook
from collector.health import findings
from edge import message, topics
from edge.topics import DeviceTopic

_SITE, _DEVICE = "{site}", "{device}"
_PARAMETERS: Final = {
    "site": "The site's id in the site file.",
    "device": "The device's id in the site file; also its user name at the broker.",
    "space": "The id of a space.",
    "zone": "The id of a zone.",
}


class Way(StrEnum):
    """Direction of a message, seen from the server: what a device sends, the server receives."""

    RECEIVE = "receive"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Channel:
    """One kind of topic: its address, message types, direction and delivery."""

    name: str
    address: str
    says: type
    way: Way
    retained: bool
    what: str
    qos: int = 1
    also: tuple[type, ...] = ()
    """Further message types."""

    @property
    def types(self) -> tuple[type, ...]:
        """All message types of the topic."""
        return self.says, *self.also


CHANNELS: Final = (
    Channel(
        "events",
        topics.device(_SITE, _DEVICE, DeviceTopic.EVENTS),
        message.EventsMessage,
        Way.RECEIVE,
        retained=False,
        what="Events of a device.",
    ),
    Channel(
        "receipt",
        topics.device(_SITE, _DEVICE, DeviceTopic.RECEIPT),
        message.Receipt,
        Way.SEND,
        retained=False,
        what="How far the collector has stored the events. If it is lost, the device sends the events again.",
        qos=0,
    ),
    Channel(
        "status",
        topics.device(_SITE, _DEVICE, DeviceTopic.STATUS),
        message.DeviceStatus,
        Way.RECEIVE,
        retained=True,
        what="The status of a device; its last will reports it offline.",
    ),
    Channel(
        "command",
        topics.device(_SITE, _DEVICE, DeviceTopic.COMMAND),
        message.Command,
        Way.SEND,
        retained=False,
        what="A command to a device.",
    ),
    Channel(
        "findings",
        topics.device(_SITE, _DEVICE, DeviceTopic.FINDINGS),
        findings.Findings,
        Way.SEND,
        retained=True,
        what="Problems of a device and its sensors. An empty payload: the device is no longer in the site file.",
    ),
    Channel(
        "space",
        topics.space(_SITE, "{space}"),
        outward.SpaceState,
        Way.SEND,
        retained=True,
        what="The state of one space. An empty payload: it no longer has one.",
    ),
    Channel(
        "tuning",
        topics.tuning(_SITE, "{space}"),
        outward.Tuning,
        Way.SEND,
        retained=True,
        what="The values learnt for one space. An empty payload: it no longer has a state.",
    ),
    Channel(
        "zone",
        topics.zone(_SITE, "{zone}"),
        outward.Summary,
        Way.SEND,
        retained=True,
        what="The counts and the air of one zone.",
    ),
    Channel(
        "site",
        topics.site_summary(_SITE),
        outward.Summary,
        Way.SEND,
        retained=True,
        what="The counts of the whole site, and the people in it.",
    ),
    Channel(
        "forecast",
        topics.forecast(_SITE, "{zone}"),
        outlook.Forecast,
        Way.SEND,
        retained=True,
        what="The forecast of one zone, or of the whole site. An empty payload: there is none.",
    ),
    Channel(
        "alerts",
        topics.alerts(_SITE),
        wire.Alerts,
        Way.SEND,
        retained=True,
        what="Active alerts, recently resolved alerts, and what is muted.",
    ),
    Channel(
        "adjustments",
        topics.adjustments(_SITE),
        adjustments.Adjustments,
        Way.SEND,
        retained=True,
        what="Changes by managers on top of the site file: a notice, hours of single dates, spaces out of use.",
    ),
    Channel(
        "adjustments_command",
        topics.adjustments_command(_SITE),
        adjustments.SetNotice,
        Way.RECEIVE,
        retained=False,
        what="A manager adjusts the site on a page.",
        also=(adjustments.SetHours, adjustments.SetOutOfUse),
    ),
    Channel(
        "collector",
        topics.collector(_SITE),
        outward.CollectorStatus,
        Way.SEND,
        retained=True,
        what="Whether the collector is running; its last will reports it offline.",
    ),
    Channel(
        "collector_command",
        topics.collector_command(_SITE),
        findings.CollectorCommand,
        Way.RECEIVE,
        retained=False,
        what="A manager responds to a finding, or mutes alerts.",
        also=(wire.AlertCommand,),
    ),
)
"""All topics of the contract."""


def document() -> dict[str, Any]:
    """Build the whole AsyncAPI document as plain values."""
    types = list({one: None for channel in CHANNELS for one in channel.types})
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
        "operations": {f"{channel.way}_{channel.name}": _build_operation(channel) for channel in CHANNELS},
        "components": {
            "messages": {one.__name__: {"payload": {"$ref": f"#/components/schemas/{one.__name__}"}} for one in types},
            "schemas": {name: _complete_schema(name, schema) for name, schema in sorted(schemas.items())},
        },
    }


def render() -> str:
    """Return the document as the text of the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _build_channel(channel: Channel) -> dict[str, Any]:
    parameters = {name: {"description": text} for name, text in _PARAMETERS.items() if f"{{{name}}}" in channel.address}
    kinds = [one.__name__ for one in channel.types]
    return {
        "address": channel.address,
        "description": channel.what,
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
        "parameters": parameters,
    }


def _build_operation(channel: Channel) -> dict[str, Any]:
    return {
        "action": channel.way,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retained, "bindingVersion": "0.2.0"}},
    }


def _complete_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "description" in schema:
        schema = schema | {"description": inspect.cleandoc(schema["description"])}
    if name == message.Kind.__name__:
        schema = schema | {"x-value-bounds": {kind.value: [kind.low, kind.high] for kind in message.Kind}}
    return schema


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")
