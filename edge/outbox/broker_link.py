"""The agent's connection to the broker.

In:    topics with their kinds, and payloads to publish.
Out:   on the agent's queue: connects, disconnects and received messages.
Never: decisions in a callback. Callbacks run in paho's own thread and only queue; an exception there would end that
       thread while the client still reports itself as connected.

paho connects again by itself; its longest pause is `MAX_RECONNECT_PAUSE_S` of `edge/contract/broker_client.py`.
"""

import random
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

from edge.contract import broker_client, client_conflicts
from edge.contract.broker_client import KEEPALIVE_S, BrokerSettings, LastWill
from edge.contract.client_conflicts import ConnectionHistory
from edge.contract.message import MAX_PAYLOAD_BYTES
from edge.contract.subscriptions import Subscriptions
from edge.contract.topics import AT_LEAST_ONCE, TopicKind

MAX_QUEUED_MESSAGES = 64
"""At most this many messages in paho's memory; the outbox holds the rest."""
STOP_TIMEOUT_S = 0.5
"""How long each step of stopping waits for the broker; after that the broker publishes our will."""


class Connected(NamedTuple):
    """The broker accepted the connection."""


class Disconnected(NamedTuple):
    """The connection ended or was refused.

    `refusal` is the reason, if there is one; `rejects_user`: the broker does not accept the user or its password.
    """

    refusal: str | None = None
    rejects_user: bool = False


class PublishAcknowledged(NamedTuple):
    """The broker acknowledged a message: the connection works in both directions. This is not a receipt."""


class ReceivedMessage(NamedTuple):
    """A message came; `retained` if the broker had stored it, so that it does not prove its sender alive."""

    topic: str
    payload: bytes
    retained: bool


class SubscriptionsRefused(NamedTuple):
    """The broker refuses these subscriptions; empty: it accepts all of them now."""

    topics: tuple[str, ...]


class BrokerLink:
    """One connection that is re-established until it is stopped."""

    def __init__(self, settings: BrokerSettings, client_id: str, will: LastWill, inbox: "SimpleQueue[object]") -> None:
        self._settings, self._will, self._inbox = settings, will, inbox
        self._client = broker_client.create_client(settings, client_id, will=will)
        self._subscriptions = Subscriptions(self._client, lambda refused: inbox.put(SubscriptionsRefused(refused)))
        self._history = ConnectionHistory()
        self._client.max_queued_messages_set(MAX_QUEUED_MESSAGES)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        """Start to connect; return at once, whether the broker is available or not."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe to these topics on a new connection."""
        self._subscriptions.reset()
        self._subscriptions.subscribe([(topic, AT_LEAST_ONCE) for topic in topics])

    def retry_refused(self) -> None:
        """Subscribe again to the topics that the broker refused."""
        self._subscriptions.retry_refused()

    def publish(self, topic_kind: TopicKind, topic: str, payload: bytes) -> None:
        """Publish a message on a topic of this kind. Receipts show which events were lost."""
        self._client.publish(topic, payload, topic_kind.qos, topic_kind.is_retained)

    def stop(self) -> None:
        """Publish the will if connected, because a broker does not after a disconnect; disconnect within a second."""
        if self._client.is_connected():
            topic_kind, topic, payload = self._will
            publication = self._client.publish(topic, payload, topic_kind.qos, topic_kind.is_retained)
            with suppress(RuntimeError, ValueError):  # it disconnected meanwhile: the broker publishes the will
                publication.wait_for_publish(STOP_TIMEOUT_S)
        self._client.disconnect()
        stopping = threading.Thread(target=self._client.loop_stop, daemon=True)  # a connection attempt may hang
        stopping.start()
        stopping.join(STOP_TIMEOUT_S)

    def _on_connect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            self._history = client_conflicts.record_connect(self._history, time.monotonic())
        rejects_user = reason in broker_client.USER_REJECTIONS
        self._inbox.put(Disconnected(str(reason), rejects_user) if reason.is_failure else Connected())

    def _on_connect_fail(self, _client: Any, _userdata: Any) -> None:
        self._inbox.put(Disconnected("it did not answer"))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._history = client_conflicts.record_disconnect(self._history, time.monotonic())
        broker_client.set_reconnect_pause(
            self._client,
            client_conflicts.reconnect_pause_s(self._history, random.random()),  # noqa: S311 - jitter, no secret
        )
        contested = client_conflicts.CONFLICT_TEXT.format(n=self._history.short) if self._history.is_contested else None
        self._inbox.put(Disconnected(contested))

    def _on_publish(self, _client: Any, _userdata: Any, _mid: Any, _reason: Any, _properties: Any) -> None:
        self._inbox.put(PublishAcknowledged())

    def _on_message(self, _client: Any, _userdata: Any, message: Any) -> None:
        if len(message.payload) <= MAX_PAYLOAD_BYTES:
            self._inbox.put(ReceivedMessage(message.topic, message.payload, message.retain))
