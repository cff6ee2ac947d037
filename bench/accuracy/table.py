"""Sets lines as the cells of a table, the same for the terminal and for the page.

In:    the lines of one recording.
Out:   columns that hold something, and for each line a cell a column: the figures, and below them goals met or missed.
Never: printing, colours; a goal is met or missed by its word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.accuracy.line import Figure, Goal, Line

_TOGETHER: Final[Mapping[str, tuple[Figure, ...]]] = {
    "free while taken: %, min, longest min": (
        Figure.FALSE_VACANT_PCT,
        Figure.FALSE_VACANT_MIN,
        Figure.LONGEST_FALSE_VACANT_MIN,
    ),
    "taken while free %": (Figure.FALSE_OCCUPIED_PCT,),
    "unknown %": (Figure.UNKNOWN_PCT,),
    "changes a day, true": (Figure.CHANGES_PER_DAY, Figure.TRUE_CHANGES_PER_DAY),
    "arrival: median, 95 %, s": (Figure.ARRIVAL_MEDIAN_S, Figure.ARRIVAL_95_S),
    "release: median, 95 %, s": (Figure.RELEASE_MEDIAN_S, Figure.RELEASE_95_S),
    "left over: mean, 90 %": (Figure.LEFT_OVER_MEAN, Figure.LEFT_OVER_90),
}
"""Figures that are read together stand in one cell, their units in its title; every other has a column."""
_DECIMALS: Final = {"_MIN": 1, "_S": 0, "_PER_DAY": 1, "FINDINGS": 0, "FALSE_ALARMS": 0}
"""By the end of a figure's name; others have two."""
MET: Final = "met"
MISSED: Final = "MISSED"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one line says in one column: its figures, and what became of their goals; both may be empty."""

    figures: tuple[str, ...]
    goals: tuple[str, ...]


def columns(lines: Sequence[Line]) -> dict[str, tuple[Figure, ...]]:
    """The columns in which any of the lines has a figure, in the order of `Figure`."""
    there = {figure for line in lines for figure in line.figures}
    titles = {figure: title for title, group in _TOGETHER.items() for figure in group}
    found: dict[str, tuple[Figure, ...]] = {}
    for figure in Figure:
        if figure in there:
            title = titles.get(figure, figure.value)
            found[title] = (*found.get(title, ()), figure)
    return found


def cell(line: Line, group: Sequence[Figure]) -> Cell:
    """One line's cell of a column."""
    told = [figure for figure in group if figure in line.figures]
    asked = [figure for figure in group if figure in line.goals]
    return Cell(
        tuple(_number(figure, line.figures[figure]) for figure in told),
        tuple(f"{goal_text(line.goals[figure])} {MET if met(line, figure) else MISSED}" for figure in asked),
    )


def met(line: Line, figure: Figure) -> bool:
    """Whether the line meets its goal for a figure; one that it does not even tell is missed."""
    return figure in line.figures and line.goals[figure].met(line.figures[figure])


def missed(lines: Sequence[Line]) -> list[str]:
    """Each goal that is missed, in words."""
    return [
        f"{line.recording}, {line.rule}: {figure.value} is {_told(line, figure)}, asked for"
        f" {goal_text(line.goals[figure])}"
        for line in lines
        for figure in line.goals
        if not met(line, figure)
    ]


def goal_text(goal: Goal) -> str:
    """A goal as bounds: `<= 0.1`, `>= 98.8`, `77-83`."""
    least, most = (f"{bound:g}" if bound is not None else "" for bound in (goal.least, goal.most))
    if least and most:
        return f"{least}-{most}"
    return f"<= {most}" if most else f">= {least}"


def _told(line: Line, figure: Figure) -> str:
    return _number(figure, line.figures[figure]) if figure in line.figures else "not told"


def _number(figure: Figure, value: float) -> str:
    decimals = next((digits for end, digits in _DECIMALS.items() if figure.name.endswith(end)), 2)
    return f"{value:.{decimals}f}"
