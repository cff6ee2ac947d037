"""Lays the week out as a grid that is its own chart: hours down, weekdays across, the fuller the shade the fuller.

In:    the cells of a week, the words of a language.
Out:   texts and shades.
Never: HTML, colours, a shade where nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collector.privacy import FEW
from dashboard.use.cells import Untold, clock, untold, weekday
from dashboard.use.figures import Cell
from dashboard.use.remarks import COVERED, HALF, LEAST_WEEKS
from dashboard.words import Words

SHADES: Final = 5


@dataclass(frozen=True, slots=True)
class Square:
    """One hour of the week. `known` is said only where much is not."""

    text: str
    title: str
    level: str
    """"0" to "4"; "none" of what is not known."""
    known: str
    full: bool
    """Nothing was free then on at least half of the weeks."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The weekdays that are ever open, and a row for each hour; None where the house is closed."""

    days: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square | None, ...]], ...]


def grid(week: Mapping[tuple[int, int], Cell], words: Words) -> Grid:
    """The week's cells as they are shown."""
    days = sorted({day for day, _hour in week})
    hours = sorted({hour for _day, hour in week})
    return Grid(
        tuple(weekday(day, words)[:3].capitalize() for day in days),
        tuple((clock(hour), tuple(_square(week.get((day, hour)), words) for day in days)) for hour in hours),
    )


def _square(cell: Cell | None, words: Words) -> Square | None:
    if cell is None:
        return None
    _ = words.gettext
    use, coverage = cell.sum.use, cell.sum.coverage
    told = _("data for {share}").format(share=words.full_percent(coverage))
    name = f"{weekday(cell.weekday, words)} {clock(cell.hour)}"
    if use is None:
        return Square("?", f"{name}: {untold(Untold.UNKNOWN, words)}, {told}", "none", told, full=False)
    if cell.sum.is_few:
        return Square(f"<{FEW}", f"{name}: {untold(Untold.FEW, words)}, {told}", "0", told, full=False)
    text = words.percent(use)
    full = cell.days >= LEAST_WEEKS and cell.full_days >= HALF * cell.days
    level = str(min(SHADES - 1, int(use * SHADES)))
    return Square(text, f"{name}: {text}, {told}", level, told if coverage < COVERED else "", full=full)
