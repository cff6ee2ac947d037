"""Show the progress and the result of a replay.

In:    a recording, the site time reached, and in the end what was shown and stored.
Out:   a progress bar and tables on the terminal.
Never: scoring; see scoring.py.
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

from edge.process.plurals import format_count
from ledig.replay.player import ReplayResult
from ledig.replay.recorded_data import RecordedSpace, Recording
from ledig.replay.scoring import ShownLatency, SpaceScore, TruthSample, score_space

_COLUMNS: Final = (
    "occupied",
    "false vacant",
    "longest",
    "vacant",
    "false occupied",
    "unknown",
    "changes/day",
    "labels",
)


@contextmanager
def show_progress(console: Console, recording: Recording, speed: float) -> Iterator[Callable[[int], None]]:
    """Show a bar that counts rows; yield a function to call with the site time reached."""
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

        def show_reached(at_ms: int) -> None:
            local = datetime.fromtimestamp(at_ms / 1000, recording.time_zone)
            text = f"{local:%Y-%m-%d %H:%M} at {speed:g}x"
            bar.update(task, completed=bisect_right(moments, at_ms), description=text)

        yield show_reached


def print_result(console: Console, recording: Recording, played: ReplayResult) -> None:
    """Print the rows left out, a table for each space with a truth column, and the number of stored events."""
    print_rows_left_out(console, recording)
    for space in recording.spaces:
        shown = played.shown.get(space.id, [])
        if space.truth:
            print_score(console, recording, space, shown)
        else:
            console.print(f"{space.id}: {format_count(len(shown), 'transition')}; the recording has no labels")
    console.print(
        f"events: {played.sent} sent, {played.stored} stored, {played.sent - played.stored} lost", highlight=False
    )


def print_score(
    console: Console, recording: Recording, space: RecordedSpace, shown: Sequence[tuple[int, str]], under: str = ""
) -> None:
    """Print the shown states of a space against its truth; `under` names the rules if they are not the default."""
    truth = [
        TruthSample(row.at_ms, taken=row.values[space.truth] > 0)
        for span in recording.spans
        for row in span
        if space.truth in row.values
    ]
    reach_ms = 2 * recording.step_ms
    total = score_space(truth, shown, reach_ms)
    table = Table("day", title=_title(space, under), title_justify="left", box=SIMPLE, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    days = [
        (day, list(of_day)) for day, of_day in groupby(truth, key=lambda sample: _local_date(recording, sample.at_ms))
    ]
    for day, of_day in days:
        table.add_row(day, *_table_row(score_space(of_day, shown, reach_ms)))
    if len(days) > 1:
        table.add_section()
        table.add_row("total", *_table_row(total))
    console.print(table)
    console.print(
        f"{_format_latency('arrival', total.arrival)}; {_format_latency('release', total.release)}", highlight=False
    )


def print_rows_left_out(console: Console, recording: Recording) -> None:
    """Print the broken rows and their number, also if there are none."""
    for finding in recording.named_faults:
        console.print(finding, markup=False, highlight=False, soft_wrap=True)
    if recording.rows_left_out > len(recording.named_faults):
        console.print(f"... and {recording.rows_left_out - len(recording.named_faults)} more", highlight=False)
    console.print(f"rows: {recording.row_count} played, {recording.rows_left_out} left out", highlight=False)


def _title(space: RecordedSpace, under: str) -> str:
    return f"{space.id}: shown state {f'under {under} ' if under else ''}compared with the labels"


def _format_latency(change: str, found: ShownLatency | None) -> str:
    """Format the delay with which true changes were shown."""
    if found is None:
        return f"{change}: none happened"
    median, at_95 = _format_span(found.median_s), _format_span(found.at_95_s)
    return f"{change} shown {median} late (median), {at_95} (95 %), of {found.changes}"


def _format_span(span_s: float) -> str:
    return f"{span_s:.0f} s" if span_s < 120 else f"{span_s / 60:.1f} min"


def _local_date(recording: Recording, at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, recording.time_zone):%Y-%m-%d}"


def _table_row(found: SpaceScore) -> list[str]:
    return [
        f"{found.occupied_min:.0f} min",
        f"{_format_percent(found.false_vacant_share)} ({found.false_vacant_min:.1f} min)",
        f"{found.longest_false_vacant_min:.1f} min",
        f"{found.vacant_min:.0f} min",
        f"{_format_percent(found.false_occupied_share)} ({found.false_occupied_min:.1f} min)",
        _format_percent(found.unknown_share),
        _format_rate(found.transitions_per_day),
        _format_rate(found.true_transitions_per_day),
    ]


def _format_rate(per_day: float | None) -> str:
    return "-" if per_day is None else f"{per_day:.1f}"


def _format_percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
