"""The today page, and the notice on every page, in Chromium with the screen of a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.adjustments import MOST_NOTICE, Adjustments, encode
from edge import topics
from tests import browser
from tests.dashboard.conftest import NAME, PASSWORD, Served
from tests.dashboard.house import PLAN
from tests.dashboard.stage import everything, voice
from tests.servers import Mosquitto

pytestmark = pytest.mark.browser

WORD = "W" * MOST_NOTICE
RIGHT_TO_LEFT = "المياه مقطوعة (حتى 16:00)"
MARKUP = "<b onclick=alert(1)>fika</b> {{ 7 * 7 }} %(x)s &amp;"


Adjusted = tuple[Page, Callable[[str], None]]
"""A page, and a function that sets the notice of the site."""


@pytest.fixture
def adjusted(chromium: Browser, lasting_broker: Mosquitto, served: Served) -> Iterator[Adjusted]:
    with (
        voice(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard")) as running,
        browser.page_of(chromium, running.port) as page,
    ):
        everything(publisher)

        def adjust(notice: str) -> None:
            adjustments = Adjustments(notice=notice, hours={"2025-12-24": []}, out_of_use=["desk-1", "booth-1"])
            publisher.raw(topics.adjustments(PLAN.id), encode(adjustments))

        yield page, adjust
        publisher.raw(topics.adjustments(PLAN.id), encode(Adjustments()))


@pytest.mark.parametrize("notice", [WORD, RIGHT_TO_LEFT, MARKUP])
def test_any_notice_is_shown_as_written_and_fits_the_screen(adjusted: Adjusted, notice: str) -> None:
    page, adjust = adjusted
    adjust(notice)
    page.goto("/manage/login")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)
    for path in ("/", "/manage", "/manage/today"):
        page.goto(path)
        expect(page.locator(".notice").first).to_have_text(notice)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    expect(page.locator("#notice")).to_have_value(notice)
    expect(page.locator(".adjusted li")).to_have_count(3)
    direction = page.locator(".notice").evaluate("one => getComputedStyle(one).direction")
    assert direction == ("rtl" if notice == RIGHT_TO_LEFT else "ltr")


def test_open_page_shows_a_new_notice_within_seconds(adjusted: Adjusted) -> None:
    page, adjust = adjusted
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    adjust("Fika at three")
    expect(page.locator(".notice").first).to_have_text(re.compile("Fika at three"))
