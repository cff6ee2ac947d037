"""The today page: a notice, the hours of a date and spaces out of use, without editing the site file.

In:    the live site snapshot, a form.
Out:   one page; a command to the collector, then the page again.
Never: an adjustment stored here; the collector validates it, stores it and publishes it to every dashboard.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.site.adjustments import (
    MAX_DAYS_AGO,
    MAX_DAYS_AHEAD,
    MAX_NOTICE_CHARS,
    AdjustmentCommand,
    SetHours,
    SetNotice,
    SetOutOfUse,
    apply_command,
    decode_command,
    encode,
)
from collector.site.calendar import opening_day, opening_hours_on, to_local_time
from collector.site.opening_spans import HoursRejected, format_hours, read_hours
from dashboard.manager import today
from dashboard.text.language_selection import get_texts
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import is_collector_reachable, try_send_to_collector, wait_for_effect
from dashboard.web.routes import set_logged_span
from edge.contract import topics
from edge.contract.message import MessageRejected

routes = Blueprint("today", __name__, url_prefix="/manage/today")

_CLOSED: Final = "closed"
_USUAL: Final = "usual"
_GIVEN: Final = "hours"


@dataclass(frozen=True, slots=True)
class _FormState:
    """The error of a form and its typed values, so that no input is lost; None shows the current value."""

    problem: str = ""
    status: HTTPStatus = HTTPStatus.OK
    notice: str | None = None
    date: str | None = None
    hours: str | None = None


@routes.get("")
def page() -> ResponseReturnValue:
    """Show the adjustments, and the forms to change them."""
    return _render(_FormState())


@routes.post("/notice")
def set_notice() -> ResponseReturnValue:
    """Set or remove the notice on every page. Reject the form if somebody changed the notice after it was opened."""
    text, shown = request.form.get("notice", ""), request.form.get("shown", "")
    state, now = _FormState(notice=text), get_app_context().live.snapshot.adjustments.notice
    if len(text) > MAX_NOTICE_CHARS:
        problem = today.explain_long_notice(MAX_NOTICE_CHARS, get_texts())
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    if shown != now != text:
        problem = today.explain_changed_notice(now, get_texts())
        return _render(replace(state, problem=problem, status=HTTPStatus.CONFLICT))
    return _send_command(SetNotice(text), state)


@routes.post("/hours")
def set_hours() -> ResponseReturnValue:
    """Set the opening hours of one date, close it, or restore its usual hours."""
    here = get_app_context()
    day = request.form.get("date", "")[:10] or opening_day(here.plan, here.live.now_ms()).isoformat()
    action, text = request.form.get("how", ""), request.form.get("hours", "")
    state = _FormState(date=day, hours=text)
    if action == _USUAL:
        return _send_command(SetHours(day, None), replace(state, hours=None))
    if action == _CLOSED:
        return _send_command(SetHours(day, []), state)
    if action != _GIVEN:
        abort(HTTPStatus.BAD_REQUEST)
    texts = [part.strip().replace(".", ":").replace("\u2013", "-") for part in text.split(",")]
    try:
        read_hours(texts)
    except HoursRejected:
        problem = today.explain_invalid_hours(text, get_texts())
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    return _send_command(SetHours(day, texts), state)


@routes.post("/space")
def set_out_of_use() -> ResponseReturnValue:
    """Take a space out of use, or put it back."""
    wanted = request.form.get("out_of_use", "")
    if wanted not in {"0", "1"}:
        abort(HTTPStatus.BAD_REQUEST)
    return _send_command(SetOutOfUse(request.form.get("space", ""), wanted == "1"), _FormState())


def _render(state: _FormState) -> ResponseReturnValue:
    here, texts = get_app_context(), get_texts()
    plan, now_ms = here.plan, here.live.now_ms()
    day, calendar_day = opening_day(plan, now_ms), to_local_time(plan, now_ms).date()
    adjustments = here.live.snapshot.adjustments
    hours = ", ".join(format_hours(span) for span in opening_hours_on(plan, day))
    body = render_template(
        "today.html",
        plan=plan,
        problem=state.problem,
        away="" if is_collector_reachable() else today.explain_collector_away(texts),
        adjustments=adjustments,
        most_notice=MAX_NOTICE_CHARS,
        notice=adjustments.notice if state.notice is None else state.notice,
        first_date=(calendar_day - timedelta(days=MAX_DAYS_AGO)).isoformat(),
        last_date=(calendar_day + timedelta(days=MAX_DAYS_AHEAD)).isoformat(),
        date=day.isoformat() if state.date is None else state.date,
        hours=hours,
        typed_hours=hours if state.hours is None else state.hours,
        dates=today.build_date_rows(adjustments, min(day, calendar_day), texts),
        out_of_use=[space for space in plan.spaces if space.id in adjustments.out_of_use],
        in_use=[space for space in plan.spaces if today.can_be_taken_out(space, adjustments)],
        saved="saved" in request.args and not state.problem,
    )
    return body, state.status


def _send_command(command: AdjustmentCommand, state: _FormState) -> ResponseReturnValue:
    """Validate a command, send it to the collector and wait until it is applied; the collector validates it again."""
    here, texts = get_app_context(), get_texts()

    try:
        command = decode_command(encode(command))
        expected = apply_command(
            here.live.snapshot.adjustments, command, here.plan, to_local_time(here.plan, here.live.now_ms()).date()
        )
    except MessageRejected:
        problem = today.explain_rejected_command(command, texts)
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    set_logged_span(today.format_log_span(command))
    failed = replace(state, problem=today.explain_collector_away(texts), status=HTTPStatus.SERVICE_UNAVAILABLE)
    if not try_send_to_collector(topics.ADJUSTMENT_COMMAND, encode(command)):
        return _render(failed)
    if not wait_for_effect(lambda: today.is_applied(here.live.snapshot.adjustments, command, expected)):
        return _render(replace(failed, problem=today.explain_unconfirmed(texts)))
    return redirect(url_for("today.page", saved=1), HTTPStatus.SEE_OTHER)
