"""Sends managers' commands to the collector, but only while it is reachable.

In:    a kind of topic and a payload; the live site snapshot.
Out:   whether the collector was reachable, and whether the effect was observed.
Never: a queue: the broker does not keep commands for an unreachable collector.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import gevent
from flask import abort

from dashboard.live.frame import LinkStatus
from dashboard.web.app_context import get_app_context
from edge.contract.topics import TopicKind

CONFIRM_S: Final = 5.0
"""How long to wait for an effect. The collector publishes a change once it is on disk; later on a loaded machine."""
_POLL_S: Final = 0.05


def is_collector_reachable() -> bool:
    """Return whether the collector is reachable now, so that a command is not lost."""
    return get_app_context().live.snapshot.evaluate_link(time.monotonic()) is LinkStatus.LIVE


def try_send_to_collector(topic_kind: TopicKind, payload: bytes) -> bool:
    """Send a command to the collector; False: it is not reachable, and nothing was sent."""
    here = get_app_context()
    return is_collector_reachable() and here.live.publish(topic_kind, topic_kind.topic(here.plan.id), payload)


def send_to_collector(topic_kind: TopicKind, payload: bytes) -> None:
    """Send a command to the collector, or abort with 503 if it is not reachable."""
    if not try_send_to_collector(topic_kind, payload):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)


def wait_for_effect(effect: Callable[[], bool]) -> bool:
    """Wait until the live snapshot shows the effect of a command; False: it did not within CONFIRM_S."""
    deadline_s = time.monotonic() + CONFIRM_S
    while not effect():
        if time.monotonic() > deadline_s:
            return False
        gevent.sleep(_POLL_S)
    return True
