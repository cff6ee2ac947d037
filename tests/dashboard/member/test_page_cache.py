"""Cache of the member page: never longer than a second, never across a change."""

import gzip
import time

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import Occupancy, encode
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.page_cache import MAX_AGE_S, MAX_PAGES, PageCache
from edge.contract import topics
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import build_state
from tests.support.servers import wait_until


def receive(live: LiveView, *messages: BrokerMessage | BrokerConnection) -> None:
    live.inbox.extend(messages)
    live.tick(time.monotonic())


def state_message(space: str, occupancy: Occupancy) -> BrokerMessage:
    return BrokerMessage(
        topics.SPACE_STATE.topic(PLAN.id, space), encode(build_state(occupancy, space=space)), retained=False
    )


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.6)), max_size=30))
def test_cached_page_is_never_older_than_a_second_or_of_another_key(asked: list[tuple[str, float]]) -> None:
    ready, now_s = PageCache(), 0.0
    for key, later_s in asked:
        now_s += later_s
        name, made_s = ready.get_page(key, now_s, lambda key=key, at_s=now_s: f"{key} {at_s}").plain.decode().split()
        assert name == key
        assert 0 <= now_s - float(made_s) < MAX_AGE_S


def test_invented_host_names_do_not_fill_memory() -> None:
    ready = PageCache()
    for number in range(10 * MAX_PAGES):
        ready.get_page(number, 0.0, str)
        assert len(ready._pages) <= MAX_PAGES


def test_change_is_shown_at_once_despite_the_cache(app: Flask, live: LiveView) -> None:
    client = app.test_client()
    kept: list[str] = []

    def is_kept() -> bool:
        kept[:] = [client.get("/en").text, client.get("/en").text]
        return kept[0] == kept[1]

    wait_until(is_kept, what="the same page twice within its second")
    receive(live, state_message("desk-1", Occupancy.VACANT))
    after = client.get("/en").text
    assert after != kept[1]
    receive(live, state_message("desk-1", Occupancy.OCCUPIED), BrokerConnection.DISCONNECTED)
    assert 'data-link="broker_away"' in client.get("/en").text


def test_cache_separates_languages_and_encodings(app: Flask, live: LiveView) -> None:
    client = app.test_client()
    swedish = client.get("/", headers={"Accept-Language": "sv"})
    english = client.get("/", headers={"Accept-Language": "en", "Accept-Encoding": "gzip"})
    assert '<html lang="sv"' in swedish.text
    assert b'<html lang="en"' in gzip.decompress(english.data)
    assert {"Accept-Language", "Accept-Encoding", "Cookie"} <= set(english.headers["Vary"].split(", "))
    assert not client.get("/", headers={"Accept-Encoding": "gzip;q=0"}).content_encoding


def test_cached_page_of_another_host_name_is_not_reused(app: Flask, live: LiveView) -> None:
    client = app.test_client()
    assert "http://one.example/" in client.get("/", base_url="http://one.example").text
    assert "http://two.example/" in client.get("/", base_url="http://two.example").text
    assert "https://two.example/" in client.get("/", base_url="https://two.example").text
