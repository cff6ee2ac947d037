"""The member page in Chromium: on a phone, by keyboard, without JavaScript, without a network."""

import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from collector.contract.states import Occupancy
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceAttribute
from edge.contract import topics
from tests.support.dashboard.fixture_types import OpenPhone, Served, ServedSite
from tests.support.dashboard.live_pages import expect_live_member_page
from tests.support.dashboard.outlooks import OUTLOOK, build_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import (
    build_morning_states,
    build_state,
    publish_everything,
    publish_forecast,
    run_publisher,
)
from tests.support.servers import mosquitto

pytestmark = pytest.mark.browser

MATCH_ODDS_TEXT = (
    "”fönster”: 5 av 28. Chansen är 74 % om de är lika populära som de andra, lägre om de är mer populära."
)
LOST = "Ingen anslutning. Uppgifterna är från kl. 10.00"


def lowest_edge(page: Page, *selectors: str) -> float:
    """Return the bottom edge of the lowest of these elements."""
    return max(page.locator(name).last.evaluate("one => one.getBoundingClientRect().bottom") for name in selectors)


@pytest.mark.parametrize("size", [(390, 844), (320, 568)])
@pytest.mark.parametrize("path", ["/sv", "/en"])
def test_answer_forecast_booths_and_rooms_need_no_scrolling(
    site: ServedSite, phone: OpenPhone, size: tuple[int, int], path: str
) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, build_outlook(0.2, 0.4, 8, 9, 10))
    with phone(settings, viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(path)
        expect_live_member_page(page)
        expect(page.locator("#ahead")).to_be_visible()
        assert lowest_edge(page, "#answer", "#age", "#ahead", ".beside tr:nth-child(2)") <= size[1]
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_touch_targets_are_large_enough(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, OUTLOOK)
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        boxes = page.locator("header a, footer a, summary, .needs label, .tab, button, select, #at").evaluate_all(
            "all => all.filter(one => one.checkVisibility())"
            ".map(one => [one.textContent, one.getBoundingClientRect().height])"
        )
        assert len(boxes) > 12
        assert [name for name, height in boxes if height < 44] == []


def test_language_has_its_own_url_and_is_remembered(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        page.goto("/")
        expect(page.locator("#of")).to_have_text("av 28 skrivbord lediga")
        page.get_by_role("link", name="English").click()
        page.wait_for_url("**/en")
        expect(page.locator("#of")).to_have_text("of 28 desks free")
        page.goto("/")
        expect(page.locator("#of")).to_have_text("of 28 desks free")


def test_reason_for_a_range_is_one_tap_away_and_names_no_desk(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001 - a range has an en dash
        page.locator("summary").first.click()
        expect(page.locator("#no-data li")).to_have_text(["Spinnsalen: 1 av 15 okända", "Tysta rummet: 1 av 8 okända"])
        quiet = [space.id for space in PLAN.spaces if space.zone == "quiet" and space.is_offered]
        publisher.publish_states({space: build_state(Occupancy.UNKNOWN, space=space) for space in quiet})
        since = "Tysta rummet: inga data sedan kl. 09.54"
        expect(page.locator("#no-data li").last).to_have_text(since)
        page.reload()
        expect(page.locator("#no-data li").last).to_have_text(since)


def test_state_change_updates_the_open_page(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        page.evaluate("window.untouched = true")
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT), "room-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        expect(page.locator("#s0")).to_have_attribute("aria-label", "Skrivbord 1: ledigt")
        assert "s-v" in (page.locator("#s0").get_attribute("class") or "")
        expect(page.locator("tr[data-place]", has_text="Rum Väven").locator("td")).to_have_text("ledigt")
        shown = [part.split(" · ")[0] for part in page.locator(".column").first.inner_text().splitlines()]
        assert page.evaluate("window.untouched")
        page.reload()  # the server renders the same sentences as the script
        assert [p.split(" · ")[0] for p in page.locator(".column").first.inner_text().splitlines()] == shown


def test_needs_stay_on_the_phone_and_change_the_counts(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        sent: list[Request] = []
        page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - it takes plain functions only
        page.goto("/sv")
        expect_live_member_page(page)
        page.get_by_label("Fönster").check()
        expect(page.locator("#of")).to_have_text("av 5 skrivbord lediga")
        expect(page.locator("#only")).to_have_text("Endast fönster")
        expect(page.locator('[data-zone="0"]')).to_contain_text("av 3")
        expect(page.locator('[data-count="booth"]')).to_have_text("inga matchar")
        assert page.locator("a.mark.out").count() == 29
        windows = {
            space.name for space in PLAN.spaces if space.is_offered and SpaceAttribute.WINDOW in space.attributes
        }
        listed = page.locator("#matches li a")
        assert set(listed.all_inner_texts()) == windows
        expect(page.locator("#named")).to_be_hidden()
        best = listed.first.inner_text()
        shown = page.locator(".floor", has=page.locator("input:checked"))
        assert shown.locator(f'a.mark[data-name="{best}"]').count() == 1, (
            "the plan opens on the floor of the best match"
        )
        listed.last.click()
        expect(page.locator("#spot-name")).to_have_text(listed.last.inner_text())
        page.reload()
        expect(page.get_by_label("Fönster")).to_be_checked()
        expect(page.locator("#of")).to_have_text("av 5 skrivbord lediga")
        assert not [one.url for one in sent if "window" in one.url or one.post_data]
        assert all(cookie["name"] == "lang" for cookie in page.context.cookies())


def test_space_panel_has_kind_and_reason_but_no_time(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, OUTLOOK)
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        page.locator("#s4").click()
        panel = page.locator("#spot")
        expect(panel).to_contain_text("Skrivbord 5")
        expect(panel).to_contain_text("upptaget, borta en stund: någon har nyss lämnat platsen")
        expect(panel).to_contain_text("Skrivbord i Spinnsalen: fönster")
        expect(panel).to_contain_text("Så här dags brukar 5 av 28 vara lediga, alla zoner sammanlagt.")
        assert "kl." not in panel.inner_text()
        publisher.publish_states({"desk-5": build_state(Occupancy.VACANT)})
        expect(panel).to_contain_text("ledigt: ingen sensor känner av någon")
        assert "?" not in page.url


def test_keyboard_has_one_stop_per_floor_and_arrows_follow_the_room(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.locator("input[name=floor]").first.focus()
        page.keyboard.press("Tab")  # the pan
        page.keyboard.press("Tab")
        expect(page.locator("#spot-name")).to_have_text("Skrivbord 1")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#spot-name")).to_have_text("Skrivbord 2")
        page.locator("input[name=floor]").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#s15")).to_be_visible()
        expect(page.locator("#s0")).to_be_hidden()


def test_everything_works_without_javascript(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, OUTLOOK)
    with phone(settings) as live:
        live.goto("/sv")
        expect_live_member_page(live)
        expect(live.locator("#calm svg")).not_to_have_count(0)
    with phone(settings, java_script_enabled=False) as page:
        page.goto("/sv")
        expect(page.locator("#of")).to_have_text("av 28 skrivbord lediga")
        page.get_by_text("Övervåningen").first.click()
        expect(page.locator("#s15")).to_be_visible()
        page.get_by_label("Fönster").check()
        page.get_by_role("button", name="Filtrera").click()
        expect(page.locator("#of")).to_have_text("av 5 skrivbord lediga")
        expect(page.locator("#s4")).to_be_hidden()  # the best match is on the other floor
        page.get_by_text("Bottenvåningen").first.click()
        page.locator("#s4").click()
        expect(page.locator("#spot")).to_contain_text("Skrivbord i Spinnsalen: fönster")
        page.goto("/sv")
        page.locator("#at").fill("11:00")
        page.get_by_role("button", name="Visa chansen").click()
        expect(page.locator(".odds")).to_contain_text("90 % att minst ett skrivbord är ledigt i dag kl. 11.00.")
        expect(page.locator("#like")).to_be_hidden()
        expect(page.locator("#arrival")).to_contain_text("Tidigare prognoser som denna har stämt 380 av 390 gånger.")
        page.get_by_role("link", name="Uppdatera").click()
        expect(page.locator("#of")).to_have_text("av 28 skrivbord lediga")


def test_odds_follow_the_needs_on_the_phone_and_the_zone(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, OUTLOOK)
    publish_forecast(publisher, settings.port, build_outlook(3, 1), "quiet")
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        page.get_by_label("Fönster").check()
        page.locator("#at").fill("11:00")
        page.get_by_role("button", name="Visa chansen").click()
        page.wait_for_url("**at=11*")
        assert "window" not in page.url
        expect(page.locator(".odds")).to_contain_text("90 %")
        expect(page.locator("#like")).to_have_text(MATCH_ODDS_TEXT)
        page.get_by_label("Fönster").uncheck()
        expect(page.locator("#like")).to_be_hidden()
        page.get_by_label("Var", exact=True).select_option("Tysta rummet")
        page.get_by_role("button", name="Visa chansen").click()
        expect(page.locator(".odds")).to_have_text(
            "50 % att minst ett skrivbord är ledigt i dag kl. 11.00 i Tysta rummet."
        )


def test_forecast_of_the_day_is_shown_and_updated(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    publish_forecast(publisher, settings.port, build_outlook(0.2, 0.4, 8, 9, 10))
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        expect(page.locator("#ahead")).to_have_text(
            "Brukar vara fullt till kl. 12.00. Ungefär 9 lediga från kl. 12.00."
        )
        publish_forecast(publisher, settings.port, build_outlook(9, 6, 4.4, 1.2))
        expect(page.locator("#ahead")).to_have_text("Minst ledigt kl. 13.00: ungefär ett ledigt.")
        page.get_by_label("Fönster").check()
        expect(page.locator("#ahead")).to_have_text("Alla zoner: Minst ledigt kl. 13.00: ungefär ett ledigt.")
        publisher.publish_payload(topics.FORECAST.topic(PLAN.id, WHOLE_SITE), b"")
        expect(page.locator("#ahead")).to_be_hidden()


def test_page_greys_when_the_broker_is_lost_and_recovers(phone: OpenPhone, served: Served) -> None:
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard")) as settings,
        phone(settings) as page,
    ):
        publish_everything(publisher)
        page.goto("/sv")
        expect_live_member_page(page)
        expect(page.locator("#number")).not_to_have_class(re.compile("none"))  # some are free, so it is coloured
        colour = "getComputedStyle(document.querySelector('#number')).color"
        live = page.evaluate(colour)
        broker.kill()
        expect(page.locator("#link-status")).to_contain_text("Inga nya uppgifter sedan kl. 10.00")
        assert page.evaluate(colour) != live
        free = page.locator(".mark.s-v use").first.evaluate("mark => getComputedStyle(mark).getPropertyValue('--free')")
        assert free == page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--unknown')")
        broker.start()
        expect_live_member_page(page)
        expect(page.locator("#link-status")).to_be_empty()
        assert page.evaluate(colour) == live


def test_page_is_grey_after_sleep_or_without_frames_until_one_arrives(site: ServedSite, phone: OpenPhone) -> None:
    settings, _publisher = site
    with phone(settings) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)  # a silent connection
        page.goto("/sv")
        page.clock.fast_forward("00:20")
        expect(page.locator("#link-status")).to_contain_text(LOST)
        assert page.locator("body").get_attribute("data-link") == "page_away"
        page.unroute("**/api/v1/stream")
        page.clock.fast_forward("00:20")  # it reconnects by itself
        expect_live_member_page(page)
    with phone(settings) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)
        page.goto("/sv")
        page.clock.set_system_time("2040-01-01")  # after sleep: no timer ran meanwhile
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        expect(page.locator("#age")).to_contain_text("tim sedan")


def test_page_without_a_free_stream_polls(site: ServedSite, phone: OpenPhone) -> None:
    settings, publisher = site
    with phone(settings) as page:
        full = {"Retry-After": "30", "Content-Type": "application/problem+json"}
        page.route("**/api/v1/stream", lambda route: route.fulfill(status=503, headers=full, body="{}"))
        page.goto("/sv")
        expect_live_member_page(page)
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001


def test_page_of_another_plan_reloads_and_paints_nothing(site: ServedSite, phone: OpenPhone) -> None:
    settings, _publisher = site
    with phone(settings) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        other = page.request.get("/api/v1/frame").json() | {"plan": "another", "spaces": "v" * 34}
        body = f"data: {json.dumps(other)}\n\n"
        page.route("**/api/v1/stream", lambda route: route.fulfill(content_type="text/event-stream", body=body))
        page.goto("/sv")
        with page.expect_navigation():
            assert "s-v" not in (page.locator("#s0").get_attribute("class") or "")
        page.unroute("**/api/v1/stream")
        page.reload()
        expect_live_member_page(page)


def test_closing_removes_everything_from_the_open_page(phone: OpenPhone, served: Served) -> None:
    clock = [MONDAY_10_MS]
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard"), now_ms=lambda: clock[0]) as settings,
        phone(settings) as page,
    ):
        publish_everything(publisher)
        page.goto("/sv")
        expect_live_member_page(page)
        clock[0] += 11 * 3_600_000
        expect(page.locator("h1#opens")).to_have_text("Stängt. Öppnar i morgon kl. 07.00")
        assert page.locator("svg, table, form, #board").count() == 0
        clock[0] += 11 * 3_600_000
        expect(page.locator("#of")).to_have_text("av 28 skrivbord lediga")


def test_site_that_never_closes_shows_a_level_before_and_after_its_script(phone: OpenPhone, served: Served) -> None:
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard"), plan=replace(PLAN, opening_hours={})) as settings,
        phone(settings) as page,
    ):
        publisher.publish_states(
            {space: build_state(Occupancy.VACANT, space=space) for space in build_morning_states() if space != "beans"}
        )
        page.goto("/sv")
        expect_live_member_page(page)
        expect(page.locator("#number")).to_have_text("24–28")  # noqa: RUF001 - a range has an en dash
        page.get_by_label("Fönster").check()
        expect(page.locator("#number")).to_have_text("1–5")  # noqa: RUF001
        expect(page.locator("#of")).to_have_text("av 5 skrivbord lediga")
        with phone(settings, java_script_enabled=False) as plain:
            plain.goto("/sv?need=window")
            expect(plain.locator("#number")).to_have_text("1–5")  # noqa: RUF001


def test_page_is_small_and_requests_only_this_server(site: ServedSite, phone: OpenPhone) -> None:
    """Count all transfers: page, styles, scripts, frame, icon, manifest, and what the service worker loads again."""
    settings, publisher = site
    publish_forecast(publisher, settings.port, OUTLOOK)
    with phone(settings) as page:
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - it takes plain functions only
        page.goto("/sv")
        expect_live_member_page(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        assert {urlsplit(request.url).netloc for request in requests} == {f"localhost:{settings.port}"}
        done = [request for request in requests if not request.url.endswith("/stream")]
        sizes = {urlsplit(request.url).path: request.sizes() for request in done}
        wire = {path: size["responseHeadersSize"] + size["responseBodySize"] for path, size in sizes.items()}
        others = ("/api/v1/frame", "/sv/manifest.webmanifest", "/service-worker.js", "/static/icon.svg")
        wire |= {path: len(page.request.get(path).body()) for path in others if path not in wire}
        weight = sum(wire.values()) + wire["/sv"]
        scripts = sum(size for path, size in wire.items() if path.endswith(".js"))
        print(f"all of it: {weight / 1000:.1f} kB, scripts: {scripts / 1000:.1f} kB", wire)  # noqa: T201 - a figure of the test
        assert weight <= 60_000
        assert scripts <= 12_000
