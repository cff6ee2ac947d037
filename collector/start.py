"""Starts the pipeline on an open journal: loads the time estimate and removes data from the future.

In:    an open journal, the plan, the settings, site time.
Out:   the estimate of the last run; the collector's pipeline.
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
    """The time estimate of the last run; for a journal of an older Ledig, the last time that is certain.

    That is the time of its newest event, and the end of its history unless that is ahead of the wall clock.
    """
    until_ms = journal.meta(UNTIL) or 0
    known_ms = max(last_known_ms(journal), until_ms if until_ms <= wall_ms else 0)
    return load_belief(journal) or Belief(site_ms=known_ms, deletion_ms=known_ms)


def begin(
    plan: SitePlan, journal: Journal, retention: RetentionSettings, site_time: SiteTime, alerts: AlertSettings
) -> Work:
    """Start the pipeline, after data from the future is removed.

    Args:
        plan: from the site file.
        journal: open.
        retention: how long data is kept.
        site_time: has just been read.
        alerts: which alerts to send, and where.

    Returns:
        The pipeline on this journal.
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
