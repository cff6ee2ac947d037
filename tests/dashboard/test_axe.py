"""Checks every page of the route table with axe-core in real Chromium: both themes, both languages, no violation."""

import sqlite3
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, expect

from collector.contract.alerts import encode as encode_alerts
from collector.contract.findings import Finding, FindingKind, Findings
from collector.contract.findings import encode as encode_findings
from collector.contract.forecasts import Forecast, encode
from collector.contract.messages import encode_message
from collector.contract.truth import AnswerAccuracy, ErrorRate, SiteAccuracy, SpaceCodes, TruthRound
from collector.history import tables
from collector.history.measures import STAYS, ZONE_FIVE_MIN, ZONE_HOUR, HistoryRow
from collector.site.adjustments import Adjustments
from collector.site.adjustments import encode as encode_adjustments
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.web.routes import ROUTES, Audience, RouteKind
from edge.contract import topics
from tests.support import browser
from tests.support.dashboard.alert_messages import ALERTS_MESSAGE as ALERTS
from tests.support.dashboard.fixture_types import Served
from tests.support.dashboard.outlooks import OUTLOOK
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import CollectorPublisher, publish_everything, run_publisher
from tests.support.dashboard.users import PASSWORD, USER_NAME
from tests.support.dashboard.weeks import build_stay_row, build_weeks, generate_hour_rows
from tests.support.servers import ROOT, Mosquitto, mosquitto

pytestmark = pytest.mark.browser

AXE = ROOT / ".tools/node_modules/axe-core/axe.min.js"
SUNDAY_12_MS = MONDAY_10_MS - 22 * 3_600_000
NO_PAGE: Final = {
    "static": "files",
    "manage.chart_library": "a script",
    "use.export": "a file to save",
    "growth.export": "a file to save",
}
"""Pages in the table that a browser does not render."""
CODE: Final = "aaaabbbbccccdddd"
ARGUMENTS: Final = {"language": "sv", "code": CODE}
"""Placeholders of rules; another name is an error."""
MORE: Final = {
    "pages.home": ["/?need=standing", "/?at=13:00&need=window", "/?at=25:00", "/?spot=desk-1"],
    "use.page": ["/manage/use?from=nothing"],
    "today.page": ["/manage/today?saved=1"],
    "growth.page": ["/manage/growth?members=60", "/manage/growth?members=many"],
    "devices.page": ["/manage/devices?asked=pi-1"],
    "report.page": [f"/c/{CODE}?sent=1"],
    "round.page": ["/manage/round?space=desk-1"],
    "login.form": ["/manage/login?ended=1"],
}
"""Variants of a page."""
LOOKS: Final = {"sv": ViewportSize(width=390, height=844), "en": ViewportSize(width=1440, height=900)}
"""Swedish on a phone, English on a desktop."""

SHOWN: Final = ("/", "/wall")
"""Pages that show the current state of the site."""

# each violation with its rule, its element and the remedy
LOOK = """async () => (await axe.run(document, {rules: {'target-size': {enabled: true}}})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))"""


def pages(app: Flask, who: AbstractSet[Audience]) -> list[str]:
    """Return the addresses of the table's pages for an audience; fail for a rule with an unknown placeholder."""
    found: set[str] = set()
    for rule in app.url_map.iter_rules():
        route = ROUTES[rule.endpoint]
        if "GET" not in (rule.methods or ()) or route.kind is RouteKind.FEED or rule.endpoint in NO_PAGE:
            continue
        if route.audience in who:
            with app.test_request_context():
                found.add(app.url_for(rule.endpoint, **{name: ARGUMENTS[name] for name in rule.arguments}))
            found.update(MORE.get(rule.endpoint, ()))
    return sorted(found)


def write_history(path: Path) -> None:
    """Write eight weeks of history, and the last hour."""
    days = build_weeks(8)
    with closing(sqlite3.connect(path)) as db:
        tables.create_tables(db)
        taken = lambda at: 9.0 if 8 <= at.hour < 17 else 0.0  # noqa: E731
        for zone in (WHOLE_SITE, *(zone.id for zone in PLAN.zones)):
            tables.upsert_rows(db, ZONE_HOUR, generate_hour_rows(days, taken, zone=zone))
        tables.upsert_rows(db, STAYS, [build_stay_row(days.first, 4.0, 9.0, 12.0, 7.0)])
        hour = [
            HistoryRow((WHOLE_SITE, "desk"), MONDAY_10_MS - m * 60_000, (32.0, 10, 12, 20, 0)) for m in range(5, 65, 5)
        ]
        tables.upsert_rows(db, ZONE_FIVE_MIN, hour)
        db.commit()


