"""The growth page, which estimates whether the site can take more members, and its table as a file.

In:    the number of members, history.
Out:   one page; a CSV file.
Never: a figure for a site whose history is hidden or shorter than four weeks.
"""

import logging
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.history.measures import ZONE_FIVE_MIN, HistoryAway
from collector.site.calendar import to_local_time
from collector.site.privacy_limits import has_forecast
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.history import queries
from dashboard.manager.exports import generate_csv
from dashboard.text.language_selection import get_texts
from dashboard.use import growth_texts
from dashboard.use.growth import (
    MAX_HISTORY_DAYS,
    MIN_GROWTH_WEEKS,
    GrowthEstimate,
    GrowthQuery,
    GrowthQueryRejected,
    count_shared_desks,
    estimate_growth,
    find_known_days,
    parse_growth_query,
)
from dashboard.use.use_query import DayRange
from dashboard.use.used_hours import drop_public_holidays, list_open_hours
from dashboard.web.app_context import AppContext, get_app_context, query_history
from dashboard.web.routes import set_logged_span

routes: Final = Blueprint("growth", __name__, url_prefix="/manage/growth")

_log = logging.getLogger(__name__)


@routes.get("")
def page() -> ResponseReturnValue:
    """Show whether the site can take more members."""
    here, texts = get_app_context(), get_texts()
    desks = count_shared_desks(here.plan)
    try:
        query = _read_query(here)
    except GrowthQueryRejected as rejected:
        return _render(fault=growth_texts.format_fault(rejected, desks, texts)), HTTPStatus.BAD_REQUEST
    set_logged_span(_format_log_span(query))
    if query.members is None or _is_hidden(here):
        return _render(query=query)
    try:
        return _render(query=query, estimate=query_history(lambda: _read_estimate(here, query)), was_read=True)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(query=query, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE


@routes.get("/export")
def export() -> ResponseReturnValue:
    """Export the table of the page as CSV."""
    here, texts = get_app_context(), get_texts()
    try:
        query = _read_query(here)
    except GrowthQueryRejected as rejected:
        return _render(
            fault=growth_texts.format_fault(rejected, count_shared_desks(here.plan), texts)
        ), HTTPStatus.BAD_REQUEST
    if _is_hidden(here):
        return _render(query=query), HTTPStatus.FORBIDDEN
    try:
        estimate = None if query.members is None else query_history(lambda: _read_estimate(here, query))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(query=query, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE
    if estimate is None:
        return _render(query=query, was_read=query.members is not None), HTTPStatus.NOT_FOUND
    set_logged_span(_format_log_span(query))
    file = Response(generate_csv(growth_texts.build_sheet(estimate, texts), texts), mimetype="text/csv")
    file.headers["Content-Disposition"] = f'attachment; filename="ledig-{here.plan.id}-growth.csv"'
    return file


def _read_query(here: AppContext) -> GrowthQuery:
    return parse_growth_query(request.args, count_shared_desks(here.plan), here.settings.alerts.free_desks_below)


def _is_hidden(here: AppContext) -> bool:
    """Whether there are too few shared desks for an estimate: a site without a forecast has none."""
    return not has_forecast(here.plan, WHOLE_SITE, SpaceKind.DESK)


def _read_estimate(here: AppContext, query: GrowthQuery) -> GrowthEstimate | None:
    """Estimate from the last weeks; raises HistoryAway."""
    plan, now_ms = here.plan, here.live.now_ms()
    today = to_local_time(plan, now_ms).date()
    days = DayRange(today - timedelta(days=MAX_HISTORY_DAYS), today - timedelta(days=1))
    from_ms, to_ms = days.to_span_ms(plan)
    tags = (("zone", WHOLE_SITE), ("kind", SpaceKind.DESK.value))
    rows = queries.read_permitted_rows(
        here.settings, queries.HistoryQuery(measure=ZONE_FIVE_MIN, from_ms=from_ms, to_ms=to_ms, tags=tags), plan
    )
    known = find_known_days(rows, drop_public_holidays(list_open_hours(plan, days, now_ms)), plan)
    return estimate_growth(known, query.members or 1, count_shared_desks(plan), query.floor)


def _format_log_span(query: GrowthQuery) -> str:
    return f"members={query.members} floor={query.floor}" if query.members else f"floor={query.floor}"


def _render(
    *,
    query: GrowthQuery | None = None,
    estimate: GrowthEstimate | None = None,
    fault: str = "",
    is_away: bool = False,
    was_read: bool = False,
) -> str:
    here, texts = get_app_context(), get_texts()
    g.charts = estimate is not None
    result: dict[str, Any] = {}
    if estimate is not None and query is not None:
        result = {
            "answer": growth_texts.format_answer(estimate, query, texts),
            "steps": growth_texts.format_steps(estimate, texts),
            "tightest": growth_texts.format_busiest_hour(estimate, texts),
            "cautions": [
                text
                for text in (
                    growth_texts.format_members_warning(estimate, query, texts),
                    growth_texts.format_full_warning(estimate, texts),
                )
                if text
            ],
            "table": growth_texts.build_table_rows(estimate, texts),
            "figure": growth_texts.build_figure(estimate, texts),
            "file": url_for("growth.export", members=query.members, floor=query.floor),
        }
    return render_template(
        "growth.html",
        plan=here.plan,
        desks=count_shared_desks(here.plan),
        query=query,
        estimate=estimate,
        fault=fault,
        is_away=is_away,
        was_read=was_read,
        hidden=_is_hidden(here),
        least_weeks=MIN_GROWTH_WEEKS,
        plotly_version=version("plotly"),
        **result,
    )
