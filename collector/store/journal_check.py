"""Checks whether a collector can open a journal, for `ledig collector --check`.

In:    the journal's path.
Out:   nothing if it can be opened, or created; else the error of its start.
Never: a change: no migration, no lock, no file that stays.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from collector.sqlite_files.migration import check_version
from collector.store.journal import GROWTH_CHECK_BYTES
from collector.store.journal_faults import make_lock_file_error, translate_errors
from collector.store.journal_schema import MIGRATION_STEPS
from edge.process.file_access import find_access_problem, find_obstacle


def check_journal(path: Path) -> None:
    """Check that a collector can open this journal and write it, or create it.

    A damaged journal counts as a problem, although a collector would replace it with a backup.

    Raises:
        JournalAway, JournalRejected: as when it is opened.
    """
    folder = Path(os.path.realpath(path)).parent  # a link may name a file that SQLite would create
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(GROWTH_CHECK_BYTES))
    except OSError as fault:
        raise make_lock_file_error(path, fault) from fault
    if find_obstacle(path) or find_access_problem(path):
        raise make_lock_file_error(path, PermissionError())
    if not path.exists():
        return
    with translate_errors(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        check_version(db, MIGRATION_STEPS)
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
