"""The agent of one device: reads its sensors and publishes their events.

In:    settings, a clock, a pin factory, the event that stops it.
Out:   events on the broker until receipts cover them; the device's retained status; its lamp.
Never: decisions. They are made by pure code in debounce and crossing, and by the sender. The agent's thread passes them
       the time and carries out the result. This thread alone owns their state; callbacks and other threads only put
       values on its queue.
"""

import logging
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from gpiozero import Factory

from edge.configuration.device_settings import DeviceSettings
from edge.contract import topics
from edge.contract.message import CommandName, DeviceStatus, decode_command
from edge.contract.topics import Role, TopicParameter, check_handlers, find_topic_kind
from edge.lamp import Lamp, decode_lamp_state
from edge.outbox import PendingEvent
from edge.outbox.broker_link import Connected, ReceivedMessage
from edge.outbox.event_sender import SENDER_TOPICS, EventSender, list_sender_topics, real_ms
from edge.outbox.progress import AgentProgress, AgentWork, check_progress
from edge.sensors.monitor import SensorMonitor
from edge.sensors.sensor import SensorFault, SensorReading
from edge.timekeeping.machine_clock import Clock

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
        OutboxRejected: a newer version of Ledig wrote the outbox, or another agent uses it.
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
    return [*list_sender_topics(settings), *_list_own_topics(settings)]


def _list_own_topics(settings: DeviceSettings) -> list[str]:
    """List the topics that the agent reads besides those of its sender."""
    names = {TopicParameter.DEVICE: settings.device, TopicParameter.SPACE: settings.lamp_space, None: ""}
    read = [(topic_kind, names[topic_kind.parameter]) for topic_kind in _OWN_TOPICS]
    return [
        topic_kind.topic(settings.site, name) for topic_kind, name in read if name is not None
    ]  # None: it has no lamp


_OWN_TOPICS: Final = tuple(one for one in topics.list_read_by(Role.DEVICE) if one not in SENDER_TOPICS)
"""What the agent reads besides its sender."""


class _Agent:
    """The state of one agent."""

    def __init__(self, settings: DeviceSettings, clock: Clock, factory: Factory) -> None:
        self._settings, self._clock = settings, clock
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._sender = EventSender(settings, clock, self._inbox, _list_own_topics(settings))
        self._lamp = Lamp(settings.lamp_pin, factory)
        self._monitor = SensorMonitor(settings, factory, clock, self._inbox)
        self._started_ms = clock.monotonic_ms()
        self._status_due_ms = self._started_ms
        self._last_status: tuple[object, ...] = ()
        self._version = _installed_version()

    def start(self) -> None:
        """Start to connect to the broker."""
        self._sender.start()

    def measure_work(self) -> AgentWork:
        """Return how much work is pending and how far it has advanced."""
        return self._sender.measure_work()

    def run_once(self) -> None:
        """Wait for queue items, process all of them, write the outbox and send."""
        events: list[PendingEvent] = []
        for item in self._wait_for_batch():
            if isinstance(item, SensorReading):
                events += self._monitor.handle_reading(item)
            elif isinstance(item, SensorFault):
                self._monitor.handle_fault(item)
            else:
                self._handle_link_item(item)
        events += self._monitor.advance_time(self._clock.monotonic_ms())
        for event in events:
            self._sender.add(event)
        self._sender.write()
        self._publish_status()  # before sending: it deletes events that are too old
        self._sender.send()
        self._lamp.advance_time(real_ms())

    def stop(self) -> None:
        """Write buffered events, publish the offline status, and release the sensors and the lamp."""
        self._monitor.close()
        self._sender.stop()
        self._lamp.close()

    def _wait_for_batch(self) -> list[object]:
        """Wait for the first queue item or the next deadline, then return everything on the queue."""
        wake_ms = self._monitor.next_wake_ms()
        next_ms = self._status_due_ms if wake_ms is None else min(self._status_due_ms, wake_ms)
        timeouts_s = [MAX_SLEEP_S, self._clock.seconds_until(next_ms)]
        if (resend_s := self._sender.seconds_until_resend()) is not None:
            timeouts_s.append(resend_s)
        batch: list[object] = []
        try:
            batch.append(self._inbox.get(timeout=max(0.0, min(timeouts_s))))
            while len(batch) < MAX_BATCH_ITEMS:
                batch.append(self._inbox.get_nowait())
        except Empty:
            pass
        return batch

    def _handle_link_item(self, item: object) -> None:
        self._sender.handle_item(item, self._handle_message)
        if isinstance(item, Connected):
            self._last_status = ()
        self._lamp.follow_collector(self._sender.collector_until_ms, real_ms())

    def _handle_message(self, received: ReceivedMessage) -> None:
        found = find_topic_kind(self._HANDLERS, self._settings.site, received.topic)
        if found is not None:
            self._HANDLERS[found[0]](self, received)

    def _handle_space_state(self, received: ReceivedMessage) -> None:
        self._lamp.show_state(decode_lamp_state(received.payload), real_ms())

    def _handle_command(self, received: ReceivedMessage) -> None:
        if decode_command(received.payload).command is CommandName.IDENTIFY:
            log.info("asked to identify: the lamp blinks")
            self._lamp.identify(real_ms())
        else:
            self._last_status = ()

    def _publish_status(self) -> None:
        """Publish the status if it is due or if more than the outbox depth changed; delete events that are too old."""
        now_ms = self._clock.monotonic_ms()
        if now_ms >= self._status_due_ms:
            self._status_due_ms = now_ms + STATUS_INTERVAL_MS
            self._last_status = ()
            self._sender.maintain()
        if not self._sender.is_connected:
            return
        clock_state, outbox = self._sender.clock_state, self._sender.outbox_status
        health, failed = self._monitor.health, self._monitor.failed_channels
        if self._last_status == (clock_state, health, failed, outbox.dropped):
            return
        self._last_status = clock_state, health, failed, outbox.dropped
        status = DeviceStatus(
            online=True,
            since_ms=self._sender.unix_ms(self._started_ms),
            at_ms=self._sender.unix_ms(now_ms),
            version=self._version,
            outbox=outbox,
            clock=clock_state,
            temperature_c=_read_temperature_c(),
            wifi_dbm=read_wifi_dbm(WIRELESS_LINKS_FILE),
            sensors=health,
            failed_channels=failed,
        )
        self._sender.publish_status(status)

    _HANDLERS: Final = check_handlers(
        _OWN_TOPICS, {topics.DEVICE_COMMAND: _handle_command, topics.SPACE_STATE: _handle_space_state}
    )


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
