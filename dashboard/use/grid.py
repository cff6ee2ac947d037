"""Lays the week out as a heatmap: hours as rows, weekdays as columns, a darker shade for a busier hour.

In:    the hours of a week, the texts of a language.
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
    """One hour of the week. `coverage` is a text, empty where nearly all is known."""

    text: str
    title: str
    level: str
    """"0" to "4"; "none" if nothing is known."""
    known: str
    full: bool
    """Whether nothing was free in this hour in at least half of the weeks."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The weekdays that are ever open, and a row for each hour; None where the site is closed."""

    days: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square | None, ...]], ...]


def grid(week: Mapping[tuple[int, int], Cell], texts: Words) -> Grid:
    """Lay out the hours of the week."""
    days = sorted({day for day, _hour in week})
    hours = sorted({hour for _day, hour in week})
    return Grid(
        tuple(weekday(day, texts)[:3].capitalize() for day in days),
        tuple((clock(hour), tuple(_build_square(week.get((day, hour)), texts) for day in days)) for hour in hours),
    )


def _build_square(cell: Cell | None, texts: Words) -> Square | None:
    if cell is None:
        return None
    _ = texts.gettext
    use, coverage = cell.sum.use, cell.sum.coverage
    coverage_text = _("data for {share}").format(share=texts.full_percent(coverage))
    name = f"{weekday(cell.weekday, texts)} {clock(cell.hour)}"
    if use is None:
        return Square(
            "?", f"{name}: {untold(Untold.UNKNOWN, texts)}, {coverage_text}", "none", coverage_text, full=False
        )
    if cell.sum.is_few:
        return Square(
            f"<{FEW}", f"{name}: {untold(Untold.FEW, texts)}, {coverage_text}", "0", coverage_text, full=False
        )
    text = texts.percent(use)
    full = cell.days >= LEAST_WEEKS and cell.full_days >= HALF * cell.days
    level = str(min(SHADES - 1, int(use * SHADES)))
    return Square(
        text, f"{name}: {text}, {coverage_text}", level, coverage_text if coverage < COVERED else "", full=full
    )
