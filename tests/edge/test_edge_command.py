"""`ledig edge` as shipped: the command in its own process, at a plain broker under back-pressure."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.contract.message import EventKind
from edge.outbox import Outbox
from edge.timekeeping.machine_clock import HostClock
from tests.support.command import running_command
from tests.support.edge.outbox_events import create_timed_event
from tests.support.edge.site import FakeCollector
from tests.support.servers import Mosquitto, mosquitto, wait_until
from tests.support.site_files import DEVICE, METER, PIR, changing_meter, site_file

EVENTS = 10
"""Events of the meter that must arrive after a restart of the broker."""
BACKLOG = 30_000
"""Events in the outbox at the start: many messages are in flight at once, so that reads and writes must wait."""
UNREAD_BYTES = 20_000


@pytest.fixture
def own_broker() -> Iterator[Mosquitto]:
    with mosquitto() as started:
        yield started


def edge_arguments(folder: Path, broker: Mosquitto, **other: str) -> tuple[str | Path, ...]:
    return "edge", site_file(folder, broker, **other), "--device", DEVICE, "--pins", "mock"


def fill_outbox(folder: Path, events: int) -> None:
    """Create an outbox with this many events, as after an outage."""
    path = folder / "data" / f"outbox-{DEVICE}.sqlite"
    path.parent.mkdir()
    with Outbox(path, max_events=10 * events, boot="") as outbox:
        now_ms = HostClock().now_ms()
        outbox.append([create_timed_event(PIR, EventKind.MOTION, number % 2, now_ms) for number in range(events)])


def test_every_event_is_delivered_despite_pauses_and_restarts_of_a_plain_broker(
    own_broker: Mosquitto, tmp_path: Path
) -> None:
    arguments = edge_arguments(tmp_path, own_broker)
    fill_outbox(tmp_path, BACKLOG)
    with FakeCollector(own_broker) as collector, running_command(*arguments) as agent:

        def delivered(events: int) -> None:
            wait_until(lambda: len(collector.events) >= events, seconds=60, what=f"event {events}; {agent.output()}")

        with changing_meter(tmp_path):
            for pause in range(1, 4):
                delivered(pause * BACKLOG // 5)  # much of the backlog is still unsent
                os.kill(own_broker.pid, signal.SIGSTOP)
                wait_until(lambda: _unread(own_broker) > UNREAD_BYTES, what="back-pressure")
                os.kill(own_broker.pid, signal.SIGCONT)
            delivered(BACKLOG)
            own_broker.restart()
            delivered(len(collector.events) + EVENTS)
        assert agent.process.poll() is None, agent.output()
        agent.process.send_signal(signal.SIGTERM)
        assert agent.process.wait(20) == 0
        collector.wait_for(lambda: not collector.statuses[-1].online, "offline")
        assert [event.seq for event in collector.events] == list(range(1, len(collector.events) + 1))
        assert {PIR, METER} <= {event.sensor for event in collector.events}
        assert "Traceback" not in agent.output()


def _unread(broker: Mosquitto) -> int:
    """Return the unread bytes in the broker's receive buffers, from the kernel's column rx_queue."""
    port = f":{broker.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(port) and row[3] == "01")


def test_agent_with_a_damaged_outbox_starts_and_sends_the_sound_events(own_broker: Mosquitto, tmp_path: Path) -> None:
    arguments = edge_arguments(tmp_path, own_broker)
    fill_outbox(tmp_path, 500)
    outbox = tmp_path / "data" / f"outbox-{DEVICE}.sqlite"
    raw = bytearray(outbox.read_bytes())
    raw[:16] = bytes(16)  # the header of the file
    raw = raw.replace(b"motion", b"movion", 1)  # and one event
    outbox.write_bytes(raw)
    with FakeCollector(own_broker) as collector, running_command(*arguments) as agent:
        wait_until(lambda: len(collector.events) > 500, seconds=60, what=f"the events; {agent.output()}")
        assert agent.process.poll() is None
        seqs = [event.seq for event in collector.events]
        assert len(set(range(1, 501)) - set(seqs)) == 1
        assert {event.kind for event in collector.events} <= {EventKind.MOTION, EventKind.POWER_W, EventKind.HEARTBEAT}
        assert "moved to" in agent.output()
