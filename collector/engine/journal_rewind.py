"""Removes what the collector wrote for a time that has not come yet, once the right time is known.

In:    an open journal, the plan, the right time.
Out:   the journal as if its clock had never been ahead: positions, history, transitions, learned values.
Never: a change to what a device reported for a time that has come; clocks, transactions of its own.

Needed after a clock was ahead and trusted: by an older Ledig, which trusted every clock, or after a step that was
confirmed by mistake (docs/decisions/0030).
"""

from itertools import groupby

from collector.alerts import alert_store
from collector.contract.forecast_points import Lead
from collector.contract.loss_reasons import LossReason
from collector.contract.states import Occupancy
from collector.health import health_rewind
from collector.history.measures import BUCKET_MS, FORECAST, MEASURES, STAYS
from collector.intake.rejection import StreamGap
from collector.rollup.buckets import COMPUTED_UNTIL_KEY
from collector.site.calendar import find_midnight_ms
from collector.site.site_plan import SitePlan
from collector.store.blobs import AIR, EVIDENCE
from collector.store.journal import AIR_PREFIX, Journal
from collector.store.metadata_keys import ACCEPTED_FROM, ERASED_UNTIL
from collector.timekeeping.instants import FOREVER_MS
from collector.truth.truth_store import rewind_truth
from edge.contract.message import MAX_FUTURE_MS
from edge.contract.raw_retention import MAX_RAW_MS
from edge.timekeeping.durations import DAY_MS, HOUR_MS


def is_ahead(journal: Journal, now_ms: int) -> bool:
    """Whether positions in the journal are ahead of a time."""
    return any(
        (journal.tables.read_number(name) or 0) > now_ms for name in (COMPUTED_UNTIL_KEY, ERASED_UNTIL, ACCEPTED_FROM)
    )


def rewind_journal(journal: Journal, plan: SitePlan, now_ms: int) -> int:
    """Remove what is ahead of `now_ms`, inside the journal's transaction; returns how many rows of history."""
    until_ms = now_ms - now_ms % BUCKET_MS
    _rewind_positions(journal, until_ms, now_ms)
    _rewind_events(journal, now_ms)
    _rewind_spaces(journal, plan, now_ms)
    health_rewind.rewind_health(journal, plan, now_ms)
    alert_store.rewind_notes(journal, now_ms)
    rewind_truth(journal, now_ms)
    return _rewind_history(journal, plan, until_ms)


def _rewind_positions(journal: Journal, until_ms: int, now_ms: int) -> None:
    for name, most_ms in ((COMPUTED_UNTIL_KEY, until_ms), (ERASED_UNTIL, now_ms - MAX_RAW_MS), (ACCEPTED_FROM, now_ms)):
        if (journal.tables.read_number(name) or 0) > most_ms:
            journal.tables.store_number(name, most_ms)
    journal.tables.delete_people_estimates_after(until_ms)
    journal.tables.delete_stale(until_ms + 1)
    journal.tables.limit_report_times(now_ms)


def _rewind_events(journal: Journal, now_ms: int) -> None:
    """Turn events dated ahead into exact gaps: their right time is unknown."""
    ahead_ms = now_ms + MAX_FUTURE_MS
    found = journal.tables.list_events_after(ahead_ms)
    gaps = []
    for (device, stream, _), members in groupby(enumerate(found), lambda one: (*one[1][:2], one[1][2] - one[0])):
        seqs = [row[2] for _, row in members]
        gaps.append(StreamGap(device, stream, seqs[0], seqs[-1], LossReason.FUTURE))
    if gaps:
        journal.rejections.add_gaps(gaps, now_ms)
        journal.tables.delete_events_after(ahead_ms)


def _rewind_spaces(journal: Journal, plan: SitePlan, now_ms: int) -> None:
    """Remove the newest state of spaces and air that is ahead; the next start recomputes it from the stored events."""
    journal.tables.delete_transitions_after(now_ms)
    latest_ms = now_ms + MAX_FUTURE_MS
    for name, body in journal.read_values().items():
        if name in plan.space_by_id:
            is_ahead = EVIDENCE.decode(body).at_ms > latest_ms
        else:
            is_ahead = name.startswith(AIR_PREFIX) and any(
                view.last_event_ms > latest_ms for view in AIR.decode(body).sensor_states
            )
        if is_ahead:
            journal.tables.delete_value(name)
    for space, checkpoint in journal.read_checkpoints().items():
        if EVIDENCE.decode(checkpoint.body).at_ms > latest_ms:
            journal.tables.delete_checkpoint(space)
        elif checkpoint.at_ms > now_ms:
            journal.store_checkpoint(space, checkpoint._replace(at_ms=now_ms, state=Occupancy.UNKNOWN))


def _rewind_history(journal: Journal, plan: SitePlan, until_ms: int) -> int:
    """Remove rows of buckets that are not over, and forecasts that were issued later than now."""
    history = journal.tables.history
    tomorrow_ms = find_midnight_ms(plan, until_ms, -1)
    removed = 0
    for measure in MEASURES:
        if measure is FORECAST:
            continue
        from_ms = find_midnight_ms(plan, until_ms) if measure is STAYS else until_ms - until_ms % measure.bucket_ms
        removed += history.withdraw_rows(measure, from_ms)
    for lead, from_ms in (
        (Lead.HOUR, until_ms - until_ms % HOUR_MS + 2 * HOUR_MS),
        (Lead.THREE_HOURS, until_ms - until_ms % HOUR_MS + 4 * HOUR_MS),
        (Lead.DAY, tomorrow_ms),
        (Lead.WEEK, tomorrow_ms + 7 * DAY_MS),
    ):
        removed += history.withdraw_rows(FORECAST, from_ms, lead.value)
    return removed


def find_last_confirmed_ms(journal: Journal) -> int:
    """The last time that devices confirm, for a journal without a stored time estimate; 0: none."""
    return max(journal.find_newest_ms(FOREVER_MS), (journal.tables.read_number(ACCEPTED_FROM) or 1) - 1)
