"""The whole path of one event: from a pin to the open page of a member, with real parts.

The agent runs on a mock pin in a thread; Mosquitto (as shipped), collector, dashboard and Chromium are processes.
"""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from gpiozero.pins.mock import MockFactory
from playwright.sync_api import Page, expect

from collector.configuration.collector_settings import CollectorSettings
from collector.site.occupancy_rules import OccupancyRules
from collector.site.privacy_settings import PrivacySettings, StrangersWhenFew
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge import agent
from edge.configuration.device_settings import ClockSource, DeviceSettings
from edge.contract.pin_sensor_kinds import PressureSettings
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.machine_clock import HostClock
from tests.support.browser import chromium
from tests.support.processes import running_collector, running_dashboard
from tests.support.servers import Mosquitto, find_free_port

pytestmark = pytest.mark.browser

SLOW_MS = 60_000
"""A loaded machine with two cores may need this long for work of one second."""
MAT_PIN = 17
FREE, TAKEN = re.compile(r"\bs-v\b"), re.compile(r"\bs-o\b")

PLAN = SitePlan(
    id="spinneriet",
    name="Spinneriet",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=(Floor(id="ground", name="Ground", width_m=10, depth_m=8),),
    zones=(Zone(id="hall", name="Hall", floor="ground", x_m=0, y_m=0, width_m=10, depth_m=8),),
    spaces=(
        Space(id="desk-1", name="Desk 1", kind=SpaceKind.DESK, zone="hall", x_m=2, y_m=2),
        Space(id="desk-2", name="Desk 2", kind=SpaceKind.DESK, zone="hall", x_m=5, y_m=2),
    ),
    sensors=(Sensor(device="pi-1", id="desk-1-mat", kind=SensorKind.PRESSURE, space="desk-1"),),
    privacy=PrivacySettings(strangers_when_few=StrangersWhenFew.ALL),  # the page of a site with two desks
    rules=OccupancyRules(level_hold_ms=1000),  # vacant one second after standing up, not three minutes
)


@dataclass
class Mat:
    """The mat of desk 1, which pulls its pin low while somebody sits on it."""

    pins: MockFactory

    def sit(self) -> None:
        self.pins.pin(MAT_PIN).drive_low()

    def stand_up(self) -> None:
        self.pins.pin(MAT_PIN).drive_high()


@pytest.fixture
def mat(broker: Mosquitto, tmp_path: Path) -> Iterator[Mat]:
    """Run an agent with a mat on its pin."""
    settings = DeviceSettings(
        site=PLAN.id,
        device="pi-1",
        broker=broker.settings("pi-1"),
        outbox_path=tmp_path / "outbox.sqlite",
        sensors=(PressureSettings(id="desk-1-mat", pin=MAT_PIN),),
        clock=ClockSource.HOST,
    )
    stop, pins = threading.Event(), MockFactory()
    thread = threading.Thread(target=agent.run_agent, args=(settings, HostClock(), pins, stop))
    thread.start()
    yield Mat(pins)
    stop.set()
    thread.join()


@pytest.fixture
def page(broker: Mosquitto, tmp_path: Path) -> Iterator[Page]:
    """Open the first page in Chromium, with a running collector and dashboard."""
    journal = tmp_path / "journal.sqlite"
    collecting = CollectorSettings(broker=broker.settings("collector"), journal_path=journal)
    serving = DashboardSettings(
        broker=broker.settings("dashboard"),
        accounts_path=tmp_path / "accounts.sqlite",
        journal_path=journal,
        port=find_free_port(),
    )
    with (
        running_collector(tmp_path, collecting, PLAN),
        running_dashboard(tmp_path, serving, PLAN),
        chromium() as browser,
    ):
        opened = browser.new_page(locale="en-GB")
        opened.goto(f"http://localhost:{serving.port}/")
        opened.evaluate("window.neverReloaded = true")
        yield opened
        assert opened.evaluate("window.neverReloaded")


def test_sitting_on_a_mat_takes_its_desk_on_the_open_page(mat: Mat, page: Page) -> None:
    desk = page.locator('[data-name="Desk 1"]')
    expect(desk).to_have_class(FREE, timeout=SLOW_MS)
    mat.sit()
    expect(desk).to_have_class(TAKEN, timeout=SLOW_MS)
    expect(page.locator("#number")).to_have_text("0–1", timeout=SLOW_MS)  # noqa: RUF001 - desk 2 has no sensor
    mat.stand_up()
    expect(desk).to_have_class(FREE, timeout=SLOW_MS)
    expect(page.locator("#number")).to_have_text("1–2", timeout=SLOW_MS)  # noqa: RUF001


def test_the_page_shows_a_lost_broker_and_recovers(mat: Mat, page: Page, broker: Mosquitto) -> None:
    desk, body, lost = page.locator('[data-name="Desk 1"]'), page.locator("body"), page.locator("#link-status")
    expect(desk).to_have_class(FREE, timeout=SLOW_MS)
    expect(lost).to_be_empty()
    broker.kill()
    expect(body).to_have_attribute("data-link", "broker_away", timeout=SLOW_MS)
    expect(lost).to_contain_text("No data since")
    mat.sit()
    broker.start()
    expect(body).to_have_attribute("data-link", "live", timeout=SLOW_MS)
    expect(lost).to_be_empty()
    expect(desk).to_have_class(TAKEN, timeout=SLOW_MS)
