"""Routes of the wall screen, the sensor register and the printed sign.

In:    the plan, the settings, the site snapshot, the access log.
Out:   pages that work without JavaScript.
Never: a session; a choice that the reader must make.
"""

import time
from typing import Any, Final

from babel.dates import format_datetime
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.days import local
from collector.plan import WHOLE_SITE, SensorKind, SitePlan
from dashboard import routes as table
from dashboard.accounts.access_log import View
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import Role
from dashboard.accounts.spans import in_words
from dashboard.foyer import register, sensors
from dashboard.foyer import sign as paper
from dashboard.foyer import wall as screen
from dashboard.hours import closing_time
from dashboard.house_rules import house_rules
from dashboard.languages import words
from dashboard.member import calm
from dashboard.serving import Serving, serving
from dashboard.why import Reader
from dashboard.words import LANGUAGES, Words
from dashboard.workers import Overloaded

routes = Blueprint("foyer", __name__)

WORDS: Final = ("answer.", "at", "ago.", "heard", "unheard", "opens.", "row", "state.", "wall.")
"""Key prefixes of the texts that the wall's script needs."""
NEWEST: Final = 20
"""Views of the access log that are listed."""


@routes.get("/wall")
def wall() -> ResponseReturnValue:
    """Render the wall screen; while the site is closed, its opening time and the forecast of the week."""
    context = serving()
    frame = context.live.frame(time.monotonic())
    origin = paper.origin(context.settings, request.host, request.scheme)
    address = None if origin is None else f"{origin}{request.root_path}/"
    return _vary_by_language(
        render_template(
            "wall.html",
            plan=context.plan,
            frame=frame,
            board=screen.board(context.plan),
            week=_draw_week(context) if frame.closed else None,
            closes=words().closes(closing_time(context.plan, context.live.now_ms())),
            address=address,
            code=None if address is None else paper.code(address),
            drawings=[(drawing, screen.lettered(drawing)) for drawing in screen.shown(context.drawings)],
            shift=screen.shift(time.time()),
            offered=[space.id for space in context.plan.spaces if space.offered],
            page_texts={key: text for key, text in words().page.items() if key.startswith(WORDS)},
        )
    )


def _draw_week(context: Serving) -> calm.Week | None:
    """Return the forecast of the next seven days; None if there is none yet."""
    now_ms, kind = context.live.now_ms(), screen.board(context.plan).kind
    outlook = None if kind is None else context.live.picture.outlook(WHOLE_SITE, kind, now_ms)
    if outlook is None or outlook.missing_days:
        return None
    return calm.week(outlook, Reader(context.plan, now_ms, words()))


@routes.get("/sensing")
def sensing() -> ResponseReturnValue:
    """Render the sensor register, the privacy rules and the latest views by staff."""
    context, texts = serving(), words()
    try:
        views = context.workers.register.run(lambda: context.accounts.log.recent_views(NEWEST))
    except (AccountsAway, Overloaded):
        views = None
    return _vary_by_language(
        render_template(
            "sensing.html",
            plan=context.plan,
            total=len(context.plan.sensors),
            sections=register.register(context.plan, context.settings.retention, texts),
            rules=house_rules(context.plan, context.settings, texts),
            views=None if views is None else [_format_view(view, context.plan, texts) for view in views],
        )
    )


@routes.get("/sensing/sign")
def sign() -> ResponseReturnValue:
    """Render a sheet to print, in both languages, the site's default language first."""
    context = serving()
    origin = paper.origin(context.settings, request.host, request.scheme)
    address = None if origin is None else origin + url_for("foyer.sensing")
    languages = sorted(LANGUAGES, key=lambda language: language != context.settings.language)
    return _vary_by_language(
        render_template(
            "sign.html",
            plan=context.plan,
            address=address,
            code=None if address is None else paper.code(address),
            sides=[_sign_texts(context.plan, Words.of(language)) for language in languages],
        )
    )


def _vary_by_language(page: str) -> Response:
    response = Response(page)
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def _format_view(view: View, plan: SitePlan, texts: Words) -> dict[str, str]:
    what = table.names(texts).get(view.what, view.what)
    at = format_datetime(local(plan, round(view.at_s * 1000)), "EEE d MMM HH:mm", locale=texts.language)
    who = {Role.MANAGER: texts.gettext("A manager"), Role.VIEWER: texts.gettext("A viewer")}[view.role]
    return {"at": str(at), "who": who, "what": f"{what} ({in_words(view.span, plan, texts)})" if view.span else what}


def _sign_texts(plan: SitePlan, texts: Words) -> dict[str, Any]:
    """Return the texts of the sign in one language."""
    _ = texts.gettext
    used = {sensor.kind for sensor in plan.sensors}
    kinds = [sensors.told(kind, texts)[0].lower() for kind in SensorKind if kind in used]
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
