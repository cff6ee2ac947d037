"""Copies the journal's history to InfluxDB.

In:    the journal's file, read only; the address of InfluxDB.
Out:   the same rows there, and a cursor that states how far they go.
Never: a write to the journal. InfluxDB may be away for days; if it comes back empty, it is filled from the journal.

The cursor is a point in InfluxDB itself, written after its rows: a server that lost the rows has lost the cursor too.
It is read at the start, after every fault and every minute. Rows overwrite themselves, so writing some twice is
harmless.
"""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from collector.configuration.collector_settings import InfluxSettings
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.history import line_protocol, sqlite, tables
from collector.history.influxdb import DatabaseAway, InfluxAway, InfluxClient, LinesRejected
from collector.history.measures import HistoryAway, HistoryRow, Measure
from collector.history.refused_rows import RejectedRow, RejectedRows
from collector.history.tables import ChangedRow
from edge.timekeeping.durations import DAY_MS

BATCH_ROWS: Final = 5000
POLL_S: Final = 0.5
"""How often it looks for new rows in the journal."""
CHECK_CURSOR_EVERY_S: Final = 60.0
"""How often it checks that InfluxDB still has what was written."""
MAX_PROJECTION_PAUSE_S: Final = 30.0
RETRY_S: Final = 30.0
MAX_RETRY_S: Final = 600.0

log = logging.getLogger(__name__)


