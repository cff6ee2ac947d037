"""A journal with changed or missing bits: it always opens, damage is noticed, and missing events are reported."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.loss_reasons import LossReason
from collector.contract.states import Occupancy
from collector.contract.truth import FoundState
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.sqlite_files import backup as sqlite_backup
from collector.store.journal import MISSING_FROM, RESTORED_AT, Journal
from collector.store.journal_faults import JournalDamaged
from collector.store.recovery.journal_guard import JournalGuard
from collector.truth.labels import LabelSource, TruthLabel
from collector.truth.truth_record import TruthRecord
from collector.truth.truth_store import TRUTH, TRUTH_KEY, save_truth
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion
from tests.support.servers import wait_until

PLAN = build_desk_plan(6)
RETENTION = RetentionSettings()
BACKUP_MS, DAMAGED_MS = NOON_MS + HOUR_MS, NOON_MS + 2 * HOUR_MS
STORED = 240
IN_BACKUP = 120
Content = dict[str, list[tuple[object, ...]]]


def guard_of(path: Path, now_ms: int = DAMAGED_MS) -> JournalGuard:
    return JournalGuard(path, PLAN, RETENTION, lambda: now_ms)


def take(work: Pipeline, seqs: range) -> None:
    """Process events: every half minute somebody moves at one of the desks."""
    for seq in seqs:
        at_ms = NOON_MS + seq * 30_000
        event = motion(seq, at_ms, sensor=f"desk-{seq % 6}-pir", value=seq // 6 % 2)
        work.process_batch([IncomingMessage("pi-1", message([event]))], at_ms)


def store(work: Pipeline, seqs: range) -> None:
    """Process events, and compute the history from them."""
    for seq in seqs:
        take(work, range(seq, seq + 1))
        work.tick(NOON_MS + seq * 30_000)
        work.advance_history(NOON_MS + seq * 30_000)


def content(path: Path) -> Content:
    """Everything that the collector has stored, by table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}  # noqa: S608


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a killed collector: a backup after an hour, more in the file, and the last events in the log."""
    running, folder = tmp_path_factory.mktemp("running"), tmp_path_factory.mktemp("killed") / "data"
    path = running / "journal.sqlite"
    guard = guard_of(path, BACKUP_MS)
    with closing(guard.open_journal()) as journal:
        work = Pipeline(PLAN, journal, RETENTION, NOON_MS)
        store(work, range(1, IN_BACKUP + 1))
        with guard.monitor_journal(journal):
            wait_until(lambda: sqlite_backup.list_backups(path, running / "backups"), what="the backup")
        store(work, range(IN_BACKUP + 1, STORED - 20))
        work.save_evidence()
        assert journal.log.truncate()
        take(work, range(STORED - 20, STORED + 1))
        shutil.copytree(running, folder)
    return folder


@pytest.fixture(scope="module")
def whole(killed: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The content of a copy without damage."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    shutil.copytree(killed, folder)
    return content(folder / "journal.sqlite")


def start(path: Path, now_ms: int = DAMAGED_MS) -> tuple[Journal, str]:
    """Start as the collector does: open, process, check; return the journal in use, and how damage was noticed."""
    guard = guard_of(path, now_ms)
    journal = guard.open_journal()
    if journal.tables.read_number(RESTORED_AT) is not None:
        return journal, "at the opening"
    problem: Exception | None = None

    def checked() -> bool:
        guard.raise_findings()
        return journal.log.page_sums.sums is not None

    try:
        with closing(journal), guard.monitor_journal(journal):
            Pipeline(PLAN, journal, RETENTION, now_ms).tick(now_ms)
            wait_until(checked, what="the check of the start")
    except Exception as fault:  # noqa: BLE001 - as in the collector, which then looks for the cause
        problem = fault
    if problem is None:
        return Journal(path), ""
    return guard.replace_journal(problem), "by the check" if isinstance(
        problem, JournalDamaged
    ) else "by its consequence"


def flipped(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def header_flipped(body: bytes, chance: random.Random) -> bytes:
    """Flip bits in the first hundred bytes: versions, sizes, counters."""
    return flipped(body[:100], chance) + body[100:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {"flip": flipped, "header": header_flipped, "cut": cut}


@pytest.fixture
def copied(killed: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that makes a fresh copy of the killed collector's folder and deletes the previous one."""
    folder = tmp_path / "data"

    def copy() -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(killed, folder)
        return folder / "journal.sqlite"

    return copy