def publish_manager_data(publisher: CollectorPublisher) -> None:
    """Publish everything else that managers see."""
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    publisher.publish_payload(
        topics.FINDINGS.topic(PLAN.id, "pi-1"),
        encode_findings(Findings(MONDAY_10_MS, [found])),
    )
    for zone in (WHOLE_SITE, PLAN.zones[0].id):
        publisher.publish_payload(
            topics.FORECAST.topic(PLAN.id, zone), encode(Forecast(kinds={SpaceKind.DESK: OUTLOOK}))
        )
    publisher.publish_payload(topics.ALERTS.topic(PLAN.id), encode_alerts(ALERTS))
    adjusted = Adjustments(notice="Fika at three", hours={"2025-12-24": []}, out_of_use=["desk-2", "booth-1"])
    publisher.publish_payload(topics.ADJUSTMENTS.topic(PLAN.id), encode_adjustments(adjusted))
    publisher.publish_payload(topics.SPACE_CODES.topic(PLAN.id), encode_message(SpaceCodes({"desk-1": CODE})))
    opened = TruthRound("r1", ("booth-1", "desk-1", "desk-3"), ("desk-3",))
    publisher.publish_payload(topics.TRUTH_ROUND.topic(PLAN.id), encode_message(opened))
    rate = AnswerAccuracy(ErrorRate(214, 3, 0.014, 0.005, 0.04), ErrorRate(98, 2, 0.02, 0.005, 0.06))
    accuracy = SiteAccuracy(MONDAY_10_MS, rate, {PLAN.zones[0].id: rate}, {"desk-1": rate})
    publisher.publish_payload(topics.ACCURACY.topic(PLAN.id), encode_message(accuracy))


@pytest.fixture(scope="module")
def filled_broker() -> Iterator[Mosquitto]:
    """A broker with the data of a whole Monday morning."""
    with mosquitto() as broker, run_publisher(broker.settings("observer")) as publisher:
        publish_everything(publisher)
        publish_manager_data(publisher)
        yield broker


@contextmanager
def reader(chromium: Browser, port: int, language: str) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=f"http://localhost:{port}", locale=language, viewport=LOOKS[language], reduced_motion="reduce"
    )
    context.set_default_timeout(browser.BROWSER_TIMEOUT_MS)
    context.add_init_script(path=AXE)  # the content security policy blocks scripts in the page
    yield context.new_page()
    context.close()


def log_in(page: Page) -> None:
    page.goto("/manage/login")
    page.fill("#name", USER_NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)


def find_violations(page: Page, path: str) -> list[str]:
    """Return what axe-core finds on a page with all details opened, in the light and the dark theme."""
    found = []
    page.goto(path)
    for figure in page.locator("[data-figure]").all():
        expect(page.locator(f"#{figure.get_attribute('data-figure')} .main-svg").first).to_be_attached()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # both are themes
        found += [f"{path} ({theme}): {violation}" for violation in page.evaluate(LOOK)]
    return found


@pytest.mark.parametrize("language", LOOKS)
def test_no_page_has_an_axe_violation(
    chromium: Browser, filled_broker: Mosquitto, served: Served, app: Flask, language: str
) -> None:
    assert AXE.is_file(), "make tools brings axe-core"
    with served(filled_broker.settings("dashboard")) as settings, reader(chromium, settings.port, language) as page:
        write_history(settings.journal_path)
        page.goto("/")
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        public = ["/no/such/page", *pages(app, {Audience.EVERYONE})]
        found = [violation for path in public for violation in find_violations(page, path)]
        log_in(page)
        found += [
            violation
            for path in pages(app, set(Audience) - {Audience.EVERYONE})
            for violation in find_violations(page, path)
        ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LOOKS)
def test_pages_of_a_closed_or_silent_site_have_no_axe_violation(
    chromium: Browser, filled_broker: Mosquitto, broker: Mosquitto, served: Served, language: str
) -> None:
    closed, silent = filled_broker.settings("dashboard"), broker.settings("dashboard")
    for followed, now_ms in ((closed, SUNDAY_12_MS), (silent, MONDAY_10_MS)):
        with (
            served(followed, now_ms=partial(int, now_ms)) as settings,
            reader(chromium, settings.port, language) as page,
        ):
            found = [violation for path in SHOWN for violation in find_violations(page, path)]
        assert not found, "\n".join(found)
