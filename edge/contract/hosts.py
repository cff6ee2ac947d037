"""Validates a setting that names a machine: a host name or an IP address, not a URL.

In:    the text of a setting.
Out:   the problem with its remedy, or None.
Never: a lookup. Whether the machine exists shows when a client connects.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
LOOPBACK: Final = "127.0.0.1"
LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", "localhost.localdomain"})


def find_host_problem(host: str) -> str | None:
    """Return what is wrong with a host name or address; None if it is valid."""
    if _is_host(host):
        return None
    if inner := _extract_host(host):
        return f'"{host}" is more than a host name or address; write only: "{inner}"'
    return f'"{host}" is not a host name or address; write it as "ledig.local" or "192.168.10.5"'


def is_this_machine(host: str) -> bool:
    """Return whether the name or address always means the local machine."""
    if host.rstrip(".").lower() in LOCAL_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        is_number = host.replace(".", "").isdigit()  # 192.168.1 and 1.2.3.400 are not host names
        return len(host) <= 253 and not is_number and _NAME.fullmatch(host) is not None
    return True


def _extract_host(text: str) -> str:
    """Extract the host from a URL, a host with a port or an address in brackets; empty if there is none."""
    try:
        found = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return found if _is_host(found) else ""
