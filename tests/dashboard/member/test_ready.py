"""The first page is kept for who asks next: never longer than a second, and never over a change."""

import gzip
import time

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from collector.outward import Occupancy, encode
from dashboard.live.following import Live
from dashboard.live.picture import Broker, Message
from dashboard.member.ready import KEPT_S, MOST, Ready
from edge import topics
from tests.dashboard.house import PLAN
from tests.dashboard.stage import state
from tests.servers import until


def hear(live: Live, *news: Message | Broker) -> None:
    live.inbox.extend(news)
    live.tick(time.monotonic())


def said(space: str, occupancy: Occupancy) -> Message:
    return Message(topics.space(PLAN.id, space), encode(state(occupancy, space=space)), retained=False)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.6)), max_size=30))
def test_no_page_is_older_than_a_second_or_another_ones(asked: list[tuple[str, float]]) -> None:
    ready, now_s = Ready(), 0.0
    for key, later_s in asked:
        now_s += later_s
        name, made_s = ready.page(key, now_s, lambda key=key, at_s=now_s: f"{key} {at_s}").plain.decode().split()
        assert name == key
        assert 0 <= now_s - float(made_s) < KEPT_S


def test_names_that_somebody_makes_up_fill_no_memory() -> None:
    ready = Ready()
    for number in range(10 * MOST):
        ready.page(number, 0.0, str)
        assert len(ready._pages) <= MOST


def test_a_change_is_on_the_page_at_once_though_one_was_kept(app: Flask, live: Live) -> None:
    client = app.test_client()
    kept: list[str] = []

    def is_kept() -> bool:
        kept[:] = [client.get("/en").text, client.get("/en").text]
        return kept[0] == kept[1]

    until(is_kept, what="the same page twice within its second")
    hear(live, said("desk-1", Occupancy.VACANT))
    after = client.get("/en").text
    assert after != kept[1]
    hear(live, said("desk-1", Occupancy.OCCUPIED), Broker.AWAY)
    assert 'data-link="broker_away"' in client.get("/en").text


def test_one_language_is_not_kept_for_another_nor_packed_for_who_cannot_unpack(app: Flask, live: Live) -> None:
    client = app.test_client()
    swedish = client.get("/", headers={"Accept-Language": "sv"})
    english = client.get("/", headers={"Accept-Language": "en", "Accept-Encoding": "gzip"})
    assert '<html lang="sv"' in swedish.text
    assert b'<html lang="en"' in gzip.decompress(english.data)
    assert {"Accept-Language", "Accept-Encoding", "Cookie"} <= set(english.headers["Vary"].split(", "))
    assert not client.get("/", headers={"Accept-Encoding": "gzip;q=0"}).content_encoding


def test_an_address_that_names_another_host_is_not_answered_with_its_links(app: Flask, live: Live) -> None:
    client = app.test_client()
    assert "http://one.example/" in client.get("/", base_url="http://one.example").text
    assert "http://two.example/" in client.get("/", base_url="http://two.example").text
    assert "https://two.example/" in client.get("/", base_url="https://two.example").text
