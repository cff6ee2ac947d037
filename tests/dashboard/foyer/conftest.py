"""The foyer's fixtures: one browser and one broker for a file of tests, a house with a voice, a screen to look at."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.settings import DashboardSettings
from tests import browser
from tests.dashboard.conftest import Served
from tests.dashboard.stage import Voice, everything, voice
from tests.servers import Mosquitto

Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def told(lasting_broker: Mosquitto, served: Served) -> Iterator[tuple[DashboardSettings, Voice]]:
    with voice(lasting_broker.settings("observer")) as speaker, served(lasting_broker.settings("dashboard")) as running:
        everything(speaker)
        yield running, speaker


@pytest.fixture
def opened(chromium: Browser) -> Opened:
    """Open a page as the screen in the foyer does, at 1920 x 1080; its script may not throw."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        screen = {"viewport": {"width": 1920, "height": 1080}, **context}
        return browser.page_of(chromium, settings.port, expected="", **screen)

    return opening
