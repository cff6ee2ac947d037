"""The host's live page with its stream, the reply to a finding, and login and logout.

In:    the live site snapshot, history, a session.
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

_COMMAND_FIELDS: Final = {"command": "answer", "device": "device", "finding": "finding", "sensor": "sensor"}
"""The fields of a command and their names in the form."""
PLOTLY_AGE_S: Final = 365 * 86_400


@routes.get("")
def live() -> ResponseReturnValue:
    """Show the live state of the site."""
    here = serving()
    now_ms = here.live.now_ms()
    frame = here.live.whole(time.monotonic())
    manager = manager_frame(here.live.picture, frame, now_ms, words())
    first = words().first_kind(frame)
    return render_template(
        "manage.html",
        plan=here.plan,
        drawings=here.drawings,
        frame=frame,
        told=manager,
        first=first,
        spaces=shown(here.plan),
        is_restored=g.account.role is Role.MANAGER and here.accounts.notice is not None,
        offered=[space.id for space in here.plan.spaces if space.offered],
        fewest=_find_fewest_today(first, frame, now_ms),
    )


def _find_fewest_today(kind: SpaceKind | None, frame: Frame, now_ms: int) -> Fewest | None:
    """Find the fewest free at once in today's open hours; None if unknown or not open yet."""
    here = serving()
    if kind is None:
        return None
    query = past.Question(
        measure=ZONE_FIVE_MIN,
        from_ms=midnight_ms(here.plan, now_ms),
        to_ms=now_ms,
        tags=(("zone", WHOLE_SITE), ("kind", kind.value)),
    )
    rows = [] if hidden(here.plan, WHOLE_SITE, kind) else read(query) or []
    return fewest(rows, frame, kind, here.plan)


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """Stream the host's frames until the session ends."""
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
    """Return the newest frame, for a page that got no place on the stream; 401 after the session has ended."""
    here = serving()
    frame = here.live.whole(time.monotonic())
    manager = manager_frame(here.live.picture, frame, here.live.now_ms(), words())
    return Response(msgspec.json.encode(manager), mimetype="application/json")


@routes.post("/findings")
def answer() -> ResponseReturnValue:
    """Send a command to the collector that mutes or unmutes a finding; the live page shows the result."""
    here = serving()
    try:
        command = msgspec.convert(
            {name: request.form.get(form, "") for name, form in _COMMAND_FIELDS.items()}, CollectorCommand, strict=False
        )
    except msgspec.ValidationError:
        abort(HTTPStatus.BAD_REQUEST)
    if command.device not in here.plan.devices:
        abort(HTTPStatus.BAD_REQUEST)
    log_span(f"{command.command} {command.finding} of {command.device} {command.sensor}".rstrip())
    send_to_collector(topics.collector_command(here.plan.id), encode(command))
    return redirect(url_for("devices.page", _anchor="findings"), 303)


@routes.get("/plotly.min.js")
def chart_library() -> ResponseReturnValue:
    """Serve the chart library from the installed package. Its URL contains its version."""
    import plotly

    library = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    script = send_file(library, mimetype="text/javascript", max_age=PLOTLY_AGE_S)
    script.headers["Cache-Control"] = f"private, max-age={PLOTLY_AGE_S}, immutable"
    return script


@routes.get("/login")
def login() -> ResponseReturnValue:
    """Show the login form."""
    return _render_login("", 200)


@routes.post("/login")
def log_in() -> ResponseReturnValue:
    """Log in. The reply is the same for a wrong name and a wrong password."""
    here = serving()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    address, browser_name, browser_mark = request.remote_addr or "", browser(request.user_agent.string), kept()
    try:
        session_token = here.workers.passwords.run(
            lambda: here.accounts.log_in(name, password, address, browser_name, browser_mark)
        )
    except LoginRejected:
        _log.warning("login as %s from %s refused", _format_login_name(name), address)
        return _render_login("wrong", 401)
    except TooManyTries:
        _log.warning("login as %s from %s: too many attempts", _format_login_name(name), address)
        return _render_login("wait", 429)
    _log.info("login as %r from %s", name, address)
    if account := here.with_accounts(lambda accounts: accounts.still(session_token)):
        here.with_accounts(lambda accounts: accounts.log.write(account, Act.CHANGE, "manage.log_in"))
    session.clear()  # invalidates form tokens from before the login
    response = redirect(onward(request.form.get("next")), 303)
    remember(response, session_token, here.accounts.mark(name))
    return response


def _format_login_name(name: str) -> str:
    """Format the name for the log. An unknown name may be a password typed into the wrong field, so it is left out."""
    accounts = serving().with_accounts(lambda accounts: accounts.all())
    return repr(name) if any(account.name == name for account in accounts) else "an unknown name"


@routes.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server and in the browser."""
    cookie = token()
    serving().with_accounts(lambda accounts: accounts.log_out(cookie))
    session.clear()
    response = redirect(f"{request.root_path}/", 303)
    forget(response)
    return response


def _render_login(fault: str, status: int) -> ResponseReturnValue:
    page = render_template(
        "login.html",
        fault=fault or ("ended" if "ended" in request.args else ""),
        onward=onward(request.values.get("next")),
        reachable=reachable(),
        tunnel=tunnel(serving().settings),
        plan=serving().plan,
    )
    return page, status
