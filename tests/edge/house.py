"""What tests of the agent share: a device on mock pins, and a collector that does nothing but store and answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt
from gpiozero.pins.mock import MockFactory

from edge import agent, broker, topics
from edge.broker import BrokerSettings
from edge.clock import Clock, HostClock
from edge.message import DeviceStatus, EventsMessage, Receipt, SensorEvent, decode_events, decode_status, encode
from edge.settings import DeviceSettings, SensorSettings
from edge.topics import DeviceTopic
from tests.servers import Mosquitto, until

SITE, DEVICE = "spinneriet", "pi-1"


def device(broker_settings: BrokerSettings, folder: Path, *sensors: SensorSettings, **other: Any) -> DeviceSettings:
    return DeviceSettings(
        site=SITE,
        device=DEVICE,
        broker=broker_settings,
        outbox_path=folder / "outbox.sqlite",
        sensors=sensors,
        **{"heartbeat_ms": 1000, **other},
    )


@contextmanager
def running(
    settings: DeviceSettings,
    factory: MockFactory,
    clock: Clock | None = None,
    report_progress: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """An agent in a thread; an error in it fails the test."""
    stop, faults = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            agent.run(settings, clock or HostClock(), factory, stop, report_progress)
        except BaseException as fault:  # noqa: BLE001 - told to the test below
            faults.append(fault)

    thread = threading.Thread(target=work)
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


class Collector:
    """Stores by the contract's rules and answers with receipts while `answering`; hears the status too."""

    def __init__(self, server: Mosquitto, user: str = "observer") -> None:
        self.events: list[SensorEvent] = []
        self.streams: list[str] = []
        self.statuses: list[DeviceStatus] = []
        self.answering = True
        self.refused_receipts = 0
        """Messages of events that came while it was not answering."""
        self._high: dict[str, int] = {}
        self._ready = threading.Event()
        settings = server.settings(user)
        self.client = broker.client(settings, f"test-{user}")
        self.client.on_connect = lambda *_: self.client.subscribe(
            [(topics.every_device(SITE, leaf), 1) for leaf in (DeviceTopic.EVENTS, DeviceTopic.STATUS)]
        )
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._take
        self.client.connect_async(settings.host, settings.port)

    def __enter__(self) -> Self:
        self.client.loop_start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain)

    def told(self, sensor: str, *, heartbeats: bool = False) -> list[tuple[str, float]]:
        """What a sensor said so far."""
        return [
            (str(event.kind), event.value)
            for event in tuple(self.events)
            if event.sensor == sensor and (heartbeats or event.kind != "heartbeat")
        ]

    def wait(self, condition: Callable[[], object], what: str) -> None:
        try:
            until(condition, seconds=15, what=what)
        except TimeoutError as late:
            raise AssertionError(f"{late}; heard {self.events}, {self.statuses[-1:]}") from None

    def _take(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.statuses.append(decode_status(message.payload))
            return
        sent = decode_events(message.payload)
        if self.answering:
            self._store(sent)
        else:
            self.refused_receipts += 1

    def _store(self, sent: EventsMessage) -> None:
        high = self._high.get(sent.stream, 0)
        if sent.stream not in self._high:
            self.streams.append(sent.stream)
        if sent.oldest > high + 1:
            high = sent.oldest - 1
        if sent.events[0].seq <= high + 1:
            self.events += [event for event in sent.events if event.seq > high]
            high = max(high, sent.events[-1].seq)
        self._high[sent.stream] = high
        self.say(topics.device(SITE, DEVICE, DeviceTopic.RECEIPT), encode(Receipt(sent.stream, high)))
