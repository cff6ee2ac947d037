"""The installed commands under a clock that jumps while they run, and at their start.

libfaketime changes the clock of the processes; nothing confirms it, as on a machine whose clock was set by hand. It is
built for x86-64 only: elsewhere the test is skipped (Debian's build makes `time.sleep` fail).
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from collector.contract.collector_faults import FaultKind
from collector.contract.states import CollectorStatus, decode
from collector.history import tables
from collector.history.measures import ZONE_HOUR, HistoryRow
from collector.site.site_plan import WHOLE_SITE
from collector.store.journal import Journal
from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.roles import AccountRole
from edge.contract import broker_client, topics
from edge.contract.message import EventKind, EventsMessage, Receipt, SensorEvent, decode_receipt, encode
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.servers import Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until
from tests.support.skips import LONG_FORM, NO_FAKETIME

faketime = pytest.importorskip("libfaketime", reason=f"{NO_FAKETIME}: it is built for x86-64 alone")

SITE = """
[site]
id = "mill"
name = "The mill"

[broker]
host = "{host}"
port = {port}
password_directory = "passwords"

[dashboard]
port = {pages}

[storage]
directory = "data"

[[floor]]
id = "ground"
name = "Ground"
width_m = 20
depth_m = 10

[[zone]]
id = "hall"
name = "Hall"
floor = "ground"
x_m = 0
y_m = 0
width_m = 20
depth_m = 10

[[space]]
id = "desk-1"
name = "Desk 1"
kind = "desk"
zone = "hall"
x_m = 2.0
y_m = 2.0

[[device]]
id = "pi-1"

[[device.sensor]]
kind = "pir"
id = "desk-1-pir"
pin = 4
space = "desk-1"
"""
JUMPS = {"+730d": 730 * DAY_MS, "+4d": 4 * DAY_MS, "+10m": HOUR_MS // 6, "-1h": -HOUR_MS, "-2d": -2 * DAY_MS}


SHORT = ("+730d", "-1h")
START_S = 90.0


class FakedClock:
    """The time of day that the processes see."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0")

    def set(self, offset: str) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{offset}\n")
        beside.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        library = Path(faketime.__file__).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
        return os.environ | {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


class SiteClient:
    """A client that reads everything of the site, and can write as any device."""

    def __init__(self, broker: Mosquitto) -> None:
        self.receipts: list[Receipt] = []
        self.status: CollectorStatus | None = None
        self._client = broker_client.create_client(broker.settings("observer"), "observer")
        self._client.on_connect = lambda client, *_: client.subscribe("ledig/v1/mill/#", qos=1)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, payload: bytes) -> None:
        self._client.publish(topics.EVENTS.topic("mill", "pi-1"), payload, qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == topics.COLLECTOR_STATUS.topic("mill"):
            self.status = decode(message.payload, CollectorStatus)
        elif message.topic == topics.RECEIPT.topic("mill", "pi-1"):
            self.receipts.append(decode_receipt(message.payload))


class WrongClockSite:
    """A site with sixty days of history, an account with an open session, and a device whose clock is right."""

    def __init__(self, folder: Path, broker: Mosquitto, observer: SiteClient) -> None:
        self.file, self.port = folder / "site.toml", find_free_port()
        self.file.write_text(SITE.format(host=broker.host, port=broker.port, pages=self.port))
        passwords = folder / "passwords"
        passwords.mkdir()
        for user in ("collector", "dashboard", "pi-1"):
            (passwords / user).touch(0o600)
            (passwords / user).write_text(str(broker.settings(user).password))
        self.storage = folder / "data"
        self.storage.mkdir()
        self.observer, self._seq = observer, 0
        now_ms = time.time_ns() // 1_000_000
        with closing(Journal(self.storage / "journal.sqlite")) as journal, journal.transaction():
            hours = range(now_ms // HOUR_MS * HOUR_MS - 60 * DAY_MS, now_ms - 2 * HOUR_MS, HOUR_MS)
            fields = tuple(1.0 for _ in ZONE_HOUR.fields)
            tables.upsert_rows(
                journal._connection, ZONE_HOUR, [HistoryRow((WHOLE_SITE, "desk"), at_ms, fields) for at_ms in hours]
            )
        accounts = Accounts(self.storage / "accounts.sqlite")
        accounts.add("anna", "a long enough passphrase", AccountRole.MANAGER)
        self.session = accounts.log_in("anna", "a long enough passphrase", "192.0.2.1")
        account = accounts.sessions.check_session(self.session)
        assert account is not None
        accounts.log.record(account, LoggedAction.EXPORT, "use.csv", "days=7")
        self.kept = self.rows()

    def rows(self) -> tuple[int, int, int]:
        """How many hours of history, sessions and lines of the access log there are."""
        with closing(sqlite3.connect(self.storage / "journal.sqlite")) as db:
            (hours,) = db.execute("SELECT count(*) FROM zone_hour").fetchone()
        with closing(sqlite3.connect(self.storage / "accounts.sqlite")) as db:
            (sessions,) = db.execute("SELECT count(*) FROM session").fetchone()
            (lines,) = db.execute("SELECT count(*) FROM access_log").fetchone()
        return hours, sessions, lines

    def lost(self) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.storage / "journal.sqlite")) as db:
            return db.execute("SELECT first, last, reason FROM gap").fetchall()

    def send_event(self) -> None:
        """Send an event that happens now, until its receipt arrives."""
        self._seq += 1
        now_ms = time.time_ns() // 1_000_000
        event = SensorEvent(self._seq, "desk-1-pir", now_ms, EventKind.HEARTBEAT, 0)

        def covered() -> bool:
            self.observer.send(encode(EventsMessage("s", self._seq, [event])))
            return any(receipt.seq >= self._seq for receipt in list(self.observer.receipts))

        wait_until(covered, what=f"a receipt for event {self._seq}")

    def faults(self) -> list[FaultKind] | None:
        """The kinds of the collector's faults; None: it is offline."""
        status = self.observer.status
        return [fault.kind for fault in status.faults] if status is not None and status.online else None


