"""Run one process of a site from the site file, or check that it can start.

In:    a site file, and which of its processes to run.
Out:   the running process, until Ctrl-C or SIGTERM; with `--check` a report, and nothing is started.
Never: a fallback: a missing part is an error.
"""

import logging
import os
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.contract.topics import Role
from edge.process.file_access import find_read_problem
from edge.process.plurals import format_count
from ledig.runtime.storage import create_storage, try_storage
from ledig.site.broker_passwords import add_credentials
from ledig.site.site_copies import save_site_copy
from ledig.site.site_file import SiteFile, read_site_file

if TYPE_CHECKING:
    from edge.configuration.device_settings import DeviceSettings
    from edge.timekeeping.machine_clock import Clock


class DeviceRejected(ValueError):
    """The site file has no such device, or a package that it needs is not installed."""


class PinsAway(ConnectionError):
    """The GPIO driver is installed but cannot open the pins now."""


GPIO_CHIP = Path("/dev/gpiochip0")


class ProcessAction(StrEnum):
    """Whether to run a process or only check it."""

    RUN = "run"
    CHECK = "check"


def choose_action(*, check: bool) -> ProcessAction:
    """Return the action for the `--check` option."""
    return ProcessAction.CHECK if check else ProcessAction.RUN


def run_edge(path: Path, device: str, pins: str, action: ProcessAction) -> None:
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

    site = read_site_file(path)
    if device not in site.device:
        from ledig.site.table_reader import describe_unknown

        raise DeviceRejected(f"{path.name}: {describe_unknown('device', device, site.device)}")
    settings = site.device[device]
    settings = replace(settings, broker=add_credentials(settings.broker, device, site.password_directory))
    if action is ProcessAction.CHECK:
        from edge.agent import list_subscribed_topics
        from edge.outbox import check_outbox
        from edge.timekeeping.machine_clock import SYNCHRONISATION_REMEDY
        from ledig.runtime.start_checks import check_broker

        with try_storage(site.storage):
            check_outbox(settings.outbox_path)
        create_pin_factory(pins).close()
        check_broker(settings.broker, device, list_subscribed_topics(settings))
        is_ready = create_device_clock(settings).synchronised()
        state = "ready" if is_ready else f"waits for time synchronisation; {SYNCHRONISATION_REMEDY}"
        _print_result(
            f"{device}: {format_count(len(settings.sensors), 'sensor')}, pins by {pins}, broker answers: {state}"
        )
        return
    from ledig.runtime.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()  # before the pins: lgpio starts a thread, which must inherit the blocked signals
    factory = create_pin_factory(pins)
    from edge import agent
    from edge.process.service_manager import ServiceNotifier

    create_storage(site.storage)
    agent.run_agent(settings, create_device_clock(settings), factory, stop, ServiceNotifier().report_progress)


def create_device_clock(settings: "DeviceSettings") -> "Clock":
    """Return the clock for a device's settings."""
    from edge.configuration.device_settings import ClockSource
    from edge.timekeeping.machine_clock import HostClock, NetworkClock

    return NetworkClock() if settings.clock is ClockSource.NETWORK else HostClock()


def create_pin_factory(pins: str) -> Any:
    """Return the gpiozero factory for `lgpio` (real pins) or `mock`.

    Raises:
        DeviceRejected: the driver is not installed.
        PinsAway: the driver finds no pins, or this user may not open them.
    """
    if pins == "mock":
        from ledig.runtime.mock_pins import create_mock_factory

        return create_mock_factory()
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
        remedy = find_read_problem(GPIO_CHIP) or "on a Raspberry Pi, add this user to the group gpio"
        raise PinsAway(f"lgpio finds no pins ({fault}); {remedy}; to try without pins: --pins mock") from fault


def run_collector_process(path: Path, action: ProcessAction) -> None:
    """Run the collector, or check it; raises SiteRejected, BrokerPasswordRejected, AddressRejected, others."""
    from dataclasses import replace

    from ledig.site.alert_addresses import add_addresses

    site = read_site_file(path)
    broker = add_credentials(site.collector.broker, Role.COLLECTOR.value, site.password_directory)
    settings = replace(site.collector, broker=broker, alerts=add_addresses(site.collector.alerts))
    if action is ProcessAction.CHECK:
        from collector.mqtt.connection import CHECK_SPACE, list_required_topics
        from collector.store.journal_log import check_journal
        from edge.contract import topics
        from ledig.runtime.start_checks import check_broker

        with try_storage(site.storage):
            check_journal(settings.journal_path)
        check_broker(
            settings.broker,
            Role.COLLECTOR.value,
            list_required_topics(site.plan.id),
            topics.TUNING.topic(site.plan.id, CHECK_SPACE),
        )
        check_history(site)
        _print_result(f"collector of {site.plan.name}: broker answers, history ({settings.history}) answers: ready")
        return
    from collector.engine.collector_loop import run_collector
    from collector.timekeeping.site_time import read_machine_clocks
    from edge.process.service_manager import ServiceNotifier
    from ledig.runtime.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()
    create_storage(site.storage)
    save_site_copy(path, site.storage / "backups", time.time_ns() // 1_000_000)
    run_collector(settings, site.plan, read_machine_clocks, stop, ServiceNotifier().report_progress)


def run_dashboard(path: Path, action: ProcessAction) -> None:
    """Run the dashboard, or check it; raises SiteRejected, BrokerPasswordRejected, PortRejected."""
    from dataclasses import replace

    from collector.timekeeping.site_time import read_machine_clocks
    from dashboard import server
    from ledig.runtime.start_checks import check_broker, check_port

    site = read_site_file(path)
    broker = add_credentials(site.dashboard.broker, Role.DASHBOARD.value, site.password_directory)
    settings = replace(site.dashboard, broker=broker)
    check_port(settings.host, settings.port, "[dashboard]")
    if action is ProcessAction.CHECK:
        from dashboard.subscriber.subscriber import list_topic_filters

        with try_storage(site.storage):
            pass
        check_broker(settings.broker, Role.DASHBOARD.value, list_topic_filters(site.plan.id))
        check_history(site)
        address = f"http://{settings.host}:{settings.port}{settings.base_path}/"
        _print_result(f"dashboard of {site.plan.name}: broker and history answer, {address} is free: ready")
        return
    from edge.process.service_manager import ServiceNotifier
    from ledig.runtime.stopping import stop_on_signals

    _start_logging()
    stop = stop_on_signals()
    create_storage(site.storage)
    server.serve_dashboard(settings, site.plan, read_machine_clocks, stop, ServiceNotifier().report_progress)


def check_history(site: SiteFile) -> None:
    """Check that the history answers a small query; raises HistoryAway."""
    from collector.history.measures import ZONE_FIVE_MIN
    from collector.history.open_history import open_reader

    settings = site.collector
    if not os.path.lexists(settings.journal_path) and settings.history == "sqlite":
        return  # the collector creates it when it first starts
    reader = open_reader(settings.history, settings.journal_path, settings.influx)
    try:
        reader.read_rows(ZONE_FIVE_MIN, 0, 1)
    finally:
        reader.close()


def _start_logging() -> None:
    """Log to stderr; systemd adds the time and the process name."""
    from edge.process.log_output import log_to_stderr

    log_to_stderr(logging.INFO, "%(levelname)s %(message)s")


def _print_result(line: str) -> None:
    print(line)  # noqa: T201 - the result of the command