@pytest.fixture
def times(full: bool) -> int:
    return 80 if full else 8


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_always_noticed_and_the_backup_replaces_it(
    copied: Callable[[], Path], whole: Content, times: int, how: str
) -> None:
    for seed in range(times):
        path = copied()
        path.write_bytes(DAMAGES[how](path.read_bytes(), random.Random(f"{how}{seed}")))  # noqa: S311 - no secret
        journal, noticed = start(path)
        with closing(journal):
            assert noticed, f"{how} {seed} ran on unnoticed"
            assert journal.read_stored_up_to() == {("pi-1", "s"): IN_BACKUP}
            assert (journal.tables.read_number(MISSING_FROM), journal.tables.read_number(RESTORED_AT)) == (
                BACKUP_MS,
                DAMAGED_MS,
            )
            found = content(path)
            assert sorted(row[3] for row in found["event"]) == list(range(1, IN_BACKUP + 1))
            assert [row for row in found["transition"] if row not in whole["transition"]] == []
        assert [*path.parent.glob("journal.sqlite.damaged-*")]


@pytest.mark.parametrize(("tail", "how"), [*product(("-wal", "-shm", ".sums"), DAMAGES)])
def test_a_damaged_sidecar_loses_at_most_the_last_commits(
    copied: Callable[[], Path], whole: Content, times: int, tail: str, how: str
) -> None:
    for seed in range(times):
        path = copied()
        part = path.with_name(f"journal.sqlite{tail}")
        part.write_bytes(DAMAGES[how](part.read_bytes(), random.Random(f"{how}{tail}{seed}")))  # noqa: S311
        journal, noticed = start(path)
        with closing(journal):
            assert not noticed, f"{how} {seed}: nothing of the file itself is damaged"
            found = content(path)
            if tail != "-wal":
                assert {name: found[name] for name in ("event", "stream")} == {n: whole[n] for n in ("event", "stream")}
            kept = journal.read_stored_up_to()["pi-1", "s"]
            assert STORED - 21 <= kept <= STORED
            assert sorted(row[3] for row in found["event"]) == list(range(1, kept + 1)), "a prefix of what was stored"


def test_a_file_without_damage_keeps_all_its_content(copied: Callable[[], Path], whole: Content) -> None:
    path = copied()
    for _ in range(3):  # after a kill, and after clean ends
        journal, noticed = start(path)
        journal.close()
        assert not noticed
    assert content(path)["event"] == whole["event"]


def test_another_program_that_writes_the_log_into_the_file_causes_no_damage(copied: Callable[[], Path]) -> None:
    """An administrator's sqlite3 after the collector was killed: it closes the file last, so it truncates the log."""
    path = copied()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM event").fetchone() == (STORED,)
    journal, noticed = start(path)
    with closing(journal):
        assert not noticed
        assert journal.read_stored_up_to() == {("pi-1", "s"): STORED}


def test_events_lost_with_the_damaged_journal_become_an_exact_gap_with_that_reason(
    copied: Callable[[], Path],
) -> None:
    path = copied()
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    journal, _ = start(path)
    with closing(journal):
        work = Pipeline(PLAN, journal, RETENTION, DAMAGED_MS)
        next_one = message([motion(STORED + 1, DAMAGED_MS)], oldest=STORED + 1)
        assert work.process_batch([IncomingMessage("pi-1", next_one)], DAMAGED_MS) == {("pi-1", "s"): STORED + 1}
        gaps = journal._connection.execute("SELECT device, stream, first, last, reason FROM gap").fetchall()
        assert gaps == [("pi-1", "s", IN_BACKUP + 1, STORED, LossReason.JOURNAL_DAMAGED)]
        later = message([motion(STORED + 9, DAMAGED_MS)], oldest=STORED + 9)
        work.process_batch([IncomingMessage("pi-1", later)], DAMAGED_MS)
        assert journal._connection.execute("SELECT reason FROM gap WHERE first > ?", (STORED,)).fetchall() == [
            (LossReason.DROPPED,)
        ]


