"""The use page in Chromium: two periods compared and exported, with and without JavaScript, on any screen."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from collector.history.measures import PEOPLE_FIVE_MIN, STAYS, ZONE_HOUR
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract.broker_client import BrokerSettings
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.live_pages import log_in_with_browser
from tests.support.dashboard.stored_weeks import SIX_WEEKS, store_rows
from tests.support.dashboard.weeks import build_stay_row, generate_hour_rows, generate_people_rows
from tests.support.servers import find_free_port

pytestmark = pytest.mark.browser


@pytest.fixture
def settings_with_history(served: Served) -> Iterator[DashboardSettings]:
    """Six weeks of history. The broker is unavailable, which does not affect this page."""
    with served(BrokerSettings(port=find_free_port())) as settings:
        store_rows(
            settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, lambda at: 20.0 if at.day % 2 else 16.0, capacity=32.0)
        )
        store_rows(settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, lambda _at: 6.0, zone="quiet", capacity=12.0))
        store_rows(settings, PEOPLE_FIVE_MIN, generate_people_rows(SIX_WEEKS, lambda _at: 17.0))
        store_rows(settings, STAYS, [build_stay_row(SIX_WEEKS.last, 10, 20, 30, 40)])
        yield settings


@contextmanager
def open_use_page(chromium: Browser, settings: DashboardSettings, **context: object) -> Iterator[Page]:
    with browser.open_page(chromium, settings.port, expected="400", **context) as page:
        log_in_with_browser(page, "/manage/use")
        yield page


def test_host_compares_and_exports_two_weeks_without_javascript(
    chromium: Browser, settings_with_history: DashboardSettings, tmp_path: Path
) -> None:
    with open_use_page(chromium, settings_with_history, java_script_enabled=False, accept_downloads=True) as page:
        page.fill("#from", "2025-11-10")
        page.fill("#to", "2025-11-16")
        page.select_option("#zone", "quiet")
        page.select_option("#with", "before")
        page.get_by_role("button", name="Visa").click()
        page.wait_for_url("**/manage/use?from=2025-11-10*")
        expect(page.locator("#compared")).to_have_text("Jämfört med 3 nov. 2025 – 9 nov. 2025")  # noqa: RUF001
        assert parse_qs(urlsplit(page.url).query)["zone"] == ["quiet"]
        with page.expect_download() as saved:
            page.locator("#days ~ .file a").click()
        file = tmp_path / "days.csv"
        saved.value.save_as(file)
        assert saved.value.suggested_filename == "ledig-spinneriet-quiet-desk-days-2025-11-10--2025-11-16.csv"
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig")), delimiter=";"))
        assert rows[1] == ["2025-11-10", "50,0", "6", "6", "100,0", "0"]
        page.locator("#days ~ details summary").click()
        shown = page.locator("#days ~ details tbody tr").first.locator("td").all_inner_texts()
        assert [text.replace("\xa0", " ") for text in shown] == ["50 %", "6", "6", "100 %", "0"]


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_charts_are_drawn_and_fit_the_screen(
    chromium: Browser, settings_with_history: DashboardSettings, width: int
) -> None:
    with open_use_page(chromium, settings_with_history, viewport={"width": width, "height": 844}) as page:
        page.goto("/manage/use?with=before")
        expect(page.locator(".chart .main-svg").first).to_be_visible()
        assert page.locator(".chart").count() == page.locator(".chart .main-svg:first-child").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heights = page.locator("header a, button, select, summary, .file a, .presets a, .choice input").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def test_invalid_query_can_be_corrected_in_the_form(
    chromium: Browser, settings_with_history: DashboardSettings
) -> None:
    with open_use_page(chromium, settings_with_history, locale="en-GB") as page:
        page.goto("/manage/use?from=2025-11-10&to=2025-11-09")
        expect(page.get_by_role("alert")).to_contain_text("The last day is before the first.")
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".lead")).to_contain_text("occupied during opening hours")


def test_print_has_figures_and_no_controls(chromium: Browser, settings_with_history: DashboardSettings) -> None:
    with open_use_page(chromium, settings_with_history) as page:
        page.goto("/manage/use?with=before")
        page.emulate_media(media="print")
        expect(page.locator(".lead")).to_be_visible()
        expect(page.locator(".heat")).to_be_visible()
        for gone in ("form.asked", ".presets", ".file", "header nav"):
            expect(page.locator(gone).first).to_be_hidden()
