"""Remembers which rows InfluxDB refused, and why; the rows themselves stay in the journal.

In:    a row and the reason.
Out:   the rows, to be tried again; from which revision on more were refused than there is room for.
Never: a figure of a row; more than a bounded number of rows.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from collector.history import HistoryAway, Measure, Row

MOST_ROWS: Final = 1000


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
            raise HistoryAway(f"{self._path}: cannot be used ({fault}); check its disk and access rights") from fault

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = sqlite3.connect(self._path, check_same_thread=False)
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS refused (no INTEGER PRIMARY KEY AUTOINCREMENT, measure TEXT, tag TEXT,"
                " tags TEXT, at_ms INTEGER, reason TEXT, UNIQUE (measure, tags, at_ms))"
            )
            self._db.execute("CREATE TABLE IF NOT EXISTS beyond (one INTEGER PRIMARY KEY CHECK (one = 1), rev INTEGER)")
        return self._db
