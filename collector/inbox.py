"""The collector's connection to the broker, driven by the loop of its owner.

In:    messages of devices, as the broker hands them over.
Out:   the same in batches, acknowledged when their owner says so; what is published.
Never: threads, judgement of payloads. Callbacks only queue.

An acknowledgement after the commit, many to a TCP segment, and no `select` between two messages that are here
already: that is why this loop, which stores, keeps up with a bare subscriber that does not (bench/throughput.py).
"""

import logging
import random
import select
import socket
import time
from collections.abc import Iterable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from collector import outward
from edge import broker, topics

BATCH: Final = 1000
"""The most messages of one batch; a broker that honours its window must allow as many in flight."""
BATCH_S: Final = 0.05
"""The longest that a message waits for others."""
LINGER_S: Final = 0.002
"""A batch ends when nothing came for this long: one commit for what arrives together."""
BATCH_BYTES: Final = 4 * 1024 * 1024
"""The most bytes of one batch, so that a backlog is stored in steps."""
LATER_RETAINED_S: Final = 5.0
"""How long after the first connection a broker may take to say what it has retained."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0

log = logging.getLogger(__name__)


class Inbox:
    """One connection, made again whenever it is lost.

    Attributes:
        connections: grows with each connection: what is retained must be said again, and every receipt.
    """

    def __init__(self, settings: broker.BrokerSettings, site: str) -> None:
        self.connections = 0
        self._settings = settings
        self._site = site
        self._queue: list[mqtt.MQTTMessage] = []
        self._bytes = 0
        self._spaces: set[str] = set()
        self._spaces_at: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._connect_at = 0.0
        self._misc_at = 0.0
        self._said = ""
        will = (topics.collector(site), outward.encode(outward.CollectorStatus(online=False)))
        self._client = broker.client(settings, f"ledig-collector-{site}", will=will, manual_ack=True)
        self._client.max_inflight_messages_set(BATCH)  # a whole house of retained states at once
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_socket_register_write = _want_write  # its presence alone lets acknowledgements gather
        self._client.connect_async(settings.host, settings.port, broker.KEEPALIVE_S)

    @property
    def connected(self) -> bool:
        """Whether the broker has welcomed us and the connection stands, as far as anybody knows."""
        return self._client.is_connected()

    def batch(self, seconds: float) -> list[mqtt.MQTTMessage]:
        """What came: waits at most `seconds` for a first message, and at most 50 ms more for its company."""
        self._wait(seconds)
        end = time.monotonic() + BATCH_S
        before = 0
        while before < len(self._queue) < BATCH and self._bytes < BATCH_BYTES and time.monotonic() < end:
            before = len(self._queue)
            self._wait(LINGER_S)
        taken, self._queue, self._bytes = self._queue, [], 0
        return taken

    def acknowledge(self, messages: Iterable[mqtt.MQTTMessage]) -> None:
        """Tell the broker that these are done with."""
        for message in messages:
            if message.qos:
                self._client.ack(message.mid, message.qos)
        self.flush()

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Hand a message to the broker; without a connection it is not sent, now or later."""
        if self._client.is_connected():
            self._client.publish(topic, payload, qos, retain)

    def flush(self) -> None:
        """Send what waits, in as few segments as it needs."""
        line = self._client.socket()
        if not isinstance(line, socket.socket) or not self._client.want_write():
            return
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._client.loop_write()
        if line.fileno() >= 0:  # the write may have found the connection dead
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def retained_spaces(self) -> set[str]:
        """Topics of spaces that the broker had retained at our start; empty until it has told them, given once."""
        if self._spaces_at is None or time.monotonic() < self._spaces_at:
            return set()
        self._spaces_at = None
        self._client.unsubscribe(topics.space(self._site, "+"))
        return self._spaces

    def renew(self) -> None:
        """Drop the connection: what was not acknowledged comes again with the next."""
        self._forget()
        self._client.disconnect()
        self.flush()
        self._connect_at = 0.0

    def close(self) -> None:
        """Send what waits, and leave."""
        self._client.disconnect()
        self.flush()

    def _wait(self, seconds: float) -> None:
        """Take what is here, or wait for it; connect when it is time to."""
        line = self._client.socket()
        if line is None:
            self._connect(seconds)
            return
        if time.monotonic() >= self._misc_at:
            self._misc_at = time.monotonic() + 1
            if self._client.loop_misc() or self._client.socket() is not line:
                return
        held = getattr(line, "pending", None)  # TLS may hold what select cannot see
        watched = select.poll()
        watched.register(line.fileno(), select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        ready = watched.poll(0 if held and held() else seconds * 1000)
        flags = ready[0][1] if ready else 0
        if flags & ~select.POLLOUT or (held and held()):
            self._read()
        if flags & select.POLLOUT:
            self.flush()

    def _read(self) -> None:
        """Take whole messages as long as they are here already."""
        read, queue = self._client.loop_read, self._queue
        before = -1
        while before < len(queue) < BATCH and self._bytes < BATCH_BYTES:
            before = len(queue)
            read()

    def _connect(self, seconds: float) -> None:
        wait_s = self._connect_at - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, seconds))
            return
        self._connect_at = time.monotonic() + random.uniform(0.5, 1) * self._pause_s  # noqa: S311 - jitter, no secret
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        try:
            self._client.reconnect()
        except OSError as fault:
            self._tell(f"the broker at {self._settings.host}:{self._settings.port} does not answer ({fault})")

    def _forget(self) -> None:
        self._queue.clear()
        self._bytes = 0

    def _tell(self, fault: str) -> None:
        """One line for each new fault, not for each attempt."""
        if fault != self._said:
            log.warning("%s; trying again until it does", fault)
            self._said = fault

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        if message.qos or "/device/" in message.topic:
            self._queue.append(message)
            self._bytes += len(message.payload)
        elif message.retain and message.payload:
            self._spaces.add(message.topic)

    def _on_connect(
        self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if reason.is_failure:
            who = self._settings.user or "nobody"
            self._tell(f"the broker at {self._settings.host}:{self._settings.port} refuses {who!r} ({reason})")
            return
        self._pause_s, self._said = FIRST_PAUSE_S, ""
        self._forget()  # those of the last connection: acknowledgements would be for others now
        client.subscribe(topics.every_device(self._site, topics.DeviceTopic.EVENTS), qos=1)
        if self.connections == 0:
            client.subscribe(topics.space(self._site, "+"), qos=0)
            self._spaces_at = time.monotonic() + LATER_RETAINED_S
        self.connections += 1
        log.info("connected to the broker at %s:%s", self._settings.host, self._settings.port)

    def _on_disconnect(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:  # else we left ourselves
            self._tell(
                f"the connection to the broker at {self._settings.host}:{self._settings.port} was lost ({reason})"
            )


def _want_write(_client: mqtt.Client, _userdata: Any, _line: Any) -> None:
    """The loop asks `want_write` itself."""
