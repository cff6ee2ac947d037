"""One browser and one broker for a file of tests, a house with a voice, a phone to look at it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.settings import DashboardSettings
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.stage import Voice, everything, voice
from tests.servers import Mosquitto, mosquitto

House = tuple[DashboardSettings, Voice]
Phone = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as opened_browser:
        yield opened_browser


@pytest.fixture(scope="module")
def lasting_broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


@pytest.fixture
def house(lasting_broker: Mosquitto, served: Served) -> Iterator[House]:
    with voice(lasting_broker.settings("observer")) as speaker, served(lasting_broker.settings("dashboard")) as running:
        everything(speaker)
        yield running, speaker


@pytest.fixture
def phone(chromium: Browser) -> Phone:
    """Open a page as a phone does, at 390 x 844, in Swedish; its script may not throw."""

    @contextmanager
    def opening(settings: DashboardSettings, **context: object) -> Iterator[Page]:
        options = {"locale": "sv-SE", "viewport": {"width": 390, "height": 844}, **context}
        reader = chromium.new_context(base_url=f"http://localhost:{settings.port}", **options)  # type: ignore[arg-type]
        reader.set_default_timeout(browser.SLOW_MS)
        page = reader.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        yield page
        reader.close()
        assert faults == []

    return opening


def expect_live(page: Page) -> None:
    """The page hears from the house."""
    expect(page.locator("body.follows")).to_have_attribute("data-link", "live")
