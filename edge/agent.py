"""The agent of one device: reads its sensors and publishes their events.

In:    settings, a clock, a pin factory, the event that stops it.
Out:   events on the broker until receipts cover them; the device's retained status; its lamp.
Never: decisions. They are made by pure code in debounce, crossing, clock_anchor and send_window. The agent's thread
       passes them the time and carries out the result. This thread alone owns their state; callbacks and other
       threads only put values on its queue.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import Empty, SimpleQueue

from gpiozero import Factory

from edge.configuration.settings import DeviceSettings
from edge.contract import topics
from edge.contract.message import (
    ClockState,
    CommandName,
    DeviceStatus,
    EventsMessage,
    MessageRejected,
    OutboxStatus,
    Receipt,
    decode_command,
    decode_receipt,
    encode,
)
from edge.contract.subscriptions import describe_refused
from edge.contract.topics import DeviceTopic
from edge.lamp import COLLECTOR_TIMEOUT_MS, Lamp, decode_lamp_state, is_collector_online
from edge.outbox import Outbox, send_window
from edge.outbox.broker_link import BrokerLink, Connected, Disconnected, ReceivedMessage, SubscriptionsRefused
from edge.outbox.buffered_outbox import BufferedOutbox
from edge.outbox.send_window import SendWindow
from edge.progress import AgentProgress, AgentWork, check_progress
from edge.sensors.monitor import SensorMonitor
from edge.sensors.sensor import MonotonicEvent, SensorFault, SensorReading
from edge.timekeeping.clock import Clock
from edge.timekeeping.device_time import DeviceTime

MAX_SLEEP_S = 0.5
"""The agent checks at least this often whether it must stop."""
MAX_BATCH_ITEMS = 1000
"""At most this many items are taken from the queue before the outbox is written."""
STATUS_INTERVAL_MS = 30_000
"""The status is published at least this often (site time)."""
CPU_TEMPERATURE_FILE = Path("/sys/class/thermal/thermal_zone0/temp")
WIRELESS_LINKS_FILE = Path("/proc/net/wireless")

log = logging.getLogger(__name__)


def run_agent(
    settings: DeviceSettings,
    clock: Clock,
    pin_factory: Factory,
    stop: threading.Event,
    report_progress: Callable[[], None] = lambda: None,
) -> None:
    """Read sensors and publish their events until `stop` is set; return within about a second after that.

    An unavailable broker or disk and a sensor that cannot be read are logged and retried.
    Several agents can run in one process, each in its own thread with its own pin factory.

    Args:
        settings: the device's settings.
        clock: the site's clock.
        pin_factory: the GPIO driver.
        stop: may be set by any thread.
        report_progress: called whenever work has advanced or there is none to do (see progress.py); at rest at most
            twice a second.

    Raises:
        OutboxRejected: a newer version of Ledig wrote the outbox.
    """
    agent = _Agent(settings, clock, pin_factory)
    progress = AgentProgress()
    try:
        agent.start()
        while not stop.is_set():
            agent.run_once()
            progress, advances = check_progress(progress, agent.measure_work())
            if advances:
                report_progress()
    finally:
        agent.stop()


def list_subscribed_topics(settings: DeviceSettings) -> list[str]:
    """List every topic that the agent of a device subscribes to."""
    own = [
        topics.device_topic(settings.site, settings.device, leaf) for leaf in (DeviceTopic.RECEIPT, DeviceTopic.COMMAND)
    ]
    own.append(topics.collector_topic(settings.site))
    return own if settings.lamp_space is None else [*own, topics.space_topic(settings.site, settings.lamp_space)]


class _Agent:
    """The state of one agent."""

    def __init__(self, settings: DeviceSettings, clock: Clock, factory: Factory) -> None:
        self._settings, self._clock = settings, clock
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._device_time = DeviceTime(clock, settings.outbox_path.with_suffix(".clock"))
        self._window = SendWindow()
        self._stream = ""
        self._has_receipt = False
        self._buffer = BufferedOutbox(settings.outbox_path, settings.outbox_events)
        self._lamp = Lamp(settings.lamp_pin, factory)
        self._monitor = SensorMonitor(settings, factory, clock, self._inbox)
        will = self._device_topic(DeviceTopic.STATUS), encode(DeviceStatus(online=False))
        self._link = BrokerLink(settings.broker, f"{settings.site}-{settings.device}", will, self._inbox)
        self._lamp_topic = (
            None if settings.lamp_space is None else topics.space_topic(settings.site, settings.lamp_space)
        )
        self._collector_topic = topics.collector_topic(settings.site)
        self._started_ms = clock.monotonic_ms()
        self._status_due_ms = self._started_ms
        self._last_status: tuple[object, ...] = ()
        self._refusal: str | None = None
        self._version = _installed_version()
        self._broker_answered_ms = 0
        self._receipts = 0
        self._collector_until_ms = 0
        """The collector counts as online until this time, on the clock of `_real_ms`."""

    def start(self) -> None:
        """Start to connect to the broker."""
        self._link.start()

    def measure_work(self) -> AgentWork:
        """Return how much work is pending and how far it has advanced."""
        outbox, window = self._buffer.outbox, self._window
        now_ms = _real_ms()
        is_waiting_for_time = self._device_time.anchor.offset_ms is None and not window.in_flight
        pending = (
            0 if outbox is None or is_waiting_for_time else outbox.last_seq - max(window.covered, outbox.oldest_seq - 1)
        )
        return AgentWork(
            now_ms=now_ms,
            pending=pending,
            receipts=(self._stream, self._receipts),
            connected=window.connected,
            collector_online=now_ms < self._collector_until_ms,
            answered_ms=self._broker_answered_ms,
        )

    def run_once(self) -> None:
        """Wait for queue items, process all of them, write the outbox and send."""
        batch = self._wait_for_batch()
        self._device_time.follow_clock()
        events: list[tuple[str, MonotonicEvent]] = []
        for item in batch:
            if isinstance(item, SensorReading):
                events += self._monitor.handle_reading(item)
            elif isinstance(item, SensorFault):
                self._monitor.handle_fault(item)
            else:
                self._handle_link_item(item)
        events += self._monitor.advance_time(self._clock.monotonic_ms())
        wall_ms = self._clock.now_ms()
        for sensor, event in events:
            self._buffer.add(sensor, event, wall_ms)
        now_ms = _real_ms()
        self._buffer.flush(self._device_time.anchor, now_ms)
        self._publish_status()  # before sending: it deletes events that are too old
        self._send_events(now_ms)
        self._lamp.advance_time(now_ms)

    def stop(self) -> None:
        """Write buffered events, publish the offline status, and release the sensors and the lamp."""
        self._monitor.close()
        self._buffer.flush(self._device_time.anchor, _real_ms())
        self._link.stop(self._device_topic(DeviceTopic.STATUS), encode(DeviceStatus(online=False)))
        self._buffer.close()
        self._lamp.close()

    def _wait_for_batch(self) -> list[object]:
        """Wait for the first queue item or the next deadline, then return everything on the queue."""
        wake_ms = self._monitor.next_wake_ms()
        next_ms = self._status_due_ms if wake_ms is None else min(self._status_due_ms, wake_ms)
        timeouts_s = [MAX_SLEEP_S, self._clock.seconds_until(next_ms)]
        if self._window.deadline_ms is not None:
            timeouts_s.append((self._window.deadline_ms - _real_ms()) / 1000)
        batch: list[object] = []
        try:
            batch.append(self._inbox.get(timeout=max(0.0, min(timeouts_s))))
            while len(batch) < MAX_BATCH_ITEMS:
                batch.append(self._inbox.get_nowait())
        except Empty:
            pass
        return batch

    def _handle_link_item(self, item: object) -> None:
        if not isinstance(item, Disconnected):
            self._broker_answered_ms = _real_ms()
        if isinstance(item, Connected):
            self._handle_connected()
        elif isinstance(item, Disconnected):
            self._handle_disconnected(item)
        elif isinstance(item, SubscriptionsRefused):
            self._log_refused(item)
        elif isinstance(item, ReceivedMessage):
            try:
                self._handle_message(item)
            except MessageRejected as fault:
                log.warning("%s: rejected: %s", item.topic, fault)

    def _handle_connected(self) -> None:
        log.info("connected to the broker at %s:%d", self._settings.broker.host, self._settings.broker.port)
        self._refusal = None
        self._link.subscribe(list_subscribed_topics(self._settings))
        self._collector_until_ms = 0
        self._window = send_window.mark_connected(self._window)
        self._last_status = ()

    def _handle_disconnected(self, item: Disconnected) -> None:
        refusal = item.refusal or "the connection ended"
        if self._refusal is None:
            where = self._settings.broker
            log.warning("the broker at %s:%d is not available: %s; trying again", where.host, where.port, refusal)
        self._refusal = refusal
        self._window = send_window.mark_disconnected(self._window)
        self._lamp.mark_collector_offline(_real_ms())

    def _log_refused(self, item: SubscriptionsRefused) -> None:
        if item.topics:
            log.error("%s", describe_refused(self._settings.broker, item.topics))
        else:
            log.info("the broker allows this device to read all its topics again")

    def _handle_message(self, received: ReceivedMessage) -> None:
        if received.topic == self._lamp_topic:
            self._lamp.show_state(decode_lamp_state(received.payload), _real_ms())
        elif received.topic == self._collector_topic:
            self._handle_collector_status(received)
        elif received.topic == self._device_topic(DeviceTopic.RECEIPT):
            self._handle_receipt(decode_receipt(received.payload))
        elif decode_command(received.payload).command is CommandName.IDENTIFY:
            log.info("asked to identify: the lamp blinks")
            self._lamp.identify(_real_ms())
        else:
            self._last_status = ()

    def _handle_collector_status(self, received: ReceivedMessage) -> None:
        now_ms = _real_ms()
        if not is_collector_online(received.payload):
            self._collector_until_ms = 0
            self._lamp.mark_collector_offline(now_ms)
        elif not received.retained:  # a retained status may outlive a dead collector
            self._collector_until_ms = now_ms + COLLECTOR_TIMEOUT_MS
            self._lamp.mark_collector_online(now_ms)

    def _handle_receipt(self, receipt: Receipt) -> None:
        outbox, now_ms = self._buffer.outbox, _real_ms()
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

    def _send_events(self, now_ms: int) -> None:
        """Publish as many events as the send window allows."""
        outbox = self._buffer.outbox
        self._window = send_window.go_back_if_silent(self._window, now_ms)
        if outbox is None:
            return
        if outbox.stream != self._stream:
            self._stream, self._has_receipt = outbox.stream, False
            self._window = SendWindow(connected=self._window.connected)
        self._window = send_window.skip_dropped(self._window, outbox.oldest_seq)
        while (allowed := self._allowed_events(outbox)) and self._window.next_seq <= outbox.last_seq:
            events = self._buffer.read_events(self._window.next_seq, allowed, now_ms)
            if not events:
                return
            message = EventsMessage(outbox.stream, outbox.oldest_seq, events)
            self._link.publish(self._device_topic(DeviceTopic.EVENTS), encode(message))
            self._window = send_window.mark_sent(self._window, events[-1].seq, now_ms, _random_jitter())

    def _allowed_events(self, outbox: Outbox) -> int:
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

    def _publish_status(self) -> None:
        """Publish the status if it is due or if more than the outbox depth changed; delete events that are too old."""
        now_ms = self._clock.monotonic_ms()
        if now_ms >= self._status_due_ms:
            self._status_due_ms = now_ms + STATUS_INTERVAL_MS
            self._last_status = ()
            self._link.retry_refused()
            if (at_ms := self._device_time.deletion_time_ms()) is not None:
                self._buffer.delete_old(at_ms, _real_ms())
        if not self._window.connected:
            return
        state = ClockState.WAITING if self._device_time.anchor.offset_ms is None else ClockState.SYNCHRONISED
        health, channels, dropped = self._monitor.health, self._monitor.failed_channels, self._buffer.dropped
        if self._last_status == (state, health, channels, dropped):
            return
        self._last_status = state, health, channels, dropped
        status = DeviceStatus(
            online=True,
            since_ms=self._device_time.anchor.unix_ms(self._started_ms),
            at_ms=self._device_time.anchor.unix_ms(now_ms),
            version=self._version,
            outbox=OutboxStatus(self._buffer.depth, dropped),
            clock=state,
            temperature_c=_read_temperature_c(),
            wifi_dbm=read_wifi_dbm(WIRELESS_LINKS_FILE),
            sensors=health,
            failed_channels=channels,
        )
        self._link.publish_retained(self._device_topic(DeviceTopic.STATUS), encode(status))

    def _device_topic(self, leaf: DeviceTopic) -> str:
        return topics.device_topic(self._settings.site, self._settings.device, leaf)


def _real_ms() -> int:
    """Return real monotonic time, used for network, disk and lamp even if the site's clock runs faster."""
    return time.monotonic_ns() // 1_000_000


def _random_jitter() -> float:
    return random.random()  # noqa: S311 - no secret


def _read_temperature_c() -> float | None:
    try:
        return int(CPU_TEMPERATURE_FILE.read_text()) / 1000
    except (OSError, ValueError):
        return None


def read_wifi_dbm(path: Path) -> int | None:
    """Read the level of the first wireless link from Linux's table, which has two header lines."""
    try:
        level = round(float(path.read_text().splitlines()[2].split()[3]))
    except (OSError, ValueError, IndexError):
        return None
    return level if -128 <= level < 0 else None  # some drivers report a percentage instead


def _installed_version() -> str:
    try:
        return version("ledig")
    except PackageNotFoundError:  # run from its source, not installed
        return ""
