"""A site with a real collector, run in steps through simulated days, with everything that its broker receives.

In:    a plan, the signals of its sensors.
Out:   every message in its order, and what the broker retains.
Never: clocks, sockets. The collector's own work and publisher run; only the connection is replaced by a record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from collector.alerts.alert_service import SystemFacts
from collector.alerts.conditions import Reachability
from collector.configuration.collector_settings import RetentionSettings
from collector.contract.states import CollectorStatus
from collector.engine.message_publisher import MessagePublisher
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from edge.contract.message import EventKind, EventsMessage, SensorEvent, encode
from ledig.simulation.signals import SensorSignal

STEP_MS = 180_000
"""Messages are delivered this often: less work, and not on the edges of buckets."""
_KIND = {kind.value: kind for kind in EventKind}


@dataclass
class Record:
    """Everything that was published: what a reader from the first day on keeps, and what a new subscriber gets."""

    messages: list[tuple[int, str, bytes]] = field(default_factory=list)
    retained: dict[str, bytes] = field(default_factory=dict)
    now_ms: int = 0

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        """Keep one message as a broker does."""
        assert qos in {0, 1}
        self.messages.append((self.now_ms, topic, payload))
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)


class LiveSite:
    """One collector and its broker. `close` it."""

    def __init__(self, plan: SitePlan, folder: Path, begin_ms: int) -> None:
        self.record = Record(now_ms=begin_ms)
        self.journal = Journal(folder / "journal.sqlite")
        self.journal._connection.execute("PRAGMA synchronous = OFF")  # no power cuts in this test
        self.work = Pipeline(plan, self.journal, RetentionSettings(), begin_ms)
        self._plan = plan
        self._publisher = MessagePublisher(self.record, plan)
        self._seq = dict.fromkeys(plan.device_ids, 0)
        self._level: dict[tuple[str, str], float] = {}
        self._silent_from_ms: dict[str, int] = {}

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    def falls_silent(self, device: str, from_ms: int) -> None:
        """Make all sensors of a device silent from a moment on."""
        self._silent_from_ms[device] = from_ms

    def live(self, signs: Iterable[SensorSignal], until_ms: int) -> Iterator[int]:
        """Let time pass in steps, and yield the end of each; `signs` are ordered and not in the past."""
        waiting = list(signs)
        place = 0
        while self.record.now_ms < until_ms:
            begin_ms, end_ms = self.record.now_ms, self.record.now_ms + STEP_MS
            first = place
            while place < len(waiting) and waiting[place].at_ms < end_ms:
                place += 1
            self._step(waiting[first:place], begin_ms, end_ms)
            yield end_ms

    def _step(self, signs: list[SensorSignal], begin_ms: int, end_ms: int) -> None:
        events = [(sign.at_ms, sign.sensor, _KIND[sign.quantity], sign.value) for sign in signs]
        for sign in signs:
            if sign.quantity not in {EventKind.TEMPERATURE_C, EventKind.HUMIDITY_PCT}:
                self._level[sign.sensor] = sign.value
        for place, sensor in enumerate(self._plan.sensors):
            beat_ms = end_ms - (end_ms - place) % sensor.heartbeat_ms
            if beat_ms >= self._silent_from_ms.get(sensor.device, end_ms):
                continue
            if begin_ms <= beat_ms < end_ms and sensor.key in self._level:
                events.append((beat_ms, sensor.key, EventKind.HEARTBEAT, self._level[sensor.key]))
        events.sort()
        self.record.now_ms = end_ms
        deliveries = [IncomingMessage(device, payload) for device, payload in self._messages(events)]
        self._publisher.publish_receipts(self.work.process_batch(deliveries, end_ms))
        self.work.tick(end_ms)
        while self.work.advance_history(end_ms, SystemFacts(Reachability.REACHABLE)):
            pass
        for source in self.work.message_sources:
            self._publisher.publish(source.pop_messages(end_ms, end_ms))
        self._publisher.publish_status(CollectorStatus(online=True, at_ms=end_ms, instance="one", since_ms=0))

    def _messages(self, events: list[tuple[int, tuple[str, str], EventKind, float]]) -> Iterator[tuple[str, bytes]]:
        by_device: dict[str, list[SensorEvent]] = {}
        for at_ms, (device, sensor), kind, value in events:
            self._seq[device] += 1
            by_device.setdefault(device, []).append(SensorEvent(self._seq[device], sensor, at_ms, kind, value))
        for device, these in by_device.items():
            yield device, encode(EventsMessage("stream", these[0].seq, these))
