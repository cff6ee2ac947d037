"""The page of a space's code: somebody in the room reports that it is free or taken, without login.

In:    a code, a form.
Out:   one page; a report to the collector.
Never: the state of the space; a hint whether a report counts; who sent it.
"""

import time
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.contract.messages import encode_message
from collector.contract.truth import FoundState, ReportSpace
from collector.site.spaces import Space
from dashboard.account_pages.login_form import can_keep_cookie
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import is_collector_reachable, try_send_to_collector
from dashboard.web.report_limits import PERIOD_S, ReportDecision
from edge.contract import topics

routes: Final = Blueprint("report", __name__, url_prefix="/c")


@routes.get("/<code>")
def page(code: str) -> ResponseReturnValue:
    """Show the question whether the space is free or taken."""
    return _render(_find_space(code), problem="" if is_collector_reachable() else "away")


@routes.post("/<code>")
def send(code: str) -> ResponseReturnValue:
    """Send a report to the collector."""
    here, space = get_app_context(), _find_space(code)
    try:
        found = FoundState(request.form.get("found", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    if not is_collector_reachable():
        return _render(space, problem="away"), HTTPStatus.SERVICE_UNAVAILABLE
    decision = here.report_limits.decide_report(
        request.remote_addr or "",
        request.user_agent.string,
        space.id,
        len(here.live.snapshot.space_codes),
        time.monotonic(),
    )
    if decision is ReportDecision.REFUSE:
        return _render(space, problem="often"), HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(PERIOD_S)}
    command = encode_message(ReportSpace(code, found))
    if decision is ReportDecision.SEND and not try_send_to_collector(topics.TRUTH_COMMAND, command):
        return _render(space, problem="away"), HTTPStatus.SERVICE_UNAVAILABLE
    return redirect(url_for("report.page", code=code, sent=1), HTTPStatus.SEE_OTHER)


def _find_space(code: str) -> Space:
    """Return the space of a code; for any other code the page does not exist."""
    here = get_app_context()
    found = next((space for space, known in here.live.snapshot.space_codes.items() if known == code), None)
    if found is None or (space := here.plan.space_by_id.get(found)) is None or not space.is_offered:
        abort(HTTPStatus.NOT_FOUND)
    return space


def _render(space: Space, problem: str) -> str:
    here = get_app_context()
    return render_template(
        "report.html",
        plan=here.plan,
        space=space,
        zone=here.plan.zone_by_id[space.zone].name,
        problem=problem,
        sent="sent" in request.args and not problem,
        reachable=can_keep_cookie(),
    )
