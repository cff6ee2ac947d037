"""Formats errors: an RFC 9457 problem for programs, a page with a remedy for people.

In:    the error that a page raised.
Out:   `application/problem+json` for feeds, a page in the request's language for the rest, with the right status.
Never: internals, or whether something exists; the texts are ours, never an exception's own.
"""

import logging
from http import HTTPStatus
from typing import Final

import msgspec
from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException, MethodNotAllowed, SecurityError

from dashboard.accounts.faults import AccountsAway, AccountsFault
from dashboard.accounts.login_limits import LOGIN_FAILURE_PERIOD_S
from dashboard.live.broadcast import StreamsFull
from dashboard.text.duration_texts import format_duration
from dashboard.text.language_selection import get_texts
from dashboard.text.page_texts import PageTexts
from dashboard.web import routes
from dashboard.web.workers import Overloaded

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
STREAM_RETRY_S: Final = 30
"""Retry-After for a client that got no stream slot."""
OVERLOADED_RETRY_S: Final = 5
DEFAULT_DETAILS: Final = {
    400: "The request could not be understood.",
    401: "This requires a staff account. Log in at /manage/login.",
    403: "Managers only. This account can view but not change anything.",
    404: "There is nothing at this address.",
    405: "This address does not support that method; the Allow header lists those it supports.",
    413: "The request is too large.",
    500: "Internal error. See the server's log for the reason.",
    503: "Not available at the moment. Try again in a minute.",
}
_UNKNOWN_HOST: Final = "Servern svarar inte på det värdnamnet.\nThis server does not answer to that host name.\n"
_MISSING_TOKEN_ERROR: Final = "The CSRF token is missing."  # noqa: S105 - a description of Flask-WTF, no password

_log = logging.getLogger(__name__)


def install_error_handlers(app: Flask) -> None:
    """Register the error handlers of `app`."""
    app.register_error_handler(StreamsFull, _respond_streams_full)
    app.register_error_handler(AccountsAway, respond_accounts_away)
    app.register_error_handler(Overloaded, _respond_overloaded)
    app.register_error_handler(HTTPException, _respond_http_error)
    app.register_error_handler(Exception, _respond_bug)


def build_problem(status: HTTPStatus, detail: str = "", kind: str = "") -> Response:
    """Build a problem as JSON: type, title, status, detail, instance.

    Args:
        status: the HTTP status, also stated in the body.
        detail: one or two sentences with place, problem and remedy; empty: the general text for this status.
        kind: identifies this problem among others of the same status; empty: the status is enough.

    Returns:
        The response.

    Source: RFC 9457, section 3; `about:blank` means "no more than the status".
    """
    body = {
        "type": f"urn:ledig:problem:{kind}" if kind else "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail or DEFAULT_DETAILS.get(status, "The request was refused."),
        "instance": request.root_path + request.path,
    }
    return Response(msgspec.json.encode(body), status, mimetype=PROBLEM_MEDIA_TYPE)


def _respond_streams_full(error: StreamsFull) -> Response:
    response = build_problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), "streams-full")
    response.headers["Retry-After"] = str(STREAM_RETRY_S)
    return response


def respond_accounts_away(error: AccountsAway) -> Response:
    """Answer that the accounts cannot be used: which fault it is, what is not stored, and what helps."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if routes.is_feed(request.endpoint, request.path):
        response = build_problem(status, f"{error}; the public pages work", "accounts-away")
    else:
        response = _render_error_page(status, error.fault)
    response.headers["Retry-After"] = str(STREAM_RETRY_S)
    return response


def _respond_overloaded(error: Overloaded) -> Response:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if routes.is_feed(request.endpoint, request.path):
        response = build_problem(status, f"{error}; try again in a few seconds", "overloaded")
    else:
        response = _render_error_page(status, "overloaded")
    response.headers["Retry-After"] = str(OVERLOADED_RETRY_S)
    return response


def _respond_http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if error.response is not None or 300 <= code < 400:  # a redirect is an exception too
        return error.get_response()
    status = HTTPStatus(code)
    if routes.is_feed(request.endpoint, request.path):
        response = build_problem(status)
    elif isinstance(error, BadHost | SecurityError):  # a foreign host name: a page would link to it
        response = Response(_UNKNOWN_HOST, status, mimetype="text/plain")
    else:
        if isinstance(error, CSRFError):
            is_missing = error.description == _MISSING_TOKEN_ERROR
            finding = "the form has no CSRF token" if is_missing else str(error.description).lower()
            _log.info("%s %s refused: %s", request.method, request.path, finding)
        response = _render_error_page(status, "form" if isinstance(error, CSRFError) else code)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _respond_bug(error: Exception) -> Response:
    """Handle a bug of ours: details go to the log, none to the page."""
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return (
        build_problem(status) if routes.is_feed(request.endpoint, request.path) else _render_error_page(status, status)
    )


def _render_error_page(status: HTTPStatus, what: int | str) -> Response:
    finding, remedy = explain_error(what, get_texts())
    inside = request.path == "/manage" or request.path.startswith("/manage/")
    page = render_template("error.html", finding=finding, remedy=remedy, inside=inside)
    return Response(page, status)


def explain_error(what: int | str, texts: PageTexts) -> tuple[str, str]:
    """Return the problem and the remedy; `what` is a status, a fault of the accounts, or a key of the table."""
    _ = texts.gettext
    nothing = _("Nothing was changed. The public pages work.")
    helps = {
        "overloaded": (
            _("Too many requests of this kind right now."),
            _("Try again in a moment."),
        ),
        AccountsFault.FULL: (
            _("The server's disk is full."),
            _("Logins and the access log cannot be stored, and no staff page is shown without an entry in that log.")
            + " "
            + nothing,
        ),
        AccountsFault.READ_ONLY: (
            _("The server's disk is read-only."),
            _("Logins and the access log cannot be stored, and no staff page is shown without an entry in that log.")
            + " "
            + nothing,
        ),
        AccountsFault.LOCKED: (
            _("Another program is using the accounts file."),
            _("Try again in a minute.") + " " + nothing,
        ),
        AccountsFault.DAMAGED: (
            _("The accounts file is damaged."),
            _("The latest backup replaces it within a minute. Log in again then.") + " " + nothing,
        ),
        AccountsFault.FAILING: (
            _("The accounts file cannot be used."),
            _("See the server's log for the reason.") + " " + nothing,
        ),
        "form": (
            _("The form has expired."),
            _("Nothing was changed. Go back, reload the page and send the form again."),
        ),
        400: (_("The request could not be understood."), _("Go back, reload the page and try again.")),
        403: (_("Managers only"), _("Your account can view but not change anything. Ask a manager.")),
        404: (
            _("Page not found"),
            _("The address may be out of date or mistyped. Start from the home page."),
        ),
        405: (_("That action is not available here."), _("Go back and use the buttons on the page.")),
        413: (_("The request was too large."), _("Go back and send less.")),
        429: (
            _("Too many attempts"),
            _("Wait {span} and try again.").format(span=format_duration(LOGIN_FAILURE_PERIOD_S, texts)),
        ),
        503: (_("The sensor system is not responding."), _("Nothing was changed. Try again in a minute.")),
    }
    if isinstance(what, AccountsFault):
        return helps.get(what, helps[AccountsFault.FAILING])
    if what in helps:
        return helps[what]
    if isinstance(what, int) and what < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("The request was refused."), _("Go back, reload the page and try again.")
    return _("Something went wrong on our side."), _("Try again in a minute.")
