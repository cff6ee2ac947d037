"""contract.md and asyncapi.json agree with the code."""

import json
import queue
import re
import subprocess
import sys

import msgspec
import pytest

from collector import adjustments, outward
from collector.air import BANDS
from collector.alerts import wire
from collector.alerts.wire import AlertKind, Severity, Wish
from collector.evidence import OWN_KINDS
from collector.forecast import outlook
from collector.health import findings
from collector.health.findings import Answer, FindingKind
from collector.intake import FUTURE_MS, STREAMS_PER_DEVICE
from collector.journal import QUARANTINE_BYTES, QUARANTINE_ROWS
from collector.outward import (
    AirBand,
    CollectorStatus,
    Health,
    Occupancy,
    Reason,
    Says,
    SpaceState,
    Summary,
    Trend,
    Tuning,
)
from collector.plan import SensorKind
from collector.settings import RAW_HOURS_CEILING
from edge import message, topics
from edge.broker import client
from edge.delivery import MAX_SILENCE_MS, SILENCE_MS, WINDOW_EVENTS
from edge.message import ClockState, CommandName, Kind, SensorHealth
from edge.topics import DeviceTopic
from ledig import asyncapi
from tests.servers import ROOT, mosquitto

TYPES = [type_ for channel in asyncapi.CHANNELS for type_ in channel.types]
CONTRACT = (ROOT / "firmware-config" / "contract.md").read_text()
EXAMPLES = re.findall(r"```json (\w+)\n(.+)\n```", CONTRACT)
DECODERS = {
    "EventsMessage": message.decode_events,
    "Receipt": message.decode_receipt,
    "DeviceStatus": message.decode_status,
    "Command": message.decode_command,
    "Forecast": outlook.decode,
    "Findings": findings.decode_findings,
    "CollectorCommand": findings.decode_command,
    "Alerts": wire.decode_alerts,
    "AlertCommand": wire.decode_command,
    "Adjustments": adjustments.decode_adjustments,
    **dict.fromkeys(("SetNotice", "SetHours", "SetOutOfUse"), adjustments.decode_command),
    **{
        kind.__name__: lambda payload, kind=kind: outward.decode(payload, kind)
        for kind in (SpaceState, Summary, Tuning, CollectorStatus)
    },
}


def find_encoder(value: object):
    if isinstance(value, outlook.Forecast):
        return outlook.encode
    if isinstance(value, findings.Findings | findings.CollectorCommand):
        return findings.encode
    if isinstance(value, wire.Alerts | wire.AlertCommand):
        return wire.encode
    if isinstance(value, adjustments.Adjustments | adjustments.AdjustCommand):
        return adjustments.encode
    return outward.encode if isinstance(value, SpaceState | Summary | Tuning | CollectorStatus) else message.encode


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_example_decodes_and_encodes_unchanged(name: str, example: str) -> None:
    value = DECODERS[name](example.encode())
    assert type(value).__name__ == name
    assert find_encoder(value)(value).decode() == example


def test_every_type_on_the_wire_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(DECODERS) == {type_.__name__ for type_ in TYPES}


@pytest.mark.parametrize("channel", asyncapi.CHANNELS, ids=lambda channel: channel.name)
def test_every_topic_has_its_row(channel: asyncapi.Channel) -> None:
    address = re.sub(r"{(\w+)}", r"<\1>", channel.address)
    row = next(line for line in CONTRACT.splitlines() if line.startswith(f"| `{address}` |"))
    retained, qos, types = (cell.strip() for cell in row.strip("|").split("|")[3:])
    named = ", ".join(type_.__name__ for type_ in channel.types)
    assert (retained, qos, types) == ("yes" if channel.retained else "no", str(channel.qos), named)


def test_every_topic_of_the_code_is_a_channel() -> None:
    addresses = {
        *(topics.device("{site}", "{device}", leaf) for leaf in DeviceTopic),
        topics.space("{site}", "{space}"),
        topics.tuning("{site}", "{space}"),
        topics.zone("{site}", "{zone}"),
        topics.site_summary("{site}"),
        topics.forecast("{site}", "{zone}"),
        topics.alerts("{site}"),
        topics.adjustments("{site}"),
        topics.collector("{site}"),
        topics.collector_command("{site}"),
        topics.adjustments_command("{site}"),
    }
    assert {channel.address for channel in asyncapi.CHANNELS} == addresses


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_row_with_its_bounds(kind: Kind) -> None:
    assert f"| `{kind}` | {kind.low:.0f} | {kind.high:.0f} |" in CONTRACT


