"""Runs SQLite's integrity check, and distinguishes damage from a page that could not be read at the moment.

In:    a connection.
Out:   the first problem.
Never: a change of the file.

SQLite reports a page that the disk fails to read as a finding of the check, like a damaged page. Without the
distinction, a good file would be moved aside because of one failed read.
"""

import re
import sqlite3
from typing import Final, Literal

_READ_FAILED: Final = re.compile(r"unable to get the page\. error code=(\d+)|failed to get page \d+")
"""Findings for a page of a table or index, and for a chained page, whose number SQLite has checked to be in the file
before it reads the page. Source: checkTreePage and checkList in SQLite's btree.c."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def find_integrity_problem(db: sqlite3.Connection, check: Literal["integrity_check", "quick_check"]) -> str:
    """Return the first problem that a check finds; empty if there is none.

    Raises:
        sqlite3.Error: a page could not be read at the moment; it is unknown whether the file is sound.
    """
    (found,) = db.execute(f"PRAGMA {check}(1)").fetchone()
    return "" if found == "ok" else check_finding(str(found))


def check_finding(finding: str) -> str:
    """Return a finding if it means damage; raise sqlite3.OperationalError if a page could not be read."""
    failed = _READ_FAILED.search(finding)
    code = sqlite3.SQLITE_CORRUPT if failed is None else int(failed[1] or sqlite3.SQLITE_IOERR)
    if code & 0xFF in _DAMAGE:
        return finding
    fault = sqlite3.OperationalError(finding)
    fault.sqlite_errorcode = code
    raise fault
