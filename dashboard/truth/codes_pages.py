"""The sheet of codes to print: one card for each space of a zone, and a button that renews a code.

In:    the codes of the collector, a form.
Out:   one page; a command to the collector, and the page again.
Never: a code of a dedicated space.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.contract.messages import encode_message
from collector.contract.truth import RenewCode
from dashboard.register.sign import QrCode, encode_qr, find_public_origin
from dashboard.text.page_texts import LANGUAGES, PageTexts
from dashboard.web.app_context import get_app_context
from dashboard.web.collector_requests import send_to_collector, wait_for_effect
from dashboard.web.routes import set_logged_span
from edge.contract import topics

routes: Final = Blueprint("codes", __name__, url_prefix="/manage/codes")


@dataclass(frozen=True, slots=True)
class CodeCard:
    """What one card shows."""

    space: str
    name: str
    address: str
    qr: QrCode


@routes.get("")
def page() -> ResponseReturnValue:
    """Show the cards of one zone."""
    here = get_app_context()
    codes, origin = here.live.snapshot.space_codes, find_public_origin(here.settings, request.host, request.scheme)
    with_codes = [space for space in here.plan.spaces if space.id in codes]
    zones = [zone for zone in here.plan.zones if any(space.zone == zone.id for space in with_codes)]
    wanted = request.args.get("zone", "")
    zone = next((zone for zone in zones if zone.id == wanted), zones[0] if zones else None)
    addresses = {
        space.id: f"{origin}{url_for('report.page', code=codes[space.id])}"
        for space in with_codes
        if origin and zone is not None and space.zone == zone.id
    }
    languages = sorted(LANGUAGES, key=lambda language: language != here.settings.language)
    return render_template(
        "codes.html",
        plan=here.plan,
        zones=zones,
        zone=zone,
        origin=origin,
        is_incomplete=bool(codes)
        and any(space.is_offered and not space.disabled and space.id not in codes for space in here.plan.spaces),
        renewed="renewed" in request.args,
        cards=[
            CodeCard(space, here.plan.space_by_id[space].name, address, encode_qr(address))
            for space, address in addresses.items()
        ],
        lines=[(language, _describe_card(PageTexts.load(language))) for language in languages],
    )


@routes.post("/renew")
def renew() -> ResponseReturnValue:
    """Give a space a new code."""
    here = get_app_context()
    space = here.plan.space_by_id.get(request.form.get("space", ""))
    if space is None or (before := here.live.snapshot.space_codes.get(space.id)) is None:
        abort(HTTPStatus.BAD_REQUEST)
    set_logged_span(space.id)
    send_to_collector(topics.TRUTH_COMMAND, encode_message(RenewCode(space.id)))
    if not wait_for_effect(lambda: here.live.snapshot.space_codes.get(space.id) != before):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return redirect(url_for("codes.page", zone=space.zone, renewed=1), HTTPStatus.SEE_OTHER)


def _describe_card(texts: PageTexts) -> str:
    return texts.gettext("Shown wrong on the page? Scan and report.")
