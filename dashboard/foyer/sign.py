"""The sign beside the sensors: under which address the register is found from a phone, and the QR code of it.

In:    the settings, and the name under which this very page was asked for.
Out:   one address, or none if no phone could open it; the dark squares of a QR code.
Never: HTML, the network, a service that draws codes.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

import segno

from dashboard.settings import DashboardSettings

QUIET: Final = 4
"""Squares of white around a code, so that phones find it. Source: ISO/IEC 18004."""
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: so many squares wide with its white border, and the path of the dark ones."""

    size: int
    path: str


def origin(settings: DashboardSettings, host: str, scheme: str) -> str | None:
    """Where a phone finds this house: `https://ledig.example`; None if nobody knows.

    The name that whoever prints the sign has in the browser is one that works. Printed on the machine itself that is
    `localhost`, which on a phone is the phone: then the first name that the settings give the house.

    Args:
        settings: `hosts` are the house's names; with `proxies` one of them speaks https in front of us.
        host: of the request, with its port.
        scheme: of the request.
    """
    if _leads_here(host.rsplit(":", 1)[0] if not host.endswith("]") else host):
        return f"{scheme}://{host}"
    named = next((name for name in settings.hosts if not name.startswith(".") and _leads_here(name)), None)
    if named is None:
        return None
    if settings.proxies:
        return f"https://{named}"
    return f"http://{named}" if settings.port == PORTS["http"] else f"http://{named}:{settings.port}"


def _leads_here(name: str) -> bool:
    """Whether a name means this machine on other machines too."""
    bare = name.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare != "localhost" and not bare.endswith(".localhost")


def code(address: str) -> Code:
    """The QR code of an address; a quarter of it may be hidden or torn."""
    squares = segno.make_qr(address, error="q").matrix
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y, row in enumerate(squares) for x, dark in enumerate(row) if dark
    )
    return Code(len(squares) + 2 * QUIET, path)
