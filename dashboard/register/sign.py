"""Address and QR code of the sensor register, for the printed sign.

In:    the settings, the host name of the current request.
Out:   an address, or None if a phone could not open it; the dark squares of a QR code.
Never: HTML, the network, an external QR service.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

import segno

from dashboard.configuration.dashboard_settings import DashboardSettings

BORDER_SQUARES: Final = 4
"""Width of the white border, in squares. Source: ISO/IEC 18004."""
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code: its width in squares, with the border, and the path of the dark squares."""

    size: int
    path: str


def find_public_origin(settings: DashboardSettings, host: str, scheme: str) -> str | None:
    """Return the origin at which a phone reaches this site, such as `https://ledig.example`; None if unknown.

    The host name in the browser of the person who prints the sign works. On the server itself that name is `localhost`,
    which is useless on a phone; then use the first public name in the settings.

    Args:
        settings: `hosts` lists the site's names; `proxies` means that a proxy serves HTTPS.
        host: host of the request, with its port.
        scheme: scheme of the request.
    """
    if _is_reachable(host.rsplit(":", 1)[0] if not host.endswith("]") else host):
        return f"{scheme}://{host}"
    public_name = next((name for name in settings.hosts if not name.startswith(".") and _is_reachable(name)), None)
    if public_name is None:
        return None
    if settings.proxies:
        return f"https://{public_name}"
    return (
        f"http://{public_name}" if settings.port == DEFAULT_PORTS["http"] else f"http://{public_name}:{settings.port}"
    )


def _is_reachable(name: str) -> bool:
    """Return whether a host name also reaches this machine from other machines."""
    bare = name.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare != "localhost" and not bare.endswith(".localhost")


def encode_qr(address: str) -> QrCode:
    """Encode an address; the code stays readable with a quarter of it covered or torn."""
    squares = segno.make_qr(address, error="q").matrix
    path = "".join(
        f"M{x + BORDER_SQUARES} {y + BORDER_SQUARES}h1v1h-1z"
        for y, row in enumerate(squares)
        for x, dark in enumerate(row)
        if dark
    )
    return QrCode(len(squares) + 2 * BORDER_SQUARES, path)
