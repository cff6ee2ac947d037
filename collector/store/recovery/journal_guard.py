"""Opens the journal, monitors it while it is in use, and replaces a damaged one with a backup.

In:    the journal's path, the plan, the retention settings, the time.
Out:   the open journal, or a restored one with a note of the period that it lacks.
Never: a file that another collector uses: everything here happens under its lock. A file is moved aside only after a
       check of the closed file has found damage.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.collector_faults import FaultKind
from collector.site.site_plan import SitePlan
from collector.sqlite_files import backup
from collector.sqlite_files.backup import BackupRules
from collector.sqlite_files.migration import SchemaTooNew
from collector.sqlite_files.page_checksums import (
    find_closed_file_problem,
    find_first_page_problem,
    make_checksums_path,
)
from collector.store.journal import Journal, lock_journal
from collector.store.journal_faults import JournalAway, JournalDamaged, translate_errors
from collector.store.recovery.journal_monitor import BACKUP_FOLDER, KEEP_BACKUPS, JournalMonitor, find_content_problem
from edge.process.file_lock import FileLock

STOP_TIMEOUT_S: Final = 10.0
"""How long to wait for a check to end. A check that takes longer has no effect any more."""

log = logging.getLogger(__name__)


class JournalGuard:
    """Manages one journal: opens it, monitors it while it is in use, replaces it when it is damaged."""

    def __init__(self, path: Path, plan: SitePlan, retention: RetentionSettings, now_ms: Callable[[], int]) -> None:
        self._path, self._plan, self._retention, self._now_ms = path, plan, retention, now_ms
        self._rules = BackupRules(folder=path.parent / BACKUP_FOLDER, keep=KEEP_BACKUPS, check=find_content_problem)
        self._monitor: JournalMonitor | None = None

    @contextmanager
    def monitor_journal(self, journal: Journal) -> Iterator[None]:
        """Check the journal and back it up during the block. The log is not truncated before the first check ends."""
        monitor = JournalMonitor(journal, self._plan, self._retention, self._now_ms)
        monitor.start(self._monitor)
        self._monitor = monitor
        try:
            yield
        finally:
            monitor.stop(STOP_TIMEOUT_S)

    def raise_findings(self) -> None:
        """Raise what the monitor has found.

        Raises:
            JournalDamaged: the file is damaged.
            Exception: a bug in Ledig.
        """
        if self._monitor is not None:
            self._monitor.raise_findings()

    def open_journal(self) -> Journal:
        """Open the journal. If it is too damaged to be opened, the newest good backup replaces it first.

        Raises:
            JournalAway, JournalInUse: it cannot be opened now.
            JournalRejected: a later version of Ledig wrote it.
        """
        lock = lock_journal(self._path)
        try:
            with translate_errors(self._path):
                backup.finish_replacement(self._path)
                problem = find_first_page_problem(self._path)
            if problem:  # do not open it: SQLite would change the file according to its damaged first page
                return self._restore_backup(problem, lock)
            try:
                return Journal(self._path, lock=lock)
            except JournalAway:
                raise
            except Exception as fault:  # noqa: BLE001 - a damaged file can make any statement fail in any way
                return self._replace_if_damaged(fault, lock)
        except BaseException:
            lock.release()
            raise

    def replace_journal(self, fault: Exception) -> Journal:
        """Replace the journal with the newest good backup, if damage caused the fault; no connection may be open.

        If the closed file shows no damage although damage was reported, it is opened again.

        Raises:
            JournalAway: the disk refuses; the damaged file is still in place, or will be found damaged again.
            JournalInUse: another collector uses the file.
            Exception: `fault` itself, if the file is good and the fault does not report damage.
        """
        lock = lock_journal(self._path)
        try:
            return self._replace_if_damaged(fault, lock)
        except BaseException:
            lock.release()
            raise

    def _replace_if_damaged(self, fault: Exception, lock: FileLock) -> Journal:
        with translate_errors(self._path):
            self._end_check()
            problem = self._find_closed_damage(fault)
        if problem:
            return self._restore_backup(problem, lock)
        if not isinstance(fault, JournalDamaged) or not self._path.exists():
            raise fault
        log.warning("%s; a second check finds no damage, so the journal stays in use", fault)
        return Journal(self._path, lock=lock)

    def _restore_backup(self, problem: str, lock: FileLock) -> Journal:
        with translate_errors(self._path):
            self._end_check()
            missing_to_ms = self._now_ms()
            make_checksums_path(self._path).unlink(missing_ok=True)
            replacement = backup.replace_damaged(self._path, self._rules, time.time_ns() // 1_000_000)
        made_ms = replacement.backup.made_ms if replacement.backup else 0
        made = datetime.fromtimestamp(made_ms / 1000, UTC).isoformat(" ", "minutes")
        outcome = f"the backup of {made} replaces it" if made_ms else "there is no backup, and a new one is empty"
        log.error("%s is damaged: %s; it is kept as %s, %s", self._path, problem, replacement.aside.name, outcome)
        journal = Journal(self._path, lock=lock)
        try:
            with journal.transaction():
                journal.record_restore(made_ms, missing_to_ms)
        except BaseException:
            journal.close()
            raise
        return journal

    def _end_check(self) -> None:
        """End the check: one that still has the file open would delete the log of the file that replaces it."""
        if self._monitor is not None and not self._monitor.stop(0):
            finding, remedy = "a check of the journal is still running", "check the disk; the collector tries again"
            raise JournalAway(self._path, FaultKind.JOURNAL_CHECK_RUNS, finding, remedy)

    def _find_closed_damage(self, fault: Exception) -> str:
        """The damage of the file while no connection is open; empty: none found."""
        if not self._path.exists():
            return ""
        difference = fault.difference if isinstance(fault, JournalDamaged) else None
        if problem := find_closed_file_problem(self._path, difference):
            return problem
        if isinstance(fault.__cause__, SchemaTooNew):  # this version cannot check the content of a newer one
            return ""
        return backup.find_damage(self._path, find_content_problem)
