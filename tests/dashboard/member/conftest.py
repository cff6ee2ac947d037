"""Fixtures of the member page: a browser and a broker per test file, a served site with a publisher, a phone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.configuration.settings import DashboardSettings
from tests.support import browser
from tests.support.dashboard.fixture_types import OpenPhone, Served, ServedSite
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.servers import Mosquitto


@pytest.fixture
def site(lasting_broker: Mosquitto, served: Served) -> Iterator[ServedSite]:
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard")) as running,
    ):
        publish_everything(publisher)
        yield running, publisher


@pytest.fixture
def phone(chromium: Browser) -> OpenPhone:
    """Open a page at 390 x 844 in Swedish; errors in its scripts fail the test."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        return browser.open_page(chromium, settings.port, expected="", **context)

    return opening
