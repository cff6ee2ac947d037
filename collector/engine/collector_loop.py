"""The collector: one loop that receives messages, evaluates and stores them, and only then sends receipts.

In:    settings, the plan, the site's clock, a stop event.
Out:   the journal; receipts; states, summaries, forecasts and history.
Never: decisions of its own. One thread owns the states and the journal.

Every failed write ends the same way: the journal is closed, and messages that were not stored are not acknowledged.
When the disk accepts writes again, the state is read back and the senders continue from their last receipt.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from typing import Final

from collector.alerts.alert_hours import is_evaluated
from collector.alerts.alert_kinds import get_hours
from collector.alerts.alert_service import SystemFacts
from collector.alerts.conditions import Reachability, build_outage_alert
from collector.alerts.episodes import MIN_REPEAT_MS
from collector.alerts.notification_sender import NotificationSender
from collector.alerts.notifications import FIRST_UNSTORED_NO, write_notifications
from collector.configuration.collector_settings import CollectorSettings, HistoryKind
from collector.contract.alerts import Alert, AlertKind
from collector.contract.collector_faults import CollectorFault
from collector.contract.states import CollectorStatus
from collector.engine.message_publisher import MessagePublisher, MessageSource
from collector.engine.pipeline import Pipeline
from collector.engine.startup import load_initial_estimate, start_pipeline
from collector.intake.intake import IncomingMessage
from collector.mqtt.connection import BATCH_MESSAGES, COMMAND_TOPICS, CollectorConnection
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from collector.store.journal_faults import JournalAway, translate_errors
from collector.store.lease import Lease, apply_status, claim_if_free, make_instance_id
from collector.store.recovery.journal_guard import JournalGuard
from collector.timekeeping.site_clock import AGREEMENT_MS
from collector.timekeeping.site_time import SiteTime, TimeSource
from edge.contract import topics
from edge.process.recovery_pause import MAX_RECOVERY_PAUSE_S

TICK_S: Final = 0.1
"""Changed states are published together, at most this often."""
LIVE_TOPICS: Final = frozenset({topics.SPACE_STATE, topics.ZONE_SUMMARY, topics.SITE_SUMMARY})
"""After a quiet time, a change on one of these is published at once, without waiting for the next tick."""
STATUS_EVERY_S: Final = 5.0
ROLLUP_EVERY_S: Final = 1.0
"""How often history is recomputed for late events, so that a draining backlog does not trigger it with each batch.
Buckets that are due by the clock are computed at the next tick."""
BACKLOG_MESSAGES: Final = BATCH_MESSAGES // 2
"""A batch of this many messages is a backlog that drains."""
DRAINING_TICK_S: Final = 0.5
"""Tick during a backlog: the states are minutes old, and the senders wait."""
DRAINING_ROLLUP_DELAY_S: Final = 4.0
"""Additional delay of history during a backlog."""
SAVE_EVERY_S: Final = 60.0
"""How often the evidence is saved. A start reads all later events, so this bounds the start and the writes."""
RECONNECT_GRACE_S: Final = 60.0
"""Time after a connection within which every working device has connected too."""
OUTAGE_ALERT_AFTER_S: Final = 15.0
"""An alert is sent when the journal cannot be written for this long; shorter outages happen on a busy disk."""
OUTAGE_ALERT_EVERY_S: Final = MIN_REPEAT_MS / 1000
"""A journal that fails repeatedly causes an alert at most this often, in real time."""
OUTAGE_PROGRESS_S: Final = 1800.0
"""How long an outage of the journal counts as progress: it is reported, and a new process would find the same disk.
After that the service manager may restart the process, in case that helps."""
FIRST_REOPEN_PAUSE_S: Final = 1.0

log = logging.getLogger(__name__)


def run_collector(
    settings: CollectorSettings,
    plan: SitePlan,
    source: TimeSource,
    stop: threading.Event,
    report_progress: Callable[[], None] = lambda: None,
) -> None:
    """Run the collector until `stop` is set.

    Args:
        settings: broker, journal, history, retention.
        plan: the site's plan.
        source: the machine's clocks, or site time if that is right by definition.
        stop: may be set by any thread; the loop ends within a tick and the current commit.
        report_progress: called after each pass of the loop whose commits all succeeded, and during the first half hour
            of a disk outage.

    Raises:
        JournalRejected: the journal is in use, or a later version of Ledig wrote it.
        JournalAway: the journal cannot be opened at the start. A later outage is waited out.
    """
    site_time = SiteTime(source, plan.device_ids)
    guard = JournalGuard(settings.journal_path, plan, settings.retention, site_time.last_ms)
    opened = guard.open_journal()
    site_time.resume(load_initial_estimate(opened, site_time.last_ms()))
    journal: Journal | None = opened
    with ExitStack() as stack:
        find_history_fault = _find_no_fault
        if settings.history is HistoryKind.INFLUXDB:
            from collector.history.projection import Projection

            follower = Projection(settings.journal_path, settings.influx, site_time.last_ms)
            projection = stack.enter_context(closing(follower))
            projection.start()
            find_history_fault = projection.find_fault
        instance = make_instance_id(opened)
        loop = _CollectorLoop(settings, plan, site_time, stop, guard, find_history_fault, report_progress, instance)
        stack.callback(loop.close)
        while journal is not None:
            try:
                with closing(journal), translate_errors(settings.journal_path), guard.monitor_journal(journal):
                    while loop.run_pipeline(loop.start_pipeline(journal)):
                        pass
                    journal = None
            except JournalAway as fault:
                journal = loop.reopen_journal(fault)
            except Exception as fault:  # noqa: BLE001 - raised again unless a damaged journal is the cause
                journal = loop.replace_journal(fault)


def _find_no_fault() -> CollectorFault | None:
    return None


class _CollectorLoop:
    """What survives when the journal is reopened: the connection, and what was published over it."""

    def __init__(  # noqa: PLR0913, PLR0917 - the arguments of `run_collector`, and what it opened
        self,
        settings: CollectorSettings,
        plan: SitePlan,
        site_time: SiteTime,
        stop: threading.Event,
        guard: JournalGuard,
        find_history_fault: Callable[[], CollectorFault | None],
        report_progress: Callable[[], None],
        instance: str,
    ) -> None:
        self._path = settings.journal_path
        self._report_progress = report_progress
        self._guard = guard
        self._retention = settings.retention
        self._time = site_time
        self._now_ms = site_time.now_ms
        self._ticked_ms = 0
        self._stop = stop
        self._find_history_fault = find_history_fault
        self._lease = Lease(instance)
        self._connection = CollectorConnection(settings.broker, plan.id, instance)
        self._publisher = MessagePublisher(self._connection, plan)
        self._notifier = NotificationSender(settings.alerts.destinations)
        self._plan, self._alerts = plan, settings.alerts
        self._outage: Alert | None = None
        self._alert_again_s = 0.0
        self._announced_connection = 0
        self._connected_s = float("inf")
        self._published_s = self._status_s = 0.0
        self._rollup_s = 0.0
        self._save_s = time.monotonic() + SAVE_EVERY_S

    def close(self) -> None:
        """Publish that the collector is offline, and close the connection."""
        self._publish_status(online=False)
        self._connection.close()
        self._notifier.close()

    def start_pipeline(self, journal: Journal) -> Pipeline:
        """Start with an open journal."""
        self._now_ms()
        return start_pipeline(self._plan, journal, self._retention, self._time, self._alerts)

    def run_pipeline(self, pipeline: Pipeline) -> bool:
        """Run until `stop`, and store everything; True: call `start_pipeline` with the same journal again.

        That is needed when a manager has changed the opening hours, and when the clock was ahead, so that data from the
        future must be removed.
        """
        if self._outage is not None:
            pipeline.alert_service.record_outage_end(self._outage, self._now_ms())
            self._outage = None
        tick_s = 0.0
        self._announced_connection = 0
        while not self._stop.is_set():
            incoming = self._connection.read_batch(max(0.0, tick_s - time.monotonic()))
            if self._check_standby():
                for topic_kind in COMMAND_TOPICS:
                    self._connection.take_commands(topic_kind)
                self._connection.acknowledge()  # no receipt: the devices keep the events for the active collector
                self._report_progress()
                tick_s = time.monotonic() + TICK_S
                continue
            self._process_batch(pipeline, incoming)
            if 0 < len(incoming) < BACKLOG_MESSAGES:
                tick_s = min(tick_s, self._published_s + TICK_S)  # after a quiet time, publish a change at once
            if time.monotonic() >= tick_s:
                if self._must_restart(pipeline):
                    return True
                is_draining = len(incoming) >= BACKLOG_MESSAGES
                self._tick(pipeline, is_draining=is_draining)
                tick_s = time.monotonic() + (DRAINING_TICK_S if is_draining else TICK_S)
            self._report_progress()  # everything of this pass is on the disk; otherwise JournalAway was raised
        pipeline.save_evidence()
        return False

    def _process_batch(self, pipeline: Pipeline, incoming: list[IncomingMessage]) -> None:
        """Store what arrived, then send receipts and acknowledgements."""
        for device, at_ms in self._connection.take_device_times():
            self._time.record_device_time(device, at_ms, exact=True)
        commands = self._connection.take_commands(topics.COLLECTOR_COMMAND)
        adjustment_commands = self._connection.take_commands(topics.ADJUSTMENT_COMMAND)
        truth_commands = self._connection.take_commands(topics.TRUTH_COMMAND)
        if truth_commands:
            pipeline.process_truth_commands(truth_commands, self._now_ms())
        if commands:
            pipeline.process_commands(commands, self._now_ms())
        if adjustment_commands:
            pipeline.apply_adjustments(adjustment_commands, self._now_ms())
            if self._connection.is_subscribed:
                # they are stored; a manager waits for them, and a change of hours takes time
                self._publish_changes(pipeline.adjustment_changes, self._now_ms())
        if not incoming and (commands or adjustment_commands or truth_commands):
            self._connection.acknowledge()
        if incoming:
            receipts = pipeline.process_batch(incoming, self._now_ms())
            self._publisher.publish_receipts(receipts)
            self._connection.acknowledge()

    def _publish_changes(self, source: MessageSource, now_ms: int) -> None:
        messages = list(source.pop_messages(now_ms, int(time.monotonic() * 1000)))
        self._publisher.publish(messages)
        if any(message.topic_kind in LIVE_TOPICS for message in messages):
            self._published_s = time.monotonic()

    def _must_restart(self, pipeline: Pipeline) -> bool:
        if pipeline.is_outdated:
            pipeline.save_evidence()
            return True
        return pipeline.is_ahead(self._now_ms())

    def _tick(self, pipeline: Pipeline, *, is_draining: bool) -> None:
        now_ms = self._now_ms()
        self._guard.raise_findings()
        pipeline.tick(now_ms)
        if time.monotonic() >= self._rollup_s + (DRAINING_ROLLUP_DELAY_S if is_draining else 0.0):
            self._rollup_s = time.monotonic() + ROLLUP_EVERY_S
            system = SystemFacts(
                self._find_reachability(), bool(self._find_history_fault()), self._time.estimate.wall_ahead_ms
            )
            pipeline.alert_service.record_deliveries(self._notifier.take_attempts(), now_ms)
            if pipeline.advance_history(now_ms, system):
                self._rollup_s = time.monotonic()
            self._notifier.replace_waiting(
                pipeline.alert_service.notifications
            )  # stored, so a failed delivery is repeated after a restart
        has_stepped, self._ticked_ms = abs(now_ms - self._ticked_ms) > AGREEMENT_MS, now_ms
        if has_stepped or time.monotonic() >= self._save_s:
            self._save_s = time.monotonic() + SAVE_EVERY_S
            pipeline.save_evidence()
        if not self._connection.is_subscribed:
            return
        if self._announced_connection != self._connection.connection_count:
            self._announced_connection = self._connection.connection_count
            self._connected_s = time.monotonic()
            self._publisher.publish_receipts(pipeline.stored_up_to)
            for source in pipeline.message_sources:
                source.republish_all()
            self._status_s = 0.0
        for source in pipeline.message_sources:
            self._publish_changes(source, now_ms)
        self._publisher.clear_retained(self._connection.take_retained_topics())
        if time.monotonic() >= self._status_s:
            self._status_s = time.monotonic() + STATUS_EVERY_S
            faults = [*self._find_faults(), pipeline.unknown_devices.find_fault(now_ms)]
            self._publish_status(online=not self._connection.is_refused_events, faults=faults)
        self._connection.flush()

    def _check_standby(self) -> bool:
        """Whether another collector of this site is active: then this one accepts and publishes nothing."""
        now_s, before = time.monotonic(), self._lease
        for status in self._connection.take_collector_statuses():
            self._lease = apply_status(self._lease, status, now_s)
            if status.instance != self._lease.instance and not self._lease.is_standby:
                self._status_s = 0.0  # the other collector's last status has replaced this one's
        if self._connection.is_subscribed:
            self._lease = claim_if_free(self._lease, now_s, self._now_ms())
        if self._lease.is_standby and not before.is_standby:
            log.error(
                "another collector (%s) is already running for site %s; this one waits until it stops: stop one of"
                " them",
                ascii(self._lease.rival)[1:65],
                self._plan.id,
            )
        if before.is_standby and not self._lease.is_standby:
            log.warning("the other collector of site %s has stopped; this one takes over", self._plan.id)
            self._announced_connection, self._status_s = 0, 0.0
        return self._lease.is_standby

    def _publish_status(self, *, online: bool, faults: Iterable[CollectorFault | None] = ()) -> None:
        """Publish this collector's status, unless another one is active: they share one retained topic."""
        if self._lease.is_standby:
            return
        instance, since_ms = self._lease.instance, self._lease.since_ms or 0
        found = tuple(filter(None, faults))
        self._publisher.publish_status(CollectorStatus(online, self._now_ms(), found, instance, since_ms))

    def _find_faults(self) -> Sequence[CollectorFault | None]:
        """Find the refused topics or, if there are none, the faults of the history and of the clock."""
        refused = self._connection.fault
        return [refused] if refused else [self._find_history_fault(), self._time.fault]

    def _find_reachability(self) -> Reachability:
        """Whether messages of devices can arrive: after an outage they too need time to reconnect, in real time."""
        if not self._connection.is_connected or self._connection.is_refused_events:
            return Reachability.NO_BROKER
        return (
            Reachability.REACHABLE
            if time.monotonic() - self._connected_s >= RECONNECT_GRACE_S
            else Reachability.GRACE_PERIOD
        )

    def reopen_journal(self, fault: JournalAway) -> Journal | None:
        """Report the fault until the journal accepts writes again; None: `stop` was set first.

        Meanwhile nothing is evaluated and the published states grow old, so the status is not online.
        """
        log.error("%s", fault)
        pause_s, again_s, self._status_s = FIRST_REOPEN_PAUSE_S, time.monotonic() + FIRST_REOPEN_PAUSE_S, 0.0
        began_s, began_ms = time.monotonic(), self._now_ms()
        while not self._stop.is_set():
            self._connection.read_batch(TICK_S)  # neither receipts nor acknowledgements: the senders keep the events
            if time.monotonic() - began_s < OUTAGE_PROGRESS_S:
                self._report_progress()
            if time.monotonic() >= self._status_s:
                self._status_s = time.monotonic() + STATUS_EVERY_S
                self._publish_status(online=False, faults=[fault.fault])
                self._connection.flush()
            now_s = time.monotonic()
            if self._outage is None and now_s - began_s >= OUTAGE_ALERT_AFTER_S and now_s >= self._alert_again_s:
                self._alert_again_s = now_s + OUTAGE_ALERT_EVERY_S
                self._send_outage_alert(began_ms)
            if time.monotonic() < again_s:
                continue
            pause_s = min(2 * pause_s, MAX_RECOVERY_PAUSE_S)
            again_s = time.monotonic() + pause_s
            try:
                journal = _open_writable(self._guard)
            except JournalAway as new_fault:
                fault = new_fault
                continue
            log.warning("%s can be written again", self._path)
            self._connection.reconnect()  # messages without acknowledgement come again
            return journal
        return None

    def replace_journal(self, fault: Exception) -> Journal | None:
        """Replace a damaged journal with a backup; raises the fault again if the journal is not damaged."""
        try:
            journal = self._guard.replace_journal(fault)
        except JournalAway as away:
            return self.reopen_journal(away)
        self._connection.reconnect()  # messages without acknowledgement come again
        return journal

    def _send_outage_alert(self, since_ms: int) -> None:
        """Send the alert about the outage from here: the pipeline is stopped, and nothing can be stored."""
        now_ms = self._now_ms()
        if is_evaluated(self._plan, get_hours(self._alerts, AlertKind.JOURNAL_AWAY), now_ms):
            self._outage = build_outage_alert(since_ms, now_ms)
            self._notifier.add_unstored(
                write_notifications([self._outage], self._alerts, self._plan, now_ms, FIRST_UNSTORED_NO)
            )


def _open_writable(guard: JournalGuard) -> Journal:
    """The journal, reopened and tested with a write."""
    journal = guard.open_journal()
    try:
        journal.check_can_grow()
    except BaseException:
        journal.close()
        raise
    return journal
