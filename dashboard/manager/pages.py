"""The house as it is now, for its managers: the plan with reasons, what is free, who is in, what needs a look.

In:    the live picture, history, a session.
Out:   pages and a stream that end with the session.
Never: a view that is not logged.
"""

import logging
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
from flask import Blueprint, Response, abort, g, redirect, render_template, request, send_file, session, url_for
from flask.typing import ResponseReturnValue

from collector.days import midnight_ms
from collector.health.findings import CollectorCommand, encode
from collector.history import ZONE_FIVE_MIN
from collector.plan import WHOLE_SITE, SpaceKind
from collector.privacy import hidden
from dashboard import past
from dashboard.accounts import LoginRejected, TooManyTries
from dashboard.accounts.access_log import Act
from dashboard.accounts.login import browser, forget, kept, onward, reachable, remember, token, tunnel
from dashboard.accounts.roles import Role
from dashboard.languages import words
from dashboard.live import streams
from dashboard.live.frame import Frame
from dashboard.manager.asking import read
from dashboard.manager.collector_requests import send_to_collector
from dashboard.manager.fleet import manager_frame, shown
from dashboard.manager.now import Fewest, fewest
from dashboard.routes import log_span
from dashboard.serving import serving
from edge import topics

routes = Blueprint("manage", __name__, url_prefix="/manage")

_log = logging.getLogger(__name__)

_ANSWER: Final = {"command": "answer", "device": "device", "finding": "finding", "sensor": "sensor"}
"""The fields of a command, and the form's names for them."""
PLOTLY_AGE_S: Final = 365 * 86_400


@routes.get("")
def live() -> ResponseReturnValue:
    """How the house is now."""
    here = serving()
    now_ms = here.live.now_ms()
    frame = here.live.whole(time.monotonic())
    told = manager_frame(here.live.picture, frame, now_ms, words())
    first = words().first_kind(frame)
    return render_template(
        "manage.html",
        plan=here.plan,
        drawings=here.drawings,
        frame=frame,
        told=told,
        first=first,
        spaces=shown(here.plan),
        is_restored=g.account.role is Role.MANAGER and here.accounts.notice is not None,
        offered=[space.id for space in here.plan.spaces if space.offered],
        fewest=_fewest(first, frame, now_ms),
    )


def _fewest(kind: SpaceKind | None, frame: Frame, now_ms: int) -> Fewest | None:
    """How few were free at once today while the house was open; None: nobody knows, or it has not opened yet."""
    here = serving()
    if kind is None:
        return None
    asked = past.Question(
        measure=ZONE_FIVE_MIN,
        from_ms=midnight_ms(here.plan, now_ms),
        to_ms=now_ms,
        tags=(("zone", WHOLE_SITE), ("kind", kind.value)),
    )
    rows = [] if hidden(here.plan, WHOLE_SITE, kind) else read(asked) or []
    return fewest(rows, frame, kind, here.plan)


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """The manager's frames; they end with the session."""
    here = serving()
    cookie = token()
    channel = here.live.managers[words().language]
    return streams.serve(
        channel,
        here.seats,
        welcome=lambda: here.with_accounts(lambda accounts: accounts.still(cookie)) is not None,
    )


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
    send_to_collector(topics.collector_command(here.plan.id), encode(said))
    return redirect(url_for("devices.page", _anchor="findings"), 303)


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
    address, whose, mark = request.remote_addr or "", browser(request.user_agent.string), kept()
    try:
        made = here.workers.passwords.run(lambda: here.accounts.log_in(name, password, address, whose, mark))
    except LoginRejected:
        _log.warning("login as %s from %s refused", _known(name), address)
        return _form("wrong", 401)
    except TooManyTries:
        _log.warning("login as %s from %s: too many attempts", _known(name), address)
        return _form("wait", 429)
    _log.info("login as %r from %s", name, address)
    if account := here.with_accounts(lambda accounts: accounts.still(made)):
        here.with_accounts(lambda accounts: accounts.log.write(account, Act.CHANGE, "manage.log_in"))
    session.clear()  # a form token from before the login ends here
    response = redirect(onward(request.form.get("next")), 303)
    remember(response, made, here.accounts.mark(name))
    return response


def _known(name: str) -> str:
    """The name for the log; what is no account's may be a password that slipped into the wrong field."""
    known = serving().with_accounts(lambda accounts: accounts.all())
    return repr(name) if any(account.name == name for account in known) else "an unknown name"


@routes.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server, and in the browser."""
    cookie = token()
    serving().with_accounts(lambda accounts: accounts.log_out(cookie))
    session.clear()
    response = redirect(f"{request.root_path}/", 303)
    forget(response)
    return response


def _form(fault: str, status: int) -> ResponseReturnValue:
    page = render_template(
        "login.html",
        fault=fault or ("ended" if "ended" in request.args else ""),
        onward=onward(request.values.get("next")),
        reachable=reachable(),
        tunnel=tunnel(serving().settings),
        plan=serving().plan,
    )
    return page, status
