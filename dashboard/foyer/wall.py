"""The screen in the foyer: what it shows of the house, and how it is laid out.

In:    the plan, the public frame, real time.
Out:   values for one template: rows by name where they are few, by kind where they are many.
Never: anything that the public frame does not hold; a choice of the reader's, who has no hands here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.plan import SitePlan, SpaceKind
from dashboard.drawing import Drawing, Mark

BESIDE: Final = (SpaceKind.BOOTH, SpaceKind.ROOM)
"""What is told beside the answer."""
MOST_NAMED: Final = 5
"""Up to so many booths and rooms each have a row; more are counted by kind."""
SHIFTS: Final = 8
"""Places of the ring in which the whole picture moves; wall.css has them, wall.js goes on from here."""
MINUTE_S: Final = 60
PLAN_PX: Final = (900, 720)
"""The room that the plan of one floor has beside the answer, on a screen of 1920 by 1080."""
LETTER_PX: Final = 36
"""Letters of the plan there. On a 50-inch screen (1080 px are 620 mm) capitals are 15 mm high: 10 minutes of arc at
five metres, twice what normal sight can read."""
WIDTH: Final = 0.62
"""About how wide a letter is, of its size."""
MARK: Final = 10.4
"""How far a mark reaches from its centre, in units of the drawing; wall.css enlarges its shape to this."""


@dataclass(frozen=True, slots=True)
class Row:
    """One booth or room; `place` is where its character stands in the frame."""

    name: str
    kind: SpaceKind
    place: int


@dataclass(frozen=True, slots=True)
class Board:
    """What stands where."""

    kind: SpaceKind | None
    """What the answer is about; None: the house offers nothing."""
    digits: int
    """Of the greatest count of it: the number has room for a range of them from the first, so that nothing jumps."""
    rows: tuple[Row, ...]
    kinds: tuple[SpaceKind, ...]
    """Counted by kind instead."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """The labels of one floor."""

    size: float
    """Of its letters, in units of the drawing."""
    labels: Mapping[str, str]
    """By the id of a mark; empty where there is no room for it."""
    dense: bool
    """The desks stand too close for numbers that can be read: no mark has a label."""


def board(plan: SitePlan) -> Board:
    """How a house is told at five metres."""
    offered = [space for space in plan.spaces if space.offered]
    kind = next((kind for kind in SpaceKind if any(space.kind is kind for space in offered)), None)
    beside = [(place, space) for place, space in enumerate(offered) if space.kind in BESIDE]
    named = len(beside) <= MOST_NAMED
    return Board(
        kind=kind,
        digits=len(str(sum(space.kind is kind for space in offered))),
        rows=tuple(Row(space.name, space.kind, place) for place, space in beside) if named else (),
        kinds=() if named else tuple(kind for kind in BESIDE if any(space.kind is kind for _, space in beside)),
    )


def shown(drawings: tuple[Drawing, ...]) -> list[Drawing]:
    """The floors on which there is something to be had."""
    return [drawing for drawing in drawings if any(mark.place is not None for mark in drawing.marks)]


def lettered(drawing: Drawing) -> Lettering:
    """The labels of a floor at a size that can be read at five metres; one without room for its label has none."""
    size = round(LETTER_PX / min(PLAN_PX[0] / drawing.width, PLAN_PX[1] / drawing.height), 1)
    marks = [mark for mark in drawing.marks if mark.place is not None]
    if any(mark.label.isdecimal() and not _fits(mark.label, mark, marks, drawing, size) for mark in marks):
        return Lettering(size, {}, dense=True)
    fitting = {mark.id: _short(mark, marks, drawing, size) for mark in marks}
    return Lettering(size, fitting, dense=False)


def _short(mark: Mark, marks: Sequence[Mark], drawing: Drawing, size: float) -> str:
    """The label, or its last word, or nothing: what there is room for."""
    tries = (mark.label, mark.label.split()[-1])
    return next((text for text in tries if _fits(text, mark, marks, drawing, size)), "")


def _fits(text: str, mark: Mark, marks: Sequence[Mark], drawing: Drawing, size: float) -> bool:
    """Whether a label meets neither a wall nor the mark or the label of a neighbour, if that is as wide."""
    half = len(text) * WIDTH * size / 2
    if not half <= mark.x <= drawing.width - half:
        return False
    near = [other for other in marks if other is not mark and abs(other.y - mark.y) < MARK + size]
    below = [other for other in near if other.y - mark.y > MARK]
    return all(abs(other.x - mark.x) >= 2 * half for other in near if other not in below) and all(
        abs(other.x - mark.x) >= half + MARK for other in below
    )


def shift(now_s: float) -> int:
    """Where in the ring the picture stands this minute."""
    return int(now_s // MINUTE_S) % SHIFTS
