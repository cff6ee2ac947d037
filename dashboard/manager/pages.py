"""What managers see: the live plan with reasons, the devices and what was found, the past in one chart.

In:    the live picture, history, a session.
Out:   pages and a stream that end with the session.
Never: a view that is not logged.
"""

import logging
import time
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
from flask import Blueprint, Response, abort, g, redirect, render_template, request, send_file, session, url_for
from flask.typing import ResponseReturnValue

from collector.days import midnight_ms
from collector.forecast.outlook import Outlook
from collector.health.findings import CollectorCommand, encode
from collector.history import DAY_MS, PEOPLE, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, HistoryAway, Row
from collector.people.doors import DAYS
from collector.plan import WHOLE_SITE
from dashboard import past
from dashboard.accounts import LoginRejected, TooManyTries
from dashboard.accounts.access_log import Act
from dashboard.accounts.login import browser, forget, onward, reachable, remember, token
from dashboard.languages import words
from dashboard.live import streams
from dashboard.manager import charts
from dashboard.manager.fleet import manager_frame, shown
from dashboard.manager.learnt import learnt
from dashboard.manager.ledger import Ledger, ledger
from dashboard.manager.prospect import Prospect, prospect
from dashboard.routes import log_span
from dashboard.serving import aside, serving
from edge import topics

routes = Blueprint("manage", __name__, url_prefix="/manage")

_log = logging.getLogger(__name__)

_ANSWER: Final = {"command": "answer", "device": "device", "finding": "finding", "sensor": "sensor"}
"""The fields of a command, and the form's names for them."""
LEDGER_DAYS: Final = 3
"""Corrections of the last days are shown."""
PLOTLY_AGE_S: Final = 365 * 86_400


@routes.get("")
def live() -> ResponseReturnValue:
    """Everything a manager sees on one page."""
    here = serving()
    asked = charts.read_choice(request.args, here.plan)
    log_span(str(asked))
    now_ms = here.live.now_ms()
    frame = here.live.whole(time.monotonic())
    told = manager_frame(here.live.picture, frame, now_ms, words())
    g.charts = True
    hidden = charts.hidden(asked, here.plan)
    past_rows = None if hidden else _rows(charts.question(asked, here.plan, now_ms))
    prospects = _prospects(asked, past_rows or [], now_ms)
    return render_template(
        "manage.html",
        plan=here.plan,
        drawings=here.drawings,
        frame=frame,
        told=told,
        first=words().first_kind(frame),
        spaces=shown(here.plan),
        offered=[space.id for space in here.plan.spaces if space.offered],
        choice=asked,
        choices=charts.choices(here.plan),
        hidden=hidden,
        chart=None if past_rows is None else charts.chart(past_rows, here.plan, words()),
        prospects=prospects,
        ledger=_ledger(now_ms) if here.plan.doors else None,
        learnt=learnt(here.live.picture.tunings, here.plan, words()),
        drawn=any(seen is not None for _kind, _told, seen in prospects),
        plotly_version=version("plotly"),
    )


def _rows(asked: past.Question) -> list[Row] | None:
    """What history answers; None while it is away."""
    here = serving()
    try:
        return aside(lambda: past.rows(here.settings, asked))
    except HistoryAway as away:
        _log.warning("history is away: %s", away)
        return None


def _prospects(asked: charts.Choice, rows: list[Row], now_ms: int) -> list[tuple[str, Outlook | None, Prospect | None]]:
    """What is forecast of the choice, and of people with the whole house: name, forecast, and what is shown of it."""
    here = serving()
    found = []
    for kind in (asked.kind.value, PEOPLE) if asked.zone == WHOLE_SITE else (asked.kind.value,):
        told = here.live.picture.outlook(asked.zone, kind, now_ms)
        if kind == PEOPLE and told is not None:
            begins_ms, tags = midnight_ms(here.plan, now_ms), (("zone", WHOLE_SITE),)
            rows = _rows(past.Question(measure=PEOPLE_FIVE_MIN, from_ms=begins_ms, to_ms=now_ms, tags=tags)) or []
        if told is not None or kind != PEOPLE:
            seen = prospect(told, rows, here.plan, words(), now_ms) if told and told.hours else None
            found.append((kind, told, seen))
    return found


