"""Reads history from the journal's own file.

In:    the path of the journal.
Out:   rows.
Never: a write, a checkpoint, a long read: only the collector owns the file.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from collector.history import tables
from collector.history.measures import HistoryAway, HistoryRow, Measure
from collector.sqlite_files.backup import is_damage
from edge.process.file_access import find_access_problem, find_obstacle


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a read-only connection.

    Raises:
        HistoryAway: there is no such file yet, or it cannot be read.
    """
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5, check_same_thread=False)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA query_only = ON")
    except sqlite3.Error as fault:
        raise make_away(path, fault) from fault
    return db


def make_away(path: Path, fault: sqlite3.Error) -> HistoryAway:
    """The error that a failed read raises."""
    return HistoryAway(f"{path}: cannot be read ({fault}); {_find_remedy(path, fault)}")


def _find_remedy(path: Path, fault: sqlite3.Error) -> str:
    if obstacle := find_obstacle(path):
        return "; ".join(obstacle)
    if not os.path.lexists(path):
        return "the collector creates it when it first starts"
    if is_damage(fault):
        return "the collector replaces a damaged journal with its newest backup when it starts"
    return find_access_problem(path) or "check its disk"


class SqliteHistory:
    """A HistoryReader over the journal. Each call opens the file again: a short read never holds back the log."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_rows(self, measure: Measure, from_ms: int, to_ms: int, **wanted: str) -> list[HistoryRow]:
        """See HistoryReader."""
        with closing(connect_read_only(self._path)) as db:
            try:
                db.execute("BEGIN")  # one snapshot for all series
                return [
                    row
                    for tags in tables.iterate_series(db, measure)
                    if all(tags[measure.tags.index(tag)] == value for tag, value in wanted.items())
                    for row in tables.read_rows(db, measure, tags, from_ms, to_ms)
                ]
            except sqlite3.Error as fault:
                raise make_away(self._path, fault) from fault

    def close(self) -> None:
        """Do nothing: nothing stays open between calls."""
