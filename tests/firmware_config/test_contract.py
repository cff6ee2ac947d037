"""contract.md and asyncapi.json agree with the code."""

import json
import queue
import re
import subprocess
import sys

import msgspec
import pytest

from collector.contract.alerts import AlertKind, MuteAction, Severity
from collector.contract.collector_faults import FaultKind
from collector.contract.findings import FindingAction, FindingKind
from collector.contract.loss_reasons import LossReason
from collector.contract.messages import MESSAGE_TYPES, decode_message, encode_message
from collector.contract.states import (
    AirBand,
    AirTrend,
    Occupancy,
    OtherSensorStatus,
    Reason,
    SpaceHealth,
)
from collector.intake.intake import MAX_STREAMS_PER_DEVICE
from collector.occupancy.space_rules import EVENT_KINDS
from collector.occupancy.zone_air import AIR_BANDS
from collector.store.rejection_tables import QUARANTINE_BYTES, QUARANTINE_ROWS
from edge.contract import message, topics
from edge.contract.broker_client import create_client
from edge.contract.message import MAX_FUTURE_MS, ClockState, CommandName, EventKind, SensorHealth
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.contract.sensor_kinds import SensorKind
from edge.contract.topics import TOPIC_KINDS
from edge.outbox.send_window import MAX_IN_FLIGHT_EVENTS, MAX_RESEND_AFTER_MS, RESEND_AFTER_MS
from ledig.contract import asyncapi, sensor_tables, table_translations, topic_table
from tests.support.servers import ROOT, mosquitto

TYPES = [type_ for types in MESSAGE_TYPES.values() for type_ in types]
CONTRACT = (ROOT / "firmware-config" / "contract.md").read_text()
EXAMPLES = re.findall(r"```json (\w+)\n(.+)\n```", CONTRACT)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_example_decodes_and_encodes_unchanged(name: str, example: str) -> None:
    for topic_kind in TOPIC_KINDS:
        if name in topic_kind.messages:
            value = decode_message(topic_kind, example.encode())
            assert type(value).__name__ == name
            assert encode_message(value).decode() == example


def test_every_type_on_the_wire_has_an_example() -> None:
    assert {name for name, _ in EXAMPLES} == {type_.__name__ for type_ in TYPES}


def test_topic_table_is_up_to_date() -> None:
    assert topic_table.replace_table(CONTRACT) == CONTRACT, "run `make contract`"


def test_topic_table_has_one_row_for_each_kind_of_topic() -> None:
    rows = {line.split(" | ")[0].strip("| `") for line in topic_table.build_table().splitlines()[2:]}
    assert rows == {topic_kind.pattern for topic_kind in TOPIC_KINDS}


def test_table_is_not_written_into_a_document_without_markers() -> None:
    with pytest.raises(ValueError, match="must contain"):
        topic_table.replace_table("# Another document\n")


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_its_row_with_its_bounds(kind: EventKind) -> None:
    assert f"| `{kind}` | {kind.low:.0f} | {kind.high:.0f} |" in CONTRACT


@pytest.mark.parametrize("kind", SensorKind)
def test_event_kinds_of_every_sensor_kind_are_in_its_row(kind: SensorKind) -> None:
    row = next(line for line in CONTRACT.splitlines() if re.match(rf"\| `{kind}` \| `[^|]+\|$", line))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == EVENT_KINDS[kind]


@pytest.mark.parametrize(
    "value",
    [
        *Occupancy,
        *Reason,
        *OtherSensorStatus,
        *SpaceHealth,
        *AirBand,
        *AirTrend,
        *ClockState,
        *SensorHealth,
        *CommandName,
        *FaultKind,
        *FindingKind,
        *LossReason,
        *FindingAction,
        *AlertKind,
        *Severity,
        *MuteAction,
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
        f"| events in a message | {message.MAX_EVENTS_PER_MESSAGE} |",
        f"| `seq` | {2**53 - 1} |",
        f"| `at` | {253_402_300_799_999} ",
        f"at most {MAX_STREAMS_PER_DEVICE} streams a device",
        f"The quarantine holds {QUARANTINE_ROWS} rejections, {QUARANTINE_BYTES} bytes of each",
        f"more than {MAX_FUTURE_MS // 60_000} minutes in the future",
        f"({MAX_RAW_HOURS} hours)",
        f"at most {MAX_IN_FLIGHT_EVENTS} events ahead",
        f"Silence of {RESEND_AFTER_MS // 1000} s (doubling to {MAX_RESEND_AFTER_MS // 1000} s",
    ):
        assert phrase in contract_text, phrase


def test_tables_of_sensor_kinds_are_up_to_date() -> None:
    assert sensor_tables.render_contract(CONTRACT) == CONTRACT, "run `make contract`"
    pins = (ROOT / "firmware-config" / "pins.md").read_text()
    assert sensor_tables.render_wiring(pins) == pins, "run `make contract`"
    assert sensor_tables.render_wiring(re.sub(r"\| `(pir|light)` .*\n", "", pins)) == pins
    assert "| lamp | 1 |" in pins


def test_swedish_texts_of_sensor_kinds_are_in_the_catalogue() -> None:
    catalogue = ROOT / "collector/translations/sv/LC_MESSAGES/messages.po"
    _, compiled = table_translations.render_catalogue(catalogue.read_bytes())
    assert compiled == catalogue.with_suffix(".mo").read_bytes(), "run `make contract`"


def test_other_event_kinds_keep_their_rows_when_the_tables_are_written_again() -> None:
    without = re.sub(r"\| `(motion|pir)` .*\n", "", CONTRACT)
    assert "| `motion` " not in without
    assert sensor_tables.render_contract(without) == CONTRACT


def test_asyncapi_document_is_up_to_date() -> None:
    written = (ROOT / "firmware-config" / "asyncapi.json").read_text()
    assert written == asyncapi.render_document(), "run `make contract`"


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = asyncapi.build_document()
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
        collector = create_client(broker.settings("collector"), "collector")
        collector.on_message = lambda _c, _u, incoming: received.put(message.decode_events(incoming.payload))
        collector.on_connect = lambda me, *_: me.subscribe(topics.EVENTS.topic_filter("spinneriet"), 1)
        collector.connect(broker.host, broker.port)
        collector.loop_start()
        process = subprocess.Popen([sys.executable, "-c", program])
        try:
            events = received.get(timeout=20)
            receipt = message.Receipt(events.stream, events.events[-1].seq)
            topic = topics.RECEIPT.topic("spinneriet", "my-box")
            while events.oldest <= receipt.seq:
                collector.publish(topic, message.encode(receipt))
                events = received.get(timeout=20)
        finally:
            process.kill()
            process.wait()
            collector.disconnect()
            collector.loop_stop()


@pytest.mark.parametrize(("max_ppm", "band"), AIR_BANDS)
def test_air_bands_match_the_code(max_ppm: int, band: AirBand) -> None:
    assert f"| `{band}` | {max_ppm} ppm |" in CONTRACT
