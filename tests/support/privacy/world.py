"""A site used through simulated weeks, in one process: with the real history, forecasts and pages.

In:    a plan, how many days.
Out:   the journal, the forecasts that are retained at the broker, an application over both; and what really happened.
"""

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import itemgetter
from pathlib import Path

from flask import Flask

from collector.contract.forecasts import encode as encode_forecast
from collector.contract.states import TAKEN_STATES, CollectorStatus, Occupancy, encode
from collector.forecast.forecaster import Forecaster
from collector.occupancy.evidence import StoredEvent
from collector.rollup.buckets import MAX_SLICE_MS, HistoryRollup
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.store.journal import Journal
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.contract.broker_client import BrokerSettings
from edge.contract.message import EventKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.simulation.signals import compute_signals, occupied_spans
from ledig.simulation.simulated_day import SimulatedDay, simulate_day
from ledig.simulation.simulator import SIMULATION_SEED
from ledig.site.site_file import read_site_file
from tests.support.servers import ROOT

HEARTBEAT_MS = 300_000
KINDS = {
    kind.value for kind in (EventKind.CROSSING, EventKind.CO2_PPM, EventKind.TEMPERATURE_C, EventKind.HUMIDITY_PCT)
}
HOLD_MS = 420_000
"""How long a space stays taken after somebody left."""
MONDAY = date(2025, 9, 1)


def example_plan() -> SitePlan:
    """Return the shipped example with sensors that report every five minutes, to simulate less."""
    plan = read_site_file(ROOT / "firmware-config" / "site.example.toml").plan
    return replace(plan, sensors=tuple(replace(sensor, heartbeat_ms=HEARTBEAT_MS) for sensor in plan.sensors))


@dataclass
class SimulatedTruth:
    """Every change of every space, and every crossing, as simulated."""

    changes: dict[str, list[tuple[int, Occupancy]]] = field(default_factory=dict)

    def taken(self, spaces: Iterable[str], at_ms: int) -> int:
        return sum(self._state(space, at_ms) in TAKEN_STATES for space in spaces)

    def _state(self, space: str, at_ms: int) -> Occupancy:
        changes = self.changes.get(space, [])
        place = bisect_right(changes, at_ms, key=itemgetter(0))
        return changes[place - 1][1] if place else Occupancy.VACANT

    def moments(self, spaces: Iterable[str], from_ms: int, to_ms: int) -> list[int]:
        """Return when the number of taken spaces changed."""
        found = []
        for space in spaces:
            before = False
            for at_ms, state in self.changes.get(space, []):
                if (state in TAKEN_STATES) != before and from_ms <= at_ms < to_ms:
                    found.append(at_ms)
                before = state in TAKEN_STATES
        return sorted(found)


@dataclass
class SimulatedSite:
    """The state at the end of the simulation."""

    plan: SitePlan
    now_ms: int
    truth: SimulatedTruth
    retained: dict[str, bytes]
    journal_path: Path

    def app(self, accounts_path: Path) -> Flask:
        """Build the pages, with everything that the broker retains."""
        live = LiveView(self.plan, lambda: self.now_ms)
        live.inbox.append(BrokerConnection.CONNECTED)
        live.inbox.extend(BrokerMessage(topic, payload, retained=True) for topic, payload in self.retained.items())
        deliver_status(live, self.plan)
        settings = DashboardSettings(
            broker=BrokerSettings(), accounts_path=accounts_path, journal_path=self.journal_path, max_streams=10
        )
        return create_app(settings, self.plan, live, Accounts(accounts_path))


def deliver_status(live: LiveView, plan: SitePlan) -> None:
    """Deliver a current status of the collector."""
    live.inbox.append(
        BrokerMessage(topics.COLLECTOR_STATUS.topic(plan.id), encode(CollectorStatus(online=True)), retained=False)
    )
    live.tick(time.monotonic())


def simulate(plan: SitePlan, folder: Path, days: int) -> SimulatedSite:
    """Simulate the use of a site for so many days from a Monday on, until noon of the next day.

    The states of spaces are written like inference would write them; everything after that is the collector's work.
    """
    truth = SimulatedTruth()
    lives = [simulate_day(plan, MONDAY + timedelta(days=number), SIMULATION_SEED) for number in range(days + 1)]
    begin_ms, end_ms = lives[0].starts_ms, lives[-1].starts_ms + 12 * HOUR_MS
    path = folder / "journal.sqlite"
    retained: dict[str, bytes] = {}
    with closing(Journal(path)) as journal:
        journal._connection.execute("PRAGMA synchronous = OFF")  # no power cuts in this test
        settlement, foretelling = HistoryRollup(plan), Forecaster(plan)
        changes = sorted(found for lived in lives for found in _simulated_changes(plan, lived) if found[0] < end_ms)
        with journal.transaction():
            for space in plan.spaces:
                journal._connection.execute(
                    "INSERT INTO transition (space, at_ms, state) VALUES (?, ?, 'vacant')", (space.id, begin_ms)
                )
        place = 0
        for now_ms in range(begin_ms + MAX_SLICE_MS, end_ms + 1, MAX_SLICE_MS):
            with journal.transaction():
                while place < len(changes) and changes[place][0] < now_ms:
                    _write(journal, truth, changes[place], place)
                    place += 1
                while settlement.compute_slice(journal.tables, now_ms):
                    pass
                while (now_ms - end_ms) % DAY_MS == 0 and foretelling.is_due(now_ms):
                    foretelling.forecast_next(journal.tables, now_ms)
            for zone, forecast in foretelling.pop_changed_forecasts():
                retained[topics.FORECAST.topic(plan.id, zone)] = b"" if forecast is None else encode_forecast(forecast)
    return SimulatedSite(plan, end_ms, truth, retained, path)


_KIND = {kind.value: kind for kind in EventKind}
SimulatedChange = tuple[int, str, str, str, float]
"""Time; `space` or the kind of an event; subject; new state of a space; value of an event."""


def _simulated_changes(plan: SitePlan, lived: SimulatedDay) -> Iterator[SimulatedChange]:
    for space in plan.spaces:
        for from_ms, to_ms in occupied_spans(lived, space.id):
            yield from_ms, "space", space.id, Occupancy.OCCUPIED, 0.0
            yield to_ms + HOLD_MS, "space", space.id, Occupancy.VACANT, 0.0
    for sign in compute_signals(plan, lived, SIMULATION_SEED):
        if sign.quantity in KINDS:
            yield sign.at_ms, sign.quantity, "/".join(sign.sensor), "", sign.value
    for sensor in plan.sensors:
        if sensor.door is not None:
            for at_ms in range(lived.starts_ms, lived.ends_ms, HEARTBEAT_MS):
                yield at_ms, EventKind.HEARTBEAT, "/".join(sensor.key), "", 0.0


def _write(journal: Journal, truth: SimulatedTruth, change: SimulatedChange, seq: int) -> None:
    at_ms, what, whose, state, value = change
    if what == "space":
        journal._connection.execute(
            "INSERT OR REPLACE INTO transition (space, at_ms, state) VALUES (?, ?, ?)", (whose, at_ms, state)
        )
        truth.changes.setdefault(whose, []).append((at_ms, Occupancy(state)))
    else:
        device, sensor = whose.split("/")
        journal.add_events([StoredEvent(at_ms, device, "s", seq + 1, sensor, _KIND[what], value)])


def scope_spaces(plan: SitePlan, zone: str, kind: str) -> list[str]:
    """Return the spaces of a kind in a zone, or in WHOLE_SITE."""
    return [space.id for space in plan.spaces if space.kind == kind and zone in {space.zone, WHOLE_SITE}]
