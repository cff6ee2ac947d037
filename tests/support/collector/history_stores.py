"""A journal with history, and a real InfluxDB behind the shipped nginx snippet."""

import sqlite3
from contextlib import closing, contextmanager

from collector.configuration.collector_settings import InfluxSettings
from collector.history import line_protocol, tables
from collector.history.influxdb import InfluxClient
from collector.history.measures import MEASURES, HistoryAway, HistoryRow, Measure
from collector.history.projection import Projection
from edge.timekeeping.machine_clock import unix_ms
from tests.support.servers import ROOT, influxdb, nginx

NGINX_SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"

INFLUX_USER = "ledig"
INFLUX_PASSWORD = "it's a secret: 50 % å"  # noqa: S105 - only in tests


class GuardedInflux:
    """Debian's InfluxDB with a user and a password, behind the shipped snippet."""

    def __init__(self, server, proxy, folder, bucket="ledig"):
        self.server = server
        self.proxy = proxy
        token_file = folder / "token"
        token_file.write_text(f"{INFLUX_USER}:{INFLUX_PASSWORD}\n", encoding="utf-8")
        self.settings = InfluxSettings(url=proxy.url, bucket=bucket, token_file=token_file)
        self.create_user()

    def create_user(self):
        """Create the user, which must be the first query of an empty server."""
        with closing(InfluxClient(InfluxSettings(url=self.server.url))) as influx:
            password = line_protocol.quote_string(INFLUX_PASSWORD)
            influx.run_query(f'CREATE USER "{INFLUX_USER}" WITH PASSWORD {password} WITH ALL PRIVILEGES')


@contextmanager
def guarded_influxdb(folder, bucket="ledig"):
    with influxdb("auth-enabled = true") as server, nginx(NGINX_SNIPPET.read_text(), map_upstream(server)) as proxy:
        yield GuardedInflux(server, proxy, folder, bucket)


def map_upstream(server):
    return {"127.0.0.1:8086": f"{server.host}:{server.port}"}


class HistoryJournal:
    """The history tables of a journal, and what the collector does to them."""

    def __init__(self, folder):
        self.path = folder / "journal.sqlite"
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        tables.create_tables(self.db)

    def write(self, measure: Measure, rows: list[HistoryRow]):
        self.db.execute("BEGIN")
        tables.upsert_rows(self.db, measure, rows)
        self.db.execute("COMMIT")

    def take_back(self, measure: Measure, from_ms: int):
        self.db.execute("BEGIN")
        tables.withdraw_rows(self.db, measure, from_ms)
        self.db.execute("COMMIT")


def is_projected(settings, journal):
    """Whether InfluxDB has all of the journal's history."""
    name, rev = tables.read_identity(journal.db)
    try:
        with closing(InfluxClient(settings)) as influx:
            found = influx.run_query(
                f'SELECT max("rev") FROM {line_protocol.CURSOR_MEASUREMENT} WHERE "history" = \'{name}\''  # noqa: S608
            )
    except HistoryAway:
        return False
    return bool(found) and found[0]["values"][0][1] == rev


@contextmanager
def run_projection(journal, settings, **more):
    projection = Projection(journal.path, settings, unix_ms, **more)
    projection.start()
    try:
        yield projection
    finally:
        projection.close()


def read_all_measures(reader):
    return {measure.name: reader.read_rows(measure, 0, 2**42) for measure in MEASURES}
