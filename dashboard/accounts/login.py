"""Carries a session in a cookie, and says what a browser is called.

In:    the cookie and the headers of a request.
Out:   the session's token; a browser in plain words; where to go after the login.
Never: a password; `accounts` judges those. Who may see what: `routes` says that.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from dashboard.base_path import cookie_name, root
from dashboard.serving import serving
from dashboard.settings import DashboardSettings

COOKIE: Final = "ledig"
MARK: Final = "ledig-browser"
MARK_S: Final = 180 * 86_400
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Browsers keep secure cookies of these even over plain http."""

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux|X11", "Linux"),
)


def token() -> str:
    """The session token that came with this request; empty if none did."""
    return request.cookies.get(_named(COOKIE), "")


def kept() -> str:
    """The mark of a browser in which somebody has logged in before; empty if it has none."""
    return request.cookies.get(_named(MARK), "")


def browser(user_agent: str) -> str:
    """What its owner calls it, such as `Firefox, Linux`; empty if we do not know it. No version, no more than that."""
    found = (
        next((name for pattern, name in known if re.search(pattern, user_agent)), "") for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))


def reachable() -> bool:
    """Whether a browser would keep our cookie here: over https, or on this very machine."""
    return request.is_secure or urlsplit(f"//{request.host}").hostname in LOCAL


@dataclass(frozen=True, slots=True)
class Tunnel:
    """How somebody with SSH access to the server logs in before it has HTTPS."""

    command: str
    """For the terminal of their own computer."""
    address: str
    """What to open there while the command runs."""


def tunnel(settings: DashboardSettings) -> Tunnel | None:
    """A way in through SSH; None: the pages do not answer to localhost, or the request names no host."""
    host = urlsplit(f"//{request.host}").hostname
    if host is None or (settings.hosts and LOCAL.isdisjoint(settings.hosts)):
        return None
    far = "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - what a setting may say
    if ":" in far:
        far = f"[{far}]"  # an IPv6 address
    command = f"ssh -L {settings.port}:{far}:{settings.port} {host}"
    return Tunnel(command, f"http://localhost:{settings.port}{url_for('manage.login')}")


def remember(response: Response, session: str, mark: str) -> None:
    """Set the cookies: the session's lives as long as the browser, its mark half a year."""
    path = root(serving().settings.base_path)
    response.set_cookie(_named(COOKIE), session, secure=True, httponly=True, samesite="Lax", path=path)
    response.set_cookie(_named(MARK), mark, max_age=MARK_S, secure=True, httponly=True, samesite="Lax", path=path)


def forget(response: Response) -> None:
    """Take the cookie back."""
    path = root(serving().settings.base_path)
    response.delete_cookie(_named(COOKIE), secure=True, httponly=True, samesite="Lax", path=path)


def _named(name: str) -> str:
    return cookie_name(serving().settings.base_path, name)


def onward(wish: str | None) -> str:
    """Where to go after the login: a page of ours, never another house's."""
    home = url_for("manage.live")
    ours = wish is not None and (wish == home or wish.startswith((f"{home}?", f"{home}/")))
    return wish if wish and ours and wish.isprintable() else home  # no header takes a line's end
