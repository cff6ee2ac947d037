"""Remembers which rows InfluxDB refused, and why; the rows themselves stay in the journal.

In:    a row and the reason.
Out:   the rows, to be tried again; from which revision on more were refused than there is room for.
Never: a figure of a row; more than a bounded number of rows.

A damaged file is deleted. Nobody knows then which rows were rejected, so the new file says: from revision 0 on, write
all of them again.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from collector.history import HistoryAway, Measure, Row
from collector.sqlite_backup import is_of_disk

MOST_ROWS: Final = 1000
_TABLES: Final = (
    (
        "CREATE TABLE IF NOT EXISTS refused (no INTEGER PRIMARY KEY AUTOINCREMENT, measure TEXT, tag TEXT,"
        " tags TEXT, at_ms INTEGER, reason TEXT, UNIQUE (measure, tags, at_ms))"
    ),
    "CREATE TABLE IF NOT EXISTS beyond (one INTEGER PRIMARY KEY CHECK (one = 1), rev INTEGER)",
)

log = logging.getLogger(__name__)


class RejectedRow(NamedTuple):
    """One row that InfluxDB does not take."""

    measure: Measure
    row: Row
    reason: str
    rev: int
    """Its revision in the journal."""


class RefusedRows:
    """A small file of its own beside the journal, which has one writer only. It is made by the first refusal.

    May be used from several threads. Every method raises HistoryAway when the file cannot be used now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def add(self, rows: Iterable[RejectedRow]) -> None:
        """Put rows aside; beyond MOST_ROWS only the least revision is kept, from which to write all again."""
        with self._opened() as db:
            for measure, row, reason, rev in rows:
                place = measure.name, "\x1f".join(row.tags), row.at_ms
                changed = db.execute(
                    "UPDATE refused SET reason = ? WHERE measure = ? AND tags = ? AND at_ms = ?", (reason[:500], *place)
                )
                if changed.rowcount:
                    continue
                (count,) = db.execute("SELECT count(*) FROM refused").fetchone()
                if count < MOST_ROWS:
                    db.execute(
                        "INSERT INTO refused (measure, tags, at_ms, tag, reason) VALUES (?, ?, ?, ?, ?)",
                        (*place, row.tags[0], reason[:500]),
                    )
                else:
                    db.execute(
                        "INSERT INTO beyond VALUES (1, ?) ON CONFLICT DO UPDATE SET rev = min(rev, excluded.rev)",
                        (rev,),
                    )

    def accept(self, rows: Iterable[tuple[str, tuple[str, ...], int]]) -> None:
        """Forget rows that InfluxDB has taken, or that the journal has no longer: measure, tags and start of each."""
        if not self._path.exists():
            return
        with self._opened() as db:
            db.executemany(
                "DELETE FROM refused WHERE measure = ? AND tags = ? AND at_ms = ?",
                [(measure, "\x1f".join(tags), at_ms) for measure, tags, at_ms in rows],
            )

    def beyond(self) -> int | None:
        """The least revision of the rows for which there was no room; None: there are none."""
        if not self._path.exists():
            return None
        with self._opened() as db:
            found = db.execute("SELECT rev FROM beyond").fetchone()
            if found is not None and not isinstance(found[0], int):
                raise sqlite3.DatabaseError("a revision in it is not a number")
        return None if found is None else int(found[0])

    def forget_beyond(self) -> None:
        """All rows from that revision on have been written again."""
        with self._opened() as db:
            db.execute("DELETE FROM beyond")

    def erase(self, measure: Measure, tag: str, before_ms: int) -> None:
        """Forget rows that the journal has forgotten; `tag` empty: of any first tag."""
        if not self._path.exists():
            return
        with self._opened() as db:
            db.execute(
                "DELETE FROM refused WHERE measure = ? AND (? = '' OR tag = ?) AND at_ms < ?",
                (measure.name, tag, tag, before_ms),
            )

    def take_back(self, measure: Measure, tag: str, from_ms: int) -> None:
        """Forget rows that the journal has taken back; `tag` empty: of any last tag."""
        if not self._path.exists():
            return
        with self._opened() as db:
            db.execute(
                "DELETE FROM refused WHERE measure = ? AND (? = '' OR tags LIKE '%' || char(31) || ?) AND at_ms >= ?",
                (measure.name, tag, tag, from_ms),
            )

    def newest(self) -> list[tuple[str, tuple[str, ...], int, str]]:
        """Measure, tags, start of the bucket and reason, the newest refusal first."""
        if not self._path.exists():
            return []
        with self._opened() as db:
            found = db.execute("SELECT measure, tags, at_ms, reason FROM refused ORDER BY no DESC").fetchall()
            if any(tuple(map(type, row)) != (str, str, int, str) for row in found):
                raise sqlite3.DatabaseError("a row in it has values of other types")
        return [(measure, tuple(tags.split("\x1f")), at_ms, reason) for measure, tags, at_ms, reason in found]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._connection() as db:
                    yield db
            except sqlite3.Error as fault:
                if isinstance(fault, sqlite3.ProgrammingError | sqlite3.InterfaceError):
                    raise  # our bug
                if is_of_disk(fault):
                    raise self._away(fault) from fault
                try:
                    self._begin_anew()
                except (OSError, sqlite3.Error) as still:
                    raise self._away(still) from still
                log.warning("%s was damaged (%s) and was deleted; all history is written again", self._path, fault)
                raise HistoryAway(f"{self._path}: was damaged; all history is written again") from fault

    def _away(self, fault: Exception) -> HistoryAway:
        return HistoryAway(f"{self._path}: cannot be used ({fault}); check its disk and access rights")

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            is_new = not self._path.exists()
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._db.execute("PRAGMA secure_delete = ON")
            if not is_new and self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'refused'").fetchone() is None:
                raise sqlite3.DatabaseError("its table is missing")
            for table in _TABLES:
                self._db.execute(table)
        return self._db

    def _begin_anew(self) -> None:
        """Put a new file in the place of the damaged one."""
        if self._db is not None:
            self._db.close()
            self._db = None
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(beside)) as db, db:
            for table in _TABLES:
                db.execute(table)
            db.execute("INSERT INTO beyond VALUES (1, 0)")
        self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)  # SQLite would apply it to the new
        beside.replace(self._path)
