"""Stores for the tests of history: a journal, and a real InfluxDB behind the shipped nginx snippet.

LEDIG_TEST_INFLUXDB_URL, _TOKEN, _ORG and _BUCKET name another server (1.8, 2.x) for the conformance suite, which
deletes Ledig's measurements there.
"""

import os
from contextlib import ExitStack, closing

import pytest

from collector.configuration.collector_settings import HistoryKind, InfluxSettings
from collector.history import line_protocol
from collector.history.influxdb import DatabaseAway, InfluxClient, InfluxHistory
from collector.history.measures import MEASURES
from collector.history.sqlite import SqliteHistory
from tests.support.collector.history_stores import HistoryJournal, guarded_influxdb, is_projected, run_projection
from tests.support.servers import wait_until


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


@pytest.fixture
def journal(tmp_path):
    made = HistoryJournal(tmp_path)
    with closing(made.db):
        yield made


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
    with run_projection(journal, settings), closing(InfluxHistory(settings)) as reader:
        yield HistoryStore(
            journal, reader, lambda: wait_until(lambda: is_projected(settings, journal), what="the projection")
        )
