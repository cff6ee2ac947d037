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

from collector.sqlite_files.backup import finish_replacement, list_backups
from collector.sqlite_files.migration import SchemaTooNew
from dashboard.accounts import accounts_schema
from dashboard.accounts.faults import AccountsAway, AccountsFault, classify_error
from edge.process.file_access import find_access_problem

MAX_FUTURE_S: Final = 300
"""A time further in the future was written under a wrong clock."""
LOCK_WAIT_S: Final = 5.0
"""How long a transaction waits for one of another program."""
LOCKED_PAUSE_S: Final = 1.0
MIN_FILE_BYTES: Final = 512
"""The smallest SQLite page: SQLite treats a shorter file as new."""
_MODE: Final = 0o600


class AccountsFile:
    """The accounts file; each transaction opens it, so any process may use it while the pages are served."""

    def __init__(self, path: Path, now_s: Callable[[], float] = time.time) -> None:
        self.path: Final = path
        self.backup_folder: Final = path.parent / "backups"
        self.now_s: Final = now_s
        self.is_suspect = False
        """Whether damage is suspected; see `suspect_damage`."""
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
    def exclude_transactions(self) -> Iterator[None]:
        """Block other transactions of this process, so that the file may be replaced; the next one opens it again."""
        if not self._lock.acquire(timeout=LOCK_WAIT_S):
            raise AccountsAway(AccountsFault.LOCKED, self.path.name)
        self._is_ready = False
        try:
            yield
        finally:
            self._lock.release()

    def suspect_damage(self) -> None:
        """Remember that the file may be damaged, as a transaction that finds damage does."""
        self.is_suspect = True

    def confirm_checked(self) -> None:
        """Remember that the whole file was checked, and restored if it was damaged."""
        self.is_suspect = False

    @contextmanager
    def _begin_transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if time.monotonic() < self._locked_until_s or not self._lock.acquire(timeout=LOCK_WAIT_S):
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
            self.is_suspect |= away.fault is AccountsFault.DAMAGED
            raise
        except SchemaTooNew as error:
            self.suspect_damage()  # a damaged file may have any version: a check of the whole file decides
            raise AccountsAway(AccountsFault.TOO_NEW, self.path.name) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            fault = classify_error(error) if isinstance(error, sqlite3.Error) else AccountsFault.DAMAGED
            self.is_suspect |= fault is AccountsFault.DAMAGED
            if fault is AccountsFault.LOCKED:
                self._locked_until_s = time.monotonic() + LOCKED_PAUSE_S
            raise AccountsAway(fault, self.path.name, find_access_problem(self.path)) from error
        except OSError as error:
            if type(error).__module__ != OSError.__module__:  # one of our own exceptions, such as TooManyLoginFailures
                raise
            raise AccountsAway(classify_error(error), self.path.name, find_access_problem(self.path)) from error

    def _open_connection(self) -> sqlite3.Connection:
        if not self._is_ready:
            finish_replacement(self.path)
            if is_lost(self.path, self.backup_folder):
                raise AccountsAway(AccountsFault.DAMAGED, self.path.name)
            with contextlib.suppress(FileExistsError):  # before SQLite creates it with a wider mode
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _MODE))
            if self.path.stat().st_mode & 0o777 != _MODE:
                self.path.chmod(_MODE)
        db = sqlite3.connect(self.path, timeout=LOCK_WAIT_S, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
            if not self._is_ready:
                accounts_schema.migrate_accounts(db)
                if not db.execute("SELECT count(*) FROM secret").fetchone()[0]:
                    db.execute(
                        "INSERT INTO secret (one, value) VALUES (1, ?) ON CONFLICT DO NOTHING", (secrets.token_hex(32),)
                    )
                self._is_ready = True
        except BaseException:
            db.close()
            raise
        return db


def is_lost(path: Path, backup_folder: Path) -> bool:
    """Whether the file is missing or empty although a backup exists, so that this is not the first start."""
    is_there = path.exists() and path.stat().st_size >= MIN_FILE_BYTES
    return not is_there and bool(list_backups(path, backup_folder))
