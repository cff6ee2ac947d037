"""Format lines as the cells of a table, for the terminal and for the page.

In:    the lines of one recording.
Out:   the columns in use, and for each line one cell per column: the figures, and below them the goals.
Never: printing, colours; a goal is marked as met or missed in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.accuracy.line import Figure, Goal, ResultLine

_SHARED_CELLS: Final[Mapping[str, tuple[Figure, ...]]] = {
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
"""Figures that share a cell, by its title with their units; every other figure has its own column."""
_DECIMALS: Final = {"_MIN": 1, "_S": 0, "_PER_DAY": 1, "FINDINGS": 0, "FALSE_ALARMS": 0, "BRIER": 4}
"""Number of decimals by the end of a figure's name; others have two."""
MET_TEXT: Final = "met"
MISSED_TEXT: Final = "MISSED"


@dataclass(frozen=True, slots=True)
class ResultCell:
    """One line's cell of a column: its figures and the results of their goals; both may be empty."""

    figures: tuple[str, ...]
    goals: tuple[str, ...]


def list_columns(lines: Sequence[ResultLine]) -> dict[str, tuple[Figure, ...]]:
    """Return the columns in which any of the lines has a figure, in the order of `Figure`."""
    present = {figure for line in lines for figure in line.figures}
    titles = {figure: title for title, group in _SHARED_CELLS.items() for figure in group}
    found: dict[str, tuple[Figure, ...]] = {}
    for figure in Figure:
        if figure in present:
            title = titles.get(figure, figure.value)
            found[title] = (*found.get(title, ()), figure)
    return found


def format_cell(line: ResultLine, group: Sequence[Figure]) -> ResultCell:
    """Format one line's cell of a column."""
    measured = [figure for figure in group if figure in line.figures]
    with_goals = [figure for figure in group if figure in line.goals]
    return ResultCell(
        tuple(_format_number(figure, line.figures[figure]) for figure in measured),
        tuple(
            f"{format_goal(line.goals[figure])} {MET_TEXT if is_goal_met(line, figure) else MISSED_TEXT}"
            for figure in with_goals
        ),
    )


def is_goal_met(line: ResultLine, figure: Figure) -> bool:
    """Whether the line meets its goal for a figure; a figure that was not measured misses its goal."""
    return figure in line.figures and line.goals[figure].is_met(line.figures[figure])


def list_missed_goals(lines: Sequence[ResultLine]) -> list[str]:
    """Describe each missed goal."""
    return [
        f"{line.recording}, {line.rule}: {figure.value} is {_format_figure(line, figure)}, goal"
        f" {format_goal(line.goals[figure])}"
        for line in lines
        for figure in line.goals
        if not is_goal_met(line, figure)
    ]


def format_goal(goal: Goal) -> str:
    """Format the bounds of a goal: `<= 0.1`, `>= 98.8`, `77-83`."""
    least, most = (f"{bound:g}" if bound is not None else "" for bound in (goal.least, goal.most))
    if least and most:
        return f"{least}-{most}"
    return f"<= {most}" if most else f">= {least}"


def _format_figure(line: ResultLine, figure: Figure) -> str:
    return _format_number(figure, line.figures[figure]) if figure in line.figures else "not measured"


def _format_number(figure: Figure, value: float) -> str:
    decimals = next((digits for end, digits in _DECIMALS.items() if figure.name.endswith(end)), 2)
    return f"{value:.{decimals}f}"
