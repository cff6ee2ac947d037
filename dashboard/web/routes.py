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

from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import AccountRole
from dashboard.text.language_selection import get_texts
from dashboard.text.page_texts import PageTexts
from dashboard.web.app_context import get_app_context
from dashboard.web.session_cookie import delete_session_cookie, read_session_token


class Audience(StrEnum):
    """Who may open a route; managers may also open what viewers may."""

    EVERYONE = "everyone"
    VIEWER = "viewer"
    MANAGER = "manager"


class RouteKind(StrEnum):
    """What a route answers with, which decides the response to a request without permission."""

    PAGE = "page"
    """For people: a missing session leads to the login. Opening it keeps the session alive."""
    FEED = "feed"
    """For programs: a refusal is a problem with its status. Polling it does not keep a session alive."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    audience: Audience
    kind: RouteKind = RouteKind.PAGE
    logged_action: LoggedAction | None = None
    """What the access log records: a view once an hour per account, page and span; each export and each change."""
    logged_as: str = ""
    """The page under which the log lists this route, if it has no name of its own there."""
    in_navigation: bool = False
    """Whether the header of each page links to it, in the order of the table."""


ROUTES: Final[dict[str, Route]] = {
    "static": Route(Audience.EVERYONE),
    "pages.home": Route(Audience.EVERYONE),
    "pages.manifest": Route(Audience.EVERYONE, RouteKind.FEED),
    "pages.worker": Route(Audience.EVERYONE, RouteKind.FEED),
    "pages.health": Route(Audience.EVERYONE, RouteKind.FEED),
    "wall.page": Route(Audience.EVERYONE),
    "register.sensing": Route(Audience.EVERYONE, in_navigation=True),
    "register.sign": Route(Audience.EVERYONE),
    "api.states": Route(Audience.EVERYONE, RouteKind.FEED),
    "api.summary": Route(Audience.EVERYONE, RouteKind.FEED),
    "api.frame": Route(Audience.EVERYONE, RouteKind.FEED),
    "api.stream": Route(Audience.EVERYONE, RouteKind.FEED),
    "api.forecast": Route(Audience.EVERYONE, RouteKind.FEED),
    "api.history": Route(Audience.VIEWER, RouteKind.FEED, LoggedAction.VIEW),
    "manage.live": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "use.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "use.export": Route(Audience.VIEWER, logged_action=LoggedAction.EXPORT),
    "forecast.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "growth.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "growth.export": Route(Audience.VIEWER, logged_action=LoggedAction.EXPORT),
    "devices.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "devices.identify": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "learned.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW),
    "manage.stream": Route(Audience.VIEWER, RouteKind.FEED, LoggedAction.VIEW, logged_as="manage.live"),
    "manage.newest": Route(Audience.VIEWER, RouteKind.FEED, LoggedAction.VIEW, logged_as="manage.live"),
    "manage.answer": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "alerts.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "alerts.mute": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "today.page": Route(Audience.VIEWER, in_navigation=True),
    "today.set_notice": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "today.set_hours": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "today.set_out_of_use": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "report.page": Route(Audience.EVERYONE),
    "report.send": Route(Audience.EVERYONE),
    "codes.page": Route(Audience.MANAGER),
    "codes.renew": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "round.page": Route(Audience.MANAGER),
    "round.start": Route(Audience.MANAGER),  # the access log would show who checked a space, and when
    "round.answer": Route(Audience.MANAGER),
    "round.end": Route(Audience.MANAGER),
    "rules.page": Route(Audience.VIEWER, in_navigation=True),
    "accounts.page": Route(Audience.VIEWER, logged_action=LoggedAction.VIEW, in_navigation=True),
    "accounts.end_own": Route(Audience.VIEWER, logged_action=LoggedAction.CHANGE),
    "accounts.end": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "accounts.add": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "accounts.change_role": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "accounts.lock": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "accounts.unlock": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "accounts.password": Route(Audience.MANAGER, logged_action=LoggedAction.CHANGE),
    "manage.chart_library": Route(Audience.VIEWER),
    "login.form": Route(Audience.EVERYONE),
    "login.log_in": Route(Audience.EVERYONE),  # writes its own log entry: the account is known only after it
    "login.log_out": Route(Audience.EVERYONE),
}
"""Every endpoint. A form's target has an endpoint of its own, so that viewing and changing each have a row."""


NAV_OCCUPANCY: Final = ("manage.live", "use.page", "forecast.page", "growth.page")
NAV_OPERATION: Final = ("today.page", "devices.page", "alerts.page")
"""Groups of the links in a page's header; all other links are in the last group."""


class RouteUndeclared(RuntimeError):
    """The table and the application disagree. Only a change of the code can help."""


