"""A site under injected faults: real agents on mock pins, a real Mosquitto, a real collector, and random kills.

In:    how many events, how many kills, and a seed.
Out:   a report of what was driven, what was stored, and which faults hit while events were under way.
Never: a kill without effect: one that found nothing under way is repeated.

The agents are threads of the test's process and are never killed (a power cut of an edge has its own test). So each
level that a pin was set to is an event whose commit returned, and the checker compares the journal with these.
"""

import random
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from gpiozero.pins.mock import MockFactory

from collector.configuration.collector_settings import CollectorSettings
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from edge import agent
from edge.configuration.device_settings import ClockSource, DeviceSettings
from edge.contract.pin_sensor_kinds import PirSettings
from edge.contract.sensor_kinds import SensorKind
from edge.outbox import Outbox
from edge.timekeeping.machine_clock import HostClock
from tests.support.chaos.lossy_link import FaultyLink
from tests.support.processes import ServerProcess, running_collector
from tests.support.servers import Mosquitto, mosquitto, wait_until

DEVICES = 20
PINS = (4, 5, 6, 7)
SILENT_S = 35.0
"""Longer than two keepalives of 15 s, so that every agent notices."""
SensorKey = tuple[str, str]


def plan() -> SitePlan:
    """Eighty desks with one motion sensor each, on twenty devices."""
    names = [(f"pi-{device}", f"pir-{pin}", f"desk-{device}-{pin}") for device in range(DEVICES) for pin in PINS]
    return SitePlan(
        id="chaos",
        name="Chaos",
        time_zone=ZoneInfo("Europe/Stockholm"),
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10),),
        spaces=tuple(Space(id=s, name=s, kind=SpaceKind.DESK, zone="zone", x_m=1, y_m=1) for _, _, s in names),
        sensors=tuple(Sensor(device=d, id=i, kind=SensorKind.PIR, space=s) for d, i, s in names),
    )


class ReadOnlyJournal:
    """The journal as the checker reads it: read-only, beside the collector."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def query(self, query: str, *values: str) -> list[tuple[object, ...]]:
        """The rows of a query; none while a killed collector has left the file to be recovered."""
        try:
            with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=1)) as connection:
                connection.execute("PRAGMA wal_autocheckpoint = 0")
                return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def read_stored_up_to(self) -> dict[str, int]:
        """How far each device's stream is stored."""
        return {str(device): int(str(seq)) for device, seq in self.query("SELECT device, seq FROM stream")}

    def count_stored(self) -> int:
        """How many changes of level are stored; 0 while the file cannot be read."""
        counted = self.query("SELECT count(*) FROM event JOIN kind ON kind.no = kind_no WHERE kind = 'motion'")
        return int(str(counted[0][0])) if counted else 0

    def read_levels(self) -> dict[SensorKey, list[int]]:
        """The levels that each sensor sent, in the order of `seq`; heartbeats, which repeat them, are left out."""
        stored_levels = defaultdict(list)
        for device, sensor, value in self.query(
            "SELECT device, sensor, value FROM event JOIN sensor ON sensor.no = sensor_no"
            " JOIN kind ON kind.no = kind_no WHERE kind = 'motion' ORDER BY seq"
        ):
            stored_levels[str(device), str(sensor)].append(int(str(value)))
        return dict(stored_levels)


