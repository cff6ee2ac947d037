"""Takes up a journal: what time was believed, and nothing that was written for a time that has not come.

In:    an open journal, the plan, the settings, site time.
Out:   what the last run believed; the collector's work.
Never: sockets, threads.
"""

import logging

from collector.adjustments import NAME, adjusted, from_stored
from collector.alerts.settings import AlertSettings
from collector.journal import Journal
from collector.marks import load_belief
from collector.plan import SitePlan
from collector.rewind import last_known_ms, rewind
from collector.settings import RetentionSettings
from collector.settle import UNTIL
from collector.site_clock import Belief
from collector.site_time import SiteTime
from collector.work import Work

log = logging.getLogger(__name__)


def believed(journal: Journal, wall_ms: int) -> Belief:
    """What the last run believed; of an older Ledig's journal, the last time that it surely saw.

    That is the time of its newest event, and up to where its history goes, unless that is ahead of the wall clock.
    """
    until_ms = journal.meta(UNTIL) or 0
    known_ms = max(last_known_ms(journal), until_ms if until_ms <= wall_ms else 0)
    return load_belief(journal) or Belief(site_ms=known_ms, deletion_ms=known_ms)


def begin(
    plan: SitePlan, journal: Journal, retention: RetentionSettings, site_time: SiteTime, alerts: AlertSettings
) -> Work:
    """Take up a journal, after what was written for a time that has not come is taken back.

    Args:
        plan: of the site file.
        journal: open.
        retention: how long things are kept.
        site_time: it was read just now.
        alerts: what is alerted of, and where to.
    """
    plan = adjusted(plan, from_stored(journal.settled().get(NAME)))
    work = Work(plan, journal, retention, site_time, alerts)
    now_ms = site_time.belief.site_ms
    if not work.is_ahead(now_ms):
        return work
    with journal.transaction():
        rows = rewind(journal, plan, now_ms)
    log.warning("the clock was ahead: rows of history removed that were dated in the future: %d", rows)
    return Work(plan, journal, retention, site_time, alerts)
