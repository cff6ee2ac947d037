"""The page of today: a notice, hours of a date, and spaces out of use, without the site file.

In:    the live picture, a form.
Out:   one page; a request to the collector, and the page again.
Never: an adjustment of its own: the collector checks it, stores it, and sends it to every dashboard.
"""

from datetime import date
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.adjustments import (
    MOST_NOTICE,
    AdjustCommand,
    SetHours,
    SetNotice,
    SetOutOfUse,
    changed,
    decode_command,
    encode,
)
from collector.days import hours_of, local
from collector.opening_hours import HoursRejected, hours_text, read_hours
from dashboard.languages import words
from dashboard.manager import today
from dashboard.routes import log_span
from dashboard.serving import serving
from edge import topics
from edge.message import MessageRejected

routes = Blueprint("today", __name__, url_prefix="/manage/today")

_CLOSED: Final = "closed"
_USUAL: Final = "usual"


@routes.get("")
def page() -> ResponseReturnValue:
    """What is adjusted, and the forms to change it."""
    return _page()


@routes.post("/notice")
def set_notice() -> ResponseReturnValue:
    """Show a line on every page, or show it no more."""
    return _send(SetNotice(request.form.get("notice", "")[:MOST_NOTICE]))


@routes.post("/hours")
def set_hours() -> ResponseReturnValue:
    """Open at other hours on one date, stay closed on it, or take that back."""
    here = serving()
    day = request.form.get("date", "")[:10] or local(here.plan, here.live.now_ms()).date().isoformat()
    how, text = request.form.get("how", ""), request.form.get("hours", "")
    if how == _USUAL:
        return _send(SetHours(day, None))
    if how == _CLOSED:
        return _send(SetHours(day, []))
    texts = [part.strip().replace(".", ":").replace("\u2013", "-") for part in text.split(",")]
    try:
        read_hours(texts)
    except HoursRejected:
        return _page(today.hours_problem(text, words()), HTTPStatus.BAD_REQUEST)
    return _send(SetHours(day, texts))


@routes.post("/space")
def set_out_of_use() -> ResponseReturnValue:
    """Take a space out of use, or put it back."""
    space = request.form.get("space", "")
    if space not in serving().plan.space:
        abort(HTTPStatus.BAD_REQUEST)
    return _send(SetOutOfUse(space, request.form.get("out_of_use") == "1"))


def _page(problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> ResponseReturnValue:
    here, told = serving(), words()
    plan, now_ms = here.plan, here.live.now_ms()
    day = local(plan, now_ms).date()
    adjustments = here.live.picture.adjustments
    body = render_template(
        "today.html",
        plan=plan,
        problem=problem,
        adjustments=adjustments,
        most_notice=MOST_NOTICE,
        today=day.isoformat(),
        hours=", ".join(hours_text(span) for span in hours_of(plan, day)),
        dates=today.date_rows(adjustments, day, told),
        out_of_use=[plan.space[space] for space in adjustments.out_of_use if space in plan.space],
        in_use=[space for space in plan.spaces if not space.disabled and space.id not in adjustments.out_of_use],
        asked="asked" in request.args,
    )
    return body, status


def _send(asked: AdjustCommand) -> ResponseReturnValue:
    """Hand the collector what it will accept; it checks again."""
    here = serving()
    try:
        asked = decode_command(encode(asked))
        changed(here.live.picture.adjustments, asked, here.plan, _today())
    except MessageRejected:
        return _page(today.request_problem(asked, words()), HTTPStatus.BAD_REQUEST)
    log_span(today.logged(asked))
    if not here.live.say(topics.adjustments_command(here.plan.id), encode(asked)):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("today.page", asked=1), HTTPStatus.SEE_OTHER)


def _today() -> date:
    here = serving()
    return local(here.plan, here.live.now_ms()).date()
