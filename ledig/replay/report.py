"""Tells how a replay goes, and how true it was.

In:    a recording, how far house time is, and in the end what was shown and stored.
Out:   a progress bar and tables on the terminal.
Never: judgement; that is in scoring.py.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from edge.plurals import counted
from ledig.replay import Played
from ledig.replay.recorded import RecordedSpace, Recording
from ledig.replay.scoring import Latency, Score, Truth, score

_COLUMNS: Final = (
    "occupied",
    "false vacant",
    "longest",
    "vacant",
    "false occupied",
    "unknown",
    "changes/day",
    "true",
)


@contextmanager
def progress(console: Console, recording: Recording, speed: float) -> Iterator[Callable[[int], None]]:
    """A bar that counts rows; what it yields is told house time."""
    moments = [row.at_ms for span in recording.spans for row in span]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(moments))

        def told(at_ms: int) -> None:
            local = datetime.fromtimestamp(at_ms / 1000, recording.time_zone)
            text = f"{local:%Y-%m-%d %H:%M} at {speed:g}x"
            bar.update(task, completed=bisect_right(moments, at_ms), description=text)

        yield told


def tell(console: Console, recording: Recording, played: Played) -> None:
    """Print what came of it: rows left out, a table for each space that has a truth, and what was stored."""
    tell_left_out(console, recording)
    for space in recording.spaces:
        shown = played.shown.get(space.id, [])
        if space.truth:
            tell_truth(console, recording, space, shown)
        else:
            console.print(f"{space.id}: {counted(len(shown), 'transition')}; the recording has no labels")
    console.print(
        f"events: {played.sent} sent, {played.stored} stored, {played.sent - played.stored} lost", highlight=False
    )


def tell_truth(
    console: Console, recording: Recording, space: RecordedSpace, shown: Sequence[tuple[int, str]], under: str = ""
) -> None:
    """Print what was shown of a space against what was true of it; `under` names the rules if they are others."""
    truth = [
        Truth(row.at_ms, taken=row.values[space.truth] > 0)
        for span in recording.spans
        for row in span
        if space.truth in row.values
    ]
    reach_ms = 2 * recording.step_ms
    total = score(truth, shown, reach_ms)
    table = Table("day", title=_title(space, under), title_justify="left", box=SIMPLE, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    days = [(day, list(of_day)) for day, of_day in groupby(truth, key=lambda sample: _day(recording, sample.at_ms))]
    for day, of_day in days:
        table.add_row(day, *_row(score(of_day, shown, reach_ms)))
    if len(days) > 1:
        table.add_section()
        table.add_row("total", *_row(total))
    console.print(table)
    console.print(f"{_late('arrival', total.arrival)}; {_late('release', total.release)}", highlight=False)


def tell_left_out(console: Console, recording: Recording) -> None:
    """Name the broken rows and count them; of a recording without one say so."""
    for finding in recording.named:
        console.print(finding, markup=False, highlight=False, soft_wrap=True)
    if recording.left_out > len(recording.named):
        console.print(f"... and {recording.left_out - len(recording.named)} more", highlight=False)
    console.print(f"rows: {recording.rows} played, {recording.left_out} left out", highlight=False)


def _title(space: RecordedSpace, under: str) -> str:
    return f"{space.id}: shown {f'under {under} ' if under else ''}against true"


def _late(change: str, found: Latency | None) -> str:
    """How late true changes were shown."""
    if found is None:
        return f"{change}: none happened"
    return f"{change} shown {_span(found.median_s)} late (median), {_span(found.at_95_s)} (95 %), of {found.changes}"


def _span(span_s: float) -> str:
    return f"{span_s:.0f} s" if span_s < 120 else f"{span_s / 60:.1f} min"


def _day(recording: Recording, at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, recording.time_zone):%Y-%m-%d}"


def _row(found: Score) -> list[str]:
    return [
        f"{found.occupied_min:.0f} min",
        f"{_percent(found.false_vacant_share)} ({found.false_vacant_min:.1f} min)",
        f"{found.longest_false_vacant_min:.1f} min",
        f"{found.vacant_min:.0f} min",
        f"{_percent(found.false_occupied_share)} ({found.false_occupied_min:.1f} min)",
        _percent(found.unknown_share),
        _rate(found.transitions_per_day),
        _rate(found.true_transitions_per_day),
    ]


def _rate(per_day: float | None) -> str:
    return "-" if per_day is None else f"{per_day:.1f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
