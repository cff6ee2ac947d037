"""Processes without the necessary broker rights report it, and recover once they have them."""

import logging
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from collector.configuration.collector_settings import CollectorSettings
from collector.contract import states
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.contract.states import CollectorStatus
from collector.engine.collector_loop import run_collector
from collector.mqtt.connection import list_required_topics as collector_reads
from dashboard.live.snapshot import BrokerConnection, BrokerMessage, RefusedTopics, SiteSnapshot
from dashboard.subscriber.subscriber import SiteSubscriber
from dashboard.subscriber.subscriber import list_topic_filters as dashboard_reads
from edge.contract import topics
from edge.contract.broker_client import LastWill, create_client
from edge.outbox import broker_link
from edge.outbox.broker_link import BrokerLink, Connected
from ledig.replay.mqtt_probe import open_replay_connection
from ledig.replay.servers import ReplayAway
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motions
from tests.support.guarded_broker import GuardedBroker, guarded_broker
from tests.support.servers import Mosquitto, find_free_port, mosquitto, wait_until
from tests.support.valid_site import VALID_SITE, write_site_file

SITE = "mill"
EVENTS = topics.EVENTS.topic_filter(SITE)
RECEIPT = topics.RECEIPT.topic(SITE, "pi-1")
STATUS = topics.COLLECTOR_STATUS.topic(SITE)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedBroker]:
    refused = {
        "collector": [EVENTS],
        "pi-1": [RECEIPT],
        "dashboard": [topics.SPACE_STATE.topic_filter(SITE), topics.ALERTS.topic(SITE)],
        "installer": [STATUS],
    }
    with guarded_broker(tmp_path, refused) as started:
        yield started


class TopicClient:
    """A client that keeps the newest payload of one topic and can publish."""

    def __init__(self, broker: Mosquitto, topic: str) -> None:
        self.newest = b""
        settings = broker.settings("observer")
        self._client = create_client(settings, "reader")
        self._client.on_connect = lambda me, *_: me.subscribe(topic, 1)
        self._client.on_message = self._take
        self._client.connect(settings.host, settings.port)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, _client: object, _data: object, message: object) -> None:
        self.newest = getattr(message, "payload", b"")


