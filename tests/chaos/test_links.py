"""`ledig edge` on a link that flaps, and on one that is thin and stalls (R08, R09).

The short forms fail a few times; `--full` runs ten and fifteen minutes, and checks the pass figures of docs/faults.md.
A silent link (R07) is in test_nothing_lost.py.
"""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.chaos.agent_site import edge_through
from tests.support.chaos.lossy_link import FaultyLink
from tests.support.command import LedigProcess, running_command
from tests.support.edge.site import FakeCollector
from tests.support.installed.slow_link import SlowLink
from tests.support.servers import Mosquitto, mosquitto, wait_until
from tests.support.site_files import changing_meter

pytestmark = pytest.mark.chaos

FLAPS, FLAP_S, FULL_FLAP_S = 3, (2.0, 5.0), 600.0
MOST_CPU = 0.25
"""Of one core."""
MOST_CONNECTIONS_PER_S = 1.0
THIN_BYTES_PER_S = 8000
"""64 kbit/s."""
STALLS, STALL_S, FULL_THIN_S = 4, 0.4, 900.0
EMPTY_S = 300.0
"""The outbox must be empty this long after a thin link works again."""


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as started:
        yield started


def delivers(collector: FakeCollector, agent: LedigProcess, events: int, seconds: float = 60) -> None:
    """Wait for this many more events."""
    wanted = len(collector.events) + events
    wait_until(lambda: len(collector.events) >= wanted, seconds=seconds, what=f"{events} more events; {agent.output()}")


def wait_for_connections(link: FaultyLink, count: int, agent: LedigProcess) -> None:
    wait_until(lambda: link.connections >= count, what=f"connection {count}; {agent.output()}")


def assert_each_event_came_once(collector: FakeCollector) -> None:
    assert [event.seq for event in collector.events] == list(range(1, len(collector.events) + 1))


def test_a_flapping_link_loses_nothing_and_costs_little(broker: Mosquitto, tmp_path: Path, full: bool) -> None:
    pause, chance = threading.Event(), random.Random(8)  # noqa: S311 - moments, no secret
    with FaultyLink(broker.port) as link, FakeCollector(broker) as collector:
        with running_command(*edge_through(tmp_path, broker, link.port)) as agent, changing_meter(tmp_path):
            delivers(collector, agent, 10)
            process, begun, before = psutil.Process(agent.process.pid), time.monotonic(), link.connections
            used_s = sum(process.cpu_times()[:2])
            flaps = 0
            while time.monotonic() - begun < FULL_FLAP_S if full else flaps < FLAPS:
                link.reset()
                flaps += 1
                if full:
                    pause.wait(chance.uniform(*FLAP_S))
                else:
                    wait_for_connections(link, before + flaps, agent)
            took_s, made = time.monotonic() - begun, link.connections - before
            used_s = sum(process.cpu_times()[:2]) - used_s
            delivers(collector, agent, 10, seconds=120)
            assert agent.process.poll() is None, agent.output()
        assert_each_event_came_once(collector)
        assert made >= FLAPS
        print(  # noqa: T201 - the purpose of the long form
            f"{flaps} resets in {took_s:.0f} s: {len(collector.events)} events, lost 0, twice 0; {made} connections,"
            f" {used_s / took_s:.1%} of a core"
        )
        assert made <= MOST_CONNECTIONS_PER_S * took_s or not full
        assert used_s <= MOST_CPU * took_s or not full


def test_a_thin_link_that_stalls_loses_nothing(broker: Mosquitto, tmp_path: Path, full: bool) -> None:
    """Above TCP a lost packet appears as a stall; nothing passes during a tenth of the time."""
    pause, chance = threading.Event(), random.Random(9)  # noqa: S311 - moments, no secret
    with SlowLink(broker.port) as thin, FaultyLink(thin.port) as link, FakeCollector(broker) as collector:
        thin.bytes_per_s = THIN_BYTES_PER_S
        with running_command(*edge_through(tmp_path, broker, link.port)) as agent, changing_meter(tmp_path):
            delivers(collector, agent, 10)
            begun, stalls = time.monotonic(), 0
            while time.monotonic() - begun < FULL_THIN_S if full else stalls < STALLS:
                link.fall_silent()
                pause.wait(STALL_S)  # the fault itself lasts this long
                link.heal()
                stalls += 1
                if full:
                    pause.wait(chance.uniform(0, 18 * STALL_S))
                else:
                    delivers(collector, agent, 3)
            thin.bytes_per_s = None
            healed = time.monotonic()

            def is_empty() -> bool:
                """Whether the newest status came after the link worked again, and almost nothing waits."""
                outbox = collector.statuses[-1].outbox
                return outbox is not None and outbox.depth <= 20

            delivers(collector, agent, 10)
            wait_until(is_empty, seconds=EMPTY_S, what=f"an empty outbox; {collector.statuses[-1]}")
            assert agent.process.poll() is None, agent.output()
        assert_each_event_came_once(collector)
        print(  # noqa: T201 - the purpose of the long form
            f"{stalls} stalls: {len(collector.events)} events, lost 0, twice 0; outbox empty"
            f" {time.monotonic() - healed:.0f} s after the link was whole"
        )
