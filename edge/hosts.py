"""What may stand where a setting names a machine: a name or an address, and nothing of a URL.

In:    the text of a setting.
Out:   what is wrong with it, with the remedy, or None.
Never: a lookup. Whether the machine is there is found out by whoever connects.
"""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", "localhost.localdomain"})


def host_fault(host: str) -> str | None:
    """What is wrong with the name or address of a machine; None if nothing is."""
    if _is_host(host):
        return None
    if inner := _inner_host(host):
        return f'"{host}" is more than a host name or address; write only: "{inner}"'
    return f'"{host}" is not a host name or address; write it as "ledig.local" or "192.168.10.5"'


def is_this_machine(host: str) -> bool:
    """Whether the name or address can only mean the machine that reads it."""
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
        is_number = host.replace(".", "").isdigit()  # 192.168.1 and 1.2.3.400 are no names
        return len(host) <= 253 and not is_number and _NAME.fullmatch(host) is not None
    return True


def _inner_host(text: str) -> str:
    """The host in what looks like a URL, a host with a port or an address in brackets; empty if there is none."""
    try:
        found = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return found if _is_host(found) else ""
