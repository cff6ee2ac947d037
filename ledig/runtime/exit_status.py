"""Exit status and one-line message for the exception that ended a command.

In:    the exception.
Out:   the status (0 done, 1 our bug or a fault of the environment, 2 settings or usage, 3 a service that a check needs
       is unavailable) and the text to show.
Never: a traceback, except for our own bugs; status 2 for a fault that a restart may fix.

A supervisor restarts a process after every status except 2 (systemd: `RestartPreventExitStatus=2`). So only the
exceptions in `SETTINGS_ERRORS` give 2; an exception missing there leads to a restart.
"""

import contextlib
import errno
import sqlite3
import sys
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Final

from edge.process.file_access import find_access_problem
from edge.process.log_output import escape_unprintable

_OUR_PACKAGES = {"edge", "collector", "dashboard", "ledig"}


class ExitStatus(IntEnum):
    """Exit status of a command."""

    DONE = 0
    FAILED = 1
    """Our bug, or a fault of the environment: disk, file, port, another process. A restart may help."""
    WRONG = 2
    """Settings or usage; nothing was started, and a restart cannot help."""
    AWAY = 3
    """A check did not reach the broker, the history or an alert destination."""


SETTINGS_ERRORS: Final = frozenset(
    {
        "SiteRejected",  # the site file, and files that it names
        "BrokerPasswordRejected",
        "WeakPasswordRejected",
        "AddressRejected",
        "CertificateRejected",
        "StorageRejected",
        "DeviceRejected",  # the command line does not match the site file
        "UpRejected",
        "InitRejected",
        "AnswersRejected",
        "AccountRejected",
        "RecordingRejected",  # the files and options of `ledig replay`
        "RowsRejected",
        "OtherRulesRejected",
        "WhatIfRejected",
        "StoredEventsRejected",
    }
)
"""Our exception classes, including subclasses, that give status 2."""

AWAY_ERRORS: Final = frozenset({"BrokerAway", "HistoryAway", "DestinationAway", "ReplayAway"})
"""Our exception classes, including subclasses, that give status 3; only checks and replays let them through."""

OS_REMEDIES: Final[Mapping[int, str]] = {
    errno.ENOSPC: "free some disk space there",
    errno.EDQUOT: "free some disk space there, or raise the quota of this user",
    errno.EFBIG: "allow this process larger files (LimitFSIZE=, ulimit -f)",
    errno.EIO: "check the disk and the system's log",
    errno.EROFS: "mount it for writing, or set another [storage] directory",
    errno.EACCES: "give this user access, or set another [storage] directory",
    errno.EPERM: "give this user access, or set another [storage] directory",
    errno.EMFILE: "allow this process more open files (LimitNOFILE=, ulimit -n)",
    errno.ENFILE: "the whole system has too many open files; stop programs that hold many",
    errno.ENOMEM: "stop programs that use much memory",
    errno.ENOTDIR: "a folder belongs there; move the file away",
    errno.EEXIST: "something else has that name; move it away",
    errno.EISDIR: "a file belongs there; move the folder away",
    errno.EADDRINUSE: "stop the program that uses it, or set another port",
    errno.EADDRNOTAVAIL: "set an address of this machine, or wait until it has this one",
}
"""System errors that are not our bug; all give status 1."""

SQLITE_REMEDIES: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_FULL: "free some space on its disk",
    sqlite3.SQLITE_READONLY: "give this user access, or mount its disk for writing",
    sqlite3.SQLITE_PERM: "give this user access",
    sqlite3.SQLITE_CANTOPEN: "check owner and mode of its files, and the limit of open files",
    sqlite3.SQLITE_IOERR: "check its disk, and owner and mode of its files",
    sqlite3.SQLITE_BUSY: "stop the program that locks it",
    sqlite3.SQLITE_LOCKED: "stop the program that locks it",
    sqlite3.SQLITE_PROTOCOL: "stop the program that locks it",
    sqlite3.SQLITE_NOMEM: "stop programs that use much memory",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; move it away, or put a backup in its place",
    sqlite3.SQLITE_NOTADB: "the file is damaged; move it away, or put a backup in its place",
}
"""SQLite errors that are not our bug, by primary code; all give status 1."""


def find_missing_package(fault: BaseException) -> str | None:
    """Return the name of another project's package whose absence caused the exception; None: it has another cause."""
    if isinstance(fault, ModuleNotFoundError) and fault.name and fault.name.split(".")[0] not in _OUR_PACKAGES:
        return fault.name
    return None


def classify_error(fault: BaseException, command: str) -> tuple[ExitStatus, str]:
    """Return the status and the text for an exception; the text is empty for a bug, whose traceback shows more."""
    if package := find_missing_package(fault):
        target = "install-edge" if command == "edge" else "install"
        needs = f"ledig {command}: the Python package {package} is not installed"
        return ExitStatus.WRONG, f"{needs}; in the folder of Ledig, run: make {target}"
    names = {kind.__name__ for kind in type(fault).__mro__ if kind.__module__.split(".")[0] in _OUR_PACKAGES}
    if names & SETTINGS_ERRORS:
        return ExitStatus.WRONG, str(fault)
    if names & AWAY_ERRORS:
        return ExitStatus.AWAY, str(fault)
    if names and isinstance(fault, ConnectionError | ValueError):
        return ExitStatus.FAILED, str(fault)
    return ExitStatus.FAILED, _environment_text(fault)


def _environment_text(fault: BaseException) -> str:
    """Return one line for a system or SQLite error; empty for a bug."""
    if isinstance(fault, sqlite3.Error):
        remedy = SQLITE_REMEDIES.get((getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF)
        return f"database: {fault}; {remedy}" if remedy else ""
    remedy = OS_REMEDIES.get(fault.errno or 0) if isinstance(fault, OSError) else None
    return _os_text(fault, remedy) if isinstance(fault, OSError) and remedy else ""


def _os_text(fault: OSError, remedy: str) -> str:
    reason = (fault.strerror or str(fault)).lower()
    if not isinstance(fault.filename, str | Path):
        return f"{reason}; {remedy}"
    if fault.errno in {errno.EACCES, errno.EPERM} and (problem := find_access_problem(Path(fault.filename))):
        return f"{fault.filename}: {reason}; {problem}"
    return f"{fault.filename}: {reason}; {remedy}"


def report_error(fault: BaseException, command: str) -> ExitStatus:
    """Print to stderr what ended the command; return the exit status."""
    status, text = classify_error(fault, command)
    with contextlib.suppress(OSError):  # stderr may be a file on a full disk; the status matters
        if text:
            print("\n".join(map(escape_unprintable, text.split("\n"))), file=sys.stderr)  # noqa: T201 - the command's own output
        else:
            sys.excepthook(type(fault), fault, fault.__traceback__)
    return status
