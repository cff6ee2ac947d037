"""The routes of what hangs in the foyer: /wall, /sensing and the sign that leads there.

In:    the plan, the settings, the live picture, who has looked.
Out:   pages that are right without JavaScript.
Never: a session, a choice that a reader must make.
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
"""Beginnings of the sentences that the wall's script makes."""
NEWEST: Final = 20
"""So many views are told."""


@routes.get("/wall")
def wall() -> ResponseReturnValue:
    """The screen in the foyer; of a closed house, when it opens and what is expected of the week."""
    here = serving()
    frame = here.live.frame(time.monotonic())
    origin = paper.origin(here.settings, request.host, request.scheme)
    address = None if origin is None else f"{origin}{request.root_path}/"
    return _varied(
        render_template(
            "wall.html",
            plan=here.plan,
            frame=frame,
            board=screen.board(here.plan),
            week=_week(here) if frame.closed else None,
            closes=words().closes(closing_time(here.plan, here.live.now_ms())),
            address=address,
            code=None if address is None else paper.code(address),
            drawings=[(drawing, screen.lettered(drawing)) for drawing in screen.shown(here.drawings)],
            shift=screen.shift(time.time()),
            offered=[space.id for space in here.plan.spaces if space.offered],
            said={key: text for key, text in words().page.items() if key.startswith(WORDS)},
        )
    )


def _week(here: Serving) -> calm.Week | None:
    """What is expected of the week to come; None: nothing yet."""
    now_ms, kind = here.live.now_ms(), screen.board(here.plan).kind
    outlook = None if kind is None else here.live.picture.outlook(WHOLE_SITE, kind, now_ms)
    if outlook is None or outlook.missing_days:
        return None
    return calm.week(outlook, Reader(here.plan, now_ms, words()))


@routes.get("/sensing")
def sensing() -> ResponseReturnValue:
    """The register of sensors, what is never recorded, and who has looked."""
    here, told = serving(), words()
    try:
        views = here.workers.register.run(lambda: here.accounts.log.recent_views(NEWEST))
    except (AccountsAway, Overloaded):
        views = None
    return _varied(
        render_template(
            "sensing.html",
            plan=here.plan,
            total=len(here.plan.sensors),
            sections=register.register(here.plan, here.settings.retention, told),
            rules=house_rules(here.plan, here.settings, told),
            views=None if views is None else [_view(view, here.plan, told) for view in views],
        )
    )


@routes.get("/sensing/sign")
def sign() -> ResponseReturnValue:
    """A sheet to print and hang up, in both languages, the house's own first."""
    here = serving()
    origin = paper.origin(here.settings, request.host, request.scheme)
    address = None if origin is None else origin + url_for("foyer.sensing")
    languages = sorted(LANGUAGES, key=lambda language: language != here.settings.language)
    return _varied(
        render_template(
            "sign.html",
            plan=here.plan,
            address=address,
            code=None if address is None else paper.code(address),
            sides=[_side(here.plan, Words.of(language)) for language in languages],
        )
    )


def _varied(page: str) -> Response:
    response = Response(page)
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def _view(view: View, plan: SitePlan, told: Words) -> dict[str, str]:
    what = table.names(told).get(view.what, view.what)
    at = format_datetime(local(plan, round(view.at_s * 1000)), "EEE d MMM HH:mm", locale=told.language)
    who = {Role.MANAGER: told.gettext("A manager"), Role.VIEWER: told.gettext("A viewer")}[view.role]
    return {"at": str(at), "who": who, "what": f"{what} ({in_words(view.span, plan, told)})" if view.span else what}


def _side(plan: SitePlan, told: Words) -> dict[str, Any]:
    """One language's half of the sign."""
    _ = told.gettext
    here = {sensor.kind for sensor in plan.sensors}
    kinds = [sensors.told(kind, told)[0].lower() for kind in SensorKind if kind in here]
    return {
        "language": told.language,
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
