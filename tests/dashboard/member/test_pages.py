"""The first page as it is answered: addresses, languages, forms, what is kept ready, what is packed."""

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.forecast.outlook import Forecast, encode
from collector.plan import WHOLE_SITE, SpaceKind
from dashboard.live.following import Live
from dashboard.live.picture import Message
from dashboard.member.ready import KEPT_S, MOST, Ready
from edge import topics
from tests.dashboard.house import PLAN
from tests.dashboard.manager.test_prospect import TOLD


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    return app.test_client()


def test_every_language_has_an_address_and_the_page_names_them_all(reader: FlaskClient) -> None:
    for path, language in (("/", "sv"), ("/sv", "sv"), ("/en", "en")):
        page = reader.get(path, base_url="https://ledig.example", headers={"Accept-Language": "sv"}).text
        assert f'<html lang="{language}">' in page
        assert f'<link rel="canonical" href="https://ledig.example{path}">' in page
        for code, there in (("sv", "/sv"), ("en", "/en"), ("x-default", "/")):
            assert f'hreflang="{code}" href="https://ledig.example{there}"' in page
        reader.delete_cookie("lang")


def test_an_address_is_remembered_and_the_browser_s_wish_is_not(reader: FlaskClient) -> None:
    assert "Set-Cookie" not in reader.get("/", headers={"Accept-Language": "en"}).headers
    assert reader.get("/en").headers["Set-Cookie"].startswith("lang=en;")
    assert "desks free" in reader.get("/", headers={"Accept-Language": "sv"}).text
    assert "Set-Cookie" not in reader.get("/en").headers, "it is known already"


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
def test_whatever_is_asked_the_answer_stands_first(app: Flask, live: Live, asked: str, status: int) -> None:
    import time

    told = encode(Forecast(kinds={SpaceKind.DESK: TOLD}))
    live.inbox.append(Message(topics.forecast(PLAN.id, WHOLE_SITE), told, retained=True))
    live.tick(time.monotonic())
    answer = app.test_client().get(f"/en{asked}")
    assert answer.status_code == status
    assert "of 28 desks free" in answer.text
    assert "<script>" not in answer.text.replace("<script type", "").replace("<script src", "")
    assert 'id="spot" aria-live="polite" hidden' in answer.text, "a desk of one's own tells nothing, nor does none"


def test_the_page_is_packed_for_who_can_unpack_it_and_so_is_what_it_loads(reader: FlaskClient) -> None:
    for path in ("/en", "/static/board.css", "/static/home.js", "/service-worker.js"):
        with reader.get(path) as plain, reader.get(path, headers={"Accept-Encoding": "gzip"}) as packed:
            assert "Content-Encoding" not in plain.headers
            assert packed.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in packed.headers["Vary"]
            assert len(packed.data) < len(plain.data) / 2
            if path != "/en":  # its age may have moved on
                assert gzip.decompress(packed.data) == plain.data


def test_a_page_is_made_once_a_second_for_all_who_get_the_same() -> None:
    ready, made = Ready(), []

    def make() -> str:
        made.append(1)
        return "page"

    for at_s in (0.0, 0.5, KEPT_S - 0.01):
        assert ready.page("sv", at_s, make).plain == b"page"
    assert len(made) == 1
    ready.page("en", 0.5, make)
    ready.page("sv", KEPT_S, make)
    assert len(made) == 3
    for number in range(10 * MOST):
        ready.page(number, 1.0, make)
    assert len(ready._pages) <= MOST  # who makes up names of hosts fills no memory
