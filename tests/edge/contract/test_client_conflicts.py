"""Two clients with one name: detected, reported, and slowed down."""

import threading
from collections import deque
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.snapshot import BrokerConnection
from dashboard.subscriber.subscriber import SiteSubscriber
from edge.contract import client_conflicts, topics
from edge.contract.broker_client import LastWill
from edge.contract.client_conflicts import (
    MAX_CONFLICT_PAUSE_S,
    MIN_SHORT_CONNECTIONS,
    SHORT_CONNECTION_S,
    ConnectionHistory,
)
from edge.outbox.broker_link import BrokerLink, Connected, Disconnected
from tests.support.servers import SHIPPED_MOSQUITTO, mosquitto, wait_until


def connect_for(*durations_s: float) -> ConnectionHistory:
    state, now_s = ConnectionHistory(), 0.0
    for duration_s in durations_s:
        state = client_conflicts.record_disconnect(client_conflicts.record_connect(state, now_s), now_s + duration_s)
        now_s += duration_s + 1
    return state


def test_only_many_short_connections_in_a_row_indicate_a_conflict() -> None:
    assert not connect_for(*[1.0] * (MIN_SHORT_CONNECTIONS - 1)).is_contested
    assert connect_for(*[1.0] * MIN_SHORT_CONNECTIONS).is_contested
    assert not connect_for(*[1.0] * MIN_SHORT_CONNECTIONS, SHORT_CONNECTION_S).is_contested
    assert client_conflicts.record_disconnect(ConnectionHistory(), 5.0) == ConnectionHistory(), (
        "a broker that never answered has ended no connection"
    )


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(0, 1))
def test_pauses_grow_and_are_bounded(durations_s: list[float], jitter: float) -> None:
    state = connect_for(*durations_s)
    pause_s = client_conflicts.reconnect_pause_s(state, jitter)
    assert 0 <= pause_s <= MAX_CONFLICT_PAUSE_S
    assert (pause_s > 0) == state.is_contested
    worse = client_conflicts.record_disconnect(client_conflicts.record_connect(state, 1e6), 1e6 + 1)
    assert client_conflicts.reconnect_pause_s(worse, jitter) >= pause_s


def test_two_agents_with_one_name_are_reported() -> None:
    """Both agents sign in with the same name and password, so the broker ends one connection for the other."""
    with mosquitto() as broker:
        settings = broker.settings("pi-1")
        inboxes: list[SimpleQueue[object]] = [SimpleQueue(), SimpleQueue()]
        will = LastWill(topics.DEVICE_STATUS, "ledig/v1/mill/device/pi-1/status", b"{}")
        links = [BrokerLink(settings, "mill-pi-1", will, inbox) for inbox in inboxes]
        for link in links:
            link.start()
        is_reported = threading.Event()
        connects = [0, 0]

        def check_inboxes() -> bool:
            for index, inbox in enumerate(inboxes):
                while not inbox.empty():
                    item = inbox.get()
                    connects[index] += isinstance(item, Connected)
                    if isinstance(item, Disconnected) and item.refusal and "the same name" in item.refusal:
                        is_reported.set()
            return is_reported.is_set()

        try:
            wait_until(check_inboxes, seconds=60, what="the suspicion")
        finally:
            for link in links:
                link.stop()


def test_two_dashboards_with_one_name_stay_connected() -> None:
    assert "\nuse_username_as_clientid" not in (SHIPPED_MOSQUITTO / "ledig.conf").read_text()
    with mosquitto(site="mill") as broker:
        inboxes: list[deque[object]] = [deque(), deque()]
        followers = [SiteSubscriber(broker.settings("dashboard"), "mill", inbox) for inbox in inboxes]  # type: ignore[arg-type]
        for follower in followers:
            follower.start()
        try:
            wait_until(lambda: all(BrokerConnection.CONNECTED in inbox for inbox in inboxes), what="both connections")
            for follower in followers:
                assert follower.publish(topics.COLLECTOR_COMMAND, "ledig/v1/mill/collector/command", b"{}")
            third = SiteSubscriber(broker.settings("dashboard"), "mill", deque())
            third.start()
            third.stop()
            assert not any(BrokerConnection.DISCONNECTED in inbox for inbox in inboxes)
        finally:
            for follower in followers:
                follower.stop()


@pytest.mark.parametrize("password", ["secret", None])
def test_client_id_depends_on_the_password(password: str | None) -> None:
    from edge.contract.broker_client import BrokerSettings, create_client

    ids = {
        create_client(BrokerSettings(user=user, password=password), "pi-1")._client_id.decode()
        for user in ("pi-1", "pi-2")
    }
    assert len(ids) == (2 if password else 1)
    assert all("secret" not in client_id for client_id in ids)