class Projection:
    """One thread that keeps InfluxDB equal to the journal, from `start` to `close`.

    Args:
        journal_path: the collector's journal; it may appear later.
        settings: where InfluxDB is.
        now_ms: site time, Unix milliseconds; may be called by any thread.
        check_s: how often it looks whether InfluxDB was emptied, in real seconds.
        retry_s: after how long it first tries again what InfluxDB rejected, in real seconds; the pauses grow.
    """

    def __init__(
        self,
        journal_path: Path,
        settings: InfluxSettings,
        now_ms: Callable[[], int],
        *,
        check_s: float = CHECK_CURSOR_EVERY_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self.rejected = RejectedRows(journal_path.with_name("refused.sqlite"))
        self._journal_path = journal_path
        self._settings = settings
        self._now_ms = now_ms
        self._check_s, self._retry_s = check_s, retry_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)
        self._fault: CollectorFault | None = None
        self._rejection_fault: CollectorFault | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current batch. The next start writes the rest."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)
        self.rejected.close()

    def find_fault(self) -> CollectorFault | None:
        """What keeps history from InfluxDB now; None: nothing. The log has the details."""
        return self._fault or self._rejection_fault

    def _run(self) -> None:
        pause_s = POLL_S
        while not self._stop.is_set():
            try:
                with closing(_Follower(self._journal_path, self._settings, self.rejected, self._now_ms)) as follower:
                    self._copy_changes(follower)
            except HistoryAway as fault:
                pause_s = (
                    min(MAX_PROJECTION_PAUSE_S, pause_s * 2) if self._fault else POLL_S
                )  # the first fault after a success
                self._report_fault(fault)
                self._stop.wait(pause_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret

    def _report_fault(self, fault: HistoryAway) -> None:
        """Report a fault: its kind for the status, and the full text in the log if it is new."""
        reported = fault.fault if isinstance(fault, InfluxAway) else CollectorFault(FaultKind.HISTORY_NOT_COPIED)
        if reported != self._fault:
            log.warning("%s", fault)
        self._fault = reported

    def _copy_changes(self, follower: "_Follower") -> None:
        """Write changes until `close`. Raises HistoryAway."""
        check_at = 0.0
        retry_at, pause_s = time.monotonic(), self._retry_s
        while not self._stop.is_set():
            if time.monotonic() >= check_at:
                follower.find_cursor()
                check_at = time.monotonic() + self._check_s
            more = follower.advance()
            if time.monotonic() >= retry_at:
                pause_s = self._retry_s if follower.retry() else min(2 * pause_s, MAX_RETRY_S)
                retry_at = time.monotonic() + pause_s * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
            self._note_rejected()
            if self._fault:
                log.warning("history is written to InfluxDB again")
            self._fault = None
            if not more:
                self._stop.wait(POLL_S)

    def _note_rejected(self) -> None:
        """Report how many rows InfluxDB rejects, and why; log when that begins and when it ends."""
        rows = self.rejected.list_newest()
        if not rows:
            if self._rejection_fault:
                log.warning("InfluxDB has accepted the rows of history that it had rejected")
            self._rejection_fault = None
            return
        if not self._rejection_fault:
            measure, _, _, reason = rows[0]
            log.error(
                "InfluxDB rejects rows of history, the last one of %s (%s); they stay in the journal and are tried"
                " again: correct the cause in InfluxDB, such as a field that somebody wrote with another type",
                measure,
                ascii(reason)[1:201],
            )
        has_more = self.rejected.read_overflow_revision() is not None
        kind = FaultKind.MANY_ROWS_REJECTED if has_more else FaultKind.ROWS_REJECTED
        self._rejection_fault = CollectorFault(kind, rows=len(rows))


class _Follower:
    """One connection to InfluxDB, and how far it has been written."""

    def __init__(
        self, journal_path: Path, settings: InfluxSettings, refused: RejectedRows, now_ms: Callable[[], int]
    ) -> None:
        self._journal_path, self._now_ms = journal_path, now_ms
        self._influx = InfluxClient(settings)
        self._refused = refused
        self._history = ""
        self._rev = 0
        self._tries = 0

    def close(self) -> None:
        self._influx.close()

    def find_cursor(self) -> None:
        """Read from InfluxDB how far it has this journal's history; create the database if it does not exist."""
        with closing(sqlite.connect_read_only(self._journal_path)) as db:
            try:
                self._history, newest = tables.read_identity(db)
            except (sqlite3.Error, TypeError) as fault:
                raise HistoryAway(f"{self._journal_path}: holds no history yet ({fault})") from fault
        where = f'"history" = {line_protocol.quote_string(self._history)}'
        try:
            found = self._influx.run_query(f'SELECT max("rev") FROM {line_protocol.CURSOR_MEASUREMENT} WHERE {where}')  # noqa: S608 - quoted
        except DatabaseAway as missing:
            try:
                self._influx.create_database()
            except InfluxAway as fault:  # 2.x has no such statement, and a user of 1.x may lack the right
                raise missing from fault
            found = []
        self._rev = int(found[0]["values"][0][1]) if found else 0
        if self._rev > newest:  # the journal is a restored copy, older than what was written to InfluxDB
            self._influx.run_statement(f"DELETE FROM {line_protocol.CURSOR_MEASUREMENT} WHERE {where}")  # noqa: S608 - quoted
            self._rev = 0

    def advance(self) -> bool:
        """Write the next batch; returns whether there was one."""
        with closing(sqlite.connect_read_only(self._journal_path)) as db:
            try:
                db.execute("BEGIN")
                if tables.read_identity(db)[0] != self._history:  # the journal was replaced
                    raise HistoryAway(f"{self._journal_path}: was replaced; its history is written again")
                changes = tables.read_changed_rows(db, self._rev, BATCH_ROWS)
                newest = tables.read_identity(db)[1] if len(changes) < BATCH_ROWS else changes[-1][0]
                withdrawals = tables.read_withdrawals(db, self._rev, newest)
                erasures = [found for found in tables.read_erasures(db, self._rev) if found[0] <= newest]
            except sqlite3.Error as fault:
                raise sqlite.make_away(self._journal_path, fault) from fault
        if newest <= self._rev:
            return False
        for _, measure, tag, from_ms in withdrawals:  # first: rows written since then are among the changes
            only = f' AND "{measure.tags[-1]}" = {line_protocol.quote_string(tag)}' if tag else ""
            self._delete_points(measure, f"time >= {from_ms}ms{only}")
            self._refused.remove_withdrawn(measure, tag, from_ms)
        self._write_rows([change for change in changes if _has_value(change)])
        self._delete_rows([change for change in changes if not _has_value(change)])
        for _, measure, tag, before_ms in erasures:
            only = f' AND "{measure.tags[0]}" = {line_protocol.quote_string(tag)}' if tag else ""
            self._delete_points(measure, f"time < {before_ms}ms{only}")
            self._refused.remove_erased(measure, tag, before_ms)
        # One point a day, which overwrites itself: buckets with a retention reject old points.
        now_ms = self._now_ms()
        today_ms = now_ms - now_ms % DAY_MS
        if withdrawals:
            where = f'"history" = {line_protocol.quote_string(self._history)} AND time > {now_ms}ms'
            self._influx.run_statement(f"DELETE FROM {line_protocol.CURSOR_MEASUREMENT} WHERE {where}")  # noqa: S608 - quoted
        try:
            self._influx.write_lines([line_protocol.format_cursor(self._history, newest, today_ms * 1_000_000)])
        except LinesRejected as fault:
            raise HistoryAway(f"InfluxDB refuses the cursor: {fault}; check its retention and limits") from fault
        self._rev = newest
        return True

    def retry(self) -> bool:
        """Try again what InfluxDB rejected: one row first, another each time; the others once that one is accepted.

        Returns:
            Whether nothing is left.
        """
        rejected = self._refused.list_newest()
        left = 0
        if rejected:
            self._tries += 1
            probe = rejected[-1 - self._tries % len(rejected)]
            if self._retry_rows([probe]):
                return False
            left = self._retry_rows([one for one in rejected if one != probe])
        if not left and (from_rev := self._refused.read_overflow_revision()) is not None:
            self._write_again(from_rev)
            left = len(self._refused.list_newest())
        return not left

    def _retry_rows(self, rejected: Sequence[tuple[str, tuple[str, ...], int, str]]) -> int:
        """Write rows as the journal has them now; returns how many are still rejected."""
        changes: list[ChangedRow] = []
        done: list[tuple[str, tuple[str, ...], int]] = []
        with closing(sqlite.connect_read_only(self._journal_path)) as db:
            try:
                for name, tags, at_ms, _ in rejected:
                    measure = tables.MEASURE_BY_NAME.get(name)
                    rows = [] if measure is None else tables.read_rows(db, measure, tags, at_ms, at_ms + 1)
                    if not rows:
                        done.append((name, tags, at_ms))
                    changes += [(0, measure, row) for row in rows if measure is not None]
            except sqlite3.Error as fault:
                raise sqlite.make_away(self._journal_path, fault) from fault
        left = self._write_rows(changes)
        done += [(one.name, row.tags, row.at_ms) for _, one, row in changes if (one.name, row) not in left]
        self._refused.remove_accepted(done)
        return len(left)

    def _write_again(self, from_rev: int) -> None:
        """Write every row from a revision on, because more of them were rejected than could be recorded."""
        rev = from_rev - 1
        while rev < self._rev:
            with closing(sqlite.connect_read_only(self._journal_path)) as db:
                try:
                    changes = tables.read_changed_rows(db, rev, BATCH_ROWS)
                except sqlite3.Error as fault:
                    raise sqlite.make_away(self._journal_path, fault) from fault
            if not changes:
                break
            if self._write_rows([change for change in changes if _has_value(change)]):
                return
            rev = changes[-1][0]
        self._refused.clear_overflow()

    def _write_rows(self, changes: Sequence[ChangedRow]) -> set[tuple[str, HistoryRow]]:
        """Write rows; rows that InfluxDB rejects are found by bisection and recorded with the reason.

        Returns:
            The rows that are not stored, each with the name of its measure.
        """
        lines_to_write: list[tuple[ChangedRow, str]] = []
        left: list[RejectedRow] = []
        for change in changes:
            try:
                lines_to_write.append((change, line_protocol.format_row(*change[1:])))
            except line_protocol.LineRejected as fault:
                left.append(RejectedRow(*change[1:], str(fault), change[0]))
        self._store_bisecting(lines_to_write, left)
        if left:
            self._refused.add(left)
        return {(one.measure.name, one.row) for one in left}

    def _delete_rows(self, changes: Sequence[ChangedRow]) -> None:
        """Delete rows that the journal no longer has."""
        for _, measure, row in changes:
            tags = "".join(
                f' AND "{tag}" = {line_protocol.quote_string(value)}'
                for tag, value in zip(measure.tags, row.tags, strict=True)
            )
            self._delete_points(measure, f"time = {row.at_ms}ms{tags}")

    def _delete_points(self, measure: Measure, where: str) -> None:
        """Delete the points of a measure that fulfil a condition whose values are quoted."""
        name = line_protocol.get_measurement_name(measure)
        self._influx.run_statement(f"DELETE FROM {name} WHERE {where}")  # noqa: S608 - quoted

    def _store_bisecting(self, lines_to_write: Sequence[tuple[ChangedRow, str]], left: list[RejectedRow]) -> None:
        if not lines_to_write:
            return
        try:
            self._influx.write_lines([line for _, line in lines_to_write])
        except LinesRejected as fault:
            if len(lines_to_write) == 1:
                ((rev, measure, row), _) = lines_to_write[0]
                left.append(RejectedRow(measure, row, str(fault), rev))
                return
            middle = len(lines_to_write) // 2
            self._store_bisecting(lines_to_write[:middle], left)
            self._store_bisecting(lines_to_write[middle:], left)


def _has_value(change: ChangedRow) -> bool:
    return any(value is not None for value in change[2].fields)
