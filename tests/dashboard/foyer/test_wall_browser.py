"""The screen in the foyer, in real Chromium: large, true, grey when it is lost, and back by itself."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from collector.adjustments import MOST_NOTICE, Adjustments, encode
from collector.outward import Occupancy
from dashboard.settings import DashboardSettings
from edge import topics
from tests.dashboard.conftest import Served
from tests.dashboard.foyer.conftest import Opened
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.stage import Voice, everything, state, voice
from tests.servers import Mosquitto, free_port, mosquitto, until

pytestmark = pytest.mark.browser

HOUR_MS = 3_600_000
HEIGHT = 1080
House = tuple[DashboardSettings, Voice]

# how tall the answer's own strokes are, in pixels, and not the line they stand in
INK = """() => {
  const number = document.getElementById('number'), style = getComputedStyle(number);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const ink = pen.measureText('0');
  return ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent;
}"""
# every colour of what can be old: the number, its words, the rows, the shapes of plan, rows and legend
COLOURS = """() => {
  const all = selector => [...document.querySelectorAll(selector)].map(element => getComputedStyle(element));
  const text = all('#number, #of, dd').map(style => style.color);
  const shapes = all('.mark, .key').flatMap(
    style => ['--free', '--taken', '--away'].map(name => style.getPropertyValue(name)));
  return [...new Set([...text, ...shapes])];
}"""
# pairs of parts of the screen that lie on each other
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
"""--quiet and --unknown in the light."""


def expect_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-link", "live")
    expect(page.locator("#lost")).to_be_empty()


def outside(page: Page) -> list[str]:
    """What is cut off at the edge of the screen."""
    return page.evaluate("""() => [...document.querySelectorAll('body *')].filter(element => {
      const box = element.getBoundingClientRect();
      return box.width && !element.closest('.shapes') && !element.closest('use') &&
        (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight);
    }).map(element => element.outerHTML.slice(0, 80))""")


def test_the_three_things_can_be_read_from_five_metres(opened: Opened, told: House) -> None:
    with opened(told[0]) as page:
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
        assert outside(page) == []


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1080, 1920), (1366, 768), (1024, 768)])
def test_nothing_is_cut_off_on_any_screen(opened: Opened, told: House, size: tuple[int, int]) -> None:
    with opened(told[0], viewport={"width": size[0], "height": size[1]}) as page:
        page.goto("/wall")
        expect_live(page)
        assert outside(page) == []


NOTICES = {
    "words": "Vattnet är avstängt till klockan fyra. Använd köket på övre våningen. " * 3,
    "one word": "W" * MOST_NOTICE,
    "from the right": "المياه مقطوعة حتى الساعة الرابعة بعد الظهر " * 4,
}


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1366, 768)])
def test_the_longest_notice_covers_nothing_and_is_all_there(
    opened: Opened, told: House, size: tuple[int, int], notice: str
) -> None:
    text = NOTICES[notice][:MOST_NOTICE].strip()
    told[1].raw(topics.adjustments(PLAN.id), encode(Adjustments(notice=text)))
    try:
        with opened(told[0], viewport={"width": size[0], "height": size[1]}) as page:
            page.goto("/wall")
            expect_live(page)
            expect(page.locator(".notice")).to_have_text(text)
            assert outside(page) == []
            assert page.evaluate(COVERED) == []
            assert page.locator(".notice").evaluate("one => one.scrollHeight <= one.clientHeight + 2")
    finally:
        told[1].raw(topics.adjustments(PLAN.id), encode(Adjustments()))


def test_no_name_is_so_long_that_the_plan_has_no_room(opened: Opened, told: House) -> None:
    with opened(told[0]) as page:
        page.goto("/wall")
        expect_live(page)
        long = "Konferensrummet Fabrikören på andra våningen i gamla bomullsfabriken"
        page.evaluate(
            "long => document.querySelectorAll('.house, dt').forEach(one => { one.textContent = long })", long
        )
        plan = page.locator(".storey.on .plan").bounding_box()
        assert plan
        assert plan["width"] >= 0.4 * 1920
        assert outside(page) == []


def test_a_change_in_the_house_changes_the_screen(opened: Opened, told: House) -> None:
    settings, speaker = told
    with opened(settings) as page:
        page.goto("/wall")
        expect_live(page)
        page.evaluate("window.untouched = true")
        speaker.say({"desk-1": state(Occupancy.VACANT), "room-1": state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        expect(page.locator("#s0")).to_have_class("mark s-v")  # and its quiet mark goes again
        expect(page.locator('.places .s-v:has-text("Rum Väven") dd')).to_have_text("ledigt")
        shown = page.locator("main").inner_text()
        assert page.evaluate("window.untouched")
        page.reload()  # the script's sentences are those of the server
        expect_live(page)
        assert page.locator("main").inner_text().split(" · ")[0] == shown.split(" · ")[0]


def test_when_the_broker_dies_all_of_it_greys_and_says_since_when_and_it_recovers(
    opened: Opened, served: Served
) -> None:
    with (
        mosquitto() as broker,
        voice(broker.settings("observer")) as speaker,
        served(broker.settings("dashboard")) as settings,
        opened(settings) as page,
    ):
        everything(speaker)
        page.goto("/wall")
        expect_live(page)
        assert not GREYS & set(page.evaluate(COLOURS)) - {"#6b7280"}
        broker.kill()
        expect(page.locator("#lost")).to_have_text("Inga nya uppgifter sedan kl. 10.00")
        assert set(page.evaluate(COLOURS)) == GREYS
        expect(page.locator("#clock")).to_be_visible()  # the pages live, and so does the house's clock
        broker.start()
        expect_live(page)
        assert len(page.evaluate(COLOURS)) > len(GREYS)


def test_a_collector_that_says_goodbye_greys_the_screen(opened: Opened, told: House) -> None:
    settings, speaker = told
    with opened(settings) as page:
        page.goto("/wall")
        expect_live(page)
        speaker.say_goodbye()
        expect(page.locator("body")).to_have_attribute("data-link", "collector_away")
        assert set(page.evaluate(COLOURS)) == GREYS


def test_when_the_server_itself_is_gone_the_screen_greys_hides_its_clock_and_comes_back(
    opened: Opened, lasting_broker: Mosquitto, served: Served
) -> None:
    port, broker = free_port(), lasting_broker.settings("dashboard")
    with voice(lasting_broker.settings("observer")) as speaker, served(broker, port=port) as settings:
        everything(speaker)
        screen = opened(settings)
        page = screen.__enter__()
        page.goto("/wall")
        expect_live(page)
        page.evaluate("window.untouched = true")
    expect(page.locator("#lost")).to_have_text("Ingen anslutning sedan kl. 10.00")
    assert set(page.evaluate(COLOURS)) == GREYS
    expect(page.locator("#clock")).to_be_hidden()
    with voice(lasting_broker.settings("observer")), served(broker, port=port):
        expect_live(page)
        expect(page.locator("#clock")).to_be_visible()
        assert page.evaluate("window.untouched")
        screen.__exit__(None, None, None)


def test_a_screen_that_slept_or_whose_line_is_silent_is_grey_until_it_hears(opened: Opened, told: House) -> None:
    with opened(told[0]) as live:
        live.goto("/wall")
        expect_live(live)
    with opened(told[0]) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)  # a connection that says nothing
        page.goto("/wall")
        expect_live(page)
        page.clock.fast_forward("00:20")
        expect(page.locator("#lost")).to_contain_text("Ingen anslutning")
        assert set(page.evaluate(COLOURS)) == GREYS
        page.unroute("**/api/v1/stream")
        page.clock.fast_forward("00:20")  # it asks anew by itself
        expect_live(page)
    with opened(told[0]) as page:
        page.clock.install()
        page.route("**/api/v1/stream", lambda _route: None)
        page.goto("/wall")
        expect_live(page)
        page.clock.set_system_time("2040-01-01")  # the machine slept: no timer ran meanwhile
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        expect(page.locator("#age")).to_contain_text("tim sedan")


def test_a_screen_whose_script_never_came_loses_its_colours_by_itself(opened: Opened, told: House) -> None:
    with opened(told[0]) as page:
        page.route("**/wall.js", lambda route: route.abort())
        page.goto("/wall")
        expect(page.locator(".made")).to_have_text("Uppgifter från kl. 10.00")
        page.evaluate("document.getAnimations().forEach(one => one.finish())")  # 40 s later
        main = page.locator("main").evaluate("main => getComputedStyle(main).filter")
        assert main == "grayscale(1) opacity(0.7)"
    with opened(told[0]) as page:
        page.goto("/wall")
        expect_live(page)
        expect(page.locator(".made")).to_be_hidden()
        assert page.locator("main").evaluate("main => main.getAnimations().length") == 0


def test_without_javascript_it_shows_all_floors_its_age_and_loads_itself_anew(opened: Opened, told: House) -> None:
    settings, speaker = told
    with opened(settings) as live:
        live.goto("/wall")
        expect_live(live)
    with opened(settings, java_script_enabled=False) as page:
        page.goto("/wall")
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001
        expect(page.locator(".made")).to_have_text("Uppgifter från kl. 10.00")
        for floor in page.locator(".storey").all():
            expect(floor).to_be_visible()
        speaker.say({"desk-1": state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001 - nobody touched it


def test_floors_take_turns_and_stand_side_by_side_where_nothing_shall_move(opened: Opened, told: House) -> None:
    with opened(told[0]) as page:
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
    with opened(told[0], reduced_motion="reduce") as page:
        page.goto("/wall")
        expect_live(page)
        for floor in page.locator(".storey").all():
            expect(floor).to_be_visible()
        assert outside(page) == []


def test_nothing_burns_in_because_all_of_it_moves_by_a_few_pixels_each_minute(opened: Opened, told: House) -> None:
    with opened(told[0]) as page:
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


def renewed(page: Page) -> bool:
    """Whether another page is there; if not, its time goes on."""
    with suppress(Error):  # it may go at any moment
        page.clock.fast_forward("00:40")
        return bool(page.evaluate("!window.untouched"))
    return False


def test_a_screen_made_for_another_plan_or_release_loads_itself_anew_but_only_if_the_server_answers(
    opened: Opened, told: House
) -> None:
    with opened(told[0]) as page:
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
        page.clock.fast_forward("00:40")  # the line is silent: it asks anew, and hears of another plan
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        page.clock.fast_forward("00:40")
        assert page.evaluate("window.untouched")
        page.unroute("**/wall")
        until(lambda: renewed(page), what="the new page")
        page.unroute("**/api/v1/*")
        expect_live(page)


def test_a_closed_house_says_when_it_opens_and_nothing_else_and_opens_by_itself(
    opened: Opened, lasting_broker: Mosquitto, served: Served
) -> None:
    now = [MONDAY_10_MS - 4 * HOUR_MS]
    clock: Callable[[], int] = lambda: now[0]  # noqa: E731
    with (
        voice(lasting_broker.settings("observer")) as speaker,
        served(lasting_broker.settings("dashboard"), now_ms=clock) as settings,
        opened(settings) as page,
    ):
        everything(speaker)
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
        speaker.say_goodbye()
        expect(page.locator("h1")).to_have_css("color", "rgb(86, 95, 107)")


def test_where_every_stream_is_taken_the_screen_asks_and_stays_live(opened: Opened, told: House) -> None:
    settings, speaker = told
    with opened(settings) as page:
        page.route("**/api/v1/stream", lambda route: route.fulfill(status=503, body="full"))
        page.goto("/wall")
        speaker.say({"desk-1": state(Occupancy.VACANT)})
        expect(page.locator("#number")).to_have_text("7–9")  # noqa: RUF001
        expect_live(page)


def test_forced_colours_keep_every_shape(opened: Opened, told: House, chromium: Browser) -> None:
    with opened(told[0], forced_colors="active") as page:
        page.goto("/wall")
        expect_live(page)
        assert outside(page) == []
        ring = page.locator(".storey.on .mark.s-v use").first
        assert ring.evaluate("mark => getComputedStyle(mark).getPropertyValue('--ring')") == "inline"
