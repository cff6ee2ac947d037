"""Classifies why the accounts file cannot be used.

In:    errors of SQLite and of the system.
Out:   `AccountsAway`, which ends by itself or with a backup; the kind of fault, for the page that explains it.
Never: files; a path: pages show only the kind.
"""

import errno
import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class AccountsFault(StrEnum):
    """What is wrong, as far as a user or an operator can act on it."""

    FULL = "disk full"
    READ_ONLY = "disk read-only"
    FAILING = "disk failing"
    NOT_OPENED = "file cannot be opened"
    LOCKED = "file locked by another program"
    DAMAGED = "file damaged"
    TOO_NEW = "file written by a newer Ledig"


REMEDIES: Final[Mapping[AccountsFault, str]] = {
    AccountsFault.FULL: "free some disk space",
    AccountsFault.READ_ONLY: "make the disk writable for this user",
    AccountsFault.FAILING: "check the disk and the system's log",
    AccountsFault.NOT_OPENED: "its folder must exist and be writable for this user, and open files must be left",
    AccountsFault.LOCKED: "stop the other program",
    AccountsFault.DAMAGED: "the dashboard restores the newest backup while it runs",
    AccountsFault.TOO_NEW: "install a newer Ledig",
}

_SQLITE: Final[Mapping[int, AccountsFault]] = {
    sqlite3.SQLITE_FULL: AccountsFault.FULL,
    sqlite3.SQLITE_READONLY: AccountsFault.READ_ONLY,
    sqlite3.SQLITE_IOERR: AccountsFault.FAILING,
    sqlite3.SQLITE_CANTOPEN: AccountsFault.NOT_OPENED,
    sqlite3.SQLITE_PERM: AccountsFault.NOT_OPENED,
    sqlite3.SQLITE_AUTH: AccountsFault.NOT_OPENED,
    sqlite3.SQLITE_BUSY: AccountsFault.LOCKED,
    sqlite3.SQLITE_LOCKED: AccountsFault.LOCKED,
    sqlite3.SQLITE_PROTOCOL: AccountsFault.LOCKED,
    sqlite3.SQLITE_CORRUPT: AccountsFault.DAMAGED,
    sqlite3.SQLITE_NOTADB: AccountsFault.DAMAGED,
}
_ERRNO: Final[Mapping[int, AccountsFault]] = {
    errno.ENOSPC: AccountsFault.FULL,
    errno.EDQUOT: AccountsFault.FULL,
    errno.EROFS: AccountsFault.READ_ONLY,
    errno.EIO: AccountsFault.FAILING,
}


class AccountsAway(ConnectionError):
    """The accounts cannot be read or written now. The same call may succeed later."""

    def __init__(self, fault: AccountsFault, place: str, access: str = "") -> None:
        """`access` explains owner and mode of the file if they matter (`edge.process.file_access`), or is empty."""
        super().__init__(f"{place}: {fault}; {access or REMEDIES[fault]}")
        self.fault: Final = fault


def classify_error(error: sqlite3.Error | OSError) -> AccountsFault:
    """Classify an error; our statements are constant, so one that SQLite cannot execute means a damaged schema."""
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0, AccountsFault.NOT_OPENED)
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return _SQLITE.get(code, AccountsFault.DAMAGED)
