"""The shipped units deliver every event under back-pressure: plain and with TLS, on SQLite and on InfluxDB.

Each process runs its unit's command in an environment with only its own extra, with the shipped Mosquitto configuration
and the files of passwords.sh. While counters change, the agents' link is throttled, the broker is stopped (SIGSTOP),
and restarted. `--full` runs the long form: 20 starts of an agent of each variant, two minutes each.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collector.configuration.collector_settings import InfluxSettings
from collector.history.measures import MEASURES
from collector.history.open_history import open_reader
from tests.support.extras import list_modules
from tests.support.installed.clean_venv import build_wheel, create_environment
from tests.support.installed.units import UNITS, SystemdUnit
from tests.support.installed.whole_site import START_S, CounterFile, InstalledSite, change_counters, run_whole_site
from tests.support.servers import wait_until

NAMES = sorted(path.name for path in UNITS.glob("*.service"))
EXTRAS = ("edge", "collector", "dashboard")
SLOW_BYTES_PER_S = 1500
"""Less than an agent sends under load, so that its socket buffer fills."""
DELIVERY_S = 120
SERIES_S = 600
"""Longer than until the next five-minute bucket is complete and rolled up."""


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The `bin` folder of an environment for each extra."""
    folder = tmp_path_factory.mktemp("environments")
    wheel = build_wheel(folder)
    return {extra: create_environment(extra, wheel, folder) for extra in EXTRAS}


def test_every_unit_has_an_environment() -> None:
    assert {SystemdUnit.read(name).extra for name in NAMES} == set(EXTRAS)


@pytest.mark.parametrize("extra", EXTRAS)
def test_environment_has_only_its_own_extra(programs: dict[str, Path], extra: str) -> None:
    own = list_modules(extra)
    foreign = frozenset().union(*(list_modules(other) for other in (*EXTRAS, "up", "dev"))) - own
    assert foreign > {"pytest", "amqtt"}
    look = "import importlib.util as i, sys; print(*(n for n in sys.argv[1:] if i.find_spec(n)))"
    command = [programs[extra] / "python", "-I", "-c", look, "ledig", *sorted(own | foreign)]
    found = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert found > {"ledig", "click", "msgspec", "paho"}
    assert found & foreign == set()


@pytest.fixture(params=[(False, False), (True, True)], ids=["plain-sqlite", "tls-influxdb"])
def variant(request: pytest.FixtureRequest) -> tuple[bool, bool]:
    return request.param


@pytest.fixture
def starts(full: bool) -> Iterator[tuple[int, int, float]]:
    """Number of rounds, agents in each, and seconds of each of the four phases."""
    return (2, 10, 30.0) if full else (1, 2, 4.0)


def test_every_event_is_stored_once_and_the_site_is_healthy_afterwards(
    tmp_path: Path,
    programs: dict[str, Path],
    variant: tuple[bool, bool],
    starts: tuple[int, int, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tls, influx = variant
    rounds, agents, phase_s = starts
    delivered = 0
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        with run_whole_site(folder, programs, agents, tls=tls, influx=influx) as site:
            wait_until(
                lambda site=site: all(site.read_stored(device) for device in site.devices),
                seconds=START_S,
                what="events",
            )
            apply_pressure(site, phase_s)
            for device, counters in site.devices.items():
                rows = check_delivery(site, device, counters)
                delivered += 1
                with capsys.disabled():
                    if rounds > 1:
                        print(f"{'TLS' if tls else 'plain'} {delivered}: {device}, {rows} events, 0 lost, 0 twice")  # noqa: T201 - table of the long form
            assert_site_is_healthy(site)
            if influx:
                wait_until(
                    lambda site=site: is_equal_in_influxdb(site, rows=0), seconds=DELIVERY_S, what="equal histories"
                )
            if influx and number == rounds - 1 and rounds > 1:  # history has its first row after five minutes
                wait_until(
                    lambda site=site: is_equal_in_influxdb(site, rows=1), seconds=SERIES_S, what="InfluxDB's history"
                )
            for process in reversed(site.processes.values()):
                process.stop()
            for device in site.devices:
                stored = [seq for seq, _, _ in site.read_stored(device)]
                later = [seq for seq in site.read_outbox(device) if seq > stored[-1]]
                assert stored + later == list(range(1, len(stored + later) + 1))
    assert delivered == rounds * agents


def apply_pressure(site: InstalledSite, phase_s: float) -> None:
    """Change counters while the link is slow, the broker is stopped and restarted, and the link is normal."""
    phase = threading.Event()
    with change_counters(site):
        site.link.bytes_per_s = SLOW_BYTES_PER_S * len(site.devices)
        phase.wait(phase_s)
        site.link.bytes_per_s = None
        os.kill(site.broker.pid, signal.SIGSTOP)
        phase.wait(phase_s)
        os.kill(site.broker.pid, signal.SIGCONT)
        site.broker.restart()
        phase.wait(phase_s)
        site.link.bytes_per_s = SLOW_BYTES_PER_S * len(site.devices)
        phase.wait(phase_s)
        site.link.bytes_per_s = None


def check_delivery(site: InstalledSite, device: str, counters: list[CounterFile]) -> int:
    """Wait until a device has delivered everything, compare, and return the number of events."""

    def last_values() -> dict[str, int]:
        return {sensor: value for _, sensor, value in site.read_stored(device)}

    expected = {f"{counter.name}-people": counter.written[-1] for counter in counters}
    wait_until(
        lambda: expected.items() <= last_values().items(), seconds=DELIVERY_S, what=f"the last counts of {device}"
    )
    wait_until(
        lambda: site.read_status(device)["outbox"]["depth"] == 0,
        seconds=DELIVERY_S,
        what=f"the empty outbox of {device}",
    )
    rows = site.read_stored(device)
    assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
    for counter in counters:
        values = [value for _, sensor, value in rows if sensor == f"{counter.name}-people"]
        changes = [values[0], *(later for earlier, later in pairwise(values) if later != earlier)]
        written = iter(counter.written)
        assert all(value in written for value in changes), f"{counter.name} was never {changes} in this order"
        assert len(changes) > 1
    return len(rows)


def is_healthy(status: dict[str, Any]) -> bool:
    """Whether a device's or the collector's status reports no fault."""
    return status["online"] and not status.get("fault") and set(status.get("sensors", {}).values()) <= {"healthy"}


def assert_site_is_healthy(site: InstalledSite) -> None:
    assert all(process.is_running() for process in site.processes.values())
    wait_until(lambda: is_healthy(site.read_collector_status()), seconds=DELIVERY_S, what="a healthy collector")
    for device in site.devices:
        wait_until(
            lambda device=device: is_healthy(site.read_status(device)), seconds=DELIVERY_S, what=f"{device} is healthy"
        )
    wait_until(
        lambda: all(space["state"] != "unknown" for space in site.fetch("/api/v1/states")["spaces"]),
        seconds=DELIVERY_S,
        what="a known state of every space on the pages",
    )


def is_equal_in_influxdb(site: InstalledSite, *, rows: int) -> bool:
    """Whether InfluxDB has the same rows as the journal, and at least `rows`."""
    assert site.influx_url is not None
    readers = [open_reader(kind, site.journal, InfluxSettings(url=site.influx_url)) for kind in ("sqlite", "influxdb")]
    try:
        found = [[list(reader.read_rows(measure, 0, 2**53)) for measure in MEASURES] for reader in readers]
        return found[0] == found[1] and sum(map(len, found[0])) >= rows
    finally:
        for reader in readers:
            reader.close()