@contextmanager
def start_collector(broker: Mosquitto, path: Path) -> Iterator[None]:
    stop = threading.Event()
    settings = CollectorSettings(broker=broker.settings("collector"), journal_path=path)
    thread = threading.Thread(target=run_collector, args=(settings, build_desk_plan(2), lambda: NOON_MS + 60_000, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def test_collector_without_read_access_is_not_online_and_recovers(
    guarded: GuardedBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.sqlite"

    def status() -> CollectorStatus | None:
        return states.decode(reader.newest, CollectorStatus) if reader.newest else None

    with closing(TopicClient(guarded.broker, STATUS)) as reader, start_collector(guarded.broker, path):
        wait_until(lambda: (last_status := status()) and last_status.faults, what="the fault on the collector's status")
        last_status = status()
        assert last_status is not None
        assert not last_status.online
        assert last_status.faults == (CollectorFault(FaultKind.TOPICS_REFUSED, (EVENTS,)),)
        assert [record.levelno for record in caplog.records if EVENTS in record.message] == [logging.ERROR]
        guarded.allow("collector")
        wait_until(
            lambda: (last_status := status()) and last_status.online and not last_status.faults,
            what="the collector online",
        )
        reader.publish(topics.EVENTS.topic(SITE, "pi-1"), motions([1]))
        wait_until(lambda: count_events(path) == 1, what="the first event on the disk")


def count_events(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM event").fetchone()[0])


def test_agent_detects_refused_subscriptions_and_their_end(guarded: GuardedBroker) -> None:
    inbox: SimpleQueue[object] = SimpleQueue()
    settings = guarded.broker.settings("pi-1")
    will = LastWill(topics.DEVICE_STATUS, topics.DEVICE_STATUS.topic(SITE, "pi-1"), b"{}")
    line = BrokerLink(settings, "pi-1", will, inbox)
    line.start()
    try:
        wait_until(lambda: RECEIPT in find_refused(line, inbox), what="the refused topic")
        guarded.allow("pi-1")  # this broker also ends the connection, so the agent subscribes again
        wait_until(lambda: find_refused(line, inbox) == (), what="the end of the refusal")
    finally:
        line.stop()


def find_refused(line: BrokerLink, inbox: "SimpleQueue[object]") -> tuple[str, ...]:
    """Process the queue as an agent does; return the refused topics."""
    while True:
        try:
            item = inbox.get(timeout=5)
        except Empty:
            return ("nothing came",)
        if isinstance(item, broker_link.SubscriptionsRefused):
            return item.topics
        if isinstance(item, Connected):
            line.subscribe([RECEIPT, topics.DEVICE_COMMAND.topic(SITE, "pi-1")])


def test_dashboard_shows_refused_topics(guarded: GuardedBroker, caplog: pytest.LogCaptureFixture) -> None:
    inbox: deque[BrokerMessage | BrokerConnection | RefusedTopics] = deque()
    follower = SiteSubscriber(guarded.broker.settings("dashboard"), SITE, inbox)
    follower.start()
    picture = SiteSnapshot(build_desk_plan(1))

    def refused() -> tuple[str, ...]:
        while inbox:
            picture.apply(inbox.popleft(), 0.0, NOON_MS)
        return picture.refused_topics

    try:
        wait_until(
            lambda: set(refused()) == {topics.SPACE_STATE.topic_filter(SITE), topics.ALERTS.topic(SITE)},
            what="the refused topics",
        )
        assert any("does not let user 'dashboard' read" in record.message for record in caplog.records)
        guarded.allow("dashboard")

        def healed() -> bool:
            follower.resubscribe_refused()
            return not refused()

        wait_until(healed, what="the end of the refusal")
    finally:
        follower.stop()


def test_replay_ends_with_the_refused_topics(guarded: GuardedBroker) -> None:
    with (
        open_replay_connection(guarded.broker.settings("installer"), SITE) as line,
        pytest.raises(ReplayAway, match=f"does not let user 'installer' read {STATUS}"),
    ):
        line.await_collector(0, lambda: None)


@pytest.mark.parametrize(
    ("command", "user", "filters"),
    [
        (("collector",), "collector", [collector_reads("mill")[0]]),
        (("dashboard",), "dashboard", [dashboard_reads("mill")[0]]),
        (("edge", "--device", "pi-1", "--pins", "mock"), "pi-1", ["ledig/v1/mill/device/pi-1/receipt"]),
    ],
)
def test_check_fails_with_the_refused_topic_and_a_remedy(
    tmp_path: Path, command: tuple[str, ...], user: str, filters: list[str]
) -> None:
    with guarded_broker(tmp_path, {user: filters}) as guarded:
        result = check(tmp_path, guarded.broker, *command)
        assert (result.returncode, result.stdout) == (3, "")
        assert f"does not let user '{user}' read {filters[0]}; correct its rights at the broker" in result.stderr
        guarded.allow(user)
        wait_until(lambda: check(tmp_path, guarded.broker, *command).returncode == 0, what="a successful check")


def test_check_of_the_collector_finds_rights_of_another_site(tmp_path: Path) -> None:
    """With an ACL file Mosquitto accepts every subscription and acknowledges every message, allowed or not."""
    with mosquitto(site="another-site") as broker:
        result = check(tmp_path, broker, "collector")
    assert (result.returncode, result.stdout) == (3, "")
    assert "did not come back" in result.stderr
    assert "correct its rights at the broker" in result.stderr


def check(folder: Path, broker: Mosquitto, *command: str) -> subprocess.CompletedProcess[str]:
    passwords = folder / "passwords"
    passwords.mkdir(exist_ok=True)
    for user in ("collector", "dashboard", "pi-1"):
        (passwords / user).touch(0o600)
        (passwords / user).write_text(f"secret-of-{user}\n")
    table = f'port = {broker.port}\nhost = "{broker.host}"\npassword_directory = "passwords"'
    text = VALID_SITE.replace("port = 1884", table) + f"\n[dashboard]\nport = {find_free_port()}\n"
    name, *options = command
    arguments = [sys.executable, "-m", "ledig", name, "--check", str(write_site_file(folder, text)), *options]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
