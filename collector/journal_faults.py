"""What can be wrong with the journal's file, and whose move it is.

In:    errors of SQLite and of the system.
Out:   `JournalAway`, which may mend itself, or `JournalRejected`, which cannot.
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

from collector.page_sums import Difference
from collector.schema import SchemaTooNew
from edge.file_access import access_problem


class JournalRejected(ValueError):
    """The file cannot be this collector's journal. To try again cannot help."""


class JournalInUse(JournalRejected):
    """Another collector has the file. It can be opened once that one has ended."""


class JournalDamaged(JournalRejected):
    """The content of the file is not what was written. A backup, or an empty journal, must take its place.

    Attributes:
        difference: what the comparison of the pages with their checksums found, if that is how it was noticed.
    """

    def __init__(self, text: str, difference: Difference | None = None) -> None:
        super().__init__(text)
        self.difference = difference


class JournalAway(ConnectionError):
    """The file cannot be written now. It may succeed later.

    Attributes:
        finding: what is wrong, in plain words and without the path: pages show it.
    """

    def __init__(self, path: Path, finding: str, remedy: str) -> None:
        super().__init__(f"{path}: {finding}; {remedy}")
        self.finding = finding


_FULL = ("the journal's disk is full", "free some disk space; the collector then continues by itself")
_READ_ONLY = (
    "the journal's disk is read-only",
    "make it writable for this user; the collector then continues by itself",
)
_FAILS = ("the journal's disk fails", "check the disk and the system's log")
_CANNOT_OPEN = ("the journal cannot be opened", "its folder must exist and be writable for this user")
_FILES = ("too many files are open", "allow this process more open files (LimitNOFILE=, ulimit -n)")
_FILES_NEEDED: Final = 5
_NOT_OURS = "the journal's files belong to another user"
_AWAY: Final[Mapping[int, tuple[str, str]]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _FAILS,
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN,
    sqlite3.SQLITE_PERM: _CANNOT_OPEN,
    sqlite3.SQLITE_NOMEM: ("this machine is out of memory", "stop programs that use much memory"),
    sqlite3.SQLITE_BUSY: ("the journal is locked by another program", "stop the other program"),
}
_REJECTED: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_CORRUPT: "the file is damaged; move it away and restore a backup, or start with an empty one",
    sqlite3.SQLITE_NOTADB: "this is not an SQLite file; set another path in the site file",
}
_ERRNO: Final[Mapping[int, tuple[str, str]]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _FAILS,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
}


def not_opened(path: Path, fault: OSError) -> JournalAway:
    """Why the file beside the journal that locks it could not be opened."""
    return _away(path, *_ERRNO.get(fault.errno or 0, _CANNOT_OPEN))


def no_log(path: Path) -> JournalAway:
    """Why the journal is not used: SQLite could not begin its write-ahead log."""
    return _away(path, *_FAILS)


def log_is_full(path: Path) -> JournalAway:
    """Why nothing more is written: another process reads a state of the journal that is so old that the log is full."""
    readers = sorted(_holders(path.with_name(f"{path.name}-shm")) - {os.getpid()})
    who = f"process {', '.join(map(str, readers))}" if readers else "the program"
    return JournalAway(path, "a reader prevents the journal's log from being shortened", f"stop {who} that has it open")


def _holders(file: Path) -> set[int]:
    """The processes that hold a lock on a file. Source: proc_locks(5)."""
    try:
        found = file.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return set()
    name = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    fields = (line.partition(":")[2].replace("->", "").split() for line in lines)
    return {int(field[3]) for field in fields if len(field) > 4 and field[4] == name and int(field[3]) > 0}


def _away(path: Path, finding: str, remedy: str) -> JournalAway:
    """The fault, or what is behind it: a foreign file and a lack of file descriptors have no SQLite code of their own.

    The journal itself is not opened here to try: closing a second handle on it would drop SQLite's locks.
    """
    if (finding, remedy) in {_READ_ONLY, _FAILS, _CANNOT_OPEN}:
        if problem := access_problem(path):
            return JournalAway(path, _NOT_OURS, problem)
        if _short_of_files():
            return JournalAway(path, *_FILES)
    return JournalAway(path, finding, remedy)


def _short_of_files() -> bool:
    """Whether this process can open fewer files than SQLite needs: the journal, its log, its index, a folder."""
    try:
        used = len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return True
    return used + _FILES_NEEDED > resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours; one that is our own bug stays what it is."""
    try:
        yield
    except SchemaTooNew as fault:
        raise JournalRejected(f"{path}: {fault}") from fault
    except OSError as fault:
        if isinstance(fault, ConnectionError) or fault.errno not in _ERRNO:
            raise
        raise not_opened(path, fault) from fault
    except sqlite3.Error as fault:
        code = (getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF  # the primary code
        if code in _AWAY:
            raise _away(path, *_AWAY[code]) from fault
        if code in _REJECTED:
            raise JournalDamaged(f"{path}: {_REJECTED[code]}") from fault
        raise
