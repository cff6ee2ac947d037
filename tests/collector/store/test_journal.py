"""The journal: what is on the disk when a commit returns, and which error is raised if it cannot be."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from collector.contract.loss_reasons import LossReason
from collector.history import tables
from collector.history.measures import STAYS, ZONE_FIVE_MIN, ZONE_HOUR, HistoryRow
from collector.intake.intake import RepeatedEvent
from collector.intake.rejection import RejectedInput, StreamGap
from collector.occupancy.evidence import StoredEvent
from collector.store.journal import Checkpoint, Journal
from collector.store.journal_faults import JournalAway, JournalRejected
from collector.store.journal_log import MAX_LOG_BYTES, TRUNCATE_LOG_BYTES
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.loss_sentences import LOSS_SENTENCES
from collector.store.rejection_tables import GAP_ROWS, QUARANTINE_BYTES, QUARANTINE_ROWS
from edge.contract.message import EventKind
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.faulty_disks import fill_disk, small_disk

EVENT = StoredEvent(1000, "pi-1", "s", 1, "desk-0-pir", EventKind.MOTION, 1)
LATER = StoredEvent(2000, "pi-1", "s", 2, "desk-0-pir", EventKind.HEARTBEAT, 0.5)
PIR = ("pi-1", "desk-0-pir")
FULL = 2
"""The value of `PRAGMA synchronous` for FULL. Source: SQLite's documentation of pragmas."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as opened:
        yield opened


