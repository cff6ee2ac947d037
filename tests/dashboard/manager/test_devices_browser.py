"""Now, devices and growth in real Chromium, over a real server and a real Mosquitto."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, ViewportSize, expect

from collector.outward import Occupancy
from collector.plan import SpaceKind
from dashboard.settings import DashboardSettings
from edge import topics
from edge.broker import client
from edge.message import Command, CommandName, DeviceStatus, decode_command
from edge.topics import DeviceTopic
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.house import PLAN
from tests.dashboard.manager.test_devices import WELL
from tests.dashboard.manager.test_growth_pages import remember
from tests.dashboard.stage import Voice, everything, morning, state, voice
from tests.dashboard.test_browser import log_in
from tests.servers import Mosquitto

pytestmark = pytest.mark.browser

House = tuple[DashboardSettings, Voice]


@pytest.fixture
def told(broker: Mosquitto, served: Served) -> Iterator[House]:
    with voice(broker.settings("observer")) as speaker, served(broker.settings("dashboard")) as settings:
        everything(speaker)
        yield settings, speaker


@contextmanager
def page_of(chromium: Browser, settings: DashboardSettings, path: str, *, script: bool = True) -> Iterator[Page]:
    """A manager's page on a small phone, logged in."""
    small = {"locale": "en-GB", "viewport": {"width": 320, "height": 568}, "java_script_enabled": script}
    with browser.page_of(chromium, settings.port, **small) as page:
        log_in(page, path)
        yield page


def test_a_device_that_goes_and_comes_back_is_told_while_the_page_is_open(chromium: Browser, told: House) -> None:
    settings, speaker = told
    with page_of(chromium, settings, "/manage/devices") as page:
        one = page.locator('[data-device="pi-1"]')
        expect(one.locator("h2")).to_have_text("pi-1: problem")
        speaker.say_device("pi-1", DeviceStatus(online=False))
        expect(one.locator("h2")).to_have_text("pi-1: offline")
        expect(one.get_by_role("button", name="Identify")).to_have_count(0)
        speaker.say_device("pi-1", WELL)
        expect(one.locator("h2")).to_have_text("pi-1: OK")
        expect(one.get_by_role("button", name="Identify pi-1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_a_click_lets_the_device_blink(chromium: Browser, told: House, broker: Mosquitto, script: bool) -> None:
    settings, speaker = told
    speaker.say_device("pi-1", replace(WELL, version="0.5.0"))
    heard: queue.Queue[bytes] = queue.Queue()
    device = client(broker.settings("pi-1"), "device")
    device.on_message = lambda _client, _data, said: heard.put(said.payload)
    subscribed = queue.Queue[bool]()
    device.on_subscribe = lambda *_: subscribed.put(True)
    device.on_connect = lambda me, *_: me.subscribe(topics.device(PLAN.id, "pi-1", DeviceTopic.COMMAND), 1)
    device.connect(broker.host, broker.port)
    device.loop_start()
    try:
        subscribed.get(timeout=20)
        with page_of(chromium, settings, "/manage/devices", script=script) as page:
            page.get_by_role("button", name="Identify pi-1").click()
            expect(page.get_by_text("The lamp of pi-1 blinks")).to_be_visible()
        assert decode_command(heard.get(timeout=20)) == Command(CommandName.IDENTIFY)
    finally:
        device.disconnect()
        device.loop_stop()


def test_the_page_of_now_is_short_and_follows_what_gets_tighter(chromium: Browser, told: House) -> None:
    settings, speaker = told
    with page_of(chromium, settings, "/manage") as page:
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 6 at 10:00")
        speaker.say({"desk-2": state(Occupancy.OCCUPIED, space="desk-2")})
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 5 at 10:00")
        known = morning()
        desks = [space.id for space in PLAN.spaces if space.kind is SpaceKind.DESK and space.offered]
        desks.sort(key=lambda desk: known[desk].state is Occupancy.VACANT)  # the free ones fall silent last
        speaker.say({desk: state(Occupancy.UNKNOWN, space=desk) for desk in desks})
        expect(page.locator("#number")).to_have_text("?")
        expect(page.locator("#fewest")).to_have_text("Fewest free today: 5 at 10:00")  # not known is not none
        expect(page.locator("#fleet")).to_have_text("2 of 2 devices need attention.")
        speaker.say_device("pi-1", WELL)
        expect(page.locator("#fleet")).to_have_text("1 of 2 devices needs attention.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.set_viewport_size(ViewportSize(width=1440, height=900))
        assert page.evaluate("document.documentElement.scrollHeight") < 3 * 900


def test_more_members_are_asked_for_and_drawn(chromium: Browser, told: House) -> None:
    settings, _speaker = told
    remember(settings, 6)
    with page_of(chromium, settings, "/manage/growth") as page:
        page.get_by_label("Members sharing the 28 desks").fill("60")
        page.get_by_role("button", name="Calculate").click()
        expect(page.locator(".lead")).to_contain_text("With 10 more members")
        expect(page.locator("#chart .main-svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
