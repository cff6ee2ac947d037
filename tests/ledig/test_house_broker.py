"""The embedded broker of `ledig up`: passwords, rights to topics, retained messages."""

import asyncio
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from edge import topics
from edge.broker import BrokerSettings, client
from edge.topics import DeviceTopic
from ledig import children, house_broker
from ledig.house_broker import HOST, HouseBrokerSettings, covers
from ledig.passwords import PasswordRejected
from ledig.reach import reach_broker
from ledig.supervisor import Child, Supervisor
from tests.servers import answers, free_port, until

PASSWORDS = {"collector": "c", "dashboard": "d", "pi-1": "p1", "pi-2": "p2"}


@pytest.fixture
def port_only() -> int:
    return free_port()


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    settings = HouseBrokerSettings(port=port, site="mill", passwords=PASSWORDS)
    broker = Supervisor([Child(name="broker", work=children.broker, arguments=(settings,), port=port)], show=print)
    broker.start()
    assert answers(port)
    yield port
    broker.stop()
    assert not answers(port)


class Caller:
    """A client with subscriptions; received messages are on a queue."""

    def __init__(self, port: int, user: str, *filters: str) -> None:
        self.heard: SimpleQueue[tuple[str, bytes, bool]] = SimpleQueue()
        self.granted: list[bool] = []
        self._client = client(BrokerSettings(host=HOST, port=port, user=user, password=PASSWORDS[user]), user)
        self._client.on_message = lambda _c, _u, message: self.heard.put(
            (message.topic, message.payload, message.retain)
        )
        self._client.on_subscribe = self._subscribed
        self._client.connect(HOST, port)
        self._client.loop_start()
        until(self._client.is_connected, what=f"{user} is connected")
        for topic in filters:
            self._client.subscribe(topic, qos=1)
        until(lambda: len(self.granted) == len(filters), what=f"{user} is subscribed")

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.on_message = self._client.on_subscribe = (
            None  # break the reference cycle, so that paho closes its sockets
        )

    def _subscribed(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        self.granted += [not reason.is_failure for reason in reasons]


def test_connection_needs_the_right_password(port: int) -> None:
    reach_broker(BrokerSettings(host=HOST, port=port, user="pi-1", password=PASSWORDS["pi-1"]), "pi-1")
    for user, password in (("pi-1", "p2"), ("pi-9", "p1"), (None, None)):
        with pytest.raises(PasswordRejected, match="refuses"):
            reach_broker(BrokerSettings(host=HOST, port=port, user=user, password=password), "stranger")


def test_device_publishes_only_on_its_own_topics(port: int) -> None:
    events = topics.every_device("mill", DeviceTopic.EVENTS)
    collector = Caller(port, "collector", events)
    device = Caller(port, "pi-1")
    device.say(topics.device("mill", "pi-2", DeviceTopic.EVENTS), b"forged")
    device.say(topics.space("mill", "desk-1"), b"forged")
    device.say(topics.device("mill", "pi-1", DeviceTopic.EVENTS), b"true")
    assert collector.heard.get(timeout=10)[:2] == (topics.device("mill", "pi-1", DeviceTopic.EVENTS), b"true")
    assert collector.heard.empty()
    device.close()
    collector.close()


def test_device_receives_only_its_own_receipts(port: int) -> None:
    own = topics.device("mill", "pi-1", DeviceTopic.RECEIPT)
    device = Caller(port, "pi-1", own, topics.every_device("mill", DeviceTopic.RECEIPT), "#")
    assert device.granted == [True, False, False]
    device.close()


def test_only_the_dashboard_can_send_a_device_command(port: int) -> None:
    command = topics.device("mill", "pi-1", DeviceTopic.COMMAND)
    device, other, dashboard = Caller(port, "pi-1", command), Caller(port, "pi-2"), Caller(port, "dashboard")
    other.say(command, b"forged")
    dashboard.say(command, b"asked")
    assert device.heard.get(timeout=10)[:2] == (command, b"asked")
    assert device.heard.empty()
    for caller in (device, other, dashboard):
        caller.close()


def test_only_the_dashboard_can_send_a_collector_command(port: int) -> None:
    command = topics.collector_command("mill")
    collector = Caller(port, "collector", command, topics.every_device("mill", DeviceTopic.FINDINGS))
    device, dashboard = (
        Caller(port, "pi-1", topics.device("mill", "pi-1", DeviceTopic.FINDINGS)),
        Caller(port, "dashboard"),
    )
    assert (collector.granted, device.granted) == ([True, True], [False])
    device.say(command, b"forged")
    dashboard.say(topics.device("mill", "pi-1", DeviceTopic.FINDINGS), b"forged")
    dashboard.say(command, b"asked")
    assert collector.heard.get(timeout=10)[:2] == (command, b"asked")
    assert collector.heard.empty()
    for caller in (device, dashboard, collector):
        caller.close()


@pytest.mark.parametrize(
    ("topic", "accepted"),
    [
        (topics.device("mill", "pi-1", DeviceTopic.STATUS), True),
        (topics.device("mill", "pi-2", DeviceTopic.STATUS), False),
        (topics.space("mill", "desk-1"), False),
        (topics.collector("mill"), False),
        (topics.device("another-site", "pi-1", DeviceTopic.STATUS), False),
    ],
)
def test_will_needs_write_access_to_its_topic(port: int, topic: str, *, accepted: bool) -> None:
    settings = BrokerSettings(host=HOST, port=port, user="pi-1", password=PASSWORDS["pi-1"])
    answers: SimpleQueue[bool] = SimpleQueue()
    device = client(settings, "pi-1", will=(topic, b"gone"))
    device.on_connect = lambda *answer: answers.put(not answer[3].is_failure)
    device.connect(HOST, port)
    device.loop_start()
    try:
        assert answers.get(timeout=10) is accepted
    finally:
        device.disconnect()
        device.loop_stop()
        device.on_connect = None


def test_new_client_gets_only_retained_messages_of_its_subscriptions(port: int) -> None:
    collector = Caller(port, "collector")
    dashboard = Caller(port, "dashboard", topics.zone("mill", "+"), topics.site_summary("mill"))
    collector.say(topics.zone("mill", "hall"), b"zone", retain=True)
    collector.say(topics.space("mill", "desk-1"), b"taken", retain=True)
    assert dashboard.heard.get(timeout=10) == (topics.zone("mill", "hall"), b"zone", False)
    device = Caller(port, "pi-1", topics.space("mill", "desk-1"))
    assert device.heard.get(timeout=10) == (topics.space("mill", "desk-1"), b"taken", True)
    assert device.heard.empty(), "amqtt 0.12.1 would have sent the zone's summary too"
    for caller in (device, dashboard, collector):
        caller.close()


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/+/c", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a/+/#", True),
        ("a/+/c", "a/#", False),
        ("a/b/c", "a/+/c", False),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+", "b/x", False),
    ],
)
def test_pattern_covers_a_filter_only_if_it_covers_all_its_topics(pattern: str, topic: str, covered: bool) -> None:
    assert covers(pattern, topic) is covered


def test_broker_ends_with_its_permanent_tasks(port_only: int) -> None:
    settings = HouseBrokerSettings(port=port_only, site="mill", passwords=PASSWORDS)

    async def kill_broadcast() -> None:
        serving = asyncio.ensure_future(house_broker._serve_until_stopped(settings, threading.Event()))
        lasting: list[asyncio.Task[Any]] = []
        while not lasting:
            await asyncio.sleep(0.01)  # the broker starts in this loop
            lasting = [task for task in asyncio.all_tasks() if "_broadcast_loop" in repr(task.get_coro())]
        lasting[0].cancel()
        await serving

    with pytest.raises(house_broker.BrokerBroken, match="_broadcast_loop"):
        asyncio.run(kill_broadcast())
