"""What every page has at hand: the house, its live picture, its accounts.

In:    nothing; `create_app` puts it there.
Out:   the same things, to whoever answers a request.
Never: work of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import gevent
from flask import current_app

from collector.plan import SitePlan
from dashboard.accounts import Accounts
from dashboard.drawing import Drawing
from dashboard.live.channel import Seats
from dashboard.live.following import Live
from dashboard.member.ready import Ready
from dashboard.settings import DashboardSettings

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Serving:
    """One dashboard."""

    settings: DashboardSettings
    plan: SitePlan
    live: Live
    accounts: Accounts
    seats: Seats
    drawings: tuple[Drawing, ...]
    ready: Ready = field(default_factory=Ready)


def serving() -> Serving:
    """The dashboard that answers this request."""
    found: Serving = current_app.extensions["ledig"]
    return found


def aside(work: Callable[[], _T]) -> _T:
    """Do slow work in a thread of the pool and wait for it, while the event loop serves everybody else."""

    def kept() -> tuple[_T, None] | tuple[None, Exception]:
        try:
            return work(), None
        except Exception as fault:  # noqa: BLE001 - raised again below, in the greenlet that asked
            return None, fault

    outcome: tuple[_T, None] | tuple[None, Exception] = gevent.get_hub().threadpool.apply(kept)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]
