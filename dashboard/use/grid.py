"""Lays the week out as a heatmap: hours as rows, weekdays as columns, a darker shade for a busier hour.

In:    the hours of a week, the texts of a language.
Out:   texts and shades.
Never: HTML, colours, a shade where nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from dashboard.text.page_texts import PageTexts
from dashboard.use.figures import WeekHourUse
from dashboard.use.remarks import MIN_REMARK_WEEKS, OFTEN_FULL_SHARE, WELL_COVERED
from dashboard.use.table_cells import CellPlaceholder, format_hour_span, format_placeholder, get_weekday_name

SHADE_COUNT: Final = 5
"""The number of shades of a week on a page."""


@dataclass(frozen=True, slots=True)
class HeatmapSquare:
    """One hour of the week. `coverage` is a text, empty where nearly all is known."""

    text: str
    title: str
    level: str
    """"0" to "4"; "none" if nothing is known."""
    coverage: str
    is_full: bool
    """Whether nothing was free in this hour in at least half of the weeks."""


@dataclass(frozen=True, slots=True)
class WeekHeatmap:
    """The weekdays that are ever open, and a row for each hour; None where the site is closed."""

    days: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatmapSquare | None, ...]], ...]


def build_heatmap(week: Mapping[tuple[int, int], WeekHourUse], texts: PageTexts) -> WeekHeatmap:
    """Lay out the hours of the week."""
    days = sorted({day for day, _hour in week})
    hours = sorted({hour for _day, hour in week})
    return WeekHeatmap(
        tuple(get_weekday_name(day, texts)[:3].capitalize() for day in days),
        tuple(
            (format_hour_span(hour), tuple(_build_square(week.get((day, hour)), texts) for day in days))
            for hour in hours
        ),
    )


def _build_square(cell: WeekHourUse | None, texts: PageTexts) -> HeatmapSquare | None:
    if cell is None:
        return None
    _ = texts.gettext
    use, coverage = cell.total.utilisation, cell.total.coverage
    coverage_text = _("data for {share}").format(share=texts.format_percentage_floor(coverage))
    name = f"{get_weekday_name(cell.weekday, texts)} {format_hour_span(cell.hour)}"
    if use is None:
        return HeatmapSquare(
            "?",
            f"{name}: {format_placeholder(CellPlaceholder.UNKNOWN, texts)}, {coverage_text}",
            "none",
            coverage_text,
            is_full=False,
        )
    if cell.total.is_few:
        return HeatmapSquare(
            f"<{MIN_SHOWN_GROUP}",
            f"{name}: {format_placeholder(CellPlaceholder.FEW, texts)}, {coverage_text}",
            "0",
            coverage_text,
            is_full=False,
        )
    text = texts.format_percentage(use)
    full = cell.known_days >= MIN_REMARK_WEEKS and cell.full_days >= OFTEN_FULL_SHARE * cell.known_days
    level = str(min(SHADE_COUNT - 1, int(use * SHADE_COUNT)))
    return HeatmapSquare(
        text, f"{name}: {text}, {coverage_text}", level, coverage_text if coverage < WELL_COVERED else "", is_full=full
    )
