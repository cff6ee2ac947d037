"""Limits how many reports one browser and one address can send, without storing who it is.

In:    a browser's address and name, a space, the number of spaces, monotonic seconds.
Out:   whether another report is sent, refused or dropped.
Never: an address: only a hash of it, in memory, with a key that is drawn again every hour; files.
"""

import hmac
import logging
import secrets
from collections import Counter
from enum import Enum, auto
from hashlib import sha256
from typing import Final

from collector.contract.truth import compute_report_limit
from dashboard.web_server import address_group
from edge.timekeeping.durations import HOUR_S

MAX_REPORTS_OF_SPACE: Final = 2
"""Reports of one browser about one space within a period: one, and one to correct a mistake."""
BROWSER_SHARE: Final = 4
"""One browser can report as many spaces within a period as a quarter of the reports that the site accepts."""
ADDRESS_SHARE: Final = 2
"""One address can send half of the reports that the site accepts, under whatever names of browsers: all members may
share one address."""
MIN_REPORTS_OF_ADDRESS: Final = 2
MAX_REPORTS_OF_SPACE_AND_ADDRESS: Final = 3
MAX_COUNTERS: Final = 10_000
"""More are not kept, and reports that need one are dropped until the period ends."""
PERIOD_S: Final = HOUR_S
"""After this time every count is forgotten, and the key is replaced."""

log = logging.getLogger(__name__)


class ReportDecision(Enum):
    """What happens to a report."""

    SEND = auto()
    REFUSE = auto()
    """One browser, or others of the same name at its address, sent too many; the page states that."""
    DROP = auto()
    """One address sent too many; its page is the same as that of a report that is sent."""


class ReportLimits:
    """Counts the reports of this period."""

    def __init__(self) -> None:
        self._key = b""
        self._ends_s = float("-inf")
        self._counts: Counter[bytes] = Counter()
        self._dropped_count = 0

    def decide_report(
        self, address: str, browser_name: str, space: str, space_count: int, now_s: float
    ) -> ReportDecision:
        """Count a report that is within the limits, and return whether it is; another one counts no further.

        Args:
            address: of the client.
            browser_name: as the browser sends it.
            space: id of the space.
            space_count: spaces that can be reported.
            now_s: monotonic seconds.
        """
        if now_s >= self._ends_s:
            self._key, self._ends_s = secrets.token_bytes(32), now_s + PERIOD_S
            self._counts.clear()
        network, most = address_group(address), compute_report_limit(space_count)
        of_browser, of_both = (
            self._hash("browser", network, browser_name),
            self._hash("both", network, browser_name, space),
        )
        of_address, of_space = self._hash("address", network), self._hash("space", network, space)
        counts = self._counts
        is_first = not counts[of_both]  # a second report of a space corrects a mistake, and is not another space
        if counts[of_both] >= MAX_REPORTS_OF_SPACE or (
            is_first and counts[of_browser] >= max(1, most // BROWSER_SHARE)
        ):
            return ReportDecision.REFUSE
        if (
            counts[of_address] >= max(MIN_REPORTS_OF_ADDRESS, most // ADDRESS_SHARE)
            or counts[of_space] >= MAX_REPORTS_OF_SPACE_AND_ADDRESS
            or len(counts) > MAX_COUNTERS - 4
        ):
            self._log_dropped()
            return ReportDecision.DROP
        counts.update((of_both, of_address, of_space, *((of_browser,) if is_first else ())))
        return ReportDecision.SEND

    def _log_dropped(self) -> None:
        self._dropped_count += 1
        if str(self._dropped_count).strip("0") == "1":  # log the 1st, 10th, 100th …
            log.warning("dropped reports so far: %d; too many from one address or altogether", self._dropped_count)

    def _hash(self, *parts: str) -> bytes:
        return hmac.new(self._key, "\n".join(parts).encode(errors="replace"), sha256).digest()[:16]
