"""Of several collectors of one site exactly one is active: as pure rules, and as real processes at a real broker."""

import itertools
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from collector.configuration.collector_settings import CollectorSettings
from collector.contract import states
from collector.contract.states import CollectorStatus
from collector.engine.collector_loop import run_collector
from collector.store import lease
from collector.store.lease import LEASE_S, Lease
from edge.contract import topics
from edge.contract.broker_client import create_client
from edge.contract.message import Receipt, decode_receipt
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motions
from tests.support.servers import Mosquitto, mosquitto, wait_until

A, B = "aaaa", "bbbb"


def status(instance: str, since_ms: int = 1, *, online: bool = True) -> CollectorStatus:
    return CollectorStatus(online, 0, (), instance, since_ms)


def test_a_single_collector_is_active_at_once_and_after_its_own_last_status() -> None:
    for statuses in ([], [status(A)], [status(A, online=False)], [status("", 5)], [status(B, online=False)]):
        mine = Lease(A)
        for one in statuses:
            mine = lease.apply_status(mine, one, 0.0)
        mine = lease.claim_if_free(mine, 0.0, 7)
        assert (mine.is_standby, mine.since_ms) == (False, 7)


def test_a_later_collector_is_standby_until_the_first_leaves_or_falls_silent() -> None:
    late = lease.claim_if_free(lease.apply_status(Lease(B), status(A), 0.0), 0.0, 7)
    assert late.is_standby
    assert lease.claim_if_free(late, LEASE_S - 1, 8).is_standby
    assert not lease.claim_if_free(late, LEASE_S, 8).is_standby
    assert not lease.claim_if_free(lease.apply_status(late, status(A, online=False), 1.0), 1.0, 8).is_standby


@pytest.mark.parametrize("since", [(1, 2), (2, 1), (5, 5)])
def test_of_two_that_start_together_exactly_one_stays_active(since: tuple[int, int]) -> None:
    """Holds for every order in which each sees the other's status and its own."""
    for order in itertools.permutations([0, 1, 0, 1]):
        pair = [Lease(A, since[0]), Lease(B, since[1])]
        for place in order:
            other = pair[1 - place]
            if other.since_ms is not None and not other.is_standby:
                pair[place] = lease.apply_status(pair[place], status(other.instance, other.since_ms), 0.0)
        assert [one.is_standby for one in pair].count(True) == 1


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto(site="mill") as started:
        yield started


class CollectorWatcher:
    """A client that records what the site's collectors publish."""

    def __init__(self, broker: Mosquitto) -> None:
        self.statuses: list[CollectorStatus] = []
        self.receipts: list[Receipt] = []
        settings = broker.settings("observer")
        self._client = create_client(settings, "watcher")
        self._client.on_connect = lambda me, *_: me.subscribe("ledig/v1/#", 1)
        self._client.on_message = self._take
        self._client.connect(settings.host, settings.port)
        self._client.loop_start()

    def publish(self, payload: bytes) -> None:
        self._client.publish(topics.EVENTS.topic("mill", "pi-1"), payload, qos=1).wait_for_publish(10)

    def online(self) -> str:
        """The active instance; empty: none."""
        return self.statuses[-1].instance if self.statuses and self.statuses[-1].online else ""

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == topics.COLLECTOR_STATUS.topic("mill") and message.payload:
            self.statuses.append(states.decode(message.payload, CollectorStatus))
        elif message.topic.endswith("/receipt"):
            self.receipts.append(decode_receipt(message.payload))


@contextmanager
def collecting(broker: Mosquitto, path: Path) -> Iterator[Callable[[], None]]:
    """Run a collector in a thread; yield the function that ends it."""
    stop = threading.Event()
    settings = CollectorSettings(broker=broker.settings("collector"), journal_path=path)
    thread = threading.Thread(target=run_collector, args=(settings, build_desk_plan(2), lambda: NOON_MS + 60_000, stop))
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(20)

    try:
        yield end
    finally:
        end()


def events(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM event").fetchone()[0])


def test_a_second_collector_waits_and_takes_over_when_the_first_is_gone(
    broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first_path, second_path = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    with closing(CollectorWatcher(broker)) as watcher, ExitStack() as stack:
        end_first = stack.enter_context(collecting(broker, first_path))
        wait_until(watcher.online, what="the first collector")
        first = watcher.online()
        stack.enter_context(collecting(broker, second_path))
        wait_until(lambda: "is already running for site mill" in caplog.text, what="the message of the second")
        assert [record.levelno for record in caplog.records if "is already running" in record.message] == [
            logging.ERROR
        ]
        watcher.publish(motions([1, 2]))
        wait_until(lambda: Receipt("s", 2) in watcher.receipts, what="the receipt")
        assert (events(first_path), events(second_path)) == (2, 0)
        assert {one.instance for one in watcher.statuses} == {first}
        end_first()
        wait_until(lambda: watcher.online() not in ("", first), what="the second collector")
        watcher.publish(motions([3], oldest=3))
        wait_until(lambda: events(second_path) == 1, what="the event at the second")


def test_a_restarted_collector_does_not_wait_for_itself(broker: Mosquitto, tmp_path: Path) -> None:
    """The status of the previous run says online, as after a power cut of the machine."""
    path = tmp_path / "journal.sqlite"
    with closing(CollectorWatcher(broker)) as watcher:
        with collecting(broker, path):
            wait_until(watcher.online, what="the first run")
            mine = watcher.online()
        retained = states.encode(CollectorStatus(online=True, at_ms=NOON_MS, instance=mine, since_ms=1))
        settings = broker.settings("observer")
        witness = create_client(settings, "witness")
        witness.connect(settings.host, settings.port)
        witness.loop_start()
        witness.publish(topics.COLLECTOR_STATUS.topic("mill"), retained, qos=1, retain=True).wait_for_publish(10)
        witness.disconnect()
        witness.loop_stop()
        with collecting(broker, path):
            wait_until(
                lambda: watcher.online() == mine and watcher.statuses[-1].since_ms > 1,
                seconds=10,
                what="the second run",
            )
