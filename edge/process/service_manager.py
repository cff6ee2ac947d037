"""Reports to the service manager that this process is ready, and that its work advances.

In:    the process's reports of progress; NOTIFY_SOCKET and WATCHDOG_USEC, which systemd sets.
Out:   READY=1 with the first report, WATCHDOG=1 with each report; nothing without a service manager.
Never: a timer or thread of its own, which would continue after the work has stopped.

Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import logging
import time
from typing import Final

from systemd_watchdog import WatchDog

MAX_REPORT_PAUSE_S: Final = 30.0
REPORTS_PER_TIMEOUT: Final = 4
"""At least this many reports fit into the time after which systemd ends the process."""

log = logging.getLogger(__name__)


class ServiceNotifier:
    """The connection to the service manager. One thread owns it."""

    def __init__(self) -> None:
        self._manager = WatchDog()
        # the library's own `ping` uses the time of day, which may jump
        self._pause_s = min(MAX_REPORT_PAUSE_S, self._manager.timeout_td.total_seconds() / REPORTS_PER_TIMEOUT)
        self._next_s = 0.0
        self._is_ready = self._failed = False

    def report_progress(self) -> None:
        """Report progress; call it at any rate, but only when work has advanced or there is none to do."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._pause_s
        try:
            if not self._is_ready:
                self._manager.ready()
                self._is_ready = True
            self._manager.notify()
        except OSError as fault:
            if not self._failed:
                log.warning("the service manager cannot be reached: %s; trying again", fault)
            self._failed = True
        else:
            self._failed = False
