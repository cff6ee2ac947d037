"""Accounts in real Chromium: a session that is ended elsewhere, and its open page."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.accounts.accounts import Accounts
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.dashboard.users import PASSWORD, USER_NAME, VIEWER_NAME
from tests.support.servers import mosquitto

pytestmark = pytest.mark.browser


def enter(chromium: Browser, port: int, name: str) -> Page:
    page = chromium.new_context(base_url=f"http://localhost:{port}", locale="en-GB").new_page()
    page.set_default_timeout(browser.BROWSER_TIMEOUT_MS)
    page.goto("/manage")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/manage")
    return page


def test_an_open_page_goes_to_the_login_and_back_when_its_session_is_ended(chromium: Browser, served: Served) -> None:
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard")) as settings,
    ):
        publish_everything(publisher)
        viewer = enter(chromium, settings.port, VIEWER_NAME)
        expect(viewer.locator("body")).to_have_attribute("data-link", "live")
        manager = enter(chromium, settings.port, USER_NAME)
        manager.goto("/manage/accounts")
        row = manager.get_by_role("row", name=f"{VIEWER_NAME} Chrome")
        expect(row).to_contain_text("Chrome, Linux")
        row.get_by_role("button", name="End").click()
        expect(manager.get_by_text("Session ended.")).to_be_visible()
        expect(viewer.get_by_text("Your session has ended.")).to_be_visible()  # by itself, with the next frame
        viewer.fill("#name", VIEWER_NAME)
        viewer.fill("#password", PASSWORD)
        viewer.click("main button")
        viewer.wait_for_url("**/manage")
        Accounts(settings.accounts_path).lock(VIEWER_NAME)
        viewer.get_by_role("link", name="Privacy").click()
        expect(viewer.get_by_text("Your session has ended.")).to_be_visible()
