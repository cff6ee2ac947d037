"""The figures of use are the same from either history store."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.use import in_influxdb
from collector.history import PEOPLE_FIVE_MIN, STAYS, ZONE_HOUR, tables
from collector.settings import HistoryKind
from dashboard.manager.use import each_open_hour, read_view
from dashboard.settings import DashboardSettings
from dashboard.use.asked import Against, Asked
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.use.weeks import hour_rows, people_rows, stay_row, weeks


def test_sqlite_and_influxdb_give_the_same_figures(settings: DashboardSettings) -> None:
    days = weeks(8)
    journal = Path(settings.journal_path)
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        tables.create(db)
        for zone, capacity in (("site", 32.0), ("quiet", 12.0), ("hall", 15.0)):
            rows = hour_rows(days, lambda at: at.hour / 3, zone=zone, capacity=capacity, unknown=0.7)
            tables.upsert(db, ZONE_HOUR, rows)
        tables.upsert(db, PEOPLE_FIVE_MIN, people_rows(days, lambda at: float(at.minute)))
        tables.upsert(db, STAYS, [stay_row(days.first + timedelta(days=n), 3, 1, 4, 1, 5) for n in range(days.count)])
        db.commit()
    half = replace(days, first=days.first + timedelta(days=28))
    query = Asked(days=half, against=Against.BEFORE, other=half.back(timedelta(days=28)))
    from_sqlite = read_view(settings, query, PLAN, MONDAY_10_MS)
    with in_influxdb(journal) as influx:
        influxdb_settings = replace(settings, history=HistoryKind.INFLUXDB, influx=influx)
        assert read_view(influxdb_settings, query, PLAN, MONDAY_10_MS) == from_sqlite
        hours = [list(each_open_hour(store, query, PLAN, MONDAY_10_MS)) for store in (settings, influxdb_settings)]
    assert hours[0] == hours[1]
    assert from_sqlite.changes is not None
    assert from_sqlite.whole.hours == 20 * 13
    assert len(from_sqlite.zones) == 3
