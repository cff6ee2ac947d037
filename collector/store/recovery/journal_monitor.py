"""A thread that checks one open journal and backs it up while that journal is in use.

In:    the open journal, the plan, the retention settings, the time.
Out:   backups in the folder `backups`; the damage that was found.
Never: a write to the journal; a finding about a file that was closed during the check.

The first check runs beside the collector, so that it does not delay the start. Once a day the pages of the file are
compared with their checksums and a backup is made and checked. Each monitor has its own result and its own stop
signal: a check that ends after its journal was closed changes nothing.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

from collector.configuration.collector_settings import RetentionSettings
from collector.history import tables
from collector.history.sqlite import connect_read_only
from collector.site.site_plan import SitePlan
from collector.sqlite_files import backup
from collector.sqlite_files.backup import BackupRules, SourceDamaged
from collector.sqlite_files.migration import SchemaTooNew, migrate_schema, read_version
from collector.store.blobs import AIR, EVIDENCE, BlobRejected
from collector.store.journal import AIR_PREFIX, Journal
from collector.store.journal_faults import JournalDamaged
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.metadata_keys import ACCEPTED_FROM, ERASED_UNTIL
from collector.store.recovery.site_file_copies import delete_replaced_copies
from collector.truth.truth_record import drop_times
from collector.truth.truth_store import TRUTH, TRUTH_KEY
from edge.contract.message import MAX_FUTURE_MS, EventKind
from edge.process.file_access import find_access_problem
from edge.process.sqlite_transaction import transaction
from edge.timekeeping.durations import HOUR_MS

BACKUP_FOLDER: Final = "backups"
KEEP_BACKUPS: Final = 3
BACKUP_EVERY_MS: Final = 24 * HOUR_MS
POLL_S: Final = 5.0
RETRY_S: Final = 60.0
PRUNE_BACKUPS_EVERY_MS: Final = HOUR_MS
"""How often old events are erased from the backups."""
PRUNE_LEAD_MS: Final = 2 * HOUR_MS
"""Backups lose events this much earlier than the journal, so that they never hold older ones."""
KEEP_DAMAGED_MS: Final = HOUR_MS
"""How long a damaged file is kept. It cannot be purged, and may already hold events of the maximum age."""

log = logging.getLogger(__name__)


class JournalMonitor:
    """One thread for one open journal, from `start` to `stop`."""

    def __init__(
        self, journal: Journal, plan: SitePlan, retention: RetentionSettings, now_ms: Callable[[], int]
    ) -> None:
        self._journal, self._path = journal, journal.path
        self._plan, self._retention, self._now_ms = plan, retention, now_ms
        self._folder = self._path.parent / BACKUP_FOLDER
        self._rules = BackupRules(
            folder=self._folder, keep=KEEP_BACKUPS, prepare=self._erase_old, check=find_content_problem
        )
        self._stopping = threading.Event()
        self._damage: JournalDamaged | None = None
        self._bug: Exception | None = None
        self._pruned_ms: int | None = None
        self._fault = ""
        self._previous: JournalMonitor | None = None
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self, previous: "JournalMonitor | None") -> None:
        """Start with a check, once `previous` has ended. The log is not truncated before the check is done."""
        self._previous = previous
        self._journal.log.file_lock.acquire()
        self._thread.start()

    def stop(self, wait_s: float) -> bool:
        """Interrupt the check; returns whether the thread ended within `wait_s`."""
        self._stopping.set()
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def raise_findings(self) -> None:
        """Raise what the thread has found.

        Raises:
            JournalDamaged: the file is damaged.
            Exception: a bug in Ledig.
        """
        if self._bug is not None:
            raise self._bug
        if self._damage is not None:
            raise self._damage

    # The thread

    def _run(self) -> None:
        try:
            try:
                if self._previous is not None:  # both would write the same unfinished backup
                    self._previous._thread.join()  # noqa: SLF001 - an instance of this class
                    self._previous = None
                self._attempt(self._verify)  # `start` has acquired the lock for it
            finally:
                self._journal.log.file_lock.release()
            while self._damage is None and not self._stopping.is_set():
                self._attempt(self._maintain)
                self._stopping.wait(RETRY_S if self._fault else POLL_S)
        except Exception as bug:  # noqa: BLE001 - raised again in the collector's loop
            self._bug = bug

    def _maintain(self) -> None:
        """Apply retention to the backups every hour; check the journal and back it up once a day."""
        now_ms = self._now_ms()
        if self._pruned_ms is None or not 0 <= now_ms - self._pruned_ms < PRUNE_BACKUPS_EVERY_MS:
            backup.revise_backups(self._path, self._folder, self._erase_old)
            backup.delete_damaged_files(self._path, _real_ms(), KEEP_DAMAGED_MS)
            delete_replaced_copies(self._folder, _real_ms())
            self._pruned_ms = now_ms
        found = backup.list_backups(self._path, self._folder)
        if not backup.is_due(found, now_ms, BACKUP_EVERY_MS):
            return
        with self._journal.log.file_lock:
            self._verify()
        if self._damage is not None or self._stopping.is_set():
            return
        try:
            backup.back_up(self._path, self._rules, now_ms)
        except SourceDamaged as fault:  # or the disk damaged only the copy
            problem = backup.find_damage(self._path, find_content_problem, self._stopping.is_set)
            if not problem:
                raise OSError(f"the copy is damaged but the journal is not ({fault}); check the disk") from fault
            self._report_damage(JournalDamaged(f"{self._path}: {problem}"))

    def _verify(self) -> None:
        """Compare the pages with their checksums, then run SQLite's check. The log is not truncated meanwhile."""
        pages = self._journal.log.page_sums
        found = pages.read_checksums(self._stopping.is_set)
        if found is None:
            return
        expected = self._journal.stored_sums if pages.sums is None else pages.sums
        if expected is not None and (difference := pages.find_difference(expected, found)):
            self._report_damage(JournalDamaged(f"{self._path}: {difference}", difference))
            return
        if problem := backup.find_damage(self._path, find_content_problem, self._stopping.is_set):
            self._report_damage(JournalDamaged(f"{self._path}: {problem}"))
        elif pages.sums is None:
            pages.store_checksums(found)

    def _report_damage(self, damage: JournalDamaged) -> None:
        if not self._stopping.is_set():
            self._damage = damage

    def _attempt(self, work: Callable[[], None]) -> None:
        """Run a piece of work; a fault of the disk is logged once, and the work runs again later."""
        try:
            work()
        except (OSError, sqlite3.Error) as fault:
            if self._stopping.is_set():  # interrupted
                return
            if str(fault) != self._fault:
                log.warning("the journal is not backed up: %s; trying again", find_access_problem(self._path) or fault)
            self._fault = str(fault)
        else:
            self._fault = ""

    def _erase_old(self, connection: sqlite3.Connection) -> None:
        """Erase from a backup what the journal has erased or will erase soon, by the journal's own time."""
        with closing(connect_read_only(self._path)) as journal:
            row = journal.execute("SELECT value FROM meta WHERE name = ?", (ERASED_UNTIL,)).fetchone()
        if row is None:
            return
        erased_ms, before_ms = row[0], row[0] + PRUNE_LEAD_MS
        try:
            migrate_schema(connection, MIGRATION_STEPS)  # a backup may be older than this version of Ledig
        except SchemaTooNew as fault:
            raise OSError(f"a backup in {self._folder} cannot be changed: {fault}") from fault
        with transaction(connection):
            _erase_events(connection, before_ms, erased_ms + self._retention.raw_hours * HOUR_MS + MAX_FUTURE_MS)
            _drop_label_times(connection, before_ms)
            now_ms = erased_ms + self._retention.raw_hours * HOUR_MS
            tables.erase_expired_rows(connection, self._plan, self._retention, now_ms)


