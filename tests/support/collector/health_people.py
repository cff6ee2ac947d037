"""Simulated sites with people: the events of healthy sensors, and of sensors with one fault.

In:    a seed, the furniture of a site, the days on which it is closed.
Out:   a plan and the events of its sensors, day by day.
Never: a rule of the product.

A person at a desk moves every two minutes on average and never rests longer than six (UCI 864, two well placed
sensors); a mat is released for a second now and then; an empty room triggers its sensor 0.35 times an hour, day and
night.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import MINUTE, SECOND
from tests.support.collector.room import plan as small_plan

MONDAY_MS = 1_789_941_600_000
"""2026-09-21, 00:00 in Stockholm."""
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEAT = 5 * MINUTE
ZONE = ZoneInfo("Europe/Stockholm")

Stay = tuple[int, int]


@dataclass(frozen=True)
class Furniture:
    """The furniture of a site."""

    desks: int = 6
    mats: bool = True
    dedicated: bool = False
    """Whether the first desk is dedicated."""
    room: bool = True


def make_plan(has: Furniture) -> SitePlan:
    """Return a plan of desks with a movement sensor and a mat each, and a meeting room with a movement sensor."""
    spaces, sensors = [], []
    for n in range(has.desks):
        tenure = Tenure.DEDICATED if has.dedicated and not n else Tenure.SHARED
        spaces.append(Space(id=f"desk-{n}", name="", kind=SpaceKind.DESK, zone="loft", x_m=1, y_m=1, tenure=tenure))
        sensors.append(_sensor(f"pir-{n}", SensorKind.PIR, f"desk-{n}"))
        if has.mats:
            sensors.append(_sensor(f"mat-{n}", SensorKind.PRESSURE, f"desk-{n}"))
    if has.room:
        spaces.append(Space(id="room", name="", kind=SpaceKind.ROOM, zone="loft", x_m=1, y_m=1))
        sensors.append(_sensor("pir-room", SensorKind.PIR, "room"))
    return small_plan(*spaces, sensors=sensors)


def _sensor(name: str, kind: SensorKind, space: str) -> Sensor:
    return Sensor(device="pi", id=name, kind=kind, space=space, heartbeat_ms=BEAT)


def simulate_workday(dice: Random) -> list[Stay]:
    """Return one day of stays at a desk in minutes after midnight, with coffee, lunch and a meeting, or ten hours."""
    at, leaves = dice.randint(7 * 60, 10 * 60), dice.randint(15 * 60, 18 * 60)
    if dice.random() < 0.1:
        return [(at, at + 600)]  # ten hours without a break
    stays, lunch = [], dice.randint(11 * 60 + 15, 12 * 60 + 30)
    while at < leaves:
        until = min(leaves, at + dice.randint(35, 110))
        if at < lunch <= until:
            stays.append((at, lunch))
            at = lunch + dice.randint(25, 65)
        else:
            stays.append((at, until))
            at = until + dice.choice((3, 5, 8, 12, 20, 45))
    return stays


def simulate_stays(has: Furniture, seed: int, days: int, closed: frozenset[int] = frozenset()) -> dict[str, list[Stay]]:
    """Return the stays by space in Unix ms, on working days that are not closed (0 is the first Monday)."""
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    attendance = {n: dice.uniform(0.6, 1) for n in range(has.desks)}
    found: dict[str, list[Stay]] = {}
    for day in range(days):
        if day % 7 >= 5 or day in closed:
            continue
        begun = MONDAY_MS + day * DAY
        for n in range(has.desks):
            if dice.random() < attendance[n]:
                today = [(begun + a * MINUTE, begun + b * MINUTE) for a, b in simulate_workday(dice)]
                found.setdefault(f"desk-{n}", []).extend(today)
        if has.room:
            at = 9 * 60
            while at < 16 * 60:
                length = dice.choice((30, 60, 60, 90, 240))
                found.setdefault("room", []).append((begun + at * MINUTE, begun + (at + length) * MINUTE))
                at += length + dice.choice((5, 30, 60, 120))
    return found


def simulate_motions(where: Sequence[Stay], from_ms: int, to_ms: int, dice: Random) -> list[int]:
    """Return the times at which a well placed movement sensor triggers."""
    found = []
    at = from_ms + dice.expovariate(0.35 / HOUR)
    while at < to_ms:
        found.append(int(at))
        at += dice.expovariate(0.35 / HOUR)
    for begins, ends in where:
        at = begins
        while at < ends:
            found.append(int(at))
            at += min(6 * MINUTE, max(5 * SECOND, dice.expovariate(1 / (2 * MINUTE))))
    return sorted(found)


def add_heartbeats(
    changes: Sequence[tuple[int, float]], kind: EventKind, from_ms: int, to_ms: int
) -> list[tuple[int, EventKind, float]]:
    """Return changes of a level, with a heartbeat whenever there was no other event."""
    events: list[tuple[int, EventKind, float]] = []
    level, beat = 0.0, from_ms
    for at_ms, value in [*changes, (to_ms, 0.0)]:
        while beat < at_ms:
            events.append((beat, EventKind.HEARTBEAT, level))
            beat += BEAT
        if at_ms < to_ms and value != level:
            events.append((at_ms, kind, value))
            level, beat = value, at_ms + BEAT
    return events


def make_pulses(moments: Sequence[int], length_ms: int = 2500) -> list[tuple[int, float]]:
    """Return a level that turns on at the given times for `length_ms`; overlapping pulses are merged."""
    changes: list[tuple[int, float]] = []
    for at_ms in moments:
        if changes and at_ms <= changes[-1][0]:
            changes[-1] = (at_ms + length_ms, 0.0)
        else:
            changes += [(at_ms, 1.0), (at_ms + length_ms, 0.0)]
    return changes


def simulate_mat(where: Sequence[Stay], dice: Random) -> list[tuple[int, float]]:
    """Return the changes of a mat: pressed while somebody sits, released for a second now and then."""
    changes: list[tuple[int, float]] = []
    for begins, ends in where:
        changes.append((begins, 1.0))
        at = begins + 10 * MINUTE
        while at < ends - 5 * MINUTE:
            changes += [(at, 0.0), (at + 1200, 1.0)]
            at += dice.randint(5, 60) * MINUTE
        changes.append((ends, 0.0))
    return changes


FaultFunction = Callable[[str, list[tuple[int, float]]], list[tuple[int, float]]]
"""Modifies the changes of a sensor, by its id."""


def apply_no_fault(_sensor_id: str, changes: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return changes


def simulate_events(
    has: Furniture, where: dict[str, list[Stay]], seed: int, days: int, fault: FaultFunction = apply_no_fault
) -> list[StoredEvent]:
    """Return the events of all sensors of the site for `days` days from the first Monday on, in order."""
    return list(_numbered(_simulate_sensors(has, where, seed, (MONDAY_MS, MONDAY_MS + days * DAY), fault)))


def _simulate_sensors(
    has: Furniture, where: dict[str, list[Stay]], seed: int, span: Stay, fault: FaultFunction
) -> Iterator[tuple[int, str, EventKind, float]]:
    for place, sensor in enumerate(make_plan(has).sensors):
        dice = Random(f"{seed} {place}")  # noqa: S311 - repeatable, no secret
        here = where.get(sensor.space or "", [])
        if sensor.kind is SensorKind.PIR:
            changes, kind = make_pulses(simulate_motions(here, *span, dice)), EventKind.MOTION
        else:
            changes, kind = simulate_mat(here, dice), EventKind.PRESSURE
        for at_ms, event_kind, value in add_heartbeats(fault(sensor.id, changes), kind, *span):
            yield at_ms, sensor.id, event_kind, value


def _numbered(found: Iterator[tuple[int, str, EventKind, float]]) -> Iterator[StoredEvent]:
    for seq, (at_ms, name, kind, value) in enumerate(sorted(found), start=1):
        yield StoredEvent(at_ms, "pi", "s", seq, name, kind, value)
