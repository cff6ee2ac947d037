"""Opens the journal, has it watched while it is in use, and puts a backup in the place of a damaged one.

In:    the journal's path, the plan, what is kept for how long, the time.
Out:   the open journal; a restored one, and the period it lacks.
Never: a file that another collector has: everything here happens under its lock. A file that is moved aside before a
check of the closed file has found damage in it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from collector import sqlite_backup
from collector.journal import Journal, locked
from collector.journal_faults import JournalAway, JournalDamaged, told
from collector.journal_watch import FOLDER, KEEP, JournalWatch, content_problem
from collector.lock import Lock
from collector.page_sums import closed_sums_problem, first_page_problem, sums_path
from collector.plan import SitePlan
from collector.settings import RetentionSettings
from collector.sqlite_backup import BackupRules

STOP_S: Final = 10.0
"""So long the end of a check is waited for. One that takes longer has no effect any more."""

log = logging.getLogger(__name__)


class JournalGuard:
    """Looks after one journal: opens it, watches it while it is in use, replaces it when it is damaged."""

    def __init__(self, path: Path, plan: SitePlan, retention: RetentionSettings, now_ms: Callable[[], int]) -> None:
        self._path, self._plan, self._retention, self._now_ms = path, plan, retention, now_ms
        self._rules = BackupRules(folder=path.parent / FOLDER, keep=KEEP, check=content_problem)
        self._watch: JournalWatch | None = None

    @contextmanager
    def watching(self, journal: Journal) -> Iterator[None]:
        """Check the journal and back it up while the block runs. The log is not cut until the first check is done."""
        watch = JournalWatch(journal, self._plan, self._retention, self._now_ms)
        watch.start(self._watch)
        self._watch = watch
        try:
            yield
        finally:
            watch.stop(STOP_S)

    def look(self) -> None:
        """Raise what the watch has found.

        Raises:
            JournalDamaged: the file is damaged.
            Exception: a bug of ours.
        """
        if self._watch is not None:
            self._watch.look()

    def open_journal(self) -> Journal:
        """The journal, or, if it is damaged so much that it cannot be opened, the newest good backup in its place.

        Raises:
            JournalAway, JournalInUse: it cannot be opened now.
            JournalRejected: a later Ledig wrote it.
        """
        lock = locked(self._path)
        try:
            with told(self._path):
                sqlite_backup.complete(self._path)
                problem = first_page_problem(self._path)
            if problem:  # once it is opened, SQLite would change the file by what its first page claims
                return self._restored(problem, lock)
            try:
                return Journal(self._path, lock=lock)
            except JournalAway:
                raise
            except Exception as fault:  # noqa: BLE001 - a damaged file can make any statement fail in any way
                return self._replaced(fault, lock)
        except BaseException:
            lock.release()
            raise

    def replaced(self, fault: Exception) -> Journal:
        """The newest good backup in the place of the journal, if damage is behind the fault; nobody may have it open.

        A file that was reported as damaged, and in which nothing is found once it is closed, is opened again.

        Raises:
            JournalAway: the disk refuses; the damaged file is still in its place, or is found damaged again.
            JournalInUse: another collector has the file.
            Exception: `fault`, if the file is good, and the fault is not that it is damaged.
        """
        lock = locked(self._path)
        try:
            return self._replaced(fault, lock)
        except BaseException:
            lock.release()
            raise

    def _replaced(self, fault: Exception, lock: Lock) -> Journal:
        with told(self._path):
            self._end_check()
            problem = self._damage_of_closed(fault)
        if problem:
            return self._restored(problem, lock)
        if not isinstance(fault, JournalDamaged) or not self._path.exists():
            raise fault
        log.warning("%s; a second check finds no damage, so the journal stays in use", fault)
        return Journal(self._path, lock=lock)

    def _restored(self, problem: str, lock: Lock) -> Journal:
        with told(self._path):
            self._end_check()
            missing_to_ms = self._now_ms()
            sums_path(self._path).unlink(missing_ok=True)
            replacement = sqlite_backup.replace_damaged(self._path, self._rules, time.time_ns() // 1_000_000)
        made_ms = replacement.backup.made_ms if replacement.backup else 0
        made = datetime.fromtimestamp(made_ms / 1000, UTC).isoformat(" ", "minutes")
        put = f"the backup of {made} replaces it" if made_ms else "there is no backup, and a new one is empty"
        log.error("%s is damaged: %s; it is kept as %s, %s", self._path, problem, replacement.aside.name, put)
        journal = Journal(self._path, lock=lock)
        try:
            with journal.transaction():
                journal.note_restored(made_ms, missing_to_ms)
        except BaseException:
            journal.close()
            raise
        return journal

    def _end_check(self) -> None:
        """A check that still has the file open would delete the log of the one that takes its place."""
        if self._watch is not None and not self._watch.stop(0):
            finding = "a check of the journal has not ended"
            raise JournalAway(self._path, finding, "check the disk; the collector tries again by itself")

    def _damage_of_closed(self, fault: Exception) -> str:
        """What is wrong with the file while nobody has it open; empty: nothing that can be found."""
        if not self._path.exists():
            return ""
        noticed = fault.difference if isinstance(fault, JournalDamaged) else None
        return closed_sums_problem(self._path, noticed) or sqlite_backup.damage(self._path, content_problem)
