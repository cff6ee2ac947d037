"""Records which rows InfluxDB rejected, and why; the rows themselves stay in the journal.

In:    a row and the reason.
Out:   the rows, to be tried again; the revision from which on more were rejected than fit.
Never: a value of a row; more than a bounded number of rows.

A damaged file is deleted. Which rows were rejected is unknown then, so the new file states: write all rows again, from
revision 0 on.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from collector.history.measures import HistoryAway, HistoryRow, Measure
from collector.sqlite_files.backup import is_disk_fault

MAX_ROWS: Final = 1000
_TABLES: Final = (
    (
        "CREATE TABLE IF NOT EXISTS refused (no INTEGER PRIMARY KEY AUTOINCREMENT, measure TEXT, tag TEXT,"
        " tags TEXT, at_ms INTEGER, reason TEXT, UNIQUE (measure, tags, at_ms))"
    ),
    "CREATE TABLE IF NOT EXISTS beyond (one INTEGER PRIMARY KEY CHECK (one = 1), rev INTEGER)",
)

log = logging.getLogger(__name__)


class RejectedRow(NamedTuple):
    """One row that InfluxDB rejects."""

    measure: Measure
    row: HistoryRow
    reason: str
    rev: int
    """Its revision in the journal."""


class RejectedRows:
    """A small file beside the journal, which has only one writer. The first rejection creates it.

    May be used from several threads. Every method raises HistoryAway when the file cannot be used now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def add(self, rows: Iterable[RejectedRow]) -> None:
        """Record rows; beyond MAX_ROWS only the lowest revision is kept, from which to write all rows again."""
        with self._use_connection() as db:
            for measure, row, reason, rev in rows:
                key = measure.name, "\x1f".join(row.tags), row.at_ms
                changed = db.execute(
                    "UPDATE refused SET reason = ? WHERE measure = ? AND tags = ? AND at_ms = ?", (reason[:500], *key)
                )
                if changed.rowcount:
                    continue
                (count,) = db.execute("SELECT count(*) FROM refused").fetchone()
                if count < MAX_ROWS:
                    db.execute(
                        "INSERT INTO refused (measure, tags, at_ms, tag, reason) VALUES (?, ?, ?, ?, ?)",
                        (*key, row.tags[0], reason[:500]),
                    )
                else:
                    db.execute(
                        "INSERT INTO beyond (one, rev) VALUES (1, ?)"
                        " ON CONFLICT DO UPDATE SET rev = min(rev, excluded.rev)",
                        (rev,),
                    )

    def remove_accepted(self, rows: Iterable[tuple[str, tuple[str, ...], int]]) -> None:
        """Remove rows, by measure, tags and start, that InfluxDB has accepted or that the journal no longer has."""
        if not self._path.exists():
            return
        with self._use_connection() as db:
            db.executemany(
                "DELETE FROM refused WHERE measure = ? AND tags = ? AND at_ms = ?",
                [(measure, "\x1f".join(tags), at_ms) for measure, tags, at_ms in rows],
            )

    def read_overflow_revision(self) -> int | None:
        """The lowest revision of the rows that did not fit; None: all fit."""
        if not self._path.exists():
            return None
        with self._use_connection() as db:
            found = db.execute("SELECT rev FROM beyond").fetchone()
            if found is not None and not isinstance(found[0], int):
                raise sqlite3.DatabaseError("a revision in it is not a number")
        return None if found is None else int(found[0])

    def clear_overflow(self) -> None:
        """Clear that revision, after all rows from it on have been written again."""
        with self._use_connection() as db:
            db.execute("DELETE FROM beyond")

    def remove_erased(self, measure: Measure, tag: str, before_ms: int) -> None:
        """Remove rows that the journal has erased; `tag` empty: of any first tag."""
        if not self._path.exists():
            return
        with self._use_connection() as db:
            db.execute(
                "DELETE FROM refused WHERE measure = ? AND (? = '' OR tag = ?) AND at_ms < ?",
                (measure.name, tag, tag, before_ms),
            )

    def remove_withdrawn(self, measure: Measure, tag: str, from_ms: int) -> None:
        """Remove rows that the journal has withdrawn; `tag` empty: of any last tag."""
        if not self._path.exists():
            return
        with self._use_connection() as db:
            db.execute(
                "DELETE FROM refused WHERE measure = ? AND (? = '' OR tags LIKE '%' || char(31) || ?) AND at_ms >= ?",
                (measure.name, tag, tag, from_ms),
            )

    def list_newest(self) -> list[tuple[str, tuple[str, ...], int, str]]:
        """Measure, tags, start of the bucket and reason of each row, the newest rejection first."""
        if not self._path.exists():
            return []
        with self._use_connection() as db:
            found = db.execute("SELECT measure, tags, at_ms, reason FROM refused ORDER BY no DESC").fetchall()
            if any(tuple(map(type, row)) != (str, str, int, str) for row in found):
                raise sqlite3.DatabaseError("a row in it has values of other types")
        return [(measure, tuple(tags.split("\x1f")), at_ms, reason) for measure, tags, at_ms, reason in found]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _use_connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._open_connection() as db:
                    yield db
            except sqlite3.Error as fault:
                if isinstance(fault, sqlite3.ProgrammingError | sqlite3.InterfaceError):
                    raise  # our bug
                if is_disk_fault(fault):
                    raise self._make_away(fault) from fault
                try:
                    self._start_new_file()
                except (OSError, sqlite3.Error) as second_fault:
                    raise self._make_away(second_fault) from second_fault
                log.warning("%s was damaged (%s) and was deleted; all history is written again", self._path, fault)
                raise HistoryAway(f"{self._path}: was damaged; all history is written again") from fault

    def _make_away(self, fault: Exception) -> HistoryAway:
        return HistoryAway(f"{self._path}: cannot be used ({fault}); check its disk and access rights")

    def _open_connection(self) -> sqlite3.Connection:
        if self._db is None:
            is_new = not self._path.exists()
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._db.execute("PRAGMA secure_delete = ON")
            if not is_new and self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'refused'").fetchone() is None:
                raise sqlite3.DatabaseError("its table is missing")
            for table in _TABLES:
                self._db.execute(table)
        return self._db

    def _start_new_file(self) -> None:
        """Replace the damaged file with a new one."""
        if self._db is not None:
            self._db.close()
            self._db = None
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(beside)) as db, db:
            for table in _TABLES:
                db.execute(table)
            db.execute("INSERT INTO beyond (one, rev) VALUES (1, 0)")
        self._path.with_name(f"{self._path.name}-journal").unlink(
            missing_ok=True
        )  # SQLite would apply it to the new file
        beside.replace(self._path)
