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

from collector.contract.alerts import AlertCommand, AlertKind, MuteAction, encode
from dashboard.accounts.roles import AccountRole
from dashboard.manager_rows import alert_rows
from dashboard.manager_rows.collector_faults import describe_fault
from dashboard.manager_rows.mute_durations import DEFAULT_MUTE_DURATION, MUTE_DURATIONS, list_durations
from dashboard.text.language_selection import get_texts
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import send_to_collector
from dashboard.web.routes import set_logged_span
from edge.contract import topics

routes = Blueprint("alerts", __name__, url_prefix="/manage/alerts")

_EVERYTHING: Final = "everything"


@routes.get("")
def page() -> ResponseReturnValue:
    """Show everything about alerts on one page."""
    here, texts = get_app_context(), get_texts()
    known, now_ms = here.live.snapshot.alerts, here.live.now_ms()
    frame = here.live.build_full_frame(time.monotonic())
    return render_template(
        "alerts.html",
        plan=here.plan,
        link=frame.link,
        lost=texts.describe_lost_link(frame.link, frame.since),
        known=known,
        faults=[describe_fault(fault, texts) for fault in here.live.snapshot.collector_faults],
        open=alert_rows.build_open_rows(known, here.plan, texts, now_ms) if known else [],
        ended=alert_rows.build_ended_rows(known, here.plan, texts, now_ms) if known else [],
        mutes=alert_rows.build_mute_rows(known, here.plan, texts, now_ms) if known else [],
        mark=alert_rows.build_alert_part(known, here.plan, texts, now_ms, here.live.snapshot.collector_faults).mark,
        rules=alert_rows.build_rule_rows(here.settings.alerts, here.plan, texts),
        settings=here.settings.alerts,
        untils=list_durations(texts),
        manages=g.account.role is AccountRole.MANAGER,
        asked="asked" in request.args,
    )


@routes.post("/mute")
def mute() -> ResponseReturnValue:
    """Mute or unmute alerts: send a command to the collector, then show the page with the result."""
    command = _read_command(request.form.get("kind", ""), request.form.get("subject", ""))
    set_logged_span(f"{command.command} {command.kind or ''} {command.subject}".strip())
    send_to_collector(topics.COLLECTOR_COMMAND, encode(command))
    back = url_for("devices.page", muted=1) if request.form.get("back") == "devices" else None
    return redirect(back or url_for("alerts.page", asked=1), HTTPStatus.SEE_OTHER)


def _read_command(kind: str, subject: str) -> AlertCommand:
    """Read the command from the form; abort with 400 if it is invalid."""
    here = get_app_context()
    duration = MUTE_DURATIONS.get(request.form.get("until", DEFAULT_MUTE_DURATION))
    if duration is None or not (kind or subject):
        abort(HTTPStatus.BAD_REQUEST)
    try:
        command = MuteAction(request.form.get("command", ""))
        named = AlertKind(kind) if kind not in ("", _EVERYTHING) else None
        end_ms = duration.compute_end_ms(here.plan, here.live.now_ms()) if command is MuteAction.MUTE else None
        return msgspec.convert({"command": command, "kind": named, "subject": subject, "until": end_ms}, AlertCommand)
    except (ValueError, msgspec.ValidationError):
        abort(HTTPStatus.BAD_REQUEST)
