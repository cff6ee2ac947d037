"""The today page, and the notice on every page, in Chromium with the screen of a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.site.adjustments import MAX_NOTICE_CHARS, Adjustments, encode
from edge.contract import topics
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.dashboard.users import PASSWORD, USER_NAME
from tests.support.servers import Mosquitto

pytestmark = pytest.mark.browser

LONG_NOTICE = "W" * MAX_NOTICE_CHARS
RIGHT_TO_LEFT = "المياه مقطوعة (حتى 16:00)"
MARKUP = "<b onclick=alert(1)>fika</b> {{ 7 * 7 }} %(x)s &amp;"


AdjustedPage = tuple[Page, Callable[[str], None]]
"""A page, and a function that sets the notice of the site."""


@pytest.fixture
def adjusted(chromium: Browser, lasting_broker: Mosquitto, served: Served) -> Iterator[AdjustedPage]:
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard")) as running,
        browser.open_page(chromium, running.port) as page,
    ):
        publish_everything(publisher)

        def adjust(notice: str) -> None:
            adjustments = Adjustments(notice=notice, hours={"2025-12-24": []}, out_of_use=["desk-1", "booth-1"])
            publisher.publish_payload(topics.ADJUSTMENTS.topic(PLAN.id), encode(adjustments))

        yield page, adjust
        publisher.publish_payload(topics.ADJUSTMENTS.topic(PLAN.id), encode(Adjustments()))


@pytest.mark.parametrize("notice", [LONG_NOTICE, RIGHT_TO_LEFT, MARKUP])
def test_any_notice_is_shown_as_written_and_fits_the_screen(adjusted: AdjustedPage, notice: str) -> None:
    page, adjust = adjusted
    adjust(notice)
    page.goto("/manage/login")
    page.fill("#name", USER_NAME)
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


def test_open_page_shows_a_new_notice_within_seconds(adjusted: AdjustedPage) -> None:
    page, adjust = adjusted
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    adjust("Fika at three")
    expect(page.locator(".notice").first).to_have_text(re.compile("Fika at three"))
