"""Shows on the terminal how the measuring goes, and the table.

In:    names of recordings; what was measured, and why others were left out.
Out:   a bar; one table in parts, one part a recording, ours above what a buyer gets today.
Never: files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.accuracy.harness import Measured
from bench.accuracy.line import Figure, Line
from bench.accuracy.table import cell, columns, missed

_RULE_WIDTH: Final = 21
"""At least, so that a recording of nine columns still fits into 80 characters."""
_COLUMN_WIDTH: Final = 13
_FEW: Final = 4
"""With more columns than this each word of their titles has a line of its own."""
_UNDER: Final = "  "


@contextmanager
def progress(console: Console, names: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar that counts recordings; what it yields is told each one that is done."""
    columns_ = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    left = list(names)
    with Progress(*columns_, console=console, transient=True) as bar:
        task = bar.add_task(_measuring(left), total=len(left))

        def ended(name: str) -> None:
            left.remove(name)
            bar.update(task, advance=1, description=_measuring(left))

        yield ended


def show(console: Console, found: Mapping[str, Measured], absent: Mapping[str, str]) -> None:
    """Print the table, its notes, what was left out, and the goals that are missed."""
    for name, measured in found.items():
        if measured.lines:
            console.print(_part(name, measured, console.width))
    for name, measured in found.items():
        for line in measured.lines:
            if line.note:
                console.print(f"{name}, {line.rule}: {line.note}", markup=False)
    console.print()
    for measured in found.values():
        for finding in (*measured.left_out, *measured.files):
            console.print(finding, markup=False, soft_wrap=True)
    refused = {name: measured.refused for name, measured in found.items() if measured.refused}
    for name, why in (refused | dict(absent)).items():
        console.print(f"left out: {name}: {why}", markup=False, soft_wrap=True)
    _goals(console, found)


def _part(name: str, measured: Measured, width: int) -> Table:
    """The part of one recording."""
    table = Table(title=name, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    groups = columns(measured.lines)
    longest = max(len(line.rule) for line in measured.lines) + len(_UNDER)
    table.add_column("rule", width=max(_RULE_WIDTH, min(longest, width - _COLUMN_WIDTH * len(groups))), overflow="fold")
    for title in groups:
        text = title.replace(" ", "\n") if len(groups) > _FEW else title
        table.add_column(text, justify="right", overflow="fold")
    ours = [line for line in measured.lines if line.ours]
    others = [line for line in measured.lines if not line.ours]
    for line in ours:
        table.add_row(line.rule, *_cells(line, groups.values()))
    if others:
        table.add_section()
        table.add_row("what a buyer gets:")
    for line in others:
        table.add_row(_UNDER + line.rule, *_cells(line, groups.values()))
    return table


def _cells(line: Line, groups: Iterable[Sequence[Figure]]) -> Iterator[str]:
    for each in (cell(line, group) for group in groups):
        yield "\n".join((*each.figures, *each.goals)) or "-"


def _goals(console: Console, found: Mapping[str, Measured]) -> None:
    lines = [line for measured in found.values() for line in measured.lines]
    asked, short = sum(len(line.goals) for line in lines), missed(lines)
    console.print(f"goals: {asked - len(short)} of {asked} met" + ("; missed:" if short else ""))
    for text in short:
        console.print(f"  {text}", markup=False, soft_wrap=True)


def _measuring(left: Sequence[str]) -> str:
    return f"measuring {', '.join(left)}" if left else "measured"