def _ledger(now_ms: int) -> Ledger | None:
    """How people are counted; None while history is away."""
    here = serving()
    corrections = _rows(past.Question(measure=PEOPLE_CORRECTION, from_ms=now_ms - LEDGER_DAYS * DAY_MS, to_ms=now_ms))
    passed = _rows(past.Question(measure=PEOPLE_FIVE_MIN, from_ms=now_ms - (DAYS + 1) * DAY_MS, to_ms=now_ms))
    if corrections is None or passed is None:
        return None
    return ledger(corrections, passed, here.live.picture.people, here.plan, words())


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """The manager's frames; they end with the session."""
    here = serving()
    cookie = token()
    channel = here.live.managers[words().language]
    return streams.serve(channel, here.seats, welcome=lambda: here.accounts.still(cookie) is not None)


@routes.get("/frame")
def newest() -> ResponseReturnValue:
    """The newest frame of the stream, for a page that found no seat there; 401 once the session has ended."""
    here = serving()
    frame = here.live.whole(time.monotonic())
    told = manager_frame(here.live.picture, frame, here.live.now_ms(), words())
    return Response(msgspec.json.encode(told), mimetype="application/json")


@routes.post("/findings")
def answer() -> ResponseReturnValue:
    """Ignore a finding, or heed it again: the collector is told, and the live page shows what it made of that."""
    here = serving()
    try:
        said = msgspec.convert(
            {name: request.form.get(form, "") for name, form in _ANSWER.items()}, CollectorCommand, strict=False
        )
    except msgspec.ValidationError:
        abort(HTTPStatus.BAD_REQUEST)
    if said.device not in here.plan.devices:
        abort(HTTPStatus.BAD_REQUEST)
    log_span(f"{said.command} {said.finding} of {said.device} {said.sensor}".rstrip())
    if not here.live.say(topics.collector_command(here.plan.id), encode(said)):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("manage.live", _anchor="findings"), 303)


@routes.get("/plotly.min.js")
def chart_library() -> ResponseReturnValue:
    """The chart library, from the package that is installed; its address holds its version."""
    import plotly

    library = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    script = send_file(library, mimetype="text/javascript", max_age=PLOTLY_AGE_S)
    script.headers["Cache-Control"] = f"private, max-age={PLOTLY_AGE_S}, immutable"
    return script


@routes.get("/login")
def login() -> ResponseReturnValue:
    """The form."""
    return _form("", 200)


@routes.post("/login")
def log_in() -> ResponseReturnValue:
    """Take name and password; the answer is the same for a wrong name and a wrong password."""
    here = serving()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    address, whose = request.remote_addr or "", browser(request.user_agent.string)
    try:
        made = aside(lambda: here.accounts.log_in(name, password, address, whose))
    except LoginRejected:
        _log.warning("login as %.64r from %s refused", name, address)
        return _form("wrong", 401)
    except TooManyTries:
        _log.warning("login as %.64r from %s: too many tries", name, address)
        return _form("wait", 429)
    _log.info("login as %r from %s", name, address)
    if account := here.accounts.still(made):
        here.accounts.log.write(account, Act.CHANGE, "manage.log_in")
    session.clear()  # a form token from before the login ends here
    response = redirect(onward(request.form.get("next")), 303)
    remember(response, made)
    return response


@routes.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server, and in the browser."""
    serving().accounts.log_out(token())
    session.clear()
    response = redirect("/", 303)
    forget(response)
    return response


def _form(fault: str, status: int) -> ResponseReturnValue:
    page = render_template(
        "login.html",
        fault=fault or ("ended" if "ended" in request.args else ""),
        onward=onward(request.values.get("next")),
        reachable=reachable(),
        plan=serving().plan,
    )
    return page, status
