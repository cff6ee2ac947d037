"""Asks SQLite whether the content of a file is sound, and tells damage from a page that could not be read now.

In:    a connection.
Out:   the first problem.
Never: a change of the file.

SQLite reports a page that its disk does not hand out as a line of the check, like a damaged one. A good file would
then be moved aside because of one failed read.
"""

import re
import sqlite3
from typing import Final, Literal

_READ_FAILED: Final = re.compile(r"unable to get the page\. error code=(\d+)|failed to get page \d+")
"""Of a page of a table or index, and of one in a chain, whose number SQLite has found to be in the file before it reads
it. Source: checkTreePage and checkList in SQLite's btree.c."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def integrity_problem(db: sqlite3.Connection, check: Literal["integrity_check", "quick_check"]) -> str:
    """The first problem that a check finds; empty: there is none.

    Raises:
        sqlite3.Error: a page could not be read now; whether the file is sound is not known.
    """
    (found,) = db.execute(f"PRAGMA {check}(1)").fetchone()
    return "" if found == "ok" else damage_in(str(found))


def damage_in(finding: str) -> str:
    """The finding of a check, if it is damage; raises sqlite3.OperationalError if a page could not be read now."""
    failed = _READ_FAILED.search(finding)
    code = sqlite3.SQLITE_CORRUPT if failed is None else int(failed[1] or sqlite3.SQLITE_IOERR)
    if code & 0xFF in _DAMAGE:
        return finding
    fault = sqlite3.OperationalError(finding)
    fault.sqlite_errorcode = code
    raise fault