def test_commit_waits_until_the_disk_has_the_data(journal: Journal) -> None:
    settings = {
        name: journal._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    assert settings == {"journal_mode": "wal", "synchronous": FULL}


def test_committed_data_is_there_after_reopening(path: Path) -> None:
    with closing(Journal(path)) as journal, journal.transaction():
        journal.add_events([LATER, EVENT])
        journal.set_stored_up_to({("pi-1", "s"): 2})
        journal.store_values({"desk-0": b"body"})
        journal.store_checkpoint("desk-0", Checkpoint(7, "vacant", b"older"))
        journal.tables.store_number("number", 5)
    with closing(Journal(path)) as journal:
        assert journal.read_events([PIR], 0) == [EVENT, LATER]
        assert journal.read_events([PIR], 1001) == [LATER]
        assert journal.read_stored_up_to() == {("pi-1", "s"): 2}
        assert journal.read_values() == {"desk-0": b"body"}
        assert journal.read_checkpoints() == {"desk-0": Checkpoint(7, "vacant", b"older")}
        assert journal.tables.read_number("number") == 5


def test_a_transaction_that_fails_leaves_nothing(journal: Journal) -> None:
    def write_half() -> None:
        with journal.transaction():
            journal.tables.store_number("number", 1)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_half()
    assert journal.tables.read_number("number") is None


def test_an_event_without_a_trusted_clock_is_stored_and_never_evaluated(journal: Journal) -> None:
    with journal.transaction():
        journal.add_events([EVENT], [LATER])
    assert journal.read_events([PIR], 0) == [EVENT]
    assert journal._connection.execute("SELECT count(*) FROM event").fetchone() == (2,)


def test_erased_events_are_gone_and_the_rest_stays(journal: Journal) -> None:
    future = StoredEvent(10**13, "pi-1", "s", 3, "desk-0-pir", EventKind.MOTION, 1)
    with journal.transaction():
        journal.add_events([EVENT, LATER], [future])
        assert journal.erase_events([PIR], 2000, 10**12) == 1
    assert journal.read_events([PIR], 0) == [LATER]
    assert journal._connection.execute("SELECT count(*) FROM event").fetchone() == (1,)


def test_erased_data_cannot_be_read_in_the_files(path: Path, journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_rejected([RejectedInput("pi-1", LossReason.BAD_VALUE, b"a-secret-word" * 20)], 1)
    with journal.transaction():
        journal.rejections.erase_rejected(2)
    journal.log.truncate()
    assert not any(b"a-secret-word" in file.read_bytes() for file in path.parent.iterdir())


def test_the_quarantine_is_bounded_and_counts_what_it_dropped(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_rejected(
            [
                RejectedInput("pi-1", LossReason.BAD_VALUE, b"y" * 9999, "s", seq, seq)
                for seq in range(1, QUARANTINE_ROWS + 8)
            ],
            1,
        )
    rows = journal._connection.execute("SELECT count(*), max(length(payload)) FROM quarantine")
    assert rows.fetchone() == (QUARANTINE_ROWS, QUARANTINE_BYTES)
    assert journal.tables.read_number("quarantine_dropped") == 7


def test_a_repeated_rejected_message_is_counted_and_stored_once(journal: Journal) -> None:
    unreadable = RejectedInput("pi-1", LossReason.UNREADABLE, b"x" * 9999, field="stream")
    with journal.transaction():
        journal.rejections.add_rejected([unreadable, unreadable, unreadable._replace(device="pi-2")], 1)
        journal.rejections.add_rejected([unreadable, unreadable._replace(payload=b"y")], 2)
    rows = journal._connection.execute("SELECT device, times FROM quarantine ORDER BY no").fetchall()
    assert rows == [("pi-1", 3), ("pi-2", 1), ("pi-1", 1)]


def test_a_rejection_of_an_older_file_keeps_its_row_without_a_position(path: Path) -> None:
    with closing(Journal(path, MIGRATION_STEPS[:4])) as journal, journal.transaction():
        journal._connection.execute(
            "INSERT INTO quarantine (at_ms, device, reason, payload) VALUES (1, 'pi-1', 'too old', x'')"
        )
    with closing(Journal(path)) as journal:
        rows = journal._connection.execute("SELECT device, reason, stream, first, sensor, times FROM quarantine")
        assert rows.fetchall() == [("pi-1", LossReason.TOO_OLD, "", 0, "", 1)]


@pytest.mark.parametrize("table", ["gap", "quarantine"])
def test_sentences_of_version_8_become_codes_and_an_unlisted_one_is_kept_as_detail(path: Path, table: str) -> None:
    sentences = [*LOSS_SENTENCES, "Expected `str`"]
    columns, values = {
        "gap": ("device, stream, first, last, at_ms, reason", "'pi-1', 's', ?, 9, 1, ?"),
        "quarantine": ("first, reason, at_ms, device, payload", "?, ?, 1, 'pi-1', x''"),
    }[table]
    with closing(Journal(path, MIGRATION_STEPS[:8])) as journal, journal.transaction():
        journal._connection.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({values})",  # noqa: S608
            list(enumerate(sentences)),
        )
    with closing(Journal(path)) as journal:
        rows = journal._connection.execute(f"SELECT reason, detail FROM {table} ORDER BY first").fetchall()  # noqa: S608
    assert rows == [*((code, "") for code in LOSS_SENTENCES.values()), (LossReason.OTHER, "Expected `str`")]


def test_every_code_but_other_had_a_sentence() -> None:
    assert {*LOSS_SENTENCES.values(), LossReason.OTHER} == set(LossReason)


def repeat_of(event: StoredEvent, *, synchronised: bool = True) -> RepeatedEvent:
    return RepeatedEvent(event.device, event.stream, event.seq, b"an event", event, synchronised)


def test_a_repeated_event_is_compared_with_the_stored_one(journal: Journal) -> None:
    with journal.transaction():
        journal.add_events([EVENT], [LATER])
    for known in (EVENT, replace(EVENT, value=EVENT.value * 1.0)):
        assert journal.is_known(repeat_of(known), 0, 10**15)
    assert journal.is_known(repeat_of(LATER, synchronised=False), 0, 10**15)
    others = [
        replace(EVENT, value=1 - EVENT.value),
        replace(EVENT, at_ms=EVENT.at_ms + 1),
        replace(EVENT, sensor="another"),
        replace(EVENT, kind=EventKind.HEARTBEAT),
    ]
    assert not any(journal.is_known(repeat_of(other), 0, 10**15) for other in others)
    assert not journal.is_known(repeat_of(EVENT, synchronised=False), 0, 10**15)
    assert not journal.is_known(RepeatedEvent(EVENT.device, EVENT.stream, EVENT.seq, b"no event", None), 0, 10**15)


def test_a_repeated_event_old_enough_to_be_erased_counts_as_known(journal: Journal) -> None:
    with journal.transaction():
        journal.add_events([EVENT])
        journal.erase_events([PIR], EVENT.at_ms + 1, 10**12)
    assert journal.is_known(repeat_of(EVENT), EVENT.at_ms + 1, 10**15)
    assert not journal.is_known(repeat_of(replace(EVENT, at_ms=EVENT.at_ms + 1)), EVENT.at_ms + 1, 10**15)


def test_the_cost_of_rejections_grows_no_faster_than_the_batch(journal: Journal) -> None:
    def steps(count: int, name: str) -> int:
        """The number of SQLite operations, in thousands."""
        counted = 0

        def count_step() -> int:
            nonlocal counted
            counted += 1
            return 0

        journal._connection.set_progress_handler(count_step, 1000)
        journal.rejections.add_rejected(
            [RejectedInput("pi-1", LossReason.UNREADABLE, b"%s %d" % (name.encode(), n)) for n in range(count)], 1
        )
        journal._connection.set_progress_handler(None, 0)
        return counted

    few = steps(4000, "first")
    assert 0 < steps(8000, "second") < 3 * few


def test_a_repeated_rejected_event_is_compared_with_the_quarantine(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_gaps([StreamGap("pi-1", "s", 3, 9, LossReason.UNKNOWN_SENSOR)], 1)
        journal.rejections.add_rejected([RejectedInput("pi-1", LossReason.UNKNOWN_SENSOR, b"an event", "s", 5, 5)], 1)
    in_gap = replace(EVENT, device="pi-1", stream="s", seq=5)
    assert journal.is_known(repeat_of(in_gap), 0, 10**15)
    assert not journal.is_known(repeat_of(in_gap)._replace(payload=b"another"), 0, 10**15)
    assert journal.is_known(repeat_of(replace(in_gap, seq=6)), 0, 10**15), "its refusal is no longer kept"
    assert not journal.is_known(repeat_of(replace(in_gap, seq=10)), 0, 10**15)


def test_gaps_are_stored_unchanged(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_gaps(
            [StreamGap("pi-1", "s", 3, 5, LossReason.DROPPED), StreamGap("pi-1", "s", 9, 9, LossReason.TOO_OLD)], 1
        )
    rows = journal._connection.execute("SELECT first, last, reason FROM gap ORDER BY first").fetchall()
    assert rows == [(3, 5, LossReason.DROPPED), (9, 9, LossReason.TOO_OLD)]


def test_gaps_dropped_at_the_bound_are_counted_exactly(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_gaps([StreamGap("pi-1", "s", 3 * n, 3 * n, LossReason.FUTURE) for n in range(10)], 1)
        journal.rejections.add_gaps(
            [StreamGap("pi-2", "s", 3 * n, 3 * n, LossReason.FUTURE) for n in range(GAP_ROWS - 5)], 2
        )
    (kept,) = journal._connection.execute("SELECT count(*) FROM gap").fetchone()
    assert kept <= GAP_ROWS
    assert journal.tables.read_number("gap_dropped") == GAP_ROWS + 5 - kept


def test_the_earliest_stale_moment_wins(journal: Journal) -> None:
    with journal.transaction():
        for from_ms in (50, 20, 90):
            journal.tables.mark_stale("desk-0", from_ms)
    assert journal._connection.execute("SELECT * FROM stale_history").fetchall() == [("desk-0", 20)]


def test_a_second_collector_prints_one_plain_line(path: Path, journal: Journal) -> None:
    code = f"from pathlib import Path; from collector.store.journal import Journal; Journal(Path({str(path)!r}))"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "journal.sqlite is in use by another collector (pid " in second.stderr.splitlines()[-1]
    with pytest.raises(JournalRejected, match="in use by another collector"):
        Journal(path)


def test_the_lock_ends_with_its_process(path: Path) -> None:
    Journal(path).close()
    Journal(path).close()


def test_a_file_of_a_later_version_is_rejected(path: Path) -> None:
    Journal(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 999")
    with pytest.raises(
        JournalRejected, match=f"its schema is version 999; this Ledig supports {len(MIGRATION_STEPS)}; install"
    ):
        Journal(path)


def test_a_file_of_version_one_gets_the_later_tables_and_keeps_its_rows(path: Path) -> None:
    with closing(Journal(path, MIGRATION_STEPS[:1])) as journal, journal.transaction():
        journal.add_events([EVENT])
        journal._connection.execute("DROP TABLE forecast")  # the first version lacks it
    with closing(Journal(path)) as journal:
        assert journal.read_events([PIR], 0) == [EVENT]
        assert journal._connection.execute("SELECT count(*) FROM forecast").fetchone() == (0,)


def test_a_file_of_version_six_gets_the_table_for_withdrawn_rows(path: Path) -> None:
    with closing(Journal(path, MIGRATION_STEPS[:6])) as journal, journal.transaction():
        journal._connection.execute("DROP TABLE withdrawn")  # that version lacks it
    with closing(Journal(path)) as journal, journal.transaction():
        db = journal._connection
        tables.upsert_rows(
            db, ZONE_HOUR, [HistoryRow(("site", "desk"), 3_600_000, tuple(1.0 for _ in ZONE_HOUR.fields))]
        )
        assert tables.withdraw_rows(db, ZONE_HOUR, 3_600_000) == 1
        assert [found[1:] for found in tables.read_withdrawals(db, 0, 99)] == [(ZONE_HOUR, "", 3_600_000)]
        assert tables.withdraw_rows(db, ZONE_HOUR, 0) == 0


def test_hours_of_a_file_of_version_two_are_computed_from_its_five_minutes(path: Path) -> None:
    fields = (9.0, 5.25, 6.0, 0.0, 0.5)
    with closing(Journal(path, MIGRATION_STEPS[:2])) as journal, journal.transaction():
        rows = [HistoryRow(("loft", "desk"), at_ms, fields) for at_ms in range(0, 2 * HOUR_MS, ZONE_FIVE_MIN.bucket_ms)]
        tables.upsert_rows(journal._connection, ZONE_FIVE_MIN, rows)
        for later in (ZONE_HOUR, STAYS):  # the second version lacks them
            journal._connection.execute(f"DROP TABLE {later.name}")
    with closing(Journal(path)) as journal:
        hours = tables.read_rows(journal._connection, ZONE_HOUR, ("loft", "desk"), 0, 2 * HOUR_MS)
        assert [(row.at_ms, row.fields) for row in hours] == [
            (at_ms, (12.0, 9.0, 6.0, 6.0, 0.0, 1.0, 12.0)) for at_ms in (0, HOUR_MS)
        ]
        revisions = [rev for rev, *_ in tables.read_changed_rows(journal._connection, 0, 99)]
        assert len(set(revisions)) == 26, "a projection follows every row"


def test_minima_of_outages_are_removed_from_a_file_of_version_three(path: Path) -> None:
    known, outage = (28.0, 19.0, 19.0, 9.0, 0.0), (28.0, 7.0, 19.0, 0.0, 20.0)
    first, second = (HistoryRow(("loft", "desk"), at_ms, (0.0,)) for at_ms in (0, ZONE_FIVE_MIN.bucket_ms))
    with closing(Journal(path, MIGRATION_STEPS[:3])) as journal, journal.transaction():
        rows = [replace(first, fields=known), replace(second, fields=outage)]
        tables.upsert_rows(journal._connection, ZONE_FIVE_MIN, rows)
        hour = (2.0, 28.0, 13.0, 19.0, 0.0, 10.0, 1.0)
        tables.upsert_rows(journal._connection, ZONE_HOUR, [replace(first, fields=hour)])
    with closing(Journal(path, MIGRATION_STEPS[:4])) as journal:
        read = [
            row.fields for row in tables.read_rows(journal._connection, ZONE_FIVE_MIN, ("loft", "desk"), 0, HOUR_MS)
        ]
        assert read == [known, (28.0, 7.0, 19.0, None, 20.0)]
        (hour_row,) = tables.read_rows(journal._connection, ZONE_HOUR, ("loft", "desk"), 0, HOUR_MS)
        assert hour_row.fields == (2.0, 28.0, 13.0, 19.0, 9.0, 10.0, 0.0)
        assert [rev for rev, *_ in tables.read_changed_rows(journal._connection, 3, 99)] == [4, 5], (
            "a projection follows both"
        )


def test_a_failed_migration_leaves_the_file_unchanged(path: Path) -> None:
    with closing(Journal(path)) as journal, journal.transaction():
        journal.add_events([EVENT])

    def next_version(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE transition")
        connection.execute("ALTER TABLE event ADD COLUMN colour TEXT")
        connection.execute("this is no SQL")

    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        Journal(path, (*MIGRATION_STEPS, next_version))
    with closing(Journal(path)) as journal:
        assert journal.read_events([PIR], 0) == [EVENT]
        assert journal._connection.execute("SELECT count(*) FROM transition").fetchone() == (0,)


def test_a_file_that_is_not_a_journal_is_left_unchanged(path: Path) -> None:
    path.write_text("the members' wishes for the kitchen\n" * 100)
    with pytest.raises(JournalRejected, match="this is not an SQLite file"):
        Journal(path)
    assert path.read_text().startswith("the members' wishes")


def test_a_missing_folder_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(
        JournalAway, match=r"nowhere/journal.sqlite: the journal cannot be opened; its folder must exist"
    ):
        Journal(tmp_path / "nowhere" / "journal.sqlite")


@pytest.mark.usefixtures("as_root")
def test_a_full_disk_is_reported_and_nothing_stored_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with closing(Journal(disk / "journal.sqlite")) as journal:
            with journal.transaction():
                journal.add_events([EVENT])
            stone = disk / "stone"
            fill_disk(stone)
            with pytest.raises(JournalAway, match="the journal's disk is full; free some disk space"):
                journal.check_can_grow()
        stone.unlink()
        with closing(Journal(disk / "journal.sqlite")) as journal:
            journal.check_can_grow()
            assert journal.read_events([PIR], 0) == [EVENT]


@pytest.mark.usefixtures("as_root")
def test_a_read_only_disk_is_reported(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        Journal(disk / "journal.sqlite").close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(JournalAway, match="the journal's disk is read-only; make it writable"):
            Journal(disk / "journal.sqlite")


def test_a_file_that_cannot_grow_is_reported(path: Path) -> None:
    """The file size limit stands in for a quota."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from collector.store.journal import Journal\n"
        "from collector.store.journal_faults import JournalAway\n"
        f"journal = Journal(Path({str(path)!r}))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000,) * 2)\n"
        "try:\n    journal.check_can_grow()\nexcept JournalAway as away:\n    print(away.fault.kind)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "journal_disk_fails\n", done.stderr


def test_a_device_that_floods_the_quarantine_evicts_only_its_own(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_rejected(
            [RejectedInput("pi-quiet", LossReason.BAD_VALUE, b"%d" % n, "s", n, n) for n in (1, 2, 3)], 1
        )
        for burst in range(4):
            noise = [
                RejectedInput("pi-noisy", LossReason.UNREADABLE, b"%d" % n, first=n) for n in range(1, QUARANTINE_ROWS)
            ]
            journal.rejections.add_rejected(noise, 2 + burst)
        strangers = [
            RejectedInput(f"stranger-{n}", LossReason.UNKNOWN_DEVICE, b"x") for n in range(2 * QUARANTINE_ROWS)
        ]
        journal.rejections.add_rejected(strangers, 9)
    rows = dict(journal._connection.execute("SELECT device, count(*) FROM quarantine GROUP BY device"))
    assert rows["pi-quiet"] == 3
    assert rows["pi-noisy"] >= QUARANTINE_ROWS // 2 - 3
    assert sum(rows.values()) == QUARANTINE_ROWS
    added = 3 + 4 * (QUARANTINE_ROWS - 1) + 2 * QUARANTINE_ROWS
    assert journal.tables.read_number("quarantine_dropped") == added - QUARANTINE_ROWS


def test_a_device_that_floods_the_gaps_evicts_only_its_own(journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_gaps([StreamGap("pi-quiet", "s", 3 * n, 3 * n, LossReason.FUTURE) for n in range(10)], 1)
        journal.rejections.add_gaps(
            [StreamGap("pi-noisy", "s", 3 * n, 3 * n, LossReason.FUTURE) for n in range(GAP_ROWS + 1000)], 2
        )
        journal.rejections.add_gaps(
            [StreamGap("pi-noisy", "t", 3 * n, 3 * n, LossReason.FUTURE) for n in range(1000)], 3
        )
    rows = dict(journal._connection.execute("SELECT device, count(*) FROM gap GROUP BY device"))
    assert rows["pi-quiet"] == 10
    assert GAP_ROWS * 98 // 100 <= sum(rows.values()) <= GAP_ROWS
    assert journal.tables.read_number("gap_dropped") == GAP_ROWS + 2010 - sum(rows.values())
    newest = journal._connection.execute("SELECT count(*) FROM gap WHERE stream = 't'").fetchone()
    assert newest == (1000,), "of the noisy device the oldest go"


def write_megabytes(journal: Journal, number: int) -> None:
    for place in range(number):
        with journal.transaction():
            journal.store_values({f"space-{place % 50}": bytes(1_000_000)})


READER = """
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
db.execute("BEGIN")
print(db.execute("SELECT count(*) FROM meta").fetchone()[0], flush=True)
sys.stdin.read()
"""


def test_a_stuck_reader_stops_the_log_at_its_bound_and_is_named(path: Path, journal: Journal) -> None:
    with journal.transaction():
        journal.tables.store_number("number", 1)
    log = path.with_name("journal.sqlite-wal")
    command = [sys.executable, "-c", READER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "1\n"
        with pytest.raises(JournalAway, match="a reader prevents the journal's log from being shortened") as full:
            write_megabytes(journal, 2 * MAX_LOG_BYTES // 1_000_000)
        assert f"stop process {reader.pid}" in str(full.value)
        assert MAX_LOG_BYTES <= log.stat().st_size <= MAX_LOG_BYTES + 2_000_000
        reader.communicate("")
    with journal.transaction():
        journal.tables.store_number("number", 2)
    assert log.stat().st_size < TRUNCATE_LOG_BYTES
    assert journal.tables.read_number("number") == 2


def test_the_log_is_truncated_when_it_grows(path: Path, journal: Journal) -> None:
    most = 0
    for _ in range(30):
        write_megabytes(journal, 1)
        most = max(most, path.with_name("journal.sqlite-wal").stat().st_size)
    assert most <= TRUNCATE_LOG_BYTES + 2_000_000


def test_erased_data_leaves_the_log_once_no_reader_blocks_it(path: Path, journal: Journal) -> None:
    with journal.transaction():
        journal.rejections.add_rejected([RejectedInput("pi-1", LossReason.UNREADABLE, b"a-secret-word" * 20)], 1)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM quarantine").fetchone()
        with journal.transaction():
            journal.rejections.erase_rejected(2)
        assert not journal.log.truncate()
    assert journal.log.truncate()
    assert not any(b"a-secret-word" in file.read_bytes() for file in path.parent.iterdir())


def test_journal_is_private_whatever_the_umask_and_its_old_mode(tmp_path: Path) -> None:
    path, before = tmp_path / "journal.sqlite", os.umask(0)
    try:
        for _ in range(2):
            journal = Journal(path)
            assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
            journal.close()
            path.chmod(0o644)
    finally:
        os.umask(before)
