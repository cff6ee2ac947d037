"""The collector's connection to the broker, driven by the collector's loop.

In:    messages of devices, as the broker delivers them; messages to publish.
Out:   the messages in batches, acknowledged on the caller's request; commands to the collector.
Never: threads, decisions about payloads.
"""

import logging
import random
import select
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.contract.messages import decode_message, encode_message
from collector.contract.states import CollectorStatus
from collector.intake.intake import IncomingMessage
from collector.mqtt.packet_socket import PacketSocket, PacketSocketClient, PublishPacket
from edge.contract import broker_client, client_conflicts, topics
from edge.contract.client_conflicts import ConnectionHistory
from edge.contract.message import ClockState, DeviceStatus, MessageRejected
from edge.contract.subscriptions import Subscriptions, describe_refused
from edge.contract.topics import AT_LEAST_ONCE, AT_MOST_ONCE, TOPIC_KINDS, Role, TopicKind, find_topic_kind
from edge.process.recovery_pause import MAX_RECOVERY_PAUSE_S

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt
    from paho.mqtt.reasoncodes import ReasonCode

BATCH_MESSAGES: Final = 1000
"""Most messages of one batch, approximately. The broker's in-flight window must allow as many."""
BATCH_BYTES: Final = 4 * 1024 * 1024
"""Most bytes of one batch, approximately, so that a backlog is stored in steps."""
MAX_BATCH_WAIT_S: Final = 0.05
"""The longest time that a message waits for others."""
BATCH_IDLE_S: Final = 0.002
"""A batch ends when nothing arrived for this long: messages that arrive together share one commit."""
RETAINED_WAIT_S: Final = 5.0
"""How long after the first connection the broker may take to send its retained messages."""
CHECK_SPACE: Final = "ledig-check"
"""Not a space: `--check` publishes to this name, and what comes back changes nothing."""
RESUBSCRIBE_EVERY_S: Final = 10.0
"""How often topics that the broker refused are subscribed to again."""
FIRST_RECONNECT_PAUSE_S: Final = 0.5

COMMAND_TOPICS: Final = (topics.COLLECTOR_COMMAND, topics.ADJUSTMENT_COMMAND, topics.TRUTH_COMMAND)
_READ: Final = topics.list_read_by(Role.COLLECTOR)
_CLEARED: Final = tuple(topic_kind for topic_kind in TOPIC_KINDS if topic_kind.is_cleared)
"""Kinds of topics under which an earlier collector or a removed device may have left retained messages."""

log = logging.getLogger(__name__)


def list_required_topics(site: str) -> list[str]:
    """The topic filters that a collector needs to work."""
    return [topic_kind.topic_filter(site) for topic_kind in _READ if topic_kind not in _CLEARED]


class TopicMessage(NamedTuple):
    """A message that is no event; `name` is the id in its topic."""

    topic_kind: TopicKind
    name: str
    payload: bytes
    is_retained: bool


