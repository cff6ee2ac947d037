"""Stores a session in a cookie, and derives a readable name of the browser.

In:    the cookies and the headers of a request.
Out:   the session's token; the browser's name; where to go after the login.
Never: a password (`accounts` checks those); permissions (`routes` decides those).
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from dashboard.configuration.base_path import cookie_name, root_path
from dashboard.configuration.settings import DashboardSettings
from dashboard.web.app_context import get_app_context
from edge.contract.hosts import LOOPBACK
from edge.timekeeping.durations import DAY_S

SESSION_COOKIE: Final = "ledig"
DEVICE_COOKIE: Final = "ledig-browser"
DEVICE_COOKIE_MAX_AGE_S: Final = 180 * DAY_S
LOCAL_HOSTS: Final = frozenset({"localhost", LOOPBACK, "::1"})
"""Browsers keep secure cookies of these hosts even over plain http."""

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


def read_session_token() -> str:
    """Return the session token of this request; empty if there is none."""
    return request.cookies.get(_cookie_name(SESSION_COOKIE), "")


def read_device_cookie() -> str:
    """Return the browser's device cookie; empty if there is none."""
    return request.cookies.get(_cookie_name(DEVICE_COOKIE), "")


def describe_browser(user_agent: str) -> str:
    """Return a readable name such as `Firefox, Linux`, without a version; empty for an unknown browser."""
    found = (
        next((name for pattern, name in names if re.search(pattern, user_agent)), "") for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))


def can_keep_cookie() -> bool:
    """Whether a browser would keep our cookie here: over https, or on this machine."""
    return request.is_secure or urlsplit(f"//{request.host}").hostname in LOCAL_HOSTS


@dataclass(frozen=True, slots=True)
class SshTunnel:
    """How somebody with SSH access to the server logs in before it has HTTPS."""

    command: str
    """For the terminal of their own computer."""
    address: str
    """The URL to open there while the command runs."""


def build_ssh_tunnel(settings: DashboardSettings) -> SshTunnel | None:
    """Return a way to log in through SSH; None if localhost is not among the hosts, or the request names no host."""
    host = urlsplit(f"//{request.host}").hostname
    if host is None or (settings.hosts and LOCAL_HOSTS.isdisjoint(settings.hosts)):
        return None
    remote_host = "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - a value of the setting
    if ":" in remote_host:
        remote_host = f"[{remote_host}]"  # an IPv6 address
    command = f"ssh -L {settings.port}:{remote_host}:{settings.port} {host}"
    return SshTunnel(command, f"http://localhost:{settings.port}{url_for('manage.login')}")


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


def select_redirect_target(target: str | None) -> str:
    """Return where to go after the login: always a page of ours, never another site."""
    home = url_for("manage.live")
    is_ours = target is not None and (target == home or target.startswith((f"{home}?", f"{home}/")))
    return target if target and is_ours and target.isprintable() else home  # a header cannot contain line breaks
