"""Holds what every page needs: the site, its live snapshot, its accounts.

In:    nothing; `create_app` stores the context in the application.
Out:   the context of each request.
Never: work of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import current_app

from collector.site.site_plan import SitePlan
from dashboard.accounts.accounts import Accounts
from dashboard.charts.plan_drawing import FloorDrawing
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.broadcast import StreamSlots
from dashboard.subscriber.subscriber import LiveView
from dashboard.web.page_cache import PageCache
from dashboard.web.report_limits import ReportLimits
from dashboard.web.workers import Workers

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AppContext:
    """The shared objects of one dashboard."""

    settings: DashboardSettings
    live: LiveView
    accounts: Accounts
    stream_slots: StreamSlots
    drawings: tuple[FloorDrawing, ...]
    page_cache: PageCache = field(default_factory=PageCache)
    report_limits: ReportLimits = field(default_factory=ReportLimits)
    workers: Workers = field(default_factory=Workers)

    @property
    def plan(self) -> SitePlan:
        """The plan in use now: that of the site file with the managers' adjustments."""
        return self.live.snapshot.plan

    def use_accounts(self, work: Callable[[Accounts], _T]) -> _T:
        """Read or write the accounts in a thread of their pool; raises AccountsAway, Overloaded."""
        return self.workers.accounts.run_and_wait(lambda: work(self.accounts))


def get_app_context() -> AppContext:
    """Return the context of the dashboard that answers this request."""
    found: AppContext = current_app.extensions["ledig"]
    return found


def query_history(work: Callable[[], _T]) -> _T:
    """Query history in a thread of its pool and wait for it, while the event loop serves other requests."""
    return get_app_context().workers.history.run_and_wait(work)
