"""InfluxDB follows a journal that is restored meanwhile, and survives a damaged list of rejected rows."""

import sqlite3
from contextlib import closing

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.history import tables
from collector.history.influxdb import InfluxClient, InfluxHistory
from collector.history.measures import SPACE_HOUR, HistoryAway, HistoryRow
from collector.history.refused_rows import RejectedRow, RejectedRows
from collector.history.sqlite import SqliteHistory
from collector.sqlite_files.backup import BackupRules, back_up
from collector.store.journal import Journal as CollectorJournal
from collector.store.journal_faults import JournalDamaged
from collector.store.recovery.journal_guard import JournalGuard
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.history_stores import guarded_influxdb, is_projected, read_all_measures, run_projection
from tests.support.collector.random_sites import NOON_MS, build_desk_plan
from tests.support.servers import wait_until


class OpenJournal:
    """The collector's journal, with what the tests of history need."""

    def __init__(self, journal):
        self.path, self.db, self._journal = journal.path, journal._connection, journal

    def write(self, desks):
        with self._journal.transaction():
            tables.upsert_rows(
                self.db, SPACE_HOUR, [HistoryRow((f"desk-{n}",), NOON_MS, (float(n), 0.0, 0.0)) for n in desks]
            )


def equal(journal, settings):
    with closing(SqliteHistory(journal.path)) as one, closing(InfluxHistory(settings)) as other:
        rows = read_all_measures(other)
        return all(row in rows[name] for name, found in read_all_measures(one).items() for row in found)


def test_a_journal_restored_during_the_projection_is_written_completely(tmp_path):
    path = tmp_path / "journal.sqlite"
    guard = JournalGuard(path, build_desk_plan(2), RetentionSettings(), lambda: NOON_MS + HOUR_MS)
    with guarded_influxdb(tmp_path) as running:
        journal = guard.open_journal()
        with closing(journal):
            opened = OpenJournal(journal)
            opened.write(range(2))
            back_up(path, BackupRules(folder=tmp_path / "backups", keep=3), NOON_MS)
            opened.write(range(100, 110))
        with run_projection(opened, running.settings, check_s=3600):
            with closing(CollectorJournal(path)) as journal:
                wait_until(lambda: is_projected(running.settings, OpenJournal(journal)), what="the history")
            path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
            with closing(guard.replace_journal(JournalDamaged("the header"))) as journal:
                restored = OpenJournal(journal)
                restored.write(range(200, 240))  # beyond the revision that InfluxDB had of the damaged one
                wait_until(lambda: is_projected(running.settings, restored), what="the restored history")
                assert equal(restored, running.settings)


def test_a_restored_journal_has_a_new_history_id(tmp_path):
    with closing(CollectorJournal(tmp_path / "journal.sqlite")) as journal:
        before = tables.read_identity(journal._connection)
        with journal.transaction():
            journal.record_restore(1, 2)
        after = tables.read_identity(journal._connection)
    assert after[0] != before[0]
    assert after[1] == before[1]


def header(body):
    return b"no database file" + body[16:]


def pages(body):
    return body[:4096] + b"\xff" * (len(body) - 4096)


def schema(body):
    return body[:100] + b"\xa5" * 3996 + body[4096:]


def text(body):
    return body.replace(b"space_hour", b"space\xff\xfe\xfdur")


def emptied(_body):
    return b""


def cut(body):
    return body[:5000]


DAMAGES = [header, pages, schema, text, emptied, cut]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_list_of_rejected_rows_is_replaced_and_requests_all_rows(tmp_path, damage):
    path = tmp_path / "refused.sqlite"
    with closing(RejectedRows(path)) as rows:
        rows.add(
            [RejectedRow(SPACE_HOUR, HistoryRow((f"desk-{n}",), 0, (1.0, 0.0, 0.0)), "why", n) for n in range(200)]
        )
    path.write_bytes(damage(path.read_bytes()))
    with closing(RejectedRows(path)) as rows:
        with pytest.raises(HistoryAway, match="was damaged"):
            rows.list_newest()
        assert rows.list_newest() == []
        assert rows.read_overflow_revision() == 0
        rows.add([RejectedRow(SPACE_HOUR, HistoryRow(("desk-1",), 0, (1.0, 0.0, 0.0)), "why", 7)])
        assert len(rows.list_newest()) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["refused.sqlite"]


def test_a_list_locked_by_another_program_is_kept(tmp_path):
    path = tmp_path / "refused.sqlite"
    with closing(RejectedRows(path)) as rows:
        rows.add([RejectedRow(SPACE_HOUR, HistoryRow(("desk-1",), 0, (1.0, 0.0, 0.0)), "why", 7)])
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(HistoryAway, match="cannot be used"):
                rows.list_newest()
            other.execute("ROLLBACK")
        assert len(rows.list_newest()) == 1


def test_rows_recorded_only_in_the_damaged_list_are_written_again(tmp_path):
    with guarded_influxdb(tmp_path) as running, closing(CollectorJournal(tmp_path / "journal.sqlite")) as journal:
        opened = OpenJournal(journal)
        opened.write(range(5))
        with run_projection(opened, running.settings):
            wait_until(lambda: is_projected(running.settings, opened), what="the history")
        with closing(InfluxClient(running.settings)) as influx:  # as if these had been rejected
            influx.run_statement("DELETE FROM space_hour WHERE space = 'desk-3'")
        tmp_path.joinpath("refused.sqlite").write_bytes(b"damaged " * 1000)
        with run_projection(opened, running.settings, check_s=3600, retry_s=0.2) as projection:
            wait_until(lambda: equal(opened, running.settings), what="the row that was missing")
            wait_until(
                lambda: projection.rejected.read_overflow_revision() is None, what="the end of the second writing"
            )
            wait_until(lambda: not projection.find_fault(), what="the end of the fault")
