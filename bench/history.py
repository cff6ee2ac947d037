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

from collector.history import ZONE_FIVE_MIN, Row, tables
from collector.history.influxdb import Influx
from collector.history.lines import CURSOR, NS_PER_MS, line
from collector.history.projection import Projection
from collector.settings import InfluxSettings
from edge.clock import unix_ms
from tests.servers import ROOT, influxdb, nginx, until

NOON_MS = 1_763_895_600_000
SERIES = 20
SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"


def rows(count: int) -> list[Row]:
    """Build a site's series in steps of five minutes."""
    return [
        Row(
            (f"zone-{number % SERIES}", "desk"),
            NOON_MS + number // SERIES * ZONE_FIVE_MIN.bucket_ms,
            (32.0, number % 97 / 7, float(number % 32), 3.0, 0.25),
        )
        for number in range(count)
    ]


def point(row: Row) -> str:
    """Build the same line with the client's own type."""
    made = Point(ZONE_FIVE_MIN.name)
    for tag, value in zip(ZONE_FIVE_MIN.tags, row.tags, strict=True):
        made.tag(tag, value)
    for field, number in zip(ZONE_FIVE_MIN.fields, row.fields, strict=True):
        made.field(field, number)
    return str(made.time(row.at_ms * NS_PER_MS).to_line_protocol())


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def follow(count: int) -> float:
    """Return the seconds from the projection's start until InfluxDB has all rows of a journal."""
    with influxdb() as server, tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite"
        with closing(sqlite3.connect(journal)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            tables.create(db)
            tables.upsert(db, ZONE_FIVE_MIN, rows(count))
            db.commit()
        with nginx(SNIPPET.read_text(), {"127.0.0.1:8086": f"{server.host}:{server.port}"}) as proxy:
            settings = InfluxSettings(url=proxy.url)
            with closing(Influx(settings)) as influx, closing(Projection(journal, settings, unix_ms)) as projection:
                influx.create()
                start = time.monotonic()
                projection.start()
                query = f"SELECT max(rev) FROM {CURSOR}"  # noqa: S608 - constant name
                until(lambda: (found := influx.query(query)) and found[0]["values"][0][1] == count, what="the end")
                return time.monotonic() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    made = rows(options.rows)
    ours, theirs = [], []
    for _ in range(options.pairs):
        ours.append(spent(lambda: [line(ZONE_FIVE_MIN, row) for row in made]))
        theirs.append(spent(lambda: [point(row) for row in made]))
    mine, other = (statistics.median(found) / options.rows * 1e6 for found in (ours, theirs))
    print(f"a line: {mine:.2f} us; with Point: {other:.2f} us; {mine / other:.2f} of it")
    seconds = follow(options.rows)
    print(f"journal to InfluxDB: {options.rows} rows in {seconds:.2f} s, {options.rows / seconds:.0f} rows/s")


if __name__ == "__main__":
    main()
