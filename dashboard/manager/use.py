"""The use page and its exports: any days of any zone, compared with other days.

In:    a query in a URL, history, a session.
Out:   one page; the same tables as files.
Never: history rows that have not passed the privacy rules; a partial answer to an invalid query.
"""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from flask import Blueprint, Response, g, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from collector.forecast import Hour
from collector.history import PEOPLE_FIVE_MIN, SPACE_HOUR, STAYS, ZONE_HOUR, HistoryAway, Measure, Row
from collector.plan import WHOLE_SITE, SitePlan
from collector.privacy import few, hidden
from dashboard import past
from dashboard.languages import words
from dashboard.manager.exports import csv_pieces, write_xlsx
from dashboard.routes import log_span
from dashboard.serving import Serving, aside, serving
from dashboard.settings import DashboardSettings
from dashboard.use import sentences
from dashboard.use.asked import (
    LONGEST_DAYS,
    PRESETS,
    Asked,
    AskedRejected,
    Days,
    Fault,
    kinds,
    read_asked,
    there,
    usual,
)
from dashboard.use.cells import shown
from dashboard.use.few import FewUse, few_use
from dashboard.use.grid import grid
from dashboard.use.hours import Used, by_scope, open_hours
from dashboard.use.plots import figures
from dashboard.use.sheets import EACH_HOUR, each_hour, sheets
from dashboard.use.view import Material, View, view
from dashboard.words import Words

routes = Blueprint("use", __name__, url_prefix="/manage")

SHEETS: Final = frozenset({"week", "hours", "zones", "days", "stays", "people", "compared", EACH_HOUR})
FORMATS: Final = frozenset({"xlsx", "csv"})
PIECE_DAYS: Final = 7
"""The hourly export reads this many days of history at once, about 2 MiB."""
PIECE_BYTES: Final = 64 * 1024
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_log = logging.getLogger(__name__)


