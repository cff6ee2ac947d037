"""A page without a stream slot, in real Chromium: it polls by itself and stays correct."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import expect

from collector.contract.states import Occupancy
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.stage import build_state, publish_everything, run_publisher
from tests.support.servers import HOST, Mosquitto, mosquitto

pytestmark = pytest.mark.browser

MAX_STREAMS = 10
BEFORE, AFTER = "6–8", "7–9"  # noqa: RUF001 - a range has an en dash


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


def take_slots(port: int, count: int, stack: ExitStack) -> None:
    for _ in range(count):
        line = stack.enter_context(closing(http.client.HTTPConnection(HOST, port, timeout=30)))
        line.request("GET", "/api/v1/stream")
        assert line.getresponse().status == 200


def test_a_page_without_a_slot_polls_and_shows_every_change(broker: Mosquitto, served: Served) -> None:
    with (
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard"), max_streams=MAX_STREAMS) as settings,
        ExitStack() as stack,
        browser.chromium() as chromium,
    ):
        publish_everything(publisher)
        take_slots(settings.port, MAX_STREAMS // 2, stack)  # the limit per address
        page = chromium.new_page(locale="sv-SE", base_url=f"http://{HOST}:{settings.port}")
        answered: list[tuple[str, int]] = []
        page.on("response", lambda answer: answered.append((answer.url.rsplit("/", 1)[-1], answer.status)))
        page.goto("/")
        expect(page.locator("#number")).to_have_text(BEFORE)
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT), "room-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text(AFTER)
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        assert ("stream", 503) in answered
        assert ("stream", 200) not in answered
        assert ("frame", 200) in answered
