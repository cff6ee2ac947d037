"""The page of today: a notice, hours of a date, and spaces out of use, without the site file.

In:    the live picture, a form.
Out:   one page; a request to the collector, and the page again.
Never: an adjustment of its own: the collector checks it, stores it, and sends it to every dashboard.
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
class _Reply:
    """What the page says of a form, with what was typed into it: nothing typed is lost. None: what holds now."""

    problem: str = ""
    status: HTTPStatus = HTTPStatus.OK
    notice: str | None = None
    date: str | None = None
    hours: str | None = None


@routes.get("")
def page() -> ResponseReturnValue:
    """What is adjusted, and the forms to change it."""
    return _page(_Reply())


@routes.post("/notice")
def set_notice() -> ResponseReturnValue:
    """Show a line on every page, or show it no more; not over the line of somebody else that the form did not show."""
    text, shown = request.form.get("notice", ""), request.form.get("shown", "")
    reply, now = _Reply(notice=text), serving().live.picture.adjustments.notice
    if len(text) > MOST_NOTICE:
        problem = today.long_notice_problem(MOST_NOTICE, words())
        return _page(replace(reply, problem=problem, status=HTTPStatus.BAD_REQUEST))
    if shown != now != text:
        problem = today.changed_notice_problem(now, words())
        return _page(replace(reply, problem=problem, status=HTTPStatus.CONFLICT))
    return _send(SetNotice(text), reply)


@routes.post("/hours")
def set_hours() -> ResponseReturnValue:
    """Open at other hours on one date, stay closed on it, or take that back."""
    here = serving()
    day = request.form.get("date", "")[:10] or opening_day(here.plan, here.live.now_ms()).isoformat()
    how, text = request.form.get("how", ""), request.form.get("hours", "")
    reply = _Reply(date=day, hours=text)
    if how == _USUAL:
        return _send(SetHours(day, None), replace(reply, hours=None))
    if how == _CLOSED:
        return _send(SetHours(day, []), reply)
    texts = [part.strip().replace(".", ":").replace("\u2013", "-") for part in text.split(",")]
    try:
        read_hours(texts)
    except HoursRejected:
        problem = today.hours_problem(text, words())
        return _page(replace(reply, problem=problem, status=HTTPStatus.BAD_REQUEST))
    return _send(SetHours(day, texts), reply)


@routes.post("/space")
def set_out_of_use() -> ResponseReturnValue:
    """Take a space out of use, or put it back."""
    return _send(SetOutOfUse(request.form.get("space", ""), request.form.get("out_of_use") == "1"), _Reply())


def _page(reply: _Reply) -> ResponseReturnValue:
    here, told = serving(), words()
    plan, now_ms = here.plan, here.live.now_ms()
    day, calendar_day = opening_day(plan, now_ms), local(plan, now_ms).date()
    adjustments = here.live.picture.adjustments
    hours = ", ".join(hours_text(span) for span in hours_of(plan, day))
    body = render_template(
        "today.html",
        plan=plan,
        problem=reply.problem,
        away="" if collector_is_there() else today.away_problem(told),
        adjustments=adjustments,
        most_notice=MOST_NOTICE,
        notice=adjustments.notice if reply.notice is None else reply.notice,
        first_date=(calendar_day - timedelta(days=MOST_AGO_DAYS)).isoformat(),
        last_date=(calendar_day + timedelta(days=MOST_AHEAD_DAYS)).isoformat(),
        date=day.isoformat() if reply.date is None else reply.date,
        hours=hours,
        typed_hours=hours if reply.hours is None else reply.hours,
        dates=today.date_rows(adjustments, min(day, calendar_day), told),
        out_of_use=[space for space in plan.spaces if space.id in adjustments.out_of_use],
        in_use=[space for space in plan.spaces if today.can_be_taken_out(space, adjustments)],
        saved="saved" in request.args and not reply.problem,
    )
    return body, reply.status


def _send(asked: AdjustCommand, reply: _Reply) -> ResponseReturnValue:
    """Hand the collector what it will accept, and wait until it shows; it checks again."""
    here, told = serving(), words()

    try:
        asked = decode_command(encode(asked))
        after = changed(here.live.picture.adjustments, asked, here.plan, local(here.plan, here.live.now_ms()).date())
    except MessageRejected:
        problem = today.request_problem(asked, told)
        return _page(replace(reply, problem=problem, status=HTTPStatus.BAD_REQUEST))
    log_span(today.logged(asked))
    away = replace(reply, problem=today.away_problem(told), status=HTTPStatus.SERVICE_UNAVAILABLE)
    if not is_sent_to_collector(topics.adjustments_command(here.plan.id), encode(asked)):
        return _page(away)
    if not is_confirmed(lambda: today.shows(here.live.picture.adjustments, asked, after)):
        return _page(replace(away, problem=today.unconfirmed_problem(told)))
    return redirect(url_for("today.page", saved=1), HTTPStatus.SEE_OTHER)
