"""A healthy journal stays in place: late checks, false reports and other collectors do not replace it."""

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.sqlite_files import backup
from collector.store.journal import RESTORED_AT, Journal
from collector.store.journal_faults import JournalAway, JournalDamaged, JournalInUse, JournalRejected
from collector.store.recovery.journal_guard import JournalGuard
from collector.store.recovery.journal_monitor import JournalMonitor
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, motions
from tests.support.servers import wait_until

PLAN = build_desk_plan(2)
RETENTION = RetentionSettings()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def guard(path: Path) -> JournalGuard:
    return JournalGuard(path, PLAN, RETENTION, lambda: NOON_MS)


def store(journal: Journal, seqs: range) -> None:
    Pipeline(PLAN, journal, RETENTION, NOON_MS).process_batch([IncomingMessage("pi-1", motions(seqs))], NOON_MS)


def events(journal: Journal) -> int:
    (number,) = journal._connection.execute("SELECT count(*) FROM event").fetchone()
    return int(number)


def checked(guard: JournalGuard, journal: Journal) -> None:
    """Run the first check to its end; raise what it finds."""

    def done() -> bool:
        guard.raise_findings()
        return journal.log.page_sums.sums is not None

    with guard.monitor_journal(journal):
        wait_until(done, what="the check of the start")


@pytest.fixture
def backed_up(path: Path, guard: JournalGuard) -> Journal:
    """An open journal, for the test to close, with 9 events in its backup and 399 in its file."""
    journal = guard.open_journal()
    store(journal, range(1, 10))
    with guard.monitor_journal(journal):
        wait_until(lambda: backup.list_backups(path, path.parent / "backups"), what="the backup")
    store(journal, range(10, 400))
    assert journal.log.truncate()
    return journal


def test_a_check_that_runs_while_the_journal_is_closed_has_no_result(
    path: Path, guard: JournalGuard, backed_up: Journal
) -> None:
    backed_up.close()
    journal = guard.open_journal()
    watch = JournalMonitor(journal, PLAN, RETENTION, lambda: NOON_MS)
    watch.start(None)
    store(journal, range(400, 800))
    watch.stop(0)
    journal.close()  # SQLite writes the log into the file, which the check may be reading
    with closing(guard.open_journal()) as again:
        assert watch.stop(30)
        watch.raise_findings()
        checked(guard, again)
        assert events(again) == 799


def test_reading_pages_stops_when_the_file_is_closed(path: Path) -> None:
    """A slow card: the file is closed between two reads, and the number of its handle is reused for another file."""
    journal = Journal(path)
    store(journal, range(1, 400))
    assert journal.log.truncate()
    reading, closed = threading.Event(), threading.Event()
    found: list[object] = []

    def stopped() -> bool:
        reading.set()
        assert closed.wait(30)
        return False

    def check() -> None:
        with journal.log.file_lock:
            sums = journal.log.page_sums.read_checksums(stopped)
            found.append(sums)

    thread = threading.Thread(target=check)
    thread.start()
    assert reading.wait(30)
    whole = journal.log.page_sums.read_checksums(lambda: False)
    assert whole is not None
    store(journal, range(400, 800))
    journal.close()
    other = os.open(__file__, os.O_RDONLY)
    try:
        closed.set()
        thread.join(30)
    finally:
        os.close(other)
    assert found == [None]
    journal.log.page_sums.store_checksums(whole)
    assert not path.with_name("journal.sqlite.sums").exists(), "checksums of before the file was closed"
    with closing(Journal(path)) as again:
        assert events(again) == 799


def test_a_stopped_monitor_does_not_continue_when_the_next_starts(guard: JournalGuard, path: Path) -> None:
    with closing(guard.open_journal()) as journal:
        first, second = (JournalMonitor(journal, PLAN, RETENTION, lambda: NOON_MS) for _ in range(2))
        first.start(None)
        first.stop(30)
        second.start(first)
        assert first.stop(0)
        wait_until(lambda: backup.list_backups(path, path.parent / "backups"), what="the backup of the second")
        assert second.stop(30)


def test_a_healthy_journal_that_is_reported_as_damaged_stays_in_use(
    path: Path, guard: JournalGuard, backed_up: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    backed_up.close()
    with closing(guard.replace_journal(JournalDamaged(f"{path}: page 3 and 7 others differ"))) as journal:
        assert events(journal) == 399
        assert journal.tables.read_number(RESTORED_AT) is None
    assert not [*path.parent.glob("*.damaged-*")]
    assert "a second check finds no damage" in caplog.text


def test_noticed_damage_is_found_again_after_the_file_was_closed(
    path: Path, guard: JournalGuard, backed_up: Journal
) -> None:
    """A changed bit in a value: SQLite does not notice, and the checksums are gone once the journal was closed."""
    backed_up.close()
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)
    journal = guard.open_journal()
    with closing(journal), pytest.raises(JournalDamaged, match=r"differs? from what was written") as noticed:
        checked(guard, journal)
    with closing(guard.replace_journal(noticed.value)) as restored:
        assert events(restored) == 9
        assert restored.tables.read_number(RESTORED_AT) == NOON_MS


