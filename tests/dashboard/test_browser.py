"""The pages in real Chromium, over a real server and a real Mosquitto."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from collector.forecast.outlook import Forecast, encode
from collector.health.findings import Finding, FindingKind, Findings
from collector.health.findings import encode as encode_findings
from collector.history import ZONE_FIVE_MIN, Row, tables
from collector.outward import Occupancy
from collector.plan import WHOLE_SITE, SpaceKind
from dashboard.settings import DashboardSettings
from edge import topics
from tests import browser
from tests.dashboard.conftest import NAME, PASSWORD, Served
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.manager.test_prospect import TOLD
from tests.dashboard.stage import Voice, everything, state, voice
from tests.dashboard.test_ahead import expected
from tests.servers import Mosquitto, mosquitto

pytestmark = pytest.mark.browser

MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as opened_browser:
        yield opened_browser


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as running:
        yield running


@contextmanager
def opened(chromium: Browser, settings: DashboardSettings, **context: object) -> Iterator[Page]:
    """A page of a new reader; at the end, nothing may have gone wrong in its console."""
    options = {"locale": "sv-SE", "viewport": {"width": 390, "height": 844}, **context}
    reader = chromium.new_context(base_url=f"http://localhost:{settings.port}", **options)  # type: ignore[arg-type]
    reader.set_default_timeout(browser.SLOW_MS)
    page = reader.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield page
    reader.close()
    assert faults == []


@pytest.fixture
def house(broker: Mosquitto, served: Served) -> Iterator[tuple[DashboardSettings, Voice]]:
    with voice(broker.settings("observer")) as speaker, served(broker.settings("dashboard")) as settings:
        everything(speaker)
        yield settings, speaker


def expect_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")


def log_in(page: Page, onward: str = "/manage") -> None:
    page.goto(onward)
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/login" not in url)  # whoever goes on before the answer gets no cookie


def test_the_page_is_light_and_nothing_leaves_the_house(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as page:
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - it takes plain functions only
        page.goto("/")
        expect_live(page)
        assert {urlsplit(request.url).netloc for request in requests} == {f"localhost:{settings.port}"}
        done = [request for request in requests if not request.url.endswith("/stream")]
        sizes = [request.sizes() for request in done]
        weight = sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)
        frames = [page.request.get(path).body() for path in ("/api/v1/frame", "/static/icon.svg")]
        weight += sum(map(len, frames))
        print(f"the page and all that it loads: {weight / 1000:.1f} kB")  # noqa: T201 - a figure that is asked for
        assert weight <= MOST_BYTES


def test_a_change_in_the_house_changes_the_open_page(chromium: Browser, house: tuple[DashboardSettings, Voice]) -> None:
    settings, speaker = house
    with opened(chromium, settings) as page:
        page.goto("/")
        expect_live(page)
        page.evaluate("window.untouched = true")
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001 - a range has an en dash
        speaker.say({"desk-1": state(Occupancy.VACANT), "room-1": state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        assert "s-v" in (page.locator("#s0").get_attribute("class") or "")
        assert page.locator("#s0 title").text_content() == "Skrivbord 1: ledigt"
        expect(page.locator('tr[data-space="room-1"] td')).to_have_text("ledigt")
        shown = page.locator(".answer").inner_text().split(" · ")[0]
        assert page.evaluate("window.untouched")
        page.reload()  # the script's sentences are those of the server
        assert page.locator(".answer").inner_text().split(" · ")[0] == shown


def test_when_the_broker_dies_the_page_greys_and_says_so_and_it_recovers(chromium: Browser, served: Served) -> None:
    with (
        mosquitto() as broker,
        voice(broker.settings("observer")) as speaker,
        served(broker.settings("dashboard")) as settings,
        opened(chromium, settings) as page,
    ):
        everything(speaker)
        page.goto("/")
        expect_live(page)
        colour = "getComputedStyle(document.querySelector('#number')).color"
        live = page.evaluate(colour)
        broker.kill()
        expect(page.locator("#lost")).to_contain_text("Inget livstecken från huset sedan kl. 10.00")
        assert page.evaluate(colour) != live
        free = page.locator(".mark.s-v use").first.evaluate("mark => getComputedStyle(mark).getPropertyValue('--free')")
        assert free == page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--unknown')")
        broker.start()
        expect_live(page)
        expect(page.locator("#lost")).to_be_empty()
        assert page.evaluate(colour) == live


def test_a_page_whose_server_is_gone_greys_by_itself(chromium: Browser, broker: Mosquitto, served: Served) -> None:
    with voice(broker.settings("observer")) as speaker, chromium.new_context(locale="sv-SE") as reader:
        page = reader.new_page()
        with served(broker.settings("dashboard")) as settings:
            everything(speaker)
            page.goto(f"http://localhost:{settings.port}/")
            expect_live(page)
        expect(page.locator("#lost")).to_contain_text("Sidan har tappat förbindelsen")
        assert page.locator("body").get_attribute("data-link") != "live"


def test_without_javascript_the_page_has_the_answer_the_plan_and_a_way_to_look_again(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as live:
        live.goto("/")
        expect_live(live)
    with opened(chromium, settings, java_script_enabled=False) as page:
        page.goto("/")
        expect(page.locator("h1")).to_contain_text("av 28 skrivbord lediga")
        assert page.locator(".mark").count() == 39
        page.get_by_role("link", name="Titta igen").click()
        expect(page.locator("h1")).to_contain_text("av 28 skrivbord lediga")


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("path", ["/", "/manage"])
def test_no_page_is_wider_than_its_window(
    chromium: Browser, house: tuple[DashboardSettings, Voice], width: int, path: str
) -> None:
    settings, _speaker = house
    with opened(chromium, settings, viewport={"width": width, "height": 800}) as page:
        if path == "/manage":
            log_in(page)
        page.goto(path)
        expect_live(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_plan_is_one_stop_for_the_keyboard_and_arrows_go_on_from_there(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as page:
        page.goto("/")
        expect_live(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.locator("#s0").focus()
        expect(page.locator("#told")).to_have_text("Skrivbord 1: upptaget")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#told")).to_have_text("Skrivbord 2: ledigt")
        assert page.locator('.mark[tabindex="0"]').count() == 1


def test_touch_targets_are_large_enough(chromium: Browser, house: tuple[DashboardSettings, Voice]) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as page:
        log_in(page)
        expect_live(page)
        heights = page.locator("header a, .skip, button, select, summary").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def test_a_manager_sees_reasons_live_and_the_past_drawn_without_a_fault_of_the_policy(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    import sqlite3

    settings, speaker = house
    db = sqlite3.connect(settings.journal_path)
    tables.create(db)
    hour = [
        Row(("site", "desk"), MONDAY_10_MS - minute * 60_000, (32.0, 10.0, 12.0, 20.0, 0.0))
        for minute in range(5, 65, 5)
    ]
    tables.upsert(db, ZONE_FIVE_MIN, hour)
    db.commit()
    db.close()
    with opened(chromium, settings) as page:
        log_in(page, "/manage?days=1")
        expect_live(page)
        expect(page.locator("#chart .main-svg").first).to_be_visible()
        assert page.locator("details table tbody tr").count() == 1
        why = page.locator('[data-why="desk-1"] [data-cell="why"]')
        expect(why).to_contain_text("rörelse vid desk-1-pir för 6 min sedan; ledigt kl. 10.04")
        speaker.say({"desk-1": state(Occupancy.VACANT)})
        expect(why).to_have_text("stilla sedan kl. 09.54")
        page.get_by_role("button", name="Logga ut anna").click()
        page.wait_for_url("/")  # to leave before the answer would take the wish back
        page.goto("/manage")
        assert urlsplit(page.url).path == "/manage/login"


def test_a_finding_comes_and_goes_on_the_managers_page_with_a_form_to_answer_it(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, speaker = house
    topic = topics.device(PLAN.id, "pi-1", topics.DeviceTopic.FINDINGS)
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    with opened(chromium, settings) as page:
        log_in(page)
        expect_live(page)
        expect(page.locator("#well")).to_be_visible()
        speaker.raw(topic, encode_findings(Findings(MONDAY_10_MS, [found])))
        row = page.locator("[data-finding]")
        expect(row).to_contain_text("Slog till upp till 1200 gånger på en timme")
        assert row.locator("input:not([name=csrf_token])").evaluate_all("all => all.map(one => one.value)") == [
            "pi-1",
            "desk-1-pir",
            "flapping",
            "ignore",
        ]
        row.get_by_role("button", name="Ignorera").click()  # nobody collects here: the page comes back with it
        expect(row).to_contain_text("Slog till")
        assert urlsplit(page.url).path == "/manage"
        speaker.raw(topic, encode_findings(Findings(MONDAY_10_MS, [])))
        expect(page.locator("#well")).to_be_visible()
        assert page.locator("[data-finding]").count() == 0


def test_a_phone_shows_a_finding_its_remedy_and_its_button_without_moving_sideways(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, speaker = house
    found = Finding(FindingKind.FLAPPING, MONDAY_10_MS, "desk-1-pir", times=1200, days=2)
    speaker.raw(
        topics.device(PLAN.id, "pi-1", topics.DeviceTopic.FINDINGS), encode_findings(Findings(MONDAY_10_MS, [found]))
    )
    with opened(chromium, settings, viewport={"width": 320, "height": 568}) as page:
        log_in(page)
        expect_live(page)
        cells = page.locator("#found th:visible, #found td:visible, #found button, [data-device] td:visible")
        expect(page.locator("#found button")).to_be_visible()
        ends = cells.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
        assert max(ends) <= 320
        assert page.evaluate("document.querySelector('#found').scrollWidth") <= 320


def test_the_rest_of_the_day_is_told_and_follows_the_forecast(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, speaker = house
    topic = topics.forecast(PLAN.id, WHOLE_SITE)
    speaker.raw(topic, encode(Forecast(kinds={SpaceKind.DESK: expected(0.2, 0.4, 8, 9, 10)})))
    with opened(chromium, settings) as page:
        page.goto("/")
        expect_live(page)
        expect(page.locator("#ahead")).to_have_text("Brukar vara fullt till 12. Från kl. 12 omkring 9 lediga.")
        speaker.raw(topic, encode(Forecast(kinds={SpaceKind.DESK: expected(9, 6, 4.4, 1.2)})))
        expect(page.locator("#ahead")).to_have_text("Mest upptaget kl. 13: omkring ett ledigt.")
        speaker.raw(topic, b"")
        expect(page.locator("#ahead")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 1440])
def test_hosts_see_what_is_coming_drawn_and_no_wider_than_their_window(
    chromium: Browser, house: tuple[DashboardSettings, Voice], width: int
) -> None:
    settings, speaker = house
    told = encode(Forecast(kinds={SpaceKind.DESK: TOLD}))
    speaker.raw(topics.forecast(PLAN.id, WHOLE_SITE), told)
    with opened(chromium, settings, viewport={"width": width, "height": 900}) as page:
        log_in(page)
        expect_live(page)
        expect(page.locator("#course-desk .main-svg").first).to_be_visible()
        for closed in page.locator("section:has(#coming) details").all():
            closed.locator("summary").click()
        assert page.locator(".week td.h4").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_that_slept_or_never_heard_anything_is_grey_until_it_hears(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as live:
        live.goto("/")
        expect_live(live)
    with opened(chromium, settings) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)  # a connection that says nothing
        page.goto("/")
        expect_live(page)
        page.clock.fast_forward("00:20")
        expect(page.locator("#lost")).to_contain_text("Sidan har tappat förbindelsen")
        assert page.locator("body").get_attribute("data-link") == "page_away"
        page.unroute("**/api/v1/stream")
        page.clock.fast_forward("00:20")  # it asks anew by itself
        expect_live(page)
    with opened(chromium, settings) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)
        page.goto("/")
        expect_live(page)
        page.clock.set_system_time("2040-01-01")  # a phone that slept: no timer ran meanwhile
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        expect(page.locator("#age")).to_contain_text("tim sedan")


def test_a_page_that_was_made_for_other_spaces_loads_itself_anew_and_paints_none(
    chromium: Browser, house: tuple[DashboardSettings, Voice]
) -> None:
    settings, _speaker = house
    with opened(chromium, settings) as page:
        page.goto("/")
        expect_live(page)
        other = page.request.get("/api/v1/frame").json() | {"plan": "another", "spaces": "v" * 34}
        body = f"data: {json.dumps(other)}\n\n"
        page.route("**/api/v1/stream", lambda route: route.fulfill(content_type="text/event-stream", body=body))
        page.goto("/")
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        assert "s-v" not in (page.locator("#s0").get_attribute("class") or "")
        with page.expect_navigation():
            page.unroute("**/api/v1/stream")
        expect_live(page)
