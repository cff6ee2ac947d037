"""Plays a recording through the real house: agents on mock pins, Mosquitto, collector; and says how true it was.

In:    a recording, and how fast to play it.
Out:   what was shown and how much was stored, as `Played`.
Never: a short cut. Between the pins and the journal's transitions everything is what runs in a real house.
"""

import multiprocessing
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from collector.evidence import Heard
from collector.plan import SitePlan
from collector.settings import CollectorSettings
from edge import agent
from edge.outbox import Outbox
from edge.settings import DeviceSettings
from ledig.replay.clock import ReplayClock
from ledig.replay.house import House, Wiring, build
from ledig.replay.recorded import ON_PINS, Recording, changes
from ledig.replay.rows import Row
from ledig.replay.servers import ReplayAway, collector, mosquitto
from ledig.replay.shown import READ_EVERY_MS, Shown
from ledig.replay.wire import Wire, wire

_PATIENCE_S: Final = 60.0
_LOOK_S: Final = 0.05

Progress = Callable[[int], None]
"""Told how far house time is, Unix milliseconds."""


class Stopped(Exception):
    """Somebody asked the replay to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of it: transitions (moment, state) of each space; how many events devices sent, and are stored.

    `events` are the stored ones of each space of the `plan`, in canonical order.
    """

    plan: SitePlan
    shown: dict[str, list[tuple[int, str]]]
    events: dict[str, list[Heard]]
    sent: int
    stored: int


def play(recording: Recording, *, speed: float, stop: threading.Event, progress: Progress) -> Played:
    """Play a recording from its first row to its last.

    Args:
        recording: what happened.
        speed: house time passes at most so many times as fast as real time.
        stop: set it to end early.
        progress: told at every change.

    Raises:
        ReplayAway: Mosquitto is missing, or a server has ended.
        Stopped: `stop` was set.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ledig-replay-")))
        broker = stack.enter_context(mosquitto(folder))
        house = build(recording, broker, folder)
        now_ms = multiprocessing.get_context("spawn").Value("q", recording.spans[0][0].at_ms)
        journal = folder / "journal.sqlite"
        settings = CollectorSettings(broker=broker, journal_path=journal)
        process = stack.enter_context(collector(settings, house.plan, now_ms))
        player = _Player(
            house=house,
            recording=recording,
            folder=folder,
            clock=ReplayClock(now_ms, speed, stop),
            stop=stop,
            collector=process,
            wire=stack.enter_context(wire(broker, house.plan.id)),
            shown=Shown(journal),
            progress=progress,
        )
        return player.play()


@dataclass(slots=True, kw_only=True)
class _Player:
    house: House
    recording: Recording
    folder: Path
    clock: ReplayClock
    stop: threading.Event
    collector: BaseProcess
    wire: Wire
    shown: Shown
    progress: Progress
    read_ms: int = 0
    faults: list[Exception] = field(default_factory=list)

    def play(self) -> Played:
        self.wire.await_collector(0, self._check)
        spans = self.recording.spans
        for span, following in zip(spans, (*spans[1:], None), strict=True):
            self.clock.jump_to(span[0].at_ms)
            self._play_span(span)
            self._await_judgement(following[0].at_ms if following else None)
            self.shown.read(self.clock.at_ms)
        sent, stored = self._counted()
        plan = self.house.plan
        return Played(plan=plan, shown=self.shown.transitions, events=self.shown.events(plan), sent=sent, stored=stored)

    def _play_span(self, span: tuple[Row, ...]) -> None:
        """Switch the devices on, let their sensors feel what was recorded, and switch them off."""
        sensors = {sensor.id: sensor for sensor in self.recording.sensors}
        wirings = {device.device: Wiring(device, self.folder) for device in self.house.devices}
        wiring_of = {sensor.id: wirings[device.device] for device in self.house.devices for sensor in device.sensors}
        due = deque(changes(span, self.recording.sensors))
        while due and due[0].at_ms == span[0].at_ms:  # what holds when the devices are switched on
            change = due.popleft()
            wiring_of[change.sensor].feel(sensors[change.sensor], change)
        with self._agents(wirings):
            for change in due:
                self._go_to(change.at_ms)
                wiring_of[change.sensor].feel(sensors[change.sensor], change)
            self._go_to(span[-1].at_ms + self.recording.step_ms)
            self.wire.await_empty(tuple(wirings), self._check)

    def _go_to(self, at_ms: int) -> None:
        self.clock.go_to(at_ms)
        self._check()
        self.progress(at_ms)
        if at_ms - self.read_ms >= READ_EVERY_MS:
            self.read_ms = at_ms
            self.shown.read(at_ms)

    @contextmanager
    def _agents(self, wirings: dict[str, Wiring]) -> Iterator[None]:
        """Run every device's agent, each in a thread, for as long as the span lasts."""
        off = threading.Event()
        threads = [
            threading.Thread(target=self._run_agent, args=(device, wirings[device.device], off), name=device.device)
            for device in self.house.devices
        ]
        for thread in threads:
            thread.start()
        try:
            readers = sum(sensor.kind not in ON_PINS for sensor in self.recording.sensors)
            self._until(lambda: self.clock.sleepers() >= len(threads) + readers, "an agent did not start")
            yield
        finally:
            off.set()
            for thread in threads:
                thread.join()
            self.clock.forget_sleepers()

    def _run_agent(self, device: DeviceSettings, wiring: Wiring, off: threading.Event) -> None:
        try:
            agent.run(device, self.clock, wiring.factory, off)
        except Exception as fault:  # noqa: BLE001 - told, with what it was, by the thread that plays
            self.faults.append(fault)

    def _await_judgement(self, before_ms: int | None) -> None:
        """Let a moment pass in the empty house, and the collector say that it has judged all that went before."""
        judged_ms = self.clock.at_ms + 1
        if before_ms is None or judged_ms < before_ms:
            self.clock.jump_to(judged_ms)
            self.wire.await_collector(judged_ms, self._check)

    def _until(self, condition: Callable[[], bool], finding: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            self._check()
            if time.monotonic() > deadline:
                raise ReplayAway(f"{finding} within {_PATIENCE_S:g} s; is the machine overloaded? Try a lower --speed")
            time.sleep(_LOOK_S)

    def _check(self) -> None:
        """Go on only while nobody said stop and everything lives."""
        if self.stop.is_set():
            raise Stopped
        if self.faults:
            raise self.faults[0]
        if not self.collector.is_alive():
            raise ReplayAway(f"the collector ended with status {self.collector.exitcode}; see its messages above")

    def _counted(self) -> tuple[int, int]:
        """Events that the devices' outboxes took, and of these the stored ones."""
        sent = stored = 0
        for device in self.house.devices:
            with Outbox(device.outbox_path, max_events=device.outbox_events, boot="") as outbox:
                sent += outbox.last
                stored += self.shown.stored(device.device, outbox.stream)
        return sent, stored
