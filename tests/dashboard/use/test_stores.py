"""The figures of use are the same from either history store."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.use import copy_to_influxdb
from collector.configuration.collector_settings import HistoryKind
from collector.history import tables
from collector.history.measures import PEOPLE_FIVE_MIN, STAYS, ZONE_HOUR
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.manager.use_pages import generate_open_hours, read_report
from dashboard.use.use_query import ComparedPeriod, UseQuery
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.weeks import build_stay_row, build_weeks, generate_hour_rows, generate_people_rows


def test_sqlite_and_influxdb_give_the_same_figures(settings: DashboardSettings) -> None:
    days = build_weeks(8)
    journal = Path(settings.journal_path)
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        tables.create_tables(db)
        for zone, capacity in (("site", 32.0), ("quiet", 12.0), ("hall", 15.0)):
            rows = generate_hour_rows(days, lambda at: at.hour / 3, zone=zone, capacity=capacity, unknown=0.7)
            tables.upsert_rows(db, ZONE_HOUR, rows)
        tables.upsert_rows(db, PEOPLE_FIVE_MIN, generate_people_rows(days, lambda at: float(at.minute)))
        tables.upsert_rows(
            db, STAYS, [build_stay_row(days.first + timedelta(days=n), 3, 1, 4, 1, 5) for n in range(days.day_count)]
        )
        db.commit()
    half = replace(days, first=days.first + timedelta(days=28))
    query = UseQuery(days=half, compared_period=ComparedPeriod.BEFORE, other_days=half.shift_back(timedelta(days=28)))
    from_sqlite = read_report(settings, query, PLAN, MONDAY_10_MS)
    with copy_to_influxdb(journal) as influx:
        influxdb_settings = replace(settings, history=HistoryKind.INFLUXDB, influx=influx)
        assert read_report(influxdb_settings, query, PLAN, MONDAY_10_MS) == from_sqlite
        hours = [list(generate_open_hours(store, query, PLAN, MONDAY_10_MS)) for store in (settings, influxdb_settings)]
    assert hours[0] == hours[1]
    assert from_sqlite.changes is not None
    assert from_sqlite.total.hour_count == 20 * 13
    assert len(from_sqlite.zones) == 3
