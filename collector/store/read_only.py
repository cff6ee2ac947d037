"""Reads a journal while a collector may be writing it.

In:    the journal's file.
Out:   its tables, for one short and consistent read.
Never: writes, WAL checkpoints or long reads; the collector is not disturbed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from collector.history.measures import HistoryAway
from collector.history.sqlite import connect_read_only
from collector.store.journal_tables import JournalTables


@contextmanager
def read_journal(path: Path) -> Iterator[JournalTables]:
    """Open a journal to read its tables during the block.

    Raises:
        HistoryAway: it cannot be read.
    """
    with closing(connect_read_only(path)) as db:
        try:
            db.execute("BEGIN")
            yield JournalTables(db)
        except sqlite3.Error as fault:
            raise HistoryAway(f"{path}: cannot be read ({fault}); is it a journal of Ledig?") from fault
