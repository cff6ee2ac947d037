"""From a silent device to a message at a server, with real Mosquitto, collector, journal and apprise."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from collector.configuration.alert_settings import AlertSettings, Destination
from collector.configuration.collector_settings import CollectorSettings
from collector.contract.alerts import AlertCommand, AlertKind, Alerts, MuteAction, decode_alerts, encode
from collector.engine.collector_loop import run_collector
from collector.text.languages import Language
from edge.contract import topics
from edge.timekeeping.durations import MINUTE_MS
from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.collector.notification_receivers import NotificationReceiver, run_receiver
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motions
from tests.support.collector.site_observer import SiteObserver
from tests.support.servers import Mosquitto, wait_until

ALERTS = topics.ALERTS.topic("mill")


class SiteUnderTest:
    """A collector whose clock the test sets; it evaluates alerts once in a real second."""

    def __init__(self, broker: Mosquitto, observer: SiteObserver, path: Path, phone: NotificationReceiver) -> None:
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
        thread = threading.Thread(
            target=run_collector, args=(self.settings, build_desk_plan(1), lambda: self.now_ms, stop)
        )
        thread.start()
        try:
            wait_until(self.observer.online, what="the collector to be online")
            yield
        finally:
            stop.set()
            thread.join(20)
        wait_until(lambda: not self.observer.online(), what="the collector to be offline")

    def read_alerts(self) -> Alerts | None:
        payload = self.observer.retained.get(ALERTS)
        return decode_alerts(payload) if payload else None

    def fail(self) -> None:
        """Send more events than the full disk can store, until the collector reports a fault."""
        while self.observer.online():
            stored = self.stored()
            self.observer.send_events(motions(range(stored + 1, stored + 501)))
            wait_until(partial(self._answered, stored), what="a receipt or a fault")

    def _answered(self, stored: int) -> bool:
        return not self.observer.online() or self.stored() > stored

    def stored(self) -> int:
        return max((receipt.seq for receipt in self.observer.receipts()), default=0)

    def pass_until(self, alerts: str, *, minutes: int = 1) -> None:
        """Advance site time in steps, one per evaluation, until this number of alerts is published."""

        def reached() -> bool:
            self.now_ms += minutes * MINUTE_MS
            published = self.read_alerts()
            return published is not None and f"{len(published.open)} open, {len(published.ended)} ended" == alerts

        wait_until(reached, seconds=60, what=alerts)


@pytest.fixture
def phone() -> Iterator[NotificationReceiver]:
    with run_receiver() as receiver:
        yield receiver


def test_silent_device_causes_one_message_also_across_a_restart(
    broker: Mosquitto, phone: NotificationReceiver, tmp_path: Path
) -> None:
    with closing(SiteObserver(broker)) as observer:
        site = SiteUnderTest(broker, observer, tmp_path / "journal.sqlite", phone)
        phone.status = 500
        with site.collecting():
            wait_until(lambda: site.read_alerts() is not None, what="the first alerts message")
            observer.send_events(motions([1]))
            site.pass_until("2 open, 0 ended")  # the device, then the server that accepts no message
            published = site.read_alerts()
            assert published is not None
            assert {alert.kind for alert in published.open} == {AlertKind.DEVICE_SILENT, AlertKind.NOT_DELIVERED}
            assert phone.received
        phone.status = 200
        phone.received.clear()
        with site.collecting():
            wait_until(lambda: phone.received, what="the notification that waited")
            title, text = phone.received[0]
            assert title == "The mill: Device offline, pi-1"
            assert text.startswith("pi-1 has been offline since ")
            assert text.endswith(": 3 sensors affected. Check power and Wi-Fi of pi-1.")
            site.pass_until("1 open, 1 ended")  # the server accepts messages again
        assert [title for title, _ in phone.received].count("The mill: Device offline, pi-1") == 1


def test_mute_through_the_broker_survives_a_restart(
    broker: Mosquitto, phone: NotificationReceiver, tmp_path: Path
) -> None:
    with closing(SiteObserver(broker)) as observer:
        site = SiteUnderTest(broker, observer, tmp_path / "journal.sqlite", phone)
        with site.collecting():
            wait_until(lambda: site.read_alerts() is not None, what="the first alerts message")
            observer.send_command(encode(AlertCommand(MuteAction.MUTE, None, "pi-1")))
            wait_until(lambda: (published := site.read_alerts()) and published.mutes, what="the mute")
            observer.send_events(motions([1]))
            site.pass_until("1 open, 0 ended")
            published = site.read_alerts()
            assert published is not None
            assert [alert.muted for alert in published.open] == [True]
        with site.collecting():
            wait_until(
                lambda: (published := site.read_alerts()) and published.mutes and published.open, what="the stored mute"
            )
            observer.send_command(encode(AlertCommand(MuteAction.UNMUTE, None, "pi-1")))
            site.now_ms += 2 * MINUTE_MS
            wait_until(lambda: phone.received, what="the message that was held back")


def test_unwritable_journal_causes_a_message_at_its_begin_and_end(
    broker: Mosquitto, phone: NotificationReceiver, tmp_path: Path, as_root: None
) -> None:
    with closing(SiteObserver(broker)) as observer, small_disk(tmp_path / "disk") as disk:
        site = SiteUnderTest(broker, observer, disk / "journal.sqlite", phone)
        with site.collecting():
            wait_until(lambda: site.read_alerts() is not None, what="the first alerts message")
            fill_disk(disk / "ballast")
            site.fail()
            wait_until(lambda: phone.received, what="the message that nothing is stored")
            title, text = phone.received[0]
            assert title == "The mill: Data not being stored"
            assert text.startswith("The collector has not been able to store data since ")
            (disk / "ballast").unlink()
            wait_until(observer.online, what="the end of the fault")
            site.now_ms += 2 * MINUTE_MS
            wait_until(lambda: len(phone.received) == 2, what="the message that it has ended")
            assert phone.received[1][0] == "The mill, resolved: Data not being stored"
            published = site.read_alerts()
            assert published is not None
            assert AlertKind.JOURNAL_AWAY in {alert.kind for alert in published.ended}
