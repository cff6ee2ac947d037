"""Draws the tables of use as Plotly figures.

In:    sheets.
Out:   figures as plain values, by the key of their sheet; `meta` names the page's colour of a trace.
Never: HTML, colours (the page has them), a figure that its table does not tell: what has none leaves a gap.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from dashboard.plot_axes import day_axis, has_data
from dashboard.use.cells import Sheet, Unit, Value
from dashboard.words import Words

TRACES: Final = {
    "hours": (("bar", 1, "--taken"),),
    "zones": (("bar", 2, "--taken"),),
    "days": (("lines", 2, "--taken"), ("lines", 3, "--free")),
    "stays": (("bar", 2, "--taken"),),
    "people": (("lines", 1, "--ink"), ("lines", 2, "--unknown"), ("lines", 3, "--unknown")),
}
"""Of each sheet that is drawn: how, which column, in which colour. The first columns of a row name it."""
LYING: Final = "zones"
"""Names are long: they stand beside their bars."""


def figures(sheets: Sequence[Sheet], words: Words) -> dict[str, dict[str, Any]]:
    """A figure for each sheet that is drawn; one without data is left out."""
    drawn = {sheet.key: _figure(sheet, words) for sheet in sheets if sheet.key in TRACES}
    return {key: figure for key, figure in drawn.items() if has_data(figure["data"], "x" if key == LYING else "y")}


def percent_sign(words: Words) -> str:
    """What stands behind the per cent of an axis, with the space that the language puts before it."""
    return words.percent(0)[1:]


def _figure(sheet: Sheet, words: Words) -> dict[str, Any]:
    rows = list(sheet.rows)
    places = [_place(row, sheet) for row in rows]
    drawn = TRACES[sheet.key]
    share = sheet.columns[drawn[0][1]].unit is Unit.SHARE
    suffix = percent_sign(words) if share else ""
    lying = sheet.key == LYING
    return {
        "data": [
            {
                "name": sheet.columns[column].name,
                "meta": colour,
                "y" if lying else "x": places,
                "x" if lying else "y": [_number(row[column], scale=100 if share else 1) for row in rows],
                "hovertemplate": ("%{x}" if lying else "%{y}") + suffix,
                **_style(how, thick=number == 0, lying=lying),
            }
            for number, (how, column, colour) in enumerate(drawn)
        ],
        "layout": {
            "hovermode": "y unified" if lying else "x unified",
            "separators": ", " if words.language == "sv" else ".,",  # decimal comma, and what parts thousands
            "showlegend": len(drawn) > 1,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "margin": {"t": 40 if len(drawn) > 1 else 16, "r": 16, "b": 48, "l": 56},
            **_axes(sheet.key, suffix, places, lying=lying),
        },
    }


def _axes(key: str, suffix: str, places: Sequence[str], *, lying: bool) -> dict[str, Any]:
    """The axis of figures, and that of what they are of: standing or lying."""
    figures = {
        "rangemode": "tozero",
        "fixedrange": True,
        "ticksuffix": suffix,
        "range": [0, 100] if key in {"hours", "zones"} else None,
    }
    named: dict[str, Any] = day_axis(places) if key == "days" else {"type": "category"}
    named["automargin"] = True
    return (
        {"xaxis": figures, "yaxis": named | {"autorange": "reversed"}} if lying else {"xaxis": named, "yaxis": figures}
    )


def _style(how: str, *, thick: bool, lying: bool) -> dict[str, Any]:
    if how == "bar":
        return {"type": "bar", "marker": {}, "orientation": "h" if lying else "v"}
    return {"type": "scatter", "mode": "lines+markers", "line": {"width": 3 if thick else 1}, "connectgaps": False}


def _place(row: tuple[Value, ...], sheet: Sheet) -> str:
    """What stands under a figure: a day, or the names that a row begins with."""
    if isinstance(row[0], date):
        return row[0].isoformat()
    names = [str(value) for value, column in zip(row, sheet.columns, strict=True) if column.unit is Unit.TEXT]
    return ", ".join(names)


def _number(value: Value, scale: float) -> float | None:
    return round(value * scale, 2) if isinstance(value, int | float) else None