class CollectorConnection:
    """One connection, opened again whenever it is lost.

    Attributes:
        connections: number of connections so far. After each new one, publish all retained messages and receipts again.
    """

    def __init__(self, settings: broker_client.BrokerSettings, site: str, instance: str = "") -> None:
        self.connection_count = 0
        self._settings = settings
        self._where = f"the broker at {settings.host}:{settings.port}"
        self._user = settings.user or "nobody"
        self._site = site
        self._device_of: dict[bytes, str] = {}
        self._queue: list[IncomingMessage] = []
        self._bytes = 0
        self._unacknowledged: list[int] = []
        self._packet_id = 0
        self._commands: dict[TopicKind, list[bytes]] = {topic_kind: [] for topic_kind in COMMAND_TOPICS}
        self._collector_statuses: list[CollectorStatus] = []
        self._connections = ConnectionHistory()
        self._events = topics.EVENTS.topic_filter(site)
        self._device_times: list[tuple[str, int]] = []
        self._retained: dict[str, TopicKind] = {}
        self._retained_at: float | None = None
        self._pause_s = FIRST_RECONNECT_PAUSE_S
        self._connect_at = self._housekeeping_at = 0.0
        self._logged_fault = ""
        will = broker_client.LastWill(
            topics.COLLECTOR_STATUS,
            topics.COLLECTOR_STATUS.topic(site),
            encode_message(CollectorStatus(online=False, instance=instance)),
        )
        self._client = broker_client.create_client(
            settings, f"ledig-collector-{site}-{instance}", will=will, manual_ack=True, client_class=PacketSocketClient
        )
        self._subscriptions = Subscriptions(self._client, self._on_refused)
        self._resubscribe_at = 0.0
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_socket_register_write = _want_write  # while this is set, paho does not write on its own
        self._client.connect_async(settings.host, settings.port, broker_client.KEEPALIVE_S)

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the connection and it is up, as far as is known."""
        return self._client.is_connected()

    @property
    def fault(self) -> CollectorFault | None:
        """Which topics the broker refuses; None: none."""
        refused = tuple(self._subscriptions.refused)
        return CollectorFault(FaultKind.TOPICS_REFUSED, refused) if refused else None

    @property
    def is_refused_events(self) -> bool:
        """Whether the broker refuses the subscription to the events of devices."""
        return self._events in self._subscriptions.refused

    def read_batch(self, seconds: float) -> list[IncomingMessage]:
        """Wait at most `seconds` for a first message and at most 50 ms longer for others; return them all."""
        self._wait(seconds)
        end = time.monotonic() + MAX_BATCH_WAIT_S
        before = 0
        while before < len(self._queue) < BATCH_MESSAGES and self._bytes < BATCH_BYTES and time.monotonic() < end:
            before = len(self._queue)
            self._wait(BATCH_IDLE_S)
        taken, self._queue, self._bytes = self._queue, [], 0
        return taken

    def acknowledge(self) -> None:
        """Acknowledge to the broker every message of the last batch."""
        line = self._packet_socket()
        if line is not None:
            line.queue_acknowledgements(self._unacknowledged)
        self._unacknowledged.clear()
        self.flush()

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Queue a message for the next `flush`. Without a connection it is dropped."""
        line = self._packet_socket()
        if line is not None and self._client.is_connected():
            self._packet_id = self._packet_id % 0xFFFF + 1
            line.queue_message(PublishPacket(topic.encode(), payload, self._packet_id if qos else 0, retain))

    def flush(self) -> None:
        """Send everything that is queued."""
        line = self._packet_socket()
        if line is not None:
            if self._client.want_write():
                self._client.loop_write()
            line.flush()

    def take_collector_statuses(self) -> list[CollectorStatus]:
        """The statuses of this site's collectors, this one included, that arrived since the last call."""
        taken, self._collector_statuses = self._collector_statuses, []
        return taken

    @property
    def is_subscribed(self) -> bool:
        """Whether the broker has answered every subscription of this connection, so retained messages are here."""
        return self.is_connected and not self._subscriptions.is_waiting

    def take_commands(self, topic_kind: TopicKind) -> list[bytes]:
        """The commands of one of COMMAND_TOPICS from the last batch; they are acknowledged with it."""
        taken, self._commands[topic_kind] = self._commands[topic_kind], []
        return taken

    def take_device_times(self) -> list[tuple[str, int]]:
        """The time according to each synchronised device whose status arrived with the last batch."""
        taken, self._device_times = self._device_times, []
        return taken

    def take_retained_topics(self) -> Mapping[str, TopicKind]:
        """Topics of spaces, zones and devices that the broker had retained when this process started; their kinds.

        Empty until `RETAINED_WAIT_S` after the first connection; then returned once.
        """
        if self._retained_at is None or time.monotonic() < self._retained_at:
            return {}
        self._retained_at = None
        self._client.unsubscribe(
            [topic_kind.topic_filter(self._site) for topic_kind in _CLEARED if topic_kind not in _READ]
        )
        return self._retained

    def reconnect(self) -> None:
        """Drop the connection. Messages that were not acknowledged come again with the next one."""
        self.close()
        self._connect_at = 0.0

    def close(self) -> None:
        """Send everything that is queued, then disconnect."""
        self._client.disconnect()
        self.flush()

    def _packet_socket(self) -> PacketSocket | None:
        line = self._client.socket()
        if line is not None and not isinstance(line, PacketSocket):  # on a plain socket no message would ever be read
            raise TypeError(f"paho opened a {type(line).__name__}, not a packet socket; this paho version is too new")
        return line

    def _wait(self, seconds: float) -> None:
        """Read what has arrived, or wait for it; connect when that is due."""
        line = self._packet_socket()
        if line is None:
            self._connect(seconds)
            return
        if time.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = time.monotonic() + 1
            self._client.loop_misc()  # sends pings, and disconnects when they are not answered
            if time.monotonic() >= self._resubscribe_at:
                self._resubscribe_at = time.monotonic() + RESUBSCRIBE_EVERY_S
                self._subscriptions.retry_refused()
            self.flush()
            if self._packet_socket() is not line:
                return
        writing = line.has_unsent_data or self._client.want_write()
        watched = select.poll()
        watched.register(line.fileno(), select.POLLIN | (select.POLLOUT if writing else 0))
        ready = watched.poll(0 if line.has_buffered_tls_data else seconds * 1000)
        flags = ready[0][1] if ready else 0
        if flags & select.POLLOUT:
            self.flush()
        if flags & ~select.POLLOUT or line.has_buffered_tls_data:
            self._read_messages(line)

    def _read_messages(self, line: PacketSocket) -> None:
        """Read the messages that have arrived, and pass all other packets to paho."""
        while len(self._queue) < BATCH_MESSAGES and self._bytes < BATCH_BYTES:
            messages = line.read_messages()
            self._sort_messages(messages)
            while line.has_data_for_paho and self._packet_socket() is line:
                self._client.loop_read()
            if not messages or self._packet_socket() is not line:
                break
        self.flush()

    def _sort_messages(self, messages: Iterable[PublishPacket]) -> None:
        """Separate events of devices from commands, statuses and retained messages."""
        known, queue, unacknowledged = self._device_of, self._queue, self._unacknowledged
        for topic, payload, mid, retained in messages:
            self._bytes += len(payload)  # commands count too, so that a flood of them ends the batch
            if mid:
                unacknowledged.append(mid)
            device = known.get(topic) or self._look_up(topic)
            if device:
                queue.append(IncomingMessage(device, payload))
            else:
                self._sort_other(topic.decode(errors="replace"), payload, retained=retained)

    def _sort_other(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Pass a message that is no event to the handler of its topic; ignore one that breaks the contract."""
        if (found := find_topic_kind(self._HANDLERS, self._site, topic)) is not None:
            topic_kind, name = found
            with suppress(MessageRejected):
                self._HANDLERS[topic_kind](self, TopicMessage(topic_kind, name, payload, retained))

    def _take_command(self, received: TopicMessage) -> None:
        if not received.is_retained:  # a retained command is an old one
            self._commands[received.topic_kind].append(received.payload)

    def _take_collector_status(self, received: TopicMessage) -> None:
        self._collector_statuses.append(decode_message(received.topic_kind, received.payload))

    def _take_device_status(self, received: TopicMessage) -> None:
        if received.is_retained:  # it shows some earlier time
            self._note_retained(received)
            return
        status: DeviceStatus = decode_message(received.topic_kind, received.payload)
        if status.online and status.at_ms is not None and status.clock is ClockState.SYNCHRONISED:
            self._device_times.append((received.name, status.at_ms))

    def _note_retained(self, received: TopicMessage) -> None:
        if received.is_retained and received.payload:
            topic = received.topic_kind.topic(self._site, received.name)
            self._retained[topic] = received.topic_kind

    _HANDLERS: Final = topics.check_handlers(
        {*_READ, *_CLEARED} - {topics.EVENTS},  # `_sort_messages` handles events itself: there are very many
        {
            topics.COLLECTOR_STATUS: _take_collector_status,
            topics.COLLECTOR_COMMAND: _take_command,
            topics.ADJUSTMENT_COMMAND: _take_command,
            topics.TRUTH_COMMAND: _take_command,
            topics.DEVICE_STATUS: _take_device_status,
            topics.SPACE_STATE: _note_retained,
            topics.TUNING: _note_retained,
            topics.ZONE_SUMMARY: _note_retained,
            topics.FORECAST: _note_retained,
            topics.FINDINGS: _note_retained,
        },
    )

    def _look_up(self, topic: bytes) -> str:
        """The device whose events topic this is; empty: another topic."""
        device = topics.EVENTS.find_name(self._site, topic.decode(errors="replace"))
        if device is None:
            return ""
        if (
            len(self._device_of) >= BATCH_MESSAGES
        ):  # a site file has fewer devices; unknown ones must not fill the memory
            self._device_of.clear()
        self._device_of[topic] = device
        return device

    def _connect(self, seconds: float) -> None:
        wait_s = self._connect_at - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, seconds))
            return
        self._connect_at = time.monotonic() + random.uniform(0.5, 1) * self._pause_s  # noqa: S311 - jitter, no secret
        self._pause_s = min(2 * self._pause_s, MAX_RECOVERY_PAUSE_S)
        try:
            self._client.reconnect()
        except OSError as fault:
            self._log_fault(f"{self._where} does not answer ({fault})")
        self.flush()

    def _log_fault(self, fault: str) -> None:
        """Log each new fault once, not each attempt."""
        if fault != self._logged_fault:
            log.warning("%s; trying again", fault)
            self._logged_fault = fault

    def _on_connect(
        self, _client: "mqtt.Client", _userdata: Any, _flags: Any, reason: "ReasonCode", _properties: Any
    ) -> None:
        if reason.is_failure:
            self._log_fault(f"{self._where} refuses {self._user!r} ({reason})")
            return
        self._connections = client_conflicts.record_connect(self._connections, time.monotonic())
        self._pause_s, self._logged_fault = FIRST_RECONNECT_PAUSE_S, ""
        self._queue, self._bytes = [], 0  # the broker delivers these again
        for commands in self._commands.values():
            commands.clear()
        self._device_times.clear()
        self._unacknowledged.clear()
        self._subscriptions.reset()
        self._subscriptions.subscribe([(name, AT_LEAST_ONCE) for name in list_required_topics(self._site)])
        followed = [topic_kind for topic_kind in _CLEARED if self.connection_count == 0 or topic_kind in _READ]
        self._subscriptions.subscribe([(topic_kind.topic_filter(self._site), AT_MOST_ONCE) for topic_kind in followed])
        if self.connection_count == 0:
            self._retained_at = time.monotonic() + RETAINED_WAIT_S
        self.connection_count += 1
        log.info("connected to %s", self._where)

    def _on_refused(self, refused: tuple[str, ...]) -> None:
        if refused:
            log.error("%s", describe_refused(self._settings, refused))
        else:
            log.warning("%s allows us to read all topics again", self._where)

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: "ReasonCode", _p: Any) -> None:
        if reason.is_failure:  # otherwise this side disconnected
            self._log_fault(f"the connection to {self._where} was lost ({reason})")
        self._connections = client_conflicts.record_disconnect(self._connections, time.monotonic())
        if self._connections.is_contested:
            self._connect_at = time.monotonic() + client_conflicts.reconnect_pause_s(self._connections, random.random())  # noqa: S311 - jitter
            log.error("%s: %s", self._where, client_conflicts.CONFLICT_TEXT.format(n=self._connections.short))


def _want_write(_client: Any, _userdata: Any, _line: Any) -> None:
    """Do nothing: the loop calls `want_write` itself."""
