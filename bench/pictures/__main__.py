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

from bench.pictures.house import NAME, PASSWORD, opened
from bench.pictures.past import live_through, remember_weeks
from ledig.up import read_house
from tests.browser import SLOW_MS, chromium
from tests.servers import ROOT

FOLDER = ROOT / "docs" / "screenshots"
REMEMBERED, LIVED = 19, 2
MOST_BYTES = 150_000
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=900)
SCREEN = ViewportSize(width=1280, height=720)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One file: its page and window."""

    name: str
    path: str
    window: ViewportSize
    theme: str = "light"
    manager: bool = False


PICTURES = (
    Picture(name="phone-light", path="/en", window=PHONE),
    Picture(name="phone-dark", path="/en", window=PHONE, theme="dark"),
    Picture(name="desk-light", path="/en", window=DESK),
    Picture(name="desk-dark", path="/en", window=DESK, theme="dark"),
    Picture(name="wall", path="/wall", window=SCREEN, theme="dark"),
    Picture(name="manager", path="/manage", window=DESK, manager=True),
)


def take(browser: Browser, port: int, picture: Picture, folder: Path) -> int:
    """Take one screenshot and return its size in bytes."""
    reader = browser.new_context(
        base_url=f"http://localhost:{port}",
        locale="en-GB",
        viewport=picture.window,
        color_scheme=picture.theme,  # type: ignore[arg-type]  # "light" or "dark"
        reduced_motion="reduce",
    )
    reader.set_default_timeout(SLOW_MS)
    page = reader.new_page()
    if picture.manager:
        _log_in(page)
    page.goto(picture.path)
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    for figure in page.locator("[data-figure]").all():
        expect(page.locator(f"#{figure.get_attribute('data-figure')} .main-svg").first).to_be_attached()
    file = folder / f"{picture.name}.png"
    page.screenshot(path=file, animations="disabled")
    reader.close()
    return file.stat().st_size


def _log_in(page: Page) -> None:
    page.goto("/manage/login")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)


def main() -> None:
    """Create the history, run the site, take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    site = read_house(None)
    at = datetime(2025, 11, 24, 10, 42, tzinfo=site.plan.time_zone)
    at_ms = int(at.timestamp() * 1000)
    too_large = []
    with tempfile.TemporaryDirectory(prefix="ledig-screenshots-") as name:
        journal = Path(name) / "journal.sqlite"
        print(f"creating {REMEMBERED} days of history and {LIVED} days of events of the example site ...", flush=True)
        first = at.date() - timedelta(days=LIVED)
        remember_weeks(site.plan, journal, first - timedelta(days=REMEMBERED), first)
        live_through(site.plan, journal, first, at_ms)
        with opened(site, journal, at_ms) as port, chromium() as browser:
            for picture in PICTURES:
                size = take(browser, port, picture, folder)
                print(f"{picture.name}.png: {size / 1000:.0f} kB", flush=True)
                too_large += [picture.name] if size > MOST_BYTES else []
    if too_large:
        sys.exit(f"larger than {MOST_BYTES / 1000:.0f} kB: {', '.join(too_large)}")


if __name__ == "__main__":
    main()
