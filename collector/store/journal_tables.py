"""Reads and writes of the journal's tables by those who compute from what is stored.

In:    an open connection to a journal: the collector's own, or one that only reads.
Out:   stored events, transitions, gaps and rejections; the progress of history.
Never: decisions, transactions of its own.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from collector.contract.states import Occupancy
from collector.history.history_tables import HistoryTables
from collector.intake.rejection import StreamGap
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.hourly_use import Timeline
from collector.site.site_sensor import SensorKey
from collector.sqlite_files.migration import read_version
from collector.timekeeping.instants import FOREVER_MS
from edge.contract.message import EVENT_KIND_BY_NAME

TimedValue = tuple[int, str, float]
"""Time, kind and value of one event."""

_SENSOR_NO: Final = "(SELECT no FROM sensor WHERE device = ? AND sensor = ?)"


class RejectionSummary(NamedTuple):
    """All rejections in the quarantine with the same device, reason, sensor and field."""

    device: str
    reason: str
    sensor: str
    field: str
    first: int
    last: int
    times: int
    at_ms: int
    """The newest."""


class JournalTables:
    """The tables of one journal. Write inside the journal's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.history = HistoryTables(db)

    # Events

    def read_values(self, sensor: SensorKey, from_ms: int, to_ms: int) -> list[TimedValue]:
        """A sensor's events with `from_ms` <= at < `to_ms` by a trusted clock, oldest first."""
        return self._db.execute(
            "SELECT at_ms, kind, value FROM event JOIN kind ON kind_no = kind.no"  # noqa: S608 - our own names
            f" WHERE sensor_no = {_SENSOR_NO}"
            " AND at_ms >= ? AND at_ms < ? AND synchronised ORDER BY at_ms, stream_no, seq",
            (*sensor, from_ms, to_ms),
        ).fetchall()

    def read_first_event_ms(self, sensor: SensorKey) -> int | None:
        """The time of a sensor's oldest event by a trusted clock."""
        return self._read_one(
            f"SELECT min(at_ms) FROM event WHERE sensor_no = {_SENSOR_NO} AND synchronised",  # noqa: S608 - our own names
            sensor,
        )

    def read_last_events(self) -> dict[SensorKey, int]:
        """The time of each sensor's newest event by a trusted clock."""
        rows = self._db.execute(
            "SELECT device, sensor, (SELECT at_ms FROM event WHERE sensor_no = no AND synchronised"
            " ORDER BY at_ms DESC LIMIT 1) FROM sensor"
        )
        return {(device, sensor): at_ms for device, sensor, at_ms in rows if at_ms is not None}

    def iterate_events(self, sensor: SensorKey | None = None, until_ms: int = FOREVER_MS) -> Iterator[StoredEvent]:
        """Events by a trusted clock, of one sensor or of all, not later than `until_ms`, in no order."""
        where, keys = (f" AND sensor_no = {_SENSOR_NO}", sensor) if sensor else ("", ())
        rows = self._db.execute(
            "SELECT at_ms, sensor.device, stream, event.seq, sensor, kind, value FROM event"  # noqa: S608 - our own names
            " JOIN sensor ON sensor.no = sensor_no JOIN stream ON stream.no = stream_no"
            f" JOIN kind ON kind.no = kind_no WHERE synchronised AND at_ms <= ?{where}",
            (until_ms, *keys),
        )
        for at_ms, device, stream, seq, name, kind, value in rows:
            yield StoredEvent(at_ms, device, stream, seq, name, EVENT_KIND_BY_NAME[kind], value)

    def list_events_after(self, at_ms: int) -> list[tuple[str, str, int]]:
        """Device, stream and number of the events after a moment by a trusted clock, in this order."""
        return self._db.execute(
            "SELECT stream.device, stream, event.seq FROM sensor JOIN event ON sensor_no = sensor.no"
            " JOIN stream ON stream_no = stream.no WHERE at_ms > ? AND synchronised"
            " ORDER BY stream.device, stream, event.seq",
            (at_ms,),
        ).fetchall()

    def delete_events_after(self, at_ms: int) -> None:
        """Delete the events after a moment by a trusted clock."""
        self._db.execute("DELETE FROM event WHERE at_ms > ? AND synchronised", (at_ms,))

    def read_newest_ms(self) -> int:
        """The time of the newest event or transition, by any clock; 0: there is none."""
        event = self._read_one("SELECT max((SELECT max(at_ms) FROM event WHERE sensor_no = no)) FROM sensor")
        return max(event or 0, self._read_one("SELECT max(at_ms) FROM transition") or 0)

    # Streams, gaps and rejections

    def read_stored_up_to(self, device: str, stream: str) -> int:
        """How far a stream is stored, or in a gap; 0: nothing."""
        return self._read_one("SELECT seq FROM stream WHERE device = ? AND stream = ?", (device, stream)) or 0

    def count_missing(self, device: str, stream: str) -> int:
        """How many events of a stream are in gaps."""
        statement = "SELECT sum(last - first + 1) FROM gap WHERE device = ? AND stream = ?"
        return self._read_one(statement, (device, stream)) or 0

    def count_lost_events(self) -> dict[str, int]:
        """How many events of each device are in gaps."""
        return dict(self._db.execute("SELECT device, sum(last - first + 1) FROM gap GROUP BY device").fetchall())

    def read_gaps_after(self, at_ms: int) -> list[tuple[StreamGap, int]]:
        """The gaps reported after a moment and when, oldest first."""
        rows = self._db.execute(
            "SELECT device, stream, first, last, reason, at_ms FROM gap WHERE at_ms > ? ORDER BY at_ms", (at_ms,)
        )
        return [(StreamGap(*gap), reported_ms) for *gap, reported_ms in rows]

    def summarise_rejections(self) -> list[RejectionSummary]:
        """The rejections in the quarantine by device, reason, sensor and field; newest first."""
        rows = self._db.execute(
            "SELECT device, reason, sensor, field, min(first), max(last),"
            " sum(CASE WHEN first = 0 THEN times ELSE last - first + 1 END), max(at_ms)"
            " FROM quarantine GROUP BY device, reason, sensor, field ORDER BY max(no) DESC"
        )
        return [RejectionSummary(*row) for row in rows]

    def limit_report_times(self, now_ms: int) -> None:
        """Set the times of gaps and rejections that are after `now_ms` to it."""
        for table in ("gap", "quarantine"):
            self._db.execute(f"UPDATE {table} SET at_ms = ? WHERE at_ms > ?", (now_ms, now_ms))  # noqa: S608 - our own names

    # Spaces

    def read_transitions(self) -> list[tuple[str, int, str]]:
        """Space, time and state of all transitions, in this order."""
        return self._db.execute("SELECT space, at_ms, state FROM transition ORDER BY space, at_ms").fetchall()

    def read_timeline(self, space: str, from_ms: int, to_ms: int) -> Timeline:
        """The transitions of a span and the one before them; empty while nothing is known."""
        found = self._db.execute(
            "SELECT at_ms, state FROM transition WHERE space = ? AND at_ms < ? AND at_ms >= coalesce("
            "(SELECT max(at_ms) FROM transition WHERE space = ? AND at_ms <= ?), 0) ORDER BY at_ms",
            (space, to_ms, space, from_ms),
        ).fetchall()
        if not found or found[0][0] > from_ms:
            found = [
                *self._db.execute(
                    "SELECT at_ms, state FROM checkpoint WHERE space = ? AND at_ms < ? AND state != 'unknown'",
                    (space, to_ms),
                ),
                *found,
            ]
        return [(at_ms, Occupancy(state)) for at_ms, state in found]

    def delete_transitions_after(self, at_ms: int) -> None:
        """Delete the transitions of all spaces after a moment."""
        self._db.execute("DELETE FROM transition WHERE at_ms > ?", (at_ms,))

    def delete_value(self, key: str) -> None:
        """Delete one stored value."""
        self._db.execute("DELETE FROM stored_value WHERE key = ?", (key,))

    def read_checkpoint(self, space: str) -> bytes | None:
        """The evidence of a space before its oldest stored event; None: nothing of it is erased."""
        row = self._db.execute("SELECT body FROM checkpoint WHERE space = ?", (space,)).fetchone()
        return None if row is None else bytes(row[0])

    def read_checkpoint_times(self) -> dict[str, int]:
        """For each space: before which moment its events are erased."""
        return dict(self._db.execute("SELECT space, at_ms FROM checkpoint"))

    def delete_checkpoint(self, space: str) -> None:
        """Delete what remains of the erased events of a space."""
        self._db.execute("DELETE FROM checkpoint WHERE space = ?", (space,))

    # Progress of history

    def read_version(self) -> int:
        """The version of the tables."""
        return read_version(self._db)

    def read_number(self, name: str) -> int | None:
        """The number stored under this name; None: there is none."""
        return self._read_one("SELECT value FROM meta WHERE name = ?", (name,))

    def store_number(self, name: str, value: int) -> None:
        """Store a number under this name."""
        self._db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))

    def find_first_ms(self, spaces: Iterable[str]) -> int | None:
        """The time of the oldest transition of these spaces, or of the oldest event by a trusted clock."""
        first_transition = "SELECT min(at_ms) FROM transition WHERE space = ?"
        first_event = "SELECT min(at_ms) FROM event WHERE sensor_no = ? AND synchronised"
        sensors = [no for (no,) in self._db.execute("SELECT no FROM sensor")]
        found = [
            *(self._read_one(first_transition, (space,)) for space in spaces),
            *(self._read_one(first_event, (no,)) for no in sensors),
        ]
        return min((at_ms for at_ms in found if at_ms is not None), default=None)

    def mark_stale(self, subject: str, from_ms: int) -> None:
        """Note that the history of a subject must be recomputed from `from_ms` or an earlier moment on."""
        self._db.execute(
            "INSERT INTO stale_history (subject, from_ms) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET from_ms = min(from_ms, excluded.from_ms)",
            (subject, from_ms),
        )

    def read_first_stale_ms(self) -> int | None:
        """From which moment on any history is stale."""
        return self._read_one("SELECT min(from_ms) FROM stale_history")

    def read_stale_subjects(self, before_ms: int) -> set[str]:
        """The subjects whose history is stale from before a moment on."""
        rows = self._db.execute("SELECT subject FROM stale_history WHERE from_ms < ?", (before_ms,))
        return {subject for (subject,) in rows}

    def delete_stale(self, from_ms: int = -(FOREVER_MS)) -> None:
        """Delete the stale subjects from this time on, or all of them."""
        self._db.execute("DELETE FROM stale_history WHERE from_ms >= ?", (from_ms,))

    def advance_stale(self, to_ms: int) -> None:
        """History before this moment is not stale any more."""
        self._db.execute("UPDATE stale_history SET from_ms = ? WHERE from_ms < ?", (to_ms, to_ms))

    def store_people_estimates(self, estimates: Iterable[tuple[int, bytes]]) -> None:
        """Store the estimates of who was inside, by their times."""
        self._db.executemany("INSERT OR REPLACE INTO people_estimate (at_ms, body) VALUES (?, ?)", estimates)

    def read_people_estimate(self, at_ms: int) -> bytes | None:
        """The newest estimate of who was inside that is not later than a moment."""
        row = self._db.execute(
            "SELECT body FROM people_estimate WHERE at_ms <= ? ORDER BY at_ms DESC LIMIT 1", (at_ms,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def delete_people_estimates_after(self, at_ms: int) -> None:
        """Delete the estimates after a moment."""
        self._db.execute("DELETE FROM people_estimate WHERE at_ms > ?", (at_ms,))

    def _read_one(self, statement: str, values: tuple[object, ...] = ()) -> int | None:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None or row[0] is None else int(row[0])
