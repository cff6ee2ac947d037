"""The agent's line to the broker.

In:    topics and payloads to publish.
Out:   on the agent's queue: that the broker is there or gone, and what it brought.
Never: judgement in a callback, which runs in paho's own thread and only queues; an exception there would end that
       thread while the client still calls itself connected.
"""

import random
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

from edge import broker, rivalry
from edge.broker import KEEPALIVE_S, BrokerSettings
from edge.message import MAX_PAYLOAD_BYTES
from edge.rivalry import Connections
from edge.subscriptions import Subscriptions

QUEUED_MESSAGES = 64
"""What paho may hold in memory; the outbox holds the rest."""
STOP_S = 0.5
"""How long each step of stopping waits for the broker; then it learns by our will."""


class Connected(NamedTuple):
    """The broker took us in."""


class Disconnected(NamedTuple):
    """The broker is gone or refused us; `refusal` says why, if it did."""

    refusal: str | None = None


class Acknowledged(NamedTuple):
    """The broker acknowledged a message: the line works in both directions. It is no receipt."""


class Heard(NamedTuple):
    """A message came; `retained` if the broker had it before we asked, so that it proves nobody alive."""

    topic: str
    payload: bytes
    retained: bool


class Refused(NamedTuple):
    """The broker does not let us read these topics; none: it does now."""

    topics: tuple[str, ...]


class Uplink:
    """One connection, made again for ever while it is started."""

    def __init__(
        self, settings: BrokerSettings, client_id: str, will: tuple[str, bytes], inbox: "SimpleQueue[object]"
    ) -> None:
        self._settings, self._inbox = settings, inbox
        self._client = broker.client(settings, client_id, will=will)
        self._subscriptions = Subscriptions(self._client, lambda refused: inbox.put(Refused(refused)))
        self._connections = Connections()
        self._client.max_queued_messages_set(QUEUED_MESSAGES)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        """Begin to connect; returns at once, whether the broker is there or not."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe to these topics of a new connection, QoS 1."""
        self._subscriptions.forget()
        self._subscriptions.ask([(topic, 1) for topic in topics])

    def ask_again(self) -> None:
        """Subscribe again to what the broker refused."""
        self._subscriptions.ask_again()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send, QoS 1. What is lost on the way, the receipts tell."""
        self._client.publish(topic, payload, qos=1)

    def retain(self, topic: str, payload: bytes) -> None:
        """Send, QoS 1, for the broker to keep."""
        self._client.publish(topic, payload, qos=1, retain=True)

    def stop(self, topic: str, payload: bytes) -> None:
        """Say a last retained word if the broker is there, and leave within about a second."""
        if self._client.is_connected():
            last = self._client.publish(topic, payload, qos=1, retain=True)
            with suppress(RuntimeError, ValueError):  # it went away meanwhile: the will says the same
                last.wait_for_publish(STOP_S)
        self._client.disconnect()
        leaving = threading.Thread(target=self._client.loop_stop, daemon=True)  # a connect under way may hang
        leaving.start()
        leaving.join(STOP_S)

    def _on_connect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            self._connections = rivalry.began(self._connections, time.monotonic())
        self._inbox.put(Disconnected(str(reason)) if reason.is_failure else Connected())

    def _on_connect_fail(self, _client: Any, _userdata: Any) -> None:
        self._inbox.put(Disconnected("it did not answer"))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._connections = rivalry.ended(self._connections, time.monotonic())
        broker.set_reconnect_pause(self._client, rivalry.pause_s(self._connections, random.random()))  # noqa: S311 - jitter
        contested = rivalry.SUSPICION.format(n=self._connections.short) if self._connections.is_contested else None
        self._inbox.put(Disconnected(contested))

    def _on_publish(self, _client: Any, _userdata: Any, _mid: Any, _reason: Any, _properties: Any) -> None:
        self._inbox.put(Acknowledged())

    def _on_message(self, _client: Any, _userdata: Any, message: Any) -> None:
        if len(message.payload) <= MAX_PAYLOAD_BYTES:
            self._inbox.put(Heard(message.topic, message.payload, message.retain))
