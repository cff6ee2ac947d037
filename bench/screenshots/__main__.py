"""Take the README's screenshots of the example site: phone and desktop, light and dark, the wall, a manager's page.

Run:   make screenshots [ARGS=FOLDER]
In:    the example site of `ledig up` with three weeks of history, on a Monday with the clock fixed at 10.42; only
       the age of the last update is real, and differs from run to run.
Out:   six PNG files in docs/screenshots, or in the given folder; exit status 1 if one is too large.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect

from bench.screenshots.example_history import write_days, write_weeks
from bench.screenshots.example_site import MANAGER_NAME, MANAGER_PASSWORD, run_site
from ledig.up.up_command import read_site_or_example
from tests.support.browser import BROWSER_TIMEOUT_MS, chromium
from tests.support.servers import ROOT

FOLDER = ROOT / "docs" / "screenshots"
HISTORY_DAYS, EVENT_DAYS = 19, 2
MAX_BYTES = 150_000
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=900)
WALL = ViewportSize(width=1280, height=720)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot:
    """One file: its page and window."""

    name: str
    path: str
    window: ViewportSize
    theme: str = "light"
    manager: bool = False


SCREENSHOTS = (
    Screenshot(name="phone-light", path="/en", window=PHONE),
    Screenshot(name="phone-dark", path="/en", window=PHONE, theme="dark"),
    Screenshot(name="desk-light", path="/en", window=DESKTOP),
    Screenshot(name="desk-dark", path="/en", window=DESKTOP, theme="dark"),
    Screenshot(name="wall", path="/wall", window=WALL, theme="dark"),
    Screenshot(name="manager", path="/manage", window=DESKTOP, manager=True),
)


def take_screenshot(browser: Browser, port: int, screenshot: Screenshot, folder: Path) -> int:
    """Take one screenshot and return its size in bytes."""
    reader = browser.new_context(
        base_url=f"http://localhost:{port}",
        locale="en-GB",
        viewport=screenshot.window,
        color_scheme=screenshot.theme,  # type: ignore[arg-type]  # "light" or "dark"
        reduced_motion="reduce",
    )
    reader.set_default_timeout(BROWSER_TIMEOUT_MS)
    page = reader.new_page()
    if screenshot.manager:
        _log_in(page)
    page.goto(screenshot.path)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    for figure in page.locator("[data-figure]").all():
        expect(page.locator(f"#{figure.get_attribute('data-figure')} .main-svg").first).to_be_attached()
    file = folder / f"{screenshot.name}.png"
    page.screenshot(path=file, animations="disabled")
    reader.close()
    return file.stat().st_size


def _log_in(page: Page) -> None:
    page.goto("/manage/login")
    page.fill("#name", MANAGER_NAME)
    page.fill("#password", MANAGER_PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)


def main() -> None:
    """Create the history, run the site, take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    site = read_site_or_example(None)
    at = datetime(2025, 11, 24, 10, 42, tzinfo=site.plan.time_zone)
    at_ms = int(at.timestamp() * 1000)
    too_large = []
    with tempfile.TemporaryDirectory(prefix="ledig-screenshots-") as name:
        journal = Path(name) / "journal.sqlite"
        print(
            f"creating {HISTORY_DAYS} days of history and {EVENT_DAYS} days of events of the example site ...",
            flush=True,
        )
        first = at.date() - timedelta(days=EVENT_DAYS)
        write_weeks(site.plan, journal, first - timedelta(days=HISTORY_DAYS), first)
        write_days(site.plan, journal, first, at_ms)
        with run_site(site, journal, at_ms) as port, chromium() as browser:
            for screenshot in SCREENSHOTS:
                size = take_screenshot(browser, port, screenshot, folder)
                print(f"{screenshot.name}.png: {size / 1000:.0f} kB", flush=True)
                too_large += [screenshot.name] if size > MAX_BYTES else []
    if too_large:
        sys.exit(f"larger than {MAX_BYTES / 1000:.0f} kB: {', '.join(too_large)}")


if __name__ == "__main__":
    main()
