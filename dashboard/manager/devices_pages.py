"""The devices page: status and remedies of each device and its sensors, and a button to identify a device.

In:    the live site snapshot, a form.
Out:   one page; a command to a device, and the page again.
Never: evaluation: faults come from the agents and the collector.
"""

import time
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.alerts.mutes import holding
from collector.health.findings import Findings
from collector.plan import SitePlan
from dashboard.accounts.roles import Role
from dashboard.languages import words
from dashboard.manager import alerts
from dashboard.manager.devices import muted, sensor_rows
from dashboard.manager.fleet import manager_frame
from dashboard.manager.rejections import RejectionRow, rejection_row
from dashboard.routes import log_span
from dashboard.serving import serving
from dashboard.why import Reader
from dashboard.words import Words
from edge import topics
from edge.message import Command, CommandName, encode

routes: Final = Blueprint("devices", __name__, url_prefix="/manage/devices")


@routes.get("")
def page() -> ResponseReturnValue:
    """Show every device and its sensors."""
    asked = request.args.get("asked", "")
    return _render(asked=asked if asked in serving().plan.devices else "")


@routes.post("/identify")
def identify() -> ResponseReturnValue:
    """Ask a device to identify itself."""
    here = serving()
    device = request.form.get("device", "")
    if device not in here.plan.devices:
        abort(HTTPStatus.BAD_REQUEST)
    log_span(device)
    known = here.live.picture.devices.get(device)
    if known is None or not known.status.online:
        return _render(offline=device), HTTPStatus.CONFLICT
    topic = topics.device(here.plan.id, device, topics.DeviceTopic.COMMAND)
    if not here.live.say(topic, encode(Command(CommandName.IDENTIFY))):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("devices.page", asked=device), HTTPStatus.SEE_OTHER)


def _render(*, asked: str = "", offline: str = "") -> str:
    here, texts = serving(), words()
    now_ms = here.live.now_ms()
    frame, picture = here.live.whole(time.monotonic()), here.live.picture
    reader = Reader(here.plan, now_ms, texts)
    mutes = holding(picture.alerts.mutes, now_ms) if picture.alerts else []
    return render_template(
        "devices.html",
        plan=here.plan,
        link=frame.link,
        lost=texts.lost(frame.link, frame.since),
        told=manager_frame(picture, frame, now_ms, texts),
        sensors={device: sensor_rows(device, picture, reader) for device in here.plan.devices},
        rejected={
            device: _rejection_rows(picture.findings.get(device), here.plan, texts) for device in here.plan.devices
        },
        muted={device: muted(device, mutes, reader) for device in here.plan.devices},
        untils=alerts.untils(texts),
        manages=g.account.role is Role.MANAGER,
        asked=asked,
        asked_mute="muted" in request.args,
        offline=offline,
    )


def _rejection_rows(found: Findings | None, plan: SitePlan, texts: Words) -> list[RejectionRow]:
    return [rejection_row(one, plan.time_zone, texts) for one in found.rejected] if found else []
