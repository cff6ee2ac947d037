"""InfluxDB follows the journal through outages, data loss, rejections and wrong passwords, and ends equal to it."""

import shutil
import sqlite3
from contextlib import ExitStack, closing

import pytest

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.history import line_protocol, tables
from collector.history.influxdb import InfluxClient, InfluxHistory
from collector.history.measures import AIR_FIVE_MIN, SPACE_HOUR, ZONE_FIVE_MIN, HistoryAway, HistoryRow
from collector.history.projection import Projection
from collector.history.refused_rows import MAX_ROWS
from collector.history.sqlite import SqliteHistory
from edge.timekeeping.durations import HOUR_MS
from edge.timekeeping.machine_clock import unix_ms
from tests.support.collector.history_stores import (
    HistoryJournal,
    guarded_influxdb,
    is_projected,
    read_all_measures,
    run_projection,
)
from tests.support.servers import wait_until

T0 = 1_763_856_000_000
BUCKET = 300_000


@pytest.fixture
def guarded(tmp_path):
    """A server for one test, to be killed and emptied."""
    with guarded_influxdb(tmp_path) as running:
        yield running


def ten_minutes_of_a_day_in_ten(journal, from_ms):
    """Write one day, as the collector does during ten real minutes at 144 times the speed."""
    for at_ms in range(from_ms, from_ms + 24 * HOUR_MS, BUCKET):
        zones = [
            HistoryRow((zone, kind), at_ms, (12.0, at_ms % 7 / 3, 5.0, 2.0, 0.5))
            for zone in ("loft", "hall", "site")
            for kind in ("booth", "desk")
        ]
        journal.write(ZONE_FIVE_MIN, zones)
        journal.write(AIR_FIVE_MIN, [HistoryRow(("loft",), at_ms, (500 + at_ms % 11, 21.0, None))])
        if at_ms % HOUR_MS == 0:
            journal.write(SPACE_HOUR, [HistoryRow((f"desk-{n}",), at_ms, (n * 100.0, 0.0, 0.0)) for n in range(30)])


def equal(journal, settings):
    with closing(SqliteHistory(journal.path)) as one, closing(InfluxHistory(settings)) as other:
        return repr(read_all_measures(one)) == repr(read_all_measures(other))


def test_a_server_that_returns_empty_after_ten_minutes_is_filled_again(guarded, journal):
    with run_projection(journal, guarded.settings) as projection:
        ten_minutes_of_a_day_in_ten(journal, T0)
        wait_until(lambda: is_projected(guarded.settings, journal), what="the first day")
        guarded.server.kill()
        ten_minutes_of_a_day_in_ten(journal, T0 + 24 * HOUR_MS)
        journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])  # a late correction of the first day
        wait_until(projection.find_fault, what="the report of the fault")
        assert projection.find_fault() == CollectorFault(FaultKind.INFLUXDB_SILENT)
        guarded.server.restart_empty()
        guarded.create_user()
        wait_until(lambda: not projection.find_fault(), seconds=60, what="the end of the fault")
        wait_until(lambda: is_projected(guarded.settings, journal), what="both days")
        assert equal(journal, guarded.settings)
        assert projection.rejected.list_newest() == []


def test_after_a_short_outage_the_projection_continues_from_the_cursor(guarded, journal):
    with run_projection(journal, guarded.settings) as projection:
        ten_minutes_of_a_day_in_ten(journal, T0)
        wait_until(lambda: is_projected(guarded.settings, journal), what="the first day")
        guarded.server.restart()
        ten_minutes_of_a_day_in_ten(journal, T0 + 24 * HOUR_MS)
        wait_until(lambda: not projection.find_fault() and is_projected(guarded.settings, journal), what="both days")
        assert equal(journal, guarded.settings)


def test_a_server_that_lost_its_rows_silently_is_noticed(guarded, journal):
    with run_projection(journal, guarded.settings, check_s=0.5):
        ten_minutes_of_a_day_in_ten(journal, T0)
        wait_until(lambda: is_projected(guarded.settings, journal), what="the first day")
        with closing(InfluxClient(guarded.settings)) as influx:
            influx.run_query("DROP DATABASE ledig")
        wait_until(
            lambda: is_projected(guarded.settings, journal) and equal(journal, guarded.settings), what="equality"
        )


