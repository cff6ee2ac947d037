"""The collector's connection to the broker, driven by the loop of its owner.

In:    messages of devices, as the broker hands them over.
Out:   the same in batches, acknowledged when their owner says so; commands to the collector; what is published.
Never: threads, judgement of payloads.
"""

import logging
import random
import select
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from collector import outward
from collector.intake import Delivery
from collector.line import Client, Line, Message
from edge import broker, rivalry, topics
from edge.message import ClockState, decode_status
from edge.rivalry import Connections
from edge.subscriptions import Subscriptions, unreadable

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt
    from paho.mqtt.reasoncodes import ReasonCode

BATCH: Final = 1000
"""About the most messages of one batch; a broker that honours its window must allow as many in flight."""
BATCH_BYTES: Final = 4 * 1024 * 1024
"""About the most bytes of one batch, so that a backlog is stored in steps."""
BATCH_S: Final = 0.05
"""The longest that a message waits for others."""
LINGER_S: Final = 0.002
"""A batch ends when nothing came for this long: one commit for what arrives together."""
RETAINED_S: Final = 5.0
"""How long after the first connection a broker may take to say what it has retained."""
ECHO: Final = "ledig-check"
"""No space: what `--check` publishes about it comes back and changes nothing."""
ASK_AGAIN_S: Final = 10.0
"""What the broker refused to let us read is asked for again this often."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0

_STATUS: Final = b"/status"

log = logging.getLogger(__name__)


def reads(site: str) -> list[str]:
    """Every filter without which a collector cannot work."""
    events = topics.every_device(site, topics.DeviceTopic.EVENTS)
    return [topics.collector(site), topics.collector_command(site), topics.adjustments_command(site), events]


class Inbox:
    """One connection, made again whenever it is lost.

    Attributes:
        connections: grows with each connection: what is retained must be said again, and every receipt.
    """

    def __init__(self, settings: broker.BrokerSettings, site: str, instance: str = "") -> None:
        self.connections = 0
        self._settings = settings
        self._where = f"the broker at {settings.host}:{settings.port}"
        self._user = settings.user or "nobody"
        self._site = site
        self._device_of: dict[bytes, str] = {}
        self._queue: list[Delivery] = []
        self._bytes = 0
        self._owed: list[int] = []
        self._mid = 0
        self._commands: list[bytes] = []
        self._adjustment_commands: list[bytes] = []
        self._status_topic = topics.collector(site).encode()
        self._collector_statuses: list[bytes] = []
        self._connections = Connections()
        self._events = topics.every_device(site, topics.DeviceTopic.EVENTS)
        self._device_times: list[tuple[str, int]] = []
        self._commands_of = {
            topics.collector_command(site).encode(): self._commands,
            topics.adjustments_command(site).encode(): self._adjustment_commands,
        }
        self._statuses = topics.every_device(site, topics.DeviceTopic.STATUS)
        self._retained: set[str] = set()
        self._retained_at: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._connect_at = self._misc_at = 0.0
        self._told = ""
        will = (topics.collector(site), outward.encode(outward.CollectorStatus(online=False, instance=instance)))
        self._client = broker.client(
            settings, f"ledig-collector-{site}-{instance}", will=will, manual_ack=True, kind=Client
        )
        self._subscriptions = Subscriptions(self._client, self._on_refused)
        self._ask_at = 0.0
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_socket_register_write = _want_write  # its presence alone keeps paho from writing by itself
        self._client.connect_async(settings.host, settings.port, broker.KEEPALIVE_S)

    @property
    def connected(self) -> bool:
        """Whether the broker has welcomed us and the connection stands, as far as anybody knows."""
        return self._client.is_connected()

    @property
    def fault(self) -> str:
        """What the broker does not let us read, in words that pages may show; empty: nothing."""
        refused = self._subscriptions.refused
        return f"the broker does not let the collector read {', '.join(refused)}" if refused else ""

    @property
    def is_deaf(self) -> bool:
        """Whether the broker has refused to let us read the events of devices."""
        return self._events in self._subscriptions.refused

    def batch(self, seconds: float) -> list[Delivery]:
        """What came: waits at most `seconds` for a first message, and at most 50 ms more for its company."""
        self._wait(seconds)
        end = time.monotonic() + BATCH_S
        before = 0
        while before < len(self._queue) < BATCH and self._bytes < BATCH_BYTES and time.monotonic() < end:
            before = len(self._queue)
            self._wait(LINGER_S)
        taken, self._queue, self._bytes = self._queue, [], 0
        return taken

    def acknowledge(self) -> None:
        """Tell the broker that everything that `batch` gave is done with."""
        line = self._line()
        if line is not None:
            line.acknowledge(self._owed)
        self._owed.clear()
        self.flush()

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Hand a message to the broker with the next `flush`; without a connection it is not sent, now or later."""
        line = self._line()
        if line is not None and self._client.is_connected():
            self._mid = self._mid % 0xFFFF + 1
            line.publish(Message(topic.encode(), payload, self._mid if qos else 0, retain))

    def flush(self) -> None:
        """Send what waits."""
        line = self._line()
        if line is not None:
            if self._client.want_write():
                self._client.loop_write()
            line.flush()

    def statuses(self) -> list[bytes]:
        """What collectors of this site have published of themselves, this one too, since the last call."""
        taken, self._collector_statuses = self._collector_statuses, []
        return taken

    @property
    def is_settled(self) -> bool:
        """Whether the broker has answered every subscription of this connection: what it has retained is here."""
        return self.connected and not self._subscriptions.waits

    def commands(self) -> list[bytes]:
        """The commands that came with the last batch; they are acknowledged with it."""
        return _taken(self._commands)

    def adjustment_commands(self) -> list[bytes]:
        """The commands of managers to adjust the site that came with the last batch; acknowledged with it."""
        return _taken(self._adjustment_commands)

    def device_times(self) -> list[tuple[str, int]]:
        """What time it is by each device whose status came with the last batch, and whose clock is synchronised."""
        taken, self._device_times = self._device_times, []
        return taken

    def retained(self) -> set[str]:
        """Topics of spaces, zones and devices that the broker had retained at our start.

        Empty until it has told them, given once.
        """
        if self._retained_at is None or time.monotonic() < self._retained_at:
            return set()
        self._retained_at = None
        self._client.unsubscribe([ours for ours in self._of_ours() if ours != self._statuses])
        return self._retained

    def _of_ours(self) -> list[str]:
        """The filters of what an earlier collector, or a device that was removed, may have left at the broker."""
        return [
            topics.space(self._site, "+"),
            topics.tuning(self._site, "+"),
            topics.zone(self._site, "+"),
            topics.forecast(self._site, "+"),
            topics.every_device(self._site, topics.DeviceTopic.FINDINGS),
            self._statuses,
        ]

    def renew(self) -> None:
        """Drop the connection: what was not acknowledged comes again with the next."""
        self.close()
        self._connect_at = 0.0

    def close(self) -> None:
        """Send what waits, and leave."""
        self._client.disconnect()
        self.flush()

    def _line(self) -> Line | None:
        line = self._client.socket()
        if line is not None and not isinstance(line, Line):  # without a line nothing would ever be taken
            raise TypeError(f"paho opened a {type(line).__name__} past collector.line.Client; this paho is too new")
        return line

    def _wait(self, seconds: float) -> None:
        """Take what is here, or wait for it; connect when it is time to."""
        line = self._line()
        if line is None:
            self._connect(seconds)
            return
        if time.monotonic() >= self._misc_at:
            self._misc_at = time.monotonic() + 1
            self._client.loop_misc()  # pings, and leaves when they are not answered
            if time.monotonic() >= self._ask_at:
                self._ask_at = time.monotonic() + ASK_AGAIN_S
                self._subscriptions.ask_again()
            self.flush()
            if self._line() is not line:
                return
        writing = line.unsent or self._client.want_write()
        watched = select.poll()
        watched.register(line.fileno(), select.POLLIN | (select.POLLOUT if writing else 0))
        ready = watched.poll(0 if line.pending else seconds * 1000)
        flags = ready[0][1] if ready else 0
        if flags & select.POLLOUT:
            self.flush()
        if flags & ~select.POLLOUT or line.pending:
            self._read(line)

    def _read(self, line: Line) -> None:
        """Take the messages that are here already, and let paho have the rest."""
        while len(self._queue) < BATCH and self._bytes < BATCH_BYTES:
            messages = line.messages()
            self._sort(messages)
            while line.held and self._line() is line:
                self._client.loop_read()
            if not messages or self._line() is not line:
                break
        self.flush()

    def _sort(self, messages: Iterable[Message]) -> None:
        """Events of devices from what the broker has retained of spaces."""
        known, queue, owed = self._device_of, self._queue, self._owed
        for topic, payload, mid, retained in messages:
            self._bytes += len(payload)  # of commands too: a flood of them must not keep the loop from what it has
            if mid:
                owed.append(mid)
            device = known.get(topic) or self._look_up(topic)
            if device:
                queue.append(Delivery(device, payload))
            elif (commands := self._commands_of.get(topic)) is not None:
                if not retained:  # an old command that somebody left at the broker
                    commands.append(payload)
            else:
                self._sort_rest(topic, payload, retained=retained)

    def _sort_rest(self, topic: bytes, payload: bytes, *, retained: bool) -> None:
        """What collectors and devices publish of themselves, and what the broker has retained of spaces."""
        if topic == self._status_topic:
            self._collector_statuses.append(payload)
        elif topic.endswith(_STATUS):
            name = topic.decode(errors="replace")
            if not retained:
                self._take_status(name, payload)
            elif payload:  # it is of some earlier time
                self._retained.add(name)
        elif retained and payload:
            self._retained.add(topic.decode(errors="replace"))

    def _take_status(self, topic: str, payload: bytes) -> None:
        try:
            device, _ = topics.device_of(topic)
            status = decode_status(payload)
        except ValueError:
            return
        if status.online and status.at_ms is not None and status.clock is ClockState.SYNCHRONISED:
            self._device_times.append((device, status.at_ms))

    def _look_up(self, topic: bytes) -> str:
        """The device that spoke; empty: it is another topic."""
        try:
            device, leaf = topics.device_of(topic.decode())
        except ValueError:
            return ""
        if leaf != topics.DeviceTopic.EVENTS:
            return ""
        if len(self._device_of) >= BATCH:  # devices of a site file are fewer; strangers must not fill the memory
            self._device_of.clear()
        self._device_of[topic] = device
        return device

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
            self._tell(f"{self._where} does not answer ({fault})")
        self.flush()

    def _tell(self, fault: str) -> None:
        """One line for each new fault, not for each attempt."""
        if fault != self._told:
            log.warning("%s; trying again", fault)
            self._told = fault

    def _on_connect(
        self, _client: "mqtt.Client", _userdata: Any, _flags: Any, reason: "ReasonCode", _properties: Any
    ) -> None:
        if reason.is_failure:
            self._tell(f"{self._where} refuses {self._user!r} ({reason})")
            return
        self._connections = rivalry.began(self._connections, time.monotonic())
        self._pause_s, self._told = FIRST_PAUSE_S, ""
        self._queue, self._bytes = [], 0  # those of the last connection: they come again
        self._commands.clear()
        self._adjustment_commands.clear()
        self._device_times.clear()
        self._owed.clear()
        self._subscriptions.forget()
        self._subscriptions.ask([(name, 1) for name in reads(self._site)])
        self._subscriptions.ask(
            [(name, 0) for name in (self._of_ours() if self.connections == 0 else [self._statuses])]
        )
        if self.connections == 0:
            self._retained_at = time.monotonic() + RETAINED_S
        self.connections += 1
        log.info("connected to %s", self._where)

    def _on_refused(self, refused: tuple[str, ...]) -> None:
        if refused:
            log.error("%s", unreadable(self._settings, refused))
        else:
            log.warning("%s allows us to read all topics again", self._where)

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: "ReasonCode", _p: Any) -> None:
        if reason.is_failure:  # else we left ourselves
            self._tell(f"the connection to {self._where} was lost ({reason})")
        self._connections = rivalry.ended(self._connections, time.monotonic())
        if self._connections.is_contested:
            self._connect_at = time.monotonic() + rivalry.pause_s(self._connections, random.random())  # noqa: S311 - jitter
            log.error("%s: %s", self._where, rivalry.SUSPICION.format(n=self._connections.short))


def _taken(commands: list[bytes]) -> list[bytes]:
    taken = commands.copy()
    commands.clear()
    return taken


def _want_write(_client: Any, _userdata: Any, _line: Any) -> None:
    """Nothing: the loop asks `want_write` itself."""