def get_page_names(texts: PageTexts) -> dict[str, str]:
    """Return the names of pages, as in the page header and in the access log."""
    _ = texts.gettext
    return {
        "api.history": _("History, as data"),
        "register.sensing": _("Sensors"),
        "manage.live": _("Now"),
        "use.page": _("Use"),
        "use.export": _("Exported use"),
        "forecast.page": _("Forecast"),
        "growth.page": _("Growth"),
        "growth.export": _("Exported growth"),
        "devices.page": _("Devices"),
        "devices.identify": _("Identified a device"),
        "learned.page": _("Learned values"),
        "manage.answer": _("Answered a problem"),
        "manage.log_in": _("Logged in"),
        "alerts.page": _("Alerts"),
        "alerts.mute": _("Muted or unmuted alerts"),
        "today.page": _("Today"),
        "today.set_notice": _("Changed the notice"),
        "today.set_hours": _("Changed opening hours"),
        "today.set_out_of_use": _("Changed what is out of use"),
        "codes.renew": _("Renewed the code of a space"),
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


def install_access_control(app: Flask, refuse: Callable[[AccountsAway], Response]) -> None:
    """Apply the table to every request of `app`; raises RouteUndeclared.

    Args:
        app: with all its routes.
        refuse: makes the response in place of a page whose view cannot be logged.
    """
    check_routes_declared({rule.endpoint for rule in app.url_map.iter_rules()}, ROUTES)
    app.before_request(_require_role)
    app.after_request(lambda response: _log_access(response, refuse))
    app.context_processor(lambda: {"nav": _list_nav_links, "nav_groups": _group_nav_links, "manages": _is_manager()})


def check_routes_declared(endpoints: AbstractSet[str], table: Mapping[str, Route]) -> None:
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
    return path.startswith("/api/") or (route is not None and route.kind is RouteKind.FEED)


def set_logged_span(span: str) -> None:
    """Set which part of this page the access log records as seen, exported or changed, in the form of a URL query."""
    g.span = span


def _require_role() -> ResponseReturnValue | None:
    if request.endpoint is None:  # no such page, or not this method
        return None
    route = ROUTES[request.endpoint]
    if route.audience is Audience.EVERYONE:
        return None
    cookie, is_use = read_session_token(), not (route.kind is RouteKind.FEED or _is_script())
    account = None
    if cookie:
        account = get_app_context().use_accounts(
            lambda accounts: (
                accounts.sessions.use_session(cookie) if is_use else accounts.sessions.check_session(cookie)
            )
        )
    if account is None:
        return _redirect_to_login(route, ended=bool(cookie))
    if route.audience is Audience.MANAGER and account.role is not AccountRole.MANAGER:
        abort(HTTPStatus.FORBIDDEN)
    g.account = account
    return None


def _redirect_to_login(route: Route, *, ended: bool) -> ResponseReturnValue:
    if route.kind is RouteKind.FEED:
        abort(HTTPStatus.UNAUTHORIZED)
    onward = request.root_path + request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
    response = redirect(url_for("login.form", next=onward, ended="1" if ended else None), HTTPStatus.SEE_OTHER)
    if ended and not _is_script():
        delete_session_cookie(response)  # so that the message is shown only once
    return response


def _is_script() -> bool:
    """Whether a script of an open page sent the request, which does not count as use."""
    return request.headers.get("Sec-Fetch-Dest") == "empty"


def _log_access(response: Response, refuse: Callable[[AccountsAway], Response]) -> Response:
    route = ROUTES.get(request.endpoint or "")
    account = g.get("account")
    if (
        route is None
        or account is None
        or route.logged_action is None
        or response.status_code >= HTTPStatus.BAD_REQUEST
    ):
        return response
    what, span, act = route.logged_as or str(request.endpoint), g.get("span", ""), route.logged_action
    try:
        get_app_context().use_accounts(lambda accounts: accounts.log.record(account, act, what, span))
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
    return account is not None and account.role is AccountRole.MANAGER


def _group_nav_links() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the links of a page's header in named groups; a group without links is left out."""
    links = {link["endpoint"]: link for link in _list_nav_links()}
    _ = get_texts().gettext
    groups_by_name = ((_("Occupancy"), NAV_OCCUPANCY), (_("Operation"), NAV_OPERATION))
    known = {endpoint for _name, group in groups_by_name for endpoint in group}
    groups = [(name, [links[endpoint] for endpoint in group if endpoint in links]) for name, group in groups_by_name]
    rest = [link for endpoint, link in links.items() if endpoint not in known]
    return [group for group in [*groups, (_("Administration"), rest)] if group[1]]


def _list_nav_links() -> list[dict[str, Any]]:
    """Return the links of a page's header: for a logged-in user those of the role, for others the public ones."""
    account, page_names = g.get("account"), get_page_names(get_texts())
    shown = {Audience.EVERYONE} if account is None else {Audience.VIEWER, Audience(account.role)}
    return [
        {
            "endpoint": endpoint,
            "name": page_names[endpoint],
            "url": url_for(endpoint),
            "here": endpoint == request.endpoint,
        }
        for endpoint, route in ROUTES.items()
        if route.in_navigation and route.audience in shown
    ]
