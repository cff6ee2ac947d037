"""Sends the events of one device until the collector has stored them; every source of readings uses it.

In:    events of a source, items of the broker link from the source's queue, the current time.
Out:   events on the broker until receipts cover them; the device's retained status.
Never: sensors, threads, waiting. The source has one thread and one queue: it takes an item, passes what comes from the
       link to `handle_item`, adds its events, and calls `write` and `send` (docs/adding/source.md).
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, LastWill
from edge.contract.message import (
    ClockState,
    DeviceStatus,
    EventsMessage,
    MessageRejected,
    OutboxStatus,
    Receipt,
    decode_receipt,
    encode,
)
from edge.contract.subscriptions import describe_refused
from edge.contract.topics import TopicKind
from edge.outbox import Outbox, PendingEvent, send_window
from edge.outbox.broker_link import BrokerLink, Connected, Disconnected, ReceivedMessage, SubscriptionsRefused
from edge.outbox.buffered_outbox import BufferedOutbox
from edge.outbox.progress import AgentWork
from edge.outbox.send_window import SendWindow
from edge.timekeeping.device_time import DeviceTime
from edge.timekeeping.durations import HOUR_MS
from edge.timekeeping.machine_clock import Clock

COLLECTOR_TIMEOUT_MS = 15_000
"""The collector publishes its status every five seconds; after three missed ones it counts as offline."""

log = logging.getLogger(__name__)


class SenderSettings(Protocol):
    """What a sender needs of a source's settings."""

    @property
    def site(self) -> str:
        """The site's id."""

    @property
    def device(self) -> str:
        """The device's id."""

    @property
    def broker(self) -> BrokerSettings:
        """The broker that receives the events."""

    @property
    def outbox_path(self) -> Path:
        """The SQLite file of the outbox."""

    @property
    def outbox_events(self) -> int:
        """At most this many events in the outbox."""

    @property
    def raw_hours(self) -> int:
        """The retention of raw events."""


class _CollectorStatus(Struct):
    """The one key of the collector's status that a sender reads."""

    online: bool


SENDER_TOPICS: Final = (topics.RECEIPT, topics.COLLECTOR_STATUS)
"""What a sender reads itself."""


def list_sender_topics(settings: SenderSettings) -> list[str]:
    """List every topic that a sender subscribes to."""
    return [topic_kind.topic(settings.site, settings.device) for topic_kind in SENDER_TOPICS]


