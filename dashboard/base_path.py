"""Serves all pages below a sub-path of a host that others share, such as `https://example.org/ledig/`.

In:    requests from a reverse proxy that keeps the sub-path or strips it.
Out:   the same requests with the sub-path as SCRIPT_NAME, so that every address which the pages make begins with it.
Never: a rewritten page.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

PATTERN: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BasePath:
    """A WSGI application below `base_path`; see `DashboardSettings.base_path`."""

    def __init__(self, application: _Application, base_path: str) -> None:
        self._application: Final = application
        self._base_path: Final = base_path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Move the sub-path from the path to the script's name; without a final slash it means the first page."""
        path, base = environ.get("PATH_INFO", ""), self._base_path
        if path == base or path.startswith(f"{base}/"):
            path = path.removeprefix(base)
        environ["SCRIPT_NAME"] = base
        environ["PATH_INFO"] = path or "/"
        return self._application(environ, start_response)


def root(base_path: str) -> str:
    """The address of the first page, where cookies and the service worker are valid."""
    return f"{base_path}/"


def cookie_name(base_path: str, name: str) -> str:
    """A cookie's name with the strictest prefix: `__Host-` demands the path `/`, which a sub-path must not have."""
    return f"{'__Secure-' if base_path else '__Host-'}{name}"
