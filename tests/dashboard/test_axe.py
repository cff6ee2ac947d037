"""Every page of the table, looked at by axe-core in real Chromium: both themes, both languages, no violation."""

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

from collector.adjustments import Adjustments
from collector.adjustments import encode as encode_adjustments
from collector.alerts.wire import encode as encode_alerts
from collector.forecast.outlook import Forecast, encode
from collector.health.findings import Finding, FindingKind, Findings
from collector.health.findings import encode as encode_findings
from collector.history import STAYS, ZONE_FIVE_MIN, ZONE_HOUR, Row, tables
from collector.plan import WHOLE_SITE, SpaceKind
from dashboard.routes import ROUTES, Kind, Who
from edge import topics
from tests import browser
from tests.dashboard.conftest import NAME, PASSWORD, Served
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.manager.test_alerts import TOLD as ALERTS
from tests.dashboard.manager.test_prospect import TOLD
from tests.dashboard.stage import Voice, everything, voice
from tests.dashboard.use.weeks import hour_rows, stay_row, weeks
from tests.servers import ROOT, Mosquitto, mosquitto

pytestmark = pytest.mark.browser

AXE = ROOT / ".tools/node_modules/axe-core/axe.min.js"
SUNDAY_12_MS = MONDAY_10_MS - 22 * 3_600_000
NO_PAGE: Final = {
    "static": "files",
    "manage.chart_library": "a script",
    "use.export": "a file to save",
    "growth.export": "a file to save",
}
"""What the table calls pages, for a person asked for it, and no browser shows."""
MORE: Final = {
    "pages.home": ["/?need=standing", "/?at=13:00&need=window", "/?at=25:00", "/?spot=desk-1"],
    "use.page": ["/manage/use?from=nothing"],
    "today.page": ["/manage/today?saved=1"],
    "growth.page": ["/manage/growth?members=60", "/manage/growth?members=many"],
    "devices.page": ["/manage/devices?asked=pi-1"],
    "manage.login": ["/manage/login?ended=1"],
}
"""Other faces of a page."""
LOOKS: Final = {"sv": ViewportSize(width=390, height=844), "en": ViewportSize(width=1440, height=900)}
"""Swedish on a phone, English on a desk."""

SHOWN: Final = ("/", "/wall")
"""What shows the house as it is now."""

# what axe-core found, each with the rule, its place and what to do
LOOK = """async () => (await axe.run(document, {rules: {'target-size': {enabled: true}}})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))"""


def pages(app: Flask, who: AbstractSet[Who]) -> list[str]:
    """Addresses of the table's pages for some; a rule with a part that is not known here has none, and fails."""
    found: set[str] = set()
    for rule in app.url_map.iter_rules():
        route = ROUTES[rule.endpoint]
        if "GET" not in (rule.methods or ()) or route.kind is Kind.FEED or rule.endpoint in NO_PAGE:
            continue
        if route.who in who:
            with app.test_request_context():
                found.add(app.url_for(rule.endpoint, **{name: "sv" for name in rule.arguments if name == "language"}))
            found.update(MORE.get(rule.endpoint, ()))
    return sorted(found)


def past(path: Path) -> None:
    """Eight weeks of it, and the last hour."""
    days = weeks(8)
    with closing(sqlite3.connect(path)) as db:
        tables.create(db)
        taken = lambda at: 9.0 if 8 <= at.hour < 17 else 0.0  # noqa: E731
        for zone in (WHOLE_SITE, *(zone.id for zone in PLAN.zones)):
            tables.upsert(db, ZONE_HOUR, hour_rows(days, taken, zone=zone))
        tables.upsert(db, STAYS, [stay_row(days.first, 4.0, 9.0, 12.0, 7.0)])
        hour = [Row((WHOLE_SITE, "desk"), MONDAY_10_MS - m * 60_000, (32.0, 10, 12, 20, 0)) for m in range(5, 65, 5)]
        tables.upsert(db, ZONE_FIVE_MIN, hour)
        db.commit()


def tell_more(speaker: Voice) -> None:
    """All that managers are told besides the states."""
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    speaker.raw(
        topics.device(PLAN.id, "pi-1", topics.DeviceTopic.FINDINGS), encode_findings(Findings(MONDAY_10_MS, [found]))
    )
    for zone in (WHOLE_SITE, PLAN.zones[0].id):
        speaker.raw(topics.forecast(PLAN.id, zone), encode(Forecast(kinds={SpaceKind.DESK: TOLD})))
    speaker.raw(topics.alerts(PLAN.id), encode_alerts(ALERTS))
    adjusted = Adjustments(notice="Fika at three", hours={"2025-12-24": []}, out_of_use=["desk-2", "booth-1"])
    speaker.raw(topics.adjustments(PLAN.id), encode_adjustments(adjusted))


@pytest.fixture(scope="module")
def told() -> Iterator[Mosquitto]:
    """A broker that knows a whole Monday morning."""
    with mosquitto() as broker, voice(broker.settings("observer")) as speaker:
        everything(speaker)
        tell_more(speaker)
        yield broker


@contextmanager
def reader(chromium: Browser, port: int, language: str) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=f"http://localhost:{port}", locale=language, viewport=LOOKS[language], reduced_motion="reduce"
    )
    context.set_default_timeout(browser.SLOW_MS)
    context.add_init_script(path=AXE)  # the policy of the pages lets none in that they load themselves
    yield context.new_page()
    context.close()


def log_in(page: Page) -> None:
    page.goto("/manage/login")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)


def violations(page: Page, path: str) -> list[str]:
    """What axe-core finds on a page, everything opened that can be, in the light and in the dark."""
    found = []
    page.goto(path)
    for figure in page.locator("[data-figure]").all():
        expect(page.locator(f"#{figure.get_attribute('data-figure')} .main-svg").first).to_be_attached()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # both are themes
        found += [f"{path} ({theme}): {said}" for said in page.evaluate(LOOK)]
    return found


@pytest.mark.parametrize("language", LOOKS)
def test_axe_finds_nothing_wrong_with_any_page(
    chromium: Browser, told: Mosquitto, served: Served, app: Flask, language: str
) -> None:
    assert AXE.is_file(), "make tools brings axe-core"
    with served(told.settings("dashboard")) as settings, reader(chromium, settings.port, language) as page:
        past(settings.journal_path)
        page.goto("/")
        expect(page.locator("body")).to_have_attribute("data-link", "live")
        public = ["/no/such/page", *pages(app, {Who.EVERYONE})]
        found = [said for path in public for said in violations(page, path)]
        log_in(page)
        found += [said for path in pages(app, set(Who) - {Who.EVERYONE}) for said in violations(page, path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LOOKS)
def test_axe_finds_nothing_wrong_with_a_closed_house_or_one_that_is_not_heard(
    chromium: Browser, told: Mosquitto, broker: Mosquitto, served: Served, language: str
) -> None:
    closed, silent = told.settings("dashboard"), broker.settings("dashboard")
    for followed, now_ms in ((closed, SUNDAY_12_MS), (silent, MONDAY_10_MS)):
        with (
            served(followed, now_ms=partial(int, now_ms)) as settings,
            reader(chromium, settings.port, language) as page,
        ):
            found = [said for path in SHOWN for said in violations(page, path)]
        assert not found, "\n".join(found)
