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

from collector.days import local
from collector.history import ZONE_FIVE_MIN, HistoryAway
from collector.plan import WHOLE_SITE, SpaceKind
from collector.privacy import foretold
from dashboard import past
from dashboard.languages import words
from dashboard.manager.exports import csv_pieces
from dashboard.routes import log_span
from dashboard.serving import Serving, aside, serving
from dashboard.use import growth_words
from dashboard.use.asked import Days
from dashboard.use.growth import (
    LEAST_WEEKS,
    LONGEST_DAYS,
    Asked,
    Growth,
    GrowthRejected,
    growth,
    known_days,
    read_asked,
    shared_desks,
)
from dashboard.use.hours import open_hours, ordinary

routes: Final = Blueprint("growth", __name__, url_prefix="/manage/growth")

_log = logging.getLogger(__name__)


@routes.get("")
def page() -> ResponseReturnValue:
    """Show whether the site can take more members."""
    here, texts = serving(), words()
    desks = shared_desks(here.plan)
    try:
        query = _read_query(here)
    except GrowthRejected as rejected:
        return _render(fault=growth_words.fault(rejected, desks, texts)), HTTPStatus.BAD_REQUEST
    log_span(_format_log_span(query))
    if query.members is None or _is_hidden(here):
        return _render(query=query)
    try:
        return _render(query=query, estimate=aside(lambda: _read_estimate(here, query)), was_read=True)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(query=query, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE


@routes.get("/export")
def export() -> ResponseReturnValue:
    """Export the table of the page as CSV."""
    here, texts = serving(), words()
    try:
        query = _read_query(here)
    except GrowthRejected as rejected:
        return _render(fault=growth_words.fault(rejected, shared_desks(here.plan), texts)), HTTPStatus.BAD_REQUEST
    if _is_hidden(here):
        return _render(query=query), HTTPStatus.FORBIDDEN
    try:
        estimate = None if query.members is None else aside(lambda: _read_estimate(here, query))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _render(query=query, is_away=True), HTTPStatus.SERVICE_UNAVAILABLE
    if estimate is None:
        return _render(query=query, was_read=query.members is not None), HTTPStatus.NOT_FOUND
    log_span(_format_log_span(query))
    file = Response(csv_pieces(growth_words.sheet(estimate, texts), texts), mimetype="text/csv")
    file.headers["Content-Disposition"] = f'attachment; filename="ledig-{here.plan.id}-growth.csv"'
    return file


def _read_query(here: Serving) -> Asked:
    return read_asked(request.args, shared_desks(here.plan), here.settings.alerts.free_desks_below)


def _is_hidden(here: Serving) -> bool:
    """Whether there are too few shared desks: what has no forecast has no estimate either."""
    return not foretold(here.plan, WHOLE_SITE, SpaceKind.DESK)


def _read_estimate(here: Serving, query: Asked) -> Growth | None:
    """Estimate from the last weeks; raises HistoryAway."""
    plan, now_ms = here.plan, here.live.now_ms()
    today = local(plan, now_ms).date()
    days = Days(today - timedelta(days=LONGEST_DAYS), today - timedelta(days=1))
    from_ms, to_ms = days.span(plan)
    tags = (("zone", WHOLE_SITE), ("kind", SpaceKind.DESK.value))
    rows = past.told_rows(
        here.settings, past.Question(measure=ZONE_FIVE_MIN, from_ms=from_ms, to_ms=to_ms, tags=tags), plan
    )
    known = known_days(rows, ordinary(open_hours(plan, days, now_ms)), plan)
    return growth(known, query.members or 1, shared_desks(plan), query.floor)


def _format_log_span(query: Asked) -> str:
    return f"members={query.members} floor={query.floor}" if query.members else f"floor={query.floor}"


def _render(
    *,
    query: Asked | None = None,
    estimate: Growth | None = None,
    fault: str = "",
    is_away: bool = False,
    was_read: bool = False,
) -> str:
    here, texts = serving(), words()
    g.charts = estimate is not None
    result: dict[str, Any] = {}
    if estimate is not None and query is not None:
        result = {
            "answer": growth_words.answer(estimate, query, texts),
            "steps": growth_words.steps(estimate, texts),
            "tightest": growth_words.tightest(estimate, texts),
            "cautions": [
                text for text in (growth_words.doubt(estimate, query, texts), growth_words.cut(estimate, texts)) if text
            ],
            "table": growth_words.table(estimate, texts),
            "figure": growth_words.figure(estimate, texts),
            "file": url_for("growth.export", members=query.members, floor=query.floor),
        }
    return render_template(
        "growth.html",
        plan=here.plan,
        desks=shared_desks(here.plan),
        query=query,
        estimate=estimate,
        fault=fault,
        is_away=is_away,
        was_read=was_read,
        hidden=_is_hidden(here),
        least_weeks=LEAST_WEEKS,
        plotly_version=version("plotly"),
        **result,
    )
