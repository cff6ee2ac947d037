"""Decides who may open each page and feed, and what the access log records of it: one table, applied to every request.

In:    a request's endpoint and its session.
Out:   the page, and an entry in the access log; or the login, or a refusal.
Never: a page that the table does not list; the application cannot be created with one.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.access_log import Act
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.login import forget, token
from dashboard.accounts.roles import Role
from dashboard.languages import words
from dashboard.serving import serving
from dashboard.words import Words


class Who(StrEnum):
    """Who may open a route; managers may also open what viewers may."""

    EVERYONE = "everyone"
    VIEWER = "viewer"
    MANAGER = "manager"


class Kind(StrEnum):
    """What a route answers with, which decides the response to a request without permission."""

    PAGE = "page"
    """For people: a missing session leads to the login. Opening it keeps the session alive."""
    FEED = "feed"
    """For programs: a refusal is a problem with its status. Polling it does not keep a session alive."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    who: Who
    kind: Kind = Kind.PAGE
    log: Act | None = None
    """What the access log records: a view once an hour per account, page and span; each export and each change."""
    logged_as: str = ""
    """The page under which the log lists this route, if it has no name of its own there."""
    nav: bool = False
    """Whether the header of each page links to it, in the order of the table."""


ROUTES: Final[dict[str, Route]] = {
    "static": Route(Who.EVERYONE),
    "pages.home": Route(Who.EVERYONE),
    "pages.manifest": Route(Who.EVERYONE, Kind.FEED),
    "pages.worker": Route(Who.EVERYONE, Kind.FEED),
    "pages.health": Route(Who.EVERYONE, Kind.FEED),
    "foyer.wall": Route(Who.EVERYONE),
    "foyer.sensing": Route(Who.EVERYONE, nav=True),
    "foyer.sign": Route(Who.EVERYONE),
    "api.states": Route(Who.EVERYONE, Kind.FEED),
    "api.summary": Route(Who.EVERYONE, Kind.FEED),
    "api.frame": Route(Who.EVERYONE, Kind.FEED),
    "api.stream": Route(Who.EVERYONE, Kind.FEED),
    "api.forecast": Route(Who.EVERYONE, Kind.FEED),
    "api.history": Route(Who.VIEWER, Kind.FEED, Act.VIEW),
    "manage.live": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "use.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "use.export": Route(Who.VIEWER, log=Act.EXPORT),
    "forecast.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "growth.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "growth.export": Route(Who.VIEWER, log=Act.EXPORT),
    "devices.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "devices.identify": Route(Who.MANAGER, log=Act.CHANGE),
    "learnt.page": Route(Who.VIEWER, log=Act.VIEW),
    "manage.stream": Route(Who.VIEWER, Kind.FEED, Act.VIEW, logged_as="manage.live"),
    "manage.newest": Route(Who.VIEWER, Kind.FEED, Act.VIEW, logged_as="manage.live"),
    "manage.answer": Route(Who.MANAGER, log=Act.CHANGE),
    "alerts.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "alerts.mute": Route(Who.MANAGER, log=Act.CHANGE),
    "today.page": Route(Who.VIEWER, nav=True),
    "today.set_notice": Route(Who.MANAGER, log=Act.CHANGE),
    "today.set_hours": Route(Who.MANAGER, log=Act.CHANGE),
    "today.set_out_of_use": Route(Who.MANAGER, log=Act.CHANGE),
    "rules.page": Route(Who.VIEWER, nav=True),
    "accounts.page": Route(Who.VIEWER, log=Act.VIEW, nav=True),
    "accounts.end_own": Route(Who.VIEWER, log=Act.CHANGE),
    "accounts.end": Route(Who.MANAGER, log=Act.CHANGE),
    "accounts.add": Route(Who.MANAGER, log=Act.CHANGE),
    "accounts.change_role": Route(Who.MANAGER, log=Act.CHANGE),
    "accounts.lock": Route(Who.MANAGER, log=Act.CHANGE),
    "accounts.unlock": Route(Who.MANAGER, log=Act.CHANGE),
    "accounts.password": Route(Who.MANAGER, log=Act.CHANGE),
    "manage.chart_library": Route(Who.VIEWER),
    "manage.login": Route(Who.EVERYONE),
    "manage.log_in": Route(Who.EVERYONE),  # writes its own log entry: the account is known only after it
    "manage.log_out": Route(Who.EVERYONE),
}
"""Every endpoint. A form's target has an endpoint of its own, so that viewing and changing each have a row."""


NAV_OCCUPANCY: Final = ("manage.live", "use.page", "forecast.page", "growth.page")
NAV_OPERATION: Final = ("today.page", "devices.page", "alerts.page")
"""Groups of the links in a page's header; all other links are in the last group."""


class RouteUndeclared(RuntimeError):
    """The table and the application disagree. Only a change of the code can help."""


