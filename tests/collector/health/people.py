"""Houses with people in them, told by their sensors: as they should be, and with one fault.

In:    a seed, how a house is furnished, which days are closed.
Out:   a plan and what its sensors say, day by day.
Never: a rule of the product.

Who sits at a desk moves every two minutes on average and never rests longer than six (UCI 864, two well placed
sensors); a mat is left for a second now and then; an empty room moves its sensor 0.35 times an hour, day and night.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from collector.evidence import Heard
from collector.plan import Sensor, SensorKind, SitePlan, Space, SpaceKind, Tenure
from edge.message import Kind
from tests.collector.room import MINUTE, SECOND
from tests.collector.room import plan as small_plan

MONDAY_MS = 1_789_941_600_000
"""2026-09-21, 00:00 in Stockholm."""
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEAT = 5 * MINUTE
ZONE = ZoneInfo("Europe/Stockholm")

Stay = tuple[int, int]


@dataclass(frozen=True)
class Furniture:
    """What a house has."""

    desks: int = 6
    mats: bool = True
    dedicated: bool = False
    """The first desk is one member's."""
    room: bool = True


def plan(has: Furniture) -> SitePlan:
    """Desks with a movement sensor and a mat each, and a meeting room with a movement sensor."""
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


def workday(dice: Random) -> list[Stay]:
    """The stays of one day at a desk, minutes after midnight: with coffee, lunch and a meeting, or ten hours long."""
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


def stays(has: Furniture, seed: int, days: int, closed: frozenset[int] = frozenset()) -> dict[str, list[Stay]]:
    """Who is where, by space (Unix ms): on working days that are not closed (0 is the first Monday)."""
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    liked = {n: dice.uniform(0.6, 1) for n in range(has.desks)}
    found: dict[str, list[Stay]] = {}
    for day in range(days):
        if day % 7 >= 5 or day in closed:
            continue
        begun = MONDAY_MS + day * DAY
        for n in range(has.desks):
            if dice.random() < liked[n]:
                mine = [(begun + a * MINUTE, begun + b * MINUTE) for a, b in workday(dice)]
                found.setdefault(f"desk-{n}", []).extend(mine)
        if has.room:
            at = 9 * 60
            while at < 16 * 60:
                length = dice.choice((30, 60, 60, 90, 240))
                found.setdefault("room", []).append((begun + at * MINUTE, begun + (at + length) * MINUTE))
                at += length + dice.choice((5, 30, 60, 120))
    return found


def motions(where: Sequence[Stay], from_ms: int, to_ms: int, dice: Random) -> list[int]:
    """The moments at which a movement sensor that sees a space well comes on."""
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


def levels(changes: Sequence[tuple[int, float]], kind: Kind, from_ms: int, to_ms: int) -> list[tuple[int, Kind, float]]:
    """Changes of a level, and a heartbeat whenever nothing else was said."""
    said: list[tuple[int, Kind, float]] = []
    level, beat = 0.0, from_ms
    for at_ms, value in [*changes, (to_ms, 0.0)]:
        while beat < at_ms:
            said.append((beat, Kind.HEARTBEAT, level))
            beat += BEAT
        if at_ms < to_ms and value != level:
            said.append((at_ms, kind, value))
            level, beat = value, at_ms + BEAT
    return said


def pulses(moments: Sequence[int], length_ms: int = 2500) -> list[tuple[int, float]]:
    """A level that comes on at moments, each time for so long; those that meet are one."""
    changes: list[tuple[int, float]] = []
    for at_ms in moments:
        if changes and at_ms <= changes[-1][0]:
            changes[-1] = (at_ms + length_ms, 0.0)
        else:
            changes += [(at_ms, 1.0), (at_ms + length_ms, 0.0)]
    return changes


def weights(where: Sequence[Stay], dice: Random) -> list[tuple[int, float]]:
    """A mat: pressed while somebody sits, let go for a second now and then."""
    changes: list[tuple[int, float]] = []
    for begins, ends in where:
        changes.append((begins, 1.0))
        at = begins + 10 * MINUTE
        while at < ends - 5 * MINUTE:
            changes += [(at, 0.0), (at + 1200, 1.0)]
            at += dice.randint(5, 60) * MINUTE
        changes.append((ends, 0.0))
    return changes


Fault = Callable[[str, list[tuple[int, float]]], list[tuple[int, float]]]
"""What a sensor's changes become."""


def as_it_is(_sensor_id: str, changes: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return changes


def said(has: Furniture, where: dict[str, list[Stay]], seed: int, days: int, fault: Fault = as_it_is) -> list[Heard]:
    """What every sensor of the house says in so many days from the first Monday on, in order."""
    return list(_numbered(_all(has, where, seed, (MONDAY_MS, MONDAY_MS + days * DAY), fault)))


def _all(
    has: Furniture, where: dict[str, list[Stay]], seed: int, span: Stay, fault: Fault
) -> Iterator[tuple[int, str, Kind, float]]:
    for place, sensor in enumerate(plan(has).sensors):
        dice = Random(f"{seed} {place}")  # noqa: S311 - repeatable, no secret
        here = where.get(sensor.space or "", [])
        if sensor.kind is SensorKind.PIR:
            changes, kind = pulses(motions(here, *span, dice)), Kind.MOTION
        else:
            changes, kind = weights(here, dice), Kind.PRESSURE
        for at_ms, says, value in levels(fault(sensor.id, changes), kind, *span):
            yield at_ms, sensor.id, says, value


def _numbered(found: Iterator[tuple[int, str, Kind, float]]) -> Iterator[Heard]:
    for seq, (at_ms, name, kind, value) in enumerate(sorted(found), start=1):
        yield Heard(at_ms, "pi", "s", seq, name, kind, value)
