"""The host's live page with its stream, and the form that ignores a finding.

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
from flask import Blueprint, Response, abort, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from collector.contract.findings import FindingCommand, encode
from collector.history.measures import ZONE_FIVE_MIN
from collector.site.calendar import find_midnight_ms
from collector.site.privacy_limits import is_history_hidden
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.accounts.roles import AccountRole
from dashboard.history import queries
from dashboard.live.frame import PublicFrame
from dashboard.manager.least_free import FewestFree, find_fewest_free
from dashboard.manager_rows.manager_frame import list_shown_spaces, manager_frame
from dashboard.text.language_selection import get_texts
from dashboard.web import sse
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import send_to_collector
from dashboard.web.optional_history import read_history
from dashboard.web.routes import set_logged_span
from dashboard.web.session_cookie import read_session_token
from edge.contract import topics
from edge.timekeeping.durations import DAY_S

routes = Blueprint("manage", __name__, url_prefix="/manage")

_log = logging.getLogger(__name__)

_COMMAND_FIELDS: Final = {
    "command": "answer",
    "device": "device",
    "finding": "finding",
    "sensor": "sensor",
    "quantity": "quantity",
}
"""The fields of a command and their names in the form."""
PLOTLY_MAX_AGE_S: Final = 365 * DAY_S


@routes.get("")
def live() -> ResponseReturnValue:
    """Show the live state of the site."""
    here = get_app_context()
    now_ms = here.live.now_ms()
    frame = here.live.build_full_frame(time.monotonic())
    manager = manager_frame(here.live.snapshot, frame, now_ms, get_texts())
    first = get_texts().first_kind(frame)
    return render_template(
        "manage.html",
        plan=here.plan,
        drawings=here.drawings,
        frame=frame,
        manager_view=manager,
        first=first,
        spaces=list_shown_spaces(here.plan),
        is_restored=g.account.role is AccountRole.MANAGER and here.accounts.notice is not None,
        offered=[space.id for space in here.plan.spaces if space.is_offered],
        fewest=_find_fewest_today(first, frame, now_ms),
    )


def _find_fewest_today(kind: SpaceKind | None, frame: PublicFrame, now_ms: int) -> FewestFree | None:
    """Find the fewest free at once in today's open hours; None if unknown or not open yet."""
    here = get_app_context()
    if kind is None:
        return None
    query = queries.HistoryQuery(
        measure=ZONE_FIVE_MIN,
        from_ms=find_midnight_ms(here.plan, now_ms),
        to_ms=now_ms,
        tags=(("zone", WHOLE_SITE), ("kind", kind.value)),
    )
    rows = [] if is_history_hidden(here.plan, WHOLE_SITE, kind) else read_history(query) or []
    return find_fewest_free(rows, frame, kind, here.plan)


@routes.get("/stream")
def stream() -> ResponseReturnValue:
    """Stream the host's frames until the session ends."""
    here = get_app_context()
    cookie = read_session_token()
    broadcast = here.live.managers[get_texts().language]
    return sse.serve_stream(
        broadcast,
        here.stream_slots,
        may_stay=lambda: here.use_accounts(lambda accounts: accounts.sessions.check_session(cookie)) is not None,
    )


@routes.get("/frame")
def newest() -> ResponseReturnValue:
    """Return the newest frame, for a page that got no place on the stream; 401 after the session has ended."""
    here = get_app_context()
    frame = here.live.build_full_frame(time.monotonic())
    manager = manager_frame(here.live.snapshot, frame, here.live.now_ms(), get_texts())
    return Response(msgspec.json.encode(manager), mimetype="application/json")


@routes.post("/findings")
def answer() -> ResponseReturnValue:
    """Send a command to the collector that mutes or unmutes a finding; the live page shows the result."""
    here = get_app_context()
    try:
        command = msgspec.convert(
            {name: request.form.get(form, "") for name, form in _COMMAND_FIELDS.items()}, FindingCommand, strict=False
        )
    except msgspec.ValidationError:
        abort(HTTPStatus.BAD_REQUEST)
    if command.device not in here.plan.device_ids:
        abort(HTTPStatus.BAD_REQUEST)
    about = filter(None, (command.device, command.sensor, command.quantity))
    set_logged_span(f"{command.command} {command.finding} of {' '.join(about)}")
    send_to_collector(topics.COLLECTOR_COMMAND, encode(command))
    return redirect(url_for("devices.page", _anchor="findings"), 303)


@routes.get("/plotly.min.js")
def chart_library() -> ResponseReturnValue:
    """Serve the chart library from the installed package. Its URL contains its version."""
    import plotly

    library = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    script = send_file(library, mimetype="text/javascript", max_age=PLOTLY_MAX_AGE_S)
    script.headers["Cache-Control"] = f"private, max-age={PLOTLY_MAX_AGE_S}, immutable"
    return script
