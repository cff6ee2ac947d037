"""Stores sensor health among the journal's stored values, under its own keys.

In:    the histories of the sensors that watch one thing; notes about the whole site; an open journal.
Out:   the same data; an empty history for a sensor that was replaced.
Never: evaluation, transactions of its own.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from collector.health.clocks import ClockHour
from collector.health.history import SensorHistory
from collector.health.hours import TimedValue
from collector.health.ignoring import IgnoredFinding, compute_fingerprint
from collector.site.plan import Sensor, SensorKey, SitePlan
from collector.store.blobs import BlobFormat, BlobKind
from collector.store.journal import Journal

KEY_PREFIX: Final = "health:"
_NOTES_KEY: Final = KEY_PREFIX + "notes"


class FindingStart(Struct, frozen=True, gc=False, array_like=True):
    """When one finding was first found."""

    device: str
    sensor: str
    kind: str
    at_ms: int


class HealthNotes(Struct, frozen=True, gc=False, array_like=True):
    """Stored health data of the site as a whole."""

    since: tuple[FindingStart, ...] = ()
    ignored: tuple[IgnoredFinding, ...] = ()
    clocks: dict[str, list[ClockHour]] = {}
    late: dict[str, int] = {}
    """Groups with late events in hours already counted, and from when on they must be counted again."""


class SensorGroup(Struct, frozen=True):
    """The sensors that watch the same space, door or zone."""

    name: str
    sensors: tuple[Sensor, ...]

    @property
    def is_of_space(self) -> bool:
        """Whether they watch a space."""
        return self.sensors[0].space is not None


SENSOR_HISTORIES: Final = BlobFormat(BlobKind.SENSOR_HISTORIES, 1, dict[str, SensorHistory])
HEALTH_NOTES: Final = BlobFormat(BlobKind.HEALTH_NOTES, 1, HealthNotes)


def group_sensors(plan: SitePlan) -> dict[str, SensorGroup]:
    """Return the sensors of each space, door and zone, by a unique name such as `space:desk-1`."""
    found: dict[str, list[Sensor]] = {}
    for sensor in plan.sensors:
        watched = (("space", sensor.space), ("door", sensor.door), ("zone", sensor.zone))
        found.setdefault(next(f"{what}:{name}" for what, name in watched if name is not None), []).append(sensor)
    return {name: SensorGroup(name, tuple(sensors)) for name, sensors in found.items()}


def list_journal_keys(plan: SitePlan) -> set[str]:
    """Return the keys under which the journal may store health data of this plan."""
    return {_NOTES_KEY, *(KEY_PREFIX + name for name in group_sensors(plan))}


def load_pasts(journal: Journal, plan: SitePlan) -> dict[SensorKey, SensorHistory]:
    """Return the stored history of every sensor of the plan."""
    stored_values = journal.read_values()
    found: dict[SensorKey, SensorHistory] = {}
    for name, group in group_sensors(plan).items():
        body = stored_values.get(KEY_PREFIX + name)
        stored = SENSOR_HISTORIES.decode(body) if body else {}
        for sensor in group.sensors:
            known, fingerprint = stored.get(_join_key(sensor.key)), compute_fingerprint(sensor)
            if known is None:
                known = SensorHistory(fingerprint)
            elif known.fingerprint != fingerprint:  # events up to now came from another sensor of this name
                known = SensorHistory(fingerprint, known.until_ms)
            found[sensor.key] = known
    return found


def save_pasts(journal: Journal, group: SensorGroup, pasts: Mapping[SensorKey, SensorHistory]) -> None:
    """Store the histories of one group."""
    bodies = {_join_key(sensor.key): pasts[sensor.key] for sensor in group.sensors}
    journal.store_values({KEY_PREFIX + group.name: SENSOR_HISTORIES.encode(bodies)})


def load_notes(journal: Journal) -> HealthNotes:
    """Return the stored notes, or empty ones."""
    body = journal.read_value(_NOTES_KEY)
    return HEALTH_NOTES.decode(body) if body else HealthNotes()


def save_notes(journal: Journal, notes: HealthNotes) -> None:
    """Store the notes."""
    journal.store_values({_NOTES_KEY: HEALTH_NOTES.encode(notes)})


def read_values(db: sqlite3.Connection, sensor: SensorKey, from_ms: int, to_ms: int) -> list[TimedValue]:
    """Return a sensor's events with `from_ms <= at_ms < to_ms` by a trusted clock, oldest first."""
    rows: list[TimedValue] = db.execute(
        "SELECT at_ms, kind, value FROM event JOIN kind ON kind_no = kind.no"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?)"
        " AND at_ms >= ? AND at_ms < ? AND synchronised ORDER BY at_ms, stream_no, seq",
        (*sensor, from_ms, to_ms),
    ).fetchall()
    return rows


def read_first_event_ms(db: sqlite3.Connection, sensor: SensorKey, before_ms: int) -> int:
    """Return the time of a sensor's oldest stored event; `before_ms` if it has none."""
    (at_ms,) = db.execute(
        "SELECT min(at_ms) FROM event"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?) AND synchronised",
        sensor,
    ).fetchone()
    return before_ms if at_ms is None else min(int(at_ms), before_ms)


def read_last_events(db: sqlite3.Connection) -> dict[SensorKey, int]:
    """Return the time of each sensor's newest event by a trusted clock."""
    rows = db.execute(
        "SELECT device, sensor, (SELECT at_ms FROM event WHERE sensor_no = no AND synchronised"
        " ORDER BY at_ms DESC LIMIT 1) FROM sensor"
    )
    return {(device, sensor): at_ms for device, sensor, at_ms in rows if at_ms is not None}


def count_lost_events(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of lost events of each device, from the stored gaps."""
    return dict(db.execute("SELECT device, sum(last - first + 1) FROM gap GROUP BY device").fetchall())


def _join_key(key: SensorKey) -> str:
    return "/".join(key)
