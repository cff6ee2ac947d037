"""Opens the one small SQLite file of accounts, sessions, failed tries and the access log, and keeps its schema.

In:    a path, the time.
Out:   connections, one transaction each.
Never: a mode that others can read; a row that was deleted and is still on the disk (`secure_delete`).

Time here is real: `now_s` is Unix seconds, `time.time` outside tests.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from collector.schema import migrate
from edge.sqlite_transaction import transaction

AHEAD_S: Final = 300
"""What is dated further ahead was dated by a clock that was wrong."""


def _first(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, hash TEXT NOT NULL, changed_s REAL NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS session (token_hash TEXT PRIMARY KEY,"
        " name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,"
        " began_s REAL NOT NULL, used_s REAL NOT NULL) STRICT"
    )
    db.execute("CREATE TABLE IF NOT EXISTS try (who_hash TEXT NOT NULL, at_s REAL NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE IF NOT EXISTS view_log (at_s REAL NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL) STRICT"
    )


def _roles(db: sqlite3.Connection) -> None:
    """Whoever had an account before there were roles is a manager; the log gets the words of routes.py."""
    db.execute(
        "ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'manager' CHECK (role IN ('manager', 'viewer'))"
    )
    db.execute("ALTER TABLE account ADD COLUMN locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1))")
    db.execute("ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE view_log ADD COLUMN role TEXT NOT NULL DEFAULT 'manager'")
    db.execute("ALTER TABLE view_log ADD COLUMN span TEXT NOT NULL DEFAULT ''")
    db.execute(
        "ALTER TABLE view_log ADD COLUMN kind TEXT NOT NULL DEFAULT 'view' CHECK (kind IN ('view', 'export', 'change'))"
    )
    db.execute("UPDATE view_log SET kind = 'change' WHERE what NOT LIKE 'manage%' AND what NOT LIKE 'api history %'")
    db.execute(
        "UPDATE view_log SET span = CASE WHEN what = 'login' THEN ''"
        " WHEN what LIKE 'api history %' THEN substr(what, 13) WHEN what LIKE 'manage %' THEN substr(what, 8)"
        " ELSE what END,"
        " what = CASE WHEN what = 'login' THEN 'manage.log_in' WHEN what LIKE 'api history %' THEN 'api.history'"
        " WHEN what LIKE 'manage %' THEN 'manage.live' ELSE 'manage.answer' END"
    )


def _clock(db: sqlite3.Connection) -> None:
    """What is believed about time: the next start goes on from there."""
    db.execute(
        "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), site_ms INTEGER NOT NULL,"
        " deletion_ms INTEGER NOT NULL, boot INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL,"
        " confirmed INTEGER NOT NULL) STRICT"
    )


STEPS: Final = (_first, _roles, _clock)
"""Each brings the file one version further."""


class Store:
    """The file; each call opens it, so any process may use it while the pages are served."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self.path: Final = path
        self.now_s: Final = now_s
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # before SQLite does, with a wider mode
        path.chmod(0o600)
        with closing(self._connect()) as db:
            migrate(db, STEPS)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """One connection, one transaction."""
        with closing(self._connect()) as db, transaction(db):
            yield db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=5, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        return db
