"""The page that answers whether the house can take more members, and its table as a file.

In:    how many members there are, history.
Out:   one page; a CSV file.
Never: a figure for a house whose past must not be told, or is shorter than four weeks.
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
    """Can we take more members?"""
    here, told = serving(), words()
    desks = shared_desks(here.plan)
    try:
        asked = _asked(here)
    except GrowthRejected as rejected:
        return _page(fault=growth_words.fault(rejected, desks, told)), HTTPStatus.BAD_REQUEST
    log_span(_span(asked))
    if asked.members is None or _hidden(here):
        return _page(asked=asked)
    try:
        return _page(asked=asked, seen=aside(lambda: _read(here, asked)), looked=True)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _page(asked=asked, away=True), HTTPStatus.SERVICE_UNAVAILABLE


@routes.get("/export")
def export() -> ResponseReturnValue:
    """The table of the page as CSV."""
    here, told = serving(), words()
    try:
        asked = _asked(here)
    except GrowthRejected as rejected:
        return _page(fault=growth_words.fault(rejected, shared_desks(here.plan), told)), HTTPStatus.BAD_REQUEST
    if _hidden(here):
        return _page(asked=asked), HTTPStatus.FORBIDDEN
    try:
        seen = None if asked.members is None else aside(lambda: _read(here, asked))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _page(asked=asked, away=True), HTTPStatus.SERVICE_UNAVAILABLE
    if seen is None:
        return _page(asked=asked, looked=asked.members is not None), HTTPStatus.NOT_FOUND
    log_span(_span(asked))
    file = Response(csv_pieces(growth_words.sheet(seen, told), told), mimetype="text/csv")
    file.headers["Content-Disposition"] = f'attachment; filename="ledig-{here.plan.id}-growth.csv"'
    return file


def _asked(here: Serving) -> Asked:
    return read_asked(request.args, shared_desks(here.plan), here.settings.alerts.free_desks_below)


def _hidden(here: Serving) -> bool:
    """Whether it would tell of few: what is not forecast is not reckoned with either."""
    return not foretold(here.plan, WHOLE_SITE, SpaceKind.DESK)


def _read(here: Serving, asked: Asked) -> Growth | None:
    """What the last weeks say; raises HistoryAway."""
    plan, now_ms = here.plan, here.live.now_ms()
    today = local(plan, now_ms).date()
    days = Days(today - timedelta(days=LONGEST_DAYS), today - timedelta(days=1))
    from_ms, to_ms = days.span(plan)
    tags = (("zone", WHOLE_SITE), ("kind", SpaceKind.DESK.value))
    rows = past.told_rows(
        here.settings, past.Question(measure=ZONE_FIVE_MIN, from_ms=from_ms, to_ms=to_ms, tags=tags), plan
    )
    known = known_days(rows, ordinary(open_hours(plan, days, now_ms)), plan)
    return growth(known, asked.members or 1, shared_desks(plan), asked.floor)


def _span(asked: Asked) -> str:
    return f"members={asked.members} floor={asked.floor}" if asked.members else f"floor={asked.floor}"


def _page(
    *, asked: Asked | None = None, seen: Growth | None = None, fault: str = "", away: bool = False, looked: bool = False
) -> str:
    here, told = serving(), words()
    g.charts = seen is not None
    more: dict[str, Any] = {}
    if seen is not None and asked is not None:
        more = {
            "answer": growth_words.answer(seen, asked, told),
            "steps": growth_words.steps(seen, told),
            "tightest": growth_words.tightest(seen, told),
            "cautions": [
                text for text in (growth_words.doubt(seen, asked, told), growth_words.cut(seen, told)) if text
            ],
            "table": growth_words.table(seen, told),
            "figure": growth_words.figure(seen, told),
            "file": url_for("growth.export", members=asked.members, floor=asked.floor),
        }
    return render_template(
        "growth.html",
        plan=here.plan,
        desks=shared_desks(here.plan),
        asked=asked,
        seen=seen,
        fault=fault,
        away=away,
        looked=looked,
        hidden=_hidden(here),
        least_weeks=LEAST_WEEKS,
        plotly_version=version("plotly"),
        **more,
    )
