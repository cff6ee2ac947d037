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

from collector import outward
from collector.inbox import reads as collector_reads
from collector.outward import CollectorStatus
from collector.run import run
from collector.settings import CollectorSettings
from dashboard.live.following import Follower
from dashboard.live.following import reads as dashboard_reads
from dashboard.live.picture import Broker, Message, Picture, Refused
from edge import topics, uplink
from edge.broker import client
from edge.topics import DeviceTopic
from edge.uplink import Connected, Uplink
from ledig.replay.servers import ReplayAway
from ledig.replay.wire import wire
from tests.collector.houses import NOON_MS, house_of, motions
from tests.ledig.site.test_site import SOUND, written
from tests.servers import Mosquitto, free_port, mosquitto, until
from tests.support.guarded_broker import GuardedBroker, guarded_broker

SITE = "mill"
EVENTS = topics.every_device(SITE, DeviceTopic.EVENTS)
RECEIPT = topics.device(SITE, "pi-1", DeviceTopic.RECEIPT)
STATUS = topics.collector(SITE)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedBroker]:
    refused = {
        "collector": [EVENTS],
        "pi-1": [RECEIPT],
        "dashboard": [topics.space(SITE, "+"), topics.alerts(SITE)],
        "installer": [STATUS],
    }
    with guarded_broker(tmp_path, refused) as started:
        yield started


class Reader:
    """A client that keeps the newest payload of one topic and can publish."""

    def __init__(self, broker: Mosquitto, topic: str) -> None:
        self.newest = b""
        settings = broker.settings("observer")
        self._client = client(settings, "reader")
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
def collecting(broker: Mosquitto, path: Path) -> Iterator[None]:
    stop = threading.Event()
    settings = CollectorSettings(broker=broker.settings("collector"), journal_path=path)
    thread = threading.Thread(target=run, args=(settings, house_of(2), lambda: NOON_MS + 60_000, stop))
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
        return outward.decode(reader.newest, CollectorStatus) if reader.newest else None

    with closing(Reader(guarded.broker, STATUS)) as reader, collecting(guarded.broker, path):
        until(lambda: (last_status := status()) and last_status.fault, what="the fault on the collector's status")
        last_status = status()
        assert last_status is not None
        assert not last_status.online
        assert last_status.fault == f"the broker does not let the collector read {EVENTS}"
        assert [record.levelno for record in caplog.records if EVENTS in record.message] == [logging.ERROR]
        guarded.allow("collector")
        until(
            lambda: (last_status := status()) and last_status.online and not last_status.fault,
            what="the collector online",
        )
        reader.publish(topics.device(SITE, "pi-1", DeviceTopic.EVENTS), motions([1]))
        until(lambda: events(path) == 1, what="the first event on the disk")


def events(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM event").fetchone()[0])


def test_agent_detects_refused_subscriptions_and_their_end(guarded: GuardedBroker) -> None:
    inbox: SimpleQueue[object] = SimpleQueue()
    settings = guarded.broker.settings("pi-1")
    will = topics.device(SITE, "pi-1", DeviceTopic.STATUS), b"{}"
    line = Uplink(settings, "pi-1", will, inbox)
    line.start()
    try:
        until(lambda: RECEIPT in refused_to(line, inbox), what="the refused topic")
        guarded.allow("pi-1")  # this broker also ends the connection, so the agent subscribes again
        until(lambda: refused_to(line, inbox) == (), what="the end of the refusal")
    finally:
        line.stop(will[0], b"{}")


def refused_to(line: Uplink, inbox: "SimpleQueue[object]") -> tuple[str, ...]:
    """Process the queue as an agent does; return the refused topics."""
    while True:
        try:
            item = inbox.get(timeout=5)
        except Empty:
            return ("nothing came",)
        if isinstance(item, uplink.Refused):
            return item.topics
        if isinstance(item, Connected):
            line.subscribe([RECEIPT, topics.device(SITE, "pi-1", DeviceTopic.COMMAND)])


def test_dashboard_shows_refused_topics(guarded: GuardedBroker, caplog: pytest.LogCaptureFixture) -> None:
    inbox: deque[Message | Broker | Refused] = deque()
    follower = Follower(guarded.broker.settings("dashboard"), SITE, inbox)
    follower.start()
    picture = Picture(house_of(1))

    def refused() -> tuple[str, ...]:
        while inbox:
            picture.hear(inbox.popleft(), 0.0, NOON_MS)
        return picture.refused

    try:
        until(lambda: set(refused()) == {topics.space(SITE, "+"), topics.alerts(SITE)}, what="the refused topics")
        assert any("does not let user 'dashboard' read" in record.message for record in caplog.records)
        guarded.allow("dashboard")

        def healed() -> bool:
            follower.ask_again()
            return not refused()

        until(healed, what="the end of the refusal")
    finally:
        follower.stop()


def test_replay_ends_with_the_refused_topics(guarded: GuardedBroker) -> None:
    with (
        wire(guarded.broker.settings("installer"), SITE) as line,
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
        until(lambda: check(tmp_path, guarded.broker, *command).returncode == 0, what="a successful check")


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
    text = SOUND.replace("port = 1884", table) + f"\n[dashboard]\nport = {free_port()}\n"
    name, *options = command
    arguments = [sys.executable, "-m", "ledig", name, "--check", str(written(folder, text)), *options]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
