"""Computes the floor plan drawings: walls with gaps for doors, zones as thin outlines, a symbol for each space.

In:    the plan of the site.
Out:   coordinates and labels for one inline SVG per floor, in units of 5 cm.
Never: states (a symbol changes only by its CSS class), colours, HTML.
"""

import re
from dataclasses import dataclass
from typing import Final

from collector.site.site_plan import SitePlan
from collector.site.spaces import Door, Floor, Space, SpaceKind, Tenure

UNITS_PER_M: Final = 20
DOOR_WIDTH_M: Final = 1.0
"""Width of the gap for a door, in metres."""
FOOTPRINT_M: Final = {
    SpaceKind.DESK: (1.4, 0.8),
    SpaceKind.BOOTH: (1.2, 1.2),
    SpaceKind.ROOM: (2.6, 2.0),
    SpaceKind.EQUIPMENT: (1.4, 1.4),
    SpaceKind.SUPPLY: (1.0, 1.0),
}
"""Width and depth of the outline around a symbol, in metres: about a desk's top, a booth's walls."""


@dataclass(frozen=True, slots=True)
class SpaceSymbol:
    """One space on its floor. `frame_index` is the position of its state code in a frame; None if it shows no state."""

    id: str
    name: str
    label: str
    kind: SpaceKind
    zone: str
    x: int
    y: int
    width: int
    height: int
    frame_index: int | None


@dataclass(frozen=True, slots=True)
class ZoneOutline:
    """One zone: a thin outline and a name."""

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DoorGap:
    """One door: its name, and the SVG path of its leaf."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class FloorDrawing:
    """One floor; `walls` is the SVG path of the outer walls without the doors."""

    name: str
    width: int
    height: int
    walls: str
    rooms: tuple[ZoneOutline, ...]
    gaps: tuple[DoorGap, ...]
    marks: tuple[SpaceSymbol, ...]


def draw_floors(plan: SitePlan) -> tuple[FloorDrawing, ...]:
    """Draw all floors, in the order of the plan."""
    return tuple(_draw_floor(plan, floor) for floor in plan.floors)


def format_label(space: Space) -> str:
    """Return the text beside a symbol: the number of a desk, the name of anything else."""
    number = re.search(r"\d+\s*$", space.name)
    return number.group().strip() if space.kind is SpaceKind.DESK and number else space.name


def _to_units(metres: float) -> int:
    return round(metres * UNITS_PER_M)


def _draw_floor(plan: SitePlan, floor: Floor) -> FloorDrawing:
    doors = [door for door in plan.doors if door.floor == floor.id]
    walls, gaps = _draw_walls(floor, doors)
    return FloorDrawing(
        name=floor.name,
        width=_to_units(floor.width_m),
        height=_to_units(floor.depth_m),
        walls=walls,
        rooms=tuple(
            ZoneOutline(
                zone.name, _to_units(zone.x_m), _to_units(zone.y_m), _to_units(zone.width_m), _to_units(zone.depth_m)
            )
            for zone in plan.zones
            if zone.floor == floor.id
        ),
        gaps=gaps,
        marks=_draw_symbols(plan, floor),
    )


def _draw_symbols(plan: SitePlan, floor: Floor) -> tuple[SpaceSymbol, ...]:
    offered = [space.id for space in plan.spaces if space.is_offered]
    place = {space: number for number, space in enumerate(offered)}
    return tuple(
        SpaceSymbol(
            id=space.id,
            name=space.name,
            label=format_label(space),
            kind=space.kind,
            zone=space.zone,
            x=_to_units(space.x_m),
            y=_to_units(space.y_m),
            width=_to_units(FOOTPRINT_M[space.kind][0]),
            height=_to_units(FOOTPRINT_M[space.kind][1]),
            frame_index=None if space.tenure is Tenure.DEDICATED else place.get(space.id),
        )
        for space in plan.spaces
        if plan.zone_by_id[space.zone].floor == floor.id
    )


def _draw_walls(floor: Floor, doors: list[Door]) -> tuple[str, tuple[DoorGap, ...]]:
    """Return the outer walls as a path with a gap at each door, and the doors' leaves."""
    width, depth = _to_units(floor.width_m), _to_units(floor.depth_m)
    half = _to_units(DOOR_WIDTH_M) // 2
    cuts: dict[str, list[int]] = {"top": [], "right": [], "bottom": [], "left": []}
    gaps: list[DoorGap] = []
    for door in doors:
        x, y = _to_units(door.x_m), _to_units(door.y_m)
        side = min({"top": y, "right": width - x, "bottom": depth - y, "left": x}.items(), key=lambda item: item[1])[0]
        along = min(
            max(x if side in {"top", "bottom"} else y, half), (width if side in {"top", "bottom"} else depth) - half
        )
        cuts[side].append(along)
        gaps.append(DoorGap(door.name, _draw_leaf(side, along, half, width, depth)))
    path = [
        *(f"M{start} 0H{end}" for start, end in _split_wall(width, cuts["top"], half)),
        *(f"M{width} {start}V{end}" for start, end in _split_wall(depth, cuts["right"], half)),
        *(f"M{start} {depth}H{end}" for start, end in _split_wall(width, cuts["bottom"], half)),
        *(f"M0 {start}V{end}" for start, end in _split_wall(depth, cuts["left"], half)),
    ]
    return "".join(path), tuple(gaps)


def _split_wall(length: int, cuts: list[int], half: int) -> list[tuple[int, int]]:
    """Return the parts of a wall between its doors."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        if cut - half > start:
            pieces.append((start, cut - half))
        start = max(start, cut + half)
    if start < length:
        pieces.append((start, length))
    return pieces


def _draw_leaf(side: str, along: int, half: int, width: int, depth: int) -> str:
    """Return the path of a door that opens inwards, and the quarter circle that it sweeps."""
    leaf_width = 2 * half
    low, high = along - half, along + half
    return {
        "top": f"M{low} 0V{leaf_width}A{leaf_width} {leaf_width} 0 0 0 {high} 0",
        "bottom": f"M{low} {depth}V{depth - leaf_width}A{leaf_width} {leaf_width} 0 0 1 {high} {depth}",
        "left": f"M0 {low}H{leaf_width}A{leaf_width} {leaf_width} 0 0 1 0 {high}",
        "right": f"M{width} {low}H{width - leaf_width}A{leaf_width} {leaf_width} 0 0 0 {width} {high}",
    }[side]
