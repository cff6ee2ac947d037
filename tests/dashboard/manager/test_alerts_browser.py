"""The alerts page in Chromium, with a real server and Mosquitto: live updates and muting."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from collector.contract.alerts import AlertCommand, AlertKind, Alerts, Mute, MuteAction, decode_command, encode
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract import topics
from edge.contract.broker_client import create_client
from edge.timekeeping.durations import HOUR_MS
from tests.support import browser
from tests.support.dashboard.alert_messages import AIR_ALERT, ALERTS_MESSAGE, CROWD_ALERT, DEVICE_ALERT
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.live_pages import expect_live_page, log_in_with_browser
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import CollectorPublisher, publish_everything, run_publisher
from tests.support.servers import Mosquitto, wait_until

pytestmark = pytest.mark.browser

ServedSite = tuple[DashboardSettings, CollectorPublisher]
ALERTS = topics.ALERTS.topic(PLAN.id)


@pytest.fixture
def site_with_alerts(broker: Mosquitto, served: Served) -> Iterator[ServedSite]:
    with run_publisher(broker.settings("observer")) as publisher, served(broker.settings("dashboard")) as settings:
        publish_everything(publisher)
        publisher.publish_payload(ALERTS, encode(ALERTS_MESSAGE))
        yield settings, publisher


@contextmanager
def page_of(chromium: Browser, settings: DashboardSettings, **context: object) -> Iterator[Page]:
    """Open a manager's page, logged in."""
    with browser.open_page(chromium, settings.port, **{"locale": "en-GB", **context}) as page:
        log_in_with_browser(page, "/manage/alerts")
        yield page


@contextmanager
def receiving(broker: Mosquitto, received: queue.Queue[bytes]) -> Iterator[None]:
    """Receive the commands that are sent to the collector."""
    listener = create_client(broker.settings("collector"), "listener")
    listener.on_message = lambda _client, _data, message: received.put(message.payload)
    listener.on_connect = lambda me, *_: me.subscribe(topics.COLLECTOR_COMMAND.topic(PLAN.id), 1)
    listener.connect(broker.host, broker.port)
    listener.loop_start()
    yield
    listener.disconnect()
    listener.loop_stop()


def test_alerts_appear_and_disappear_while_the_page_is_open(chromium: Browser, site_with_alerts: ServedSite) -> None:
    settings, publisher = site_with_alerts
    with page_of(chromium, settings) as page:
        expect_live_page(page)
        expect(page.locator("article h2")).to_have_text(
            ["Over capacity", "Device offline: pi-2", "Poor air: Spinnsalen"]
        )
        publisher.publish_payload(ALERTS, encode(Alerts(MONDAY_10_MS, [CROWD_ALERT], [], [])))
        expect(page.locator("article h2")).to_have_text(["Over capacity"])
        publisher.publish_payload(ALERTS, encode(Alerts(MONDAY_10_MS, [], [], [])))
        expect(page.locator("h1")).to_have_text("No active alerts")


def test_staff_page_lists_alerts_as_they_begin(chromium: Browser, site_with_alerts: ServedSite) -> None:
    settings, publisher = site_with_alerts
    with page_of(chromium, settings) as page:
        page.goto("/manage")
        expect(page.locator("#alert-count")).to_have_text("2 active alerts")
        publisher.publish_payload(ALERTS, encode(Alerts(MONDAY_10_MS, [DEVICE_ALERT], [], [])))
        expect(page.locator("#alert-lines li")).to_have_text(
            ["pi-2 has been offline since 08:00: 17 sensors affected. Check power and Wi-Fi of pi-2."]
        )
        publisher.publish_payload(ALERTS, encode(Alerts(MONDAY_10_MS, [AIR_ALERT], [], [])))
        expect(page.locator("#alert-count")).to_have_text("No active alerts")
        expect(page.locator("#alert-lines li")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_manager_mutes_an_alert_for_an_hour(
    chromium: Browser, site_with_alerts: ServedSite, broker: Mosquitto, script: bool
) -> None:
    settings, publisher = site_with_alerts
    received: queue.Queue[bytes] = queue.Queue()
    with receiving(broker, received), page_of(chromium, settings, java_script_enabled=script) as page:
        form = page.locator("article", has_text="Device offline").locator("form")
        form.get_by_role("combobox").select_option("hour")
        form.get_by_role("button").click()
        expect(page.get_by_text("Sent to the collector")).to_be_visible()
        command = AlertCommand(MuteAction.MUTE, AlertKind.DEVICE_SILENT, "pi-2", MONDAY_10_MS + HOUR_MS)
        assert decode_command(received.get(timeout=20)) == command
        mutes = [Mute(command.kind, command.subject, command.until_ms)]
        publisher.publish_payload(ALERTS, encode(Alerts(MONDAY_10_MS, [replace(DEVICE_ALERT, muted=True)], [], mutes)))
        again = page.get_by_role("button", name="Unmute: Device offline: pi-2")
        if not script:
            wait_until(lambda: page.reload() and again.is_visible(), what="the mute on a reloaded page")
        again.click()
        expect(page.get_by_text("Sent to the collector")).to_be_visible()
        assert decode_command(received.get(timeout=20)) == AlertCommand(
            MuteAction.UNMUTE, command.kind, command.subject
        )


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("language", ["sv-SE", "en-GB"])
def test_page_does_not_scroll_sideways(
    chromium: Browser, site_with_alerts: ServedSite, width: int, language: str
) -> None:
    with page_of(chromium, site_with_alerts[0], locale=language, viewport={"width": width, "height": 800}) as page:
        expect(page.locator("article")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_shows_that_the_collector_left(chromium: Browser, site_with_alerts: ServedSite) -> None:
    settings, publisher = site_with_alerts
    with page_of(chromium, settings) as page:
        expect_live_page(page)
        publisher.shut_down()
        expect(page.locator("body")).to_have_attribute("data-link", "collector_away")
