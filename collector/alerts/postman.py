"""Delivers letters to their destinations through apprise, in a thread of its own: a slow server holds nobody up.

In:    destinations with their addresses, letters that are stored.
Out:   how each try went.
Never: the journal, a judgement, an address in a log or an error.

A letter is delivered at least once: whoever stored it keeps it until it is said to be taken. Pauses are real time.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from collector.alerts.letters import Delivered, Letter
from collector.alerts.settings import Destination

FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 1800.0
CLOSE_S: Final = 2.0
"""A try that runs when the collector stops may go on so long; its letter is stored anyway."""

Deliver = Callable[[str, str, str], bool]
"""Takes an address, a title and a text; says whether the message was taken."""

log = logging.getLogger(__name__)


def deliver(url: str, title: str, body: str) -> bool:
    """One try through apprise; it waits some seconds for a server at most, and raises nothing."""
    from apprise import Apprise, AppriseAsset  # half a second: only a house with destinations pays it

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it names addresses, and these are secrets
    try:
        sender = Apprise(asset=AppriseAsset(app_id="Ledig", app_desc="Ledig", async_mode=False))
        return bool(sender.add(url) and sender.notify(title=title, body=body))
    except Exception:  # noqa: BLE001 - a hundred services with faults of their own; each is a message not taken
        return False


def is_understood(url: str) -> bool:
    """Whether apprise knows such an address."""
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    try:
        return Apprise.instantiate(url) is not None
    except Exception:  # noqa: BLE001 - see above
        return False


class _Route:
    """One destination, and when it may be tried again."""

    def __init__(self, url: str, pause_s: float) -> None:
        self.url = url
        self.again_s = 0.0
        self.failures = 0
        self._first_s = self._pause_s = pause_s

    def went(self, *, well: bool) -> None:
        """Note one try: after each failure the pause doubles."""
        if well:
            self.failures, self._pause_s, self.again_s = 0, self._first_s, 0.0
            return
        self.failures += 1
        self.again_s = time.monotonic() + random.uniform(0.5, 1) * self._pause_s  # noqa: S311 - jitter, no secret
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


class Postman:
    """Takes letters and goes round with them until it is closed; without a destination it does nothing."""

    def __init__(
        self, destinations: Iterable[Destination], deliver: Deliver = deliver, first_pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._routes = {one.name: _Route(one.url, first_pause_s) for one in destinations}
        self._deliver = deliver
        self._handed: Sequence[Letter] = ()
        self._bag: SimpleQueue[Sequence[Letter] | None] = SimpleQueue()
        self._went: SimpleQueue[Delivered] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        if self._routes:
            self._thread.start()

    def hand(self, letters: Sequence[Letter]) -> None:
        """These are all that wait, in place of those that were handed over before. Returns at once."""
        if self._routes and letters != self._handed:
            self._handed = letters
            self._bag.put(letters)

    def add(self, letters: Sequence[Letter]) -> None:
        """These wait too, though nobody could store them. Returns at once."""
        self.hand([*self._handed, *letters])

    def tries(self) -> list[Delivered]:
        """How tries went since the last call. Returns at once."""
        return [self._went.get() for _ in range(self._went.qsize())]

    def close(self) -> None:
        """Go round no more; a try that runs may end."""
        if self._routes:
            self._bag.put(None)
            self._thread.join(CLOSE_S)

    def _work(self) -> None:
        waiting: Sequence[Letter] = ()
        done: set[int] = set()
        while True:
            try:
                handed = self._bag.get(timeout=self._wait_s(waiting))
            except Empty:
                done |= self._round(waiting)
            else:
                if handed is None:
                    return
                done &= {letter.no for letter in handed}  # taken, and whoever hands them over does not know it yet
                waiting = handed
            waiting = [letter for letter in waiting if letter.no not in done]

    def _wait_s(self, waiting: Sequence[Letter]) -> float | None:
        """How long until some letter may be tried; None: there is none."""
        moments = [self._routes[name].again_s for name in {letter.to for letter in waiting} & self._routes.keys()]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _round(self, waiting: Sequence[Letter]) -> set[int]:
        """Try one letter of each destination whose pause is over; returns the numbers of those that were taken."""
        taken: set[int] = set()
        for name, route in self._routes.items():
            letters = [letter for letter in waiting if letter.to == name]
            if not letters or route.again_s > time.monotonic():
                continue
            letter = letters[route.failures % len(letters)]  # one that nobody can take must not hold up the others
            well = self._deliver(route.url, letter.title, letter.body)
            if not well and not route.failures:
                log.warning("alerts do not reach %s; trying again until they do", name)
            route.went(well=well)
            self._went.put(Delivered(letter, well))
            if well:
                taken.add(letter.no)
        return taken
