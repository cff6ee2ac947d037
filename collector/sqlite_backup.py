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

from edge.sqlite_check import integrity_problem

FREE_SHARE: Final = 2
"""A backup starts only while the disk has room for this many copies: a backup must not fill the disk itself."""
SIDECARS: Final = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside its own; they belong to exactly one database file."""
_BUSY_S: Final = 10
_PROGRESS_STEPS: Final = 10_000
"""So many steps of SQLite's machine pass between two looks at whether to stop: some milliseconds."""
_NAME: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{6,})-(?P<made_ms>\d+)\.sqlite")

# Faults of the disk or of its rights. Whether the content is good is not known while one of these lasts.
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

Check = Callable[[sqlite3.Connection], str]
"""Checks what only the owner of the tables can know, such as row checksums. Returns the damage; empty: none."""


class BackupAway(ConnectionError):
    """The disk has no room for a backup. It may succeed later."""


class SourceDamaged(ValueError):
    """The copy did not pass its checks, so the file that was copied is damaged. No backup was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRules:
    """How one file is backed up."""

    folder: Path
    """Where the backups lie; made with mode 0700."""
    keep: int
    """So many stay."""
    prepare: Callable[[sqlite3.Connection], None] | None = None
    """Removes from a copy what no backup may hold, such as sessions."""
    check: Check | None = None

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
class Replaced:
    """What became of a damaged file: where it lies now, and which backup stands in its place (None: there is none)."""

    aside: Path
    backup: Backup | None


def backups(file: Path, folder: Path) -> tuple[Backup, ...]:
    """The backups of `file` in `folder`, the newest first."""
    found = []
    for path in folder.glob("*.sqlite"):
        name = _NAME.fullmatch(path.name)
        if name and name["stem"] == file.stem:
            found.append(Backup(path, int(name["number"]), int(name["made_ms"])))
    return tuple(sorted(found, key=lambda backup: backup.number, reverse=True))


def is_due(found: tuple[Backup, ...], now_ms: int, every_ms: int) -> bool:
    """Whether the next backup is due: the newest is older than `every_ms`, or from the future (the clock was wrong)."""
    return not found or not 0 <= now_ms - found[0].made_ms < every_ms


def back_up(file: Path, rules: BackupRules, now_ms: int) -> Backup:
    """Copy `file` while others read and write it, verify the copy, and delete the oldest beyond the number to keep.

    One step copies everything: in WAL mode no writer waits for it, and no writer makes it start again.

    Args:
        file: the SQLite file; it must exist.
        rules: where backups lie, how many, and what none of them holds.
        now_ms: Unix ms, for the name.

    Raises:
        SourceDamaged: the copy is damaged, so `file` is.
        BackupAway: the disk has no room for it.
        OSError, sqlite3.Error: the disk refuses; the folder holds what it held before.
    """
    folder = rules.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.exists())
    free = shutil.disk_usage(folder).free
    if free < size * FREE_SHARE:
        raise BackupAway(
            f"{folder}: {free >> 20} MiB are free, a backup needs {size * FREE_SHARE >> 20} MiB; free some disk space"
        )
    before = backups(file, folder)
    number = before[0].number + 1 if before else 1
    partial = folder / f"{file.stem}.partial"
    _unlink(partial)
    try:
        _copy(file, partial, rules.prepare)
        _verify(file, partial, rules.check)
        made = folder / f"{file.stem}-{number:06d}-{now_ms}.sqlite"
        _sync(partial)
        partial.rename(made)
        _sync(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            _unlink(partial)
        raise
    for old in before[rules.keep - 1 :]:
        _unlink(old.path)
    return Backup(made, number, now_ms)


def revise(file: Path, folder: Path, work: Callable[[sqlite3.Connection], None]) -> None:
    """Apply `work`, such as retention, to every backup of `file`; deleted rows are overwritten, a damaged copy goes.

    Raises:
        OSError, sqlite3.Error: the disk refuses; a backup that was being changed may be damaged, and is not restored.
    """
    for backup in backups(file, folder):
        try:
            with closing(sqlite3.connect(backup.path, timeout=_BUSY_S, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = MEMORY")  # a journal on the disk would keep the deleted rows
                db.execute("PRAGMA secure_delete = ON")
                work(db)
        except sqlite3.DatabaseError as fault:
            if not is_damage(fault):
                raise
            _unlink(backup.path)


def is_damage(fault: sqlite3.Error) -> bool:
    """Whether SQLite found damaged content, in contrast to a disk that is full, locked, read-only or failing."""
    code = getattr(fault, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_of_disk(fault: sqlite3.Error) -> bool:
    """Whether the disk, its rights or another program is behind a fault, so that it may be over later."""
    return (getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF in _ENVIRONMENT


def damage(file: Path, check: Check | None = None, stopped: Callable[[], bool] | None = None) -> str:
    """What is wrong with the content of `file`; empty: every page, index and constraint is consistent.

    Reads the whole file: call it in a thread, or on a copy. It ends early once `stopped` returns true.

    Raises:
        sqlite3.Error: the file cannot be read now, or `stopped`; whether it is good is not known.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_S)) as db:
            db.set_progress_handler(stopped, _PROGRESS_STEPS)
            return integrity_problem(db, "integrity_check") or (check(db) if check else "")
    except sqlite3.Error as fault:
        if is_of_disk(fault):
            raise
        return str(fault)
    except UnicodeDecodeError:
        return "a text in it is not UTF-8"


