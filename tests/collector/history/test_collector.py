"""A collector with InfluxDB: from a message at the broker to a row, and a fault when InfluxDB is away."""

import threading
from contextlib import closing

import pytest

from collector.configuration.collector_settings import CollectorSettings, HistoryKind
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.engine.collector_loop import run_collector
from collector.history.influxdb import InfluxHistory
from collector.history.measures import SPACE_HOUR, HistoryAway
from collector.history.sqlite import SqliteHistory
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.history_stores import guarded_influxdb, read_all_measures
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motions
from tests.support.collector.site_observer import SiteObserver
from tests.support.servers import wait_until


@pytest.fixture
def guarded(tmp_path):
    with guarded_influxdb(tmp_path) as running:
        yield running


@pytest.fixture
def observer(broker):
    with closing(SiteObserver(broker)) as watching:
        yield watching


def test_an_event_becomes_a_row_in_influxdb_and_an_outage_is_reported(broker, observer, guarded, tmp_path):
    journal, clock, stop = tmp_path / "journal.sqlite", [NOON_MS], threading.Event()
    settings = CollectorSettings(
        broker=broker.settings("collector"),
        journal_path=journal,
        history=HistoryKind.INFLUXDB,
        influx=guarded.settings,
    )
    collector = threading.Thread(target=run_collector, args=(settings, build_desk_plan(2), lambda: clock[0], stop))
    collector.start()
    try:
        wait_until(observer.status, what="the collector's first status")
        observer.send_events(motions([1]))
        wait_until(observer.receipts, what="the receipt")
        clock[0] = NOON_MS + HOUR_MS
        with closing(InfluxHistory(guarded.settings)) as reader, closing(SqliteHistory(journal)) as own:
            wait_until(lambda: hours(reader), what="the hour in InfluxDB")
            assert hours(reader)[0].at_ms == NOON_MS
            assert hours(reader)[0].fields == (0.0, 0.0, 3600.0)  # half past: no event for half an hour
            wait_until(lambda: read_all_measures(reader) == read_all_measures(own), what="the rest")
        guarded.server.kill()
        clock[0] = NOON_MS + 2 * HOUR_MS
        wait_until(
            lambda: read_faults(observer) == (CollectorFault(FaultKind.INFLUXDB_SILENT),),
            what="the report of the fault",
        )
        guarded.server.start()
        wait_until(lambda: read_faults(observer) == (), what="the end of the fault")
    finally:
        stop.set()
        collector.join(20)
    assert not collector.is_alive()


def hours(reader):
    try:
        return reader.read_rows(SPACE_HOUR, 0, 2**42)
    except HistoryAway:
        return []


def read_faults(observer):
    status = observer.status()
    return None if status is None else status.faults
