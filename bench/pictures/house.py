"""The example house, open for pictures: its collector and pages on a journal, at one moment that stands still.

In:    the site file, a journal, the moment.
Out:   the port of its pages, and a manager who can log in.
Never: devices; what they said before stands in the journal, and that they live is said for them.
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
    """The house as it is at that moment, for as long as the `with` lasts; gives the port of its pages."""
    devices = site.plan.devices
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(devices=devices))
        accounts = journal.with_name("accounts.sqlite")
        Accounts(accounts).add(NAME, PASSWORD)
        collecting = replace(site.collector, broker=broker.settings("collector"), journal_path=journal)
        serving = replace(
            site.dashboard,
            broker=broker.settings("dashboard"),
            accounts_path=accounts,
            journal_path=journal,
            port=free_port(),
        )
        _vouch(stack, broker.settings("observer"), site.plan, at_ms)
        stack.enter_context(spawned(_collect, collecting, site.plan, at_ms))
        stack.enter_context(spawned(_serve, serving, site.plan, at_ms))
        until(lambda: answers(serving.port), what="the pages")
        yield serving.port


def _vouch(stack: ExitStack, settings: BrokerSettings, plan: SitePlan, at_ms: int) -> None:
    """Say that every device is well, as it says itself every minute."""
    speaker = client(settings, "pictures")
    speaker.connect(settings.host, settings.port)
    speaker.loop_start()
    stack.callback(speaker.loop_stop)
    stack.callback(speaker.disconnect)
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
        speaker.publish(topics.device(plan.id, device, topics.DeviceTopic.STATUS), encode(status), qos=1, retain=True)


def _collect(settings: CollectorSettings, plan: SitePlan, at_ms: int) -> None:
    run(settings, plan, partial(int, at_ms), threading.Event())


def _serve(settings: DashboardSettings, plan: SitePlan, at_ms: int) -> None:
    serve(settings, plan, partial(int, at_ms), threading.Event())