def names(texts: Words) -> dict[str, str]:
    """Return the names of pages, as in the page header and in the access log."""
    _ = texts.gettext
    return {
        "api.history": _("History, as data"),
        "foyer.sensing": _("Sensors"),
        "manage.live": _("Now"),
        "use.page": _("Use"),
        "use.export": _("Exported use"),
        "forecast.page": _("Forecast"),
        "growth.page": _("Growth"),
        "growth.export": _("Exported growth"),
        "devices.page": _("Devices"),
        "devices.identify": _("Identified a device"),
        "learnt.page": _("Learnt values"),
        "manage.answer": _("Answered a problem"),
        "manage.log_in": _("Logged in"),
        "alerts.page": _("Alerts"),
        "alerts.mute": _("Muted or unmuted alerts"),
        "today.page": _("Today"),
        "today.set_notice": _("Changed the notice"),
        "today.set_hours": _("Changed opening hours"),
        "today.set_out_of_use": _("Changed what is out of use"),
        "rules.page": _("Privacy"),
        "accounts.page": _("Accounts"),
        "accounts.end_own": _("Ended their own session"),
        "accounts.end": _("Ended a session"),
        "accounts.add": _("Added an account"),
        "accounts.change_role": _("Changed a role"),
        "accounts.lock": _("Locked an account"),
        "accounts.unlock": _("Unlocked an account"),
        "accounts.password": _("Set a new password"),
    }


def install(app: Flask, refuse: Callable[[AccountsAway], Response]) -> None:
    """Apply the table to every request of `app`; raises RouteUndeclared.

    Args:
        app: with all its routes.
        refuse: makes the response in place of a page whose view cannot be logged.
    """
    compare({rule.endpoint for rule in app.url_map.iter_rules()}, ROUTES)
    app.before_request(_require_role)
    app.after_request(lambda response: _log_access(response, refuse))
    app.context_processor(lambda: {"nav": _list_nav_links, "nav_groups": _group_nav_links, "manages": _is_manager()})


def compare(endpoints: AbstractSet[str], table: Mapping[str, Route]) -> None:
    """Check that the endpoints of the application are those of the table; raises RouteUndeclared."""
    if undeclared := sorted(endpoints - table.keys()):
        raise RouteUndeclared(
            f"routes.py: no row for {', '.join(undeclared)}; state who may open it, and what is logged"
        )
    if gone := sorted(table.keys() - endpoints):
        raise RouteUndeclared(f"routes.py: {', '.join(gone)} is no endpoint of the application; remove the row")


def is_feed(endpoint: str | None, path: str) -> bool:
    """Whether the client is a program, which gets a problem instead of an error page."""
    route = ROUTES.get(endpoint or "")
    return path.startswith("/api/") or (route is not None and route.kind is Kind.FEED)


def log_span(span: str) -> None:
    """Set which part of this page the access log records as seen, exported or changed, in the form of a URL query."""
    g.span = span


def _require_role() -> ResponseReturnValue | None:
    if request.endpoint is None:  # no such page, or not this method
        return None
    route = ROUTES[request.endpoint]
    if route.who is Who.EVERYONE:
        return None
    cookie, is_use = token(), not (route.kind is Kind.FEED or _is_script())
    account = None
    if cookie:
        account = serving().with_accounts(lambda accounts: accounts.who(cookie) if is_use else accounts.still(cookie))
    if account is None:
        return _redirect_to_login(route, ended=bool(cookie))
    if route.who is Who.MANAGER and account.role is not Role.MANAGER:
        abort(HTTPStatus.FORBIDDEN)
    g.account = account
    return None


def _redirect_to_login(route: Route, *, ended: bool) -> ResponseReturnValue:
    if route.kind is Kind.FEED:
        abort(HTTPStatus.UNAUTHORIZED)
    onward = request.root_path + request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
    response = redirect(url_for("manage.login", next=onward, ended="1" if ended else None), HTTPStatus.SEE_OTHER)
    if ended and not _is_script():
        forget(response)  # so that the message is shown only once
    return response


def _is_script() -> bool:
    """Whether a script of an open page sent the request, which does not count as use."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"


def _log_access(response: Response, refuse: Callable[[AccountsAway], Response]) -> Response:
    route = ROUTES.get(request.endpoint or "")
    account = g.get("account")
    if route is None or account is None or route.log is None or response.status_code >= HTTPStatus.BAD_REQUEST:
        return response
    what, span, act = route.logged_as or str(request.endpoint), g.get("span", ""), route.log
    try:
        serving().with_accounts(lambda accounts: accounts.log.write(account, act, what, span))
    except AccountsAway as away:  # a view that cannot be logged is not shown, and a stream releases its slot
        response.close()
        return refuse(away)
    except BaseException:
        response.close()
        raise
    return response


def _is_manager() -> bool:
    """Whether this page may offer changes."""
    account = g.get("account")
    return account is not None and account.role is Role.MANAGER


def _group_nav_links() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the links of a page's header in named groups; a group without links is left out."""
    links = {link["endpoint"]: link for link in _list_nav_links()}
    _ = words().gettext
    groups_by_name = ((_("Occupancy"), NAV_OCCUPANCY), (_("Operation"), NAV_OPERATION))
    known = {endpoint for _name, group in groups_by_name for endpoint in group}
    groups = [(name, [links[endpoint] for endpoint in group if endpoint in links]) for name, group in groups_by_name]
    rest = [link for endpoint, link in links.items() if endpoint not in known]
    return [group for group in [*groups, (_("Administration"), rest)] if group[1]]


def _list_nav_links() -> list[dict[str, Any]]:
    """Return the links of a page's header: for a logged-in user those of the role, for others the public ones."""
    account, page_names = g.get("account"), names(words())
    shown = {Who.EVERYONE} if account is None else {Who.VIEWER, Who(account.role)}
    return [
        {
            "endpoint": endpoint,
            "name": page_names[endpoint],
            "url": url_for(endpoint),
            "here": endpoint == request.endpoint,
        }
        for endpoint, route in ROUTES.items()
        if route.nav and route.who in shown
    ]
