"""Sends what a manager asks for to the collector, and never into the void.

In:    a topic and a payload; the live picture.
Out:   whether a collector was there to take it, and whether its effect was seen.
Never: a queue: the broker keeps no command for a collector that is away.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import gevent
from flask import abort

from dashboard.live.frame import Link
from dashboard.serving import serving

CONFIRM_S: Final = 5.0
"""A collector answers as soon as a change is on its disk; on a loaded machine, or while it takes other hours, later."""
_LOOK_S: Final = 0.05


def collector_is_there() -> bool:
    """Whether a collector answers now, so that a request to it is not lost."""
    return serving().live.picture.link(time.monotonic()) is Link.LIVE


def is_sent_to_collector(topic: str, payload: bytes) -> bool:
    """Send a request to the collector; False: nobody would take it, and nothing was sent."""
    return collector_is_there() and serving().live.say(topic, payload)


def send_to_collector(topic: str, payload: bytes) -> None:
    """Send a request to the collector, or answer 503 if nobody would take it."""
    if not is_sent_to_collector(topic, payload):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)


def is_confirmed(effect: Callable[[], bool]) -> bool:
    """Wait until the live picture shows the effect of a request; False: it did not within CONFIRM_S."""
    deadline_s = time.monotonic() + CONFIRM_S
    while not effect():
        if time.monotonic() > deadline_s:
            return False
        gevent.sleep(_LOOK_S)
    return True
