"""The contract in words and the contract for machines say what the code does."""

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


def encode_of(value: object):
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
def test_an_example_is_what_the_code_reads_and_writes(name: str, example: str) -> None:
    value = DECODERS[name](example.encode())
    assert type(value).__name__ == name
    assert encode_of(value)(value).decode() == example


def test_every_type_on_the_wire_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == set(DECODERS) == {type_.__name__ for type_ in TYPES}


@pytest.mark.parametrize("channel", asyncapi.CHANNELS, ids=lambda channel: channel.name)
def test_every_topic_has_its_row(channel: asyncapi.Channel) -> None:
    address = re.sub(r"{(\w+)}", r"<\1>", channel.address)
    row = next(line for line in CONTRACT.splitlines() if line.startswith(f"| `{address}` |"))
    retained, qos, says = (cell.strip() for cell in row.strip("|").split("|")[3:])
    named = ", ".join(one.__name__ for one in channel.types)
    assert (retained, qos, says) == ("yes" if channel.retained else "no", str(channel.qos), named)


def test_every_topic_of_the_code_is_a_channel() -> None:
    made = {
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
    assert {channel.address for channel in asyncapi.CHANNELS} == made


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_row_with_its_bounds(kind: Kind) -> None:
    assert f"| `{kind}` | {kind.low:.0f} | {kind.high:.0f} |" in CONTRACT


@pytest.mark.parametrize("kind", SensorKind)
def test_every_kind_of_sensor_says_what_its_row_says(kind: SensorKind) -> None:
    row = next(line for line in CONTRACT.splitlines() if re.match(rf"\| `{kind}` \| `[^|]+\|$", line))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == OWN_KINDS[kind]


@pytest.mark.parametrize(
    "word",
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
def test_every_word_of_the_wire_is_explained(word: str) -> None:
    assert f"`{word}`" in CONTRACT


@pytest.mark.parametrize("type_", TYPES, ids=lambda one: one.__name__)
def test_every_field_of_the_wire_is_shown(type_: type) -> None:
    shown = "".join(example for name, example in EXAMPLES if name == type_.__name__)
    assert [field for field in msgspec.structs.fields(type_) if f'"{field.encode_name}":' not in shown] == []


def test_every_limit_is_stated() -> None:
    words_of_contract = " ".join(CONTRACT.split())
    for words in (
        f"| payload | {message.MAX_PAYLOAD_BYTES} bytes |",
        f"| events in a message | {message.MAX_EVENTS} |",
        f"| `seq` | {2**53 - 1} |",
        f"| `at` | {253_402_300_799_999} ",
        f"at most {STREAMS_PER_DEVICE} streams a device",
        f"The quarantine holds {QUARANTINE_ROWS} refusals, {QUARANTINE_BYTES} bytes of each",
        f"more than {FUTURE_MS // 60_000} minutes in the future",
        f"({RAW_HOURS_CEILING} hours)",
        f"at most {WINDOW_EVENTS} events ahead",
        f"Silence of {SILENCE_MS // 1000} s (doubling to {MAX_SILENCE_MS // 1000} s",
    ):
        assert words in words_of_contract, words


def test_the_asyncapi_document_is_that_of_the_code() -> None:
    written = (ROOT / "firmware-config" / "asyncapi.json").read_text()
    assert written == asyncapi.render(), "`make contract` writes it anew"


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi.document()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_the_sensor_of_your_own_hands_over_and_lets_go() -> None:
    (program,) = re.findall(r"```python\n(.+?)```", CONTRACT, re.DOTALL)
    assert len([line for line in program.splitlines() if line.strip()]) <= 26
    heard: queue.Queue[message.EventsMessage] = queue.Queue()
    with mosquitto(devices=["my-box"]) as broker:
        settings = broker.settings("my-box")
        here = f'"{broker.host}", {broker.port}, "{settings.password}", 0.05'
        program, replaced = re.subn(r'"broker\.local", 1883, "its password", 10', here, program)
        assert replaced == 1
        collector = client(broker.settings("collector"), "collector")
        collector.on_message = lambda _c, _u, said: heard.put(message.decode_events(said.payload))
        collector.on_connect = lambda me, *_: me.subscribe(topics.every_device("spinneriet", DeviceTopic.EVENTS), 1)
        collector.connect(broker.host, broker.port)
        collector.loop_start()
        process = subprocess.Popen([sys.executable, "-c", program])
        try:
            said = heard.get(timeout=20)
            receipt = message.Receipt(said.stream, said.events[-1].seq)
            topic = topics.device("spinneriet", "my-box", DeviceTopic.RECEIPT)
            while said.oldest <= receipt.seq:
                collector.publish(topic, message.encode(receipt))
                said = heard.get(timeout=20)
        finally:
            process.kill()
            process.wait()
            collector.disconnect()
            collector.loop_stop()


@pytest.mark.parametrize(("most_ppm", "band"), BANDS)
def test_the_bands_of_air_are_those_of_the_code(most_ppm: int, band: AirBand) -> None:
    assert f"| `{band}` | {most_ppm} ppm |" in CONTRACT
