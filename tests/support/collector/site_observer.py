"""Runs a collector in a thread, and observes what it publishes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt

from collector.configuration.collector_settings import CollectorSettings
from collector.contract import states
from collector.contract.collector_faults import CollectorFault
from collector.contract.states import CollectorStatus, Occupancy, SpaceState
from collector.engine.collector_loop import run_collector
from collector.site.site_plan import SitePlan
from edge.contract import broker_client, topics
from edge.contract.message import Receipt, decode_receipt
from tests.support.collector.random_sites import NOON_MS
from tests.support.servers import Mosquitto, wait_until


class SiteObserver:
    """A client that receives everything of the site, and can publish as any device."""

    def __init__(self, broker: Mosquitto, ca_file: Path | None = None) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self._client = broker_client.create_client(replace(broker.settings("observer"), ca_file=ca_file), "observer")
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

    def send_events(self, payload: bytes, device: str = "pi-1") -> None:
        self._client.publish(topics.EVENTS.topic("mill", device), payload, qos=1)

    def send_command(self, payload: bytes) -> None:
        self._client.publish(topics.COLLECTOR_COMMAND.topic("mill"), payload, qos=1).wait_for_publish(10)

    def send_adjustment(self, payload: bytes) -> None:
        self._client.publish(topics.ADJUSTMENT_COMMAND.topic("mill"), payload, qos=1).wait_for_publish(10)

    def send_truth_command(self, payload: bytes) -> None:
        self._client.publish(topics.TRUTH_COMMAND.topic("mill"), payload, qos=1).wait_for_publish(10)

    def retain(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)

    def receipts(self, device: str = "pi-1") -> list[Receipt]:
        topic = topics.RECEIPT.topic("mill", device)
        return [decode_receipt(payload) for topic_seen, payload in list(self.received) if topic_seen == topic]

    def state(self, space: str) -> Occupancy | None:
        payload = self.retained.get(topics.SPACE_STATE.topic("mill", space))
        return states.decode(payload, SpaceState).state if payload else None

    def status(self) -> CollectorStatus | None:
        payload = self.retained.get(topics.COLLECTOR_STATUS.topic("mill"))
        return states.decode(payload, CollectorStatus) if payload else None

    def online(self) -> bool:
        status = self.status()
        return status is not None and status.online

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("ledig/v1/#", qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self.received.append((message.topic, message.payload))
        self.retained[message.topic] = message.payload


@contextmanager
def run_collecting(
    broker: Mosquitto, observer: SiteObserver, plan: SitePlan, path: Path, ca_file: Path | None = None
) -> Iterator[None]:
    """Run a collector in a thread; assert that it ends without a fault, and wait for its last status.

    Otherwise a following collector's first status could be confused with the last status of this one.
    """
    settings = CollectorSettings(broker=replace(broker.settings("collector"), ca_file=ca_file), journal_path=path)
    stop = threading.Event()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            run_collector(settings, plan, lambda: NOON_MS + 60_000, stop)
        except BaseException as fault:  # noqa: BLE001 - checked by the test below
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        wait_until(lambda: observer.online() or faults, what="the collector's first status")
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not faults, faults
    assert not thread.is_alive()
    wait_until(lambda: not observer.online(), what="the collector's last status")


def read_faults(observer: SiteObserver) -> tuple[CollectorFault, ...]:
    status = observer.status()
    return () if status is None else status.faults
