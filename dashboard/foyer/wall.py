"""The screen in the foyer: what it shows of the house, and how it is laid out.

In:    the plan, the public frame, real time.
Out:   values for one template: rows by name where they are few, by kind where they are many.
Never: anything that the public frame does not hold; a choice of the reader's, who has no hands here.
"""

from dataclasses import dataclass
from typing import Final

from collector.plan import SitePlan, SpaceKind
from dashboard.drawing import Drawing

BESIDE: Final = (SpaceKind.BOOTH, SpaceKind.ROOM)
"""What is told beside the answer."""
MOST_NAMED: Final = 5
"""Up to so many booths and rooms each have a row; more are counted by kind."""
SHIFTS: Final = 8
"""Places of the ring in which the whole picture moves; wall.css has them, wall.js goes on from here."""
MINUTE_S: Final = 60
WIDE: Final = (800, 400)
"""A floor beyond this (40 by 20 m) is drawn too small for the numbers of its desks."""


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


def is_dense(drawing: Drawing) -> bool:
    """Whether the numbers of its desks would be too small to read."""
    return drawing.width > WIDE[0] or drawing.height > WIDE[1]


def shift(now_s: float) -> int:
    """Where in the ring the picture stands this minute."""
    return int(now_s // MINUTE_S) % SHIFTS
