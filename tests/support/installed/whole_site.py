"""A complete site on one machine, installed as in README: the broker's files, the site file, and every unit."""

import json
import os
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from edge.contract import broker_client, topics
from edge.contract.message import CommandName, DeviceCommand, encode
from tests.support.certificates import AUTHORITY, create_certificates, read_tls_configuration
from tests.support.installed.slow_link import SlowLink
from tests.support.installed.units import SystemdUnit, UnitProcess
from tests.support.servers import (
    HOST,
    SHIPPED_MOSQUITTO,
    Mosquitto,
    Server,
    accepts_connections,
    find_free_port,
    influxdb,
    mosquitto,
    nginx,
    wait_until,
)

SITE_ID = "installed"
COUNTERS = 6
"""Number of people counters on each device; they read files that the test writes."""
MAX_COUNT = 9
START_S = 300
"""A dozen processes start at once, possibly on a busy machine."""
HISTORY = '\n[history]\nkind = "influxdb"\n[history.influxdb]\nurl = "{url}"'
SNIPPET = Path(SHIPPED_MOSQUITTO).parent / "nginx" / "ledig-influxdb.conf"


@dataclass
class CounterFile:
    """A file with a number, as written by a counter's program, and every number written to it."""

    device: str
    name: str
    path: Path
    written: list[int] = field(default_factory=list)

    def write(self) -> None:
        value = (self.written[-1] + 1) % (MAX_COUNT + 1) if self.written else 0
        new = self.path.with_suffix(".new")
        new.write_text(f"{value}\n")
        self.written.append(value)  # before an agent can read it
        new.rename(self.path)


def write_site_file(folder: Path, devices: Mapping[str, list[CounterFile]], port: int, page: int, more: str) -> Path:
    """Write the site file of a machine that reaches the broker at `port`."""
    lines = [f'[site]\nid = "{SITE_ID}"\nname = "Installed"\n[storage]\ndirectory = "{folder}/state"']
    lines += [f'[broker]\nhost = "{HOST}"\nport = {port}\npassword_directory = "{folder}/passwords"\n{more}']
    lines += [f"[dashboard]\nport = {page}"]
    lines += ['[[floor]]\nid = "floor"\nname = "Floor"\nwidth_m = 20\ndepth_m = 10']
    lines += ['[[zone]]\nid = "zone"\nname = "Zone"\nfloor = "floor"\nx_m = 0\ny_m = 0\nwidth_m = 20\ndepth_m = 10']
    for device, counters in devices.items():
        lines += [
            f'[[space]]\nid = "{counter.name}"\nname = "{counter.name}"\nkind = "room"\nzone = "zone"\nx_m = 1\ny_m = 1'
            for counter in counters
        ]
        lines += [f'[[device]]\nid = "{device}"\nclock = "host"\nheartbeat_ms = 5000']
        for pin, counter in enumerate(counters, 4):
            of_room = f'space = "{counter.name}"'
            lines += [f'[[device.sensor]]\nkind = "people"\nid = "{counter.name}-people"\n{of_room}']
            lines += [f'path = "{counter.path}"\nevery_ms = 100']
            lines += [f'[[device.sensor]]\nkind = "pir"\nid = "{counter.name}-pir"\n{of_room}\npin = {pin}']
    path = folder / f"site-{port}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


