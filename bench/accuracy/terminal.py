"""Show progress and results on the terminal.

In:    names of recordings; the results, and why recordings were left out.
Out:   a progress bar; one table per recording, Ledig's line above those of common products.
Never: files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.accuracy.harness import RecordingResult
from bench.accuracy.line import Figure, ResultLine
from bench.accuracy.table import format_cell, list_columns, list_missed_goals

_RULE_WIDTH: Final = 21
"""Minimum width; with it a recording with nine columns fits into 80 characters."""
_COLUMN_WIDTH: Final = 13
_MAX_ONE_LINE_TITLES: Final = 4
"""With more columns than this, each word of a title has its own line."""
_INDENT: Final = "  "


@contextmanager
def show_progress(console: Console, names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Show a bar that counts recordings; yield a function to call with the name of each that is done."""
    columns_ = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    left = list(names)
    with Progress(*columns_, console=console, transient=True) as bar:
        task = bar.add_task(_describe_progress(left), total=len(left))

        def show_done(name: str) -> None:
            left.remove(name)
            bar.update(task, advance=1, description=_describe_progress(left))

        yield show_done


def print_results(console: Console, found: Mapping[str, RecordingResult], absent: Mapping[str, str]) -> None:
    """Print the tables, their notes, what was left out, and the missed goals."""
    for name, measured in found.items():
        if measured.lines:
            console.print(_build_table(name, measured, console.width))
    for name, measured in found.items():
        for line in measured.lines:
            if line.note:
                console.print(f"{name}, {line.rule}: {line.note}", markup=False)
    console.print()
    for measured in found.values():
        for finding in (*measured.rows_left_out, *measured.files):
            console.print(finding, markup=False, soft_wrap=True)
    refused = {name: measured.rejection for name, measured in found.items() if measured.rejection}
    for name, why in (refused | dict(absent)).items():
        console.print(f"left out: {name}: {why}", markup=False, soft_wrap=True)
    _print_goals(console, found)


def _build_table(name: str, measured: RecordingResult, width: int) -> Table:
    """Build the table of one recording."""
    table = Table(title=name, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    groups = list_columns(measured.lines)
    longest = max(len(line.rule) for line in measured.lines) + len(_INDENT)
    table.add_column("rule", width=max(_RULE_WIDTH, min(longest, width - _COLUMN_WIDTH * len(groups))), overflow="fold")
    for title in groups:
        text = title.replace(" ", "\n") if len(groups) > _MAX_ONE_LINE_TITLES else title
        table.add_column(text, justify="right", overflow="fold")
    ours = [line for line in measured.lines if line.ours]
    others = [line for line in measured.lines if not line.ours]
    for line in ours:
        table.add_row(line.rule, *_format_cells(line, groups.values()))
    if others:
        table.add_section()
        table.add_row("what a buyer gets:")
    for line in others:
        table.add_row(_INDENT + line.rule, *_format_cells(line, groups.values()))
    return table


def _format_cells(line: ResultLine, groups: Iterable[Sequence[Figure]]) -> Iterator[str]:
    for each in (format_cell(line, group) for group in groups):
        yield "\n".join((*each.figures, *each.goals)) or "-"


def _print_goals(console: Console, found: Mapping[str, RecordingResult]) -> None:
    lines = [line for measured in found.values() for line in measured.lines]
    goals, missed_goals = sum(len(line.goals) for line in lines), list_missed_goals(lines)
    console.print(f"goals: {goals - len(missed_goals)} of {goals} met" + ("; missed:" if missed_goals else ""))
    for text in missed_goals:
        console.print(f"  {text}", markup=False, soft_wrap=True)


def _describe_progress(left: Sequence[str]) -> str:
    return f"measuring {', '.join(left)}" if left else "measured"
