"""Backups of one SQLite file that is in use, and the replacement of a damaged file by the newest good backup.

In:    paths, the time in Unix ms.
Out:   verified copies in a folder, bounded in number; a damaged file moved aside; a restored file.
Never: clocks, threads, logging; a copy that was not verified; a file deleted before its replacement is on the disk.

Backups are numbered, so "newest" does not depend on the clock. Every function may be called again after a crash.
"""

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.process.sqlite_check import find_integrity_problem

FREE_COPIES: Final = 2
"""A backup starts only while the disk has room for this many copies: a backup must not fill the disk itself."""
SIDECARS: Final = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside its own; they belong to exactly one database file."""
_BUSY_S: Final = 10
_PROGRESS_STEPS: Final = 10_000
"""SQLite operations between two checks of the stop signal: a few milliseconds."""
_NAME: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{6,})-(?P<made_ms>\d+)\.sqlite")

# Faults of the disk or of its permissions. While one lasts, the state of the content is unknown.
_ENVIRONMENT: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)

ContentCheck = Callable[[sqlite3.Connection], str]
"""Checks what only the owner of the tables can check, such as row checksums. Returns the damage; empty: none."""


class BackupAway(ConnectionError):
    """The disk has no room for a backup. A later backup may succeed."""


class SourceDamaged(ValueError):
    """The copy failed its checks, so the copied file is damaged. No backup was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRules:
    """How one file is backed up."""

    folder: Path
    """Folder of the backups; created with mode 0700."""
    keep: int
    """How many backups to keep."""
    prepare: Callable[[sqlite3.Connection], None] | None = None
    """Removes from a copy what no backup may hold, such as sessions."""
    check: ContentCheck | None = None

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError(f"keep must be at least 1, got {self.keep}")


@dataclass(frozen=True, slots=True)
class Backup:
    """One verified copy. `number` grows with every backup; `made_ms` is Unix ms by the clock of that moment."""

    path: Path
    number: int
    made_ms: int


@dataclass(frozen=True, slots=True)
class ReplacedFile:
    """The outcome of a replacement: the damaged file's new path, and the backup in its place (None: none exists)."""

    aside: Path
    backup: Backup | None


def list_backups(file: Path, folder: Path) -> tuple[Backup, ...]:
    """The backups of `file` in `folder`, the newest first."""
    found = []
    for path in folder.glob("*.sqlite"):
        name = _NAME.fullmatch(path.name)
        if name and name["stem"] == file.stem:
            found.append(Backup(path, int(name["number"]), int(name["made_ms"])))
    return tuple(sorted(found, key=lambda backup: backup.number, reverse=True))


def is_due(found: tuple[Backup, ...], now_ms: int, every_ms: int) -> bool:
    """Whether a backup is due: the newest is older than `every_ms`, or from the future because the clock was wrong."""
    return not found or not 0 <= now_ms - found[0].made_ms < every_ms


