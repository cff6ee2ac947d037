"""One browser and one broker for a file of tests, a house with a voice, a phone to look at it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.settings import DashboardSettings
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.stage import Voice, everything, voice
from tests.servers import Mosquitto

House = tuple[DashboardSettings, Voice]
Phone = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def house(lasting_broker: Mosquitto, served: Served) -> Iterator[House]:
    with voice(lasting_broker.settings("observer")) as speaker, served(lasting_broker.settings("dashboard")) as running:
        everything(speaker)
        yield running, speaker


@pytest.fixture
def phone(chromium: Browser) -> Phone:
    """Open a page as a phone does, at 390 x 844, in Swedish; its script may not throw."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        return browser.page_of(chromium, settings.port, expected="", **context)

    return opening


def expect_live(page: Page) -> None:
    """The page hears from the house."""
    expect(page.locator("body.follows")).to_have_attribute("data-link", "live")
