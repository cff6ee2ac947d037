"""The wall screen in Chromium: readable, up to date, grey when the connection is lost, recovering by itself."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from collector.contract.states import Occupancy
from collector.site.adjustments import MAX_NOTICE_CHARS, Adjustments, encode
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract import topics
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.fixture_types import OpenScreen, Served
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import CollectorPublisher, build_state, publish_everything, run_publisher
from tests.support.servers import Mosquitto, find_free_port, mosquitto, wait_until

pytestmark = pytest.mark.browser

HEIGHT = 1080
WallSite = tuple[DashboardSettings, CollectorPublisher]

# height of the answer's glyphs in pixels, not of its line box
INK = """() => {
  const number = document.getElementById('number'), style = getComputedStyle(number);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const ink = pen.measureText('0');
  return ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent;
}"""
# all colours of data that can be old: the number, its text, the rows, the shapes of plan, rows and legend
COLOURS = """() => {
  const all = selector => [...document.querySelectorAll(selector)].map(element => getComputedStyle(element));
  const text = all('#number, #of, dd').map(style => style.color);
  const shapes = all('.mark, .key').flatMap(
    style => ['--free', '--taken', '--away'].map(name => style.getPropertyValue(name)));
  return [...new Set([...text, ...shapes])];
}"""
# pairs of overlapping parts of the screen
COVERED = """() => {
  const parts = [...document.querySelectorAll('.count, .places div, .storey.on, .legend, .notice')];
  const boxes = parts.map(part => part.getBoundingClientRect()), found = [];
  parts.forEach((one, a) => parts.slice(a + 1).forEach((other, b) => {
    const [x, y] = [boxes[a], boxes[a + 1 + b]];
    const over = Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1;
    if (over && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 1) found.push([one.className, other.className]);
  }));
  return found;
}"""
GREYS = {"rgb(86, 95, 107)", "#6b7280"}
"""--quiet and --unknown in the light theme."""


def expect_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(page.locator("#link-status")).to_be_empty()


def find_cut_off(page: Page) -> list[str]:
    """Return the elements that are cut off at the edge of the screen."""
    return page.evaluate("""() => [...document.querySelectorAll('body *')].filter(element => {
      const box = element.getBoundingClientRect();
      return box.width && !element.closest('.shapes') && !element.closest('use') &&
        (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight);
    }).map(element => element.outerHTML.slice(0, 80))""")


def test_answer_rows_and_labels_are_readable_from_five_metres(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as page:
        page.goto("/wall")
        expect_live(page)
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001 - a range has an en dash
        assert page.evaluate(INK) >= 0.2 * HEIGHT
        sizes = page.locator("#of, .places dt").evaluate_all(
            "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
        )
        assert len(sizes) == 5
        assert min(sizes) >= 0.05 * HEIGHT
        assert page.locator(".storey.on .mark").count() == 17
        assert find_cut_off(page) == []


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1080, 1920), (1366, 768), (1024, 768)])
def test_nothing_is_cut_off_on_any_screen_size(opened: OpenScreen, site: WallSite, size: tuple[int, int]) -> None:
    with opened(site[0], viewport={"width": size[0], "height": size[1]}) as page:
        page.goto("/wall")
        expect_live(page)
        assert find_cut_off(page) == []


NOTICES = {
    "long text": "Vattnet är avstängt till klockan fyra. Använd köket på övre våningen. " * 3,
    "unbroken": "W" * MAX_NOTICE_CHARS,
    "from the right": "المياه مقطوعة حتى الساعة الرابعة بعد الظهر " * 4,
}


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1366, 768)])
def test_longest_notice_is_complete_and_covers_nothing(
    opened: OpenScreen, site: WallSite, size: tuple[int, int], notice: str
) -> None:
    text = NOTICES[notice][:MAX_NOTICE_CHARS].strip()
    site[1].publish_payload(topics.ADJUSTMENTS.topic(PLAN.id), encode(Adjustments(notice=text)))
    try:
        with opened(site[0], viewport={"width": size[0], "height": size[1]}) as page:
            page.goto("/wall")
            expect_live(page)
            expect(page.locator(".notice")).to_have_text(text)
            assert find_cut_off(page) == []
            assert page.evaluate(COVERED) == []
            assert page.locator(".notice").evaluate("one => one.scrollHeight <= one.clientHeight + 2")
    finally:
        site[1].publish_payload(topics.ADJUSTMENTS.topic(PLAN.id), encode(Adjustments()))


def test_long_names_leave_room_for_the_plan(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as page:
        page.goto("/wall")
        expect_live(page)
        long = "Konferensrummet Fabrikören på andra våningen i gamla bomullsfabriken"
        page.evaluate(
            "long => document.querySelectorAll('.site-name, dt').forEach(one => { one.textContent = long })", long
        )
        plan = page.locator(".storey.on .plan").bounding_box()
        assert plan
        assert plan["width"] >= 0.4 * 1920
        assert find_cut_off(page) == []


def test_state_change_updates_the_screen(opened: OpenScreen, site: WallSite) -> None:
    settings, publisher = site
    with opened(settings) as page:
        page.goto("/wall")
        expect_live(page)
        page.evaluate("window.untouched = true")
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT), "room-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        expect(page.locator("#s0")).to_have_class("mark s-v")  # the mark of the change disappears
        expect(page.locator('.places .s-v:has-text("Rum Väven") dd')).to_have_text("ledigt")
        shown = page.locator("main").inner_text()
        assert page.evaluate("window.untouched")
        page.reload()  # the server renders the same sentences as the script
        expect_live(page)
        assert page.locator("main").inner_text().split(" · ")[0] == shown.split(" · ")[0]


def test_screen_greys_with_time_when_the_broker_is_lost_and_recovers(opened: OpenScreen, served: Served) -> None:
    with (
        mosquitto() as broker,
        run_publisher(broker.settings("observer")) as publisher,
        served(broker.settings("dashboard")) as settings,
        opened(settings) as page,
    ):
        publish_everything(publisher)
        page.goto("/wall")
        expect_live(page)
        assert not GREYS & set(page.evaluate(COLOURS)) - {"#6b7280"}
        broker.kill()
        expect(page.locator("#link-status")).to_have_text("Inga nya uppgifter sedan kl. 10.00")
        assert set(page.evaluate(COLOURS)) == GREYS
        expect(page.locator("#clock")).to_be_visible()  # the server is up, so the site's clock is shown
        broker.start()
        expect_live(page)
        assert len(page.evaluate(COLOURS)) > len(GREYS)


def test_screen_greys_when_the_collector_stops(opened: OpenScreen, site: WallSite) -> None:
    settings, publisher = site
    with opened(settings) as page:
        page.goto("/wall")
        expect_live(page)
        publisher.shut_down()
        expect(page.locator("body")).to_have_attribute("data-link", "collector_away")
        assert set(page.evaluate(COLOURS)) == GREYS


def test_screen_greys_and_hides_its_clock_when_the_server_is_gone_and_recovers(
    opened: OpenScreen, lasting_broker: Mosquitto, served: Served
) -> None:
    port, broker = find_free_port(), lasting_broker.settings("dashboard")
    with run_publisher(lasting_broker.settings("observer")) as publisher, served(broker, port=port) as settings:
        publish_everything(publisher)
        screen = opened(settings)
        page = screen.__enter__()
        page.goto("/wall")
        expect_live(page)
        page.evaluate("window.untouched = true")
    expect(page.locator("#link-status")).to_have_text("Ingen anslutning sedan kl. 10.00")
    assert set(page.evaluate(COLOURS)) == GREYS
    expect(page.locator("#clock")).to_be_hidden()
    with run_publisher(lasting_broker.settings("observer")), served(broker, port=port):
        expect_live(page)
        expect(page.locator("#clock")).to_be_visible()
        assert page.evaluate("window.untouched")
        screen.__exit__(None, None, None)


def test_screen_is_grey_after_sleep_or_silence_until_a_frame_arrives(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as live:
        live.goto("/wall")
        expect_live(live)
    with opened(site[0]) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)  # a silent connection
        page.goto("/wall")
        expect_live(page)
        page.clock.fast_forward("00:20")
        expect(page.locator("#link-status")).to_contain_text("Ingen anslutning")
        assert set(page.evaluate(COLOURS)) == GREYS
        page.unroute("**/api/v1/stream")
        page.clock.fast_forward("00:20")  # it reconnects by itself
        expect_live(page)
    with opened(site[0]) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)
        page.goto("/wall")
        expect_live(page)
        page.clock.set_system_time("2040-01-01")  # after sleep: no timer ran meanwhile
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        expect(page.locator("#age")).to_contain_text("tim sedan")


def test_screen_without_its_script_loses_its_colours(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as page:
        page.route("**/wall.js", lambda route: route.abort())
        page.goto("/wall")
        expect(page.locator(".made")).to_have_text("Uppgifter från kl. 10.00")
        page.evaluate("document.getAnimations().forEach(one => one.finish())")  # 40 s later
        main = page.locator("main").evaluate("main => getComputedStyle(main).filter")
        assert main == "grayscale(1) opacity(0.7)"
    with opened(site[0]) as page:
        page.goto("/wall")
        expect_live(page)
        expect(page.locator(".made")).to_be_hidden()
        assert page.locator("main").evaluate("main => main.getAnimations().length") == 0


def test_screen_without_javascript_shows_all_floors_and_its_age_and_reloads(opened: OpenScreen, site: WallSite) -> None:
    settings, publisher = site
    with opened(settings) as live:
        live.goto("/wall")
        expect_live(live)
    with opened(settings, java_script_enabled=False) as page:
        page.goto("/wall")
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001
        expect(page.locator(".made")).to_have_text("Uppgifter från kl. 10.00")
        for floor in page.locator(".storey").all():
            expect(floor).to_be_visible()
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001 - it reloads by itself


def test_floors_alternate_and_are_side_by_side_with_reduced_motion(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as page:
        page.clock.install()
        page.goto("/wall")
        expect_live(page)
        ground, upper = page.locator(".storey").all()
        expect(ground).to_be_visible()
        expect(upper).to_be_hidden()
        page.clock.run_for(20_000)
        expect(upper).to_be_visible()
        expect(ground).to_be_hidden()
        page.clock.run_for(20_000)
        expect(ground).to_be_visible()
    with opened(site[0], reduced_motion="reduce") as page:
        page.goto("/wall")
        expect_live(page)
        for floor in page.locator(".storey").all():
            expect(floor).to_be_visible()
        assert find_cut_off(page) == []


def test_layout_moves_by_a_few_pixels_each_minute(opened: OpenScreen, site: WallSite) -> None:
    with opened(site[0]) as page:
        page.clock.install()
        page.goto("/wall")
        expect_live(page)
        places = set()
        for _ in range(8):
            box = page.locator("#number").bounding_box()
            assert box
            places.add((round(box["x"]), round(box["y"])))
            page.clock.run_for(60_000)
        assert len(places) == 8
        assert max(x for x, _ in places) - min(x for x, _ in places) <= 12


def is_reloaded(page: Page) -> bool:
    """Return whether the page was reloaded; if not, advance its clock."""
    with suppress(Error):  # the page may be replaced at any moment
        page.clock.fast_forward("00:40")
        return bool(page.evaluate("!window.untouched"))
    return False


def test_screen_of_another_plan_or_release_reloads_only_if_the_server_answers(
    opened: OpenScreen, site: WallSite
) -> None:
    with opened(site[0]) as page:
        page.clock.install()
        page.goto("/wall")
        expect_live(page)
        page.evaluate("window.untouched = true")
        another = page.request.get("/api/v1/frame").text().replace('"plan":"', '"plan":"x')
        page.route("**/wall", lambda route: route.abort())
        page.route(
            "**/api/v1/*",
            lambda route: route.fulfill(content_type="text/event-stream", body=f"data: {another}\n\n"),
        )
        page.clock.fast_forward("00:40")  # the connection is silent: it reconnects and gets another plan
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        page.clock.fast_forward("00:40")
        assert page.evaluate("window.untouched")
        page.unroute("**/wall")
        wait_until(lambda: is_reloaded(page), what="the new page")
        page.unroute("**/api/v1/*")
        expect_live(page)


def test_closed_screen_shows_only_the_opening_time_and_opens_by_itself(
    opened: OpenScreen, lasting_broker: Mosquitto, served: Served
) -> None:
    now = [MONDAY_10_MS - 4 * HOUR_MS]
    clock: Callable[[], int] = lambda: now[0]  # noqa: E731
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard"), now_ms=clock) as settings,
        opened(settings) as page,
    ):
        publish_everything(publisher)
        page.goto("/wall")
        expect_live(page)
        expect(page.locator("body")).to_have_text("Spinneriet 06:00 Stängt. Öppnar kl. 07.00", use_inner_text=True)
        assert page.locator("svg, dl, #age").count() == 0
        assert "Skrivbord" not in page.content()
        now[0] = MONDAY_10_MS
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001
        now[0] = MONDAY_10_MS + 11 * HOUR_MS
        expect(page.locator("h1")).to_have_text("Stängt. Öppnar i morgon kl. 07.00")
        assert page.locator("svg, dl, #age").count() == 0
        publisher.shut_down()
        expect(page.locator("h1")).to_have_css("color", "rgb(86, 95, 107)")


def test_screen_without_a_free_stream_polls_and_stays_live(opened: OpenScreen, site: WallSite) -> None:
    settings, publisher = site
    with opened(settings) as page:
        page.route("**/api/v1/stream", lambda route: route.fulfill(status=503, body="full"))
        page.goto("/wall")
        publisher.publish_states({"desk-1": build_state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        expect_live(page)


def test_forced_colours_keep_every_shape_visible(opened: OpenScreen, site: WallSite, chromium: Browser) -> None:
    with opened(site[0], forced_colors="active") as page:
        page.goto("/wall")
        expect_live(page)
        assert find_cut_off(page) == []
        ring = page.locator(".storey.on .mark.s-v use").first
        assert ring.evaluate("mark => getComputedStyle(mark).getPropertyValue('--ring')") == "inline"
