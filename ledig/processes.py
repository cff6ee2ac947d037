"""Run one process of a site from the site file, or check that it can start.

In:    a site file, and which of its processes to run.
Out:   the running process, until Ctrl-C or SIGTERM; with `--check` a report, and nothing is started.
Never: a fallback: a missing part is an error.
"""

import logging
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.file_access import read_problem
from edge.plurals import counted
from ledig.passwords import sign_in
from ledig.site import COLLECTOR_USER, DASHBOARD_USER, Site, read
from ledig.site_copies import keep_site_copy
from ledig.storage import make_storage

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.settings import DeviceSettings


class DeviceRejected(ValueError):
    """The site file has no such device, or a package that it needs is not installed."""


class PinsAway(ConnectionError):
    """The GPIO driver is installed but cannot open the pins now."""


GPIO_CHIP = Path("/dev/gpiochip0")


class Wish(StrEnum):
    """Whether to run a process or only check it."""

    RUN = "run"
    CHECK = "check"


def wish(*, check: bool) -> Wish:
    """Return the action for the `--check` option."""
    return Wish.CHECK if check else Wish.RUN


def edge(path: Path, device: str, pins: str, action: Wish) -> None:
    """Run the agent of one device, or check it.

    Args:
        path: the site file.
        device: id of the device.
        pins: `lgpio` or `mock`.
        action: run or check.

    Raises:
        SiteRejected, BrokerPasswordRejected, DeviceRejected: nothing was started.
        BrokerAway: only for a check; a running agent waits for its broker.
    """
    from dataclasses import replace

    site = read(path)
    if device not in site.device:
        from ledig.site.reader import one_of

        raise DeviceRejected(f"{path.name}: {one_of('device', device, site.device)}")
    settings = site.device[device]
    settings = replace(settings, broker=sign_in(settings.broker, device, site.password_directory))
    if action is Wish.CHECK:
        from edge.agent import own_reads
        from ledig.reach import reach_broker

        pin_factory(pins).close()
        reach_broker(settings.broker, device, own_reads(settings))
        _print_result(f"{device}: {counted(len(settings.sensors), 'sensor')}, pins by {pins}, broker answers: ready")
        return
    from ledig.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()  # before the pins: lgpio starts a thread, which must inherit the blocked signals
    factory = pin_factory(pins)
    from edge import agent
    from edge.supervision import ServiceNotifier

    make_storage(site.storage)
    agent.run(settings, own_clock(settings), factory, stop, ServiceNotifier().report_progress)


def own_clock(settings: "DeviceSettings") -> "Clock":
    """Return the clock for a device's settings."""
    from edge.clock import HostClock, NetworkClock
    from edge.settings import ClockSource

    return NetworkClock() if settings.clock is ClockSource.NETWORK else HostClock()


def pin_factory(pins: str) -> Any:
    """Return the gpiozero factory for `lgpio` (real pins) or `mock`.

    Raises:
        DeviceRejected: the driver is not installed.
        PinsAway: the driver finds no pins, or this user may not open them.
    """
    if pins == "mock":
        from ledig.mock_pins import mock_factory

        return mock_factory()
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except Exception as fault:
        if isinstance(fault, ModuleNotFoundError) and fault.name != "lgpio":
            raise  # gpiozero itself is missing; reported as a missing package
        # lgpio and gpiozero raise their own exception types, and none of them can be worked around
        if isinstance(fault, ImportError):
            remedy = (
                "on a Raspberry Pi, run: sudo apt-get install python3-lgpio, then in Ledig's folder: make install-edge"
            )
            raise DeviceRejected(f"lgpio is not installed; {remedy}; to try without pins: --pins mock") from fault
        remedy = read_problem(GPIO_CHIP) or "on a Raspberry Pi, add this user to the group gpio"
        raise PinsAway(f"lgpio finds no pins ({fault}); {remedy}; to try without pins: --pins mock") from fault


def collector(path: Path, action: Wish) -> None:
    """Run the collector, or check it; raises SiteRejected, BrokerPasswordRejected, AddressRejected, others."""
    from dataclasses import replace

    from ledig.destinations import with_addresses

    site = read(path)
    broker = sign_in(site.collector.broker, COLLECTOR_USER, site.password_directory)
    settings = replace(site.collector, broker=broker, alerts=with_addresses(site.collector.alerts))
    if action is Wish.CHECK:
        from collector.inbox import ECHO, reads
        from edge import topics
        from ledig.reach import reach_broker

        reach_broker(settings.broker, COLLECTOR_USER, reads(site.plan.id), topics.tuning(site.plan.id, ECHO))
        reach_history(site)
        _print_result(f"collector of {site.plan.name}: broker answers, history ({settings.history}) answers: ready")
        return
    from collector.run import run
    from collector.site_time import read_machine
    from edge.supervision import ServiceNotifier
    from ledig.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()
    make_storage(site.storage)
    keep_site_copy(path, site.storage / "backups", time.time_ns() // 1_000_000)
    run(settings, site.plan, read_machine, stop, ServiceNotifier().report_progress)


def dashboard(path: Path, action: Wish) -> None:
    """Run the dashboard, or check it; raises SiteRejected, BrokerPasswordRejected, PortRejected."""
    from dataclasses import replace

    from collector.site_time import read_machine
    from dashboard import server
    from ledig.reach import claim_port, reach_broker

    site = read(path)
    broker = sign_in(site.dashboard.broker, DASHBOARD_USER, site.password_directory)
    settings = replace(site.dashboard, broker=broker)
    claim_port(settings.host, settings.port, "[dashboard]")
    if action is Wish.CHECK:
        from dashboard.live.following import reads

        reach_broker(settings.broker, DASHBOARD_USER, reads(site.plan.id))
        reach_history(site)
        address = f"http://{settings.host}:{settings.port}{settings.base_path}/"
        _print_result(f"dashboard of {site.plan.name}: broker and history answer, {address} is free: ready")
        return
    from edge.supervision import ServiceNotifier
    from ledig.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()
    make_storage(site.storage)
    server.serve(settings, site.plan, read_machine, stop, ServiceNotifier().report_progress)


def reach_history(site: Site) -> None:
    """Check that the history answers a small query; raises HistoryAway."""
    from collector.history import ZONE_FIVE_MIN
    from collector.history.open import open_reader

    settings = site.collector
    if not settings.journal_path.exists() and settings.history == "sqlite":
        return  # the collector creates it when it first starts
    reader = open_reader(settings.history, settings.journal_path, settings.influx)
    try:
        reader.rows(ZONE_FIVE_MIN, 0, 1)
    finally:
        reader.close()


def _start_logging() -> None:
    """Log to stderr; systemd adds the time and the process name."""
    from edge.log_output import log_to_stderr

    log_to_stderr(logging.INFO, "%(levelname)s %(message)s")


def _print_result(line: str) -> None:
    print(line)  # noqa: T201 - the result of the command
