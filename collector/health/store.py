"""Stores sensor health in the journal's `settled` table, under its own keys.

In:    the histories of the sensors that watch one thing; notes about the whole site; an open journal.
Out:   the same data; an empty history for a sensor that was replaced.
Never: evaluation, transactions of its own.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from collector.health.clocks import ClockHour
from collector.health.days import Name
from collector.health.hours import Said
from collector.health.ignoring import Ignored, mark
from collector.health.past import SensorPast
from collector.journal import Journal
from collector.plan import Sensor, SitePlan

HEALTH: Final = "health:"
_NOTES: Final = HEALTH + "notes"


class Since(Struct, frozen=True, gc=False, array_like=True):
    """When one finding was first found."""

    device: str
    sensor: str
    kind: str
    at_ms: int


class Notes(Struct, frozen=True, gc=False, array_like=True):
    """Stored health data of the site as a whole."""

    since: tuple[Since, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    clocks: dict[str, list[ClockHour]] = {}
    late: dict[str, int] = {}
    """Groups with late events in hours already counted, and from when on they must be counted again."""


class Group(Struct, frozen=True):
    """The sensors that watch the same space, door or zone."""

    name: str
    sensors: tuple[Sensor, ...]

    @property
    def of_space(self) -> bool:
        """Whether they watch a space."""
        return self.sensors[0].space is not None


_encode_msgpack: Final = msgspec.msgpack.Encoder().encode
_decode_histories: Final = msgspec.msgpack.Decoder(dict[str, SensorPast]).decode
_decode_notes: Final = msgspec.msgpack.Decoder(Notes).decode


def groups(plan: SitePlan) -> dict[str, Group]:
    """Return the sensors of each space, door and zone, by a unique name such as `space:desk-1`."""
    found: dict[str, list[Sensor]] = {}
    for sensor in plan.sensors:
        watched = (("space", sensor.space), ("door", sensor.door), ("zone", sensor.zone))
        found.setdefault(next(f"{what}:{name}" for what, name in watched if name is not None), []).append(sensor)
    return {name: Group(name, tuple(sensors)) for name, sensors in found.items()}


def kept_names(plan: SitePlan) -> set[str]:
    """Return the keys under which the journal may store health data of this plan."""
    return {_NOTES, *(HEALTH + name for name in groups(plan))}


def load_pasts(journal: Journal, plan: SitePlan) -> dict[Name, SensorPast]:
    """Return the stored history of every sensor of the plan."""
    stored_values = journal.settled()
    found: dict[Name, SensorPast] = {}
    for name, group in groups(plan).items():
        body = stored_values.get(HEALTH + name)
        stored = _decode_histories(body) if body else {}
        for sensor in group.sensors:
            known, fingerprint = stored.get(_join_key(sensor.key)), mark(sensor)
            if known is None:
                known = SensorPast(fingerprint)
            elif known.mark != fingerprint:  # events up to now came from another sensor of this name
                known = SensorPast(fingerprint, known.until_ms)
            found[sensor.key] = known
    return found


def save_pasts(journal: Journal, group: Group, pasts: Mapping[Name, SensorPast]) -> None:
    """Store the histories of one group."""
    bodies = {_join_key(sensor.key): pasts[sensor.key] for sensor in group.sensors}
    journal.set_settled({HEALTH + group.name: _encode_msgpack(bodies)})


def load_notes(journal: Journal) -> Notes:
    """Return the stored notes, or empty ones."""
    body = journal.settled().get(_NOTES)
    return _decode_notes(body) if body else Notes()


def save_notes(journal: Journal, notes: Notes) -> None:
    """Store the notes."""
    journal.set_settled({_NOTES: _encode_msgpack(notes)})


def said(db: sqlite3.Connection, sensor: Name, from_ms: int, to_ms: int) -> list[Said]:
    """Return a sensor's events with `from_ms <= at_ms < to_ms` by a trusted clock, oldest first."""
    rows: list[Said] = db.execute(
        "SELECT at_ms, kind, value FROM event JOIN kind ON kind_no = kind.no"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?)"
        " AND at_ms >= ? AND at_ms < ? AND synchronised ORDER BY at_ms, stream_no, seq",
        (*sensor, from_ms, to_ms),
    ).fetchall()
    return rows


def first_said_ms(db: sqlite3.Connection, sensor: Name, before_ms: int) -> int:
    """Return the time of a sensor's oldest stored event; `before_ms` if it has none."""
    (at_ms,) = db.execute(
        "SELECT min(at_ms) FROM event"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?) AND synchronised",
        sensor,
    ).fetchone()
    return before_ms if at_ms is None else min(int(at_ms), before_ms)


def heard(db: sqlite3.Connection) -> dict[Name, int]:
    """Return the time of each sensor's newest event by a trusted clock."""
    rows = db.execute(
        "SELECT device, sensor, (SELECT at_ms FROM event WHERE sensor_no = no AND synchronised"
        " ORDER BY at_ms DESC LIMIT 1) FROM sensor"
    )
    return {(device, sensor): at_ms for device, sensor, at_ms in rows if at_ms is not None}


def lost(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of lost events of each device, from the stored gaps."""
    return dict(db.execute("SELECT device, sum(last - first + 1) FROM gap GROUP BY device").fetchall())


def _join_key(key: Name) -> str:
    return "/".join(key)