@pytest.mark.parametrize("kind", SensorKind)
def test_event_kinds_of_every_sensor_kind_are_in_its_row(kind: SensorKind) -> None:
    row = next(line for line in CONTRACT.splitlines() if re.match(rf"\| `{kind}` \| `[^|]+\|$", line))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == OWN_KINDS[kind]


@pytest.mark.parametrize(
    "value",
    [
        *Occupancy,
        *Reason,
        *Says,
        *Health,
        *AirBand,
        *Trend,
        *ClockState,
        *SensorHealth,
        *CommandName,
        *FindingKind,
        *Answer,
        *AlertKind,
        *Severity,
        *Wish,
    ],
)
def test_every_enum_value_is_documented(value: str) -> None:
    assert f"`{value}`" in CONTRACT


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.__name__)
def test_every_field_is_in_an_example(type_: type) -> None:
    shown = "".join(example for name, example in EXAMPLES if name == type_.__name__)
    assert [field for field in msgspec.structs.fields(type_) if f'"{field.encode_name}":' not in shown] == []


def test_every_limit_is_stated() -> None:
    contract_text = " ".join(CONTRACT.split())
    for phrase in (
        f"| payload | {message.MAX_PAYLOAD_BYTES} bytes |",
        f"| events in a message | {message.MAX_EVENTS} |",
        f"| `seq` | {2**53 - 1} |",
        f"| `at` | {253_402_300_799_999} ",
        f"at most {STREAMS_PER_DEVICE} streams a device",
        f"The quarantine holds {QUARANTINE_ROWS} rejections, {QUARANTINE_BYTES} bytes of each",
        f"more than {FUTURE_MS // 60_000} minutes in the future",
        f"({RAW_HOURS_CEILING} hours)",
        f"at most {WINDOW_EVENTS} events ahead",
        f"Silence of {SILENCE_MS // 1000} s (doubling to {MAX_SILENCE_MS // 1000} s",
    ):
        assert phrase in contract_text, phrase


def test_asyncapi_document_is_up_to_date() -> None:
    written = (ROOT / "firmware-config" / "asyncapi.json").read_text()
    assert written == asyncapi.render(), "run `make contract`"


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = asyncapi.document()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_example_program_sends_events_and_deletes_covered_ones() -> None:
    (program,) = re.findall(r"```python\n(.+?)```", CONTRACT, re.DOTALL)
    assert len([line for line in program.splitlines() if line.strip()]) <= 26
    received: queue.Queue[message.EventsMessage] = queue.Queue()
    with mosquitto(devices=["my-box"]) as broker:
        settings = broker.settings("my-box")
        arguments = f'"{broker.host}", {broker.port}, "{settings.password}", 0.05'
        program, replaced = re.subn(r'"broker\.local", 1883, "its password", 10', arguments, program)
        assert replaced == 1
        collector = client(broker.settings("collector"), "collector")
        collector.on_message = lambda _c, _u, incoming: received.put(message.decode_events(incoming.payload))
        collector.on_connect = lambda me, *_: me.subscribe(topics.every_device("spinneriet", DeviceTopic.EVENTS), 1)
        collector.connect(broker.host, broker.port)
        collector.loop_start()
        process = subprocess.Popen([sys.executable, "-c", program])
        try:
            events = received.get(timeout=20)
            receipt = message.Receipt(events.stream, events.events[-1].seq)
            topic = topics.device("spinneriet", "my-box", DeviceTopic.RECEIPT)
            while events.oldest <= receipt.seq:
                collector.publish(topic, message.encode(receipt))
                events = received.get(timeout=20)
        finally:
            process.kill()
            process.wait()
            collector.disconnect()
            collector.loop_stop()


@pytest.mark.parametrize(("max_ppm", "band"), BANDS)
def test_air_bands_match_the_code(max_ppm: int, band: AirBand) -> None:
    assert f"| `{band}` | {max_ppm} ppm |" in CONTRACT
