"""The journal's write-ahead log: opened with it, bounded, and written into the file without wrong page checksums.

In:    the path of the journal.
Out:   an open connection; a log that stays small, in which erased data does not remain.
Never: rows.
"""

import contextlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from collector.sqlite_files.migration import MigrationStep, check_version, migrate_schema
from collector.sqlite_files.page_checksums import PageSums
from collector.store.journal_faults import (
    make_full_log_error,
    make_lock_file_error,
    make_missing_log_error,
    translate_errors,
)
from collector.store.journal_schema import MIGRATION_STEPS
from edge.process.file_access import find_access_problem, find_obstacle, make_private

MAX_LOCK_WAIT_S: Final = 0.5
"""The longest time that a reader or another program may delay the loop."""
TRUNCATE_LOG_BYTES: Final = 4 * 1024 * 1024
"""A write-ahead log of this size is written into the file."""
MAX_LOG_BYTES: Final = 60 * 1024 * 1024
"""Hard limit of the log's size, even while a reader prevents a checkpoint."""

_TRIAL_BYTES: Final = 256 * 1024


class JournalLog:
    """The write-ahead log of one open journal.

    Attributes:
        file_lock: held while a reader needs the file unchanged.
        page_sums: the checksums of the file's pages.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection
        self._log = path.with_name(f"{path.name}-wal")
        self._truncate_at_bytes = TRUNCATE_LOG_BYTES
        self.file_lock = threading.Lock()
        self.page_sums = PageSums(path)

    def enforce_bound(self) -> None:
        """Truncate the log when it has grown. A reader that blocks this for long stops the collector, not the disk.

        Raises:
            JournalAway: the log has its full size and cannot be truncated. What is committed stays; devices keep the
                rest.
        """
        size = self._read_bytes()
        if size < self._truncate_at_bytes:
            return
        if self.truncate():
            self._truncate_at_bytes = TRUNCATE_LOG_BYTES
        else:
            self._truncate_at_bytes = min(size + TRUNCATE_LOG_BYTES // 4, MAX_LOG_BYTES)
            if size >= MAX_LOG_BYTES:
                raise make_full_log_error(self._path)

    def _read_bytes(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def truncate(self, *, closing: bool = False) -> bool:
        """Write the log into the file and truncate it, so that no erased data is left in it.

        Args:
            closing: the journal is closed afterwards.

        Returns:
            Whether it is done. A reader or a running check of the file delays it.
        """
        if not self.file_lock.acquire(blocking=False):
            return False
        try:
            with translate_errors(self._path):
                self.page_sums.before_checkpoint()
                self._connection.execute("PRAGMA busy_timeout = 0")
                try:
                    (blocked, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {int(MAX_LOCK_WAIT_S * 1000)}")
                if not blocked:
                    with contextlib.suppress(OSError):  # without checksums, SQLite's own check still covers the file
                        self.page_sums.after_checkpoint(closing=closing)
                return not blocked
        finally:
            self.file_lock.release()


def check_journal(path: Path) -> None:
    """Check that a collector can open this journal and write it, or create it.

    A damaged journal counts as a problem, although a collector would replace it with a backup.

    Raises:
        JournalAway, JournalRejected: as when it is opened.
    """
    folder = Path(os.path.realpath(path)).parent  # a link may name a file that SQLite would create
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(_TRIAL_BYTES))
    except OSError as fault:
        raise make_lock_file_error(path, fault) from fault
    if find_obstacle(path) or find_access_problem(path):
        raise make_lock_file_error(path, PermissionError())
    if not path.exists():
        return
    with translate_errors(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        check_version(db, MIGRATION_STEPS)
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def open_connection(path: Path, steps: Sequence[MigrationStep]) -> sqlite3.Connection:
    """Open the journal, bring its tables to this version, and start its log."""
    make_private(path)
    connection = sqlite3.connect(path, timeout=MAX_LOCK_WAIT_S, isolation_level=None)
    try:
        _start_log(connection, path)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `truncate` does it and keeps the page checksums
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        connection.execute("PRAGMA secure_delete = ON")  # erased data cannot be read in the file
        migrate_schema(connection, steps)
    except BaseException:
        connection.close()
        raise
    return connection


def _start_log(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to a write-ahead log. If the disk fails here, SQLite continues without one and reports no error."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise make_missing_log_error(path)
