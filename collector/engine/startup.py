"""Starts the pipeline on an open journal: loads the time estimate and removes data from the future.

In:    an open journal, the plan, the settings, site time.
Out:   the estimate of the last run; the collector's pipeline.
Never: sockets, threads.
"""

import logging

from collector.configuration.alert_settings import AlertSettings
from collector.configuration.collector_settings import RetentionSettings
from collector.engine.journal_rewind import find_last_confirmed_ms, rewind_journal
from collector.engine.pipeline import Pipeline
from collector.rollup.buckets import COMPUTED_UNTIL_KEY
from collector.site.adjustments import apply_adjustments
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from collector.store.metadata_keys import load_time_estimate
from collector.store.stored_adjustments import load_adjustments
from collector.timekeeping.site_clock import TimeEstimate
from collector.timekeeping.site_time import SiteTime

log = logging.getLogger(__name__)


def load_initial_estimate(journal: Journal, wall_ms: int) -> TimeEstimate:
    """The time estimate of the last run; for a journal of an older Ledig, the last time that is certain.

    That is the time of its newest event, and the end of its history unless that is ahead of the wall clock.
    """
    until_ms = journal.tables.read_number(COMPUTED_UNTIL_KEY) or 0
    known_ms = max(find_last_confirmed_ms(journal), until_ms if until_ms <= wall_ms else 0)
    return load_time_estimate(journal) or TimeEstimate(site_ms=known_ms, deletion_ms=known_ms)


def start_pipeline(
    plan: SitePlan, journal: Journal, retention: RetentionSettings, site_time: SiteTime, alerts: AlertSettings
) -> Pipeline:
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
    plan = apply_adjustments(plan, load_adjustments(journal))
    work = Pipeline(plan, journal, retention, site_time, alerts)
    now_ms = site_time.estimate.site_ms
    if not work.is_ahead(now_ms):
        return work
    with journal.transaction():
        rows = rewind_journal(journal, plan, now_ms)
    log.warning("the clock was ahead: rows of history removed that were dated in the future: %d", rows)
    return Pipeline(plan, journal, retention, site_time, alerts)
