"""Remembers which rows InfluxDB refused, and why; the rows themselves stay in the journal.

In:    a row and the reason.
Out:   the newest of them, and how many there were.
Never: a figure of a row; more than a bounded number of rows.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from collector.history import HistoryAway, Measure, Row

MOST_ROWS: Final = 1000


class RefusedRows:
    """A small file of its own beside the journal, which has one writer only. It is made by the first refusal.

    May be used from several threads. Every method raises HistoryAway when the file cannot be used now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def add(self, measure: Measure, row: Row, reason: str) -> None:
        """Put a row aside; the oldest of more than MOST_ROWS is forgotten."""
        with self._opened() as db:
            db.execute(
                "INSERT OR REPLACE INTO refused (measure, tag, tags, at_ms, reason) VALUES (?, ?, ?, ?, ?)",
                (measure.name, row.tags[0], "\x1f".join(row.tags), row.at_ms, reason[:500]),
            )
            db.execute("DELETE FROM refused WHERE no <= (SELECT max(no) FROM refused) - ?", (MOST_ROWS,))

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
        return [(measure, tuple(tags.split("\x1f")), at_ms, reason) for measure, tags, at_ms, reason in found]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._connection() as db:
                yield db
        except sqlite3.Error as fault:
            raise HistoryAway(f"{self._path}: cannot be used ({fault}); look at its disk and its rights") from fault

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS refused (no INTEGER PRIMARY KEY AUTOINCREMENT, measure TEXT, tag TEXT,"
                " tags TEXT, at_ms INTEGER, reason TEXT, UNIQUE (measure, tags, at_ms))"
            )
        return self._db
