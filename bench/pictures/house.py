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

from collector.plan import SitePlan
from collector.run import run
from collector.settings import CollectorSettings
from dashboard.accounts import Accounts
from dashboard.server import serve
from dashboard.settings import DashboardSettings
from edge import topics
from edge.broker import BrokerSettings, client
from edge.message import ClockState, DeviceStatus, OutboxStatus, SensorHealth, encode
from ledig.site import Site
from tests.processes import spawned
from tests.servers import answers, free_port, mosquitto, until

NAME, PASSWORD = "anna", "fyra gröna hästar går"
DAY_MS = 86_400_000


@contextmanager
def opened(site: Site, journal: Path, at_ms: int) -> Iterator[int]:
    """Run the site at a fixed time until the block ends; yield the port of its pages."""
    devices = site.plan.devices
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(devices=devices))
        accounts = journal.with_name("accounts.sqlite")
        Accounts(accounts).add(NAME, PASSWORD)
        collector_settings = replace(site.collector, broker=broker.settings("collector"), journal_path=journal)
        dashboard_settings = replace(
            site.dashboard,
            broker=broker.settings("dashboard"),
            accounts_path=accounts,
            journal_path=journal,
            port=free_port(),
        )
        _publish_statuses(stack, broker.settings("observer"), site.plan, at_ms)
        stack.enter_context(spawned(_run_collector, collector_settings, site.plan, at_ms))
        stack.enter_context(spawned(_run_dashboard, dashboard_settings, site.plan, at_ms))
        until(lambda: answers(dashboard_settings.port), what="the pages")
        yield dashboard_settings.port


def _publish_statuses(stack: ExitStack, settings: BrokerSettings, plan: SitePlan, at_ms: int) -> None:
    """Publish a healthy status for every device."""
    publisher = client(settings, "pictures")
    publisher.connect(settings.host, settings.port)
    publisher.loop_start()
    stack.callback(publisher.loop_stop)
    stack.callback(publisher.disconnect)
    for device in plan.devices:
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
        publisher.publish(topics.device(plan.id, device, topics.DeviceTopic.STATUS), encode(status), qos=1, retain=True)


def _run_collector(settings: CollectorSettings, plan: SitePlan, at_ms: int) -> None:
    run(settings, plan, partial(int, at_ms), threading.Event())


def _run_dashboard(settings: DashboardSettings, plan: SitePlan, at_ms: int) -> None:
    serve(settings, plan, partial(int, at_ms), threading.Event())
