"""Login and logout.

In:    a name and a password, or a session.
Out:   the login form; a session's cookies set or deleted.
Never: a name in the log that is no account's; a hint whether a name exists.
"""

import logging
from typing import Final

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from dashboard.account_pages.login_form import (
    build_ssh_tunnel,
    can_keep_cookie,
    describe_browser,
    select_redirect_target,
)
from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import LoginRejected
from dashboard.accounts.login_limits import LOGIN_FAILURE_PERIOD_S, TooManyLoginFailures
from dashboard.web.app_context import get_app_context
from dashboard.web.session_cookie import (
    delete_session_cookie,
    read_device_cookie,
    read_session_token,
    set_login_cookies,
)

routes = Blueprint("login", __name__, url_prefix="/manage")

_log = logging.getLogger(__name__)

LOGGED_NAME: Final = "manage.log_in"
"""The name of a login in the access log. It is stored, so it does not follow the endpoint."""


@routes.get("/login")
def form() -> ResponseReturnValue:
    """Show the login form."""
    return _render_login("", 200)


@routes.post("/login")
def log_in() -> ResponseReturnValue:
    """Log in. The reply is the same for a wrong name and a wrong password."""
    here = get_app_context()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    address, browser_name, browser_mark = (
        request.remote_addr or "",
        describe_browser(request.user_agent.string),
        read_device_cookie(),
    )
    try:
        session_token = here.workers.passwords.run_and_wait(
            lambda: here.accounts.log_in(name, password, address, browser_name, browser_mark)
        )
    except LoginRejected:
        _log.warning("login as %s from %s refused", _format_login_name(name), address)
        return _render_login("wrong", 401)
    except TooManyLoginFailures:
        _log.warning("login as %s from %s: too many attempts", _format_login_name(name), address)
        page, status = _render_login("wait", 429)
        return page, status, {"Retry-After": str(LOGIN_FAILURE_PERIOD_S)}
    _log.info("login as %r from %s", name, address)
    if account := here.use_accounts(lambda accounts: accounts.sessions.check_session(session_token)):
        here.use_accounts(lambda accounts: accounts.log.record(account, LoggedAction.CHANGE, LOGGED_NAME))
    session.clear()  # invalidates form tokens from before the login
    response = redirect(select_redirect_target(request.form.get("next")), 303)
    set_login_cookies(response, session_token, here.accounts.create_device_cookie(name))
    return response


def _format_login_name(name: str) -> str:
    """Format the name for the log. An unknown name may be a password typed into the wrong field, so it is left out."""
    accounts = get_app_context().use_accounts(lambda accounts: accounts.list_accounts())
    return repr(name) if any(account.name == name for account in accounts) else "an unknown name"


@routes.post("/logout")
def log_out() -> ResponseReturnValue:
    """End the session on the server and in the browser."""
    cookie = read_session_token()
    get_app_context().use_accounts(lambda accounts: accounts.sessions.log_out(cookie))
    session.clear()
    response = redirect(f"{request.root_path}/", 303)
    delete_session_cookie(response)
    return response


def _render_login(fault: str, status: int) -> tuple[str, int]:
    page = render_template(
        "login.html",
        fault=fault or ("ended" if "ended" in request.args else ""),
        onward=select_redirect_target(request.values.get("next")),
        reachable=can_keep_cookie(),
        tunnel=build_ssh_tunnel(get_app_context().settings),
        plan=get_app_context().plan,
    )
    return page, status
