"""Wait over MQTT until the collector is up to date and the devices have delivered all events.

In:    the broker, and the status messages of the collector and the devices.
Out:   calls that return when a condition is met.
Never: events. They pass directly from the devices to the collector.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import paho.mqtt.client as mqtt

from collector.contract import states
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, create_client
from edge.contract.message import CommandName, DeviceCommand, MessageRejected, decode_status, encode
from edge.contract.subscriptions import Subscriptions, describe_refused
from edge.contract.topics import AT_LEAST_ONCE
from ledig.replay.servers import ReplayAway

MAX_WAIT_S: Final = 60.0
"""A sender waits up to 7.5 s before it sends again; the limit is several times that."""
_REPORT_EVERY_S: Final = 0.25


class ReplayConnection:
    """The MQTT connection of the replay itself."""

    def __init__(
        self,
        connection: mqtt.Client,
        site: str,
        messages: "queue.SimpleQueue[mqtt.MQTTMessage]",
        subscriptions: Subscriptions,
        broker: BrokerSettings,
    ) -> None:
        self._connection, self._site, self._messages = connection, site, messages
        self._subscriptions, self._broker = subscriptions, broker

    def await_collector(self, at_ms: int, alive: Callable[[], object]) -> None:
        """Wait until the collector is online and has evaluated everything before `at_ms`.

        Args:
            at_ms: site time, in Unix milliseconds.
            alive: called repeatedly; raises if waiting is pointless.

        Raises:
            ReplayAway: not within a minute.
        """

        def is_done(message: mqtt.MQTTMessage) -> bool:
            if message.topic != topics.COLLECTOR_STATUS.topic(self._site):
                return False
            status = states.decode(bytes(message.payload), states.CollectorStatus)
            return status.online and status.at_ms >= at_ms

        self._wait_until(is_done, alive, "the collector does not respond")

    def await_empty_outboxes(self, devices: tuple[str, ...], alive: Callable[[], object]) -> None:
        """Wait until every device reports an empty outbox: the collector has stored all its events.

        Args:
            devices: ids of the devices.
            alive: called repeatedly; raises if waiting is pointless.

        Raises:
            ReplayAway: a device did not report this within a minute.
        """
        undelivered = set(devices)
        report_at_s = time.monotonic()

        def request_reports() -> None:
            nonlocal report_at_s
            alive()
            if time.monotonic() >= report_at_s:
                report_at_s = time.monotonic() + _REPORT_EVERY_S
                for device in undelivered:
                    topic_kind = topics.DEVICE_COMMAND
                    payload = encode(DeviceCommand(CommandName.REPORT))
                    topic = topic_kind.topic(self._site, device)
                    self._connection.publish(topic, payload, topic_kind.qos, topic_kind.is_retained)

        def is_done(message: mqtt.MQTTMessage) -> bool:
            device = topics.DEVICE_STATUS.find_name(self._site, message.topic)
            if device is None:
                return False
            status = decode_status(bytes(message.payload))
            if status.online and status.outbox is not None and status.outbox.depth == 0 and not message.retain:
                undelivered.discard(device)
            return not undelivered

        while not self._messages.empty():
            self._messages.get()  # discard reports from before the request
        self._wait_until(is_done, request_reports, "a device could not deliver its events")

    def _wait_until(
        self, is_done: Callable[[mqtt.MQTTMessage], bool], meanwhile: Callable[[], object], finding: str
    ) -> None:
        deadline = time.monotonic() + MAX_WAIT_S
        while time.monotonic() < deadline:
            meanwhile()
            if refused := self._subscriptions.refused:
                raise ReplayAway(describe_refused(self._broker, refused))
            try:
                if is_done(self._messages.get(timeout=_REPORT_EVERY_S / 5)):
                    return
            except (queue.Empty, MessageRejected):
                continue
        raise ReplayAway(f"{finding} within {MAX_WAIT_S:g} s; is the machine overloaded? Try a lower --speed")


@contextmanager
def open_replay_connection(broker: BrokerSettings, site: str) -> Iterator[ReplayConnection]:
    """Open a connection that receives the status of the collector and of every device."""
    messages: queue.SimpleQueue[mqtt.MQTTMessage] = queue.SimpleQueue()
    connected = threading.Event()
    connection = create_client(broker, "replay")
    subscriptions = Subscriptions(connection, lambda _refused: None)

    def on_connect(*_: object) -> None:
        subscriptions.subscribe(
            [
                (topics.COLLECTOR_STATUS.topic(site), AT_LEAST_ONCE),
                (topics.DEVICE_STATUS.topic_filter(site), AT_LEAST_ONCE),
            ]
        )
        connected.set()

    connection.on_connect = on_connect
    connection.on_message = lambda _client, _userdata, message: messages.put(message)
    connection.connect(broker.host, broker.port)
    connection.loop_start()
    try:
        connected.wait(MAX_WAIT_S)
        yield ReplayConnection(connection, site, messages, subscriptions, broker)
    finally:
        connection.disconnect()
        connection.loop_stop()
