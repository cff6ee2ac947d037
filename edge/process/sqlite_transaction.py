"""One SQLite transaction: committed as a whole, or rolled back unless SQLite has already rolled it back.

In:    a connection in autocommit mode (`isolation_level=None`).
Out:   the block's changes on disk when the block ends, or none of them and the block's own error.
Never: an error of the rollback that hides the error that caused it.

After a full disk, a failed read or a damaged page, SQLite ends the transaction itself. A ROLLBACK after that fails
with "cannot rollback - no transaction is active", which would hide the cause.
Source: SQLite, "Response To Errors Within A Transaction".
"""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one write transaction.

    Raises:
        sqlite3.Error: the block or its commit failed; nothing is stored.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
