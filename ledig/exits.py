"""Turns what went wrong into one plain line and an exit status that says whose move it is.

In:    the exception that ended a command.
Out:   the status (0 done, 1 our bug, 2 settings or usage wrong, 3 broker or history away) and the text to show.
Never: a traceback, but for our own bugs.
"""

import errno
import sqlite3
import sys
from enum import IntEnum

_OURS = {"edge", "collector", "dashboard", "ledig"}

_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EROFS: "mount it for writing, or set another [storage] directory",
    errno.EACCES: "give this user access, or set another [storage] directory",
    errno.EPERM: "give this user access, or set another [storage] directory",
    errno.ENOTDIR: "set another [storage] directory",
    errno.EEXIST: "give the path of a folder",
    errno.EISDIR: "a file belongs there; move the folder away",
    errno.EADDRINUSE: "end what uses it, or set another port",
    errno.EADDRNOTAVAIL: "set an address of this machine",
}
_SQLITE_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_READONLY: "give this user access, or mount its disk for writing",
    sqlite3.SQLITE_CANTOPEN: "see to the [storage] directory",
    sqlite3.SQLITE_IOERR: "see to its disk",
    sqlite3.SQLITE_CORRUPT: "put a backup in its place",
    sqlite3.SQLITE_NOTADB: "put a backup in its place",
}


class Status(IntEnum):
    """What a command ends with."""

    DONE = 0
    BUG = 1
    WRONG = 2
    """Settings or usage; nothing was started."""
    AWAY = 3
    """Broker or history."""


def judge(fault: BaseException, command: str) -> tuple[Status, str]:
    """The status and the text for an exception; the text is empty for a bug, whose traceback says more."""
    ours = type(fault).__module__.split(".")[0] in _OURS
    if ours and isinstance(fault, ConnectionError):
        return Status.AWAY, str(fault)
    if ours and isinstance(fault, ValueError):
        return Status.WRONG, str(fault)
    if isinstance(fault, ModuleNotFoundError) and (fault.name or "").split(".")[0] not in _OURS:
        target = "install-edge" if command == "edge" else "install"
        needs = f"ledig {command}: the Python package {fault.name} is not installed"
        return Status.WRONG, f"{needs}; in the folder of Ledig, run: make {target}"
    if isinstance(fault, sqlite3.Error):
        remedy = _SQLITE_REMEDIES.get(getattr(fault, "sqlite_errorcode", 0) & 0xFF)
        return (Status.WRONG, f"database: {fault}; {remedy}") if remedy else (Status.BUG, "")
    if isinstance(fault, OSError) and fault.errno in _REMEDIES:
        where = f"{fault.filename}: " if fault.filename else ""
        return Status.WRONG, f"{where}{(fault.strerror or str(fault)).lower()}; {_REMEDIES[fault.errno]}"
    return Status.BUG, ""


def say(fault: BaseException, command: str) -> Status:
    """Tell the person at the terminal, on stderr."""
    status, text = judge(fault, command)
    if status is Status.BUG:
        sys.excepthook(type(fault), fault, fault.__traceback__)
    else:
        print(text, file=sys.stderr)  # noqa: T201 - this is the command's own voice
    return status
