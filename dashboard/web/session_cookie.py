"""The cookies of the login: a session's token, and the mark of a browser that logged in before.

In:    the cookies of a request.
Out:   the session's token; a response with the cookies set or deleted.
Never: a password (`accounts` checks those); permissions (`routes` decides those).
"""

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from dashboard.configuration.base_path import cookie_name, root_path
from dashboard.web.app_context import get_app_context
from edge.timekeeping.durations import DAY_S

SESSION_COOKIE: Final = "ledig"
DEVICE_COOKIE: Final = "ledig-browser"
DEVICE_COOKIE_MAX_AGE_S: Final = 180 * DAY_S


def read_session_token() -> str:
    """Return the session token of this request; empty if there is none."""
    return request.cookies.get(_cookie_name(SESSION_COOKIE), "")


def read_device_cookie() -> str:
    """Return the browser's device cookie; empty if there is none."""
    return request.cookies.get(_cookie_name(DEVICE_COOKIE), "")


def set_login_cookies(response: Response, session: str, device_cookie: str) -> None:
    """Set the cookies: the session's until the browser closes, the device cookie for half a year."""
    path = root_path(get_app_context().settings.base_path)
    response.set_cookie(_cookie_name(SESSION_COOKIE), session, secure=True, httponly=True, samesite="Lax", path=path)
    response.set_cookie(
        _cookie_name(DEVICE_COOKIE),
        device_cookie,
        max_age=DEVICE_COOKIE_MAX_AGE_S,
        secure=True,
        httponly=True,
        samesite="Lax",
        path=path,
    )


def delete_session_cookie(response: Response) -> None:
    """Delete the session cookie."""
    path = root_path(get_app_context().settings.base_path)
    response.delete_cookie(_cookie_name(SESSION_COOKIE), secure=True, httponly=True, samesite="Lax", path=path)


def _cookie_name(name: str) -> str:
    return cookie_name(get_app_context().settings.base_path, name)
