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

from collector.sqlite_files.backup import (
    Backup,
    BackupRules,
    SourceDamaged,
    back_up,
    delete_damaged_files,
    find_damage,
    is_due,
    list_backups,
    replace_damaged,
    revise_backups,
)
from collector.sqlite_files.migration import SchemaTooNew
from collector.timekeeping.site_time import SiteTime
from dashboard.accounts import accounts_schema
from dashboard.accounts.access_log import delete_old_entries
from dashboard.accounts.accounts import Accounts, compute_accounts_digest
from dashboard.accounts.accounts_file import is_lost
from dashboard.accounts.faults import AccountsAway, AccountsFault, classify_error
from edge.process.file_access import find_access_problem
from edge.timekeeping.durations import DAY_MS

MAX_BACKUPS: Final = 7
BACKUP_INTERVAL_MS: Final = DAY_MS
DAMAGED_FILE_RETENTION_MS: Final = 7 * BACKUP_INTERVAL_MS
"""A damaged file is kept this long, for examination."""
PURGE_INTERVAL_S: Final = 60
MAINTENANCE_INTERVAL_S: Final = 5
"""Interval of `maintain`: damage is repaired within this time."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class AccountsMaintenance:
    """Maintains one accounts file. One thread at a time."""

    def __init__(self, accounts: Accounts, site_time: SiteTime) -> None:
        """`site_time` is the clock that the accounts use."""
        self._accounts: Final = accounts
        self._time: Final = site_time
        self._store: Final = accounts.store
        folder = self._store.backup_folder
        self._daily: Final = BackupRules(
            folder=folder, keep=MAX_BACKUPS, prepare=_delete_logins, check=accounts_schema.find_damage
        )
        self._changed: Final = BackupRules(
            folder=folder, keep=1, prepare=_delete_logins, check=accounts_schema.find_damage
        )
        self._is_checked = False
        self._backup_digest: str | None = None

    def maintain(self) -> None:
        """Check the file once and whenever damage is suspected; restore it if it is damaged; back it up when due.

        Raises:
            AccountsAway, BackupAway, OSError: the disk cannot be used; call again later.
        """
        if not self._is_checked or self._store.is_suspect:
            self._check_file()
        self._accounts.load()
        self._back_up()

    def purge_expired(self) -> None:
        """Delete expired data and store the clock state; raises AccountsAway, OSError."""
        if not self._accounts.is_clock_state_loaded:
            self._time.resume(self._accounts.load_clock_state())
            return  # the next reading of the clock checks the loaded state
        self._accounts.purge_expired(self._deletion_s())
        self._accounts.save_clock_state(self._time.estimate)
        delete_damaged_files(self._accounts.path, round(self._deletion_s() * 1000), DAMAGED_FILE_RETENTION_MS)

    def _deletion_s(self) -> float:
        return self._time.deletion_ms(round(self._store.now_s() * 1000)) / 1000

    def _check_file(self) -> None:
        path = self._accounts.path
        finding = "it is missing or empty" if is_lost(path, self._store.backup_folder) else ""
        if not finding and path.exists():
            finding = _run_sqlite(lambda: find_damage(path, accounts_schema.find_damage), path)
        if finding:
            with self._store.exclude_transactions():
                self._restore(finding)
        self._store.confirm_checked()
        self._is_checked = True

    def _restore(self, finding: str) -> None:
        path = self._accounts.path
        path.touch(0o600)  # a missing file is replaced like a damaged one
        replaced = _run_sqlite(lambda: replace_damaged(path, self._daily, round(self._store.now_s() * 1000)), path)
        backup = replaced.backup
        if backup is None:
            for damaged_backup in list_backups(path, self._store.backup_folder):
                damaged_backup.path.unlink(missing_ok=True)
        self._accounts.record_restore(None if backup is None else backup.made_ms / 1000)
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
        found = list_backups(path, self._store.backup_folder)
        if self._backup_digest is None:
            self._backup_digest = _read_digest(found[0]) if found else ""
        digest = self._accounts.compute_digest()
        is_changed = digest != self._backup_digest
        if not is_changed and not is_due(found, now_ms, BACKUP_INTERVAL_MS):
            return
        try:
            rules = self._changed if is_changed else self._daily
            _run_sqlite(lambda: back_up(path, rules, now_ms), path)
        except SourceDamaged:
            self._store.suspect_damage()  # the next call restores the file
            return
        self._backup_digest = digest
        _run_sqlite(
            lambda: revise_backups(path, self._store.backup_folder, self._revise_backup),
            path,
        )

    def _revise_backup(self, db: sqlite3.Connection) -> None:
        """Apply retention to a backup, which may be older than this version of Ledig."""
        try:
            accounts_schema.migrate_accounts(db)
        except SchemaTooNew as fault:
            raise OSError(f"a backup in {self._store.backup_folder} cannot be changed: {fault}") from fault
        delete_old_entries(db, self._deletion_s())


def _delete_logins(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM session")
    db.execute("DELETE FROM login_failure")


def _read_digest(backup: Backup) -> str:
    """Return the digest of a backup's accounts; empty if it cannot be read and must be replaced."""
    try:
        with closing(sqlite3.connect(backup.path)) as db:
            return compute_accounts_digest(db)
    except (sqlite3.Error, UnicodeDecodeError):
        return ""


def _run_sqlite(work: Callable[[], _T], path: Path) -> _T:
    try:
        return work()
    except SchemaTooNew as error:
        raise AccountsAway(AccountsFault.TOO_NEW, path.name) from error
    except sqlite3.Error as error:
        raise AccountsAway(classify_error(error), path.name, find_access_problem(path)) from error
