"""Draws the house once: walls with gaps for doors, rooms as thin outlines, a mark for each space.

In:    the plan of the house.
Out:   coordinates and labels for one inline SVG per floor, in units of 5 cm.
Never: states (a mark changes by its class only), colours, HTML.
"""

import re
from dataclasses import dataclass
from typing import Final

from collector.plan import Door, Floor, SitePlan, Space, SpaceKind, Tenure

UNITS_PER_M: Final = 20
DOOR_M: Final = 1.0
"""How wide a gap a door leaves."""
FOOTPRINT_M: Final = {
    SpaceKind.DESK: (1.4, 0.8),
    SpaceKind.BOOTH: (1.2, 1.2),
    SpaceKind.ROOM: (2.6, 2.0),
    SpaceKind.EQUIPMENT: (1.4, 1.4),
    SpaceKind.SUPPLY: (1.0, 1.0),
}
"""The outline around a mark: about a desk's top, a booth's walls."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One space on its floor. `place` is where its character stands in the frame; None: it shows no state."""

    id: str
    name: str
    label: str
    kind: SpaceKind
    zone: str
    x: int
    y: int
    width: int
    height: int
    place: int | None


@dataclass(frozen=True, slots=True)
class Room:
    """One zone: a thin outline and a name."""

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Gap:
    """One door: its name, and the path of its leaf."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One floor; `walls` is the path of the outer walls without its doors."""

    name: str
    width: int
    height: int
    walls: str
    rooms: tuple[Room, ...]
    gaps: tuple[Gap, ...]
    marks: tuple[Mark, ...]


def draw(plan: SitePlan) -> tuple[Drawing, ...]:
    """The drawings of all floors, in the order of the plan."""
    return tuple(_draw_floor(plan, floor) for floor in plan.floors)


def label(space: Space) -> str:
    """What stands beside a mark: a desk's number, the name of anything else."""
    number = re.search(r"\d+\s*$", space.name)
    return number.group().strip() if space.kind is SpaceKind.DESK and number else space.name


def _units(metres: float) -> int:
    return round(metres * UNITS_PER_M)


def _draw_floor(plan: SitePlan, floor: Floor) -> Drawing:
    doors = [door for door in plan.doors if door.floor == floor.id]
    walls, gaps = _walls(floor, doors)
    return Drawing(
        name=floor.name,
        width=_units(floor.width_m),
        height=_units(floor.depth_m),
        walls=walls,
        rooms=tuple(
            Room(zone.name, _units(zone.x_m), _units(zone.y_m), _units(zone.width_m), _units(zone.depth_m))
            for zone in plan.zones
            if zone.floor == floor.id
        ),
        gaps=gaps,
        marks=_marks(plan, floor),
    )


def _marks(plan: SitePlan, floor: Floor) -> tuple[Mark, ...]:
    offered = [space.id for space in plan.spaces if space.offered]
    place = {space: number for number, space in enumerate(offered)}
    return tuple(
        Mark(
            id=space.id,
            name=space.name,
            label=label(space),
            kind=space.kind,
            zone=space.zone,
            x=_units(space.x_m),
            y=_units(space.y_m),
            width=_units(FOOTPRINT_M[space.kind][0]),
            height=_units(FOOTPRINT_M[space.kind][1]),
            place=None if space.tenure is Tenure.DEDICATED else place.get(space.id),
        )
        for space in plan.spaces
        if plan.zone[space.zone].floor == floor.id
    )


def _walls(floor: Floor, doors: list[Door]) -> tuple[str, tuple[Gap, ...]]:
    """The outer walls as a path, cut where the nearest door is, and the doors' leaves."""
    width, depth = _units(floor.width_m), _units(floor.depth_m)
    half = _units(DOOR_M) // 2
    cuts: dict[str, list[int]] = {"top": [], "right": [], "bottom": [], "left": []}
    gaps: list[Gap] = []
    for door in doors:
        x, y = _units(door.x_m), _units(door.y_m)
        side = min({"top": y, "right": width - x, "bottom": depth - y, "left": x}.items(), key=lambda way: way[1])[0]
        along = min(
            max(x if side in {"top", "bottom"} else y, half), (width if side in {"top", "bottom"} else depth) - half
        )
        cuts[side].append(along)
        gaps.append(Gap(door.name, _leaf(side, along, half, width, depth)))
    path = [
        *(f"M{start} 0H{end}" for start, end in _pieces(width, cuts["top"], half)),
        *(f"M{width} {start}V{end}" for start, end in _pieces(depth, cuts["right"], half)),
        *(f"M{start} {depth}H{end}" for start, end in _pieces(width, cuts["bottom"], half)),
        *(f"M0 {start}V{end}" for start, end in _pieces(depth, cuts["left"], half)),
    ]
    return "".join(path), tuple(gaps)


def _pieces(length: int, cuts: list[int], half: int) -> list[tuple[int, int]]:
    """What is left of a wall between its doors."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        if cut - half > start:
            pieces.append((start, cut - half))
        start = max(start, cut + half)
    if start < length:
        pieces.append((start, length))
    return pieces


def _leaf(side: str, along: int, half: int, width: int, depth: int) -> str:
    """A door that stands open into the house, and the quarter circle that it sweeps."""
    wide = 2 * half
    low, high = along - half, along + half
    return {
        "top": f"M{low} 0V{wide}A{wide} {wide} 0 0 0 {high} 0",
        "bottom": f"M{low} {depth}V{depth - wide}A{wide} {wide} 0 0 1 {high} {depth}",
        "left": f"M0 {low}H{wide}A{wide} {wide} 0 0 1 0 {high}",
        "right": f"M{width} {low}H{width - wide}A{wide} {wide} 0 0 0 {width} {high}",
    }[side]