def test_a_restarted_projection_writes_only_new_rows(guarded, journal):
    journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
    with run_projection(journal, guarded.settings):
        wait_until(lambda: is_projected(guarded.settings, journal), what="the first row")
    with closing(InfluxClient(guarded.settings)) as influx:  # a value that writing the row again would overwrite
        influx.write_lines([f"space_hour,space=desk-1 taken_s=77.0 {T0 * line_protocol.NS_PER_MS}"])
    journal.write(SPACE_HOUR, [HistoryRow(("desk-2",), T0, (1.0, 2.0, 3.0))])
    with run_projection(journal, guarded.settings), closing(InfluxHistory(guarded.settings)) as reader:
        wait_until(lambda: is_projected(guarded.settings, journal), what="the second row")
        assert [row.fields[0] for row in reader.read_rows(SPACE_HOUR, 0, 2**42)] == [77.0, 1.0]


def test_the_history_of_a_restored_journal_is_written_again(guarded, journal, tmp_path):
    journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
    older = tmp_path / "older"
    older.mkdir()
    with closing(sqlite3.connect(older / "journal.sqlite")) as copy:
        journal.db.backup(copy)
    journal.write(SPACE_HOUR, [HistoryRow(("desk-2",), T0 + n * HOUR_MS, (1.0, 2.0, 3.0)) for n in range(9)])
    with run_projection(journal, guarded.settings):
        wait_until(lambda: is_projected(guarded.settings, journal), what="all rows")
    restored = HistoryJournal(older)
    with closing(restored.db):
        restored.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (9.0, 2.0, 3.0))])
        with run_projection(restored, guarded.settings):
            wait_until(lambda: is_projected(guarded.settings, restored), what="the restored journal")
        with closing(InfluxHistory(guarded.settings)) as reader:
            assert reader.read_rows(SPACE_HOUR, 0, 2**42, space="desk-1")[0].fields == (9.0, 2.0, 3.0)


def test_a_rejected_row_is_recorded_with_its_reason_and_the_others_are_written(guarded, journal):
    with closing(InfluxClient(guarded.settings)) as influx:
        influx.create_database()
        influx.write_lines(
            [f'air_five_min,zone=loft co2_ppm="much" {T0 * line_protocol.NS_PER_MS}']
        )  # co2_ppm is now a string there
    rows = [HistoryRow((f"desk-{n}",), T0, (float(n), 0.0, 0.0)) for n in range(20)]
    journal.write(SPACE_HOUR, rows[:10])
    journal.write(AIR_FIVE_MIN, [HistoryRow(("loft",), T0 + 1, (400.0, 21.0, None))])
    journal.write(SPACE_HOUR, [*rows[10:], HistoryRow(("",), T0, (1.0, 2.0, 3.0))])
    with run_projection(journal, guarded.settings) as projection, closing(InfluxHistory(guarded.settings)) as reader:
        wait_until(lambda: is_projected(guarded.settings, journal), what="the other rows")
        assert reader.read_rows(SPACE_HOUR, 0, 2**42) == sorted(rows)
        refused = {measure: (tags, at_ms, reason) for measure, tags, at_ms, reason in projection.rejected.list_newest()}
        assert set(refused) == {"air_five_min", "space_hour"}
        assert refused["air_five_min"][:2] == (("loft",), T0 + 1)
        assert "field type conflict" in refused["air_five_min"][2]
        assert "empty" in refused["space_hour"][2]
        wait_until(
            lambda: projection.find_fault() == CollectorFault(FaultKind.ROWS_REJECTED, rows=2),
            what="the fault with its count",
        )


