"""Fixtures of the wall screen: a browser and a broker per test file, a served site with a publisher, a screen."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.configuration.settings import DashboardSettings
from tests.support import browser
from tests.support.dashboard.fixture_types import OpenScreen, Served
from tests.support.dashboard.stage import CollectorPublisher, publish_everything, run_publisher
from tests.support.servers import Mosquitto


@pytest.fixture
def site(lasting_broker: Mosquitto, served: Served) -> Iterator[tuple[DashboardSettings, CollectorPublisher]]:
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard")) as running,
    ):
        publish_everything(publisher)
        yield running, publisher


@pytest.fixture
def opened(chromium: Browser) -> OpenScreen:
    """Open a page at 1920 x 1080 like the wall screen; errors in its scripts fail the test."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        screen = {"viewport": {"width": 1920, "height": 1080}, **context}
        return browser.open_page(chromium, settings.port, expected="", **screen)

    return opening
