"""Keeps what is known of sensors in the journal's `settled` table, under names of its own.

In:    pasts of the sensors that watch one thing; notes about the whole house; an open journal.
Out:   the same again; of a sensor that is another one now, nothing.
Never: judgement, transactions of its own.
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
    """When something was first found."""

    device: str
    sensor: str
    kind: str
    at_ms: int


class Notes(Struct, frozen=True, gc=False, array_like=True):
    """What is to be remembered of the house as a whole."""

    since: tuple[Since, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    clocks: dict[str, list[ClockHour]] = {}
    late: dict[str, int] = {}
    """Groups with news from before what was counted, and from when on they must be counted again."""


class Group(Struct, frozen=True):
    """The sensors that watch the same space, door or zone."""

    name: str
    sensors: tuple[Sensor, ...]

    @property
    def of_space(self) -> bool:
        """Whether a space is what they watch."""
        return self.sensors[0].space is not None


_encode: Final = msgspec.msgpack.Encoder().encode
_pasts: Final = msgspec.msgpack.Decoder(dict[str, SensorPast]).decode
_notes: Final = msgspec.msgpack.Decoder(Notes).decode


def groups(plan: SitePlan) -> dict[str, Group]:
    """The sensors of each space, door and zone, by a name that no other of them has."""
    found: dict[str, list[Sensor]] = {}
    for sensor in plan.sensors:
        watched = (("space", sensor.space), ("door", sensor.door), ("zone", sensor.zone))
        found.setdefault(next(f"{what}:{name}" for what, name in watched if name is not None), []).append(sensor)
    return {name: Group(name, tuple(sensors)) for name, sensors in found.items()}


def kept_names(plan: SitePlan) -> set[str]:
    """Under which names something about this plan's sensors may stand in the journal."""
    return {_NOTES, *(HEALTH + name for name in groups(plan))}


def load_pasts(journal: Journal, plan: SitePlan) -> dict[Name, SensorPast]:
    """What is known of every sensor of the plan."""
    settled = journal.settled()
    found: dict[Name, SensorPast] = {}
    for name, group in groups(plan).items():
        body = settled.get(HEALTH + name)
        stored = _pasts(body) if body else {}
        for sensor in group.sensors:
            known, is_now = stored.get(_path(sensor.key)), mark(sensor)
            if known is None:
                known = SensorPast(is_now)
            elif known.mark != is_now:  # what its name said until now was said by another
                known = SensorPast(is_now, known.until_ms)
            found[sensor.key] = known
    return found


def save_pasts(journal: Journal, group: Group, pasts: Mapping[Name, SensorPast]) -> None:
    """Remember the sensors of one group."""
    bodies = {_path(sensor.key): pasts[sensor.key] for sensor in group.sensors}
    journal.set_settled({HEALTH + group.name: _encode(bodies)})


def load_notes(journal: Journal) -> Notes:
    """The notes; empty ones at first."""
    body = journal.settled().get(_NOTES)
    return _notes(body) if body else Notes()


def save_notes(journal: Journal, notes: Notes) -> None:
    """Remember the notes."""
    journal.set_settled({_NOTES: _encode(notes)})


def said(db: sqlite3.Connection, sensor: Name, from_ms: int, to_ms: int) -> list[Said]:
    """What a sensor said from `from_ms` and before `to_ms` by a trusted clock, oldest first."""
    rows: list[Said] = db.execute(
        "SELECT at_ms, kind, value FROM event JOIN kind ON kind_no = kind.no"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?)"
        " AND at_ms >= ? AND at_ms < ? AND synchronised ORDER BY at_ms, stream_no, seq",
        (*sensor, from_ms, to_ms),
    ).fetchall()
    return rows


def first_said_ms(db: sqlite3.Connection, sensor: Name, before_ms: int) -> int:
    """When a sensor first said something that is still stored; `before_ms` if that was never."""
    (at_ms,) = db.execute(
        "SELECT min(at_ms) FROM event"
        " WHERE sensor_no = (SELECT no FROM sensor WHERE device = ? AND sensor = ?) AND synchronised",
        sensor,
    ).fetchone()
    return before_ms if at_ms is None else min(int(at_ms), before_ms)


def heard(db: sqlite3.Connection) -> dict[Name, int]:
    """The newest event of each sensor by a trusted clock."""
    rows = db.execute(
        "SELECT device, sensor, (SELECT at_ms FROM event WHERE sensor_no = no AND synchronised"
        " ORDER BY at_ms DESC LIMIT 1) FROM sensor"
    )
    return {(device, sensor): at_ms for device, sensor, at_ms in rows if at_ms is not None}


def lost(db: sqlite3.Connection) -> dict[str, int]:
    """Of each device the events that are in gaps."""
    return dict(db.execute("SELECT device, sum(last - first + 1) FROM gap GROUP BY device").fetchall())


def _path(key: Name) -> str:
    return "/".join(key)
