"""Faults of the journal's file, and who must act on them.

In:    errors of SQLite and of the system.
Out:   `JournalAway`, which may pass, or `JournalRejected`, which cannot.
Never: files.
"""

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.sqlite_files.migration import SchemaTooNew
from collector.sqlite_files.page_checksums import PageDifference
from edge.process.file_access import find_access_problem, find_obstacle


class JournalRejected(ValueError):
    """The file cannot be this collector's journal. Trying again cannot help."""


class JournalInUse(JournalRejected):
    """Another collector uses the file. It can be opened once that collector has ended."""


class JournalDamaged(JournalRejected):
    """The file does not contain what was written. A backup or an empty journal must replace it.

    Attributes:
        difference: the difference between pages and checksums, if the damage was found that way.
    """

    def __init__(self, text: str, difference: PageDifference | None = None) -> None:
        super().__init__(text)
        self.difference = difference


class JournalAway(ConnectionError):
    """The file cannot be written now. Writing may succeed later.

    Attributes:
        fault: what is wrong, for the collector's status.
    """

    def __init__(self, path: Path, kind: FaultKind, finding: str, remedy: str) -> None:
        super().__init__(f"{path}: {finding}; {remedy}")
        self.fault = CollectorFault(kind)


_JournalProblem = tuple[FaultKind, str, str]
"""What is wrong, as code and as text for the log, and the remedy."""
_FULL = (
    FaultKind.JOURNAL_FULL,
    "the journal's disk is full",
    "free some disk space; the collector then continues, or its service starts it again",
)
_READ_ONLY = (
    FaultKind.JOURNAL_READ_ONLY,
    "the journal's disk is read-only",
    "make it writable for this user; the collector then continues, or its service starts it again",
)
_FAILS = (FaultKind.JOURNAL_DISK_FAILS, "the journal's disk fails", "check the disk and the system's log")
_CANNOT_OPEN = (
    FaultKind.JOURNAL_NOT_OPENED,
    "the journal cannot be opened",
    "its folder must exist and be writable for this user",
)
_FILES = (
    FaultKind.TOO_MANY_FILES,
    "too many files are open",
    "allow this process more open files (LimitNOFILE=, ulimit -n)",
)
_FILES_NEEDED: Final = 5
_AWAY: Final[Mapping[int, _JournalProblem]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _FAILS,
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN,
    sqlite3.SQLITE_PERM: _CANNOT_OPEN,
    sqlite3.SQLITE_NOMEM: (
        FaultKind.OUT_OF_MEMORY,
        "this machine is out of memory",
        "stop programs that use much memory",
    ),
    sqlite3.SQLITE_BUSY: (
        FaultKind.JOURNAL_LOCKED,
        "the journal is locked by another program",
        "stop the other program",
    ),
}
_REJECTED: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_CORRUPT: "the file is damaged; move it away and restore a backup, or start with an empty one",
    sqlite3.SQLITE_NOTADB: "this is not an SQLite file; set another path in the site file",
}
_ERRNO: Final[Mapping[int, _JournalProblem]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _FAILS,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
}


def make_lock_file_error(path: Path, fault: OSError) -> JournalAway:
    """The error for a lock file, beside the journal, that could not be opened."""
    return _build_away(path, _ERRNO.get(fault.errno or 0, _CANNOT_OPEN))


def make_missing_log_error(path: Path) -> JournalAway:
    """The error for a journal on which SQLite could not start its write-ahead log."""
    return _build_away(path, _FAILS)


def make_full_log_error(path: Path) -> JournalAway:
    """The error for a log that is full because another process keeps a very old snapshot of the journal open."""
    readers = sorted(_find_lock_holders(path.with_name(f"{path.name}-shm")) - {os.getpid()})
    who = f"process {', '.join(map(str, readers))}" if readers else "the program"
    finding = "a reader prevents the journal's log from being shortened"
    return JournalAway(path, FaultKind.JOURNAL_LOG_HELD, finding, f"stop {who} that has it open")


def _find_lock_holders(file: Path) -> set[int]:
    """The processes that hold a lock on a file. Source: proc_locks(5)."""
    try:
        found = file.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return set()
    name = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    fields = (line.partition(":")[2].replace("->", "").split() for line in lines)
    return {int(field[3]) for field in fields if len(field) > 4 and field[4] == name and int(field[3]) > 0}


def _build_away(path: Path, problem: _JournalProblem) -> JournalAway:
    """Build the error from the problem, or from the cause behind it.

    A foreign owner and a lack of file descriptors have no SQLite code of their own. The journal itself is not opened
    to find out: closing a second handle on it would drop SQLite's locks.
    """
    if problem in {_READ_ONLY, _FAILS, _CANNOT_OPEN}:
        if obstacle := find_obstacle(path):
            return JournalAway(path, FaultKind.JOURNAL_NOT_OPENED, *obstacle)
        if remedy := find_access_problem(path):
            finding = "the journal's files belong to another user"
            return JournalAway(path, FaultKind.JOURNAL_OF_ANOTHER_USER, finding, remedy)
        if _is_short_of_files():
            return JournalAway(path, *_FILES)
    return JournalAway(path, *problem)


def _is_short_of_files() -> bool:
    """Whether this process can open fewer files than SQLite needs: the journal, its log, its index, a folder."""
    try:
        used = len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return True
    return used + _FILES_NEEDED > resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and the system into the journal's errors; errors that are bugs pass unchanged."""
    try:
        yield
    except SchemaTooNew as fault:
        raise JournalRejected(f"{path}: {fault}") from fault
    except OSError as fault:
        if isinstance(fault, ConnectionError) or fault.errno not in _ERRNO:
            raise
        raise make_lock_file_error(path, fault) from fault
    except sqlite3.Error as fault:
        code = (getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF  # the primary code
        if code in _AWAY:
            raise _build_away(path, _AWAY[code]) from fault
        if code in _REJECTED:
            raise JournalDamaged(f"{path}: {_REJECTED[code]}") from fault
        raise
