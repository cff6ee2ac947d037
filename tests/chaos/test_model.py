"""Model test: any sequence of readings, faults and pauses keeps the site's invariants (R29).

`--full` runs 5,000 sequences of 50 steps.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from collector.contract.states import Occupancy
from collector.store.journal import Journal
from edge.contract.message import EventKind
from tests.support.chaos.model import BEAT_MS, DEVICES, PLAN, ModelSite

pytestmark = pytest.mark.chaos

MEMORY = Path("/dev/shm")
SHORT_RUNS, FULL_RUNS, STEPS = 25, 5000, 50
WHICH = st.integers(0, len(DEVICES) - 1)
PAUSES_MS = st.sampled_from([1, 5_000, 61_000, 400_000, 900_000, 3_600_000])


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """An empty journal to copy: creating one takes longer than a run."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder) / "empty.sqlite"
        with closing(Journal(path)) as journal:
            journal.log.truncate()
        yield path


class SiteMachine(RuleBasedStateMachine):
    """Readings and faults in any order."""

    def __init__(self, empty: Path) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=empty.parent)
        self.site = ModelSite(Path(self._folder.name), empty)

    @rule(which=WHICH, data=st.data(), level=st.integers(0, 1), is_heartbeat=st.booleans())
    def sense(self, which: int, data: st.DataObject, level: int, is_heartbeat: bool) -> None:
        device = self.site.devices[which]
        sensor = data.draw(st.sampled_from(device.sensors))
        device.sense(sensor, EventKind.HEARTBEAT if is_heartbeat else EventKind.MOTION, level, self.site.now_ms)

    @rule(which=WHICH, levels=st.lists(st.integers(0, 1), min_size=2, max_size=6))
    def sense_and_send_each(self, which: int, levels: list[int]) -> None:
        """Several messages under way at once, each with one reading of the same sensor."""
        device = self.site.devices[which]
        for level in levels:
            device.sense(device.sensors[0], EventKind.MOTION, level, self.site.now_ms)
            device.send(1, self.site.now_ms)

    @rule(rounds=st.integers(1, 4))
    def work_well(self, rounds: int) -> None:
        """Let everything work for a while: heartbeats of a quiet site arrive."""
        for _ in range(rounds):
            for device in self.site.devices:
                device.synchronise(self.site.now_ms)
                for sensor in device.sensors:
                    device.sense(sensor, EventKind.HEARTBEAT, 0, self.site.now_ms)
            self.site.exchange()
            self.site.pass_time(BEAT_MS // 2)

    @rule(ms=PAUSES_MS)
    def pass_time(self, ms: int) -> None:
        self.site.pass_time(ms)

    @rule(which=WHICH)
    def synchronise(self, which: int) -> None:
        self.site.devices[which].synchronise(self.site.now_ms)

    @rule(which=WHICH)
    def reboot(self, which: int) -> None:
        self.site.devices[which].boot(self.site.now_ms)

    @rule(which=WHICH)
    def connect(self, which: int) -> None:
        self.site.devices[which].connect()

    @rule(which=WHICH, most=st.integers(1, 5))
    def send(self, which: int, most: int) -> None:
        self.site.devices[which].send(most, self.site.now_ms)

    @precondition(lambda self: any(device.to_collector for device in self.site.devices))
    @rule(data=st.data(), fate=st.sampled_from(["deliver", "deliver", "lose", "twice"]))
    def carry(self, data: st.DataObject, fate: str) -> None:
        """Deliver, repeat or lose one message under way, in any order."""
        device = data.draw(st.sampled_from([each for each in self.site.devices if each.to_collector]))
        which = data.draw(st.integers(0, len(device.to_collector) - 1))
        payload = device.to_collector[which] if fate == "twice" else device.to_collector.pop(which)
        if fate != "lose":
            self.site.hand_over(device, payload)

    @precondition(lambda self: self.site.inbox)
    @rule(answers=st.booleans())
    def collect(self, answers: bool) -> None:
        self.site.collect(answers=answers)

    @precondition(lambda self: any(device.receipts for device in self.site.devices))
    @rule(data=st.data(), fate=st.sampled_from(["deliver", "deliver", "lose"]))
    def answer(self, data: st.DataObject, fate: str) -> None:
        """Deliver, repeat or lose one receipt under way, in any order."""
        device = data.draw(st.sampled_from([each for each in self.site.devices if each.receipts]))
        which = data.draw(st.integers(0, len(device.receipts) - 1))
        if fate == "deliver":
            device.take_receipt(which, self.site.now_ms)
        else:
            device.receipts.pop(which)

    @rule()
    def kill_broker(self) -> None:
        self.site.kill_broker()

    @rule()
    def kill_collector(self) -> None:
        self.site.kill_collector()

    @invariant()
    def an_event_leaves_its_outbox_only_once_it_is_stored(self) -> None:
        for device in self.site.devices:
            assert device.outbox.oldest_seq <= self.site.stored_up_to(device) + 1
            assert device.outbox.last_seq == len(device.read)
            assert device.outbox.dropped == 0

    @invariant()
    def what_is_stored_was_read_once_and_in_order(self) -> None:
        for device in self.site.devices:
            stored = self.site.stored(device)
            seqs = [event.seq for event in stored]
            assert seqs == sorted(set(seqs))
            covered = set(range(1, self.site.stored_up_to(device) + 1))
            assert covered.issuperset(seqs)
            missing = covered.difference(seqs)
            assert missing <= device.undated, "lost"  # dated 1970, these are soon erased
            for event in stored:
                read = device.read[event.seq - 1]
                assert (event.sensor, event.kind, event.value) == (read.sensor, read.kind.value, read.value)
                assert event.is_synchronised == (event.seq not in device.undated)
                assert event.at_ms == read.at_ms or not event.is_synchronised

    @invariant()
    def a_space_without_a_living_sensor_is_not_free(self) -> None:
        for space in PLAN.spaces:
            if self.site.state(space.id) is not Occupancy.VACANT:
                continue
            for sensor in self.site.rules(space.id):
                device = self.site.devices[DEVICES.index(sensor.device)]
                events = self.site.stored(device)
                known = [each.at_ms for each in events if each.sensor == sensor.sensor and each.is_synchronised]
                assert known
                assert self.site.now_ms - max(known) < sensor.silent_after_ms, "free without a recent event"

    def teardown(self) -> None:
        try:
            self.site.heal()
            self.an_event_leaves_its_outbox_only_once_it_is_stored()
            self.what_is_stored_was_read_once_and_in_order()
            for device in self.site.devices:
                assert self.site.stored_up_to(device) == len(device.read), "lost"
            for table in ("gap", "quarantine"):
                assert self.site.journal._connection.execute(f"SELECT * FROM {table}").fetchall() == []  # noqa: S608 - our names
        finally:
            self.site.close()
            self._folder.cleanup()


def test_no_sequence_of_faults_loses_doubles_or_invents_an_event(empty: Path, full: bool) -> None:
    class FullSiteMachine(SiteMachine):
        def __init__(self) -> None:
            super().__init__(empty)

    run_state_machine_as_test(
        FullSiteMachine,
        settings=settings(
            max_examples=FULL_RUNS if full else SHORT_RUNS,
            stateful_step_count=STEPS,
            phases=[Phase.generate] + [Phase.shrink] * full,  # shrinking takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
