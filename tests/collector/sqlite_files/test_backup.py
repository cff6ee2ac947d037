"""Backups of a SQLite file in use, and the replacement of a damaged one, on real files."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.sqlite_files.backup import (
    Backup,
    BackupRules,
    SourceDamaged,
    back_up,
    delete_damaged_files,
    find_damage,
    finish_replacement,
    is_due,
    list_backups,
    list_damaged_files,
    replace_damaged,
    revise_backups,
)
from edge.timekeeping.durations import DAY_MS

NOW_MS = 1_763_974_800_000
MARK = "a text that must disappear from every copy"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE note (no INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT")
        db.executemany(
            "INSERT INTO note (body) VALUES (?)", [(f"note {number} " + "x" * 400,) for number in range(200)]
        )
        db.execute("INSERT INTO note (body) VALUES (?)", (MARK,))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM note").fetchone()[0])


def break_file(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[4096:8192] = b"\xff" * 4096
    path.write_bytes(body)


def test_backup_of_a_file_in_use_has_every_committed_row_and_none_of_an_open_transaction(file: Path, folder: Path):
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("INSERT INTO note (body) VALUES ('committed, and only in the WAL')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO note (body) VALUES ('not committed')")
        made = back_up(file, BackupRules(folder=folder, keep=3), NOW_MS)
        writer.execute("COMMIT")
    assert rows(made.path) == 202
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in folder.iterdir()} == {made.path.name}  # one file each, no WAL beside it


def test_number_of_backups_is_limited_and_newest_does_not_depend_on_the_clock(file: Path, folder: Path):
    for now_ms in (NOW_MS, NOW_MS + 730 * DAY_MS, NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS):
        newest = back_up(file, BackupRules(folder=folder, keep=3), now_ms)
    found = list_backups(file, folder)
    assert [backup.number for backup in found] == [4, 3, 2]
    assert found[0] == newest


def test_backup_is_due_daily_and_at_once_when_the_newest_is_from_the_future():
    made = Backup(Path("x"), 1, NOW_MS)
    assert is_due((), NOW_MS, DAY_MS)
    assert not is_due((made,), NOW_MS + DAY_MS - 1, DAY_MS)
    assert is_due((made,), NOW_MS + DAY_MS, DAY_MS)
    assert is_due((made,), NOW_MS - 1, DAY_MS)


def test_prepared_and_revised_backups_have_no_trace_of_deleted_data(file: Path, folder: Path):
    back_up(file, BackupRules(folder=folder, keep=3), NOW_MS)
    assert MARK.encode() in list_backups(file, folder)[0].path.read_bytes()

    def delete_rows(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM note WHERE body = ?", (MARK,))

    back_up(file, BackupRules(folder=folder, keep=3, prepare=delete_rows), NOW_MS + DAY_MS)
    assert MARK.encode() not in list_backups(file, folder)[0].path.read_bytes()
    revise_backups(file, folder, delete_rows)
    assert all(MARK.encode() not in path.read_bytes() for path in folder.iterdir())
    assert [rows(backup.path) for backup in list_backups(file, folder)] == [200, 200]


def test_damaged_file_is_not_backed_up_and_older_backups_stay(file: Path, folder: Path):
    back_up(file, BackupRules(folder=folder, keep=1), NOW_MS)
    break_file(file)
    with pytest.raises(SourceDamaged):
        back_up(file, BackupRules(folder=folder, keep=1), NOW_MS + DAY_MS)
    assert [backup.number for backup in list_backups(file, folder)] == [1]
    assert len(list(folder.iterdir())) == 1


def test_owner_check_finds_damage_that_sqlite_cannot_see(file: Path, folder: Path):
    assert find_damage(file, lambda _db: "row 3 has a wrong checksum") == "row 3 has a wrong checksum"
    with pytest.raises(SourceDamaged, match="row 3"):
        back_up(file, BackupRules(folder=folder, keep=1, check=lambda _db: "row 3 has a wrong checksum"), NOW_MS)
    assert not find_damage(file, lambda _db: "")


def test_damaged_file_is_moved_aside_and_the_newest_good_backup_restored(file: Path, folder: Path):
    back_up(file, BackupRules(folder=folder, keep=3), NOW_MS)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("INSERT INTO note (body) VALUES ('one more')")
    back_up(file, BackupRules(folder=folder, keep=3), NOW_MS + DAY_MS)
    break_file(list_backups(file, folder)[0].path)
    break_file(file)
    Path(f"{file}-journal").write_bytes(b"belongs to the damaged file")
    replaced = replace_damaged(file, BackupRules(folder=folder, keep=3), NOW_MS + 2 * DAY_MS)
    assert replaced.backup is not None
    assert replaced.backup.number == 1
    assert rows(file) == 201
    assert not find_damage(file)
    assert not Path(f"{file}-journal").exists()
    assert {path.name for path in list_damaged_files(file)} == {replaced.aside.name, f"{replaced.aside.name}-journal"}


def test_damaged_file_is_moved_aside_even_without_a_good_backup(file: Path, folder: Path):
    break_file(file)
    assert replace_damaged(file, BackupRules(folder=folder, keep=3), NOW_MS).backup is None
    assert not file.exists()


def test_one_damaged_file_is_kept_for_a_limited_time(file: Path, folder: Path):
    back_up(file, BackupRules(folder=folder, keep=1), NOW_MS)
    for day in range(3):
        break_file(file)
        replace_damaged(file, BackupRules(folder=folder, keep=3), NOW_MS + day * DAY_MS)
    (aside,) = list_damaged_files(file)
    moved_ms = round(aside.stat().st_ctime * 1000)
    delete_damaged_files(file, moved_ms + DAY_MS, 3 * DAY_MS)
    assert list_damaged_files(file)
    delete_damaged_files(file, moved_ms + 3 * DAY_MS + 1000, 3 * DAY_MS)
    assert not list_damaged_files(file)


def test_interrupted_replacement_is_finished_before_the_next_start(file: Path, folder: Path):
    made = back_up(file, BackupRules(folder=folder, keep=1), NOW_MS)
    waiting = file.with_name(f"{file.name}.restoring")
    shutil.copyfile(made.path, waiting)
    finish_replacement(file)  # the crash came before the damaged file was moved
    assert not waiting.exists()
    shutil.copyfile(made.path, waiting)
    file.unlink()
    Path(f"{file}-wal").write_bytes(b"of the damaged file")
    finish_replacement(file)
    assert rows(file) == 201
    assert not Path(f"{file}-wal").exists()
