"""Follows the journal's history into InfluxDB.

In:    the journal's file, read only; where InfluxDB is.
Out:   the same rows there, and a cursor that says how far they go.
Never: a write to the journal. InfluxDB may be away for days, and be rebuilt from the journal when it comes back empty.

The cursor is a point in InfluxDB itself, written after its rows: a server that lost them has lost the cursor too.
It is read at the start, after every fault and every minute. Rows overwrite themselves, so that writing some twice
is harmless.
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

from collector.history import DAY_MS, HistoryAway, lines, sqlite, tables
from collector.history.influxdb import DatabaseAway, Influx, InfluxAway, LinesRejected
from collector.history.refused import RefusedRows
from collector.history.tables import Changed
from collector.settings import InfluxSettings

BATCH_ROWS: Final = 5000
LOOK_S: Final = 0.5
"""How often it looks for news in the journal."""
CHECK_S: Final = 60.0
"""How often it makes sure that InfluxDB still has what was written."""
MAX_PAUSE_S: Final = 30.0

log = logging.getLogger(__name__)


class Projection:
    """One thread that keeps InfluxDB equal to the journal, from `start` to `close`.

    Args:
        journal_path: the collector's journal; it may appear later.
        settings: where InfluxDB is.
        now_ms: site time, Unix milliseconds; may be called by any thread.
        check_s: how often it looks whether InfluxDB was emptied, in real seconds.
    """

    def __init__(
        self, journal_path: Path, settings: InfluxSettings, now_ms: Callable[[], int], *, check_s: float = CHECK_S
    ) -> None:
        self.refused = RefusedRows(journal_path.with_name("refused.sqlite"))
        self._journal_path = journal_path
        self._settings = settings
        self._now_ms = now_ms
        self._check_s = check_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)
        self._fault = ""

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the batch in hand. What is not written yet will be at the next start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)
        self.refused.close()

    def fault(self) -> str:
        """What keeps history from InfluxDB now, in plain words for pages; empty: nothing. The log has more."""
        return self._fault

    def _run(self) -> None:
        pause_s = LOOK_S
        while not self._stop.is_set():
            try:
                with closing(_Follower(self._journal_path, self._settings, self.refused, self._now_ms)) as follower:
                    self._follow(follower)
            except HistoryAway as fault:
                pause_s = min(MAX_PAUSE_S, pause_s * 2) if self._fault else LOOK_S  # it was well until now
                self._tell(fault)
                self._stop.wait(pause_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret

    def _tell(self, fault: HistoryAway) -> None:
        """Say it to the pages in short, and to the log in full when it is news."""
        finding = fault.finding if isinstance(fault, InfluxAway) else "history cannot be copied to InfluxDB"
        if finding != self._fault:
            log.warning("%s", fault)
        self._fault = finding

    def _follow(self, follower: "_Follower") -> None:
        """Until `close`; raises HistoryAway."""
        check_at = 0.0
        while not self._stop.is_set():
            if time.monotonic() >= check_at:
                follower.find_cursor()
                check_at = time.monotonic() + self._check_s
            more = follower.advance()
            if self._fault:
                log.warning("history is written to InfluxDB again")
            self._fault = ""
            if not more:
                self._stop.wait(LOOK_S)


class _Follower:
    """One connection to InfluxDB, and how far it has come."""

    def __init__(
        self, journal_path: Path, settings: InfluxSettings, refused: RefusedRows, now_ms: Callable[[], int]
    ) -> None:
        self._journal_path, self._now_ms = journal_path, now_ms
        self._influx = Influx(settings)
        self._refused = refused
        self._history = ""
        self._rev = 0

    def close(self) -> None:
        self._influx.close()

    def find_cursor(self) -> None:
        """Read from InfluxDB how far it has this journal's history; make the database if there is none."""
        with closing(sqlite.connect(self._journal_path)) as db:
            try:
                self._history, newest = tables.identity(db)
            except (sqlite3.Error, TypeError) as fault:
                raise HistoryAway(f"{self._journal_path}: holds no history yet ({fault})") from fault
        where = f'"history" = {lines.quoted(self._history)}'
        try:
            found = self._influx.query(f'SELECT max("rev") FROM {lines.CURSOR} WHERE {where}')  # noqa: S608 - quoted
        except DatabaseAway:
            self._influx.create()
            found = []
        self._rev = int(found[0]["values"][0][1]) if found else 0
        if self._rev > newest:  # the journal is a restored copy, older than what InfluxDB was told
            self._influx.query(f"DELETE FROM {lines.CURSOR} WHERE {where}")  # noqa: S608 - quoted
            self._rev = 0

    def advance(self) -> bool:
        """Write the next batch; returns whether there was one."""
        with closing(sqlite.connect(self._journal_path)) as db:
            try:
                db.execute("BEGIN")
                changes = tables.changed(db, self._rev, BATCH_ROWS)
                newest = tables.identity(db)[1] if len(changes) < BATCH_ROWS else changes[-1][0]
                withdrawals = tables.withdrawals(db, self._rev, newest)
                erasures = [found for found in tables.erasures(db, self._rev) if found[0] <= newest]
            except sqlite3.Error as fault:
                raise sqlite.away(self._journal_path, fault) from fault
        if newest <= self._rev:
            return False
        for _, measure, tag, from_ms in withdrawals:  # first: rows that were written since are among the changes
            only = f' AND "{measure.tags[-1]}" = {lines.quoted(tag)}' if tag else ""
            self._influx.query(f"DELETE FROM {measure.name} WHERE time >= {from_ms}ms{only}")  # noqa: S608 - quoted
            self._refused.take_back(measure, tag, from_ms)
        self._write([change for change in changes if _says_something(change)])
        self._withdraw([change for change in changes if not _says_something(change)])
        for _, measure, tag, before_ms in erasures:
            only = f' AND "{measure.tags[0]}" = {lines.quoted(tag)}' if tag else ""
            self._influx.query(f"DELETE FROM {measure.name} WHERE time < {before_ms}ms{only}")  # noqa: S608 - quoted
            self._refused.erase(measure, tag, before_ms)
        # One point a day, which overwrites itself: buckets with a retention never see an old one.
        now_ms = self._now_ms()
        today_ms = now_ms - now_ms % DAY_MS
        if withdrawals:
            where = f'"history" = {lines.quoted(self._history)} AND time > {now_ms}ms'
            self._influx.query(f"DELETE FROM {lines.CURSOR} WHERE {where}")  # noqa: S608 - quoted
        try:
            self._influx.write([lines.cursor(self._history, newest, today_ms * 1_000_000)])
        except LinesRejected as fault:
            raise HistoryAway(f"InfluxDB refuses the cursor: {fault}; look at its retention and its limits") from fault
        self._rev = newest
        return True

    def _write(self, changes: Sequence[Changed]) -> None:
        """Store rows; what InfluxDB refuses is found by halving, put aside with its reason, and not sent again."""
        said: list[tuple[Changed, str]] = []
        for change in changes:
            try:
                said.append((change, lines.line(*change[1:])))
            except lines.LineRejected as fault:
                self._refused.add(*change[1:], str(fault))
        self._store(said)

    def _withdraw(self, changes: Sequence[Changed]) -> None:
        """Take rows back that are no more."""
        for _, measure, row in changes:
            tags = "".join(
                f' AND "{tag}" = {lines.quoted(value)}' for tag, value in zip(measure.tags, row.tags, strict=True)
            )
            self._influx.query(f"DELETE FROM {measure.name} WHERE time = {row.at_ms}ms{tags}")  # noqa: S608 - quoted

    def _store(self, said: Sequence[tuple[Changed, str]]) -> None:
        if not said:
            return
        try:
            self._influx.write([line for _, line in said])
        except LinesRejected as fault:
            if len(said) == 1:
                self._refused.add(*said[0][0][1:], str(fault))
                return
            middle = len(said) // 2
            self._store(said[:middle])
            self._store(said[middle:])


def _says_something(change: Changed) -> bool:
    return any(value is not None for value in change[2].fields)
