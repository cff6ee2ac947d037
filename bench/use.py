"""Server time of the page of use, and memory of an export.

Run:   python -m bench.use [--days N] [--zones N] [--runs N] [--no-influxdb]
In:    a simulated site of 500 spaces, its history in SQLite, and in a real InfluxDB behind the shipped nginx snippet.
Out:   median milliseconds of the heatmap (one zone's week, from rows to cells) and of all figures of the page, from
       both stores; the peak memory of an export of every hour, for two lengths.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.configuration.collector_settings import HistoryKind, InfluxSettings
from collector.history import tables
from collector.history.influxdb import InfluxClient
from collector.history.line_protocol import CURSOR_MEASUREMENT
from collector.history.measures import PEOPLE_FIVE_MIN, STAYS, ZONE_HOUR, HistoryRow, Measure
from collector.history.projection import Projection
from collector.site.calendar import find_midnight_ms, to_local_time
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Door, Floor, Space, SpaceKind, Zone
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.history import queries
from dashboard.manager.exports import generate_csv, write_xlsx
from dashboard.manager.use_pages import generate_open_hours, read_report
from dashboard.text.page_texts import PageTexts
from dashboard.use.figures import sum_week_hours
from dashboard.use.grid import build_heatmap
from dashboard.use.sheets import build_hourly_sheet
from dashboard.use.table_cells import Sheet
from dashboard.use.use_query import WEEK, ComparedPeriod, DayRange, UseQuery
from dashboard.use.used_hours import group_by_scope, list_open_hours
from edge.contract.broker_client import BrokerSettings
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from edge.timekeeping.machine_clock import unix_ms
from tests.support.servers import ROOT, influxdb, nginx, wait_until

_T = TypeVar("_T")
SPACES = 500
NOW_MS = 1_763_974_800_000
"""Monday 24 November 2025, 10.00 in Stockholm."""
SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"
KINDS = (*(SpaceKind.DESK,) * 20, SpaceKind.BOOTH, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.ROOM, SpaceKind.EQUIPMENT)


def build_plan(zones: int) -> SitePlan:
    """Build a site whose zones have desks, booths, rooms and a machine."""
    names = [f"zone-{number}" for number in range(zones)]
    return SitePlan(
        id="large",
        name="Large",
        time_zone=ZoneInfo("Europe/Stockholm"),
        floors=(Floor(id="ground", name="Ground", width_m=90, depth_m=90),),
        zones=tuple(Zone(id=name, name=name, floor="ground", x_m=0, y_m=0, width_m=90, depth_m=90) for name in names),
        spaces=tuple(
            Space(
                id=f"s-{number}",
                name=f"S {number}",
                kind=KINDS[number // zones % len(KINDS)],
                zone=names[number % zones],
                x_m=1,
                y_m=1,
            )
            for number in range(SPACES)
        ),
        doors=(Door(id="door", name="Door", floor="ground", x_m=0, y_m=0),),
        opening_hours={day: (OpeningSpan(opens_min=7 * 60, closes_min=20 * 60),) for day in range(5)},
    )


def generate_history(plan: SitePlan, days: int) -> Iterator[tuple[Measure, Iterator[HistoryRow]]]:
    """Yield the rows of every measure that the page queries."""
    scopes: dict[tuple[str, str], int] = {}
    for space in plan.spaces:
        for zone in (space.zone, WHOLE_SITE):
            scopes[zone, space.kind.value] = scopes.get((zone, space.kind.value), 0) + 1
    begin = NOW_MS - NOW_MS % HOUR_MS - days * DAY_MS
    yield (
        ZONE_HOUR,
        (
            HistoryRow(
                scope,
                at_ms,
                (12.0, float(n), n * taken, float(round(n * taken)), float(round(n * (1 - taken))), 0.0, 0.0),
            )
            for scope, n in scopes.items()
            for at_ms in range(begin, NOW_MS, HOUR_MS)
            for taken in [at_ms // HOUR_MS * 37 % 97 / 97]
        ),
    )
    yield (
        PEOPLE_FIVE_MIN,
        (
            HistoryRow((WHOLE_SITE,), at_ms, (1.0, 1.0, float(at_ms // 300_000 % 97), 3.0, 99.0, None))
            for at_ms in range(begin, NOW_MS, PEOPLE_FIVE_MIN.bucket_ms)
        ),
    )
    yield (
        STAYS,
        (
            HistoryRow(scope, find_midnight_ms(plan, NOW_MS, day), tuple(float(n * part // 9) for part in range(8)))
            for scope, n in scopes.items()
            for day in range(1, days)
        ),
    )


def compute_heatmap(settings: DashboardSettings, plan: SitePlan, query: UseQuery) -> object:
    """Compute only the heatmap, from the query to its cells."""
    begin_ms, end_ms = query.days.to_span_ms(plan)
    tags = (("zone", query.zone), ("kind", query.kind.value))
    rows = queries.read_permitted_rows(
        settings, queries.HistoryQuery(measure=ZONE_HOUR, from_ms=begin_ms, to_ms=end_ms, tags=tags), plan
    )
    used = group_by_scope(rows)[query.zone, query.kind.value]
    return build_heatmap(sum_week_hours(list_open_hours(plan, query.days, NOW_MS), used), PageTexts.load("sv"))


def measure_median_ms(work: Callable[[], object], runs: int) -> float:
    """Return the median in milliseconds; the first run warms up and does not count."""
    work()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def print_times(name: str, settings: DashboardSettings, plan: SitePlan, days: int, runs: int) -> None:
    """Measure one store and print the results."""
    last = to_local_time(plan, NOW_MS - DAY_MS).date()
    span = DayRange(to_local_time(plan, NOW_MS - days * DAY_MS).date(), last)
    query = UseQuery(days=span)
    half = UseQuery(
        days=span, compared_period=ComparedPeriod.BEFORE, other_days=span.shift_back(WEEK * -(-span.day_count // 7))
    )
    heat = measure_median_ms(lambda: compute_heatmap(settings, plan, query), runs)
    page = measure_median_ms(lambda: read_report(settings, query, plan, NOW_MS), runs)
    both = measure_median_ms(lambda: read_report(settings, half, plan, NOW_MS), runs)
    print(f"{name}: {days} days, {SPACES} spaces: heatmap {heat:.0f} ms; all figures {page:.0f}, compared {both:.0f}")


@contextmanager
def copy_to_influxdb(journal: Path) -> Iterator[InfluxSettings]:
    """Copy the whole journal to a real InfluxDB."""
    with influxdb() as server, nginx(SNIPPET.read_text(), {"127.0.0.1:8086": f"{server.host}:{server.port}"}) as proxy:
        settings = InfluxSettings(url=proxy.url)
        with closing(sqlite3.connect(journal)) as db:
            newest = tables.read_identity(db)[1]
        with closing(InfluxClient(settings)) as influx, closing(Projection(journal, settings, unix_ms)) as projection:
            influx.create_database()
            projection.start()
            query = f"SELECT max(rev) FROM {CURSOR_MEASUREMENT}"  # noqa: S608 - constant name
            wait_until(
                lambda: (found := influx.run_query(query)) and found[0]["values"][0][1] == newest,
                seconds=600,
                what="rows",
            )
        yield settings


def measure_export_kib(
    settings: DashboardSettings, plan: SitePlan, days: int, folder: Path
) -> tuple[float, float, int]:
    """Return the peak memory of an export of every hour as CSV and as XLSX, and its number of rows."""
    span = DayRange(to_local_time(plan, NOW_MS - days * DAY_MS).date(), to_local_time(plan, NOW_MS - DAY_MS).date())
    texts = PageTexts.load("sv")

    def peak(work: Callable[[], _T]) -> tuple[float, _T]:
        tracemalloc.start()
        done = work()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / 1024, done

    def table() -> Sheet:
        return build_hourly_sheet(generate_open_hours(settings, UseQuery(days=span), plan, NOW_MS), plan, texts)

    text, lines = peak(lambda: sum(piece.count(b"\n") for piece in generate_csv(table(), texts)))
    book, _ = peak(lambda: write_xlsx(folder / "book.xlsx", [table()], texts))
    return text, book, lines - 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--zones", type=int, default=20)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--no-influxdb", action="store_true")
    options = parser.parse_args()
    plan = build_plan(options.zones)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = folder / "journal.sqlite"
        with closing(sqlite3.connect(journal)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            tables.create_tables(db)
            for measure, rows in generate_history(plan, 2 * options.days + 7):
                tables.upsert_rows(db, measure, rows)
            db.commit()
        settings = DashboardSettings(
            broker=BrokerSettings(), accounts_path=folder / "accounts.sqlite", journal_path=journal
        )
        print_times("SQLite", settings, plan, options.days, options.runs)
        for days in (options.days // 3, options.days):
            text, book, lines = measure_export_kib(settings, plan, days, folder)
            print(f"export of each hour, {days} days, {lines} rows: at most {text:.0f} KiB as CSV, {book:.0f} as XLSX")
        if not options.no_influxdb:
            with copy_to_influxdb(journal) as influx:
                there = replace(settings, history=HistoryKind.INFLUXDB, influx=influx)
                print_times("InfluxDB", there, plan, options.days, options.runs)


if __name__ == "__main__":
    main()
