"""The live, devices and growth pages in Chromium, with a real server and Mosquitto."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, ViewportSize, expect

from collector.contract.states import Occupancy
from collector.site.spaces import SpaceKind
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract import topics
from edge.contract.broker_client import create_client
from edge.contract.message import CommandName, DeviceCommand, DeviceStatus, decode_command
from tests.support import browser
from tests.support.dashboard.device_reports import HEALTHY_DEVICE
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.live_pages import log_in_with_browser
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import (
    CollectorPublisher,
    build_morning_states,
    build_state,
    publish_everything,
    run_publisher,
)
from tests.support.dashboard.stored_weeks import store_weeks
from tests.support.servers import Mosquitto

pytestmark = pytest.mark.browser

ServedSite = tuple[DashboardSettings, CollectorPublisher]


@pytest.fixture
def live_site(broker: Mosquitto, served: Served) -> Iterator[ServedSite]:
    with run_publisher(broker.settings("observer")) as publisher, served(broker.settings("dashboard")) as settings:
        publish_everything(publisher)
        yield settings, publisher


@contextmanager
def page_of(chromium: Browser, settings: DashboardSettings, path: str, *, script: bool = True) -> Iterator[Page]:
    """Open a manager's page on a small phone, logged in."""
    small = {"locale": "en-GB", "viewport": {"width": 320, "height": 568}, "java_script_enabled": script}
    with browser.open_page(chromium, settings.port, **small) as page:
        log_in_with_browser(page, path)
        yield page


def test_device_going_offline_and_online_is_shown_while_the_page_is_open(
    chromium: Browser, live_site: ServedSite
) -> None:
    settings, publisher = live_site
    with page_of(chromium, settings, "/manage/devices") as page:
        one = page.locator('[data-device="pi-1"]')
        expect(one.locator("h2")).to_have_text("pi-1: problem")
        publisher.publish_device_status("pi-1", DeviceStatus(online=False))
        expect(one.locator("h2")).to_have_text("pi-1: offline")
        expect(one.get_by_role("button", name="Identify")).to_have_count(0)
        publisher.publish_device_status("pi-1", HEALTHY_DEVICE)
        expect(one.locator("h2")).to_have_text("pi-1: OK")
        expect(one.get_by_role("button", name="Identify pi-1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_click_identifies_the_device(chromium: Browser, live_site: ServedSite, broker: Mosquitto, script: bool) -> None:
    settings, publisher = live_site
    publisher.publish_device_status("pi-1", replace(HEALTHY_DEVICE, version="0.5.0"))
    received: queue.Queue[bytes] = queue.Queue()
    device = create_client(broker.settings("pi-1"), "device")
    device.on_message = lambda _client, _data, message: received.put(message.payload)
    subscribed = queue.Queue[bool]()
    device.on_subscribe = lambda *_: subscribed.put(True)
    device.on_connect = lambda me, *_: me.subscribe(topics.DEVICE_COMMAND.topic(PLAN.id, "pi-1"), 1)
    device.connect(broker.host, broker.port)
    device.loop_start()
    try:
        subscribed.get(timeout=20)
        with page_of(chromium, settings, "/manage/devices", script=script) as page:
            page.get_by_role("button", name="Identify pi-1").click()
            expect(page.get_by_text("The lamp of pi-1 blinks")).to_be_visible()
        assert decode_command(received.get(timeout=20)) == DeviceCommand(CommandName.IDENTIFY)
    finally:
        device.disconnect()
        device.loop_stop()


def test_live_page_is_short_and_follows_the_fewest_free(chromium: Browser, live_site: ServedSite) -> None:
    settings, publisher = live_site
    with page_of(chromium, settings, "/manage") as page:
        expect(page.locator("#fewest")).to_have_text(
            "Fewest free today: 8 at 10:00"
        )  # two are unknown, 6 are surely free
        publisher.publish_states({"desk-2": build_state(Occupancy.OCCUPIED, space="desk-2")})
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 7 at 10:00")
        page.reload()
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 7 at 10:00")  # the server's rule is the same
        known = build_morning_states()
        desks = [space.id for space in PLAN.spaces if space.kind is SpaceKind.DESK and space.is_offered]
        desks.sort(key=lambda desk: known[desk].state is Occupancy.VACANT)  # the free ones become unknown last
        publisher.publish_states({desk: build_state(Occupancy.UNKNOWN, space=desk) for desk in desks})
        expect(page.locator("#number")).to_have_text("?")
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 7 at 10:00")  # unknown is not zero
        expect(page.locator("#device-summary")).to_have_text("2 of 2 devices need attention.")
        publisher.publish_device_status("pi-1", HEALTHY_DEVICE)
        expect(page.locator("#device-summary")).to_have_text("1 of 2 devices needs attention.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.set_viewport_size(ViewportSize(width=1440, height=900))
        assert page.evaluate("document.documentElement.scrollHeight") < 3 * 900


def test_growth_for_more_members_is_calculated_and_drawn(chromium: Browser, live_site: ServedSite) -> None:
    settings, _speaker = live_site
    store_weeks(settings, 6)
    with page_of(chromium, settings, "/manage/growth") as page:
        page.get_by_label("Members sharing the 28 desks").fill("60")
        page.get_by_role("button", name="Calculate").click()
        expect(page.locator(".lead")).to_contain_text("With 10 more members")
        expect(page.locator("#chart .main-svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
