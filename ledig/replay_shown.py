"""Reads what the collector showed out of its journal, while it is still there.

In:    the journal's file, read-only; how far house time is.
Out:   every transition of every space since the start; how much was stored.
Never: a write. The collector alone writes, and erases single transitions after 72 hours of house time.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from collector.history import HOUR_MS
from collector.settings import RAW_HOURS_CEILING

READ_EVERY_MS: Final = 12 * HOUR_MS
"""Of house time: well within what the journal keeps."""
_KEPT_MS: Final = (RAW_HOURS_CEILING - 12) * HOUR_MS
"""What is younger is surely still there, and may still be corrected by a late event."""


class Shown:
    """The transitions (moment, state) of each space, oldest first, as far as they were read."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.transitions: dict[str, list[tuple[int, str]]] = {}

    def read(self, now_ms: int) -> None:
        """Take what the journal holds; it replaces what was read before of the same hours."""
        with closing(self._open()) as journal:
            rows = journal.execute("SELECT space, at_ms, state FROM transition ORDER BY space, at_ms").fetchall()
        from_ms = now_ms - _KEPT_MS
        for space, before in self.transitions.items():
            self.transitions[space] = [transition for transition in before if transition[0] < from_ms]
        for space, at_ms, state in rows:
            known = self.transitions.setdefault(space, [])
            if not known or at_ms > known[-1][0]:
                known.append((at_ms, state))

    def stored(self, device: str, stream: str) -> int:
        """How many events of a stream are stored."""
        with closing(self._open()) as journal:
            mark = journal.execute(
                "SELECT seq FROM stream WHERE device = ? AND stream = ?", (device, stream)
            ).fetchone()
            (gone,) = journal.execute(
                "SELECT coalesce(sum(last - first + 1), 0) FROM gap WHERE device = ? AND stream = ?", (device, stream)
            ).fetchone()
        return (mark[0] if mark else 0) - int(gone)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # the collector alone checkpoints
        return connection
