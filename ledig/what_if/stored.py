"""Read from a site's journal the stored events of its spaces, and the evidence before them.

In:    the journal's file, while a collector may be writing it.
Out:   the span that it covers, and the stored events of one space at a time.
Never: writes, WAL checkpoints or long reads; the collector is not disturbed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from collector.history.measures import HistoryAway
from collector.history.sqlite import connect_read_only
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.site.plan import SensorKey, SitePlan
from collector.sqlite_files.migration import read_version
from collector.store.blobs import EVIDENCE
from collector.store.metadata_keys import ERASED_UNTIL
from collector.store.schema import MIGRATION_STEPS
from edge.contract.message import EVENT_KIND_BY_NAME
from ledig.what_if.comparison import StoredSpace

_END: Final = (
    "SELECT at_ms FROM event WHERE synchronised AND sensor_no ="
    " (SELECT no FROM sensor WHERE device = ? AND sensor = ?) ORDER BY at_ms {} LIMIT 1"
)
"""SQL for a sensor's first or last event."""


class StoredEventsRejected(ValueError):
    """The journal contains no events that could be evaluated again."""


class StoredEvents:
    """The stored events of one site.

    Attributes:
        span: from the earliest time after which all events are stored to the newest event.

    Raises:
        HistoryAway: the journal does not exist or cannot be read.
        StoredEventsRejected: the journal has no event of a space, or was written by a newer Ledig.
    """

    def __init__(self, journal: Path, plan: SitePlan) -> None:
        if not journal.exists():
            finding = "there is no journal; the collector creates it when it first starts"
            raise HistoryAway(f"{journal}: {finding}; for a site of `ledig up`, give its folder: --data DIR")
        self._journal, self._plan = journal, plan
        with self._open() as db:
            version = read_version(db)
            if version > len(MIGRATION_STEPS):
                raise StoredEventsRejected(f"{journal}: a newer Ledig wrote it; install that version")
            if version < len(MIGRATION_STEPS):
                raise StoredEventsRejected(f"{journal}: an older Ledig wrote it; start this version's collector on it")
            self.span = self._find_span(db)

    def read_space(self, space: str) -> StoredSpace:
        """Read the events of one space and its evidence before them."""
        with self._open() as db:
            found = db.execute("SELECT body FROM checkpoint WHERE space = ?", (space,)).fetchone()
            before = EVIDENCE.decode(found[0]) if found else EMPTY_EVIDENCE
            events = [
                event
                for key in self._sensor_keys(space)
                for event in self._read_events(db, key)
                if event.key > before.key
            ]
        return StoredSpace(sorted(events), before)

    def _find_span(self, db: sqlite3.Connection) -> tuple[int, int]:
        sensors = {key for space in self._plan.spaces for key in self._sensor_keys(space.id)}
        first, last = (self._find_ends(db, sensors, order) for order in ("ASC", "DESC"))
        if not first or not last:
            raise StoredEventsRejected(f"{self._journal}: no events are stored yet; let the site run for a while first")
        erased = db.execute("SELECT value FROM meta WHERE name = ?", (ERASED_UNTIL,)).fetchone()
        return max(min(first), erased[0] if erased else 0), max(last)

    def _find_ends(self, db: sqlite3.Connection, sensors: set[SensorKey], order: str) -> list[int]:
        found = [db.execute(_END.format(order), key).fetchone() for key in sensors]
        return [row[0] for row in found if row is not None]

    def _sensor_keys(self, space: str) -> list[SensorKey]:
        return [sensor.key for sensor in self._plan.sensors_of(space)]

    def _read_events(self, db: sqlite3.Connection, key: SensorKey) -> Iterator[StoredEvent]:
        rows = db.execute(
            "SELECT at_ms, stream, event.seq, kind, value FROM event JOIN stream ON stream.no = stream_no"
            " JOIN kind ON kind.no = kind_no WHERE synchronised AND at_ms <= ? AND sensor_no ="
            " (SELECT no FROM sensor WHERE device = ? AND sensor = ?)",
            (self.span[1], *key),
        )
        device, sensor = key
        for at_ms, stream, seq, kind, value in rows:
            yield StoredEvent(at_ms, device, stream, seq, sensor, EVENT_KIND_BY_NAME[kind], value)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the journal for one short, consistent read."""
        with closing(connect_read_only(self._journal)) as db:
            try:
                db.execute("BEGIN")
                yield db
            except sqlite3.Error as fault:
                raise HistoryAway(f"{self._journal}: cannot be read ({fault}); is it a journal of Ledig?") from fault
