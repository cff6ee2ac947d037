"""Run the example site for screenshots: its collector and pages on a journal, with a fixed clock.

In:    the site file, a journal, the time.
Out:   the port of its pages, and a manager account.
Never: devices. Their events are already in the journal, and their status is published here.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from collector.configuration.collector_settings import CollectorSettings
from collector.engine.collector_loop import run_collector
from collector.site.site_plan import SitePlan
from dashboard.accounts.accounts import Accounts
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.server import serve_dashboard
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, create_client
from edge.contract.message import ClockState, DeviceStatus, OutboxStatus, SensorHealth, encode
from edge.timekeeping.durations import DAY_MS
from ledig.site.site_file import SiteFile
from tests.support.processes import running_function
from tests.support.servers import accepts_connections, find_free_port, mosquitto, wait_until

MANAGER_NAME, MANAGER_PASSWORD = "anna", "fyra gröna hästar går"


@contextmanager
def run_site(site: SiteFile, journal: Path, at_ms: int) -> Iterator[int]:
    """Run the site at a fixed time until the block ends; yield the port of its pages."""
    devices = site.plan.device_ids
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(devices=devices))
        accounts = journal.with_name("accounts.sqlite")
        Accounts(accounts).add(MANAGER_NAME, MANAGER_PASSWORD)
        collector_settings = replace(site.collector, broker=broker.settings("collector"), journal_path=journal)
        dashboard_settings = replace(
            site.dashboard,
            broker=broker.settings("dashboard"),
            accounts_path=accounts,
            journal_path=journal,
            port=find_free_port(),
        )
        _publish_statuses(stack, broker.settings("observer"), site.plan, at_ms)
        stack.enter_context(running_function(_run_collector, collector_settings, site.plan, at_ms))
        stack.enter_context(running_function(_run_dashboard, dashboard_settings, site.plan, at_ms))
        wait_until(lambda: accepts_connections(dashboard_settings.port), what="the pages")
        yield dashboard_settings.port


def _publish_statuses(stack: ExitStack, settings: BrokerSettings, plan: SitePlan, at_ms: int) -> None:
    """Publish a healthy status for every device."""
    publisher = create_client(settings, "screenshots")
    publisher.connect(settings.host, settings.port)
    publisher.loop_start()
    stack.callback(publisher.loop_stop)
    stack.callback(publisher.disconnect)
    for device in plan.device_ids:
        status = DeviceStatus(
            online=True,
            since_ms=at_ms - 9 * DAY_MS,
            at_ms=at_ms - 20_000,
            version="0.1.0",
            outbox=OutboxStatus(depth=0, dropped=0),
            clock=ClockState.SYNCHRONISED,
            temperature_c=46.5,
            sensors={sensor.id: SensorHealth.HEALTHY for sensor in plan.sensors if sensor.device == device},
        )
        publisher.publish(topics.DEVICE_STATUS.topic(plan.id, device), encode(status), qos=1, retain=True)


def _run_collector(settings: CollectorSettings, plan: SitePlan, at_ms: int) -> None:
    run_collector(settings, plan, partial(int, at_ms), threading.Event())


def _run_dashboard(settings: DashboardSettings, plan: SitePlan, at_ms: int) -> None:
    serve_dashboard(settings, plan, partial(int, at_ms), threading.Event())
