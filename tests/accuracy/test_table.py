"""The table marks goals as met or missed in words, and shows every figure on narrow terminals."""

import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis.strategies import dictionaries, floats, integers, none, one_of, sampled_from
from rich.console import Console

from bench.accuracy.harness import RECORDINGS, RecordingResult
from bench.accuracy.line import Figure, Goal, ResultLine
from bench.accuracy.page import render_page
from bench.accuracy.table import format_cell, list_columns, list_missed_goals
from bench.accuracy.terminal import print_results

RECORDING = "room-occupancy-estimation"


def line(rule: str = "ours", *, ours: bool = True, **figures: float) -> ResultLine:
    named = {Figure[name]: value for name, value in figures.items()}
    goals = {Figure.FALSE_VACANT_PCT: Goal(most=0.1), Figure.COVERAGE_PCT: Goal(least=77, most=83)}
    goals_of_line = {figure: goal for figure, goal in goals.items() if ours and figure in named}
    return ResultLine(
        recording=RECORDING, rule=rule, ours=ours, figures=named, goals=goals_of_line, note=f"A note on {rule}."
    )


def measured(*lines: ResultLine) -> RecordingResult:
    return RecordingResult(lines=lines, files=("a.csv: 3 rows, 1 left out",), rows_left_out=("a.csv, row 2: broken",))


def shown(width: int, *lines: ResultLine, absent: dict[str, str] | None = None) -> str:
    console = Console(file=StringIO(), width=width, highlight=False)
    print_results(console, {RECORDING: measured(*lines)}, absent or {})
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_related_figures_share_a_column_with_goals_below() -> None:
    found = line(FALSE_VACANT_PCT=0.104, FALSE_VACANT_MIN=0.44, COVERAGE_PCT=80)
    groups = list_columns([found])
    assert list(groups) == ["free while taken: %, min, longest min", "80 % band covers %"]
    first, second = (format_cell(found, group) for group in groups.values())
    assert (first.figures, first.goals) == (("0.10", "0.4"), ("<= 0.1 MISSED",)), "by the exact figure"
    assert (second.figures, second.goals) == (("80.00",), ("77-83 met",))
    assert list_missed_goals([found]) == [f"{RECORDING}, ours: false vacant % is 0.10, goal <= 0.1"]


def test_goal_without_a_figure_is_missed() -> None:
    unmeasured = ResultLine(
        recording=RECORDING, rule="x", ours=True, figures={}, goals={Figure.COUNT_ERROR: Goal(most=1)}
    )
    assert list_missed_goals([unmeasured]) == [f"{RECORDING}, x: count error is not measured, goal <= 1"]


BOUNDS = one_of(none(), integers(-5, 5).map(float))


@given(floats(-6, 6), BOUNDS, BOUNDS)
def test_goal_is_met_exactly_within_its_bounds(value: float, least: float | None, most: float | None) -> None:
    below = least is not None and value < least
    above = most is not None and value > most
    assert Goal(least=least, most=most).is_met(value) is not (below or above)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_figure_is_cut_off(width: int) -> None:
    everything = {figure.name: 11.0 + place for place, figure in enumerate(list(Figure)[:11])}
    text = shown(width, line(**everything), line("a fixed timer", ours=False, UNKNOWN_PCT=98.76))
    for place in range(11):
        assert f"{11 + place}" in text
    assert "98.76" in text
    assert re.search(r"what a buyer gets:.*a fixed timer", text, re.DOTALL)


def test_left_out_rows_and_recordings_are_listed_with_reasons() -> None:
    text = shown(100, line(), absent={"calit2-door": "it is not there"})
    assert "a.csv: 3 rows, 1 left out" in text
    assert "a.csv, row 2: broken" in text
    assert "left out: calit2-door: it is not there" in text


@given(dictionaries(sampled_from(Figure), floats(0, 1000), min_size=1))
def test_page_is_deterministic_and_has_every_figure(figures: dict[Figure, float]) -> None:
    found = {name: measured(line(**{figure.name: value for figure, value in figures.items()})) for name in RECORDINGS}
    text = render_page(found)
    assert text == render_page(dict(found))
    assert text.count("a.csv: 3 rows, 1 left out") == len(RECORDINGS)
    assert all("|" in row for row in text.splitlines() if row.startswith("|"))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
