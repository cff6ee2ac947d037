"""Events that are not stored: the gaps of streams, and the quarantine of rejected input; both are bounded.

In:    gaps and rejections of one batch, inside the journal's transaction.
Out:   rows; whether a repeated event is one of those that were rejected or lost.
Never: transactions of its own; more rows than the bounds.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from collector.contract.loss_reasons import LossReason
from collector.intake.fair_share import plan_evictions
from collector.intake.intake import RepeatedEvent, StreamKey
from collector.intake.rejection import RejectedInput, StreamGap
from collector.store.journal_tables import JournalTables

QUARANTINE_ROWS: Final = 1000
QUARANTINE_BYTES: Final = 2048
"""Most bytes that are kept of one rejected payload."""
GAP_ROWS: Final = 100_000
_BOUNDED: Final = {
    "gap": ("device", "device, stream, first", "at_ms, stream, first"),
    "quarantine": (f"CASE reason WHEN '{LossReason.UNKNOWN_DEVICE}' THEN '' ELSE device END", "no", "no"),
}
"""For each bounded table: SQL for a row's owner, its key, and its order by age. Unknown devices share one owner."""


class RejectionTables:
    """The tables `gap` and `quarantine` of the journal that the collector writes."""

    def __init__(self, connection: sqlite3.Connection, tables: JournalTables) -> None:
        self._connection, self._tables = connection, tables

    def add_gaps(self, gaps: Iterable[StreamGap], now_ms: int) -> None:
        """Record events that are not stored and never will be."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO gap (device, stream, first, last, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
            [(*g, now_ms) for g in gaps],
        )
        self._enforce_bound("gap", GAP_ROWS, GAP_ROWS // 100)

    def add_rejected(self, refused: Iterable[RejectedInput], now_ms: int) -> None:
        """Store rejections in the quarantine. At its bound the oldest are dropped and counted.

        A repeated message is only counted: its sender cannot stop repeating it.
        """
        for number, r in enumerate(refused, 1):
            if number % QUARANTINE_ROWS == 0:  # a batch may hold many times more, and each is compared with all
                self._enforce_bound("quarantine", QUARANTINE_ROWS, 0)
            payload = r.payload[:QUARANTINE_BYTES]
            if not r.first and self._count_again(r, payload):
                continue
            self._connection.execute(
                "INSERT INTO quarantine (at_ms, device, reason, payload, stream, first, last, sensor, field)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now_ms, r.device, r.reason, payload, r.stream, r.first, r.last, r.sensor, r.field),
            )
        self._enforce_bound("quarantine", QUARANTINE_ROWS, 0)

    def _count_again(self, refused: RejectedInput, payload: bytes) -> bool:
        same = self._connection.execute(
            "UPDATE quarantine SET times = times + 1"
            " WHERE device = ? AND stream = ? AND first = 0 AND reason = ? AND field = ? AND payload = ?",
            (refused.device, refused.stream, refused.reason, refused.field, payload),
        )
        return same.rowcount > 0

    def is_known(self, repeat: RepeatedEvent) -> bool:
        """Whether a repeated event may be one that was rejected or lost with its sequence number."""
        key = repeat.device, repeat.stream
        refused = self._connection.execute(
            "SELECT payload FROM quarantine WHERE device = ? AND stream = ? AND first <= ? AND last >= ?",
            (*key, repeat.seq, repeat.seq),
        ).fetchall()
        if refused:
            return any(payload in (b"", repeat.payload[:QUARANTINE_BYTES]) for (payload,) in refused)
        return self._is_in_gap(key, repeat.seq)

    def _is_in_gap(self, key: StreamKey, seq: int) -> bool:
        """Whether an event lies in a gap."""
        found = self._connection.execute(
            "SELECT last FROM gap WHERE device = ? AND stream = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            (*key, seq),
        ).fetchone()
        return found is not None and found[0] >= seq

    def erase_rejected(self, before_ms: int) -> None:
        """Erase rejections from before a moment."""
        self._connection.execute("DELETE FROM quarantine WHERE at_ms < ?", (before_ms,))

    def clear_gap_times(self, before_ms: int) -> None:
        """Clear the report time of gaps reported before a moment; keep which events are missing, and why."""
        self._connection.execute("UPDATE gap SET at_ms = 0 WHERE at_ms > 0 AND at_ms < ?", (before_ms,))

    def _enforce_bound(self, table: str, most: int, spare: int) -> None:
        """Once a table has more than `most` rows, delete the oldest rows of owners with the most, and count them.

        Args:
            table: `gap` or `quarantine`.
            most: how many rows may stay.
            spare: how many more to delete, so that the next rows do not cost the same again.
        """
        (rows,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
        if rows <= most:
            return
        owner, key, order = _BOUNDED[table]
        row_counts = dict(self._connection.execute(f"SELECT {owner}, count(*) FROM {table} GROUP BY 1"))  # noqa: S608
        gone = plan_evictions(row_counts, rows - most + spare)
        for device, number in gone.items():
            self._connection.execute(
                f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608
                f" (SELECT {key} FROM {table} WHERE {owner} = ? ORDER BY {order} LIMIT ?)",
                (device, number),
            )
        name = f"{table}_dropped"
        self._tables.store_number(name, (self._tables.read_number(name) or 0) + sum(gone.values()))