@pytest.mark.parametrize("buckets", [61, 1100], ids=["few", "more than can be noted"])
def test_rows_that_influxdb_rejects_are_reported_kept_and_written_once_the_cause_is_gone(
    guarded, journal, buckets, caplog
):
    with closing(InfluxClient(guarded.settings)) as influx:
        influx.create_database()
        days = [(T0 + day * 24 * HOUR_MS) * line_protocol.NS_PER_MS for day in range(5)]
        influx.write_lines(
            [f"zone_five_min,zone=other,kind=desk capacity=8i {at_ns}" for at_ns in days]
        )  # in each shard
        rows = [HistoryRow(("loft", "desk"), T0 + n * BUCKET, (12.0, 1.5, 5.0, 2.0, 0.5)) for n in range(buckets)]
        journal.write(ZONE_FIVE_MIN, rows)
        with run_projection(journal, guarded.settings, retry_s=0.1) as projection:
            wait_until(projection.find_fault, what="the fault")
            wait_until(lambda: is_projected(guarded.settings, journal), seconds=90, what="the end of the first try")
            noted = min(buckets, MAX_ROWS)
            kind = FaultKind.MANY_ROWS_REJECTED if buckets > MAX_ROWS else FaultKind.ROWS_REJECTED
            wait_until(
                lambda: projection.find_fault() == CollectorFault(kind, rows=noted),
                what="the count",
            )
            assert "correct the cause in InfluxDB" in caplog.text
            influx.run_statement("DROP MEASUREMENT zone_five_min")
            wait_until(lambda: not projection.find_fault(), seconds=60, what="the end of the fault")
            assert equal(journal, guarded.settings)
            assert (projection.rejected.list_newest(), projection.rejected.read_overflow_revision()) == ([], None)


def test_a_rejected_row_that_the_journal_erases_is_no_longer_a_fault(guarded, journal):
    with closing(InfluxClient(guarded.settings)) as influx:
        influx.create_database()
        influx.write_lines([f"space_hour,space=other taken_s=8i {T0 * line_protocol.NS_PER_MS}"])
    journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, None, None))])
    with run_projection(journal, guarded.settings, retry_s=0.1) as projection:
        wait_until(projection.find_fault, what="the fault")
        journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (None, None, None))])
        wait_until(lambda: not projection.find_fault(), what="the end of the fault")


def test_a_wrong_password_is_reported_with_its_remedy_and_recovers(guarded, journal):
    journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
    right = guarded.settings.token_file.read_text()
    guarded.settings.token_file.write_text("ledig:wrong")
    with run_projection(journal, guarded.settings) as projection, ExitStack() as stack:
        wait_until(projection.find_fault, what="the report of the fault")
        assert projection.find_fault() == CollectorFault(FaultKind.INFLUXDB_TOKEN)
        reader = stack.enter_context(closing(InfluxHistory(guarded.settings)))
        with pytest.raises(HistoryAway, match=r"refuses the token \(401.*token_file"):
            reader.read_rows(SPACE_HOUR, 0, 2**42)
        guarded.settings.token_file.write_text(right)
        wait_until(lambda: not projection.find_fault(), what="the end of the fault")
        wait_until(lambda: is_projected(guarded.settings, journal), what="the row")


def test_a_projection_waits_for_a_missing_journal(guarded, tmp_path):
    late = tmp_path / "late"
    late.mkdir()
    projection = Projection(late / "journal.sqlite", guarded.settings, unix_ms)
    projection.start()
    try:
        wait_until(projection.find_fault, what="the report of the fault")
        journal = HistoryJournal(late)
        with closing(journal.db):
            journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
            wait_until(lambda: is_projected(guarded.settings, journal), what="the row")
            assert tables.read_identity(journal.db)[1] == 1
    finally:
        projection.close()
    shutil.rmtree(late)


def test_rows_written_for_the_future_are_withdrawn(guarded, journal):
    with run_projection(journal, guarded.settings):
        journal.write(
            ZONE_FIVE_MIN, [HistoryRow(("loft", "desk"), T0 + n * BUCKET, (12.0, 1.0, 5.0, 2.0, 0.5)) for n in range(9)]
        )
        wait_until(lambda: is_projected(guarded.settings, journal), what="the rows")
        journal.take_back(ZONE_FIVE_MIN, T0 + 4 * BUCKET)
        journal.write(
            ZONE_FIVE_MIN, [HistoryRow(("loft", "desk"), T0 + 5 * BUCKET, (12.0, 2.0, 5.0, 2.0, 0.5))]
        )  # once that time has come
        wait_until(lambda: is_projected(guarded.settings, journal), what="the withdrawal")
        assert equal(journal, guarded.settings)
    with closing(SqliteHistory(journal.path)) as history:
        found = [row.at_ms for row in history.read_rows(ZONE_FIVE_MIN, 0, T0 + 99 * BUCKET)]
    assert found == [T0 + n * BUCKET for n in (0, 1, 2, 3, 5)]
