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

from collector.history.measures import PEOPLE_FIVE_MIN, SPACE_HOUR, STAYS, ZONE_HOUR, HistoryAway, HistoryRow, Measure
from collector.site.privacy_limits import has_too_few, is_history_hidden
from collector.site.series_hours import SeriesHour
from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.history import queries
from dashboard.manager.exports import generate_csv, write_xlsx
from dashboard.text.language_selection import get_texts
from dashboard.text.page_texts import PageTexts
from dashboard.use import sentences
from dashboard.use.grid import build_heatmap
from dashboard.use.plots import build_figures
from dashboard.use.sheets import HOURLY_SHEET, build_hourly_sheet, build_sheets
from dashboard.use.small_groups import SmallGroupUse, compute_small_group_use
from dashboard.use.table_cells import format_value
from dashboard.use.use_query import (
    MAX_RANGE_DAYS,
    PRESET_DAYS,
    DayRange,
    UseQuery,
    UseQueryFault,
    UseQueryRejected,
    build_default_query,
    has_spaces,
    list_offered_kinds,
    parse_use_query,
)
from dashboard.use.use_report import UseReport, UseRows, build_report
from dashboard.use.used_hours import UsedHours, group_by_scope, list_open_hours
from dashboard.web.app_context import AppContext, get_app_context, query_history
from dashboard.web.routes import set_logged_span

routes = Blueprint("use", __name__, url_prefix="/manage")

EXPORTED_SHEETS: Final = frozenset({"week", "hours", "zones", "days", "stays", "people", "compared", HOURLY_SHEET})
EXPORT_FORMATS: Final = frozenset({"xlsx", "csv"})
HISTORY_PIECE_DAYS: Final = 7
"""The hourly export reads this many days of history at once, about 2 MiB."""
FILE_PIECE_BYTES: Final = 64 * 1024
XLSX_MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_log = logging.getLogger(__name__)