def replace_damaged(file: Path, rules: BackupRules, now_ms: int) -> Replaced:
    """Move a damaged file aside and put the newest good backup in its place; no connection to it may be open.

    Only one damaged file is kept: it may hold what retention has deleted since.

    Raises:
        OSError, sqlite3.Error: the disk refuses; either the damaged file is still in its place, or `complete` goes on.
    """
    waiting = _waiting(file)
    chosen = None
    for backup in backups(file, rules.folder):
        if damage(backup.path, rules.check):
            continue
        partial = Path(f"{waiting}.partial")
        shutil.copyfile(backup.path, partial)
        partial.chmod(file.stat().st_mode & 0o777)
        _sync(partial)
        partial.rename(waiting)
        chosen = backup
        break
    for older in damaged(file):
        _unlink(older)
    aside = file.with_name(f"{file.name}.damaged-{_stamp(now_ms)}")
    file.rename(aside)
    for sidecar in SIDECARS:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{file}{sidecar}").rename(f"{aside}{sidecar}")
    complete(file)
    return Replaced(aside, chosen)


def complete(file: Path) -> None:
    """Finish a replacement that a crash interrupted; call it before `file` is opened."""
    waiting = _waiting(file)
    if not waiting.exists():
        return
    if file.exists():  # the crash came before the damaged file was moved: it will be found damaged again
        _unlink(waiting)
        return
    for sidecar in SIDECARS:  # those of the damaged file; SQLite would apply them to the restored one
        _unlink(Path(f"{file}{sidecar}"))
    waiting.rename(file)
    _sync(file.parent)


def damaged(file: Path) -> tuple[Path, ...]:
    """The damaged files that were moved aside, with their sidecars."""
    return tuple(sorted(file.parent.glob(f"{file.name}.damaged-*")))


def forget_damaged(file: Path, now_ms: int, after_ms: int) -> None:
    """Delete a damaged file once it was kept for `after_ms` by the clock of its file system."""
    for path in damaged(file):
        if now_ms - path.stat().st_ctime * 1000 >= after_ms:
            _unlink(path)


def _verify(file: Path, copy: Path, check: Check | None) -> None:
    if finding := damage(copy, check):
        raise SourceDamaged(f"{file}: {finding}")


def _copy(file: Path, partial: Path, prepare: Callable[[sqlite3.Connection], None] | None) -> None:
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


def _waiting(file: Path) -> Path:
    return file.with_name(f"{file.name}.restoring")


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
