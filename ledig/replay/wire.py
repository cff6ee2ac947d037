"""What a replay asks the house over MQTT: does the collector listen, have the devices handed everything over?

In:    the broker, and what the collector and the devices say of themselves.
Out:   answers to wait for.
Never: events. They go from the devices to the collector, and nobody stands between.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import paho.mqtt.client as mqtt

from collector import outward
from edge import topics
from edge.broker import BrokerSettings, client
from edge.message import Command, CommandName, MessageRejected, decode_status, encode
from edge.subscriptions import Subscriptions, unreadable
from edge.topics import DeviceTopic
from ledig.replay.servers import ReplayAway

_PATIENCE_S: Final = 60.0
"""A sender waits up to 7.5 s before it sends again; several times that is no accident."""
_ASK_S: Final = 0.25


class Wire:
    """The replay's own connection to the broker."""

    def __init__(
        self,
        connection: mqtt.Client,
        site: str,
        heard: "queue.SimpleQueue[mqtt.MQTTMessage]",
        subscriptions: Subscriptions,
        broker: BrokerSettings,
    ) -> None:
        self._connection, self._site, self._heard = connection, site, heard
        self._subscriptions, self._broker = subscriptions, broker

    def await_collector(self, at_ms: int, alive: Callable[[], object]) -> None:
        """Until the collector has said that it lives and has judged everything before a moment.

        Args:
            at_ms: that moment, in house time.
            alive: raises if there is no hope left.

        Raises:
            ReplayAway: it did not within a minute.
        """

        def heard(message: mqtt.MQTTMessage) -> bool:
            if message.topic != topics.collector(self._site):
                return False
            status = outward.decode(bytes(message.payload), outward.CollectorStatus)
            return status.online and status.at_ms >= at_ms

        self._until(heard, alive, "the collector does not respond")

    def await_empty(self, devices: tuple[str, ...], alive: Callable[[], object]) -> None:
        """Until every device has said that the collector has everything.

        Raises:
            ReplayAway: one did not within a minute.
        """
        full = set(devices)
        asked = time.monotonic()

        def ask() -> None:
            nonlocal asked
            alive()
            if time.monotonic() >= asked:
                asked = time.monotonic() + _ASK_S
                for device in full:
                    topic = topics.device(self._site, device, DeviceTopic.COMMAND)
                    self._connection.publish(topic, encode(Command(CommandName.REPORT)), qos=1)

        def heard(message: mqtt.MQTTMessage) -> bool:
            if not message.topic.endswith(f"/{DeviceTopic.STATUS}"):
                return False
            status = decode_status(bytes(message.payload))
            if status.online and status.outbox is not None and status.outbox.depth == 0 and not message.retain:
                full.discard(topics.device_of(message.topic)[0])
            return not full

        while not self._heard.empty():
            self._heard.get()  # what was said before the question is no answer
        self._until(heard, ask, "a device could not deliver its events")

    def _until(self, heard: Callable[[mqtt.MQTTMessage], bool], meanwhile: Callable[[], object], finding: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            meanwhile()
            if refused := self._subscriptions.refused:
                raise ReplayAway(unreadable(self._broker, refused))
            try:
                if heard(self._heard.get(timeout=_ASK_S / 5)):
                    return
            except (queue.Empty, MessageRejected):
                continue
        raise ReplayAway(f"{finding} within {_PATIENCE_S:g} s; is the machine overloaded? Try a lower --speed")


@contextmanager
def wire(broker: BrokerSettings, site: str) -> Iterator[Wire]:
    """A connection that hears what the collector and every device say of themselves."""
    heard: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
    connected = threading.Event()
    connection = client(broker, "replay")
    subscriptions = Subscriptions(connection, lambda _refused: None)

    def on_connect(*_: object) -> None:
        subscriptions.ask([(topics.collector(site), 1), (topics.every_device(site, DeviceTopic.STATUS), 1)])
        connected.set()

    connection.on_connect = on_connect
    connection.on_message = lambda _client, _userdata, message: heard.put(message)
    connection.connect(broker.host, broker.port)
    connection.loop_start()
    try:
        connected.wait(_PATIENCE_S)
        yield Wire(connection, site, heard, subscriptions, broker)
    finally:
        connection.disconnect()
        connection.loop_stop()
