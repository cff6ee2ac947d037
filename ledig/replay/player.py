"""Play a recording through a complete site: agents on mock pins, Mosquitto and the collector.

In:    a recording, and the playback speed.
Out:   the states that were shown and the number of stored events, as `ReplayResult`.
Never: a short cut. From the pins to the journal's transitions, everything is the code of a real site.
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

from collector.configuration.collector_settings import CollectorSettings
from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from edge import agent
from edge.configuration.device_settings import DeviceSettings
from edge.outbox import Outbox
from ledig.replay.mqtt_probe import MAX_WAIT_S, ReplayConnection, open_replay_connection
from ledig.replay.recorded_data import PIN_KINDS, Recording, derive_changes
from ledig.replay.recorded_rows import RecordedRow
from ledig.replay.replay_clock import ReplayClock
from ledig.replay.replay_site import ReplaySite, ReplayWiring, build_replay_site
from ledig.replay.servers import ReplayAway, run_mosquitto, start_collector
from ledig.replay.shown_states import READ_EVERY_MS, ReplayJournal

_CHECK_EVERY_S: Final = 0.05

ProgressCallback = Callable[[int], None]
"""Called with the site time that the replay has reached, in Unix milliseconds."""


class ReplayStopped(Exception):
    """The replay was stopped before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """Result of a replay.

    Attributes:
        plan: the site in which the recording was played.
        shown: the transitions of each space, as pairs of Unix milliseconds and state.
        events: the stored events of each space of the `plan`, in canonical order.
        sent: how many events the devices sent.
        stored: how many of them the collector stored.
    """

    plan: SitePlan
    shown: dict[str, list[tuple[int, str]]]
    events: dict[str, list[StoredEvent]]
    sent: int
    stored: int


