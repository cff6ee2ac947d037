"""The collector's loop against a real Mosquitto and a real journal."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from collector import outward
from collector.outward import CollectorStatus, Occupancy, SpaceState
from collector.plan import SitePlan
from collector.run import run
from collector.settings import CollectorSettings
from edge import broker as edge_broker
from edge import topics
from edge.message import Receipt, decode_receipt
from tests.collector.houses import NOON_MS, house_of, motions
from tests.servers import Mosquitto, until


class Observer:
    """A client that hears everything of the site, and may speak as any device."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self._client = edge_broker.client(broker.settings("observer"), "observer")
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, payload: bytes, device: str = "pi-1") -> None:
        self._client.publish(topics.device("mill", device, topics.DeviceTopic.EVENTS), payload, qos=1)

    def retain(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)

    def receipts(self, device: str = "pi-1") -> list[Receipt]:
        topic = topics.device("mill", device, topics.DeviceTopic.RECEIPT)
        return [decode_receipt(payload) for heard, payload in list(self.heard) if heard == topic]

    def state(self, space: str) -> Occupancy | None:
        payload = self.retained.get(topics.space("mill", space))
        return outward.decode(payload, SpaceState).state if payload else None

    def status(self) -> CollectorStatus | None:
        payload = self.retained.get(topics.collector("mill"))
        return outward.decode(payload, CollectorStatus) if payload else None

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("ledig/v1/#", qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload))
        self.retained[message.topic] = message.payload


@pytest.fixture
def observer(broker: Mosquitto) -> Iterator[Observer]:
    with closing(Observer(broker)) as watching:
        yield watching


@contextmanager
def collecting(broker: Mosquitto, plan: SitePlan, path: Path, now_ms: int = NOON_MS + 60_000) -> Iterator[None]:
    """A collector in a thread of its own; its end without a fault is asserted."""
    stop = threading.Event()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            run(CollectorSettings(broker=broker.settings("collector"), journal_path=path), plan, lambda: now_ms, stop)
        except BaseException as fault:  # noqa: BLE001 - told to the test below
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not faults, faults
    assert not thread.is_alive()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        return reader.execute(query).fetchall()


def test_an_event_is_stored_receipted_and_shown(broker: Mosquitto, observer: Observer, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with collecting(broker, house_of(2), path):
        until(lambda: observer.state("desk-0") is Occupancy.UNKNOWN, what="the first state of desk-0")
        observer.say(motions([1]))
        until(lambda: Receipt("s", 1) in observer.receipts(), what="the receipt")
        assert rows(path, "SELECT at_ms, seq, value FROM event") == [(NOON_MS + 1, 1, 1)]
        until(lambda: observer.state("desk-0") in (Occupancy.OCCUPIED, Occupancy.AWAY), what="desk-0 being taken")
    status = observer.status()
    assert status is not None
    until(lambda: observer.status() == CollectorStatus(online=False, at_ms=NOON_MS + 60_000), what="the last word")