def back_up(file: Path, rules: BackupRules, now_ms: int) -> Backup:
    """Copy `file` while others read and write it, verify the copy, and delete backups beyond the number to keep.

    One step copies everything: in WAL mode no writer has to wait, and no writer makes the copy start again.

    Args:
        file: the SQLite file; it must exist.
        rules: where backups are, how many to keep, and what none of them may hold.
        now_ms: Unix ms, for the file's name.

    Raises:
        SourceDamaged: the copy is damaged, so `file` is.
        BackupAway: the disk has no room for it.
        OSError, sqlite3.Error: the disk refuses; the folder is unchanged.
    """
    folder = rules.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.exists())
    free = shutil.disk_usage(folder).free
    needed = size * FREE_COPIES
    if free < needed:
        raise BackupAway(
            f"{folder}: {free >> 20} MiB are free, a backup needs {(needed >> 20) + 1} MiB; free some disk space"
        )
    before = list_backups(file, folder)
    number = before[0].number + 1 if before else 1
    partial = folder / f"{file.stem}.partial"
    _delete_file(partial)
    try:
        _copy_database(file, partial, rules.prepare)
        _verify_copy(file, partial, rules.check)
        made = folder / f"{file.stem}-{number:06d}-{now_ms}.sqlite"
        _sync_to_disk(partial)
        partial.rename(made)
        _sync_to_disk(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            _delete_file(partial)
        raise
    for old in before[rules.keep - 1 :]:
        _delete_file(old.path)
    return Backup(made, number, now_ms)


def revise_backups(file: Path, folder: Path, work: Callable[[sqlite3.Connection], None]) -> None:
    """Apply `work`, such as retention, to every backup of `file`, overwrite deleted rows, and delete damaged backups.

    Raises:
        OSError, sqlite3.Error: the disk refuses; the backup being changed may be damaged, and is not repaired.
    """
    for backup in list_backups(file, folder):
        try:
            with closing(sqlite3.connect(backup.path, timeout=_BUSY_S, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = MEMORY")  # a journal on the disk would keep the deleted rows
                db.execute("PRAGMA secure_delete = ON")
                work(db)
        except sqlite3.DatabaseError as fault:
            if not is_damage(fault):
                raise
            _delete_file(backup.path)


def is_damage(fault: sqlite3.Error) -> bool:
    """Whether SQLite found damaged content, in contrast to a full, locked, read-only or failing disk."""
    code = getattr(fault, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_disk_fault(fault: sqlite3.Error) -> bool:
    """Whether the disk, its permissions or another program caused a fault, so that it may pass."""
    return (getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF in _ENVIRONMENT


def find_damage(file: Path, check: ContentCheck | None = None, stopped: Callable[[], bool] | None = None) -> str:
    """The first problem in the content of `file`; empty: every page, index and constraint is consistent.

    Reads the whole file: call it in a thread, or on a copy. It ends early once `stopped` returns true.

    Raises:
        sqlite3.Error: the file cannot be read now, or `stopped`; the state of its content is unknown.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_S)) as db:
            db.set_progress_handler(stopped, _PROGRESS_STEPS)
            return find_integrity_problem(db, "integrity_check") or (check(db) if check else "")
    except sqlite3.Error as fault:
        if is_disk_fault(fault):
            raise
        return str(fault)
    except UnicodeDecodeError:
        return "it contains text that is not UTF-8"


def replace_damaged(file: Path, rules: BackupRules, now_ms: int) -> ReplacedFile:
    """Move a damaged file aside and put the newest good backup in its place; no connection to it may be open.

    Only one damaged file is kept, because it may hold data that retention has deleted since.

    Raises:
        OSError, sqlite3.Error: the disk refuses; either the damaged file is still in place, or
            `finish_replacement` can complete it.
    """
    pending = _pending_path(file)
    chosen = None
    for backup in list_backups(file, rules.folder):
        if find_damage(backup.path, rules.check):
            continue
        partial = Path(f"{pending}.partial")
        shutil.copyfile(backup.path, partial)
        partial.chmod(file.stat().st_mode & 0o777)
        _sync_to_disk(partial)
        partial.rename(pending)
        chosen = backup
        break
    for older in list_damaged_files(file):
        _delete_file(older)
    aside = file.with_name(f"{file.name}.damaged-{_format_time(now_ms)}")
    file.rename(aside)
    for sidecar in SIDECARS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{file}{sidecar}").rename(f"{aside}{sidecar}")
    finish_replacement(file)
    return ReplacedFile(aside, chosen)


def finish_replacement(file: Path) -> None:
    """Finish a replacement that a crash interrupted; call it before `file` is opened."""
    pending = _pending_path(file)
    if not pending.exists():
        return
    if file.exists():  # the crash came before the damaged file was moved: it will be found damaged again
        _delete_file(pending)
        return
    for sidecar in SIDECARS:  # those of the damaged file; SQLite would apply them to the restored one
        _delete_file(Path(f"{file}{sidecar}"))
    pending.rename(file)
    _sync_to_disk(file.parent)


def list_damaged_files(file: Path) -> tuple[Path, ...]:
    """The damaged files that were moved aside, with their sidecars."""
    return tuple(sorted(file.parent.glob(f"{file.name}.damaged-*")))


def delete_damaged_files(file: Path, now_ms: int, after_ms: int) -> None:
    """Delete damaged files after `after_ms`, by the clock of their file system."""
    for path in list_damaged_files(file):
        if now_ms - path.stat().st_ctime * 1000 >= after_ms:
            _delete_file(path)


def _verify_copy(file: Path, copy: Path, check: ContentCheck | None) -> None:
    if finding := find_damage(copy, check):
        raise SourceDamaged(f"{file}: {finding}")


def _copy_database(file: Path, partial: Path, prepare: Callable[[sqlite3.Connection], None] | None) -> None:
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source_url = f"{file.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(source_url, uri=True, timeout=_BUSY_S)) as source,
        closing(sqlite3.connect(partial, isolation_level=None)) as copy,
    ):
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file; its owner sets WAL again when it opens it
            copy.execute("PRAGMA journal_mode = MEMORY")
            copy.execute("PRAGMA secure_delete = ON")
            if prepare:
                prepare(copy)
        except sqlite3.DatabaseError as fault:
            if is_damage(fault):
                raise SourceDamaged(f"{file}: {fault}") from fault
            raise


def _pending_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.restoring")


def _format_time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _delete_file(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sync_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
