"""AsyncAPI 3.0 document of the wire contract, generated from the code's types.

In:    the table of topics and the types of their messages.
Out:   one JSON document; `make contract` writes it to firmware-config/asyncapi.json.
Never: a rule that the types do not contain; the contract in prose is firmware-config/contract.md.

Source: AsyncAPI 3.0.0; its MQTT bindings 0.2.0.
"""

import inspect
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from collector.contract.messages import MESSAGE_TYPES
from edge.contract import message
from edge.contract.topics import TOPIC_KINDS, Role, TopicKind

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


def build_document() -> dict[str, Any]:
    """Build the whole AsyncAPI document as plain values."""
    types = list({one: None for topic_kind in TOPIC_KINDS for one in MESSAGE_TYPES[topic_kind]})
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
        "channels": {topic_kind.name: _build_channel(topic_kind) for topic_kind in TOPIC_KINDS},
        "operations": {
            f"{_find_direction(topic_kind)}_{topic_kind.name}": _build_operation(topic_kind)
            for topic_kind in TOPIC_KINDS
        },
        "components": {
            "messages": {one.__name__: {"payload": {"$ref": f"#/components/schemas/{one.__name__}"}} for one in types},
            "schemas": {name: _complete_schema(name, schema) for name, schema in sorted(schemas.items())},
        },
    }


def render_document() -> str:
    """Return the document as the text of the file."""
    return json.dumps(build_document(), indent=2, ensure_ascii=False) + "\n"


def _build_channel(topic_kind: TopicKind) -> dict[str, Any]:
    return {
        "address": topic_kind.topic("{site}", f"{{{topic_kind.parameter}}}"),
        "description": topic_kind.summary,
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in topic_kind.messages},
        "parameters": {name: {"description": _PARAMETERS[name]} for name in ("site", topic_kind.parameter) if name},
        "x-audience": topic_kind.audience,
    }


def _find_direction(topic_kind: TopicKind) -> Direction:
    is_for_device = topic_kind.readers == (Role.DEVICE,)
    return Direction.SEND if is_for_device or Role.COLLECTOR in topic_kind.writers else Direction.RECEIVE


def _build_operation(topic_kind: TopicKind) -> dict[str, Any]:
    return {
        "action": _find_direction(topic_kind),
        "channel": {"$ref": f"#/channels/{topic_kind.name}"},
        "bindings": {"mqtt": {"qos": topic_kind.qos, "retain": topic_kind.is_retained, "bindingVersion": "0.2.0"}},
    }


def _complete_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "description" in schema:
        schema = schema | {"description": inspect.cleandoc(schema["description"])}
    if name == message.EventKind.__name__:
        schema = schema | {"x-value-bounds": {kind.value: [kind.low, kind.high] for kind in message.EventKind}}
    return schema


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_document(), encoding="utf-8")
