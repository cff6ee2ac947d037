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

from collector.days import local, midnight_ms
from collector.history import (
    DAY_MS,
    HOUR_MS,
    PEOPLE_FIVE_MIN,
    STAYS,
    ZONE_HOUR,
    Measure,
    Row,
    tables,
)
from collector.history.influxdb import Influx
from collector.history.lines import CURSOR
from collector.history.projection import Projection
from collector.plan import WHOLE_SITE, Door, Floor, OpeningHours, SitePlan, Space, SpaceKind, Zone
from collector.settings import HistoryKind, InfluxSettings
from dashboard import past
from dashboard.manager.exports import csv_pieces, write_xlsx
from dashboard.manager.use import each_open_hour, read_view
from dashboard.settings import DashboardSettings
from dashboard.use.asked import WEEK, Against, Asked, Days
from dashboard.use.cells import Sheet
from dashboard.use.figures import heatmap
from dashboard.use.grid import grid
from dashboard.use.hours import by_scope, open_hours
from dashboard.use.sheets import each_hour
from dashboard.words import Words
from edge.broker import BrokerSettings
from edge.clock import unix_ms
from tests.servers import ROOT, influxdb, nginx, until

_T = TypeVar("_T")
SPACES = 500
NOW_MS = 1_763_974_800_000
"""Monday 24 November 2025, 10.00 in Stockholm."""
SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"
KINDS = (*(SpaceKind.DESK,) * 20, SpaceKind.BOOTH, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.ROOM, SpaceKind.EQUIPMENT)


def house(zones: int) -> SitePlan:
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
        opening_hours={day: (OpeningHours(opens_min=7 * 60, closes_min=20 * 60),) for day in range(5)},
    )


def history(plan: SitePlan, days: int) -> Iterator[tuple[Measure, Iterator[Row]]]:
    """Yield the rows of every measure that the page queries."""
    scopes: dict[tuple[str, str], int] = {}
    for space in plan.spaces:
        for zone in (space.zone, WHOLE_SITE):
            scopes[zone, space.kind.value] = scopes.get((zone, space.kind.value), 0) + 1
    begin = NOW_MS - NOW_MS % HOUR_MS - days * DAY_MS
    yield (
        ZONE_HOUR,
        (
            Row(
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
            Row((WHOLE_SITE,), at_ms, (1.0, 1.0, float(at_ms // 300_000 % 97), 3.0, 99.0, None))
            for at_ms in range(begin, NOW_MS, PEOPLE_FIVE_MIN.bucket_ms)
        ),
    )
    yield (
        STAYS,
        (
            Row(scope, midnight_ms(plan, NOW_MS, day), tuple(float(n * part // 9) for part in range(8)))
            for scope, n in scopes.items()
            for day in range(1, days)
        ),
    )


def week(settings: DashboardSettings, plan: SitePlan, query: Asked) -> object:
    """Compute only the heatmap, from the query to its cells."""
    begin_ms, end_ms = query.days.span(plan)
    tags = (("zone", query.zone), ("kind", query.kind.value))
    rows = past.told_rows(settings, past.Question(measure=ZONE_HOUR, from_ms=begin_ms, to_ms=end_ms, tags=tags), plan)
    used = by_scope(rows)[query.zone, query.kind.value]
    return grid(heatmap(open_hours(plan, query.days, NOW_MS), used), Words.of("sv"))


def median_ms(work: Callable[[], object], runs: int) -> float:
    """Return the median in milliseconds; the first run warms up and does not count."""
    work()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def tell(name: str, settings: DashboardSettings, plan: SitePlan, days: int, runs: int) -> None:
    """Measure one store and print the results."""
    last = local(plan, NOW_MS - DAY_MS).date()
    span = Days(local(plan, NOW_MS - days * DAY_MS).date(), last)
    query = Asked(days=span)
    half = Asked(days=span, against=Against.BEFORE, other=span.back(WEEK * -(-span.count // 7)))
    heat = median_ms(lambda: week(settings, plan, query), runs)
    page = median_ms(lambda: read_view(settings, query, plan, NOW_MS), runs)
    both = median_ms(lambda: read_view(settings, half, plan, NOW_MS), runs)
    print(f"{name}: {days} days, {SPACES} spaces: heatmap {heat:.0f} ms; all figures {page:.0f}, compared {both:.0f}")


@contextmanager
def in_influxdb(journal: Path) -> Iterator[InfluxSettings]:
    """Copy the whole journal to a real InfluxDB."""
    with influxdb() as server, nginx(SNIPPET.read_text(), {"127.0.0.1:8086": f"{server.host}:{server.port}"}) as proxy:
        settings = InfluxSettings(url=proxy.url)
        with closing(sqlite3.connect(journal)) as db:
            newest = tables.identity(db)[1]
        with closing(Influx(settings)) as influx, closing(Projection(journal, settings, unix_ms)) as projection:
            influx.create()
            projection.start()
            query = f"SELECT max(rev) FROM {CURSOR}"  # noqa: S608 - constant name
            until(
                lambda: (found := influx.query(query)) and found[0]["values"][0][1] == newest, seconds=600, what="rows"
            )
        yield settings


def export_kib(settings: DashboardSettings, plan: SitePlan, days: int, folder: Path) -> tuple[float, float, int]:
    """Return the peak memory of an export of every hour as CSV and as XLSX, and its number of rows."""
    span = Days(local(plan, NOW_MS - days * DAY_MS).date(), local(plan, NOW_MS - DAY_MS).date())
    texts = Words.of("sv")

    def peak(work: Callable[[], _T]) -> tuple[float, _T]:
        tracemalloc.start()
        done = work()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / 1024, done

    def table() -> Sheet:
        return each_hour(each_open_hour(settings, Asked(days=span), plan, NOW_MS), plan, texts)

    text, lines = peak(lambda: sum(piece.count(b"\n") for piece in csv_pieces(table(), texts)))
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
    plan = house(options.zones)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = folder / "journal.sqlite"
        with closing(sqlite3.connect(journal)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            tables.create(db)
            for measure, rows in history(plan, 2 * options.days + 7):
                tables.upsert(db, measure, rows)
            db.commit()
        settings = DashboardSettings(
            broker=BrokerSettings(), accounts_path=folder / "accounts.sqlite", journal_path=journal
        )
        tell("SQLite", settings, plan, options.days, options.runs)
        for days in (options.days // 3, options.days):
            text, book, lines = export_kib(settings, plan, days, folder)
            print(f"export of each hour, {days} days, {lines} rows: at most {text:.0f} KiB as CSV, {book:.0f} as XLSX")
        if not options.no_influxdb:
            with in_influxdb(journal) as influx:
                there = replace(settings, history=HistoryKind.INFLUXDB, influx=influx)
                tell("InfluxDB", there, plan, options.days, options.runs)


if __name__ == "__main__":
    main()
