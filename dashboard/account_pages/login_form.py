"""What the login form needs to know about a request: the browser's name, whether it can log in here, where to go after.

In:    the headers of a request, the settings.
Out:   names and addresses.
Never: a password, a cookie.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import request, url_for

from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.contract.hosts import LOOPBACK

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
    return SshTunnel(command, f"http://localhost:{settings.port}{url_for('login.form')}")


def select_redirect_target(target: str | None) -> str:
    """Return where to go after the login: always a page of ours, never another site."""
    home = url_for("manage.live")
    is_ours = target is not None and (target == home or target.startswith((f"{home}?", f"{home}/")))
    return target if target and is_ours and target.isprintable() else home  # a header cannot contain line breaks
