"""The tables of a journal in memory, and the collector's writes to them."""

import sqlite3
from zoneinfo import ZoneInfo

from collector.history import tables
from collector.history.measures import (
    MEASURES,
)
from collector.rollup.buckets import HistoryRollup
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure, Zone
from collector.sqlite_files.migration import migrate_schema
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from edge.contract.sensor_kinds import SensorKind


def build_space(name, kind=SpaceKind.DESK, at="loft", **more):
    return Space(id=name, name=name, kind=kind, zone=at, x_m=1, y_m=1, **more)


ROLLUP_PLAN = SitePlan(
    id="mill",
    name="Mill",
    time_zone=ZoneInfo("Europe/Stockholm"),
    floors=(),
    zones=tuple(
        Zone(id=zone, name=zone, floor="ground", x_m=0, y_m=0, width_m=9, depth_m=9) for zone in ("loft", "hall")
    ),
    spaces=(
        *(build_space(f"desk-{number}") for number in range(1, 6)),
        build_space("mine", tenure=Tenure.DEDICATED),
        build_space("broken", disabled=True),
        build_space("beans", SpaceKind.SUPPLY),
    ),
    sensors=(
        Sensor(device="pi-1", id="entrance", kind=SensorKind.BEAM_PAIR, door="entrance"),
        Sensor(device="pi-1", id="air", kind=SensorKind.AIR, zone="loft"),
    ),
    opening_hours={weekday: (OpeningSpan(opens_min=6 * 60, closes_min=24 * 60),) for weekday in range(7)},
)

SENSORS = {"entrance": 1, "air": 2, "back": 3}

KINDS = {"crossing": 1, "co2_ppm": 2, "heartbeat": 3}


class RollupJournal:
    """The journal's tables, and the collector's writes to them."""

    def __init__(self, plan=ROLLUP_PLAN):
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        migrate_schema(self.db, MIGRATION_STEPS)
        self.db.executemany(
            "INSERT INTO sensor (device, sensor, no) VALUES ('pi-1', ?, ?)",
            SENSORS.items(),
        )
        self.db.executemany("INSERT INTO kind (kind, no) VALUES (?, ?)", KINDS.items())
        self.settlement = HistoryRollup(plan)
        self.seq = 0

    def add_event(self, sensor, at_ms, kind, value, *, synchronised=True):
        self.seq += 1
        row = (SENSORS[sensor], at_ms, 1, self.seq, KINDS[kind], value, synchronised)
        self.db.execute(
            "INSERT INTO event (sensor_no, at_ms, stream_no, seq, kind_no, value, synchronised)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        self.stale({"entrance": "entrance", "back": "back", "air": "loft"}[sensor], at_ms)

    def became(self, name, at_ms, state):
        self.db.execute(
            "INSERT OR REPLACE INTO transition (space, at_ms, state) VALUES (?, ?, ?)", (name, at_ms, state)
        )
        self.stale(name, at_ms)

    def add_checkpoint(self, name, at_ms, state):
        """Write what is known about a space after its older transitions are erased."""
        self.db.execute(
            "INSERT INTO checkpoint (space, at_ms, state, body) VALUES (?, ?, ?, x'')", (name, at_ms, state)
        )

    def stale(self, subject, from_ms):
        self.db.execute(
            "INSERT INTO stale_history (subject, from_ms) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET from_ms = min(from_ms, excluded.from_ms)",
            (subject, from_ms),
        )

    def settle(self, now_ms):
        """Compute all slices; return the number of calls."""
        calls = 1
        while self.settlement.compute_slice(JournalTables(self.db), now_ms):
            calls += 1
        return calls

    def rows(self, measure):
        return [
            row
            for tags in tables.iterate_series(self.db, measure)
            for row in tables.read_rows(self.db, measure, tags, 0, 2**50)
        ]

    def history(self):
        return {measure.name: self.rows(measure) for measure in MEASURES}
