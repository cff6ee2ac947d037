"""A collector that is off, stopped or on a slow disk, with a backlog at the agent (R13, R14, R19).

The real commands. `--full` uses a day's events of one of twenty devices, and checks the pass figures of docs/faults.md.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.chaos.agent_site import DATA, JOURNAL, edge_through, fill_outbox
from tests.support.chaos.fire import ReadOnlyJournal
from tests.support.command import LedigProcess, running_command
from tests.support.servers import SHIPPED_MOSQUITTO, Mosquitto, mosquitto, wait_until

pytestmark = pytest.mark.chaos

DAY_EVENTS = 30_240
"""A twentieth of what 200 sensors send in a day at 7 events/s."""
SHORT_EVENTS = 2000
MIB = 1 << 20
MOST_GROWTH_BYTES, MOST_OUTBOX_BYTES = 20 * MIB, 64 * MIB
LEAST_DRAINED_PER_S = 1000
SLOW_DISK_US = 300_000
SLOW_DISK_EVENTS_PER_S = 50
LEAST_QUEUE = "max_inflight_messages 2\nmax_queued_messages 4"


def shipped_with_a_short_queue() -> str:
    """The shipped configuration of the broker, with a short queue for a collector that does not answer."""
    lines = (SHIPPED_MOSQUITTO / "ledig.conf").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("max_inflight_messages", "max_queued_messages"))]
    assert len(lines) == len(kept) + 2
    return "\n".join([LEAST_QUEUE, *kept]) + "\n"


@contextmanager
def site_with_backlog(
    folder: Path, events: int, config: str | None = None
) -> Iterator[tuple[Mosquitto, LedigProcess, ReadOnlyJournal, Path]]:
    """Run a broker and an agent that is connected to it and has this many events; no collector."""
    with mosquitto(config) as broker:
        fill_outbox(folder, events)
        with running_command(*edge_through(folder, broker, broker.port)) as agent:
            wait_until(lambda: "connected to the broker" in agent.output(), what=f"the agent; {agent.output()}")
            yield broker, agent, ReadOnlyJournal(folder / DATA / JOURNAL), folder / "site.toml"
            assert agent.process.poll() is None, agent.output()


def assert_each_event_is_stored_once(journal: ReadOnlyJournal, events: int) -> None:
    (row,) = journal.query("SELECT min(seq), max(seq), count(*), count(DISTINCT seq) FROM event")
    first, last, count, different = (int(str(number)) for number in row)
    assert (first, last) == (1, count)
    assert different == count >= events
    assert journal.query("SELECT * FROM gap") == []
    assert journal.query("SELECT * FROM quarantine") == []


def waits_for(journal: ReadOnlyJournal, events: int, what: LedigProcess, seconds: float = 120) -> None:
    wait_until(
        lambda: journal.count_stored() >= events, seconds=seconds, what=f"{events} stored events; {what.output()}"
    )


def test_a_backlog_waits_for_its_collector_and_then_drains(tmp_path: Path, full: bool) -> None:
    events = DAY_EVENTS if full else SHORT_EVENTS
    with site_with_backlog(tmp_path, events) as (broker, agent, journal, site):
        process = psutil.Process(agent.process.pid)
        before = process.memory_info().rss
        outbox_bytes = sum(path.stat().st_size for path in (tmp_path / DATA).glob("outbox-*"))
        with running_command("collector", site) as collector:
            waits_for(journal, 1, collector)
            begun, already = time.monotonic(), journal.count_stored()
            waits_for(journal, events, collector)
            per_s = (events - already) / max(0.001, time.monotonic() - begun)
        growth = process.memory_info().rss - before
        assert "exceeded timeout" not in broker.output()
    assert_each_event_is_stored_once(journal, events)
    assert growth <= MOST_GROWTH_BYTES
    assert outbox_bytes <= MOST_OUTBOX_BYTES
    print(f"{events} events, lost 0: {per_s:.0f}/s; agent +{growth / MIB:.1f} MiB; outbox {outbox_bytes / MIB:.1f} MiB")  # noqa: T201 - the purpose of the long form
    assert per_s >= LEAST_DRAINED_PER_S or not full


def test_messages_that_the_broker_drops_for_a_stopped_collector_are_sent_again(tmp_path: Path, full: bool) -> None:
    events = DAY_EVENTS if full else SHORT_EVENTS
    with mosquitto(shipped_with_a_short_queue()) as broker:
        fill_outbox(tmp_path, events)
        edge = edge_through(tmp_path, broker, broker.port)
        journal = ReadOnlyJournal(tmp_path / DATA / JOURNAL)
        with running_command("collector", tmp_path / "site.toml") as collector:
            wait_until(
                lambda: "READY=1" in collector.read_reports(), seconds=60, what=f"the collector; {collector.output()}"
            )
            os.kill(collector.process.pid, signal.SIGSTOP)
            with running_command(*edge) as agent:
                try:
                    wait_until(
                        lambda: "dropped" in broker.output(), seconds=30, what=f"a drop; {broker.output()[-2000:]}"
                    )
                finally:
                    os.kill(collector.process.pid, signal.SIGCONT)
                waits_for(journal, events, collector)
                assert agent.process.poll() is None, agent.output()
    assert_each_event_is_stored_once(journal, events)


def test_a_slow_disk_slows_the_collector_and_loses_neither_its_connection_nor_an_event(
    tmp_path: Path, full: bool
) -> None:
    events = DAY_EVENTS if full else SHORT_EVENTS
    trace = tmp_path / "trace.txt"
    inject = f"inject=fdatasync,fsync:delay_enter={SLOW_DISK_US}"
    tracer = ("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=fdatasync,fsync", "-e", inject)
    with (
        site_with_backlog(tmp_path, events) as (broker, _, journal, site),
        running_command("collector", site, under=tracer) as collector,
    ):
        waits_for(journal, 1, collector)
        begun, already = time.monotonic(), journal.count_stored()
        waits_for(journal, events, collector, seconds=600)
        per_s = (events - already) / max(0.001, time.monotonic() - begun)
        assert collector.process.poll() is None, collector.output()
        assert "exceeded timeout" not in broker.output()
    assert_each_event_is_stored_once(journal, events)
    assert "(DELAYED)" in trace.read_text(), "the fault did not happen"
    print(f"{events} events at {SLOW_DISK_US / 1e6:g} s a flush, lost 0: {per_s:.0f} events/s")  # noqa: T201 - the purpose of the long form
    assert per_s >= SLOW_DISK_EVENTS_PER_S or not full
