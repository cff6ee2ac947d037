"""Layout of the wall screen.

In:    the plan, drawings, real time.
Out:   values for one template: few booths and rooms by name, many by kind.
Never: data that the public frame does not contain; user input.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from dashboard.charts.plan_drawing import FloorDrawing, SpaceSymbol
from edge.timekeeping.durations import MINUTE_S

LISTED_KINDS: Final = (SpaceKind.BOOTH, SpaceKind.ROOM)
"""Kinds shown beside the answer."""
MAX_NAMED: Final = 5
"""Up to this many booths and rooms have a row each; more are counted by kind."""
SHIFT_POSITIONS: Final = 8
"""Positions through which the layout shifts against burn-in; wall.css defines them."""
PLAN_SIZE_PX: Final = (900, 720)
"""Width and height of one floor's plan beside the answer, on a 1920 by 1080 screen."""
FONT_SIZE_PX: Final = 36
"""Font size of the plan there. On a 50-inch screen (1080 px are 620 mm) capitals are 15 mm high: 10 minutes of arc at
five metres, twice the limit of normal sight."""
CHARACTER_WIDTH: Final = 0.62
"""Approximate width of a character, as a share of the font size."""
MARK_RADIUS: Final = 10.4
"""Radius of a mark in units of the drawing; wall.css scales its shape to this."""


@dataclass(frozen=True, slots=True)
class WallRow:
    """One booth or room; `place` is the index of its character in the frame."""

    name: str
    kind: SpaceKind
    frame_index: int


@dataclass(frozen=True, slots=True)
class WallLayout:
    """What the screen shows, and where."""

    kind: SpaceKind | None
    """Kind that the answer counts; None: the site offers no spaces."""
    digits: int
    """Digits of its capacity: the number always has room for a range of that width, so that nothing jumps."""
    rows: tuple[WallRow, ...]
    kinds: tuple[SpaceKind, ...]
    """Kinds with one count instead of rows."""


@dataclass(frozen=True, slots=True)
class FloorLabels:
    """Font size and labels of one floor."""

    font_size: float
    """Font size in units of the drawing."""
    labels: Mapping[str, str]
    """Labels by the id of the mark; empty if it does not fit."""
    is_dense: bool
    """The desks are too close for readable numbers: no mark has a label."""


def choose_layout(plan: SitePlan) -> WallLayout:
    """Choose the answer's kind and the rows beside it."""
    offered = [space for space in plan.spaces if space.is_offered]
    kind = next((kind for kind in SpaceKind if any(space.kind is kind for space in offered)), None)
    beside = [(place, space) for place, space in enumerate(offered) if space.kind in LISTED_KINDS]
    named = len(beside) <= MAX_NAMED
    return WallLayout(
        kind=kind,
        digits=len(str(sum(space.kind is kind for space in offered))),
        rows=tuple(WallRow(space.name, space.kind, place) for place, space in beside) if named else (),
        kinds=() if named else tuple(kind for kind in LISTED_KINDS if any(space.kind is kind for _, space in beside)),
    )


def list_shown_floors(drawings: tuple[FloorDrawing, ...]) -> list[FloorDrawing]:
    """Return the floors with at least one offered space."""
    return [drawing for drawing in drawings if any(mark.frame_index is not None for mark in drawing.marks)]


def label_floor(drawing: FloorDrawing) -> FloorLabels:
    """Return the labels of a floor at a size readable at five metres; labels that do not fit are empty."""
    size = round(FONT_SIZE_PX / min(PLAN_SIZE_PX[0] / drawing.width, PLAN_SIZE_PX[1] / drawing.height), 1)
    marks = [mark for mark in drawing.marks if mark.frame_index is not None]
    if any(mark.label.isdecimal() and not _label_fits(mark.label, mark, marks, drawing, size) for mark in marks):
        return FloorLabels(size, {}, is_dense=True)
    fitting = {mark.id: _shorten_label(mark, marks, drawing, size) for mark in marks}
    return FloorLabels(size, fitting, is_dense=False)


def _shorten_label(mark: SpaceSymbol, marks: Sequence[SpaceSymbol], drawing: FloorDrawing, size: float) -> str:
    """Return the label, else its last word, else nothing, whichever fits."""
    candidates = (mark.label, mark.label.split()[-1])
    return next((text for text in candidates if _label_fits(text, mark, marks, drawing, size)), "")


def _label_fits(text: str, mark: SpaceSymbol, marks: Sequence[SpaceSymbol], drawing: FloorDrawing, size: float) -> bool:
    """Return whether a label avoids the walls and the neighbours' marks and equally wide labels."""
    half = len(text) * CHARACTER_WIDTH * size / 2
    if not half <= mark.x <= drawing.width - half:
        return False
    near = [other for other in marks if other is not mark and abs(other.y - mark.y) < MARK_RADIUS + size]
    below = [other for other in near if other.y - mark.y > MARK_RADIUS]
    return all(abs(other.x - mark.x) >= 2 * half for other in near if other not in below) and all(
        abs(other.x - mark.x) >= half + MARK_RADIUS for other in below
    )


def find_shift(now_s: float) -> int:
    """Return the index of the layout's position in this minute."""
    return int(now_s // MINUTE_S) % SHIFT_POSITIONS
