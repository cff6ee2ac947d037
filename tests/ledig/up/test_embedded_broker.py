"""The embedded broker of `ledig up`: passwords, rights to topics, retained messages."""

import asyncio
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, LastWill, create_client
from edge.contract.hosts import LOOPBACK
from ledig.runtime.start_checks import check_broker
from ledig.runtime.supervisor import ChildProcess, Supervisor
from ledig.site.broker_passwords import BrokerPasswordRejected
from ledig.up import child_processes, embedded_broker
from ledig.up.embedded_broker import EmbeddedBrokerSettings, covers_topic
from tests.support.servers import accepts_connections, find_free_port, wait_until

PASSWORDS = {"collector": "c", "dashboard": "d", "pi-1": "p1", "pi-2": "p2"}


@pytest.fixture
def port_only() -> int:
    return find_free_port()


@pytest.fixture
def port() -> Iterator[int]:
    port = find_free_port()
    settings = EmbeddedBrokerSettings(port=port, site="mill", passwords=PASSWORDS, lamp_spaces={"pi-1": "desk-1"})
    broker = Supervisor(
        [ChildProcess(name="broker", target=child_processes.run_broker, arguments=(settings,), port=port)], show=print
    )
    broker.start_all()
    assert accepts_connections(port)
    yield port
    broker.stop_all()
    assert not accepts_connections(port)


class BrokerClient:
    """A client with subscriptions; received messages are on a queue."""

    def __init__(self, port: int, user: str, *filters: str) -> None:
        self.received: SimpleQueue[tuple[str, bytes, bool]] = SimpleQueue()
        self.granted: list[bool] = []
        self._client = create_client(
            BrokerSettings(host=LOOPBACK, port=port, user=user, password=PASSWORDS[user]), user
        )
        self._client.on_message = lambda _c, _u, message: self.received.put(
            (message.topic, message.payload, message.retain)
        )
        self._client.on_subscribe = self._subscribed
        self._client.connect(LOOPBACK, port)
        self._client.loop_start()
        wait_until(self._client.is_connected, what=f"{user} is connected")
        for topic in filters:
            self._client.subscribe(topic, qos=1)
        wait_until(lambda: len(self.granted) == len(filters), what=f"{user} is subscribed")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
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
    check_broker(BrokerSettings(host=LOOPBACK, port=port, user="pi-1", password=PASSWORDS["pi-1"]), "pi-1")
    for user, password in (("pi-1", "p2"), ("pi-9", "p1"), (None, None)):
        with pytest.raises(BrokerPasswordRejected, match="refuses"):
            check_broker(BrokerSettings(host=LOOPBACK, port=port, user=user, password=password), "stranger")


def test_device_publishes_only_on_its_own_topics(port: int) -> None:
    events = topics.EVENTS.topic_filter("mill")
    collector = BrokerClient(port, "collector", events)
    device = BrokerClient(port, "pi-1")
    device.publish(topics.EVENTS.topic("mill", "pi-2"), b"forged")
    device.publish(topics.SPACE_STATE.topic("mill", "desk-1"), b"forged")
    device.publish(topics.EVENTS.topic("mill", "pi-1"), b"true")
    assert collector.received.get(timeout=10)[:2] == (topics.EVENTS.topic("mill", "pi-1"), b"true")
    assert collector.received.empty()
    device.close()
    collector.close()


def test_device_receives_only_its_own_receipts(port: int) -> None:
    own = topics.RECEIPT.topic("mill", "pi-1")
    device = BrokerClient(port, "pi-1", own, topics.RECEIPT.topic_filter("mill"), "#")
    assert device.granted == [True, False, False]
    device.close()


def test_only_the_dashboard_can_send_a_device_command(port: int) -> None:
    command = topics.DEVICE_COMMAND.topic("mill", "pi-1")
    device, other, dashboard = (
        BrokerClient(port, "pi-1", command),
        BrokerClient(port, "pi-2"),
        BrokerClient(port, "dashboard"),
    )
    other.publish(command, b"forged")
    dashboard.publish(command, b"asked")
    assert device.received.get(timeout=10)[:2] == (command, b"asked")
    assert device.received.empty()
    for caller in (device, other, dashboard):
        caller.close()


