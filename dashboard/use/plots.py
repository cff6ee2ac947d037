"""Draws the tables of use as Plotly figures.

In:    sheets.
Out:   figures as plain values by the key of their sheet; `meta` names the page's colour for a trace.
Never: HTML; colours (the page has them); a value that is not in the table: a cell without a figure leaves a gap.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from dashboard.charts.plot_axes import build_day_axis, has_data
from dashboard.text.page_texts import PageTexts
from dashboard.use.table_cells import CellValue, ColumnUnit, Sheet

SHEET_TRACES: Final = {
    "hours": (("bar", 1, "--taken"),),
    "zones": (("bar", 2, "--taken"),),
    "days": (("lines", 2, "--taken"), ("lines", 3, "--free")),
    "stays": (("bar", 2, "--taken"),),
    "people": (("lines", 1, "--ink"), ("lines", 2, "--unknown"), ("lines", 3, "--unknown")),
}
"""For each sheet with a figure, its traces: style, column number, colour. The first columns of a row are its label."""
HORIZONTAL_SHEET: Final = "zones"
"""This sheet has horizontal bars, because the names of zones are long."""


def build_figures(sheets: Sequence[Sheet], texts: PageTexts) -> dict[str, dict[str, Any]]:
    """Build a figure for each sheet in `SHEET_TRACES`; a figure without data is left out."""
    drawn = {sheet.key: _build_figure(sheet, texts) for sheet in sheets if sheet.key in SHEET_TRACES}
    return {
        key: figure
        for key, figure in drawn.items()
        if has_data(figure["data"], "x" if key == HORIZONTAL_SHEET else "y")
    }


def get_percent_sign(texts: PageTexts) -> str:
    """Return the per cent sign for an axis, with the language's space before it."""
    return texts.format_percentage(0)[1:]


def _build_figure(sheet: Sheet, texts: PageTexts) -> dict[str, Any]:
    rows = list(sheet.rows)
    places = [_row_label(row, sheet) for row in rows]
    drawn = SHEET_TRACES[sheet.key]
    share = sheet.columns[drawn[0][1]].unit is ColumnUnit.SHARE
    suffix = get_percent_sign(texts) if share else ""
    horizontal = sheet.key == HORIZONTAL_SHEET
    return {
        "data": [
            {
                "name": sheet.columns[column].name,
                "meta": colour,
                "y" if horizontal else "x": places,
                "x" if horizontal else "y": [_to_number(row[column], scale=100 if share else 1) for row in rows],
                "hovertemplate": ("%{x}" if horizontal else "%{y}") + suffix,
                **_trace_style(how, thick=number == 0, horizontal=horizontal),
            }
            for number, (how, column, colour) in enumerate(drawn)
        ],
        "layout": {
            "hovermode": "y unified" if horizontal else "x unified",
            "separators": ", " if texts.language == "sv" else ".,",  # decimal sign, then thousands separator
            "showlegend": len(drawn) > 1,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "margin": {"t": 40 if len(drawn) > 1 else 16, "r": 16, "b": 48, "l": 56},
            **_build_axes(sheet.key, suffix, places, horizontal=horizontal),
        },
    }


def _build_axes(key: str, suffix: str, places: Sequence[str], *, horizontal: bool) -> dict[str, Any]:
    """Build the value axis and the label axis; `horizontal` swaps them."""
    figures = {
        "rangemode": "tozero",
        "fixedrange": True,
        "ticksuffix": suffix,
        "range": [0, 100] if key in {"hours", "zones"} else None,
    }
    named: dict[str, Any] = build_day_axis(places) if key == "days" else {"type": "category"}
    named["automargin"] = True
    return (
        {"xaxis": figures, "yaxis": named | {"autorange": "reversed"}}
        if horizontal
        else {"xaxis": named, "yaxis": figures}
    )


def _trace_style(how: str, *, thick: bool, horizontal: bool) -> dict[str, Any]:
    if how == "bar":
        return {"type": "bar", "marker": {}, "orientation": "h" if horizontal else "v"}
    return {"type": "scatter", "mode": "lines+markers", "line": {"width": 3 if thick else 1}, "connectgaps": False}


def _row_label(row: tuple[CellValue, ...], sheet: Sheet) -> str:
    """Return the label of a row: a day, or the names that it begins with."""
    if isinstance(row[0], date):
        return row[0].isoformat()
    names = [str(value) for value, column in zip(row, sheet.columns, strict=True) if column.unit is ColumnUnit.TEXT]
    return ", ".join(names)


def _to_number(value: CellValue, scale: float) -> float | None:
    return round(value * scale, 2) if isinstance(value, int | float) else None
