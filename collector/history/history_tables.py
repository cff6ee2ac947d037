"""The tables of history in one open journal, for modules that must not use its connection.

In:    the journal's connection.
Out:   the functions of `tables` and `hourly_means` on that connection.
Never: transactions of its own.
"""

import sqlite3
from functools import partial

from collector.history import hourly_means, tables


class HistoryTables:
    """The history of one journal. Write inside the journal's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.read_identity = partial(tables.read_identity, db)
        self.renew_identity = partial(tables.renew_identity, db)
        self.read_rows = partial(tables.read_rows, db)
        self.has_row_before = partial(tables.has_row_before, db)
        self.upsert_rows = partial(tables.upsert_rows, db)
        self.replace_rows = partial(tables.replace_rows, db)
        self.withdraw_rows = partial(tables.withdraw_rows, db)
        self.erase_expired_rows = partial(tables.erase_expired_rows, db)
        self.read_hourly_free = partial(hourly_means.read_hourly_free, db)
        self.read_hourly_people = partial(hourly_means.read_hourly_people, db)