def test_only_the_dashboard_can_send_a_collector_command(port: int) -> None:
    command = topics.COLLECTOR_COMMAND.topic("mill")
    collector = BrokerClient(port, "collector", command, topics.FINDINGS.topic_filter("mill"))
    device, dashboard = (
        BrokerClient(port, "pi-1", topics.FINDINGS.topic("mill", "pi-1")),
        BrokerClient(port, "dashboard"),
    )
    assert (collector.granted, device.granted) == ([True, True], [False])
    device.publish(command, b"forged")
    dashboard.publish(topics.FINDINGS.topic("mill", "pi-1"), b"forged")
    dashboard.publish(command, b"asked")
    assert collector.received.get(timeout=10)[:2] == (command, b"asked")
    assert collector.received.empty()
    for caller in (device, dashboard, collector):
        caller.close()


def test_device_reads_only_the_space_of_its_lamp(port: int) -> None:
    wanted = [topics.SPACE_STATE.topic("mill", "desk-1"), topics.SPACE_STATE.topic("mill", "desk-2")]
    wanted.append(topics.SPACE_STATE.topic_filter("mill"))
    with_lamp, without_lamp = BrokerClient(port, "pi-1", *wanted), BrokerClient(port, "pi-2", *wanted)
    assert with_lamp.granted == [True, False, False]
    assert without_lamp.granted == [False, False, False]
    with_lamp.close()
    without_lamp.close()


@pytest.mark.parametrize(
    ("topic", "accepted"),
    [
        (topics.DEVICE_STATUS.topic("mill", "pi-1"), True),
        (topics.DEVICE_STATUS.topic("mill", "pi-2"), False),
        (topics.SPACE_STATE.topic("mill", "desk-1"), False),
        (topics.COLLECTOR_STATUS.topic("mill"), False),
        (topics.DEVICE_STATUS.topic("another-site", "pi-1"), False),
    ],
)
def test_will_needs_write_access_to_its_topic(port: int, topic: str, *, accepted: bool) -> None:
    settings = BrokerSettings(host=LOOPBACK, port=port, user="pi-1", password=PASSWORDS["pi-1"])
    answers: SimpleQueue[bool] = SimpleQueue()
    device = create_client(settings, "pi-1", will=LastWill(topics.DEVICE_STATUS, topic, b"gone"))
    device.on_connect = lambda *answer: answers.put(not answer[3].is_failure)
    device.connect(LOOPBACK, port)
    device.loop_start()
    try:
        assert answers.get(timeout=10) is accepted
    finally:
        device.disconnect()
        device.loop_stop()
        device.on_connect = None


def test_new_client_gets_only_retained_messages_of_its_subscriptions(port: int) -> None:
    collector = BrokerClient(port, "collector")
    dashboard = BrokerClient(
        port, "dashboard", topics.ZONE_SUMMARY.topic_filter("mill"), topics.SITE_SUMMARY.topic("mill")
    )
    collector.publish(topics.ZONE_SUMMARY.topic("mill", "hall"), b"zone", retain=True)
    collector.publish(topics.SPACE_STATE.topic("mill", "desk-1"), b"taken", retain=True)
    assert dashboard.received.get(timeout=10) == (topics.ZONE_SUMMARY.topic("mill", "hall"), b"zone", False)
    device = BrokerClient(port, "pi-1", topics.SPACE_STATE.topic("mill", "desk-1"))
    assert device.received.get(timeout=10) == (topics.SPACE_STATE.topic("mill", "desk-1"), b"taken", True)
    assert device.received.empty(), "amqtt 0.12.1 would have sent the zone's summary too"
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
    assert covers_topic(pattern, topic) is covered


def test_broker_ends_with_its_permanent_tasks(port_only: int) -> None:
    settings = EmbeddedBrokerSettings(port=port_only, site="mill", passwords=PASSWORDS)

    async def kill_broadcast() -> None:
        serving = asyncio.ensure_future(embedded_broker._serve_until_stopped(settings, threading.Event()))
        lasting: list[asyncio.Task[Any]] = []
        while not lasting:
            await asyncio.sleep(0.01)  # the broker starts in this loop
            lasting = [task for task in asyncio.all_tasks() if "_broadcast_loop" in repr(task.get_coro())]
        lasting[0].cancel()
        await serving

    with pytest.raises(embedded_broker.BrokerTaskEnded, match="_broadcast_loop"):
        asyncio.run(kill_broadcast())
