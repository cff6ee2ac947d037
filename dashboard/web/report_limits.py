"""Limits how many reports one browser can send, without storing who it is.

In:    a browser's address and name, a space, monotonic seconds.
Out:   whether another report is accepted.
Never: an address: only a hash of it, in memory, with a key that is drawn again every hour; files.
"""

import hmac
import ipaddress
import secrets
from collections import Counter
from hashlib import sha256
from typing import Final

from edge.timekeeping.durations import HOUR_S

MAX_REPORTS_OF_SPACE: Final = 2
"""Reports of one browser about one space within a period: one, and one to correct a mistake."""
MAX_REPORTS_OF_BROWSER: Final = 20
"""Reports of one browser within a period. All members of a site may share one address."""
PERIOD_S: Final = HOUR_S
"""After this time every count is forgotten, and the key is replaced."""
_IPV6_PREFIX: Final = 64
"""One client usually has a whole network of this size."""


class ReportLimits:
    """Counts the reports of this period."""

    def __init__(self) -> None:
        self._key = b""
        self._ends_s = float("-inf")
        self._counts: Counter[bytes] = Counter()

    def accept_report(self, address: str, browser_name: str, space: str, now_s: float) -> bool:
        """Count a report and return whether it is within the limits; one that is not counts no further.

        Args:
            address: of the client.
            browser_name: as the browser sends it.
            space: id of the space.
            now_s: monotonic seconds.
        """
        if now_s >= self._ends_s:
            self._key, self._ends_s = secrets.token_bytes(32), now_s + PERIOD_S
            self._counts.clear()
        browser = f"{_shorten_address(address)} {browser_name}"
        of_browser, of_space = self._hash(browser), self._hash(f"{browser} {space}")
        if self._counts[of_browser] >= MAX_REPORTS_OF_BROWSER or self._counts[of_space] >= MAX_REPORTS_OF_SPACE:
            return False
        self._counts.update((of_browser, of_space))
        return True

    def _hash(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(errors="replace"), sha256).digest()[:16]


def _shorten_address(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address
