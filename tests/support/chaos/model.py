"""A site in one thread: real outboxes, senders and collector; the network, the broker and time are values.

In:    the faults that a test chooses.
Out:   what sensors read and what is stored, for comparison.
Never: sockets, threads, clocks. SQLite files are real.
"""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.states import Occupancy
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage as Incoming
from collector.occupancy.space_rules import SensorRules
from collector.store.journal import Journal
from edge.contract.message import EventKind, EventsMessage, encode
from edge.outbox import Outbox, send_window
from edge.outbox.send_window import SendWindow
from edge.timekeeping import clock_anchor
from edge.timekeeping.clock_anchor import ClockAnchor
from tests.support.collector.random_sites import NOON_MS, build_desk_plan
from tests.support.edge.outbox_events import create_timed_event

DEVICES: Final = ("pi-1", "pi-2")
BEAT_MS: Final = 600_000
"""A long heartbeat, so that a space can become free within a run of fifty steps."""
_MILL: Final = build_desk_plan(4, devices=len(DEVICES))
PLAN: Final = replace(_MILL, sensors=tuple(replace(sensor, heartbeat_ms=BEAT_MS) for sensor in _MILL.sensors))
BOOT_WALL_MS: Final = 1_000_000
"""The time of day that a machine without a clock battery shows at its boot: in 1970."""
MAX_EVENTS: Final = 1000


@dataclass(frozen=True)
class SensedReading:
    """One reading as it happened."""

    sensor: str
    kind: EventKind
    value: float
    at_ms: int


class ModelDevice:
    """One agent: its clocks, its outbox, its sender. The steps are those of `edge/outbox/event_sender.py`."""

    def __init__(self, name: str, path: Path, true_ms: int) -> None:
        self.name, self._path = name, path
        self.sensors = [sensor.id for sensor in PLAN.sensors if sensor.device == name and sensor.space]
        self.read: list[SensedReading] = []
        self.to_collector: list[bytes] = []
        self.receipts: list[tuple[str, int]] = []
        self.undated: set[int] = set()
        """Events of a boot in which the time of day was never known."""
        self._waiting: set[int] = set()
        self._boots = 0
        self.outbox: Outbox
        self.boot(true_ms)

    def boot(self, true_ms: int) -> None:
        """Start. A running agent loses its power: the clock is wrong again, and what was not stored is gone."""
        if self._boots:
            self.outbox.close()
        self.undated |= self._waiting
        self._waiting.clear()
        self._boots += 1
        self._booted_ms = true_ms
        self._anchor = ClockAnchor()
        self.sender = SendWindow()
        self.lose_everything()
        self.outbox = Outbox(self._path, max_events=MAX_EVENTS, boot=str(self._boots))

    def synchronise(self, true_ms: int) -> None:
        """The time of day becomes known."""
        self._anchor = clock_anchor.update_anchor(self._anchor, true_ms, self._monotonic_ms(true_ms), synchronised=True)
        if self._anchor.offset_ms is not None:
            self.outbox.assign_times(self._anchor.offset_ms)
            self._waiting.clear()

    def sense(self, sensor: str, kind: EventKind, value: float, true_ms: int) -> None:
        """A sensor reads a value."""
        self.read.append(SensedReading(sensor, kind, value, true_ms))
        now_ms = self._monotonic_ms(true_ms)
        reading = create_timed_event(
            sensor, kind, value, self._anchor.unix_ms(now_ms), monotonic_ms=now_ms, wall_ms=BOOT_WALL_MS + now_ms
        )
        self.outbox.append([reading])
        if reading.at_ms is None:
            self._waiting.add(self.outbox.last_seq)

    def connect(self) -> None:
        """Open a new connection, whatever happened to the previous one."""
        self.lose_everything()
        self.sender = send_window.mark_connected(send_window.mark_disconnected(self.sender))

    def lose_everything(self) -> None:
        """Drop everything under way."""
        self.to_collector.clear()
        self.receipts.clear()

    def send(self, most: int, true_ms: int) -> None:
        """Send one message of at most `most` events, if the window allows it."""
        self.sender = send_window.skip_dropped(
            send_window.go_back_if_silent(self.sender, true_ms), self.outbox.oldest_seq
        )
        room = min(most, send_window.count_allowed_events(self.sender))
        if room and (events := self.outbox.read_events(self.sender.next_seq, room)):
            self.to_collector.append(encode(EventsMessage(self.outbox.stream, self.outbox.oldest_seq, events)))
            self.sender = send_window.mark_sent(self.sender, events[-1].seq, true_ms, 0.5)

    def take_receipt(self, which: int, true_ms: int) -> None:
        """Deliver one of the receipts under way."""
        stream, seq = self.receipts.pop(which)
        assert stream == self.outbox.stream
        self.sender = send_window.apply_receipt(self.sender, seq, true_ms, 0.5)
        self.outbox.delete_covered(seq)

    def _monotonic_ms(self, true_ms: int) -> int:
        return true_ms - self._booted_ms


