"""A disk or descriptors that fail under `ledig edge`: it continues, logs what it cannot store, and recovers.

`--full` injects an error at each of the first calls on the outbox's files; otherwise at a few.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.command import LedigProcess, running_command
from tests.support.edge.site import FakeCollector
from tests.support.servers import Mosquitto, mosquitto, wait_until
from tests.support.site_files import DEVICE, changing_meter, site_file

pytestmark = pytest.mark.chaos

RECOVERY_S = 30
BEFORE, AFTER = 20, 20
"""Events while calls fail, and after."""
LAST_CALL = 30
"""No call after this one is made to fail."""
CALLS = ("fdatasync", "fsync", "pwrite64", "openat", "ftruncate", "unlink", "pread64", "fstat", "newfstatat")
SHORT = [
    ("fdatasync", "EIO", 1),
    ("pwrite64", "ENOSPC", 1),
    ("pwrite64", "EROFS", 5),
    ("openat", "EMFILE", 1),
    ("pread64", "EIO", 2),
]
FULL = [(call, error, at) for call in CALLS for error in ("EIO", "ENOSPC", "EROFS") for at in (1, 2, 3, 5, 8, 13)]
FULL += [("openat", error, at) for error in ("EMFILE", "EACCES") for at in (1, 2, 3)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        faults = FULL if metafunc.config.getoption("--full") else SHORT
        metafunc.parametrize("fault", faults, ids=lambda fault: "-".join(map(str, fault)))


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as started:
        yield started


def edge(folder: Path, broker: Mosquitto, storage: Path) -> tuple[str | Path, ...]:
    return "edge", site_file(folder, broker, storage=storage), "--device", DEVICE, "--pins", "mock"


def delivers(collector: FakeCollector, agent: LedigProcess, events: int, seconds: float) -> None:
    wanted = len(collector.events) + events
    wait_until(
        lambda: len(collector.events) >= wanted,
        seconds=seconds,
        what=f"{events} events after {len(collector.events)}, the agent's status is {agent.process.poll()}",
    )


def nothing_is_missing(collector: FakeCollector) -> bool:
    """Whether every event was stored once, in order."""
    return [event.seq for event in collector.events] == list(range(1, len(collector.events) + 1))


def test_an_error_at_any_call_on_the_outbox_ends_no_process_and_loses_no_event(
    broker: Mosquitto, tmp_path: Path, fault: tuple[str, str, int]
) -> None:
    call, error, at = fault
    storage, trace = tmp_path / "data", tmp_path / "trace.txt"
    outbox = [storage / f"outbox-{DEVICE}.sqlite{tail}" for tail in ("", "-wal", "-journal", ".new")]
    paths = [part for path in outbox for part in ("-P", str(path))]
    inject = f"inject={call}:error={error}:when={at}..{LAST_CALL}+3"
    tracer = ("strace", "-f", "-qq", "-o", str(trace), *paths, "-e", f"trace={call}", "-e", inject)
    arguments = edge(tmp_path, broker, storage)
    storage.mkdir()
    with (
        FakeCollector(broker) as collector,
        running_command(*arguments, under=tracer) as agent,
        changing_meter(tmp_path),
    ):
        delivers(collector, agent, BEFORE, 60 + RECOVERY_S)
        delivers(collector, agent, AFTER, RECOVERY_S)
        assert agent.process.poll() is None, agent.output()
        assert nothing_is_missing(collector), agent.output()
        assert len(collector.streams) == 1
        assert "Traceback" not in agent.output()
    if fault in SHORT:  # a later call of a rare kind may not occur
        assert "(INJECTED)" in trace.read_text(), "the fault did not happen"


@pytest.mark.usefixtures("as_root")
def test_a_disk_that_fills_up_and_is_freed_loses_no_event(broker: Mosquitto, tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "1m") as card, FakeCollector(broker) as collector:
        arguments = edge(tmp_path, broker, card)
        with running_command(*arguments) as agent, changing_meter(tmp_path):
            delivers(collector, agent, BEFORE, 60)
            fill_disk(card / "stone")
            wait_until(lambda: "full" in agent.output(), seconds=60, what=f"the full disk in the log: {agent.output()}")
            assert "events are buffered in memory" in agent.output()
            (card / "stone").unlink()
            delivers(collector, agent, AFTER, RECOVERY_S)
            assert "can be written again" in agent.output()
            assert agent.process.poll() is None
            assert nothing_is_missing(collector)


@pytest.mark.usefixtures("as_root")
def test_an_agent_that_starts_on_a_full_disk_reports_once_there_is_room(broker: Mosquitto, tmp_path: Path) -> None:
    with small_disk(tmp_path / "card", "1m") as card, FakeCollector(broker) as collector:
        arguments = edge(tmp_path, broker, card)
        fill_disk(card / "stone")
        with running_command(*arguments) as agent, changing_meter(tmp_path):
            wait_until(
                lambda: "events are buffered in memory" in agent.output(), seconds=60, what="the full disk in the log"
            )
            (card / "stone").unlink()
            delivers(collector, agent, AFTER, RECOVERY_S)
            assert agent.process.poll() is None
            assert nothing_is_missing(collector)


def test_an_agent_without_free_descriptors_continues_and_recovers(broker: Mosquitto, tmp_path: Path) -> None:
    arguments = edge(tmp_path, broker, tmp_path / "data")
    with FakeCollector(broker) as collector, running_command(*arguments) as agent, changing_meter(tmp_path):
        delivers(collector, agent, BEFORE, 60)
        process = psutil.Process(agent.process.pid)
        _, hard = process.rlimit(psutil.RLIMIT_NOFILE)
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds(), hard))
        wait_until(lambda: os.strerror(24) in agent.output(), seconds=60, what=f"EMFILE in the log: {agent.output()}")
        broker.restart()
        wait_until(lambda: "is not available" in agent.output(), seconds=60, what="the broker's end in the log")
        process.rlimit(psutil.RLIMIT_NOFILE, (hard, hard))
        delivers(collector, agent, AFTER, RECOVERY_S)
        assert agent.process.poll() is None
        assert nothing_is_missing(collector)


def test_an_agent_whose_files_cannot_grow_continues_and_recovers(broker: Mosquitto, tmp_path: Path) -> None:
    arguments = edge(tmp_path, broker, tmp_path / "data")
    with FakeCollector(broker) as collector, running_command(*arguments) as agent, changing_meter(tmp_path):
        delivers(collector, agent, BEFORE, 60)
        subprocess.run(["prlimit", "--pid", str(agent.process.pid), "--fsize=1000:unlimited"], check=True)
        wait_until(lambda: "events are buffered in memory" in agent.output(), seconds=60, what=agent.output())
        subprocess.run(["prlimit", "--pid", str(agent.process.pid), "--fsize=unlimited:unlimited"], check=True)
        delivers(collector, agent, AFTER, RECOVERY_S)
        assert agent.process.poll() is None
        assert nothing_is_missing(collector)
