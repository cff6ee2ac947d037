"""The layout of a new site: floors that fit, zones side by side, spaces in a grid, and an id for each.

In:    the answers.
Out:   floors, zones and spaces, as the site file has them.
Never: files; a plan of the real premises: the owner moves things in the site file.

Each kind of space has its own columns of a zone, desks first. All zones of a floor have the same number of rows.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from collector.text.languages import Catalogue, load_catalogue
from ledig.site.ids import MAX_ID_LENGTH
from ledig.site_setup.setup_answers import FloorAnswers, SiteAnswers, ZoneAnswers

_COLUMN_WIDTHS_M: Final[Mapping[SpaceKind, float]] = {
    SpaceKind.DESK: 3.0,
    SpaceKind.BOOTH: 3.0,
    SpaceKind.ROOM: 4.0,
}
_ROW_DEPTH_M: Final = 3.0
_TOP_M: Final = 1.0
"""Space for the name of a zone above its first row."""
_BOTTOM_M: Final = 0.5
"""Space for the names below the last row."""
_LEAST_ZONE_WIDTH_M: Final = 6.0
_FLOOR_PROPORTION: Final = 2.5
"""A floor is about so many times as wide as deep: a plan fits under the numbers of the first page."""

_SUFFIX_CHARS: Final = 8
"""Room for a hyphen and a number after a name, within the longest id."""
_UNDIVIDED: Final = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
"""Characters that Unicode does not divide into a letter and an accent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLayout:
    """Floors, zones and spaces of a new site."""

    site_id: str
    floors: tuple[Floor, ...]
    zones: tuple[Zone, ...]
    spaces: tuple[Space, ...]


def draw_layout(answers: SiteAnswers) -> DraftLayout:
    """Give every floor, zone and space an id, a name and a position."""
    catalogue = load_catalogue(answers.language)
    floor_ids = _create_ids([floor.name for floor in answers.floors], "floor", ())
    zone_names = [zone.name for floor in answers.floors for zone in floor.zones]
    zone_ids = iter(_create_ids(zone_names, "zone", (WHOLE_SITE,)))
    floors: list[Floor] = []
    zones: list[Zone] = []
    spaces: list[Space] = []
    numbers = dict.fromkeys(_COLUMN_WIDTHS_M, 0)
    for floor_id, floor in zip(floor_ids, answers.floors, strict=True):
        rows = _choose_rows(floor)
        depth_m, left_m = _find_depth_m(rows), 0.0
        for zone in floor.zones:
            width_m, zone_id = _find_zone_width_m(zone, rows), next(zone_ids)
            zones.append(
                Zone(id=zone_id, name=zone.name, floor=floor_id, x_m=left_m, y_m=0.0, width_m=width_m, depth_m=depth_m)
            )
            for kind, x_m, y_m in _iterate_positions(zone, rows):
                numbers[kind] += 1
                spaces.append(
                    Space(
                        id=f"{kind}-{numbers[kind]}",
                        name=_get_name_pattern(catalogue, kind).format(number=numbers[kind]),
                        kind=kind,
                        zone=zone_id,
                        x_m=left_m + x_m,
                        y_m=y_m,
                    )
                )
            left_m += width_m
        floors.append(Floor(id=floor_id, name=floor.name, width_m=left_m, depth_m=depth_m))
    return DraftLayout(
        site_id=_create_ids([answers.name], "site", ())[0],
        floors=tuple(floors),
        zones=tuple(zones),
        spaces=tuple(spaces),
    )


def _get_name_pattern(catalogue: Catalogue, kind: SpaceKind) -> str:
    return {
        SpaceKind.DESK: catalogue.gettext("Desk {number}"),
        SpaceKind.BOOTH: catalogue.gettext("Booth {number}"),
        SpaceKind.ROOM: catalogue.gettext("Room {number}"),
    }[kind]


def _choose_rows(floor: FloorAnswers) -> int:
    """Return the number of rows with which the floor comes nearest to its proportion."""
    most = max(1, *(count for zone in floor.zones for count in zone.counts.values()))

    def find_deviation(rows: int) -> float:
        width_m = sum(_find_zone_width_m(zone, rows) for zone in floor.zones)
        return abs(math.log(width_m / _find_depth_m(rows) / _FLOOR_PROPORTION))

    return min(range(1, most + 1), key=find_deviation)


def _find_depth_m(rows: int) -> float:
    return _TOP_M + rows * _ROW_DEPTH_M + _BOTTOM_M


def _count_columns(zone: ZoneAnswers, kind: SpaceKind, rows: int) -> int:
    return -(-zone.counts[kind] // rows)


def _find_zone_width_m(zone: ZoneAnswers, rows: int) -> float:
    width_m = sum(_count_columns(zone, kind, rows) * column_m for kind, column_m in _COLUMN_WIDTHS_M.items())
    return max(width_m, _LEAST_ZONE_WIDTH_M)


def _iterate_positions(zone: ZoneAnswers, rows: int) -> Iterator[tuple[SpaceKind, float, float]]:
    """Yield kind and centre of each space of a zone, row by row; x from the left edge of the zone, in metres."""
    left_m = 0.0
    for kind, column_m in _COLUMN_WIDTHS_M.items():
        columns = _count_columns(zone, kind, rows)
        for number in range(zone.counts[kind]):
            row, column = divmod(number, columns)
            yield kind, left_m + (column + 0.5) * column_m, _TOP_M + (row + 0.5) * _ROW_DEPTH_M
        left_m += columns * column_m


def _create_ids(names: list[str], fallback: str, reserved: tuple[str, ...]) -> list[str]:
    """Derive a unique id from each name, "vavsalen" from "Vävsalen"; a name without a-z and digits gets a number."""
    found = [_simplify(name) for name in names]
    taken = {*reserved, *(one for one in found if found.count(one) == 1)}
    ids: list[str] = []
    for number, one in enumerate(found, 1):
        if found.count(one) == 1 and one and one not in reserved:
            ids.append(one)
            continue
        stem, suffix = one or fallback, number
        while f"{stem}-{suffix}" in taken:
            suffix += 1
        ids.append(f"{stem}-{suffix}")
        taken.add(ids[-1])
    return ids


def _simplify(name: str) -> str:
    """Return the part of a name that an id may have: without accents, in lower case, with hyphens."""
    divided = unicodedata.normalize("NFKD", name.casefold().translate(_UNDIVIDED))
    plain = "".join(sign for sign in divided if not unicodedata.combining(sign))
    return re.sub("[^a-z0-9]+", "-", plain)[: MAX_ID_LENGTH - _SUFFIX_CHARS].strip("-")
