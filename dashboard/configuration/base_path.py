"""Serves all pages below a sub-path of a shared host, such as `https://example.org/ledig/`.

In:    requests from a reverse proxy that keeps the sub-path or strips it.
Out:   the same requests with the sub-path as SCRIPT_NAME, so that every URL the pages generate starts with it.
Never: a rewritten page.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

BASE_PATH_PATTERN: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BasePathMiddleware:
    """A WSGI application below `base_path`; see `DashboardSettings.base_path`."""

    def __init__(self, application: _Application, base_path: str) -> None:
        self._application: Final = application
        self._base_path: Final = base_path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Move the sub-path from PATH_INFO to SCRIPT_NAME; the sub-path without a final slash means the first page."""
        path, base = environ.get("PATH_INFO", ""), self._base_path
        if path == base or path.startswith(f"{base}/"):
            path = path.removeprefix(base)
        environ["SCRIPT_NAME"] = base
        environ["PATH_INFO"] = path or "/"
        return self._application(environ, start_response)


def root_path(base_path: str) -> str:
    """Return the path of the first page, which is also the scope of cookies and the service worker."""
    return f"{base_path}/"


def cookie_name(base_path: str, name: str) -> str:
    """Return the cookie name with the strictest prefix; `__Host-` needs the path `/`, which a sub-path must not use."""
    return f"{'__Secure-' if base_path else '__Host-'}{name}"
