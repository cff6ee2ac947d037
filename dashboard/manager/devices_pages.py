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

from collector.alerts.active_mutes import list_active
from collector.contract.findings import Findings
from collector.site.site_plan import SitePlan
from dashboard.accounts.roles import AccountRole
from dashboard.manager_rows.device_rows import build_sensor_rows, format_muted
from dashboard.manager_rows.manager_frame import manager_frame
from dashboard.manager_rows.mute_durations import list_durations
from dashboard.manager_rows.rejections import RejectionRow, build_rejection_row
from dashboard.text.accuracy_texts import build_accuracy_rows
from dashboard.text.explanations import ExplanationContext
from dashboard.text.language_selection import get_texts
from dashboard.text.page_texts import PageTexts
from dashboard.web.app_context import get_app_context
from dashboard.web.routes import set_logged_span
from edge.contract import topics
from edge.contract.message import CommandName, DeviceCommand, encode

routes: Final = Blueprint("devices", __name__, url_prefix="/manage/devices")


@routes.get("")
def page() -> ResponseReturnValue:
    """Show every device and its sensors."""
    asked = request.args.get("asked", "")
    return _render(asked=asked if asked in get_app_context().plan.device_ids else "")


@routes.post("/identify")
def identify() -> ResponseReturnValue:
    """Ask a device to identify itself."""
    here = get_app_context()
    device = request.form.get("device", "")
    if device not in here.plan.device_ids:
        abort(HTTPStatus.BAD_REQUEST)
    set_logged_span(device)
    known = here.live.snapshot.devices.get(device)
    if known is None or not known.status.online:
        return _render(offline=device), HTTPStatus.CONFLICT
    topic = topics.DEVICE_COMMAND.topic(here.plan.id, device)
    if not here.live.publish(topics.DEVICE_COMMAND, topic, encode(DeviceCommand(CommandName.IDENTIFY))):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("devices.page", asked=device), HTTPStatus.SEE_OTHER)


def _render(*, asked: str = "", offline: str = "") -> str:
    here, texts = get_app_context(), get_texts()
    now_ms = here.live.now_ms()
    frame, picture = here.live.build_full_frame(time.monotonic()), here.live.snapshot
    reader = ExplanationContext(here.plan, now_ms, texts)
    mutes = list_active(picture.alerts.mutes, now_ms) if picture.alerts else []
    return render_template(
        "devices.html",
        plan=here.plan,
        link=frame.link,
        lost=texts.describe_lost_link(frame.link, frame.since),
        manager_view=manager_frame(picture, frame, now_ms, texts),
        sensors={device: build_sensor_rows(device, picture, reader) for device in here.plan.device_ids},
        rejected={
            device: _rejection_rows(picture.findings.get(device), here.plan, texts) for device in here.plan.device_ids
        },
        muted={device: format_muted(device, mutes, reader) for device in here.plan.device_ids},
        untils=list_durations(texts),
        manages=g.account.role is AccountRole.MANAGER,
        asked=asked,
        accuracy=build_accuracy_rows(picture.accuracy, here.plan, texts),
        asked_mute="muted" in request.args,
        offline=offline,
    )


def _rejection_rows(found: Findings | None, plan: SitePlan, texts: PageTexts) -> list[RejectionRow]:
    return [build_rejection_row(one, plan.time_zone, texts) for one in found.rejected] if found else []
