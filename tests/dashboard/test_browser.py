"""The pages in real Chromium, over a real server and a real Mosquitto."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from collector.contract.findings import Finding, FindingKind, Findings
from collector.contract.findings import encode as encode_findings
from collector.contract.states import Occupancy
from collector.history import tables
from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract import topics
from tests.support import browser
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.live_pages import expect_live_page, log_in_with_browser
from tests.support.dashboard.outlooks import OUTLOOK
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import (
    CollectorPublisher,
    build_state,
    publish_everything,
    publish_forecast,
    run_publisher,
)
from tests.support.servers import Mosquitto, mosquitto

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


@pytest.fixture
def running_site(broker: Mosquitto, served: Served) -> Iterator[tuple[DashboardSettings, CollectorPublisher]]:
    with run_publisher(broker.settings("observer")) as publisher, served(broker.settings("dashboard")) as settings:
        publish_everything(publisher)
        yield settings, publisher


def test_a_page_turns_grey_when_its_server_is_gone(chromium: Browser, broker: Mosquitto, served: Served) -> None:
    with run_publisher(broker.settings("observer")) as publisher, chromium.new_context(locale="sv-SE") as reader:
        page = reader.new_page()
        with served(broker.settings("dashboard")) as settings:
            publish_everything(publisher)
            page.goto(f"http://localhost:{settings.port}/")
            expect_live_page(page)
        expect(page.locator("#link-status")).to_contain_text("Ingen anslutning")
        assert page.locator("body").get_attribute("data-link") != "live"


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("path", ["/", "/manage"])
def test_no_page_is_wider_than_its_window(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher], width: int, path: str
) -> None:
    settings, _publisher = running_site
    with browser.open_page(chromium, settings.port, viewport={"width": width, "height": 800}) as page:
        if path == "/manage":
            log_in_with_browser(page)
        page.goto(path)
        expect_live_page(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_touch_targets_are_large_enough(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher]
) -> None:
    settings, _publisher = running_site
    with browser.open_page(chromium, settings.port) as page:
        log_in_with_browser(page)
        expect_live_page(page)
        heights = page.locator("header a, .skip, button, select, summary").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def test_a_manager_sees_live_reasons_and_charts_without_policy_violations(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher]
) -> None:
    import sqlite3

    settings, publisher = running_site
    db = sqlite3.connect(settings.journal_path)
    tables.create_tables(db)
    hour = [
        HistoryRow(("site", "desk"), MONDAY_10_MS - minute * 60_000, (32.0, 10.0, 12.0, 20.0, 0.0))
        for minute in range(5, 65, 5)
    ]
    tables.upsert_rows(db, ZONE_FIVE_MIN, hour)
    db.commit()
    db.close()
    with browser.open_page(chromium, settings.port) as page:
        log_in_with_browser(page, "/manage/forecast?days=1")
        expect(page.locator("#chart .main-svg").first).to_be_visible()
        assert page.locator("details table tbody tr").count() == 1
        page.goto("/manage")
        expect_live_page(page)
        why = page.locator('[data-why="desk-1"] [data-cell="why"]')
        expect(why).to_contain_text("rörelse vid desk-1-pir för 6 min sedan; ledigt kl. 10.04")
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT)})
        expect(why).to_have_text("ingen aktivitet sedan kl. 09.54")
        page.get_by_role("button", name="Logga ut anna").click()
        page.wait_for_url("/")  # leaving before the response would cancel the request
        page.goto("/manage")
        assert urlsplit(page.url).path == "/manage/login"


def test_a_finding_appears_with_its_form_and_disappears_again(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher]
) -> None:
    settings, publisher = running_site
    topic = topics.FINDINGS.topic(PLAN.id, "pi-1")
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    with browser.open_page(chromium, settings.port) as page:
        log_in_with_browser(page, "/manage/devices")
        expect(page.locator("#no-findings")).to_be_visible()
        publisher.publish_payload(topic, encode_findings(Findings(MONDAY_10_MS, [found])))
        row = page.locator("[data-finding]")
        expect(row).to_contain_text("Utlöstes upp till 1200 gånger på en timme")
        assert row.locator("input:not([name=csrf_token])").evaluate_all("all => all.map(one => one.value)") == [
            "pi-1",
            "desk-1-pir",
            "flapping",
            "",  # it concerns no single quantity
            "ignore",
        ]
        row.get_by_role("button", name="Ignorera").click()  # no collector runs: the finding stays
        expect(row).to_contain_text("Utlöstes")
        assert urlsplit(page.url).path == "/manage/devices"
        publisher.publish_payload(topic, encode_findings(Findings(MONDAY_10_MS, [])))
        expect(page.locator("#no-findings")).to_be_visible()
        assert page.locator("[data-finding]").count() == 0


def test_a_phone_shows_a_finding_without_horizontal_scrolling(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher]
) -> None:
    settings, publisher = running_site
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    publisher.publish_payload(
        topics.FINDINGS.topic(PLAN.id, "pi-1"),
        encode_findings(Findings(MONDAY_10_MS, [found])),
    )
    with browser.open_page(chromium, settings.port, viewport={"width": 320, "height": 568}) as page:
        log_in_with_browser(page, "/manage/devices")
        cells = page.locator("#found th:visible, #found td:visible, #found button, [data-device] td:visible")
        expect(page.locator("#found button")).to_be_visible()
        ends = cells.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
        assert max(ends) <= 320
        assert page.evaluate("document.querySelector('#found').scrollWidth") <= 320


@pytest.mark.parametrize("width", [320, 1440])
def test_the_forecast_charts_fit_the_window(
    chromium: Browser, running_site: tuple[DashboardSettings, CollectorPublisher], width: int
) -> None:
    settings, publisher = running_site
    publish_forecast(publisher, settings.port, OUTLOOK)
    with browser.open_page(chromium, settings.port, viewport={"width": width, "height": 900}) as page:
        log_in_with_browser(page, "/manage/forecast")
        expect(page.locator("#course-desk .main-svg").first).to_be_visible()
        for closed in page.locator("main details").all():
            closed.locator("summary").click()
        assert page.locator(".week td.h4").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width
