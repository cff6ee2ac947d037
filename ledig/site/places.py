"""Read the layout of a site file: floors, zones, spaces and doors, and their positions.

In:    the parsed file, a reader that collects faults.
Out:   those parts of the plan.
Never: devices (see devices.py), files.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from collector.site.occupancy_rules import MAX_HOLD_MS
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import Door, Floor, Space, SpaceKind, Tenure, Zone
from ledig.site.ids import find_id_fault
from ledig.site.table_reader import Table, TableReader, describe_unknown


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_HasId)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLayout:
    """The content of `[[floor]]`, `[[zone]]`, `[[space]]` and `[[door]]`."""

    floors: tuple[Floor, ...]
    zones: tuple[Zone, ...]
    spaces: tuple[Space, ...]
    doors: tuple[Door, ...]
    space: dict[str, Space]
    """Spaces by id."""
    ids_by_kind: dict[str, frozenset[str]]
    """All ids in the file by kind, valid or not, so that an invalid zone causes no fault in each of its spaces."""


def read_layout(reader: TableReader, document: Table) -> SiteLayout:
    """Read all tables of the layout; report faults to the reader and leave out what has a fault."""
    named = {kind: _list_ids(reader.get_tables(document, kind)) for kind in ("floor", "zone", "space", "door")}
    for kind in ("floor", "zone", "space"):
        if kind not in document:
            reader.faults.add("", f"no [[{kind}]]; a site needs at least one")
    floors = _read_all(reader, document, Floor, "floor")
    zones = _read_all(reader, document, Zone, "zone")
    spaces = _read_all(reader, document, Space, "space")
    doors = _read_all(reader, document, Door, "door")
    _check_floors(reader, floors)
    _check_zones(reader, zones, floors, named["floor"])
    _check_spaces(reader, spaces, zones, named["zone"])
    _check_doors(reader, doors, floors, named["floor"])
    by_id = {space.id: space for space in spaces}
    return SiteLayout(floors=floors, zones=zones, spaces=spaces, doors=doors, space=by_id, ids_by_kind=named)


def _list_ids(tables: Iterable[Table]) -> frozenset[str]:
    return frozenset(str(table["id"]) for table in tables if "id" in table)


def _format_place(kind: str, table: Table, number: int) -> str:
    return f'{kind} "{table["id"]}"' if isinstance(table.get("id"), str) else f"{kind} number {number}"


def check_ids(reader: TableReader, tables: Iterable[Table], kind: str, within: str = "") -> list[tuple[str, Table]]:
    """Return each table with its place for faults.

    A table without a valid id is a fault; a missing id gets a placeholder, so that further faults are found too.

    Args:
        reader: collects faults.
        tables: of one kind.
        kind: such as `space`.
        within: place of the table that contains these.
    """
    found: list[tuple[str, Table]] = []
    seen: set[str] = set()
    for number, table in enumerate(tables, 1):
        place, id_ = within + _format_place(kind, table, number), table.get("id")
        if not isinstance(id_, str):
            finding = "missing" if id_ is None else id_
            reader.faults.add(place, f'id is {finding}; give it: id = "{kind}-{number}"')
            found.append((place, {**table, "id": f"{kind}-number-{number}"}))
            continue
        if fault := find_id_fault(id_):
            reader.faults.add(place, fault)
        elif id_ in seen:
            reader.faults.add(place, f"this id is given twice; each {kind} needs its own")
        seen.add(id_)
        found.append((_format_place(kind, table, number), table))
    return found


def _read_all(reader: TableReader, document: Table, kind: type[_N], name: str) -> tuple[_N, ...]:
    built = (
        reader.build_value(kind, table, place)
        for place, table in check_ids(reader, reader.get_tables(document, name), name)
    )
    return tuple(item for item in built if item is not None)


@dataclass(frozen=True, slots=True)
class _Rectangle:
    """Position of a floor or zone, in metres."""

    left: float
    top: float
    right: float
    bottom: float

    def contains(self, x_m: float, y_m: float) -> bool:
        tolerance_m = 1e-9  # in floating point 12.2 + 7.8 is slightly more than 20
        across = self.left - tolerance_m <= x_m <= self.right + tolerance_m
        return across and self.top - tolerance_m <= y_m <= self.bottom + tolerance_m

    def __str__(self) -> str:
        return f"x {self.left:g} to {self.right:g} and y {self.top:g} to {self.bottom:g}"


def _floor_rectangle(floor: Floor) -> _Rectangle:
    return _Rectangle(0, 0, floor.width_m, floor.depth_m)


def _zone_rectangle(zone: Zone) -> _Rectangle:
    return _Rectangle(zone.x_m, zone.y_m, zone.x_m + zone.width_m, zone.y_m + zone.depth_m)


def _check_floors(reader: TableReader, floors: Iterable[Floor]) -> None:
    for floor in floors:
        if not (0 < floor.width_m <= 1000 and 0 < floor.depth_m <= 1000):
            finding = f"it is {floor.width_m:g} by {floor.depth_m:g} m; each side must lie between 0 and 1000"
            reader.faults.add(f'floor "{floor.id}"', finding)


def _check_zones(reader: TableReader, zones: Iterable[Zone], floors: Iterable[Floor], known: frozenset[str]) -> None:
    rectangles = {floor.id: _floor_rectangle(floor) for floor in floors}
    for zone in zones:
        place, rectangle = f'zone "{zone.id}"', _zone_rectangle(zone)
        if zone.id == WHOLE_SITE:
            reader.faults.add(place, "this id is reserved for the whole site; choose another")
        if zone.width_m <= 0 or zone.depth_m <= 0:
            reader.faults.add(place, f"it is {zone.width_m:g} by {zone.depth_m:g} m; each side must be above 0")
        if zone.floor not in known:
            reader.faults.add(place, describe_unknown("floor", zone.floor, known))
        elif (floor := rectangles.get(zone.floor)) and not (
            floor.contains(rectangle.left, rectangle.top) and floor.contains(rectangle.right, rectangle.bottom)
        ):
            reader.faults.add(place, f'it spans {rectangle}; its floor "{zone.floor}" spans {floor}')


def _check_spaces(reader: TableReader, spaces: Iterable[Space], zones: Iterable[Zone], known: frozenset[str]) -> None:
    rectangles = {zone.id: _zone_rectangle(zone) for zone in zones}
    for space in spaces:
        place = f'space "{space.id}"'
        if space.zone not in known:
            reader.faults.add(place, describe_unknown("zone", space.zone, known))
        elif (zone := rectangles.get(space.zone)) and not zone.contains(space.x_m, space.y_m):
            finding = f'it is at x {space.x_m:g}, y {space.y_m:g}; its zone "{space.zone}" spans {zone}'
            reader.faults.add(place, finding)
        if space.kind is SpaceKind.SUPPLY and space.tenure is Tenure.DEDICATED:
            reader.faults.add(place, "a supply cannot be dedicated; leave tenure out")
        if space.motion_hold_ms is not None and not 1000 <= space.motion_hold_ms <= MAX_HOLD_MS:
            finding = f"motion_hold_ms must lie between 1000 and {MAX_HOLD_MS}, got {space.motion_hold_ms}"
            reader.faults.add(place, finding)
        if space.in_use_above_w is not None and not 0 < space.in_use_above_w <= 100_000:
            reader.faults.add(place, f"in_use_above_w must lie between 0 and 100000, got {space.in_use_above_w:g}")
        if not 0 < space.low_below_pct < 100:
            reader.faults.add(place, f"low_below_pct must lie between 0 and 100, got {space.low_below_pct:g}")


def _check_doors(reader: TableReader, doors: Iterable[Door], floors: Iterable[Floor], known: frozenset[str]) -> None:
    rectangles = {floor.id: _floor_rectangle(floor) for floor in floors}
    for door in doors:
        place = f'door "{door.id}"'
        if door.floor not in known:
            reader.faults.add(place, describe_unknown("floor", door.floor, known))
        elif (floor := rectangles.get(door.floor)) and not floor.contains(door.x_m, door.y_m):
            finding = f'it is at x {door.x_m:g}, y {door.y_m:g}; its floor "{door.floor}" spans {floor}'
            reader.faults.add(place, finding)
