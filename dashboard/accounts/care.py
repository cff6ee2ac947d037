"""Keeps the accounts file usable: deletes expired data, makes backups, and restores a damaged file from a backup.

In:    the accounts, the time; called every few seconds in a thread.
Out:   backups beside the file; after damage, the newest good backup is restored, and a log line reports it.
Never: a session or a failed login in a backup; a removed account in a backup after the next call.

A change of any account makes a new backup and deletes the older ones, so that a restore brings back no removed account
and no old password. A restore always ends all sessions.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from collector.schema import SchemaTooNew
from collector.site_time import SiteTime
from collector.sqlite_backup import (
    Backup,
    BackupRules,
    SourceDamaged,
    back_up,
    backups,
    damage,
    forget_damaged,
    is_due,
    replace_damaged,
    revise,
)
from dashboard.accounts import Accounts, digest_of, schema
from dashboard.accounts.access_log import forget_old
from dashboard.accounts.faults import AccountsAway, AccountsFault, fault_of
from dashboard.accounts.store import is_lost
from edge.file_access import access_problem

KEEP: Final = 7
EVERY_MS: Final = 24 * 3600 * 1000
DAMAGED_MS: Final = 7 * EVERY_MS
"""A damaged file is kept this long, for examination."""
PURGE_S: Final = 60
CARE_S: Final = 5
"""Interval of `maintain`: damage is repaired within this time."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class AccountsCare:
    """Maintains one accounts file. One thread at a time."""

    def __init__(self, accounts: Accounts, site_time: SiteTime) -> None:
        """`site_time` is the clock that the accounts use."""
        self._accounts: Final = accounts
        self._time: Final = site_time
        self._store: Final = accounts.store
        folder = self._store.backup_folder
        self._daily: Final = BackupRules(folder=folder, keep=KEEP, prepare=_delete_logins, check=schema.damage)
        self._changed: Final = BackupRules(folder=folder, keep=1, prepare=_delete_logins, check=schema.damage)
        self._is_checked = False
        self._backup_digest: str | None = None

    def care(self) -> None:
        """Check the file once and whenever damage is suspected; restore it if it is damaged; back it up when due.

        Raises:
            AccountsAway, BackupAway, OSError: the disk cannot be used; call again later.
        """
        if not self._is_checked or self._store.suspect:
            self._check_file()
        self._accounts.load()
        self._back_up()

    def purge(self) -> None:
        """Delete expired data and store the clock state; raises AccountsAway, OSError."""
        if not self._accounts.is_belief_loaded:
            self._time.resume(self._accounts.load_belief())
            return  # the next reading of the clock checks the loaded state
        self._accounts.purge(self._deletion_s())
        self._accounts.save_belief(self._time.belief)
        forget_damaged(self._accounts.path, round(self._deletion_s() * 1000), DAMAGED_MS)

    def _deletion_s(self) -> float:
        return self._time.deletion_ms(round(self._store.now_s() * 1000)) / 1000

    def _check_file(self) -> None:
        path = self._accounts.path
        finding = "it is missing or empty" if is_lost(path, self._store.backup_folder) else ""
        if not finding and path.exists():
            finding = _run_sqlite(lambda: damage(path, schema.damage), path)
        if finding:
            with self._store.alone():
                self._restore(finding)
        self._store.suspect = False
        self._is_checked = True

    def _restore(self, finding: str) -> None:
        path = self._accounts.path
        path.touch(0o600)  # a missing file is replaced like a damaged one
        replaced = _run_sqlite(lambda: replace_damaged(path, self._daily, round(self._store.now_s() * 1000)), path)
        backup = replaced.backup
        if backup is None:
            for damaged_backup in backups(path, self._store.backup_folder):
                damaged_backup.path.unlink(missing_ok=True)
        self._accounts.remember_restore(None if backup is None else backup.made_ms / 1000)
        if backup is None:
            _log.error(
                "%s was damaged (%s), and there is no good backup: nobody can log in until `ledig user add` adds an"
                " account; the damaged file is %s",
                *(path, finding, replaced.aside.name),
            )
            return
        _log.error(
            "%s was damaged (%s): backup %s is restored, all sessions are ended, and the damaged file is %s; check the"
            " list of accounts: changes after that backup are lost",
            *(path, finding, backup.path.name, replaced.aside.name),
        )

    def _back_up(self) -> None:
        path, now_ms = self._accounts.path, round(self._store.now_s() * 1000)
        found = backups(path, self._store.backup_folder)
        if self._backup_digest is None:
            self._backup_digest = _read_digest(found[0]) if found else ""
        digest = self._accounts.digest()
        is_changed = digest != self._backup_digest
        if not is_changed and not is_due(found, now_ms, EVERY_MS):
            return
        try:
            rules = self._changed if is_changed else self._daily
            _run_sqlite(lambda: back_up(path, rules, now_ms), path)
        except SourceDamaged:
            self._store.suspect = True  # the next call restores the file
            return
        self._backup_digest = digest
        _run_sqlite(
            lambda: revise(path, self._store.backup_folder, lambda db: forget_old(db, self._deletion_s())), path
        )


def _delete_logins(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM session")
    db.execute("DELETE FROM try")


def _read_digest(backup: Backup) -> str:
    """Return the digest of a backup's accounts; empty if it cannot be read and must be replaced."""
    try:
        with closing(sqlite3.connect(backup.path)) as db:
            return digest_of(db)
    except (sqlite3.Error, UnicodeDecodeError):
        return ""


def _run_sqlite(work: Callable[[], _T], path: Path) -> _T:
    try:
        return work()
    except SchemaTooNew as error:
        raise AccountsAway(AccountsFault.TOO_NEW, path.name) from error
    except sqlite3.Error as error:
        raise AccountsAway(fault_of(error), path.name, access_problem(path)) from error