@routes.get("/use")
def page() -> ResponseReturnValue:
    """Show how the site has been used."""
    here = get_app_context()
    now_ms = here.live.now_ms()
    try:
        query = parse_use_query(request.args, here.plan, now_ms)
    except UseQueryRejected as rejected:
        return _render(
            here, build_default_query(here.plan, now_ms), None, fault=_format_fault(rejected, get_texts())
        ), HTTPStatus.BAD_REQUEST
    set_logged_span(_format_log_span(query))
    try:
        if is_history_hidden(here.plan, query.zone, query.kind):
            return _render(here, query, query_history(lambda: _read_small_group_use(here, query, now_ms)))
        report = query_history(lambda: read_report(here.settings, query, here.plan, now_ms))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(here, query, None, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE
    return _render(here, query, report)


@routes.get("/export")
def export() -> ResponseReturnValue:
    """Export the tables of the page: all with `format=xlsx`, one with `format=csv&sheet=`."""
    here, texts = get_app_context(), get_texts()
    now_ms = here.live.now_ms()
    try:
        query = parse_use_query(request.args, here.plan, now_ms)
        form, key = _read_export_form(request.args)
    except UseQueryRejected as rejected:
        return _render(
            here, build_default_query(here.plan, now_ms), None, fault=_format_fault(rejected, texts)
        ), HTTPStatus.BAD_REQUEST
    if is_history_hidden(here.plan, query.zone, query.kind):
        return _render(here, query, None), HTTPStatus.FORBIDDEN
    set_logged_span(f"{_format_log_span(query)} {form} {key}".rstrip())
    try:
        if form == "xlsx":
            return _xlsx_response(here, query, texts, now_ms)
        return _csv_response(here, query, key, texts, now_ms)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(here, query, None, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE


def _read_small_group_use(here: AppContext, query: UseQuery, now_ms: int) -> SmallGroupUse | None:
    """Compute the use of fewer than five spaces; None if they are hidden for another reason. Raises HistoryAway."""
    if not has_too_few(here.plan, query.zone, query.kind):
        return None
    span = query.days.to_span_ms(here.plan)
    spaces = [
        space.id
        for space in here.plan.spaces
        if space.kind is query.kind
        and space.is_offered
        and not space.disabled
        and query.zone in {space.zone, WHOLE_SITE}
    ]
    rows = [
        row
        for space in spaces
        for row in queries.read_rows(
            here.settings,
            queries.HistoryQuery(measure=SPACE_HOUR, from_ms=span[0], to_ms=span[1], tags=(("space", space),)),
        )
    ]
    return compute_small_group_use(
        list_open_hours(here.plan, query.days, now_ms), rows, len(spaces), query.days.day_count
    )


def _render(
    here: AppContext,
    query: UseQuery,
    result: UseReport | SmallGroupUse | None,
    *,
    fault: str = "",
    is_away: bool = False,
) -> str:
    texts = get_texts()
    report = result if isinstance(result, UseReport) else None
    filled_sheets = (
        [sheet for sheet in build_sheets(report, here.plan, texts) if sheet.rows] if report and report.days else []
    )
    drawn = build_figures(filled_sheets, texts)
    g.charts = bool(drawn)
    return render_template(
        "use.html",
        plan=here.plan,
        query=query,
        report=report,
        fault=fault,
        is_away=is_away,
        has_spaces=has_spaces(query, here.plan),
        hidden=not fault and not is_away and is_history_hidden(here.plan, query.zone, query.kind),
        small_group=result if isinstance(result, SmallGroupUse) else None,
        sheets={sheet.key: sheet for sheet in filled_sheets},
        figures=drawn,
        grid=build_heatmap(report.week, texts) if report else None,
        zones={zone.id: zone.name for zone in here.plan.zones},
        kinds=list_offered_kinds(here.plan),
        presets=PRESET_DAYS,
        sentences=sentences,
        format_value=format_value,
        page_url=lambda **more: _url_for_query("use.page", query, **more),
        export_url=lambda **more: _url_for_query("use.export", query, **more),
        each_hour=HOURLY_SHEET,
        plotly_version=version("plotly"),
    )


def _url_for_query(endpoint: str, query: UseQuery, **changed: Any) -> str:
    args = query.to_url_args()
    if "last" in changed:  # a preset replaces chosen days
        args = {name: text for name, text in args.items() if name not in {"from", "to", "since"}}
        if args.get("with") == "since":
            del args["with"]
    return url_for(endpoint, **(args | changed))


def read_report(settings: DashboardSettings, query: UseQuery, plan: SitePlan, now_ms: int) -> UseReport:
    """Read history and compute all figures of a query; raises HistoryAway."""
    rows = _read_rows(settings, query, query.days, plan)
    other_rows = (
        None if query.other_days is None else _read_rows(settings, query, query.other_days, plan, is_wide=False)
    )
    return build_report(query, rows, other_rows, plan, now_ms)


def _read_rows(
    settings: DashboardSettings, query: UseQuery, days: DayRange, plan: SitePlan, *, is_wide: bool = True
) -> UseRows:
    """Read the rows of one period; `is_wide` adds the zone's other kinds, and for the whole site the other zones."""
    span = days.to_span_ms(plan)

    def read(measure: Measure, **tags: str) -> list[HistoryRow]:
        history_query = queries.HistoryQuery(measure=measure, from_ms=span[0], to_ms=span[1], tags=tuple(tags.items()))
        return queries.read_permitted_rows(settings, history_query, plan)

    chosen = {"zone": query.zone, "kind": query.kind.value}
    hours = read(ZONE_HOUR, zone=query.zone) if is_wide else read(ZONE_HOUR, **chosen)
    if is_wide and query.zone == WHOLE_SITE:
        hours += [row for row in read(ZONE_HOUR, kind=query.kind.value) if row.tags[0] != WHOLE_SITE]
    return UseRows(
        hours=hours,
        stays=read(STAYS, **chosen) if is_wide else (),
        people=read(PEOPLE_FIVE_MIN) if query.zone == WHOLE_SITE and plan.doors else (),
    )


def generate_open_hours(
    settings: DashboardSettings, query: UseQuery, plan: SitePlan, now_ms: int
) -> Iterator[tuple[Sequence[SeriesHour], Mapping[tuple[str, ...], UsedHours]]]:
    """Yield the open hours and their history rows, one week at a time; raises HistoryAway."""
    first = query.days.first
    while first <= query.days.last:
        days = DayRange(first, min(query.days.last, first + timedelta(days=HISTORY_PIECE_DAYS - 1)))
        span = days.to_span_ms(plan)
        tags = (
            (("kind", query.kind.value),)
            if query.zone == WHOLE_SITE
            else (("zone", query.zone), ("kind", query.kind.value))
        )
        history_query = queries.HistoryQuery(measure=ZONE_HOUR, from_ms=span[0], to_ms=span[1], tags=tags)
        yield (
            list_open_hours(plan, days, now_ms),
            group_by_scope(queries.read_permitted_rows(settings, history_query, plan)),
        )
        first = days.last + timedelta(days=1)


def _csv_response(here: AppContext, query: UseQuery, key: str, texts: PageTexts, now_ms: int) -> ResponseReturnValue:
    """Respond with one sheet as CSV. The first piece is built before the response, to report unavailable history."""
    settings, plan = here.settings, here.plan
    if key == HOURLY_SHEET:
        sheet = build_hourly_sheet(generate_open_hours(settings, query, plan, now_ms), plan, texts)
    else:
        report = query_history(lambda: read_report(settings, query, plan, now_ms))
        sheet = next(made for made in build_sheets(report, plan, texts) if made.key == key)
    pieces = generate_csv(sheet, texts)
    first = query_history(lambda: next(pieces, b""))
    response = Response(stream_with_context(chain([first], _read_each_aside(pieces))), mimetype="text/csv")
    return _with_file_name(response, here.plan, query, f"-{key}", "csv")


def _read_each_aside(pieces: Iterator[bytes]) -> Iterator[bytes]:
    while piece := query_history(lambda: next(pieces, b"")):
        yield piece


def _xlsx_response(here: AppContext, query: UseQuery, texts: PageTexts, now_ms: int) -> ResponseReturnValue:
    """Respond with every sheet in one XLSX file, which is written to disk and sent from there."""
    settings, plan = here.settings, here.plan

    def write() -> BinaryIO:
        handle, name = tempfile.mkstemp(suffix=".xlsx")
        os.close(handle)
        path = Path(name)
        try:
            filled_sheets = [
                sheet for sheet in build_sheets(read_report(settings, query, plan, now_ms), plan, texts) if sheet.rows
            ]
            write_xlsx(
                path,
                [*filled_sheets, build_hourly_sheet(generate_open_hours(settings, query, plan, now_ms), plan, texts)],
                texts,
            )
            return path.open("rb")
        finally:
            path.unlink()  # the open file remains readable until it is closed

    file = query_history(write)
    response = Response(iter(lambda: file.read(FILE_PIECE_BYTES), b""), mimetype=XLSX_MEDIA_TYPE)
    response.call_on_close(file.close)
    return _with_file_name(response, here.plan, query, "", "xlsx")


def _with_file_name(response: Response, plan: SitePlan, query: UseQuery, part: str, ending: str) -> Response:
    """Set the file name, which contains the site, zone, kind and days."""
    days = f"{query.days.first.isoformat()}--{query.days.last.isoformat()}"
    name = f"ledig-{plan.id}-{query.zone}-{query.kind.value}{part}-{days}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _read_export_form(args: Mapping[str, str]) -> tuple[str, str]:
    """Parse the file format and the sheet; a workbook contains all sheets."""
    form = args.get("format", "xlsx")
    if form not in EXPORT_FORMATS:
        raise UseQueryRejected(UseQueryFault.NO_CHOICE, "format", form)
    if form == "xlsx":
        return form, ""
    key = args.get("sheet", "")
    if key not in EXPORTED_SHEETS:
        raise UseQueryRejected(UseQueryFault.NO_CHOICE, "sheet", key)
    return form, key


def _format_log_span(query: UseQuery) -> str:
    """Format the query for the access log."""
    span = f"{query.days.first.isoformat()}/{query.days.last.isoformat()} zone={query.zone} kind={query.kind.value}"
    return span if query.other_days is None else f"{span} with={query.other_days.first.isoformat()}"


def _format_fault(rejected: UseQueryRejected, texts: PageTexts) -> str:
    """Explain why a query is rejected, with the remedy."""
    _ = texts.gettext
    text = {
        UseQueryFault.NO_DATE: _("“{text}” is not a date. Write it as 2026-11-23."),
        UseQueryFault.ENDS_FIRST: _("The last day is before the first. Choose a later end or an earlier start."),
        UseQueryFault.TOO_LONG: _("History is kept for {days} days. Choose a later first day."),
        UseQueryFault.NOT_YET: _("Those days are in the future. Choose past days."),
        UseQueryFault.NO_ZONE: _("There is no zone “{text}”. Choose one from the list."),
        UseQueryFault.NO_KIND: _("There is no kind “{text}”. Choose one from the list."),
        UseQueryFault.NO_CHOICE: _("“{text}” is not a choice here. Choose one from the list."),
    }[rejected.fault]
    return text.format(text=rejected.text, days=MAX_RANGE_DAYS)