def test_events_still_in_the_outbox_are_stored_again(copied: Callable[[], Path]) -> None:
    path = copied()
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    journal, _ = start(path)
    with closing(journal):
        work = Pipeline(PLAN, journal, RETENTION, DAMAGED_MS)
        held = [motion(seq, NOON_MS + seq * 30_000) for seq in range(200, STORED + 1)]
        work.process_batch([IncomingMessage("pi-1", message(held, oldest=200))], DAMAGED_MS)
        gaps = journal._connection.execute("SELECT first, last FROM gap").fetchall()
        assert gaps == [(IN_BACKUP + 1, 199)]
        assert journal.read_stored_up_to() == {("pi-1", "s"): STORED}


def test_without_a_backup_an_empty_journal_starts_and_earlier_events_are_a_gap(copied: Callable[[], Path]) -> None:
    path = copied()
    shutil.rmtree(path.parent / "backups")
    path.write_bytes(path.read_bytes()[:5000])
    journal, _ = start(path)
    with closing(journal):
        assert (journal.tables.read_number(MISSING_FROM), journal.tables.read_number(RESTORED_AT)) == (0, DAMAGED_MS)
        work = Pipeline(PLAN, journal, RETENTION, DAMAGED_MS)
        work.process_batch([IncomingMessage("pi-1", message([motion(STORED, DAMAGED_MS)], oldest=STORED))], DAMAGED_MS)
        assert journal._connection.execute("SELECT first, last FROM gap").fetchall() == [(1, STORED - 1)]


def read_label_times(folder: Path) -> list[int]:
    """The times of truth labels in all backups of a folder."""
    found = []
    for backup in sqlite_backup.list_backups(folder.parent / "journal.sqlite", folder):
        with closing(sqlite3.connect(backup.path)) as db:
            (body,) = db.execute("SELECT body FROM stored_value WHERE key = ?", (TRUTH_KEY,)).fetchone()
        found += [label.at_ms for label in TRUTH.decode(body).labels]
    return found


def test_backups_erase_events_earlier_than_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    short = RetentionSettings(raw_hours=3)
    now = [NOON_MS + HOUR_MS]
    guard = JournalGuard(path, PLAN, short, lambda: now[0])

    def oldest_in_backups() -> int:
        found = [content(one.path)["event"] for one in sqlite_backup.list_backups(path, tmp_path / "backups")]
        return min((int(str(row[1])) for rows in found for row in rows), default=now[0])

    with closing(guard.open_journal()) as journal:
        work = Pipeline(PLAN, journal, short, NOON_MS)
        store(work, range(1, 121))
        label = TruthLabel("desk-0", NOON_MS, FoundState.TAKEN, LabelSource.VISITOR, Occupancy.VACANT)
        with journal.transaction():
            save_truth(journal, TruthRecord("secret", labels=(label,)))
        with guard.monitor_journal(journal):
            wait_until(lambda: sqlite_backup.list_backups(path, tmp_path / "backups"), what="the backup")
        assert oldest_in_backups() < now[0]
        assert read_label_times(tmp_path / "backups") == [NOON_MS]
        (backup,) = sqlite_backup.list_backups(path, tmp_path / "backups")
        assert backup.path.stat().st_mode & 0o777 == 0o600
        now[0] = NOON_MS + 4 * HOUR_MS
        work.tick(now[0])
        while work.advance_history(now[0]):
            pass
        work.advance_history(now[0] + HOUR_MS)  # a purge is due by now
        with guard.monitor_journal(journal):
            wait_until(lambda: oldest_in_backups() >= now[0] - 3 * HOUR_MS, what="old events leave the backup")
        assert read_label_times(tmp_path / "backups") == []