@dataclass
class StoredEventRow:
    """What a journal has of one event."""

    seq: int
    sensor: str
    kind: str
    value: float
    at_ms: int
    is_synchronised: bool


@dataclass
class ModelSite:
    """Devices, the network and the collector."""

    folder: Path
    empty: Path
    now_ms: int = NOON_MS
    inbox: list[Incoming] = field(default_factory=list)
    """Messages that the broker delivered to the collector, not yet processed."""

    def __post_init__(self) -> None:
        self.devices = [ModelDevice(name, self.folder / f"{name}.sqlite", self.now_ms) for name in DEVICES]
        self._path = self.folder / "journal.sqlite"
        shutil.copy(self.empty, self._path)
        self._open()

    def close(self) -> None:
        self.journal.close()
        for device in self.devices:
            device.outbox.close()

    def pass_time(self, ms: int) -> None:
        self.now_ms += ms
        for device in self.devices:
            device.sender = send_window.go_back_if_silent(device.sender, self.now_ms)
        self.work.tick(self.now_ms)
        self.work.advance_history(self.now_ms)

    def kill_collector(self) -> None:
        """Restart the collector; what it had not committed is gone."""
        self.journal.close()
        self.inbox.clear()
        self._open()

    def kill_broker(self) -> None:
        """Drop everything under way; each device connects again."""
        self.inbox.clear()
        for device in self.devices:
            device.connect()

    def hand_over(self, device: ModelDevice, payload: bytes) -> None:
        """Deliver a device's message to the collector."""
        self.inbox.append(Incoming(device.name, payload))

    def collect(self, *, answers: bool = True) -> None:
        """Let the collector commit what is in its inbox; without `answers` its receipts are lost."""
        owed = self.work.process_batch(self.inbox, self.now_ms)
        self.inbox.clear()
        for (name, stream), seq in owed.items():
            if answers:
                self.devices[DEVICES.index(name)].receipts.append((stream, seq))

    def exchange(self) -> None:
        """Each device sends a message; all messages and receipts under way arrive."""
        for device in self.devices:
            device.send(send_window.EVENTS_PER_MESSAGE, self.now_ms)
            for payload in device.to_collector:
                self.hand_over(device, payload)
            device.to_collector.clear()
        self.collect()
        for device in self.devices:
            while device.receipts:
                device.take_receipt(0, self.now_ms)

    def heal(self) -> None:
        """Make every clock right and every link work, until nothing is left to deliver."""
        self.kill_broker()
        for device in self.devices:
            device.synchronise(self.now_ms)
        for _ in range(1000):
            if not any(device.outbox.depth for device in self.devices):
                return
            self.exchange()
            self.pass_time(1000)
        raise AssertionError("the outboxes do not empty on a sound network")

    def stored(self, device: ModelDevice) -> list[StoredEventRow]:
        rows = self.journal._connection.execute(
            "SELECT seq, sensor, kind, value, at_ms, synchronised FROM event JOIN sensor ON sensor.no = sensor_no"
            " JOIN kind ON kind.no = kind_no"
            " WHERE stream_no = (SELECT no FROM stream WHERE device = ? AND stream = ?) ORDER BY seq",
            (device.name, device.outbox.stream),
        )
        return [
            StoredEventRow(seq, sensor, kind, value, at_ms, bool(synchronised))
            for seq, sensor, kind, value, at_ms, synchronised in rows
        ]

    def stored_up_to(self, device: ModelDevice) -> int:
        """How far the collector has stored this device's stream."""
        return self.work.stored_up_to.get((device.name, device.outbox.stream), 0)

    def state(self, space: str) -> Occupancy:
        return self.work.spaces.get_state(space, self.now_ms).state

    def rules(self, space: str) -> tuple[SensorRules, ...]:
        return self.work.spaces.get_rules(space).sensors

    def _open(self) -> None:
        self.journal = Journal(self._path)
        self.journal._connection.execute("PRAGMA synchronous = OFF")  # the collector has no power cuts here
        self.work = Pipeline(PLAN, self.journal, RetentionSettings(), self.now_ms)
