"""Delivers notifications through apprise, in its own thread so that a slow server does not block the collector.

In:    destinations with their addresses, stored notifications.
Out:   the result of each attempt.
Never: the journal, evaluation, an address in a log or an error.

A notification is delivered at least once: it stays stored until an attempt succeeds. Pauses are real time.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from collector.alerts.notifications import DeliveryAttempt, Notification
from collector.configuration.alert_settings import Destination

FIRST_SEND_PAUSE_S: Final = 30.0
MAX_SEND_PAUSE_S: Final = 1800.0
CLOSE_TIMEOUT_S: Final = 2.0
"""How long an attempt may continue when the collector stops; its notification is stored anyway."""

DeliverFunction = Callable[[str, str, str], bool]
"""Takes an address, a title and a body; returns whether the message was accepted."""

log = logging.getLogger(__name__)


def deliver(url: str, title: str, body: str) -> bool:
    """Make one attempt through apprise; it waits a few seconds for a server at most, and never raises."""
    from apprise import Apprise, AppriseAsset  # takes half a second, so only import it for sites with destinations

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs addresses, which are secrets
    try:
        sender = Apprise(asset=AppriseAsset(app_id="Ledig", app_desc="Ledig", async_mode=False))
        return bool(sender.add(url) and sender.notify(title=title, body=body))
    except Exception:  # noqa: BLE001 - apprise's hundred services raise anything; each is a failed attempt
        return False


def is_valid_address(url: str) -> bool:
    """Return whether apprise accepts the address."""
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    try:
        return Apprise.instantiate(url) is not None
    except Exception:  # noqa: BLE001 - see above
        return False


class _Route:
    """One destination and the time of its next attempt."""

    def __init__(self, url: str, pause_s: float) -> None:
        self.url = url
        self.retry_at_s = 0.0
        self.failures = 0
        self._first_s = self._pause_s = pause_s

    def record_attempt(self, *, succeeded: bool) -> None:
        """Record one attempt; after each failure the pause doubles."""
        if succeeded:
            self.failures, self._pause_s, self.retry_at_s = 0, self._first_s, 0.0
            return
        self.failures += 1
        self.retry_at_s = time.monotonic() + random.uniform(0.5, 1) * self._pause_s  # noqa: S311 - jitter, no secret
        self._pause_s = min(2 * self._pause_s, MAX_SEND_PAUSE_S)


class NotificationSender:
    """Delivers notifications until it is closed; without destinations it does nothing."""

    def __init__(
        self,
        destinations: Iterable[Destination],
        deliver: DeliverFunction = deliver,
        first_pause_s: float = FIRST_SEND_PAUSE_S,
    ) -> None:
        self._routes = {one.name: _Route(one.url, first_pause_s) for one in destinations}
        self._deliver = deliver
        self._submitted: Sequence[Notification] = ()
        self._queue: SimpleQueue[Sequence[Notification] | None] = SimpleQueue()
        self._attempts: SimpleQueue[DeliveryAttempt] = SimpleQueue()
        self._thread = threading.Thread(target=self._deliver_until_closed, name="alerts", daemon=True)
        if self._routes:
            self._thread.start()

    def replace_waiting(self, notifications: Sequence[Notification]) -> None:
        """Replace the waiting notifications. Returns at once."""
        if self._routes and notifications != self._submitted:
            self._submitted = notifications
            self._queue.put(notifications)

    def add_unstored(self, notifications: Sequence[Notification]) -> None:
        """Add notifications that could not be stored. Returns at once."""
        self.replace_waiting([*self._submitted, *notifications])

    def take_attempts(self) -> list[DeliveryAttempt]:
        """Return the results of attempts since the last call. Returns at once."""
        return [self._attempts.get() for _ in range(self._attempts.qsize())]

    def close(self) -> None:
        """Stop; a running attempt may finish."""
        if self._routes:
            self._queue.put(None)
            self._thread.join(CLOSE_TIMEOUT_S)

    def _deliver_until_closed(self) -> None:
        waiting: Sequence[Notification] = ()
        done: set[int] = set()
        while True:
            try:
                received = self._queue.get(timeout=self._wait_s(waiting))
            except Empty:
                done |= self._attempt_due(waiting)
            else:
                if received is None:
                    return
                done &= {notification.no for notification in received}  # delivered, but the caller does not know it yet
                waiting = received
            waiting = [notification for notification in waiting if notification.no not in done]

    def _wait_s(self, waiting: Sequence[Notification]) -> float | None:
        """Return the seconds until the next attempt; None: nothing is waiting."""
        moments = [
            self._routes[name].retry_at_s
            for name in {notification.destination for notification in waiting} & self._routes.keys()
        ]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _attempt_due(self, waiting: Sequence[Notification]) -> set[int]:
        """Attempt one notification per destination whose pause is over; return the numbers of the delivered ones."""
        delivered: set[int] = set()
        for name, route in self._routes.items():
            of_destination = [notification for notification in waiting if notification.destination == name]
            if not of_destination or route.retry_at_s > time.monotonic():
                continue
            # Take them in turn after failures: an undeliverable one must not block the others.
            notification = of_destination[route.failures % len(of_destination)]
            succeeded = self._deliver(route.url, notification.title, notification.body)
            if not succeeded and not route.failures:
                log.warning("delivery of alerts to %s failed; retrying until it succeeds", name)
            route.record_attempt(succeeded=succeeded)
            self._attempts.put(DeliveryAttempt(notification, succeeded))
            if succeeded:
                delivered.add(notification.no)
        return delivered