@contextmanager
def running(site: WrongClockSite, clock: FakedClock) -> Iterator[None]:
    """Run the collector and the dashboard, each in its own process."""
    processes = [
        subprocess.Popen([sys.executable, "-m", "ledig", part, str(site.file)], env=clock.environment)
        for part in ("collector", "dashboard")
    ]
    try:
        wait_until(lambda: site.faults() is not None and accepts_connections(site.port), seconds=START_S, what="start")
        yield
        assert [process.poll() for process in processes] == [None, None]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto(devices=["pi-1"]) as started:
        yield started


@pytest.fixture
def site(tmp_path: Path, broker: Mosquitto) -> Iterator[WrongClockSite]:
    with closing(SiteClient(broker)) as observer:
        yield WrongClockSite(tmp_path, broker, observer)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_jump_while_running_and_at_a_start_loses_nothing(
    tmp_path: Path, site: WrongClockSite, jump: str, *, full: bool
) -> None:
    if jump not in SHORT and not full:
        pytest.skip(LONG_FORM)
    clock = FakedClock(tmp_path / "time")
    with running(site, clock):
        site.send_event()
        clock.set(jump)
        wait_until(lambda: FaultKind.CLOCK_OFF in (site.faults() or ()), what="a report of the clock")
        site.send_event()
        status = site.observer.status
        assert status is not None
        assert abs(status.at_ms - time.time_ns() // 1_000_000) < 60_000
    wait_until(lambda: site.faults() is None, what="the end of the collector")
    with running(site, clock):  # they start with the wrong clock
        wait_until(lambda: FaultKind.CLOCK_OFF in (site.faults() or ()), what="a report of the clock")
        site.send_event()
        clock.set("+0")
        wait_until(lambda: site.faults() == [], what="the clock is right")
        site.send_event()
    assert site.rows() == site.kept
    assert site.lost() == []