def _erase_events(connection: sqlite3.Connection, before_ms: int, undated_after_ms: int) -> None:
    connection.execute("DELETE FROM event WHERE at_ms < ?", (before_ms,))
    connection.execute("DELETE FROM event WHERE at_ms > ? AND NOT synchronised", (undated_after_ms,))
    for table in ("transition", "quarantine", "people_estimate"):
        connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (before_ms,))  # noqa: S608 - our own names
    for name in (ERASED_UNTIL, ACCEPTED_FROM):  # late events from before would be evaluated without the erased ones
        connection.execute(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (name, before_ms),
        )


def _drop_label_times(connection: sqlite3.Connection, before_ms: int) -> None:
    """Remove the times of truth labels from before a moment; a record that cannot be read may hold some."""
    row = connection.execute("SELECT body FROM stored_value WHERE key = ?", (TRUTH_KEY,)).fetchone()
    if row is None:
        return
    try:
        body = TRUTH.encode(drop_times(TRUTH.decode(row[0]), before_ms, before_ms))
    except BlobRejected:
        connection.execute("DELETE FROM stored_value WHERE key = ?", (TRUTH_KEY,))
    else:
        connection.execute("UPDATE stored_value SET body = ? WHERE key = ?", (body, TRUTH_KEY))


def find_content_problem(connection: sqlite3.Connection) -> str:
    """The first problem in the content of a readable journal; empty: none.

    The stored values of another version are not checked: this version can read them only once they are migrated.
    """
    known = {kind.value for kind in EventKind}
    for (kind,) in connection.execute("SELECT kind FROM kind"):
        if kind not in known:
            return f"unknown kind of event {kind!r}"
    if read_version(connection) != len(MIGRATION_STEPS):
        return ""
    for name, body in connection.execute(
        "SELECT key, body FROM stored_value UNION ALL SELECT space, body FROM checkpoint"
    ):
        try:
            if name.startswith(AIR_PREFIX):
                AIR.decode(body)
            elif ":" not in name:
                EVIDENCE.decode(body)
        except BlobRejected as fault:
            return f"the stored state of {name!r} cannot be read: {fault}"
    return ""


def _real_ms() -> int:
    return time.time_ns() // 1_000_000
