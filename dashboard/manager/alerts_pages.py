"""The alerts page: open alerts with remedies, ended alerts, mutes, and the rules in force.

In:    the live site snapshot, a form.
Out:   one page; a command to the collector, and the page again.
Never: its own evaluation: the collector evaluates alerts independently of the pages.
"""

import time
from http import HTTPStatus
from typing import Final

import msgspec
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.alerts.wire import AlertCommand, AlertKind, Wish, encode
from dashboard.accounts.roles import Role
from dashboard.languages import words
from dashboard.manager import alerts
from dashboard.manager.alerts import Until
from dashboard.manager.collector_requests import send_to_collector
from dashboard.routes import log_span
from dashboard.serving import serving
from edge import topics

routes = Blueprint("alerts", __name__, url_prefix="/manage/alerts")

_EVERYTHING: Final = "everything"


@routes.get("")
def page() -> ResponseReturnValue:
    """Show everything about alerts on one page."""
    here, texts = serving(), words()
    known, now_ms = here.live.picture.alerts, here.live.now_ms()
    frame = here.live.whole(time.monotonic())
    return render_template(
        "alerts.html",
        plan=here.plan,
        link=frame.link,
        lost=texts.lost(frame.link, frame.since),
        known=known,
        open=alerts.open_rows(known, here.plan, texts, now_ms) if known else [],
        ended=alerts.ended_rows(known, here.plan, texts, now_ms) if known else [],
        mutes=alerts.mute_rows(known, here.plan, texts, now_ms) if known else [],
        mark=alerts.part(known, here.plan, texts, now_ms).mark,
        rules=alerts.rules(here.settings.alerts, here.plan, texts),
        settings=here.settings.alerts,
        untils=alerts.untils(texts),
        manages=g.account.role is Role.MANAGER,
        asked="asked" in request.args,
    )


@routes.post("/mute")
def mute() -> ResponseReturnValue:
    """Mute or unmute alerts: send a command to the collector, then show the page with the result."""
    here = serving()
    command = _read_command(request.form.get("kind", ""), request.form.get("subject", ""))
    log_span(f"{command.command} {command.kind or ''} {command.subject}".strip())
    send_to_collector(topics.collector_command(here.plan.id), encode(command))
    back = url_for("devices.page", muted=1) if request.form.get("back") == "devices" else None
    return redirect(back or url_for("alerts.page", asked=1), HTTPStatus.SEE_OTHER)


def _read_command(kind: str, subject: str) -> AlertCommand:
    """Read the command from the form; abort with 400 if it is invalid."""
    here = serving()
    if not (kind or subject):
        abort(HTTPStatus.BAD_REQUEST)
    try:
        command = Wish(request.form.get("command", ""))
        until = Until(request.form.get("until", Until.HOUR))
        named = AlertKind(kind) if kind not in ("", _EVERYTHING) else None
        end_ms = alerts.until_ms(until, here.plan, here.live.now_ms()) if command is Wish.MUTE else None
        return msgspec.convert({"command": command, "kind": named, "subject": subject, "until": end_ms}, AlertCommand)
    except (ValueError, msgspec.ValidationError):
        abort(HTTPStatus.BAD_REQUEST)
