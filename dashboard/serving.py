"""Holds what every page needs: the site, its live snapshot, its accounts.

In:    nothing; `create_app` stores the context in the application.
Out:   the context, for whoever answers a request.
Never: work of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import current_app

from collector.plan import SitePlan
from dashboard.accounts import Accounts
from dashboard.drawing import Drawing
from dashboard.live.channel import Seats
from dashboard.live.following import Live
from dashboard.member.ready import Ready
from dashboard.settings import DashboardSettings
from dashboard.workers import Workers

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Serving:
    """The shared objects of one dashboard."""

    settings: DashboardSettings
    live: Live
    accounts: Accounts
    seats: Seats
    drawings: tuple[Drawing, ...]
    ready: Ready = field(default_factory=Ready)
    workers: Workers = field(default_factory=Workers)

    @property
    def plan(self) -> SitePlan:
        """The plan in use now: that of the site file with the managers' adjustments."""
        return self.live.picture.plan

    def with_accounts(self, work: Callable[[Accounts], _T]) -> _T:
        """Read or write the accounts in a thread of their pool; raises AccountsAway, Overloaded."""
        return self.workers.accounts.run(lambda: work(self.accounts))


def serving() -> Serving:
    """Return the context of the dashboard that answers this request."""
    found: Serving = current_app.extensions["ledig"]
    return found


def aside(work: Callable[[], _T]) -> _T:
    """Query history in a thread of its pool and wait for it, while the event loop serves other requests."""
    return serving().workers.history.run(work)