@routes.get("/use")
def page() -> ResponseReturnValue:
    """Show how the site has been used."""
    here = serving()
    now_ms = here.live.now_ms()
    try:
        query = read_asked(request.args, here.plan, now_ms)
    except AskedRejected as rejected:
        return _render(
            here, usual(here.plan, now_ms), None, fault=_format_fault(rejected, words())
        ), HTTPStatus.BAD_REQUEST
    log_span(_format_log_span(query))
    try:
        if hidden(here.plan, query.zone, query.kind):
            return _render(here, query, aside(lambda: _read_small_group_use(here, query, now_ms)))
        report = aside(lambda: read_view(here.settings, query, here.plan, now_ms))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(here, query, None, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE
    return _render(here, query, report)


@routes.get("/export")
def export() -> ResponseReturnValue:
    """Export the tables of the page: all with `format=xlsx`, one with `format=csv&sheet=`."""
    here, texts = serving(), words()
    now_ms = here.live.now_ms()
    try:
        query = read_asked(request.args, here.plan, now_ms)
        form, key = _read_export_form(request.args)
    except AskedRejected as rejected:
        return _render(
            here, usual(here.plan, now_ms), None, fault=_format_fault(rejected, texts)
        ), HTTPStatus.BAD_REQUEST
    if hidden(here.plan, query.zone, query.kind):
        return _render(here, query, None), HTTPStatus.FORBIDDEN
    log_span(f"{_format_log_span(query)} {form} {key}".rstrip())
    try:
        if form == "xlsx":
            return _xlsx_response(here, query, texts, now_ms)
        return _csv_response(here, query, key, texts, now_ms)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(here, query, None, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE


def _read_small_group_use(here: Serving, query: Asked, now_ms: int) -> FewUse | None:
    """Compute the use of fewer than five spaces; None if they are hidden for another reason. Raises HistoryAway."""
    if not few(here.plan, query.zone, query.kind):
        return None
    span = query.days.span(here.plan)
    spaces = [
        space.id
        for space in here.plan.spaces
        if space.kind is query.kind and space.offered and not space.disabled and query.zone in {space.zone, WHOLE_SITE}
    ]
    rows = [
        row
        for space in spaces
        for row in past.rows(
            here.settings,
            past.Question(measure=SPACE_HOUR, from_ms=span[0], to_ms=span[1], tags=(("space", space),)),
        )
    ]
    return few_use(open_hours(here.plan, query.days, now_ms), rows, len(spaces), query.days.count)


def _render(
    here: Serving, query: Asked, result: View | FewUse | None, *, fault: str = "", is_away: bool = False
) -> str:
    texts = words()
    report = result if isinstance(result, View) else None
    filled_sheets = (
        [sheet for sheet in sheets(report, here.plan, texts) if sheet.rows] if report and report.days else []
    )
    drawn = figures(filled_sheets, texts)
    g.charts = bool(drawn)
    return render_template(
        "use.html",
        plan=here.plan,
        query=query,
        report=report,
        fault=fault,
        is_away=is_away,
        has_spaces=there(query, here.plan),
        hidden=not fault and not is_away and hidden(here.plan, query.zone, query.kind),
        small_group=result if isinstance(result, FewUse) else None,
        sheets={sheet.key: sheet for sheet in filled_sheets},
        figures=drawn,
        grid=grid(report.week, texts) if report else None,
        zones={zone.id: zone.name for zone in here.plan.zones},
        kinds=kinds(here.plan),
        presets=PRESETS,
        sentences=sentences,
        format_value=shown,
        page_url=lambda **more: _url_for_query("use.page", query, **more),
        export_url=lambda **more: _url_for_query("use.export", query, **more),
        each_hour=EACH_HOUR,
        plotly_version=version("plotly"),
    )


def _url_for_query(endpoint: str, query: Asked, **changed: Any) -> str:
    args = query.args()
    if "last" in changed:  # a preset replaces chosen days
        args = {name: text for name, text in args.items() if name not in {"from", "to", "since"}}
        if args.get("with") == "since":
            del args["with"]
    return url_for(endpoint, **(args | changed))


def read_view(settings: DashboardSettings, query: Asked, plan: SitePlan, now_ms: int) -> View:
    """Read history and compute all figures of a query; raises HistoryAway."""
    rows = _read_rows(settings, query, query.days, plan)
    other_rows = None if query.other is None else _read_rows(settings, query, query.other, plan, is_wide=False)
    return view(query, rows, other_rows, plan, now_ms)


def _read_rows(
    settings: DashboardSettings, query: Asked, days: Days, plan: SitePlan, *, is_wide: bool = True
) -> Material:
    """Read the rows of one period; `is_wide` adds the zone's other kinds, and for the whole site the other zones."""
    span = days.span(plan)

    def read(measure: Measure, **tags: str) -> list[Row]:
        history_query = past.Question(measure=measure, from_ms=span[0], to_ms=span[1], tags=tuple(tags.items()))
        return past.told_rows(settings, history_query, plan)

    chosen = {"zone": query.zone, "kind": query.kind.value}
    hours = read(ZONE_HOUR, zone=query.zone) if is_wide else read(ZONE_HOUR, **chosen)
    if is_wide and query.zone == WHOLE_SITE:
        hours += [row for row in read(ZONE_HOUR, kind=query.kind.value) if row.tags[0] != WHOLE_SITE]
    return Material(
        hours=hours,
        stays=read(STAYS, **chosen) if is_wide else (),
        people=read(PEOPLE_FIVE_MIN) if query.zone == WHOLE_SITE and plan.doors else (),
    )


def each_open_hour(
    settings: DashboardSettings, query: Asked, plan: SitePlan, now_ms: int
) -> Iterator[tuple[Sequence[Hour], Mapping[tuple[str, ...], Used]]]:
    """Yield the open hours and their history rows, one week at a time; raises HistoryAway."""
    first = query.days.first
    while first <= query.days.last:
        days = Days(first, min(query.days.last, first + timedelta(days=PIECE_DAYS - 1)))
        span = days.span(plan)
        tags = (
            (("kind", query.kind.value),)
            if query.zone == WHOLE_SITE
            else (("zone", query.zone), ("kind", query.kind.value))
        )
        history_query = past.Question(measure=ZONE_HOUR, from_ms=span[0], to_ms=span[1], tags=tags)
        yield open_hours(plan, days, now_ms), by_scope(past.told_rows(settings, history_query, plan))
        first = days.last + timedelta(days=1)


def _csv_response(here: Serving, query: Asked, key: str, texts: Words, now_ms: int) -> ResponseReturnValue:
    """Respond with one sheet as CSV. The first piece is built before the response, to report unavailable history."""
    settings, plan = here.settings, here.plan
    if key == EACH_HOUR:
        sheet = each_hour(each_open_hour(settings, query, plan, now_ms), plan, texts)
    else:
        report = aside(lambda: read_view(settings, query, plan, now_ms))
        sheet = next(made for made in sheets(report, plan, texts) if made.key == key)
    pieces = csv_pieces(sheet, texts)
    first = aside(lambda: next(pieces, b""))
    response = Response(stream_with_context(chain([first], _read_each_aside(pieces))), mimetype="text/csv")
    return _with_file_name(response, here.plan, query, f"-{key}", "csv")


def _read_each_aside(pieces: Iterator[bytes]) -> Iterator[bytes]:
    while piece := aside(lambda: next(pieces, b"")):
        yield piece


def _xlsx_response(here: Serving, query: Asked, texts: Words, now_ms: int) -> ResponseReturnValue:
    """Respond with every sheet in one XLSX file, which is written to disk and sent from there."""
    settings, plan = here.settings, here.plan

    def write() -> BinaryIO:
        handle, name = tempfile.mkstemp(suffix=".xlsx")
        os.close(handle)
        path = Path(name)
        try:
            filled_sheets = [
                sheet for sheet in sheets(read_view(settings, query, plan, now_ms), plan, texts) if sheet.rows
            ]
            write_xlsx(
                path, [*filled_sheets, each_hour(each_open_hour(settings, query, plan, now_ms), plan, texts)], texts
            )
            return path.open("rb")
        finally:
            path.unlink()  # the open file remains readable until it is closed

    file = aside(write)
    response = Response(iter(lambda: file.read(PIECE_BYTES), b""), mimetype=XLSX)
    response.call_on_close(file.close)
    return _with_file_name(response, here.plan, query, "", "xlsx")


def _with_file_name(response: Response, plan: SitePlan, query: Asked, part: str, ending: str) -> Response:
    """Set the file name, which contains the site, zone, kind and days."""
    days = f"{query.days.first.isoformat()}--{query.days.last.isoformat()}"
    name = f"ledig-{plan.id}-{query.zone}-{query.kind.value}{part}-{days}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _read_export_form(args: Mapping[str, str]) -> tuple[str, str]:
    """Parse the file format and the sheet; a workbook contains all sheets."""
    form = args.get("format", "xlsx")
    if form not in FORMATS:
        raise AskedRejected(Fault.NO_CHOICE, "format", form)
    if form == "xlsx":
        return form, ""
    key = args.get("sheet", "")
    if key not in SHEETS:
        raise AskedRejected(Fault.NO_CHOICE, "sheet", key)
    return form, key


def _format_log_span(query: Asked) -> str:
    """Format the query for the access log."""
    span = f"{query.days.first.isoformat()}/{query.days.last.isoformat()} zone={query.zone} kind={query.kind.value}"
    return span if query.other is None else f"{span} with={query.other.first.isoformat()}"


def _format_fault(rejected: AskedRejected, texts: Words) -> str:
    """Explain why a query is rejected, with the remedy."""
    _ = texts.gettext
    text = {
        Fault.NO_DATE: _("“{text}” is not a date. Write it as 2026-11-23."),
        Fault.ENDS_FIRST: _("The last day is before the first. Choose a later end or an earlier start."),
        Fault.TOO_LONG: _("History is kept for {days} days. Choose a later first day."),
        Fault.NOT_YET: _("Those days are in the future. Choose past days."),
        Fault.NO_ZONE: _("There is no zone “{text}”. Choose one from the list."),
        Fault.NO_KIND: _("There is no kind “{text}”. Choose one from the list."),
        Fault.NO_CHOICE: _("“{text}” is not a choice here. Choose one from the list."),
    }[rejected.fault]
    return text.format(text=rejected.text, days=LONGEST_DAYS)
