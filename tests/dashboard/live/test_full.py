"""A page that finds no seat, in real Chromium: it looks again by itself, and stays right."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import expect

from collector.outward import Occupancy
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.stage import everything, state, voice
from tests.servers import HOST, Mosquitto, mosquitto

pytestmark = pytest.mark.browser

SEATS = 10
BEFORE, AFTER = "6–8", "7–9"  # noqa: RUF001 - a range has an en dash


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


def take_seats(port: int, count: int, stack: ExitStack) -> None:
    for _ in range(count):
        line = stack.enter_context(closing(http.client.HTTPConnection(HOST, port, timeout=30)))
        line.request("GET", "/api/v1/stream")
        assert line.getresponse().status == 200


def test_a_page_that_finds_no_seat_polls_the_frame_and_shows_every_change(broker: Mosquitto, served: Served) -> None:
    with (
        voice(broker.settings("observer")) as speaker,
        served(broker.settings("dashboard"), max_streams=SEATS) as settings,
        ExitStack() as stack,
        browser.chromium() as chromium,
    ):
        everything(speaker)
        take_seats(settings.port, SEATS // 2, stack)  # all that one address may have
        page = chromium.new_page(locale="sv-SE", base_url=f"http://{HOST}:{settings.port}")
        answered: list[tuple[str, int]] = []
        page.on("response", lambda answer: answered.append((answer.url.rsplit("/", 1)[-1], answer.status)))
        page.goto("/")
        expect(page.locator("#number")).to_have_text(BEFORE)
        speaker.say({"desk-1": state(Occupancy.VACANT), "room-1": state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text(AFTER)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        assert ("stream", 503) in answered
        assert ("stream", 200) not in answered
        assert ("frame", 200) in answered
