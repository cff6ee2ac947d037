"""The today page: a notice, the hours of a date and spaces out of use, without editing the site file.

In:    the live site snapshot, a form.
Out:   one page; a command to the collector, then the page again.
Never: an adjustment stored here; the collector validates it, stores it and publishes it to every dashboard.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.adjustments import (
    MOST_AGO_DAYS,
    MOST_AHEAD_DAYS,
    MOST_NOTICE,
    AdjustCommand,
    SetHours,
    SetNotice,
    SetOutOfUse,
    changed,
    decode_command,
    encode,
)
from collector.days import hours_of, local, opening_day
from collector.opening_hours import HoursRejected, hours_text, read_hours
from dashboard.languages import words
from dashboard.manager import today
from dashboard.manager.collector_requests import collector_is_there, is_confirmed, is_sent_to_collector
from dashboard.routes import log_span
from dashboard.serving import serving
from edge import topics
from edge.message import MessageRejected

routes = Blueprint("today", __name__, url_prefix="/manage/today")

_CLOSED: Final = "closed"
_USUAL: Final = "usual"


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
    state, now = _FormState(notice=text), serving().live.picture.adjustments.notice
    if len(text) > MOST_NOTICE:
        problem = today.long_notice_problem(MOST_NOTICE, words())
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    if shown != now != text:
        problem = today.changed_notice_problem(now, words())
        return _render(replace(state, problem=problem, status=HTTPStatus.CONFLICT))
    return _send_command(SetNotice(text), state)


@routes.post("/hours")
def set_hours() -> ResponseReturnValue:
    """Set the opening hours of one date, close it, or restore its usual hours."""
    here = serving()
    day = request.form.get("date", "")[:10] or opening_day(here.plan, here.live.now_ms()).isoformat()
    action, text = request.form.get("how", ""), request.form.get("hours", "")
    state = _FormState(date=day, hours=text)
    if action == _USUAL:
        return _send_command(SetHours(day, None), replace(state, hours=None))
    if action == _CLOSED:
        return _send_command(SetHours(day, []), state)
    texts = [part.strip().replace(".", ":").replace("\u2013", "-") for part in text.split(",")]
    try:
        read_hours(texts)
    except HoursRejected:
        problem = today.hours_problem(text, words())
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    return _send_command(SetHours(day, texts), state)


@routes.post("/space")
def set_out_of_use() -> ResponseReturnValue:
    """Take a space out of use, or put it back."""
    return _send_command(
        SetOutOfUse(request.form.get("space", ""), request.form.get("out_of_use") == "1"), _FormState()
    )


def _render(state: _FormState) -> ResponseReturnValue:
    here, texts = serving(), words()
    plan, now_ms = here.plan, here.live.now_ms()
    day, calendar_day = opening_day(plan, now_ms), local(plan, now_ms).date()
    adjustments = here.live.picture.adjustments
    hours = ", ".join(hours_text(span) for span in hours_of(plan, day))
    body = render_template(
        "today.html",
        plan=plan,
        problem=state.problem,
        away="" if collector_is_there() else today.away_problem(texts),
        adjustments=adjustments,
        most_notice=MOST_NOTICE,
        notice=adjustments.notice if state.notice is None else state.notice,
        first_date=(calendar_day - timedelta(days=MOST_AGO_DAYS)).isoformat(),
        last_date=(calendar_day + timedelta(days=MOST_AHEAD_DAYS)).isoformat(),
        date=day.isoformat() if state.date is None else state.date,
        hours=hours,
        typed_hours=hours if state.hours is None else state.hours,
        dates=today.date_rows(adjustments, min(day, calendar_day), texts),
        out_of_use=[space for space in plan.spaces if space.id in adjustments.out_of_use],
        in_use=[space for space in plan.spaces if today.can_be_taken_out(space, adjustments)],
        saved="saved" in request.args and not state.problem,
    )
    return body, state.status


def _send_command(command: AdjustCommand, state: _FormState) -> ResponseReturnValue:
    """Validate a command, send it to the collector and wait until it is applied; the collector validates it again."""
    here, texts = serving(), words()

    try:
        command = decode_command(encode(command))
        expected = changed(
            here.live.picture.adjustments, command, here.plan, local(here.plan, here.live.now_ms()).date()
        )
    except MessageRejected:
        problem = today.request_problem(command, texts)
        return _render(replace(state, problem=problem, status=HTTPStatus.BAD_REQUEST))
    log_span(today.logged(command))
    failed = replace(state, problem=today.away_problem(texts), status=HTTPStatus.SERVICE_UNAVAILABLE)
    if not is_sent_to_collector(topics.adjustments_command(here.plan.id), encode(command)):
        return _render(failed)
    if not is_confirmed(lambda: today.shows(here.live.picture.adjustments, command, expected)):
        return _render(replace(failed, problem=today.unconfirmed_problem(texts)))
    return redirect(url_for("today.page", saved=1), HTTPStatus.SEE_OTHER)
