"""The page of devices: how each of them and its sensors is, what to do about it, which box it is.

In:    the live picture, a form.
Out:   one page; a request to a device, and the page again.
Never: a judgement: the agents and the collector say what is wrong.
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
    """Every device, and every sensor on it."""
    asked = request.args.get("asked", "")
    return _page(asked=asked if asked in serving().plan.devices else "")


@routes.post("/identify")
def identify() -> ResponseReturnValue:
    """Ask a device to say which box it is."""
    here = serving()
    device = request.form.get("device", "")
    if device not in here.plan.devices:
        abort(HTTPStatus.BAD_REQUEST)
    log_span(device)
    known = here.live.picture.devices.get(device)
    if known is None or not known.status.online:
        return _page(deaf=device), HTTPStatus.CONFLICT
    topic = topics.device(here.plan.id, device, topics.DeviceTopic.COMMAND)
    if not here.live.say(topic, encode(Command(CommandName.IDENTIFY))):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("devices.page", asked=device), HTTPStatus.SEE_OTHER)


def _page(*, asked: str = "", deaf: str = "") -> str:
    here, told = serving(), words()
    now_ms = here.live.now_ms()
    frame, picture = here.live.whole(time.monotonic()), here.live.picture
    reader = Reader(here.plan, now_ms, told)
    mutes = holding(picture.alerts.mutes, now_ms) if picture.alerts else []
    return render_template(
        "devices.html",
        plan=here.plan,
        link=frame.link,
        lost=told.lost(frame.link, frame.since),
        told=manager_frame(picture, frame, now_ms, told),
        sensors={device: sensor_rows(device, picture, reader) for device in here.plan.devices},
        rejected={device: _rejected(picture.findings.get(device), here.plan, told) for device in here.plan.devices},
        muted={device: muted(device, mutes, reader) for device in here.plan.devices},
        untils=alerts.untils(told),
        manages=g.account.role is Role.MANAGER,
        asked=asked,
        asked_mute="muted" in request.args,
        deaf=deaf,
    )


def _rejected(found: Findings | None, plan: SitePlan, told: Words) -> list[RejectionRow]:
    return [rejection_row(one, plan.time_zone, told) for one in found.rejected] if found else []
