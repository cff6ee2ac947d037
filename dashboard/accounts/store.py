"""Opens the SQLite file with accounts, sessions, failed logins and the access log.

In:    a path, the time.
Out:   connections, one transaction each; `AccountsAway` with the kind of fault if none is possible.
Never: a file mode that lets others read; a deleted row that stays on disk (`secure_delete`); a wait of more than
       LOCK_WAIT_S; a second such wait within LOCKED_PAUSE_S: until then a locked file fails at once.

Times are real: `now_s` is Unix seconds, `time.time` outside tests.
"""

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from collector.schema import SchemaTooNew
from collector.sqlite_backup import backups, complete
from dashboard.accounts import schema
from dashboard.accounts.faults import AccountsAway, AccountsFault, fault_of
from edge.file_access import access_problem

AHEAD_S: Final = 300
"""A time further in the future was written under a wrong clock."""
WAIT_S: Final = 5.0
"""How long a transaction waits for one of another program."""
PAUSE_S: Final = 1.0
SMALLEST_BYTES: Final = 512
"""The smallest SQLite page: SQLite treats a shorter file as new."""
_MODE: Final = 0o600


class Store:
    """The accounts file; each transaction opens it, so any process may use it while the pages are served."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self.path: Final = path
        self.backup_folder: Final = path.parent / "backups"
        self.now_s: Final = now_s
        self.suspect = False
        """Whether a transaction found damage; reset by whoever repairs the file."""
        self._is_ready = False
        self._lock = threading.RLock()
        self._locked_until_s = float("-inf")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One connection with one read transaction; needs no free disk space. Raises AccountsAway."""
        with self._begin_transaction("BEGIN") as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One connection with one write transaction. Raises AccountsAway."""
        with self._begin_transaction("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Block other transactions of this process, so that the file may be replaced; the next one opens it again."""
        if not self._lock.acquire(timeout=WAIT_S):
            raise AccountsAway(AccountsFault.LOCKED, self.path.name)
        self._is_ready = False
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _begin_transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if time.monotonic() < self._locked_until_s or not self._lock.acquire(timeout=WAIT_S):
            raise AccountsAway(AccountsFault.LOCKED, self.path.name)
        try:
            with self._translate_errors(), closing(self._open_connection()) as db:
                db.execute(begin)
                try:
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:  # SQLite rolls back by itself on a full or failing disk
                        with contextlib.suppress(sqlite3.Error):
                            db.execute("ROLLBACK")
                    raise
        finally:
            self._lock.release()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except AccountsAway as away:
            self.suspect |= away.fault is AccountsFault.DAMAGED
            raise
        except SchemaTooNew as error:
            self.suspect = True  # its version number may be damaged: a check of the whole file decides
            raise AccountsAway(AccountsFault.TOO_NEW, self.path.name) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            fault = fault_of(error) if isinstance(error, sqlite3.Error) else AccountsFault.DAMAGED
            self.suspect |= fault is AccountsFault.DAMAGED
            if fault is AccountsFault.LOCKED:
                self._locked_until_s = time.monotonic() + PAUSE_S
            raise AccountsAway(fault, self.path.name, access_problem(self.path)) from error
        except OSError as error:
            if type(error).__module__ != OSError.__module__:  # one of our own exceptions, such as TooManyLoginFailures
                raise
            raise AccountsAway(fault_of(error), self.path.name, access_problem(self.path)) from error

    def _open_connection(self) -> sqlite3.Connection:
        if not self._is_ready:
            complete(self.path)
            if is_lost(self.path, self.backup_folder):
                raise AccountsAway(AccountsFault.DAMAGED, self.path.name)
            with contextlib.suppress(FileExistsError):  # before SQLite creates it with a wider mode
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _MODE))
            if self.path.stat().st_mode & 0o777 != _MODE:
                self.path.chmod(_MODE)
        db = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
            if not self._is_ready:
                schema.prepare(db)
                if not db.execute("SELECT count(*) FROM secret").fetchone()[0]:
                    db.execute("INSERT INTO secret VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),))
                self._is_ready = True
        except BaseException:
            db.close()
            raise
        return db


def is_lost(path: Path, backup_folder: Path) -> bool:
    """Whether the file is missing or empty although a backup exists, so that this is not the first start."""
    is_there = path.exists() and path.stat().st_size >= SMALLEST_BYTES
    return not is_there and bool(backups(path, backup_folder))
