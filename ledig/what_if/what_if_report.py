"""Print what would be different under other rules: figures by space, and a timeline for each set of rules.

In:    the comparisons of a site's spaces, and the span that they cover.
Out:   tables and timelines on the terminal.
Never: evaluation; dedicated spaces.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.process.plurals import format_count
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.what_if.comparison import (
    ShownState,
    SpaceComparison,
    Timeline,
    TimelineFigures,
    TimelinePart,
    compute_figures,
)

CURRENT_RULES: Final = "current rules"
TABLE_WIDTH: Final = 118
"""Minimum width at which the figures are not wrapped."""
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_FREE: Final = "·"
_UNKNOWN: Final = "?"
_LEGEND: Final = f"{_BLOCKS[-1]} taken   {_BLOCKS[3]} part of the time   {_FREE} free   {_UNKNOWN} unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfResult:
    """One site, or one recording, under the current rules and under others."""

    name: str
    zone: ZoneInfo
    span: tuple[int, int]
    """Start and end, Unix milliseconds."""
    labels: tuple[str, ...]
    """The other rules, as given on the command line."""
    spaces: dict[str, list[SpaceComparison]]
    """For each space, one comparison with each of the other rules."""
    notes: tuple[str, ...]
    """Notes for the reader, one sentence each."""

    @property
    def title(self) -> str:
        """Name, span and length of what was evaluated."""
        from_text, to_text = (f"{_to_local(at_ms, self.zone):%Y-%m-%d %H:%M}" for at_ms in self.span)
        return f"{self.name}, {from_text} to {to_text} ({self.hours:.1f} h)"

    @property
    def hours(self) -> float:
        """Length of the span."""
        return (self.span[1] - self.span[0]) / HOUR_MS


def print_report(console: Console, found: WhatIfResult) -> None:
    """Print the figures under each of the other rules, then the timelines of the spaces that differ."""
    for place, label in enumerate(found.labels):
        compared = [comparisons[place] for comparisons in found.spaces.values()]
        console.print(_table(found, label, compared))
        console.print(describe_days(compared), highlight=False)
    differing = [name for name, comparisons in found.spaces.items() if any(one.days for one in comparisons)]
    if differing:
        _print_timelines(console, found, differing)
    if alike := len(found.spaces) - len(differing):
        console.print(
            f"shown the same with all of these rules: {alike} of {format_count(len(found.spaces), 'space')}",
            highlight=False,
        )
    for note in found.notes:
        console.print(f"note: {note}", highlight=False, markup=False)


def table_rows(found: WhatIfResult, compared: Sequence[SpaceComparison]) -> list[tuple[str, ...]]:
    """Return the rows of the table: one for each space, and the total."""
    days = max((found.span[1] - found.span[0]) / DAY_MS, 1e-9)
    figure_rows = [(one.space, compute_figures(one.current), compute_figures(one.other), one.days) for one in compared]
    if len(figure_rows) > 1:
        before = sum((today for _, today, _, _ in figure_rows), TimelineFigures())
        after = sum((other for _, _, other, _ in figure_rows), TimelineFigures())
        figure_rows.append(("total", before, after, minutes_by_day(compared)))
    return [
        (
            space,
            _format_change(before.taken_min, after.taken_min),
            _format_change(before.free_min, after.free_min),
            _format_change(before.unknown_min, after.unknown_min),
            _format_change(before.changes / days, after.changes / days, "{:.1f}"),
            _format_change(before.quick_flips, after.quick_flips),
            f"{sum(differ.values()):.1f}",
            str(len(differ)),
        )
        for space, before, after, differ in figure_rows
    ]


def minutes_by_day(compared: Iterable[SpaceComparison]) -> dict[date, float]:
    """Return the total minutes by which the spaces differ, by local day."""
    total: dict[date, float] = {}
    for one in compared:
        for day, minutes in one.days.items():
            total[day] = total.get(day, 0.0) + minutes
    return dict(sorted(total.items()))


def describe_days(compared: Sequence[SpaceComparison]) -> str:
    """Describe the days on which they differ, in one sentence."""
    days = minutes_by_day(compared)
    text = ", ".join(f"{day} ({minutes:.1f} min)" for day, minutes in days.items())
    return f"they differ on {text}" if days else "they differ on no day"


HEADINGS: Final = (
    "space",
    "taken, min",
    "free, min",
    "unknown, min",
    "changes a day",
    "quick flips",
    "differ, min",
    "days",
)
"""Headings of the columns of `table_rows`."""


def _table(found: WhatIfResult, label: str, compared: Sequence[SpaceComparison]) -> Table:
    title = Text(f"{label} compared with {CURRENT_RULES}: {found.title}", style="italic")
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for row in table_rows(found, compared):
        if row[0] == "total":
            table.add_section()
        table.add_row(*row)
    return table


def _print_timelines(console: Console, found: WhatIfResult, spaces: Sequence[str]) -> None:
    """Print for each space one row under the current rules and one for each of the others; highlight differences."""
    labels = (CURRENT_RULES, *found.labels)
    wide = max(len(label) for label in labels) + 3
    cells = max(24, console.width - wide - 1)
    console.print(_LEGEND, highlight=False)
    console.print(Text(" " * wide + _draw_scale(found, cells)), no_wrap=True, crop=True)
    for space in spaces:
        compared = found.spaces[space]
        console.print(Text(space, style="bold"))
        today = _draw_timeline(compared[0].current, found.span, cells)
        for label, shown in zip(labels, (compared[0].current, *(one.other for one in compared)), strict=True):
            line = Text(f"  {label}".ljust(wide))
            for cell, usual in zip(_draw_timeline(shown, found.span, cells), today, strict=True):
                line.append(cell, style="" if cell == usual else "bold reverse")
            console.print(line, no_wrap=True, crop=True)


def _draw_timeline(shown: Timeline, span: tuple[int, int], count: int) -> str:
    """Draw a timeline in `count` characters: the taken share of each piece, or free or unknown if no part is taken."""
    edges = [span[0] + (span[1] - span[0]) * place // count for place in range(count + 1)]
    cells = []
    place = 0
    for from_ms, to_ms in pairwise(edges):
        while place < len(shown) - 1 and shown[place].to_ms <= from_ms:
            place += 1
        cells.append(_draw_cell(shown[place:], from_ms, to_ms))
    return "".join(cells)


def _draw_cell(parts: Sequence[TimelinePart], from_ms: int, to_ms: int) -> str:
    spent_ms = dict.fromkeys(ShownState, 0)
    for part in parts:
        if part.from_ms >= to_ms:
            break
        spent_ms[part.shown] += max(0, min(part.to_ms, to_ms) - max(part.from_ms, from_ms))
    if spent_ms[ShownState.TAKEN]:
        share = spent_ms[ShownState.TAKEN] / (to_ms - from_ms)
        return _BLOCKS[min(len(_BLOCKS) - 1, int(share * len(_BLOCKS)))]
    return _UNKNOWN if spent_ms[ShownState.UNKNOWN] > spent_ms[ShownState.FREE] else _FREE


def _draw_scale(found: WhatIfResult, cells: int) -> str:
    """Return the scale above the timelines: each local midnight, or the hours of a short span."""
    from_ms, to_ms = found.span
    step = timedelta(days=1) if found.hours > 30 else timedelta(hours=3)
    at = _to_local(from_ms, found.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    scale = [" "] * cells
    while (at_ms := at.timestamp() * 1000) < to_ms:
        place = int((at_ms - from_ms) / (to_ms - from_ms) * cells)
        text = f"|{at:%a %d}" if step.days else f"|{at:%H:%M}"
        if at_ms >= from_ms and place + len(text) <= cells and not "".join(scale[place - 1 : place]).strip():
            scale[place : place + len(text)] = text
        at += step
    return "".join(scale)


def _format_change(before: float, after: float, form: str = "{:.0f}") -> str:
    old, new = form.format(before), form.format(after)
    return old if old == new else f"{old} → {new}"


def _to_local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
