"""The foyer's fixtures: one browser and one broker for a file of tests, a house with a voice, a screen to look at."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.settings import DashboardSettings
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.stage import Voice, everything, voice
from tests.servers import Mosquitto, mosquitto

Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as opened_browser:
        yield opened_browser


@pytest.fixture(scope="module")
def lasting_broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


@pytest.fixture
def told(lasting_broker: Mosquitto, served: Served) -> Iterator[tuple[DashboardSettings, Voice]]:
    with voice(lasting_broker.settings("observer")) as speaker, served(lasting_broker.settings("dashboard")) as running:
        everything(speaker)
        yield running, speaker


@pytest.fixture
def opened(chromium: Browser) -> Opened:
    """Open a page as the screen in the foyer does, at 1920 x 1080; its script may not throw."""

    @contextmanager
    def opening(settings: DashboardSettings, **context: object) -> Iterator[Page]:
        options = {"locale": "sv-SE", "viewport": {"width": 1920, "height": 1080}, **context}
        reader = chromium.new_context(base_url=f"http://localhost:{settings.port}", **options)  # type: ignore[arg-type]
        reader.set_default_timeout(browser.SLOW_MS)
        page = reader.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        yield page
        reader.close()
        assert faults == []

    return opening
