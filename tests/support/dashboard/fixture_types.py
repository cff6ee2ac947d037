"""The types of the fixtures that serve and open pages."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Page

from dashboard.configuration.dashboard_settings import DashboardSettings
from tests.support.dashboard.stage import CollectorPublisher

Served = Callable[..., AbstractContextManager[DashboardSettings]]


OpenScreen = Callable[..., AbstractContextManager[Page]]


ServedSite = tuple[DashboardSettings, CollectorPublisher]

OpenPhone = Callable[..., AbstractContextManager[Page]]
