"""Stores for the tests of history: a journal, and a real InfluxDB behind the shipped nginx snippet.

LEDIG_TEST_INFLUXDB_URL, _TOKEN, _ORG and _BUCKET name another server (1.8, 2.x) for the conformance suite, which
deletes Ledig's measurements there.
"""

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager

import pytest

from collector.configuration.settings import HistoryKind, InfluxSettings
from collector.history import line_protocol, tables
from collector.history.influxdb import DatabaseAway, InfluxClient, InfluxHistory
from collector.history.measures import MEASURES, HistoryAway, HistoryRow, Measure
from collector.history.projection import Projection
from collector.history.sqlite import SqliteHistory
from edge.timekeeping.clock import unix_ms
from tests.support.servers import ROOT, influxdb, nginx, wait_until

SNIPPET = ROOT / "firmware-config" / "nginx" / "ledig-influxdb.conf"
USER, PASSWORD = "ledig", "it's a secret: 50 % å"


class GuardedInflux:
    """Debian's InfluxDB with a user and a password, behind the shipped snippet."""

    def __init__(self, server, proxy, folder, bucket="ledig"):
        self.server = server
        self.proxy = proxy
        token_file = folder / "token"
        token_file.write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
        self.settings = InfluxSettings(url=proxy.url, bucket=bucket, token_file=token_file)
        self.create_user()

    def create_user(self):
        """Create the user, which must be the first query of an empty server."""
        with closing(InfluxClient(InfluxSettings(url=self.server.url))) as influx:
            influx.run_query(
                f'CREATE USER "{USER}" WITH PASSWORD {line_protocol.quote_string(PASSWORD)} WITH ALL PRIVILEGES'
            )


@contextmanager
def guarded_influxdb(folder, bucket="ledig"):
    with influxdb("auth-enabled = true") as server, nginx(SNIPPET.read_text(), upstream(server)) as proxy:
        yield GuardedInflux(server, proxy, folder, bucket)


def upstream(server):
    return {"127.0.0.1:8086": f"{server.host}:{server.port}"}


@pytest.fixture(scope="session")
def shared_influx(tmp_path_factory):
    """Settings of one server that is shared by all tests that do not damage it."""
    with ExitStack() as stack:
        if url := os.environ.get("LEDIG_TEST_INFLUXDB_URL"):
            yield _named(url, tmp_path_factory.mktemp("influx"))
        else:
            yield stack.enter_context(guarded_influxdb(tmp_path_factory.mktemp("influx"))).settings


def _named(url, folder):
    token_file = None
    if token := os.environ.get("LEDIG_TEST_INFLUXDB_TOKEN"):
        token_file = folder / "token"
        token_file.write_text(token)
    return InfluxSettings(
        url=url,
        organisation=os.environ.get("LEDIG_TEST_INFLUXDB_ORG", "ledig"),
        bucket=os.environ.get("LEDIG_TEST_INFLUXDB_BUCKET", "ledig"),
        token_file=token_file,
    )


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


@pytest.fixture
def journal(tmp_path):
    made = HistoryJournal(tmp_path)
    with closing(made.db):
        yield made


def written_up_to(settings, journal):
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
def following(journal, settings, **more):
    projection = Projection(journal.path, settings, unix_ms, **more)
    projection.start()
    try:
        yield projection
    finally:
        projection.close()


def everything(reader):
    return {measure.name: reader.read_rows(measure, 0, 2**42) for measure in MEASURES}


class HistoryStore:
    """One store of history under test: the journal to write to, and the reader to compare."""

    def __init__(self, journal, reader, wait_until_written):
        self.journal = journal
        self.reader = reader
        self._wait_until_written = wait_until_written

    def write(self, measure, *rows):
        self.journal.write(measure, list(rows))
        self._wait_until_written()


@pytest.fixture(params=list(HistoryKind))
def store(request, journal):
    if request.param is HistoryKind.SQLITE:
        with closing(SqliteHistory(journal.path)) as reader:
            yield HistoryStore(journal, reader, lambda: None)
        return
    settings = request.getfixturevalue("shared_influx")
    with closing(InfluxClient(settings)) as influx:
        try:
            for name in [*(measure.name for measure in MEASURES), line_protocol.CURSOR_MEASUREMENT]:
                influx.run_query(f"DELETE FROM {name}")  # noqa: S608 - our own names
        except DatabaseAway:
            pass  # the projection creates it
    with following(journal, settings), closing(InfluxHistory(settings)) as reader:
        yield HistoryStore(
            journal, reader, lambda: wait_until(lambda: written_up_to(settings, journal), what="the projection")
        )