class InstalledSite:
    """All running processes, and the queries of the test."""

    def __init__(self, folder: Path, server: Mosquitto, link: SlowLink, devices: dict[str, list[CounterFile]]) -> None:
        self.folder = folder
        self.broker = server
        self.link = link
        self.devices = devices
        self.page_port = find_free_port()
        self.processes: dict[str, UnitProcess] = {}
        self.influx_url: str | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "state" / "journal.sqlite"

    def has_journal(self) -> bool:
        """Whether the collector has created its journal."""
        try:
            with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, timeout=30)) as journal:
                return bool(journal.execute("SELECT count(*) FROM event").fetchone())
        except sqlite3.OperationalError:
            return False

    def read_stored(self, device: str) -> list[tuple[int, str, int]]:
        """Return the stored events of a device's only stream in order: seq, sensor, value."""
        with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True, timeout=30)) as journal:
            return journal.execute(
                "SELECT event.seq, sensor.sensor, event.value FROM event JOIN stream ON stream.no = event.stream_no"
                " JOIN sensor ON sensor.no = event.sensor_no WHERE stream.device = ? ORDER BY event.seq",
                (device,),
            ).fetchall()

    def read_outbox(self, device: str) -> list[int]:
        """Return the seqs in a device's outbox after its agent has ended; a running agent locks the file."""
        path = self.folder / "state" / f"outbox-{device}.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as outbox:
            return [seq for (seq,) in outbox.execute("SELECT seq FROM events ORDER BY seq")]

    def read_status(self, device: str) -> Any:
        """Request and return a device's current status."""
        topic = topics.DEVICE_STATUS.topic(SITE_ID, device)
        request = encode(DeviceCommand(CommandName.REPORT))
        return self._read(topic, request_message=(topics.DEVICE_COMMAND.topic(SITE_ID, device), request))

    def read_collector_status(self) -> Any:
        """Return the collector's retained status."""
        return self._read(topics.COLLECTOR_STATUS.topic(SITE_ID))

    def _read(self, topic: str, request_message: tuple[str, bytes] | None = None) -> Any:
        """Return the retained message of a topic or, with `request_message`, the response to that request."""
        payloads: SimpleQueue[bytes] = SimpleQueue()
        ca_file = self.folder / "tls" / AUTHORITY
        settings = broker_client.BrokerSettings(
            host=HOST,
            port=self.broker.port,
            user="installer",
            password=(self.folder / "passwords" / "installer").read_text().strip(),
            ca_file=ca_file if ca_file.exists() else None,
        )
        connection = broker_client.create_client(settings, "installer")
        connection.on_connect = lambda client, *_: client.subscribe(topic, 1)
        if request_message is not None:
            connection.on_subscribe = lambda client, *_: client.publish(*request_message, qos=1)
        connection.on_message = lambda _client, _data, message: (
            message.retain == (request_message is None) and payloads.put(message.payload)
        )
        connection.connect(HOST, self.broker.port)
        connection.loop_start()
        try:
            return json.loads(payloads.get(timeout=60))
        finally:
            connection.disconnect()
            connection.loop_stop()

    def fetch(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{HOST}:{self.page_port}{path}", timeout=10) as answer:
            return json.load(answer)


@contextmanager
def change_counters(site: InstalledSite) -> Iterator[None]:
    """Change all counters, about 25 times a second, until the block ends."""
    ended = threading.Event()
    counters = [counter for counters in site.devices.values() for counter in counters]
    pace_s = 0.04 / len(site.devices)

    def work() -> None:
        while not ended.is_set():
            for counter in counters:
                counter.write()
                ended.wait(pace_s)

    thread = threading.Thread(target=work, name="load")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def run_influxdb_behind_nginx() -> Iterator[Server]:
    """Run InfluxDB behind the shipped nginx snippet."""
    with influxdb() as server, nginx(SNIPPET.read_text(), {"127.0.0.1:8086": f"{HOST}:{server.port}"}) as front:
        yield front


@contextmanager
def run_whole_site(
    folder: Path, programs: Mapping[str, Path], devices: int, *, tls: bool, influx: bool
) -> Iterator[InstalledSite]:
    """Install and start a site.

    Args:
        folder: an empty folder for all files.
        programs: the `bin` folder of each extra's environment.
        devices: number of agents.
        tls: whether the broker's listener uses TLS.
        influx: whether history is in InfluxDB, behind the shipped nginx snippet.
    """
    for name in ("state", "counters", "broker"):
        (folder / name).mkdir()
    counters_of: dict[str, list[CounterFile]] = {}
    for number in range(devices):
        names = [f"room-{number}-{place}" for place in range(COUNTERS)]
        counters_of[f"pi-{number}"] = [CounterFile(f"pi-{number}", name, folder / "counters" / name) for name in names]
        for counter in counters_of[f"pi-{number}"]:
            counter.write()
    more = f'ca_file = "{folder}/tls/{AUTHORITY}"' if tls else ""
    if tls:
        create_certificates(folder / "tls")
    with ExitStack() as stack:
        front = stack.enter_context(run_influxdb_behind_nginx()) if influx else None
        history = "" if front is None else HISTORY.format(url=front.url)
        server = stack.enter_context(mosquitto(read_tls_configuration(folder / "tls") if tls else None))
        link = stack.enter_context(SlowLink(server.port))
        site = InstalledSite(folder, server, link, counters_of)
        site.influx_url = None if front is None else front.url
        server_site_file = write_site_file(folder, counters_of, server.port, site.page_port, more + history)
        agent_site_file = write_site_file(folder, counters_of, link.port, site.page_port, more)
        install_broker_files(site, server_site_file)
        unit_starts = [
            ("ledig-collector.service", server_site_file, ""),
            ("ledig-dashboard.service", server_site_file, ""),
        ]
        unit_starts += [("ledig-edge@.service", agent_site_file, device) for device in counters_of]
        for name, path, instance in unit_starts:
            unit = SystemdUnit.read(name)
            command = unit.command_for(programs[unit.extra] / "ledig", path, instance)
            if unit.extra == "edge":
                command += ["--pins", "mock"]  # the only argument that is not the unit's: this machine has no pins
            place = folder / (instance or unit.extra)
            place.mkdir()
            process = UnitProcess(unit, command, place)
            site.processes[instance or unit.extra] = process
            stack.callback(process.kill)
        try:
            wait_until(lambda: accepts_connections(site.page_port), seconds=START_S, what="a response of the dashboard")
            wait_until(site.has_journal, seconds=START_S, what="the collector's journal")
            yield site
        except Exception as fault:
            for name, process in site.processes.items():
                fault.add_note(f"--- output of {name}:\n{process.read_output()[-3000:]}")
            raise


def install_broker_files(site: InstalledSite, path: Path) -> None:
    """Run passwords.sh and install its files at this broker."""
    places = {"FOLDER": str(site.folder / "passwords"), "BROKER": str(site.folder / "broker")}
    script = ["sh", str(SHIPPED_MOSQUITTO / "passwords.sh"), str(path)]
    subprocess.run(script, env={"PATH": f"{os.environ['PATH']}:/usr/sbin", **places}, check=True, capture_output=True)
    for name in ("ledig.passwords", "ledig.acl"):
        (site.broker.folder / name).write_bytes((site.folder / "broker" / name).read_bytes())
    site.broker.restart()
