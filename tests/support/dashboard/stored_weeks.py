"""Stores history rows of weeks of use for the pages."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, timedelta

from collector.history import tables
from collector.history.measures import ZONE_FIVE_MIN, HistoryRow, Measure
from collector.site.calendar import to_local_time
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.use.use_query import DayRange
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.weeks import build_five_minute_rows

SIX_WEEKS = DayRange(date(2025, 10, 13), date(2025, 11, 23))
"""The six weeks before the test site's current day."""


def store_rows(settings: DashboardSettings, measure: Measure, rows: Iterable[HistoryRow]) -> None:
    with closing(sqlite3.connect(settings.journal_path)) as db:
        tables.create_tables(db)
        tables.upsert_rows(db, measure, rows)
        db.commit()


TODAY = to_local_time(PLAN, MONDAY_10_MS).date()


def store_weeks(settings: DashboardSettings, weeks: int, free: float = 4.0) -> None:
    days = DayRange(TODAY - timedelta(days=7 * weeks), TODAY - timedelta(days=1))
    with closing(sqlite3.connect(settings.journal_path)) as db:
        tables.create_tables(db)
        tables.upsert_rows(db, ZONE_FIVE_MIN, build_five_minute_rows(days, free))
        db.commit()
