"""Cost of InfluxDB for the collector: building lines compared with the client's Point, and following a journal.

Run:   python -m bench.history [--rows N] [--pairs N]
In:    a real InfluxDB behind the shipped nginx snippet.
Out:   the ratio of Ledig's line building to Point's for the same rows, in turns; rows per second into InfluxDB.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from influxdb_client.client.write.point import Point

from collector.configuration.collector_settings import InfluxSettings
from collector.history import tables
from collector.history.influxdb import InfluxClient
from collector.history.line_protocol import CURSOR_MEASUREMENT, NS_PER_MS, format_row
from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from collector.history.projection import Projection
from edge.timekeeping.machine_clock import unix_ms
from tests.support.servers import ROOT, influxdb, nginx, wait_until

NOON_MS = 1_763_895_600_000
SERIES = 20
SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"


def build_rows(count: int) -> list[HistoryRow]:
    """Build a site's series in steps of five minutes."""
    return [
        HistoryRow(
            (f"zone-{number % SERIES}", "desk"),
            NOON_MS + number // SERIES * ZONE_FIVE_MIN.bucket_ms,
            (32.0, number % 97 / 7, float(number % 32), 3.0, 0.25),
        )
        for number in range(count)
    ]


def build_point_line(row: HistoryRow) -> str:
    """Build the same line with the client's own type."""
    made = Point(ZONE_FIVE_MIN.name)
    for tag, value in zip(ZONE_FIVE_MIN.tags, row.tags, strict=True):
        made.tag(tag, value)
    for field, number in zip(ZONE_FIVE_MIN.fields, row.fields, strict=True):
        made.field(field, number)
    return str(made.time(row.at_ms * NS_PER_MS).to_line_protocol())


def measure_cpu_s(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure_follow_s(count: int) -> float:
    """Return the seconds from the projection's start until InfluxDB has all rows of a journal."""
    with influxdb() as server, tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite"
        with closing(sqlite3.connect(journal)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            tables.create_tables(db)
            tables.upsert_rows(db, ZONE_FIVE_MIN, build_rows(count))
            db.commit()
        with nginx(SNIPPET.read_text(), {"127.0.0.1:8086": f"{server.host}:{server.port}"}) as proxy:
            settings = InfluxSettings(url=proxy.url)
            with (
                closing(InfluxClient(settings)) as influx,
                closing(Projection(journal, settings, unix_ms)) as projection,
            ):
                influx.create_database()
                start = time.monotonic()
                projection.start()
                query = f"SELECT max(rev) FROM {CURSOR_MEASUREMENT}"  # noqa: S608 - constant name
                wait_until(
                    lambda: (found := influx.run_query(query)) and found[0]["values"][0][1] == count, what="the end"
                )
                return time.monotonic() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    made = build_rows(options.rows)
    ours, theirs = [], []
    for _ in range(options.pairs):
        ours.append(measure_cpu_s(lambda: [format_row(ZONE_FIVE_MIN, row) for row in made]))
        theirs.append(measure_cpu_s(lambda: [build_point_line(row) for row in made]))
    mine, other = (statistics.median(found) / options.rows * 1e6 for found in (ours, theirs))
    print(f"a line: {mine:.2f} us; with Point: {other:.2f} us; {mine / other:.2f} of it")
    seconds = measure_follow_s(options.rows)
    print(f"journal to InfluxDB: {options.rows} rows in {seconds:.2f} s, {options.rows / seconds:.0f} rows/s")


if __name__ == "__main__":
    main()
