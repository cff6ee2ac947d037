"""Tells what would be different under other rules: figures by space, and a timeline of two rows each.

In:    the comparisons of a house's spaces, and the span that they cover.
Out:   tables and timelines on the terminal.
Never: judgement; a space that is one member's.
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

from edge.plurals import counted
from ledig.what_if import DAY_MS, Compared, Figures, Part, Shown, Timeline, figures

TODAY: Final = "current rules"
TABLE_WIDTH: Final = 118
"""Narrower, the figures would be broken into pieces."""
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_FREE: Final = "·"
_UNKNOWN: Final = "?"
_LEGEND: Final = f"{_BLOCKS[-1]} taken   {_BLOCKS[3]} part of the time   {_FREE} free   {_UNKNOWN} unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One house, or one recording, under today's rules and under others."""

    name: str
    zone: ZoneInfo
    span: tuple[int, int]
    """From and to, Unix milliseconds."""
    labels: tuple[str, ...]
    """The other rules, as they were asked for."""
    spaces: dict[str, list[Compared]]
    """For each space one comparison with each of the other rules."""
    notes: tuple[str, ...]
    """What a reader must know, a sentence each."""

    @property
    def title(self) -> str:
        """What was run again, and when it happened."""
        from_text, to_text = (f"{_local(at_ms, self.zone):%Y-%m-%d %H:%M}" for at_ms in self.span)
        return f"{self.name}, {from_text} to {to_text} ({self.hours:.1f} h)"

    @property
    def hours(self) -> float:
        """How long the span is."""
        return (self.span[1] - self.span[0]) / 3_600_000


def tell(console: Console, found: WhatIf) -> None:
    """Print the figures under each of the other rules, then the timelines of the spaces that differ."""
    for place, label in enumerate(found.labels):
        compared = [comparisons[place] for comparisons in found.spaces.values()]
        console.print(_table(found, label, compared))
        console.print(differing_days(compared), highlight=False)
    differing = [name for name, comparisons in found.spaces.items() if any(one.days for one in comparisons)]
    if differing:
        _tell_timelines(console, found, differing)
    if alike := len(found.spaces) - len(differing):
        console.print(
            f"shown the same with all of these rules: {alike} of {counted(len(found.spaces), 'space')}", highlight=False
        )
    for note in found.notes:
        console.print(f"note: {note}", highlight=False, markup=False)


def rows(found: WhatIf, compared: Sequence[Compared]) -> list[tuple[str, ...]]:
    """The table's rows: one for each space, and the total."""
    days = max((found.span[1] - found.span[0]) / DAY_MS, 1e-9)
    told = [(one.space, figures(one.today), figures(one.other), one.days) for one in compared]
    if len(told) > 1:
        before = sum((today for _, today, _, _ in told), Figures())
        after = sum((other for _, _, other, _ in told), Figures())
        told.append(("total", before, after, by_day(compared)))
    return [
        (
            space,
            _both(before.taken_min, after.taken_min),
            _both(before.free_min, after.free_min),
            _both(before.unknown_min, after.unknown_min),
            _both(before.changes / days, after.changes / days, "{:.1f}"),
            _both(before.quick_flips, after.quick_flips),
            f"{sum(differ.values()):.1f}",
            str(len(differ)),
        )
        for space, before, after, differ in told
    ]


def by_day(compared: Iterable[Compared]) -> dict[date, float]:
    """For how many minutes all of them together differ, by local day."""
    total: dict[date, float] = {}
    for one in compared:
        for day, minutes in one.days.items():
            total[day] = total.get(day, 0.0) + minutes
    return dict(sorted(total.items()))


def differing_days(compared: Sequence[Compared]) -> str:
    """The days on which they differ, in one sentence."""
    days = by_day(compared)
    told = ", ".join(f"{day} ({minutes:.1f} min)" for day, minutes in days.items())
    return f"they differ on {told}" if days else "they differ on no day"


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
"""What `rows` holds."""


def _table(found: WhatIf, label: str, compared: Sequence[Compared]) -> Table:
    title = Text(f"{label} compared with {TODAY}: {found.title}", style="italic")
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    for row in rows(found, compared):
        if row[0] == "total":
            table.add_section()
        table.add_row(*row)
    return table


def _tell_timelines(console: Console, found: WhatIf, spaces: Sequence[str]) -> None:
    """Today's row of each space above one for each of the other rules; what differs stands out."""
    labels = (TODAY, *found.labels)
    wide = max(len(label) for label in labels) + 3
    cells = max(24, console.width - wide - 1)
    console.print(_LEGEND, highlight=False)
    console.print(Text(" " * wide + _ruler(found, cells)), no_wrap=True, crop=True)
    for space in spaces:
        compared = found.spaces[space]
        console.print(Text(space, style="bold"))
        today = _cells(compared[0].today, found.span, cells)
        for label, shown in zip(labels, (compared[0].today, *(one.other for one in compared)), strict=True):
            line = Text(f"  {label}".ljust(wide))
            for cell, usual in zip(_cells(shown, found.span, cells), today, strict=True):
                line.append(cell, style="" if cell == usual else "bold reverse")
            console.print(line, no_wrap=True, crop=True)


def _cells(shown: Timeline, span: tuple[int, int], count: int) -> str:
    """A timeline in so many letters: how much of each piece of the span is taken; free or not known where none is."""
    edges = [span[0] + (span[1] - span[0]) * place // count for place in range(count + 1)]
    letters = []
    place = 0
    for from_ms, to_ms in pairwise(edges):
        while place < len(shown) - 1 and shown[place].to_ms <= from_ms:
            place += 1
        letters.append(_letter(shown[place:], from_ms, to_ms))
    return "".join(letters)


def _letter(parts: Sequence[Part], from_ms: int, to_ms: int) -> str:
    spent_ms = dict.fromkeys(Shown, 0)
    for part in parts:
        if part.from_ms >= to_ms:
            break
        spent_ms[part.shown] += max(0, min(part.to_ms, to_ms) - max(part.from_ms, from_ms))
    if spent_ms[Shown.TAKEN]:
        share = spent_ms[Shown.TAKEN] / (to_ms - from_ms)
        return _BLOCKS[min(len(_BLOCKS) - 1, int(share * len(_BLOCKS)))]
    return _UNKNOWN if spent_ms[Shown.UNKNOWN] > spent_ms[Shown.FREE] else _FREE


def _ruler(found: WhatIf, cells: int) -> str:
    """The hours above the timelines: each local midnight by its day, or the hours of a short span."""
    from_ms, to_ms = found.span
    step = timedelta(days=1) if found.hours > 30 else timedelta(hours=3)
    at = _local(from_ms, found.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    ruler = [" "] * cells
    while (at_ms := at.timestamp() * 1000) < to_ms:
        place = int((at_ms - from_ms) / (to_ms - from_ms) * cells)
        text = f"|{at:%a %d}" if step.days else f"|{at:%H:%M}"
        if at_ms >= from_ms and place + len(text) <= cells and not "".join(ruler[place - 1 : place]).strip():
            ruler[place : place + len(text)] = text
        at += step
    return "".join(ruler)


def _both(before: float, after: float, form: str = "{:.0f}") -> str:
    told, other = form.format(before), form.format(after)
    return told if told == other else f"{told} → {other}"


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
