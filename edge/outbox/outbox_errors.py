"""The errors of an outbox, and the faults of SQLite and the system that cause them.

In:    a fault of one call.
Out:   OutboxAway if the same call may succeed later, OutboxCorrupt if the file is damaged.
Never: a bug of ours as one of these errors.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.process.file_access import find_access_problem, find_obstacle

_TEMPORARY_CODES: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    }
)
"""Primary codes of temporary faults; every other code means that the file is damaged."""


class OutboxRejected(ValueError):
    """A newer version of Ledig wrote the file. Opening it again cannot help."""


class OutboxInUse(OutboxRejected):
    """Another agent uses the file. It can be opened once that agent has ended."""


class OutboxAway(ConnectionError):
    """The disk is full, read-only or missing. The same call may succeed later."""


class OutboxCorrupt(OutboxAway):
    """The file is damaged. Opening it again moves its sound rows to a new file."""


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and the system into OutboxAway or OutboxCorrupt."""
    try:
        yield
    except sqlite3.Error as fault:
        code = getattr(fault, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _TEMPORARY_CODES:
            raise OutboxAway(f"{path} cannot be used: {fault}; {_find_remedy(path)}") from fault
        if code is None:
            raise  # the sqlite3 module rejects our call: a bug
        raise OutboxCorrupt(f"{path} is damaged: {fault}") from fault
    except UnicodeError as fault:  # Python cannot read SQLite's own message about a damaged schema
        raise OutboxCorrupt(f"{path} is damaged: its schema is not text") from fault
    except OutboxAway:
        raise
    except OSError as fault:
        raise OutboxAway(f"{path} cannot be used: {fault.strerror or fault}; {_find_remedy(path)}") from fault


def _find_remedy(path: Path) -> str:
    """Return the remedy; SQLite reports a file of another user as a failing disk."""
    with suppress(OSError):  # a disk that fails may not even show owner and mode
        if obstacle := find_obstacle(path):
            return "; ".join(obstacle)
        return find_access_problem(path) or "check the disk"
    return "check the disk"
