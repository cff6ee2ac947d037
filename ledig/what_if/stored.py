"""Reads what a house's journal still holds: the events of its spaces, and what came before them.

In:    the journal's file, while a collector may be writing it.
Out:   the span that it covers, and the stored events of one space at a time.
Never: a write, a checkpoint of its log, a read that stays open: the collector works on as if nobody looked.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from collector.evidence import START, Evidence, Heard
from collector.history import HistoryAway
from collector.history.sqlite import connect
from collector.journal import SensorKey
from collector.marks import ERASED
from collector.plan import SitePlan
from collector.schema import STEPS
from edge.message import Kind
from ledig.what_if import Stored

_KIND: Final = {kind.value: kind for kind in Kind}
_END: Final = (
    "SELECT at_ms FROM event WHERE synchronised AND sensor_no ="
    " (SELECT no FROM sensor WHERE device = ? AND sensor = ?) ORDER BY at_ms {} LIMIT 1"
)
"""A sensor's first or last event."""
_decode: Final = msgspec.msgpack.Decoder(Evidence).decode


class StoredRejected(ValueError):
    """The journal holds nothing that could be run again."""


class StoredEvents:
    """The stored events of one house.

    Attributes:
        span: from the first moment whose events are all there to the newest event.

    Raises:
        HistoryAway: the journal is not there, or cannot be read.
        StoredRejected: it holds no event of a space, or a later Ledig wrote it.
    """

    def __init__(self, journal: Path, plan: SitePlan) -> None:
        if not journal.exists():
            finding = "there is no journal; the collector creates it when it first starts"
            raise HistoryAway(f"{journal}: {finding}; for a site of `ledig up`, give its folder: --data DIR")
        self._journal, self._plan = journal, plan
        with self._open() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > len(STEPS):
                raise StoredRejected(f"{journal}: a newer Ledig wrote it; install that version")
            self.span = self._covered(db)

    def of_space(self, space: str) -> Stored:
        """The events of one space, and its evidence before them."""
        with self._open() as db:
            found = db.execute("SELECT body FROM checkpoint WHERE space = ?", (space,)).fetchone()
            before = _decode(found[0]) if found else START
            events = [event for key in self._sensors(space) for event in self._said(db, key) if event.key > before.key]
        return Stored(sorted(events), before)

    def _covered(self, db: sqlite3.Connection) -> tuple[int, int]:
        watching = {key for space in self._plan.spaces for key in self._sensors(space.id)}
        first, last = (self._ends(db, watching, order) for order in ("ASC", "DESC"))
        if not first or not last:
            raise StoredRejected(f"{self._journal}: no events are stored yet; let the site run for a while first")
        erased = db.execute("SELECT value FROM meta WHERE name = ?", (ERASED,)).fetchone()
        return max(min(first), erased[0] if erased else 0), max(last)

    def _ends(self, db: sqlite3.Connection, sensors: set[SensorKey], order: str) -> list[int]:
        found = [db.execute(_END.format(order), key).fetchone() for key in sensors]
        return [row[0] for row in found if row is not None]

    def _sensors(self, space: str) -> list[SensorKey]:
        return [sensor.key for sensor in self._plan.sensors_of(space)]

    def _said(self, db: sqlite3.Connection, key: SensorKey) -> Iterator[Heard]:
        rows = db.execute(
            "SELECT at_ms, stream, event.seq, kind, value FROM event JOIN stream ON stream.no = stream_no"
            " JOIN kind ON kind.no = kind_no WHERE synchronised AND at_ms <= ? AND sensor_no ="
            " (SELECT no FROM sensor WHERE device = ? AND sensor = ?)",
            (self.span[1], *key),
        )
        device, sensor = key
        for at_ms, stream, seq, kind, value in rows:
            yield Heard(at_ms, device, stream, seq, sensor, _KIND[kind], value)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One short read of one moment."""
        with closing(connect(self._journal)) as db:
            try:
                db.execute("BEGIN")
                yield db
            except sqlite3.Error as fault:
                raise HistoryAway(f"{self._journal}: cannot be read ({fault}); is it a journal of Ledig?") from fault