@dataclass
class FaultReport:
    """What was driven, and which faults hit."""

    seed: int
    driven: dict[SensorKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    kills: Counter[str] = field(default_factory=Counter)
    """Kills that found events under way, by victim."""
    ready_s: list[float] = field(default_factory=list)
    """For each restart: how long until everything was stored that had been driven before it."""

    @property
    def events(self) -> int:
        return sum(len(levels) for levels in self.driven.values())

    def ready_p95_s(self) -> float:
        return sorted(self.ready_s)[int(0.95 * (len(self.ready_s) - 1))]


class FaultySite:
    """The running site."""

    def __init__(  # noqa: PLR0917 - the parts that can be killed, and the journal
        self,
        folder: Path,
        broker: Mosquitto,
        link: FaultyLink,
        running: ServerProcess,
        journal: ReadOnlyJournal,
        seed: int,
    ) -> None:
        self.folder, self.broker, self.link, self.collector, self.journal = folder, broker, link, running, journal
        self.chance = random.Random(seed)  # noqa: S311 - kills, no secrets
        self.account = FaultReport(seed)
        self.factories = {f"pi-{device}": MockFactory() for device in range(DEVICES)}
        self._off = threading.Event()
        self._faults: list[BaseException] = []
        self._agents = [threading.Thread(target=self._agent, args=(device,), name=device) for device in self.factories]

    def outbox(self, device: str) -> Path:
        return self.folder / f"outbox-{device}.sqlite"

    def switch_on(self) -> None:
        """Start every agent, and wait until the collector has an event of each sensor."""
        for thread in self._agents:
            thread.start()
        wait_until(
            lambda: len(self.journal.read_levels()) == DEVICES * len(PINS), seconds=60, what="an event of every sensor"
        )
        for key, levels in self.journal.read_levels().items():
            assert levels == [0]
            self.account.driven[key].append(0)

    def switch_off(self) -> None:
        self._off.set()
        for thread in self._agents:
            thread.join()
        assert not self._faults

    def drive(self, events: int, per_second: float, fired: threading.Event) -> None:
        """Toggle random pins; continue beyond `events` until every fault has fired."""
        begun = time.monotonic()
        turned = 0
        while turned < events or not fired.is_set():
            due = int((time.monotonic() - begun) * per_second)
            for _ in range(max(0, due - turned)):
                self._turn_one()
                turned += 1
            fired.wait(0.005) if turned < events else time.sleep(0.005)

    def kill(self, kills: dict[str, int], fired: threading.Event) -> None:
        """Kill at random moments, restart at once, wait until the site has caught up; repeat."""
        try:
            todo = [victim for victim, times in kills.items() for _ in range(times)]
            self.chance.shuffle(todo)
            while todo:
                time.sleep(self.chance.uniform(0, 0.5))
                if self._kill_one(todo[-1]):
                    todo.pop()
        except BaseException as fault:
            self._faults.append(fault)
            raise
        finally:
            fired.set()

    def _kill_one(self, victim: str) -> bool:
        """Kill and restart; return whether events were under way. Records how long the site needed to catch up."""
        before = self.account.events
        begin, end = {
            "collector": (self.collector.kill, self.collector.start),
            "broker": (self.broker.kill, self.broker.start),
            "link": (self.link.reset, _nothing),
            "silence": (self._fall_silent, self.link.heal),
        }[victim]
        begin()
        if victim == "silence":
            before = self.account.events  # taking the count takes time: events that came meanwhile were under way
        wait_until(lambda: self.journal.query("SELECT 1"), what="the journal can be read")
        under_way = before - self.journal.count_stored()
        again = time.monotonic()
        end()
        driven = self.account.events
        wait_until(
            lambda: self.journal.count_stored() >= driven,
            seconds=60,
            what=f"recovery after a kill of the {victim}",
        )
        self.account.ready_s.append(time.monotonic() - again)
        if under_way > 0:
            self.account.kills[victim] += 1
        return under_way > 0

    def _fall_silent(self) -> None:
        self.link.fall_silent()
        time.sleep(SILENT_S)  # the fault itself lasts this long

    def _turn_one(self) -> None:
        device = self.chance.choice(list(self.factories))
        pin = self.chance.choice(PINS)
        mock = self.factories[device].pin(pin)
        level = int(not mock.state)
        self.account.driven[device, f"pir-{pin}"].append(level)  # before the pin, so that every stored level was driven
        if level:
            mock.drive_high()
        else:
            mock.drive_low()

    def _agent(self, device: str) -> None:
        sensors = tuple(PirSettings(id=f"pir-{pin}", pin=pin, debounce_ms=0) for pin in PINS)
        settings = DeviceSettings(
            site="chaos",
            device=device,
            broker=replace(self.broker.settings(device), port=self.link.port),
            outbox_path=self.outbox(device),
            sensors=sensors,
            clock=ClockSource.HOST,
        )
        try:
            agent.run_agent(settings, HostClock(), self.factories[device], self._off)
        except BaseException as fault:
            self._faults.append(fault)
            raise


def _nothing() -> None:
    """End a reset: nothing to do, as agents reconnect by themselves."""


@contextmanager
def run_site(folder: Path, *, config: str | None, seed: int) -> Iterator[FaultySite]:
    """Run a site; every sensor has sent an event.

    Args:
        folder: for outboxes and the journal.
        config: a configuration of Mosquitto instead of the shipped one.
        seed: of every random choice.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(config, devices=[f"pi-{device}" for device in range(DEVICES)]))
        link = stack.enter_context(FaultyLink(broker.port))
        path = folder / "journal.sqlite"
        settings = CollectorSettings(broker=broker.settings("collector"), journal_path=path)
        running = stack.enter_context(running_collector(folder, settings, plan()))
        made = FaultySite(folder, broker, link, running, ReadOnlyJournal(path), seed)
        stack.callback(made.switch_off)
        made.switch_on()
        yield made


def run_with_kills(
    folder: Path, *, config: str | None, events: int, per_second: float, kills: dict[str, int], seed: int
) -> FaultReport:
    """Drive events while the collector and the broker are killed at random moments, then check the whole history.

    Raises:
        AssertionError: an event is lost, stored twice, invented or out of order; the text gives the seed.
    """
    with run_site(folder, config=config, seed=seed) as site:
        fired = threading.Event()
        killer = threading.Thread(target=site.kill, args=(kills, fired), name="killer")
        killer.start()
        site.drive(events, per_second, fired)
        killer.join()
        account, journal = site.account, site.journal
        wait_until(lambda: journal.count_stored() >= account.events, seconds=60, what=f"all is stored (seed {seed})")
    check(account, journal, site)
    return account


def check(account: FaultReport, journal: ReadOnlyJournal, site: FaultySite) -> None:
    """Compare the journal with what was driven."""
    stored_levels = journal.read_levels()
    for key, levels in account.driven.items():
        assert stored_levels.get(key) == levels, f"{key}: lost, twice, invented or out of order (seed {account.seed})"
    assert stored_levels.keys() == account.driven.keys()
    twice = "SELECT stream_no, seq FROM event GROUP BY stream_no, seq HAVING count(*) > 1"
    assert journal.query(twice) == [], f"stored twice (seed {account.seed})"
    for device, seq in journal.read_stored_up_to().items():
        with Outbox(site.outbox(device), max_events=500_000, boot="") as outbox:
            rows = journal.query(
                "SELECT seq FROM event WHERE stream_no = (SELECT no FROM stream WHERE device = ? AND stream = ?)",
                device,
                outbox.stream,
            )
            kept = {int(str(number)) for (number,) in rows}
            assert kept == set(range(1, seq + 1)), f"{device}: a hole below the receipt (seed {account.seed})"
            assert outbox.oldest_seq <= seq + 1 <= outbox.last_seq + 1, (
                f"{device}: dropped too much (seed {account.seed})"
            )
            assert outbox.dropped == 0
    assert journal.query("SELECT * FROM quarantine") == []
    assert journal.query("SELECT * FROM gap") == []
