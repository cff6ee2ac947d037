"""Knows who asks: the session cookie, and the login that sets it.

In:    the cookie of a request.
Out:   the manager's name, or None.
Never: a password; `accounts` judges those.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final
from urllib.parse import urlsplit

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from dashboard.serving import serving

COOKIE: Final = "__Host-ledig"
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Browsers keep secure cookies of these even over plain http."""

Page = Callable[[], ResponseReturnValue]


def token() -> str:
    """The session token that came with this request; empty if none did."""
    return request.cookies.get(COOKIE, "")


def manager() -> str | None:
    """Who is logged in; None if nobody is."""
    return serving().accounts.who(token()) if token() else None


def managers_only(page: Page) -> Page:
    """Send everybody else to the login, and back here afterwards."""

    @wraps(page)
    def guarded() -> ResponseReturnValue:
        name = manager()
        if name is None:
            return redirect(url_for("manage.login", next=request.full_path.rstrip("?")), 303)
        g.manager = name
        return page()

    return guarded


def reachable() -> bool:
    """Whether a browser would keep our cookie here: over https, or on this very machine."""
    return request.is_secure or urlsplit(f"//{request.host}").hostname in LOCAL


def remember(response: Response, session: str) -> None:
    """Set the cookie; it lives as long as the browser, the session at most twelve hours."""
    response.set_cookie(COOKIE, session, secure=True, httponly=True, samesite="Lax", path="/")


def forget(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")


def onward(wish: str | None) -> str:
    """Where to go after the login: a page of ours, never another house's."""
    home = url_for("manage.live")
    return wish if wish and (wish == home or wish.startswith((f"{home}?", f"{home}/"))) else home