def test_a_second_collector_does_not_move_the_journal_of_the_first(path: Path, backed_up: Journal) -> None:
    handle = os.open(path, os.O_RDWR)  # closed only at the end: closing it would drop SQLite's locks
    byte = os.pread(handle, 1, 3000)
    os.pwrite(handle, bytes([byte[0] ^ 1]), 3000)  # damage in the first page is found before the file is opened
    unfinished = path.with_name("journal.sqlite.restoring")
    unfinished.write_bytes(b"the replacement that another collector is making")
    before = sorted(one.name for one in path.parent.iterdir())
    second = JournalGuard(path, PLAN, RETENTION, lambda: NOON_MS)
    with pytest.raises(JournalInUse, match="in use by another collector"):
        second.open_journal()
    with pytest.raises(JournalInUse, match="in use by another collector"):
        second.replace_journal(JournalDamaged("page 1 differs"))
    assert sorted(one.name for one in path.parent.iterdir()) == before
    assert path.stat().st_ino == os.fstat(handle).st_ino
    unfinished.unlink()
    os.pwrite(handle, byte, 3000)
    backed_up.close()
    os.close(handle)


def test_a_failed_replacement_releases_the_lock_for_the_next_attempt(
    path: Path, guard: JournalGuard, backed_up: Journal
) -> None:
    backed_up.close()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):  # a bug, and a good file
            guard.replace_journal(ZeroDivisionError())
    waiting = path.with_name("journal.sqlite.restoring.partial")
    waiting.mkdir()
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    for _ in range(2):
        with pytest.raises((OSError, JournalAway)) as refused:
            guard.open_journal()
        assert not isinstance(refused.value, JournalInUse)
    waiting.rmdir()
    with closing(guard.open_journal()) as journal:
        assert events(journal) == 9


@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "killed"])
def test_a_backup_restored_by_hand_stays_in_place(
    path: Path, backed_up: Journal, tmp_path_factory: pytest.TempPathFactory, *, is_stopped: bool
) -> None:
    """The commands of docs/operation.md: the checksums beside the file belong to the file that was replaced."""
    if is_stopped:
        backed_up.close()
    else:
        store(backed_up, range(400, 500))
    left = tmp_path_factory.mktemp("left")
    shutil.copytree(path.parent, left, dirs_exist_ok=True)  # what a killed collector leaves
    if not is_stopped:
        backed_up.close()
    path = left / path.name
    place_by_hand(backup.list_backups(path, left / "backups")[0].path, path)
    guard = JournalGuard(path, PLAN, RETENTION, lambda: NOON_MS)
    with closing(guard.open_journal()) as restored:
        checked(guard, restored)
        assert events(restored) == 9
        assert restored.tables.read_number(RESTORED_AT) is None
    with closing(guard.open_journal()) as again:
        assert events(again) == 9
    assert not backup.list_damaged_files(path)


def place_by_hand(chosen: Path, path: Path) -> None:
    path.unlink()
    shutil.copyfile(chosen, path)
    for sidecar in ("-wal", "-shm"):
        path.with_name(f"{path.name}{sidecar}").unlink(missing_ok=True)


def test_a_changed_first_page_is_damage_even_in_the_change_counter(
    path: Path, guard: JournalGuard, backed_up: Journal
) -> None:
    backed_up.close()
    with path.open("r+b") as file:
        file.seek(27)
        (counter,) = file.read(1)
        file.seek(27)
        file.write(bytes([counter ^ 1]))
    with closing(guard.open_journal()) as restored:
        assert restored.tables.read_number(RESTORED_AT) is not None
    assert backup.list_damaged_files(path)


def test_a_journal_of_a_newer_version_is_not_moved_aside(path: Path, guard: JournalGuard) -> None:
    """Its content follows rules of the newer version, so a check of this version proves nothing."""
    for content in (
        "CREATE TABLE later (a)",
        "CREATE TABLE kind (kind TEXT); INSERT INTO kind (kind) VALUES ('scent')",
    ):
        with closing(sqlite3.connect(path)) as db:
            db.executescript(f"{content}; PRAGMA user_version = 999")
        with pytest.raises(JournalRejected, match=r"version 999.*install a newer Ledig"):
            guard.open_journal()
        assert sorted(each.name for each in path.parent.iterdir()) == ["journal.sqlite", "journal.sqlite.lock"]
        path.unlink()
