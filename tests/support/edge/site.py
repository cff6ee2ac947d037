"""Support for tests of the agent: a device on mock pins, and a collector that only stores events and sends receipts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from gpiozero.pins.mock import MockFactory

from edge import agent
from edge.configuration.device_settings import DeviceSettings
from edge.contract import broker_client, topics
from edge.contract.broker_client import BrokerSettings
from edge.contract.message import (
    DeviceStatus,
    EventsMessage,
    Receipt,
    SensorEvent,
    decode_events,
    decode_status,
    encode,
)
from edge.contract.sensor_settings import SensorSettings
from edge.timekeeping.machine_clock import Clock, HostClock
from tests.support.servers import Mosquitto, wait_until

SITE, DEVICE = "spinneriet", "pi-1"


def make_device_settings(
    broker_settings: BrokerSettings, folder: Path, *sensors: SensorSettings, **other: Any
) -> DeviceSettings:
    return DeviceSettings(
        site=SITE,
        device=DEVICE,
        broker=broker_settings,
        outbox_path=folder / "outbox.sqlite",
        sensors=sensors,
        **{"heartbeat_ms": 1000, **other},
    )


@contextmanager
def running_agent(
    settings: DeviceSettings,
    factory: MockFactory,
    clock: Clock | None = None,
    report_progress: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Run an agent in a thread; an error in it fails the test."""
    stop, faults = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            agent.run_agent(settings, clock or HostClock(), factory, stop, report_progress)
        except BaseException as fault:  # noqa: BLE001 - raised again below
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        factory.close()
    if faults:
        raise faults[0]
    assert not thread.is_alive(), "the agent did not stop"


class FakeCollector:
    """Stores events by the contract's rules and sends receipts while `sends_receipts`; records each status too."""

    def __init__(self, server: Mosquitto, user: str = "observer") -> None:
        self.events: list[SensorEvent] = []
        self.streams: list[str] = []
        self.statuses: list[DeviceStatus] = []
        self.sends_receipts = True
        self.unanswered_messages = 0
        """How many messages of events it did not answer."""
        self._stored_seqs: dict[str, int] = {}
        self._ready = threading.Event()
        settings = server.settings(user)
        self.client = broker_client.create_client(settings, f"test-{user}")
        self.client.on_connect = lambda *_: self.client.subscribe(
            [(topic_kind.topic_filter(SITE), 1) for topic_kind in (topics.EVENTS, topics.DEVICE_STATUS)]
        )
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect_async(settings.host, settings.port)

    def __enter__(self) -> Self:
        self.client.loop_start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain)

    def values_of(self, sensor: str, *, heartbeats: bool = False) -> list[tuple[str, float]]:
        """Return the kinds and values of a sensor's events so far."""
        return [
            (str(event.kind), event.value)
            for event in tuple(self.events)
            if event.sensor == sensor and (heartbeats or event.kind != "heartbeat")
        ]

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        try:
            wait_until(condition, seconds=15, what=what)
        except TimeoutError as late:
            raise AssertionError(f"{late}; received {self.events}, {self.statuses[-1:]}") from None

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.statuses.append(decode_status(message.payload))
            return
        sent = decode_events(message.payload)
        if self.sends_receipts:
            self._store(sent)
        else:
            self.unanswered_messages += 1

    def _store(self, sent: EventsMessage) -> None:
        stored_seq = self._stored_seqs.get(sent.stream, 0)
        if sent.stream not in self._stored_seqs:
            self.streams.append(sent.stream)
        if sent.oldest > stored_seq + 1:
            stored_seq = sent.oldest - 1
        if sent.events[0].seq <= stored_seq + 1:
            self.events += [event for event in sent.events if event.seq > stored_seq]
            stored_seq = max(stored_seq, sent.events[-1].seq)
        self._stored_seqs[sent.stream] = stored_seq
        self.publish(topics.RECEIPT.topic(SITE, DEVICE), encode(Receipt(sent.stream, stored_seq)))