class EventSender:
    """The outbox of one device, its connection to the broker, and the receipts. The source's thread owns it."""

    def __init__(
        self,
        settings: SenderSettings,
        clock: Clock,
        inbox: "SimpleQueue[object]",
        source_topics: Sequence[str] = (),
    ) -> None:
        """Open the outbox; `start` connects.

        Args:
            settings: the device, its broker and its outbox.
            clock: the site's clock.
            inbox: the source's queue; the link puts its items on it.
            source_topics: topics that the source reads on the same connection.

        Raises:
            OutboxRejected: a newer version of Ledig wrote the outbox, or another agent uses it.
        """
        self._settings, self._clock = settings, clock
        self._subscribed_topics = [*list_sender_topics(settings), *source_topics]
        self._device_time = DeviceTime(clock, settings.outbox_path.with_suffix(".clock"))
        self._buffer = BufferedOutbox(settings.outbox_path, settings.outbox_events, settings.raw_hours * HOUR_MS)
        will = LastWill(topics.DEVICE_STATUS, self._topic(topics.DEVICE_STATUS), encode(DeviceStatus(online=False)))
        self._link = BrokerLink(settings.broker, f"{settings.site}-{settings.device}", will, inbox)
        self._window = SendWindow()
        self._stream = ""
        self._has_receipt = False
        self._receipts = 0
        self._refusal: str | None = None
        self._broker_answered_ms = 0
        self.collector_until_ms = 0
        """The collector counts as online until this time (real milliseconds); 0: it is offline or not known."""

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the connection."""
        return self._window.connected

    @property
    def clock_state(self) -> ClockState:
        """Whether the time of day is known."""
        return ClockState.WAITING if self._device_time.anchor.offset_ms is None else ClockState.SYNCHRONISED

    @property
    def outbox_status(self) -> OutboxStatus:
        """How many events are held, and how many were dropped."""
        return OutboxStatus(self._buffer.depth, self._buffer.dropped)

    def unix_ms(self, monotonic_ms: int) -> int | None:
        """Convert a time of the clock to Unix time; None while the time of day is unknown."""
        return self._device_time.anchor.unix_ms(monotonic_ms)

    def start(self) -> None:
        """Start to connect to the broker."""
        self._link.start()

    def measure_work(self) -> AgentWork:
        """Return how much work is pending and how far it has advanced."""
        outbox, window = self._buffer.outbox, self._window
        now_ms = real_ms()
        is_waiting_for_time = self._device_time.anchor.offset_ms is None and not window.in_flight
        pending = (
            0 if outbox is None or is_waiting_for_time else outbox.last_seq - max(window.covered, outbox.oldest_seq - 1)
        )
        return AgentWork(
            now_ms=now_ms,
            pending=pending,
            receipts=(self._stream, self._receipts),
            connected=window.connected,
            collector_online=now_ms < self.collector_until_ms,
            answered_ms=self._broker_answered_ms,
        )

    def seconds_until_resend(self) -> float | None:
        """Return the real seconds until `send` has something to resend; None if no event is in flight."""
        return None if self._window.deadline_ms is None else (self._window.deadline_ms - real_ms()) / 1000

    def handle_item(self, item: object, handle_message: Callable[[ReceivedMessage], None]) -> None:
        """Handle one item that the link has put on the queue.

        Args:
            item: from the queue.
            handle_message: called with a message of the source's own topics; may raise MessageRejected.
        """
        if not isinstance(item, Disconnected):
            self._broker_answered_ms = real_ms()
        if isinstance(item, Connected):
            self._handle_connected()
        elif isinstance(item, Disconnected):
            self._handle_disconnected(item)
        elif isinstance(item, SubscriptionsRefused):
            self._log_refused(item)
        elif isinstance(item, ReceivedMessage):
            try:
                self._handle_message(item, handle_message)
            except MessageRejected as fault:
                log.warning("%s: rejected: %s", item.topic, fault)

    def add(self, event: PendingEvent) -> None:
        """Add an event of the source; `write` brings it to the disk."""
        self._buffer.add(event, self._clock.now_ms())

    def write(self) -> None:
        """Write the added events in one transaction; if the disk is unavailable, keep them."""
        self._device_time.follow_clock()
        self._buffer.flush(self._device_time.anchor, real_ms())

    def maintain(self) -> None:
        """Delete events that are too old, and subscribe again to refused topics; called every half minute or so."""
        self._link.retry_refused()
        if (at_ms := self._device_time.deletion_time_ms()) is not None:
            self._buffer.delete_old(at_ms, real_ms())

    def send(self) -> None:
        """Publish as many events as the send window allows."""
        outbox, now_ms = self._buffer.outbox, real_ms()
        self._window = send_window.go_back_if_silent(self._window, now_ms)
        if outbox is None:
            return
        if outbox.stream != self._stream:
            self._stream, self._has_receipt = outbox.stream, False
            self._window = SendWindow(connected=self._window.connected)
        self._window = send_window.skip_dropped(self._window, outbox.oldest_seq)
        while (allowed := self._count_allowed(outbox)) and self._window.next_seq <= outbox.last_seq:
            events = self._buffer.read_events(self._window.next_seq, allowed, now_ms)
            if not events:
                return
            message = EventsMessage(outbox.stream, outbox.oldest_seq, events)
            self._link.publish(topics.EVENTS, self._topic(topics.EVENTS), encode(message))
            self._window = send_window.mark_sent(self._window, events[-1].seq, now_ms, _random_jitter())

    def publish_status(self, status: DeviceStatus) -> None:
        """Publish the device's status, retained."""
        self._link.publish(topics.DEVICE_STATUS, self._topic(topics.DEVICE_STATUS), encode(status))

    def stop(self) -> None:
        """Write the added events, publish the offline status, and close the connection and the outbox."""
        self.write()
        self._link.stop()
        self._buffer.close()

    def _handle_connected(self) -> None:
        log.info("connected to the broker at %s:%d", self._settings.broker.host, self._settings.broker.port)
        self._refusal = None
        self._link.subscribe(self._subscribed_topics)
        self.collector_until_ms = 0
        self._window = send_window.mark_connected(self._window)

    def _handle_disconnected(self, item: Disconnected) -> None:
        refusal = item.refusal or "the connection ended"
        where = self._settings.broker
        if self._refusal is None and item.rejects_user:
            log.warning(
                'the broker at %s:%d refuses user "%s": wrong password, or not in its list; run passwords.sh on the'
                " server and copy the password; trying again",
                *(where.host, where.port, where.user),
            )
        elif self._refusal is None:
            log.warning("the broker at %s:%d is not available: %s; trying again", where.host, where.port, refusal)
        self._refusal = refusal
        self._window = send_window.mark_disconnected(self._window)
        self.collector_until_ms = 0

    def _log_refused(self, item: SubscriptionsRefused) -> None:
        if item.topics:
            log.error("%s", describe_refused(self._settings.broker, item.topics))
        else:
            log.info("the broker allows this device to read all its topics again")

    def _handle_message(self, received: ReceivedMessage, handle_message: Callable[[ReceivedMessage], None]) -> None:
        if received.topic == topics.COLLECTOR_STATUS.topic(self._settings.site):
            self._handle_collector_status(received)
        elif received.topic == self._topic(topics.RECEIPT):
            self._handle_receipt(decode_receipt(received.payload))
        else:
            handle_message(received)

    def _handle_collector_status(self, received: ReceivedMessage) -> None:
        if not is_collector_online(received.payload):
            self.collector_until_ms = 0
        elif not received.retained:  # a retained status may outlive a dead collector
            self.collector_until_ms = real_ms() + COLLECTOR_TIMEOUT_MS

    def _handle_receipt(self, receipt: Receipt) -> None:
        outbox, now_ms = self._buffer.outbox, real_ms()
        if outbox is None or receipt.stream != outbox.stream:
            return
        sent = outbox.last_seq if self._has_receipt else max(outbox.last_seq_at_open, self._window.covered + 1)
        if receipt.seq > sent:
            log.warning(
                "the collector has stored more events than this outbox contains; the outbox may have been restored"
                " from a copy; starting a new stream"
            )
            self._buffer.start_new_stream(now_ms)
            return
        self._has_receipt = True
        self._receipts += 1
        self._window = send_window.apply_receipt(self._window, receipt.seq, now_ms, _random_jitter())
        self._buffer.delete_covered(receipt.seq, now_ms)

    def _count_allowed(self, outbox: Outbox) -> int:
        """Return how many events may be sent now.

        Before the first receipt, only events that existed when the outbox was opened are sent, or a single new one.
        A memory card that lost its last writes, or was restored from a copy, reuses numbers. The first receipt shows
        this before a new event can be mistaken for the old event of the same number.
        """
        allowed = send_window.count_allowed_events(self._window)
        if self._has_receipt:
            return allowed
        inherited = outbox.last_seq_at_open - self._window.next_seq + 1
        return min(allowed, inherited if inherited > 0 else max(0, 1 - self._window.in_flight))

    def _topic(self, topic_kind: TopicKind) -> str:
        return topic_kind.topic(self._settings.site, self._settings.device)


def is_collector_online(payload: bytes) -> bool:
    """Return whether the collector reports that it is online."""
    try:
        return msgspec.json.decode(payload, type=_CollectorStatus).online
    except (ValueError, RecursionError):
        return False


def real_ms() -> int:
    """Return real monotonic time, used for network, disk and lamp even if the site's clock runs faster."""
    return time.monotonic_ns() // 1_000_000


def _random_jitter() -> float:
    return random.random()  # noqa: S311 - no secret
