"""The agent of one device: from its pins to the broker.

In:    settings, a clock, a pin factory, the event that stops it.
Out:   events on the broker until receipts cover them; the device's retained status; its lamp.
Never: judgement. That is in debounce, crossing, stamp and delivery; this thread hands them time and carries out
       what they say. It alone owns them; callbacks and other threads put values on its queue.
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

from edge import delivery, topics
from edge.clock import Clock
from edge.delivery import Delivery
from edge.device_time import DeviceTime
from edge.keeping import Keeping
from edge.lamp import COLLECTOR_SILENT_MS, Lamp, shown, works
from edge.message import (
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
from edge.outbox import Outbox
from edge.progress import Progress, WorkState
from edge.progress import step as progress_step
from edge.sensors.sensor import Fault, Reading, Told
from edge.settings import DeviceSettings
from edge.subscriptions import unreadable
from edge.topics import DeviceTopic
from edge.uplink import Connected, Disconnected, Heard, Refused, Uplink
from edge.watch import Watch

MAX_SLEEP_S = 0.5
"""The agent looks at least this often whether it shall stop."""
MAX_BATCH = 1000
"""Items taken from the queue before the disk is written."""
STATUS_MS = 30_000
"""The status is told at least this often (house time)."""
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
WIRELESS = Path("/proc/net/wireless")

log = logging.getLogger(__name__)


def run(
    settings: DeviceSettings,
    clock: Clock,
    pin_factory: Factory,
    stop: threading.Event,
    report_progress: Callable[[], None] = lambda: None,
) -> None:
    """Read sensors and hand over their events, until `stop` is set; ends within about a second of that.

    A broker or a disk that is away, and a sensor that cannot be read, are logged and tried again.
    Several agents may run in one process, each in a thread of its own with its own pin factory.

    Args:
        settings: the device.
        clock: the time of the site.
        pin_factory: the driver of the pins.
        stop: may be set by any thread.
        report_progress: called whenever work has advanced or there is none (see progress.py), at most twice a second
            at rest.

    Raises:
        OutboxRejected: a newer Ledig made the outbox.
    """
    agent = _Agent(settings, clock, pin_factory)
    progress = Progress()
    try:
        agent.start()
        while not stop.is_set():
            agent.turn()
            progress, advances = progress_step(progress, agent.work())
            if advances:
                report_progress()
    finally:
        agent.stop()


def own_reads(settings: DeviceSettings) -> list[str]:
    """Every topic that the agent of a device subscribes to."""
    own = [topics.device(settings.site, settings.device, leaf) for leaf in (DeviceTopic.RECEIPT, DeviceTopic.COMMAND)]
    own.append(topics.collector(settings.site))
    return own if settings.lamp_space is None else [*own, topics.space(settings.site, settings.lamp_space)]


class _Agent:
    """What one agent holds."""

    def __init__(self, settings: DeviceSettings, clock: Clock, factory: Factory) -> None:
        self._settings, self._clock = settings, clock
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._time = DeviceTime(clock, settings.outbox_path.with_suffix(".clock"))
        self._delivery = Delivery()
        self._stream = ""
        self._answered = False
        self._keeping = Keeping(settings.outbox_path, settings.outbox_events)
        self._lamp = Lamp(settings.lamp_pin, factory)
        self._watch = Watch(settings, factory, clock, self._inbox)
        will = self._topic(DeviceTopic.STATUS), encode(DeviceStatus(online=False))
        self._uplink = Uplink(settings.broker, f"{settings.site}-{settings.device}", will, self._inbox)
        self._space = None if settings.lamp_space is None else topics.space(settings.site, settings.lamp_space)
        self._collector = topics.collector(settings.site)
        self._started_ms = clock.monotonic_ms()
        self._status_ms = self._started_ms
        self._reported: tuple[object, ...] = ()
        self._refusal: str | None = None
        self._version = _version()
        self._answered_ms = 0
        self._receipts = 0
        self._collector_until_ms = 0
        """The collector counts as online until then, on the clock of `_real_ms`."""

    def start(self) -> None:
        """Begin to connect."""
        self._uplink.start()

    def work(self) -> WorkState:
        """What there is to do now, and how far it is."""
        outbox, delivery_ = self._keeping.outbox, self._delivery
        now_ms = _real_ms()
        waits_for_time = self._time.anchor.offset_ms is None and not delivery_.in_flight
        pending = 0 if outbox is None or waits_for_time else outbox.last - max(delivery_.covered, outbox.oldest - 1)
        return WorkState(
            now_ms=now_ms,
            pending=pending,
            receipts=(self._stream, self._receipts),
            connected=delivery_.connected,
            collector_online=now_ms < self._collector_until_ms,
            answered_ms=self._answered_ms,
        )

    def turn(self) -> None:
        """Wait for something to happen, take all of it, write it, and send."""
        batch = self._batch()
        self._time.follow()
        said: list[tuple[str, Told]] = []
        for item in batch:
            if isinstance(item, Reading):
                said += self._watch.take(item)
            elif isinstance(item, Fault):
                self._watch.fail(item)
            else:
                self._hear(item)
        said += self._watch.wake(self._clock.monotonic_ms())
        wall_ms = self._clock.now_ms()
        for sensor, told in said:
            self._keeping.add(sensor, told, wall_ms)
        now_ms = _real_ms()
        self._keeping.flush(self._time.anchor, now_ms)
        self._report()  # before sending: it forgets what is past its time
        self._send(now_ms)
        self._lamp.wake(now_ms)

    def stop(self) -> None:
        """Write what waits, say that the device is offline, and let go of everything."""
        self._watch.close()
        self._keeping.flush(self._time.anchor, _real_ms())
        self._uplink.stop(self._topic(DeviceTopic.STATUS), encode(DeviceStatus(online=False)))
        self._keeping.close()
        self._lamp.close()

    def _batch(self) -> list[object]:
        """Everything on the queue, after waiting for the first of it or for the next moment to wake."""
        wake_ms = self._watch.next_wake()
        next_ms = self._status_ms if wake_ms is None else min(self._status_ms, wake_ms)
        waits = [MAX_SLEEP_S, self._clock.seconds_until(next_ms)]
        if self._delivery.deadline_ms is not None:
            waits.append((self._delivery.deadline_ms - _real_ms()) / 1000)
        batch: list[object] = []
        try:
            batch.append(self._inbox.get(timeout=max(0.0, min(waits))))
            while len(batch) < MAX_BATCH:
                batch.append(self._inbox.get_nowait())
        except Empty:
            pass
        return batch

    def _hear(self, item: object) -> None:
        if not isinstance(item, Disconnected):
            self._answered_ms = _real_ms()
        if isinstance(item, Connected):
            self._connected()
        elif isinstance(item, Disconnected):
            self._disconnected(item)
        elif isinstance(item, Refused):
            self._log_refused(item)
        elif isinstance(item, Heard):
            try:
                self._message(item)
            except MessageRejected as fault:
                log.warning("%s: refused: %s", item.topic, fault)

    def _connected(self) -> None:
        log.info("connected to the broker at %s:%d", self._settings.broker.host, self._settings.broker.port)
        self._refusal = None
        self._uplink.subscribe(own_reads(self._settings))
        self._collector_until_ms = 0
        self._delivery = delivery.connect(self._delivery)
        self._reported = ()

    def _disconnected(self, gone: Disconnected) -> None:
        refusal = gone.refusal or "the connection ended"
        if self._refusal is None:
            where = self._settings.broker
            log.warning("the broker at %s:%d is not available: %s; trying again", where.host, where.port, refusal)
        self._refusal = refusal
        self._delivery = delivery.disconnect(self._delivery)
        self._lamp.doubt(_real_ms())

    def _log_refused(self, refused: Refused) -> None:
        if refused.topics:
            log.error("%s", unreadable(self._settings.broker, refused.topics))
        else:
            log.info("the broker allows us to read all topics again")

    def _message(self, heard: Heard) -> None:
        if heard.topic == self._space:
            self._lamp.tell(shown(heard.payload), _real_ms())
        elif heard.topic == self._collector:
            self._collector_said(heard)
        elif heard.topic == self._topic(DeviceTopic.RECEIPT):
            self._covered(decode_receipt(heard.payload))
        elif decode_command(heard.payload).command is CommandName.IDENTIFY:
            log.info("asked to identify: the lamp blinks")
            self._lamp.identify(_real_ms())
        else:
            self._reported = ()

    def _collector_said(self, heard: Heard) -> None:
        now_ms = _real_ms()
        if not works(heard.payload):
            self._collector_until_ms = 0
            self._lamp.doubt(now_ms)
        elif not heard.retained:  # it may have died together with the broker that remembers it
            self._collector_until_ms = now_ms + COLLECTOR_SILENT_MS
            self._lamp.trust(now_ms)

    def _covered(self, receipt: Receipt) -> None:
        outbox, now_ms = self._keeping.outbox, _real_ms()
        if outbox is None or receipt.stream != outbox.stream:
            return
        sent = outbox.last if self._answered else max(outbox.inherited, self._delivery.covered + 1)
        if receipt.seq > sent:
            log.warning(
                "the collector has stored more events than this outbox contains, which may have been restored from a"
                " copy; a new stream begins"
            )
            self._keeping.renew(now_ms)
            return
        self._answered = True
        self._receipts += 1
        self._delivery = delivery.receipt(self._delivery, receipt.seq, now_ms, _jitter())
        self._keeping.cover(receipt.seq, now_ms)

    def _send(self, now_ms: int) -> None:
        """Publish what the window lets out."""
        outbox = self._keeping.outbox
        self._delivery = delivery.tick(self._delivery, now_ms)
        if outbox is None:
            return
        if outbox.stream != self._stream:
            self._stream, self._answered = outbox.stream, False
            self._delivery = Delivery(connected=self._delivery.connected)
        self._delivery = delivery.drop(self._delivery, outbox.oldest)
        while (room := self._room(outbox)) and self._delivery.next_seq <= outbox.last:
            events = self._keeping.read(self._delivery.next_seq, room, now_ms)
            if not events:
                return
            message = EventsMessage(outbox.stream, outbox.oldest, events)
            self._uplink.publish(self._topic(DeviceTopic.EVENTS), encode(message))
            self._delivery = delivery.sent(self._delivery, events[-1].seq, now_ms, _jitter())

    def _room(self, outbox: Outbox) -> int:
        """How many events may go out now.

        Until the first receipt: what was there at the start, else one. A card that forgot its last writes, or was
        restored from a copy, counts on from a number that was used before; the answer tells, while no new event can be
        taken for the old one of its number.
        """
        room = delivery.allowance(self._delivery)
        if self._answered:
            return room
        inherited = outbox.inherited - self._delivery.next_seq + 1
        return min(room, inherited if inherited > 0 else max(0, 1 - self._delivery.in_flight))

    def _report(self) -> None:
        """Publish the status if it is due, or if more than the outbox's depth changed; forget what is past its time."""
        now_ms = self._clock.monotonic_ms()
        if now_ms >= self._status_ms:
            self._status_ms = now_ms + STATUS_MS
            self._reported = ()
            self._uplink.ask_again()
            if (at_ms := self._time.deletes_at_ms()) is not None:
                self._keeping.forget(at_ms, _real_ms())
        if not self._delivery.connected:
            return
        state = ClockState.WAITING if self._time.anchor.offset_ms is None else ClockState.SYNCHRONISED
        health, channels, dropped = self._watch.health, self._watch.failed_channels, self._keeping.dropped
        if self._reported == (state, health, channels, dropped):
            return
        self._reported = state, health, channels, dropped
        status = DeviceStatus(
            online=True,
            since_ms=self._time.anchor.unix_ms(self._started_ms),
            at_ms=self._time.anchor.unix_ms(now_ms),
            version=self._version,
            outbox=OutboxStatus(self._keeping.depth, dropped),
            clock=state,
            temperature_c=_temperature_c(),
            wifi_dbm=wifi_dbm(WIRELESS),
            sensors=health,
            failed_channels=channels,
        )
        self._uplink.retain(self._topic(DeviceTopic.STATUS), encode(status))

    def _topic(self, leaf: DeviceTopic) -> str:
        return topics.device(self._settings.site, self._settings.device, leaf)


def _real_ms() -> int:
    """Time for what concerns the network, the disk and the lamp: the machine's own, however fast the house's runs."""
    return time.monotonic_ns() // 1_000_000


def _jitter() -> float:
    return random.random()  # noqa: S311 - no secret


def _temperature_c() -> float | None:
    try:
        return int(THERMAL.read_text()) / 1000
    except (OSError, ValueError):
        return None


def wifi_dbm(path: Path) -> int | None:
    """The level of the first wireless link, as Linux tells it in a table: two lines of heads, then one for each."""
    try:
        level = round(float(path.read_text().splitlines()[2].split()[3]))
    except (OSError, ValueError, IndexError):
        return None
    return level if -128 <= level < 0 else None  # some drivers tell a share instead


def _version() -> str:
    try:
        return version("ledig")
    except PackageNotFoundError:  # run from its source, not installed
        return ""
