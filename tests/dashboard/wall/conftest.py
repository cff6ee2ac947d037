"""Fixture of the wall screen: its page in a browser."""

from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.configuration.settings import DashboardSettings
from tests.support import browser
from tests.support.dashboard.fixture_types import OpenScreen


@pytest.fixture
def opened(chromium: Browser) -> OpenScreen:
    """Open a page at 1920 x 1080 like the wall screen; errors in its scripts fail the test."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        screen = {"viewport": {"width": 1920, "height": 1080}, **context}
        return browser.open_page(chromium, settings.port, expected="", **screen)

    return opening
