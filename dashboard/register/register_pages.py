"""Routes of the sensor register and the printed sign.

In:    the plan, the settings, the access log.
Out:   pages that work without JavaScript.
Never: a session; a choice that the reader must make.
"""

from typing import Any, Final

from babel.dates import format_datetime
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from dashboard.accounts.access_log import PublicLogEntry
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import AccountRole
from dashboard.register.sensor_descriptions import describe_sensor_kind
from dashboard.register.sensor_register import build_register
from dashboard.register.sign import encode_qr, find_public_origin
from dashboard.text.accuracy_texts import describe_accuracy
from dashboard.text.language_selection import get_texts, vary_by_language
from dashboard.text.log_spans import describe_span
from dashboard.text.page_texts import LANGUAGES, PageTexts
from dashboard.text.privacy_rule_texts import build_privacy_sections
from dashboard.web import routes as table
from dashboard.web.app_context import get_app_context
from dashboard.web.workers import Overloaded
from edge.contract.sensor_kinds import SensorKind

routes = Blueprint("register", __name__)

MAX_VIEWS: Final = 20
"""Views of the access log that are listed."""


@routes.get("/sensing")
def sensing() -> ResponseReturnValue:
    """Render the sensor register, the privacy rules and the latest views by staff."""
    context, texts = get_app_context(), get_texts()
    try:
        views = context.workers.register.run_and_wait(lambda: context.accounts.log.list_public_entries(MAX_VIEWS))
    except (AccountsAway, Overloaded):
        views = None
    return vary_by_language(
        render_template(
            "sensing.html",
            plan=context.plan,
            total=len(context.plan.sensors),
            sections=build_register(context.plan, context.settings.retention, texts),
            rules=build_privacy_sections(context.plan, context.settings, texts),
            accuracy=describe_accuracy(context.live.snapshot.accuracy, context.plan, texts),
            views=None if views is None else [_format_view(view, context.plan, texts) for view in views],
        )
    )


@routes.get("/sensing/sign")
def sign() -> ResponseReturnValue:
    """Render a sheet to print, in both languages, the site's default language first."""
    context = get_app_context()
    origin = find_public_origin(context.settings, request.host, request.scheme)
    address = None if origin is None else origin + url_for("register.sensing")
    languages = sorted(LANGUAGES, key=lambda language: language != context.settings.language)
    return vary_by_language(
        render_template(
            "sign.html",
            plan=context.plan,
            address=address,
            code=None if address is None else encode_qr(address),
            sides=[_sign_texts(context.plan, PageTexts.load(language)) for language in languages],
        )
    )


def _format_view(view: PublicLogEntry, plan: SitePlan, texts: PageTexts) -> dict[str, str]:
    what = table.get_page_names(texts).get(view.endpoint, view.endpoint)
    at = format_datetime(to_local_time(plan, round(view.at_s * 1000)), "EEE d MMM HH:mm", locale=texts.language)
    who = {AccountRole.MANAGER: texts.gettext("A manager"), AccountRole.VIEWER: texts.gettext("A viewer")}[view.role]
    return {
        "at": str(at),
        "who": who,
        "what": f"{what} ({describe_span(view.span, plan, texts)})" if view.span else what,
    }


def _sign_texts(plan: SitePlan, texts: PageTexts) -> dict[str, Any]:
    """Return the texts of the sign in one language."""
    _ = texts.gettext
    used = {sensor.kind for sensor in plan.sensors}
    kinds = [describe_sensor_kind(kind, texts)[0].lower() for kind in SensorKind if kind in used]
    return {
        "language": texts.language,
        "headline": _("Sensors here detect whether a space is free."),
        "who": _("They never detect who you are."),
        "kinds": _("Used here: {kinds}.").format(kinds=", ".join(kinds)) if kinds else "",
        "responsible": _("Responsible for the data: {text}").format(
            text=", ".join(filter(None, (plan.privacy.controller, plan.privacy.contact)))
        )
        if plan.privacy.controller
        else "",
        "none": _("No pictures, no sound recordings, no names, no phones."),
        "more": _("Scan the code to see every sensor, what it records, how long that is kept and who has viewed it."),
    }
