"""Checks the journal, backs it up, and puts a backup in the place of a damaged one.

In:    the journal's path, the plan, what is kept for how long, the time.
Out:   backups in the folder `backups`; the damage that was found; a restored journal and the period it lacks.
Never: a write to a journal that is in use. What takes long happens in a thread of its own, which only reads.

The check of a start runs beside the collector, so that it delays nothing. Each backup is checked too, and so are the
pages of the file against their checksums, once a day.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from collector import sqlite_backup
from collector.air import AirState
from collector.evidence import Evidence
from collector.history import HOUR_MS, tables
from collector.history.sqlite import connect
from collector.intake import FUTURE_MS
from collector.journal import AIR, Journal
from collector.journal_faults import JournalAway, JournalDamaged, JournalInUse, told
from collector.marks import ERASED, TAKEN_FROM
from collector.page_sums import closed_sums_problem, difference, first_page_problem, sums_path
from collector.plan import SitePlan
from collector.settings import RetentionSettings
from collector.sqlite_backup import BackupRules, SourceDamaged
from edge.file_access import access_problem
from edge.message import Kind
from edge.sqlite_transaction import transaction

FOLDER: Final = "backups"
KEEP: Final = 3
EVERY_MS: Final = 24 * HOUR_MS
LOOK_S: Final = 5.0
RETRY_S: Final = 60.0
REVISE_MS: Final = HOUR_MS
"""So often old events leave the backups."""
LEAD_MS: Final = 2 * HOUR_MS
"""They leave a backup so much earlier than the journal, so that they are never older there."""
ASIDE_MS: Final = HOUR_MS
"""A damaged file is kept for so long. It cannot be purged, and may hold events as old as any may be."""
STOP_S: Final = 10.0

_evidence: Final = msgspec.msgpack.Decoder(Evidence)
_air: Final = msgspec.msgpack.Decoder(AirState)

log = logging.getLogger(__name__)


class JournalGuard:
    """Looks after one journal: opens it, watches it while it is in use, replaces it when it is damaged."""

    def __init__(self, path: Path, plan: SitePlan, retention: RetentionSettings, now_ms: Callable[[], int]) -> None:
        self._path, self._plan, self._retention, self._now_ms = path, plan, retention, now_ms
        self._folder = path.parent / FOLDER
        self._rules = BackupRules(folder=self._folder, keep=KEEP, prepare=self._forget_old, check=content_problem)
        self._stop = threading.Event()
        self._problem = ""
        self._bug: Exception | None = None
        self._revised_ms: int | None = None
        self._fault = ""

    @contextmanager
    def watching(self, journal: Journal) -> Iterator[None]:
        """Check the journal and back it up while the block runs. The log is not cut until the first check is done."""
        journal.file_lock.acquire()
        self._stop.clear()
        thread = threading.Thread(target=self._run, args=(journal,), name="backups", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(STOP_S)

    def look(self) -> None:
        """Raise what the thread has found.

        Raises:
            JournalDamaged: the file is damaged.
            Exception: a bug of ours.
        """
        if self._bug is not None:
            raise self._bug
        if self._problem:
            problem, self._problem = self._problem, ""
            raise JournalDamaged(f"{self._path}: {problem}")

    def open_journal(self) -> Journal:
        """The journal, or, if it is damaged so much that it cannot be opened, the newest good backup in its place.

        Raises:
            JournalAway, JournalInUse: it cannot be opened now.
            JournalRejected: a later Ledig wrote it.
        """
        with told(self._path):
            sqlite_backup.complete(self._path)
            problem = first_page_problem(self._path)
        if problem:  # once it is opened, SQLite would change the file by what its first page claims
            return self.replaced(JournalDamaged(problem))
        try:
            return Journal(self._path)
        except (JournalAway, JournalInUse):
            raise
        except Exception as fault:  # noqa: BLE001 - a damaged file can make any statement fail in any way
            return self.replaced(fault)

    def replaced(self, fault: Exception) -> Journal:
        """The newest good backup in the place of the journal, if damage is behind the fault; nobody may have it open.

        Raises:
            JournalAway: the disk refuses; the damaged file is still in its place, or is found damaged again.
            Exception: `fault`, if the file is good.
        """
        with told(self._path):
            finding = str(fault) if isinstance(fault, JournalDamaged) else self._damage_of_closed()
            if not finding:
                raise fault
            missing_to_ms = self._now_ms()
            sums_path(self._path).unlink(missing_ok=True)
            replacement = sqlite_backup.replace_damaged(self._path, self._rules, _real_ms())
        made_ms = replacement.backup.made_ms if replacement.backup else 0
        made = datetime.fromtimestamp(made_ms / 1000, UTC).isoformat(" ", "minutes")
        put = f"the backup of {made} replaces it" if made_ms else "there is no backup, and a new one is empty"
        problem = finding.removeprefix(f"{self._path}: ")
        log.error("%s is damaged: %s; it is kept as %s, %s", self._path, problem, replacement.aside.name, put)
        journal = Journal(self._path)
        try:
            with journal.transaction():
                journal.note_restored(made_ms, missing_to_ms)
        except BaseException:
            journal.close()
            raise
        return journal

    def _damage_of_closed(self) -> str:
        """What is wrong with the file while nobody has it open; empty: nothing that can be found."""
        if not self._path.exists():
            return ""
        return closed_sums_problem(self._path) or sqlite_backup.damage(self._path, content_problem)

    # What the thread does

    def _run(self, journal: Journal) -> None:
        try:
            try:
                self._verify(journal)  # `watching` holds the lock for it
            finally:
                journal.file_lock.release()
            while not self._problem:
                self._attempt(lambda: self._look_after(journal))
                if self._stop.wait(RETRY_S if self._fault else LOOK_S):
                    return
        except Exception as bug:  # noqa: BLE001 - it is raised again where the collector looks
            self._bug = bug

    def _look_after(self, journal: Journal) -> None:
        """Keep retention in the backups; check and back up once a day."""
        now_ms = self._now_ms()
        if self._revised_ms is None or not 0 <= now_ms - self._revised_ms < REVISE_MS:
            sqlite_backup.revise(self._path, self._folder, self._forget_old)
            sqlite_backup.forget_damaged(self._path, _real_ms(), ASIDE_MS)
            self._revised_ms = now_ms
        found = sqlite_backup.backups(self._path, self._folder)
        if not sqlite_backup.is_due(found, now_ms, EVERY_MS):
            return
        with journal.file_lock:
            self._verify(journal)
        if not self._problem:
            sqlite_backup.back_up(self._path, self._rules, now_ms)

    def _verify(self, journal: Journal) -> None:
        """Compare the pages with their checksums, and let SQLite check the rest. The log is not cut meanwhile."""

        def verify() -> None:
            pages = journal.page_sums
            found = pages.read()
            expected = journal.stored_sums if pages.sums is None else pages.sums
            problem = "" if expected is None else difference(expected, found)
            self._problem = problem or sqlite_backup.damage(self._path, content_problem)
            if not self._problem and pages.sums is None:
                pages.sums = found
                pages.after_checkpoint()

        self._attempt(verify)

    def _attempt(self, work: Callable[[], None]) -> None:
        """Do a piece of work; a disk that refuses is reported once, and the work is done again later."""
        try:
            work()
        except SourceDamaged as fault:
            self._problem = str(fault).removeprefix(f"{self._path}: ")
        except (OSError, sqlite3.Error) as fault:
            if str(fault) != self._fault:
                log.warning("the journal is not backed up: %s; trying again", access_problem(self._path) or fault)
            self._fault = str(fault)
        else:
            self._fault = ""

    def _forget_old(self, connection: sqlite3.Connection) -> None:
        """Erase from a backup what the journal has erased, or erases soon; by what the journal believes the time is."""
        with closing(connect(self._path)) as journal:
            row = journal.execute("SELECT value FROM meta WHERE name = ?", (ERASED,)).fetchone()
        if row is None:
            return
        erased_ms, before_ms = row[0], row[0] + LEAD_MS
        with transaction(connection):
            _erase(connection, before_ms, erased_ms + self._retention.raw_hours * HOUR_MS + FUTURE_MS)
            now_ms = erased_ms + self._retention.raw_hours * HOUR_MS
            tables.erase(connection, self._plan, self._retention, now_ms)


def _erase(connection: sqlite3.Connection, before_ms: int, undated_after_ms: int) -> None:
    connection.execute("DELETE FROM event WHERE at_ms < ?", (before_ms,))
    connection.execute("DELETE FROM event WHERE at_ms > ? AND NOT synchronised", (undated_after_ms,))
    for table in ("transition", "quarantine", "crowd"):
        connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (before_ms,))  # noqa: S608 - our own names
    for name in (ERASED, TAKEN_FROM):  # late events from before it would be judged without those that are gone
        connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (name, before_ms),
        )


def content_problem(connection: sqlite3.Connection) -> str:
    """What is wrong with the content of a journal that SQLite can read; empty: nothing."""
    known = {kind.value for kind in Kind}
    for (kind,) in connection.execute("SELECT kind FROM kind"):
        if kind not in known:
            return f"no kind of event is named {kind!r}"
    for name, body in connection.execute(
        "SELECT space, body FROM settled UNION ALL SELECT space, body FROM checkpoint"
    ):
        try:
            if name.startswith(AIR):
                _air.decode(body)
            elif ":" not in name:
                _evidence.decode(body)
        except (ValueError, RecursionError) as fault:
            return f"what is kept of {name!r} cannot be read: {fault}"
    return ""


def _real_ms() -> int:
    return time.time_ns() // 1_000_000
