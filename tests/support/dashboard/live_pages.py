"""Waits in a browser until a page shows live data, and logs in there."""

from playwright.sync_api import Page, expect

from tests.support.dashboard.users import PASSWORD, USER_NAME


def expect_live_member_page(page: Page) -> None:
    """Wait until the page shows live data."""
    expect(page.locator("body.follows")).to_have_attribute("data-link", "live")


def expect_live_page(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")


def log_in_with_browser(page: Page, onward: str = "/manage") -> None:
    page.goto(onward)
    page.fill("#name", USER_NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)  # leaving before the response would lose the cookie
