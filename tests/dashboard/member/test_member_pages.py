"""Responses of the member page: URLs, languages, forms, cache, compression."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.contract.forecasts import Forecast, encode
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceAttribute, SpaceKind
from dashboard.live.snapshot import BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.page_cache import MAX_AGE_S, MAX_PAGES, PageCache
from edge.contract import topics
from tests.support.dashboard.outlooks import OUTLOOK
from tests.support.dashboard.site import PLAN


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    return app.test_client()


def test_page_links_the_url_of_every_language(reader: FlaskClient) -> None:
    for path, language in (("/", "sv"), ("/sv", "sv"), ("/en", "en")):
        page = reader.get(path, base_url="https://ledig.example", headers={"Accept-Language": "sv"}).text
        assert f'<html lang="{language}">' in page
        assert f'<link rel="canonical" href="https://ledig.example{path}">' in page
        for code, there in (("sv", "/sv"), ("en", "/en"), ("x-default", "/")):
            assert f'hreflang="{code}" href="https://ledig.example{there}"' in page
        reader.delete_cookie("lang")


def test_language_of_the_url_is_remembered_but_not_that_of_the_browser(reader: FlaskClient) -> None:
    assert "Set-Cookie" not in reader.get("/", headers={"Accept-Language": "en"}).headers
    assert reader.get("/en").headers["Set-Cookie"].startswith("lang=en;")
    assert "desks free" in reader.get("/", headers={"Accept-Language": "sv"}).text
    assert "Set-Cookie" not in reader.get("/en").headers, "it is already set"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("?at=11:00", 200),
        ("?at=99", 400),
        ("?at=11:00&day=never", 400),
        ("?need=sea-view", 200),
        ("?spot=desk-24", 200),
        ("?spot=<script>", 200),
    ],
)
def test_answer_comes_first_for_any_query(app: Flask, live: LiveView, asked: str, status: int) -> None:
    import time

    payload = encode(Forecast(kinds={SpaceKind.DESK: OUTLOOK}))
    live.inbox.append(BrokerMessage(topics.FORECAST.topic(PLAN.id, WHOLE_SITE), payload, retained=True))
    live.tick(time.monotonic())
    answer = app.test_client().get(f"/en{asked}")
    assert answer.status_code == status
    assert "of 28 desks free" in answer.text
    assert "<script>" not in answer.text.replace("<script type", "").replace("<script src", "")
    assert 'id="spot" aria-live="polite" hidden' in answer.text, "no panel for a dedicated or unknown desk"


def test_page_and_static_files_are_gzipped_on_request(reader: FlaskClient) -> None:
    for path in ("/en", "/static/board.css", "/static/home.js", "/service-worker.js"):
        with reader.get(path) as plain, reader.get(path, headers={"Accept-Encoding": "gzip"}) as packed:
            assert "Content-Encoding" not in plain.headers
            assert packed.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in packed.headers["Vary"]
            assert len(packed.data) < len(plain.data) / 2
            if path != "/en":  # its age may have changed
                assert gzip.decompress(packed.data) == plain.data


def test_page_is_rendered_once_per_second_for_identical_requests() -> None:
    ready, made = PageCache(), []

    def make() -> str:
        made.append(1)
        return "page"

    for at_s in (0.0, 0.5, MAX_AGE_S - 0.01):
        assert ready.get_page("sv", at_s, make).plain == b"page"
    assert len(made) == 1
    ready.get_page("en", 0.5, make)
    ready.get_page("sv", MAX_AGE_S, make)
    assert len(made) == 3
    for number in range(10 * MAX_PAGES):
        ready.get_page(number, 1.0, make)
    assert len(ready._pages) <= MAX_PAGES  # invented host names do not fill memory


def find_matches(page: str) -> list[str]:
    section = page[page.index('id="matches"') : page.index('<template id="match">')]
    return re.findall(r"</svg><span>([^<]+)</span></a><span>([^<]+)", section)


@pytest.mark.parametrize("path", ["/en", "/en?need=window"])
def test_a_count_of_further_matches_is_never_negative(reader: FlaskClient, path: str) -> None:
    assert re.findall(r"Show (-?\d+) more", reader.get(path).text) == ["0"]


def test_filter_lists_matches_and_opens_their_floor(reader: FlaskClient) -> None:
    page = reader.get("/en?need=window").text
    fitting = [space for space in PLAN.spaces if space.is_offered and SpaceAttribute.WINDOW in space.attributes]
    named = find_matches(page)
    assert sorted(name for name, _ in named) == sorted(space.name for space in fitting)
    order = ["free", "unknown", "taken", "taken, away"]
    assert [order.index(state) for _, state in named] == sorted(order.index(state) for _, state in named)
    best = next(space for space in fitting if space.name == named[0][0])
    floor = next(floor.name for floor in PLAN.floors if floor.id == PLAN.zone_by_id[best.zone].floor)
    assert re.findall(r'name="floor" checked><span>([^<]+)', page) == [floor]
    assert re.search(rf'href="\?need=window&amp;spot={best.id}#spot"', page), "the filter stays when a space is chosen"


def test_only_matches_are_listed_by_name(reader: FlaskClient) -> None:
    named = r'<tr class="s-." data-place="\d+"( hidden)?>'
    assert "hidden" not in "".join(re.findall(named, reader.get("/en").text))
    filtered = re.findall(named, reader.get("/en?need=window").text)
    assert filtered
    assert all(filtered), "no booth, room or machine has a window"
    assert not find_matches(reader.get("/en").text), "without a filter nothing is listed twice"


def test_open_page_shows_closing_time(reader: FlaskClient) -> None:
    assert '<p class="closes" id="closes">Open until 20:00</p>' in reader.get("/en").text
    assert "Öppet till kl. 20.00" in reader.get("/wall?lang=sv").text
