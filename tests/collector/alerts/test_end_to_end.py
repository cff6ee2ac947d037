"""From a device that falls silent to a message at a real server: Mosquitto, collector, journal and apprise are real."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from collector.alerts.settings import AlertSettings, Destination, Language
from collector.alerts.wire import AlertCommand, AlertKind, Alerts, Wish, decode_alerts, encode
from collector.run import run
from collector.settings import CollectorSettings
from edge import topics
from tests.collector.alerts.takers import Taker, taker
from tests.collector.disks import fill, small_disk
from tests.collector.houses import NOON_MS, house_of, motions
from tests.collector.test_run import Observer
from tests.servers import Mosquitto, until

MINUTE_MS = 60_000
ALERTS = topics.alerts("mill")


class House:
    """A collector whose clock the test sets; it looks at the house once in a real second."""

    def __init__(self, broker: Mosquitto, observer: Observer, path: Path, phone: Taker) -> None:
        destination = Destination(name="phone", url_file=Path("phone"), url=phone.url)
        self.settings = CollectorSettings(
            broker=broker.settings("collector"),
            journal_path=path,
            alerts=AlertSettings(
                destinations=(destination,), language=Language.EN, when={AlertKind.DISK_NEARLY_FULL: "off"}
            ),
        )
        self.observer = observer
        self.now_ms = NOON_MS + MINUTE_MS

    @contextmanager
    def collecting(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=run, args=(self.settings, house_of(1), lambda: self.now_ms, stop))
        thread.start()
        try:
            until(self.observer.online, what="the collector's first word")
            yield
        finally:
            stop.set()
            thread.join(20)
        until(lambda: not self.observer.online(), what="the collector's last word")

    def told(self) -> Alerts | None:
        payload = self.observer.retained.get(ALERTS)
        return decode_alerts(payload) if payload else None

    def fail(self) -> None:
        """Say more than the full disk has room for, until the collector says that it cannot go on."""
        while self.observer.online():
            stored = self.stored()
            self.observer.say(motions(range(stored + 1, stored + 501)))
            until(partial(self._answered, stored), what="a receipt, or a fault")

    def _answered(self, stored: int) -> bool:
        return not self.observer.online() or self.stored() > stored

    def stored(self) -> int:
        return max((receipt.seq for receipt in self.observer.receipts()), default=0)

    def pass_until(self, alerts: str, *, minutes: int = 1) -> None:
        """Let the house's clock go on by steps, each after the collector looked, until it tells of so many alerts."""

        def reached() -> bool:
            self.now_ms += minutes * MINUTE_MS
            told = self.told()
            return told is not None and f"{len(told.open)} open, {len(told.ended)} ended" == alerts

        until(reached, seconds=60, what=alerts)


@pytest.fixture
def phone() -> Iterator[Taker]:
    with taker() as made:
        yield made


def test_a_silent_device_is_told_at_a_server_once_also_over_a_restart_and_told_when_it_is_back(
    broker: Mosquitto, phone: Taker, tmp_path: Path
) -> None:
    with closing(Observer(broker)) as observer:
        house = House(broker, observer, tmp_path / "journal.sqlite", phone)
        phone.status = 500
        with house.collecting():
            until(lambda: house.told() is not None, what="the first word of alerts")
            observer.say(motions([1]))
            house.pass_until("2 open, 0 ended")  # the device; and then that the server takes no message
            told = house.told()
            assert told is not None
            assert {alert.kind for alert in told.open} == {AlertKind.DEVICE_SILENT, AlertKind.NOT_DELIVERED}
            assert phone.came
        phone.status = 200
        phone.came.clear()
        with house.collecting():
            until(lambda: phone.came, what="the letter that waited")
            title, text = phone.came[0]
            assert title == "The mill: Device offline, pi-1"
            assert text.startswith("pi-1 has been offline since ")
            assert text.endswith(": 3 sensors affected. Check power and Wi-Fi of pi-1.")
            house.pass_until("1 open, 1 ended")  # the server takes messages again
        assert [title for title, _ in phone.came].count("The mill: Device offline, pi-1") == 1


def test_a_manager_mutes_through_the_broker_and_the_collector_remembers(
    broker: Mosquitto, phone: Taker, tmp_path: Path
) -> None:
    with closing(Observer(broker)) as observer:
        house = House(broker, observer, tmp_path / "journal.sqlite", phone)
        with house.collecting():
            until(lambda: house.told() is not None, what="the first word of alerts")
            observer.ask(encode(AlertCommand(Wish.MUTE, None, "pi-1")))
            until(lambda: (told := house.told()) and told.mutes, what="the mute")
            observer.say(motions([1]))
            house.pass_until("1 open, 0 ended")
            told = house.told()
            assert told is not None
            assert [alert.muted for alert in told.open] == [True]
        with house.collecting():
            until(lambda: (told := house.told()) and told.mutes and told.open, what="what is remembered")
            observer.ask(encode(AlertCommand(Wish.UNMUTE, None, "pi-1")))
            house.now_ms += 2 * MINUTE_MS
            until(lambda: phone.came, what="the message that was kept back")


def test_a_journal_that_cannot_be_written_is_told_while_it_lasts_and_when_it_is_over(
    broker: Mosquitto, phone: Taker, tmp_path: Path, as_root: None
) -> None:
    with closing(Observer(broker)) as observer, small_disk(tmp_path / "disk") as disk:
        house = House(broker, observer, disk / "journal.sqlite", phone)
        with house.collecting():
            until(lambda: house.told() is not None, what="the first word of alerts")
            fill(disk / "stone")
            house.fail()
            until(lambda: phone.came, what="the word that nothing is stored")
            title, text = phone.came[0]
            assert title == "The mill: Data not being stored"
            assert text.startswith("The collector has not been able to store data since ")
            (disk / "stone").unlink()
            until(observer.online, what="the end of the fault")
            house.now_ms += 2 * MINUTE_MS
            until(lambda: len(phone.came) == 2, what="the word that it is over")
            assert phone.came[1][0] == "The mill, resolved: Data not being stored"
            told = house.told()
            assert told is not None
            assert AlertKind.JOURNAL_AWAY in {alert.kind for alert in told.ended}
