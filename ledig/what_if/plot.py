"""Write a comparison under other rules as one self-contained page.

In:    the comparisons that what_if_report.py prints.
Out:   HTML with the same tables and a Plotly figure; the library is included in the page.
Never: network requests; dedicated spaces.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from html import escape
from pathlib import Path
from typing import Any, Final

from edge.timekeeping.durations import DAY_MS
from ledig.what_if.comparison import ShownState, Timeline
from ledig.what_if.what_if_report import CURRENT_RULES, HEADINGS, WhatIfResult, describe_days, table_rows

_LINES: Final[dict[ShownState, dict[str, Any]]] = {
    ShownState.TAKEN: {"color": "#b0492f", "width": 12},
    ShownState.FREE: {"color": "#007a5e", "width": 3},
    ShownState.UNKNOWN: {"color": "#6b7280", "width": 3, "dash": "dot"},
}
"""States differ in width and dashes as well as in colour; the colours are those of the dashboard."""
_ROW_PX: Final = 20
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 90rem; padding: 1rem; color: #14181d; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.25rem 0.75rem; border-top: 1px solid #d9dde2; text-align: right; }}
th:first-child, td:first-child {{ text-align: left; }}
div.wide {{ overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{about}</p>
{tables}
{figure}
</body>
</html>
"""


def write_page(path: Path, found: WhatIfResult) -> None:
    """Write the page, readable only by its owner; replace an existing one."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.touch(mode=0o600)
    try:
        temporary.chmod(0o600)
        temporary.write_text(render_page(found), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def render_page(found: WhatIfResult) -> str:
    """Render the page."""
    labels = " and ".join(f"“{label}”" for label in found.labels)
    about = (
        f"The stored events of {found.title}, evaluated again with {labels} and compared with {CURRENT_RULES}."
        f" Nothing was changed."
    )
    return _PAGE.format(
        title=escape(f"{found.name}: what if {', '.join(found.labels)}"),
        about=escape(" ".join([about, *(f"{note[:1].upper()}{note[1:]}." for note in found.notes)])),
        tables="\n".join(_table(found, place) for place in range(len(found.labels))),
        figure=_figure(found),
    )


def _table(found: WhatIfResult, place: int) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in HEADINGS)
    compared = [comparisons[place] for comparisons in found.spaces.values()]
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table_rows(found, compared)
    )
    caption = escape(f"{found.labels[place]} compared with {CURRENT_RULES}")
    days = escape(f"They {describe_days(compared).removeprefix('they ')}.")
    return f'<h2>{caption}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div><p>{days}</p>'


def _figure(found: WhatIfResult) -> str:
    from plotly.offline import get_plotlyjs

    figure_rows = list(_figure_rows(found))
    if not figure_rows:
        return "<p>These rules change no space, so there is no chart.</p>"
    layout = {
        "height": 120 + _ROW_PX * len(figure_rows),
        "margin": {"l": 10, "r": 10, "t": 30, "b": 40},
        "xaxis": {"type": "date", "side": "top", "title": {"text": str(_figure_zone(found))}},
        "yaxis": {
            "tickmode": "array",
            "tickvals": [place for place, (label, _) in enumerate(figure_rows) if label],
            "ticktext": [escape(label) for label, _ in figure_rows if label],
            "range": [len(figure_rows) - 0.5, -0.5],
            "automargin": True,
            "zeroline": False,
            "showgrid": False,
        },
        "legend": {"orientation": "h", "y": -0.02},
        "hovermode": "closest",
    }
    data = _encode_json([_trace(found, figure_rows, shown) for shown in ShownState])
    drawing = f"Plotly.newPlot('plot', {data}, {_encode_json(layout)}, {{displaylogo: false, responsive: true}})"
    return f'<h2>What is shown</h2><div id="plot"></div><script>{get_plotlyjs()}</script><script>{drawing}</script>'


def _figure_rows(found: WhatIfResult) -> Iterator[tuple[str, Timeline]]:
    """Yield label and timeline of each row of the figure, from the top, with a gap after each space that differs."""
    for space, compared in found.spaces.items():
        if any(one.days for one in compared):
            yield f"{space}, {CURRENT_RULES}", compared[0].current
            for label, one in zip(found.labels, compared, strict=True):
                yield f"{space}, {label}", one.other
            yield "", []


def _trace(found: WhatIfResult, figure_rows: list[tuple[str, Timeline]], shown: ShownState) -> dict[str, Any]:
    """Return the trace of all parts with one state, as separate lines."""
    x: list[str | None] = []
    y: list[int | None] = []
    zone = _figure_zone(found)
    for place, (_, timeline) in enumerate(figure_rows):
        for part in timeline:
            if part.shown is shown:
                x += [_format_time(part.from_ms, zone), _format_time(part.to_ms, zone), None]
                y += [place, place, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "not known" if shown is ShownState.UNKNOWN else shown.value,
        "line": _LINES[shown],
        "x": x,
        "y": y,
        "hovertemplate": "%{x|%a %d, %H:%M:%S}",
    }


def _encode_json(value: Any) -> str:
    """Encode JSON for a script element, so that nothing in it ends the script."""
    return json.dumps(value).replace("<", "\\u003c")


def _figure_zone(found: WhatIfResult) -> tzinfo:
    """Return the figure's time zone: the site's, or UTC if summer time starts or ends in the span."""
    from_ms, to_ms = found.span
    offsets = {_to_datetime(at_ms, found.zone).utcoffset() for at_ms in (*range(from_ms, to_ms, DAY_MS), to_ms)}
    return found.zone if len(offsets) == 1 else UTC


def _format_time(at_ms: int, zone: tzinfo) -> str:
    return f"{_to_datetime(at_ms, zone):%Y-%m-%d %H:%M:%S}"


def _to_datetime(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
