"""Two clients with one identity: found, named, and not fighting without end."""

import threading
from collections import deque
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.following import Follower
from dashboard.live.picture import Broker
from edge import rivalry
from edge.rivalry import LONGEST_PAUSE_S, SHORT_S, SUSPICIOUS, Connections
from edge.uplink import Connected, Disconnected, Uplink
from tests.servers import SHIPPED_MOSQUITTO, mosquitto, until


def after(*lasted_s: float) -> Connections:
    state, now_s = Connections(), 0.0
    for span_s in lasted_s:
        state = rivalry.ended(rivalry.began(state, now_s), now_s + span_s)
        now_s += span_s + 1
    return state


def test_only_many_short_connections_in_a_row_are_suspicious() -> None:
    assert not after(*[1.0] * (SUSPICIOUS - 1)).is_contested
    assert after(*[1.0] * SUSPICIOUS).is_contested
    assert not after(*[1.0] * SUSPICIOUS, SHORT_S).is_contested
    assert rivalry.ended(Connections(), 5.0) == Connections(), "a broker that never answered has ended nothing"


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(0, 1))
def test_the_pauses_grow_and_are_bounded(lasted_s: list[float], jitter: float) -> None:
    state = after(*lasted_s)
    pause_s = rivalry.pause_s(state, jitter)
    assert 0 <= pause_s <= LONGEST_PAUSE_S
    assert (pause_s > 0) == state.is_contested
    worse = rivalry.ended(rivalry.began(state, 1e6), 1e6 + 1)
    assert rivalry.pause_s(worse, jitter) >= pause_s


def test_a_copied_card_is_named_and_both_back_off() -> None:
    """Both agents sign in with the same name and password, so the broker ends one connection for the other."""
    with mosquitto() as broker:
        settings = broker.settings("pi-1")
        inboxes: list[SimpleQueue[object]] = [SimpleQueue(), SimpleQueue()]
        lines = [Uplink(settings, "mill-pi-1", ("ledig/v1/mill/device/pi-1/status", b"{}"), box) for box in inboxes]
        for line in lines:
            line.start()
        named = threading.Event()
        begun = [0, 0]

        def look() -> bool:
            for place, box in enumerate(inboxes):
                while not box.empty():
                    item = box.get()
                    begun[place] += isinstance(item, Connected)
                    if isinstance(item, Disconnected) and item.refusal and "the same name" in item.refusal:
                        named.set()
            return named.is_set()

        try:
            until(look, seconds=60, what="the suspicion")
        finally:
            for line in lines:
                line.stop("ledig/v1/mill/device/pi-1/status", b"{}")


def test_two_dashboards_follow_side_by_side_with_the_shipped_configuration() -> None:
    assert "\nuse_username_as_clientid" not in (SHIPPED_MOSQUITTO / "ledig.conf").read_text()
    with mosquitto(site="mill") as broker:
        inboxes: list[deque[object]] = [deque(), deque()]
        followers = [Follower(broker.settings("dashboard"), "mill", box) for box in inboxes]  # type: ignore[arg-type]
        for follower in followers:
            follower.start()
        try:
            until(lambda: all(Broker.HERE in box for box in inboxes), what="both connections")
            for follower in followers:
                assert follower.say("ledig/v1/mill/collector/command", b"{}")
            witness = Follower(broker.settings("dashboard"), "mill", deque())
            witness.start()
            witness.stop()
            assert not any(Broker.AWAY in box for box in inboxes)
        finally:
            for follower in followers:
                follower.stop()


@pytest.mark.parametrize("password", ["secret", None])
def test_a_client_id_holds_a_part_that_only_the_password_gives(password: str | None) -> None:
    from edge.broker import BrokerSettings, client

    ids = {
        client(BrokerSettings(user=user, password=password), "pi-1")._client_id.decode() for user in ("pi-1", "pi-2")
    }
    assert len(ids) == (2 if password else 1)
    assert all("secret" not in one for one in ids)
