"""Full disks, failing disks and missing file descriptors: no process ends permanently, and no event is lost.

`--full` injects an error at each of the first calls, one after the other; otherwise at a few.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import psutil
import pytest

from collector.contract.alerts import AlertKind, decode_alerts
from collector.contract.loss_reasons import LossReason
from edge.contract import broker_client, topics
from edge.contract.message import EventKind, EventsMessage, SensorEvent, decode_receipt, encode
from tests.support.chaos.fire import ReadOnlyJournal
from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.servers import ROOT, Mosquitto, find_free_port, mosquitto, wait_until
from tests.support.valid_site import EXAMPLE, VALID_SITE

pytestmark = pytest.mark.chaos

RECOVERY_S = 30
RESTART_S = 2.0
"""As in the systemd units."""


class RestartedCollector:
    """`ledig collector` as its unit runs it: restarted after every exit except for wrong settings."""

    def __init__(self, site: Path, tracer: tuple[str, ...]) -> None:
        self._command = [sys.executable, "-m", "ledig", "collector", str(site)]
        self._tracer = tracer
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._output = site.with_name("collector.output")
        self._thread = threading.Thread(target=self._run)
        self.ends: list[int] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for process in psutil.Process(self._process.pid).children(recursive=True):
                    process.terminate()
            self._process.terminate()
        self._thread.join(30)

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def _run(self) -> None:
        before: tuple[str, ...] = self._tracer  # a temporary fault: the next start has none
        while not self._stop.is_set():
            with self._output.open("ab") as output:
                self._process = subprocess.Popen([*before, *self._command], cwd=ROOT, stdout=output, stderr=output)
            status = self._process.wait()
            if not self._stop.is_set():
                self.ends.append(status)
            before = ()
            self._stop.wait(RESTART_S)


class ContractDevice:
    """A device as the contract describes it: each event is sent again until a receipt covers it."""

    def __init__(self, broker: Mosquitto) -> None:
        self.sent = self.covered = 0
        self._begun_ms = time.time_ns() // 1_000_000
        self._client = broker_client.create_client(broker.settings("pi-1"), "device")
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self) -> None:
        """Send one more event, and all events that no receipt covers."""
        self.sent += 1
        events = [
            SensorEvent(seq, "desk-1-pir", self._begun_ms + seq, EventKind.MOTION, seq % 2)
            for seq in range(self.covered + 1, self.sent + 1)
        ]
        topic = topics.EVENTS.topic("mill", "pi-1")
        if events:
            self._client.publish(topic, encode(EventsMessage("s", events[0].seq, events[:200])), qos=1)

    def skip(self) -> None:
        """Drop all events, as after receipts for all of them."""
        self.covered = self.sent

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(topics.RECEIPT.topic("mill", "pi-1"), qos=1)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.covered = max(self.covered, decode_receipt(message.payload).seq)


class OpenAlerts:
    """The open alerts, from the retained message."""

    def __init__(self, broker: Mosquitto) -> None:
        self.open: set[AlertKind] = set()
        self._client = broker_client.create_client(broker.settings("observer"), "observer")
        self._client.on_connect = lambda client, *_: client.subscribe(topics.ALERTS.topic("mill"), qos=1)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.open = {alert.kind for alert in decode_alerts(message.payload).open}


def site_file(folder: Path, broker: Mosquitto) -> Path:
    site, passwords = folder / "site.toml", folder / "passwords"
    passwords.mkdir()
    (passwords / "collector").touch(0o600)
    (passwords / "collector").write_text(str(broker.settings("collector").password))
    table = f'port = {broker.port}\nhost = "{broker.host}"\npassword_directory = "passwords"'
    site.write_text(re.sub(r'(?m)^id = "[a-z-]+"$', 'id = "mill"', VALID_SITE, count=1).replace("port = 1884", table))
    return site


CALLS = ("fdatasync", "fsync", "pwrite64", "openat", "ftruncate", "unlink", "rename", "pread64")
REPEATS = {"pread64": 400}
"""Calls between two failures; 37 for the others. SQLite reads a write-ahead log of forty pages when it opens a file, so
no process could open a file of which every 37th read fails."""
SHORT = [("fdatasync", "EIO", 4), ("pwrite64", "ENOSPC", 9), ("openat", "EMFILE", 6), ("pread64", "ENOSPC", 8)]
FULL = [(call, error, at) for call in CALLS for error in ("EIO", "ENOSPC") for at in (1, 2, 3, 5, 8, 13)]
FULL += [("openat", error, at) for error in ("EMFILE", "EROFS") for at in (1, 2, 3, 4, 6, 9)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault" in metafunc.fixturenames:
        faults = FULL if metafunc.config.getoption("--full") else SHORT
        metafunc.parametrize("fault", faults, ids=lambda fault: "-".join(map(str, fault)))


def test_an_error_at_any_call_on_our_files_loses_no_event_and_ends_no_process(
    tmp_path: Path, fault: tuple[str, str, int]
) -> None:
    call, error, at = fault
    data = tmp_path / "data"
    with mosquitto() as broker:
        site = site_file(tmp_path, broker)
        ours = [data / f"journal.sqlite{tail}" for tail in ("", "-wal", "-shm", ".lock", ".sums", ".sums.new")]
        paths = [part for path in (*ours, data, data / "backups") for part in ("-P", str(path))]
        trace = tmp_path / "trace.txt"
        inject = f"inject={call}:error={error}:when={at}+{REPEATS.get(call, 37)}"  # again and again
        tracer = ("strace", "-f", "-qq", "-o", str(trace), *paths, "-e", f"trace={call}", "-e", inject)
        with RestartedCollector(site, tracer) as unit, ContractDevice(broker) as device:
            deadline = time.monotonic() + 12
            while device.sent < 300 or (device.covered < 100 and time.monotonic() < deadline):
                device.send()
                time.sleep(0.02)  # the device's own pace
            last, begun = device.sent, time.monotonic()

            def covered() -> bool:
                device.send()
                return device.covered >= last

            wait_until(covered, seconds=RECOVERY_S + 30, what="a receipt for everything")
            recovery_s = time.monotonic() - begun
            kept = device.covered
        assert 2 not in unit.ends, unit.output()
        assert recovery_s <= RECOVERY_S, unit.output()
    journal = ReadOnlyJournal(data / "journal.sqlite")
    seqs = [int(str(seq)) for (seq,) in journal.query("SELECT seq FROM event ORDER BY seq")]
    assert seqs[:kept] == list(range(1, kept + 1)), "lost, or twice"
    assert journal.query("SELECT * FROM gap") == []
    assert journal.query("SELECT * FROM quarantine") == []
    if (call, at) in {(call, at) for call, _, at in SHORT}:  # a later call of a rare kind may not occur
        assert "(INJECTED)" in trace.read_text(), "the fault did not happen"


def test_a_damaged_journal_is_replaced_and_missing_events_are_reported(tmp_path: Path) -> None:
    """The real command, started after one bit of its file has changed."""
    data = tmp_path / "data"
    path = data / "journal.sqlite"
    with mosquitto() as broker, ContractDevice(broker) as device:
        site = site_file(tmp_path, broker)

        def send_until(seq: int) -> None:
            def covered() -> bool:
                if device.sent < seq or device.covered < device.sent:
                    device.send()
                return device.covered >= seq

            wait_until(covered, seconds=60, what=f"a receipt for {seq}")

        with RestartedCollector(site, ()):
            send_until(30)
            wait_until(lambda: [*(data / "backups").glob("journal-*.sqlite")], seconds=60, what="the first backup")
            send_until(60)
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 4
        path.write_bytes(body)
        with RestartedCollector(site, ()) as unit, OpenAlerts(broker) as alerts:
            wait_until(lambda: "is damaged: " in unit.output(), seconds=60, what="the damage is noticed")
            device.skip()
            stored = device.covered
            send_until(device.sent + 5)
            wait_until(lambda: AlertKind.JOURNAL_RESTORED in alerts.open, seconds=60, what="the alert")
    journal = ReadOnlyJournal(path)
    ((first, last, reason),) = journal.query("SELECT first, last, reason FROM gap")
    assert (last, reason) == (stored, LossReason.JOURNAL_DAMAGED)
    seqs = [int(str(seq)) for (seq,) in journal.query("SELECT seq FROM event ORDER BY seq")]
    assert seqs == [*range(1, int(str(first))), *range(stored + 1, device.covered + 1)]


def prlimit(process: psutil.Process, limit: str) -> None:
    subprocess.run(["prlimit", "--pid", str(process.pid), limit], check=False, capture_output=True)


@contextlib.contextmanager
def full_disk(disk: Path, _family: list[psutil.Process]) -> Iterator[None]:
    fill_disk(disk / "stone")
    yield
    (disk / "stone").unlink()


@contextlib.contextmanager
def no_growth(_disk: Path, family: list[psutil.Process]) -> Iterator[None]:
    for process in family:
        prlimit(process, "--fsize=1000:unlimited")
    yield
    for process in family:
        prlimit(process, "--fsize=unlimited:unlimited")


@contextlib.contextmanager
def no_descriptors(_disk: Path, family: list[psutil.Process]) -> Iterator[None]:
    _, hard = family[0].rlimit(psutil.RLIMIT_NOFILE)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            prlimit(process, f"--nofile={process.num_fds()}:{hard}")
    yield
    for process in family:
        prlimit(process, f"--nofile={hard}:{hard}")


FAULTS: dict[str, Callable[[Path, list[psutil.Process]], contextlib.AbstractContextManager[None]]] = {
    "disk full": full_disk,
    "file size": no_growth,
    "descriptors": no_descriptors,
}


@pytest.mark.usefixtures("as_root")
def test_a_whole_site_recovers_by_itself_after_each_fault(tmp_path: Path, full: bool) -> None:
    """`ledig up`: all of its processes at once, repeatedly; the supervisor never ends, and everything recovers."""
    site = tmp_path / "site.toml"
    text = EXAMPLE.read_text(encoding="utf-8").replace("port = 18830", f"port = {find_free_port()}")
    site.write_text(text.replace("port = 8000", f"port = {find_free_port()}"), encoding="utf-8")
    with small_disk(tmp_path / "disk", "24m") as disk:
        journal, output = ReadOnlyJournal(disk / "data" / "journal.sqlite"), tmp_path / "output.txt"
        command = [sys.executable, "-m", "ledig", "up", str(site), "--simulate", "--data", str(disk / "data")]
        with output.open("wb") as log_file:
            started = subprocess.Popen(command, cwd=ROOT, stdout=log_file, stderr=log_file, env={**os.environ})
        try:
            supervisor = psutil.Process(started.pid)

            def moves() -> Callable[[], bool]:
                """Whether later events are stored, and what is served is live."""
                newest = journal.query("SELECT max(at_ms) FROM event")
                return lambda: journal.query("SELECT max(at_ms) FROM event") > newest

            wait_until(
                lambda: journal.count_stored() > 0 or started.poll() is not None, seconds=90, what="the first event"
            )
            for name, fault in FAULTS.items():
                family = [supervisor, *supervisor.children(recursive=True)]
                with fault(disk, family):
                    time.sleep(20 if full else 6)  # the fault itself lasts this long
                    assert started.poll() is None, output.read_text()
                begun = time.monotonic()
                wait_until(moves(), seconds=60, what=f"events after {name}")
                assert time.monotonic() - begun <= RECOVERY_S, name
                wait_until(
                    lambda: len(supervisor.children()) >= 5, seconds=RECOVERY_S, what=f"every process after {name}"
                )
        finally:
            started.terminate()
            started.wait(30)
        assert journal.query("SELECT * FROM gap") == []
