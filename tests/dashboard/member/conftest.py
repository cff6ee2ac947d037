"""Fixture of the member page: the page on a phone."""

from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Browser, Page

from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support import browser
from tests.support.dashboard.fixture_types import OpenPhone


@pytest.fixture
def phone(chromium: Browser) -> OpenPhone:
    """Open a page at 390 x 844 in Swedish; errors in its scripts fail the test."""

    def opening(settings: DashboardSettings, **context: object) -> AbstractContextManager[Page]:
        return browser.open_page(chromium, settings.port, expected="", **context)

    return opening