def play_recording(
    recording: Recording, *, speed: float, stop: threading.Event, progress: ProgressCallback
) -> ReplayResult:
    """Play a recording from its first row to its last.

    Args:
        recording: the recording.
        speed: maximum ratio of site time to real time.
        stop: set this to end the replay early.
        progress: called at every change.

    Raises:
        ReplayAway: Mosquitto is missing, or a server has ended.
        ReplayStopped: `stop` was set.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ledig-replay-")))
        broker = stack.enter_context(run_mosquitto(folder))
        site = build_replay_site(recording, broker, folder)
        now_ms = multiprocessing.get_context("spawn").Value("q", recording.spans[0][0].at_ms)
        journal = folder / "journal.sqlite"
        settings = CollectorSettings(broker=broker, journal_path=journal)
        process = stack.enter_context(start_collector(settings, site.plan, now_ms))
        player = _RecordingPlayer(
            site=site,
            recording=recording,
            folder=folder,
            clock=ReplayClock(now_ms, speed, stop),
            stop=stop,
            collector=process,
            wire=stack.enter_context(open_replay_connection(broker, site.plan.id)),
            shown=ReplayJournal(journal),
            progress=progress,
        )
        return player.play()


@dataclass(slots=True, kw_only=True)
class _RecordingPlayer:
    site: ReplaySite
    recording: Recording
    folder: Path
    clock: ReplayClock
    stop: threading.Event
    collector: BaseProcess
    wire: ReplayConnection
    shown: ReplayJournal
    progress: ProgressCallback
    read_ms: int = 0
    faults: list[Exception] = field(default_factory=list)

    def play(self) -> ReplayResult:
        self.wire.await_collector(0, self._check_running)
        spans = self.recording.spans
        for span, following in zip(spans, (*spans[1:], None), strict=True):
            self.clock.jump_to(span[0].at_ms)
            self._play_span(span)
            self._await_evaluation(following[0].at_ms if following else None)
            self.shown.read_new(self.clock.at_ms)
        sent, stored = self._count_events()
        plan = self.site.plan
        return ReplayResult(
            plan=plan, shown=self.shown.transitions, events=self.shown.events_by_space(plan), sent=sent, stored=stored
        )

    def _play_span(self, span: tuple[RecordedRow, ...]) -> None:
        """Switch the devices on, apply the recorded values to their sensors, and switch them off."""
        sensors = {sensor.id: sensor for sensor in self.recording.sensors}
        wirings = {device.device: ReplayWiring(device, self.folder) for device in self.site.devices}
        wiring_of = {sensor.id: wirings[device.device] for device in self.site.devices for sensor in device.sensors}
        due = deque(derive_changes(span, self.recording.sensors))
        while due and due[0].at_ms == span[0].at_ms:  # the values at the time the devices are switched on
            change = due.popleft()
            wiring_of[change.sensor].apply_change(sensors[change.sensor], change)
        with self._agents(wirings):
            for change in due:
                self._go_to(change.at_ms)
                wiring_of[change.sensor].apply_change(sensors[change.sensor], change)
            self._go_to(span[-1].at_ms + self.recording.step_ms)
            self.wire.await_empty_outboxes(tuple(wirings), self._check_running)

    def _go_to(self, at_ms: int) -> None:
        self.clock.advance_to(at_ms)
        self._check_running()
        self.progress(at_ms)
        if at_ms - self.read_ms >= READ_EVERY_MS:
            self.read_ms = at_ms
            self.shown.read_new(at_ms)

    @contextmanager
    def _agents(self, wirings: dict[str, ReplayWiring]) -> Iterator[None]:
        """Run the agent of every device, each in a thread, for the length of the span."""
        off = threading.Event()
        threads = [
            threading.Thread(target=self._run_agent, args=(device, wirings[device.device], off), name=device.device)
            for device in self.site.devices
        ]
        for thread in threads:
            thread.start()
        try:
            readers = sum(sensor.kind not in PIN_KINDS for sensor in self.recording.sensors)
            self._wait_until(lambda: self.clock.count_sleepers() >= len(threads) + readers, "an agent did not start")
            yield
        finally:
            off.set()
            for thread in threads:
                thread.join()
            self.clock.clear_sleepers()

    def _run_agent(self, device: DeviceSettings, wiring: ReplayWiring, off: threading.Event) -> None:
        try:
            agent.run_agent(device, self.clock, wiring.factory, off)
        except Exception as fault:  # noqa: BLE001 - raised again by the thread that plays
            self.faults.append(fault)

    def _await_evaluation(self, before_ms: int | None) -> None:
        """Let one millisecond pass without events, and wait until the collector has evaluated everything before."""
        evaluated_ms = self.clock.at_ms + 1
        if before_ms is None or evaluated_ms < before_ms:
            self.clock.jump_to(evaluated_ms)
            self.wire.await_collector(evaluated_ms, self._check_running)

    def _wait_until(self, condition: Callable[[], bool], finding: str) -> None:
        deadline = time.monotonic() + MAX_WAIT_S
        while not condition():
            self._check_running()
            if time.monotonic() > deadline:
                raise ReplayAway(f"{finding} within {MAX_WAIT_S:g} s; is the machine overloaded? Try a lower --speed")
            time.sleep(_CHECK_EVERY_S)

    def _check_running(self) -> None:
        """Raise if the replay was stopped, an agent failed or the collector ended."""
        if self.stop.is_set():
            raise ReplayStopped
        if self.faults:
            raise self.faults[0]
        if not self.collector.is_alive():
            raise ReplayAway(f"the collector ended with status {self.collector.exitcode}; see its messages above")

    def _count_events(self) -> tuple[int, int]:
        """Count the events in the devices' outboxes, and those that the collector has stored."""
        sent = stored = 0
        for device in self.site.devices:
            with Outbox(device.outbox_path, max_events=device.outbox_events, boot="") as outbox:
                sent += outbox.last_seq
                stored += self.shown.count_stored(device.device, outbox.stream)
        return sent, stored
