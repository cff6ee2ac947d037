"""The collector: one loop that takes, judges, stores, and only then answers.

In:    settings, the plan, the house's clock, and a word to stop.
Out:   the journal; receipts; states, summaries, forecasts and history.
Never: judgement of its own. One thread owns the house and the journal.

Whatever breaks a write ends in the same way: the journal is closed, what was not stored is not acknowledged, and
when the disk takes writes again everything is read back and the senders go on from their last receipt.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final

from collector.adjustments import Adjustments
from collector.alerts.book import AGAIN_MS
from collector.alerts.conditions import Ear, outage
from collector.alerts.hours import judged
from collector.alerts.letters import UNSTORED, letters
from collector.alerts.postman import Postman
from collector.alerts.wire import Alert, AlertKind
from collector.inbox import BATCH, Inbox
from collector.intake import Delivery
from collector.journal import Journal
from collector.journal_faults import JournalAway, told
from collector.journal_guard import JournalGuard
from collector.lease import Lease, decided, instance_of, seen
from collector.outward import CollectorStatus, decode
from collector.plan import SitePlan
from collector.publish import Publisher
from collector.settings import CollectorSettings, HistoryKind
from collector.site_clock import NEAR_MS
from collector.site_time import SiteTime, TimeSource
from collector.start import begin, believed
from collector.work import Work
from edge.message import MessageRejected

TICK_S: Final = 0.1
"""Changed states are told together, this often at most."""
STATUS_S: Final = 5.0
SETTLE_S: Final = 1.0
"""Late news is mended this often, so that a backlog that drains is not computed with each batch; what is due by the
clock comes with the next tick."""
BACKLOG: Final = BATCH // 2
"""So many messages at once are a backlog that drains."""
DRAINING_TICK_S: Final = 0.5
"""Meanwhile states are told this often: they are of minutes ago, and the senders wait."""
DRAINING_S: Final = 4.0
"""And history waits for so much longer."""
SAVE_S: Final = 60.0
"""A start reads what came after the last save; this keeps it short, and the writes few."""
COMING_S: Final = 60.0
"""So long after we came to the broker every device that lives has come there too."""
OUTAGE_S: Final = 15.0
"""A journal that cannot be written for so long is alerted of: a disk that is busy for a moment is no news."""
AGAIN_S: Final = AGAIN_MS / 1000
"""One that fails again and again is alerted of twice an hour at most, by real time."""
PATIENCE_S: Final = 1800.0
"""So long an outage of the journal counts as progress: it is reported, and a new process would find the same disk. Then
the service manager may start a new one after all, in case that opens what this one cannot."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 15.0

log = logging.getLogger(__name__)


def run(
    settings: CollectorSettings,
    plan: SitePlan,
    source: TimeSource,
    stop: threading.Event,
    report_progress: Callable[[], None] = lambda: None,
) -> None:
    """Collect until `stop` is set.

    Args:
        settings: broker, journal, history, what is forgotten.
        plan: the house.
        source: the machine's clocks, or site time if that is right by definition.
        stop: may be set by any thread; the loop ends within a tick and the commit that runs.
        report_progress: called after each pass of the loop whose commits all succeeded, and for half an hour while a
            disk that refuses is waited for.

    Raises:
        JournalRejected: the journal is in use, or of a later Ledig.
        JournalAway: the journal cannot be opened at the start. Later this is waited out.
    """
    site_time = SiteTime(source, plan.devices)
    guard = JournalGuard(settings.journal_path, plan, settings.retention, site_time.last_ms)
    opened = guard.open_journal()
    site_time.resume(believed(opened, site_time.last_ms()))
    journal: Journal | None = opened
    with ExitStack() as ends:
        projected = _no_fault
        if settings.history is HistoryKind.INFLUXDB:
            from collector.history.projection import Projection

            follower = Projection(settings.journal_path, settings.influx, site_time.last_ms)
            projection = ends.enter_context(closing(follower))
            projection.start()
            projected = projection.fault
        instance = instance_of(opened)
        loop = _Loop(settings, plan, site_time, stop, guard, projected, report_progress, instance)
        ends.callback(loop.leave)
        while journal is not None:
            try:
                with closing(journal), told(settings.journal_path), guard.watching(journal):
                    while loop.collect(loop.begin(journal)):
                        pass
                    journal = None
            except JournalAway as fault:
                journal = loop.reopened(fault)
            except Exception as fault:  # noqa: BLE001 - it is raised again unless a damaged journal is behind it
                journal = loop.replaced(fault)


def _no_fault() -> str:
    return ""


class _Loop:
    """What stays when the journal is opened anew: the connection, and what was said over it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `run` got, and what it opened
        self,
        settings: CollectorSettings,
        plan: SitePlan,
        site_time: SiteTime,
        stop: threading.Event,
        guard: JournalGuard,
        projected: Callable[[], str],
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
        self._projected = projected
        self._lease = Lease(instance)
        self._inbox = Inbox(settings.broker, plan.id, instance)
        self._publisher = Publisher(self._inbox, plan)
        self._postman = Postman(settings.alerts.destinations)
        self._plan, self._alerts = plan, settings.alerts
        self._outage: Alert | None = None
        self._alert_again_s = 0.0
        self._greeted = 0
        self._greeted_s = float("inf")
        self._told_s = self._status_s = 0.0
        self._told_adjustments: Adjustments | None = None
        self._settle_s = 0.0
        self._save_s = time.monotonic() + SAVE_S

    def leave(self) -> None:
        """Say that nobody collects any more."""
        self._publish_status(online=False)
        self._inbox.close()
        self._postman.close()

    def begin(self, journal: Journal) -> Work:
        """Take up the journal."""
        self._now_ms()
        return begin(self._plan, journal, self._retention, self._time, self._alerts)

    def collect(self, work: Work) -> bool:
        """Run until `stop`, and leave everything stored; True: `begin` must take up the journal anew.

        That is so when a manager has set other opening hours, and when the clock was ahead: what was written then is
        taken back.
        """
        if self._outage is not None:
            work.alarms.outlived(self._outage, self._now_ms())
            self._outage = None
        tick_s = 0.0
        self._greeted = 0
        while not self._stop.is_set():
            deliveries = self._inbox.batch(max(0.0, tick_s - time.monotonic()))
            if self._stands_by():
                self._inbox.commands()
                self._inbox.adjustment_commands()
                self._inbox.acknowledge()  # no receipt: the devices keep it for the one that collects
                self._report_progress()
                tick_s = time.monotonic() + TICK_S
                continue
            self._take(work, deliveries)
            if 0 < len(deliveries) < BACKLOG:
                tick_s = min(tick_s, self._told_s + TICK_S)  # news after a calm goes out at once
            if time.monotonic() >= tick_s:
                if self._must_begin_anew(work):
                    return True
                drains = len(deliveries) >= BACKLOG
                self._tick(work, drains=drains)
                tick_s = time.monotonic() + (DRAINING_TICK_S if drains else TICK_S)
            self._report_progress()  # whatever this pass had to store is on the disk, or JournalAway left this loop
        work.save()
        return False

    def _take(self, work: Work, deliveries: list[Delivery]) -> None:
        """Store what came, and answer it."""
        for device, at_ms in self._inbox.device_times():
            self._time.report(device, at_ms, exact=True)
        commands, adjustment_commands = self._inbox.commands(), self._inbox.adjustment_commands()
        if commands:
            work.obey(commands, self._now_ms())
        if adjustment_commands:
            work.adjust(adjustment_commands, self._now_ms())
            self._publish_adjustments(work)  # stored: a manager waits for it, and taking new hours may last
        if not deliveries and (commands or adjustment_commands):
            self._inbox.acknowledge()
        if deliveries:
            owed = work.take(deliveries, self._now_ms())
            self._publisher.receipts(owed)
            self._inbox.acknowledge()

    def _publish_adjustments(self, work: Work) -> None:
        if self._inbox.is_settled and self._told_adjustments != work.adjustments:
            self._told_adjustments = work.adjustments
            self._publisher.adjustments(work.adjustments)

    def _must_begin_anew(self, work: Work) -> bool:
        if work.is_outdated:
            work.save()
            return True
        return work.is_ahead(self._now_ms())

    def _tick(self, work: Work, *, drains: bool) -> None:
        now_ms = self._now_ms()
        house = work.house
        self._guard.look()
        work.tick(now_ms)
        if time.monotonic() >= self._settle_s + (DRAINING_S if drains else 0.0):
            self._settle_s = time.monotonic() + SETTLE_S
            work.alarms.ear = self._ear()
            work.alarms.history_fault = bool(self._projected())
            work.alarms.clock_off_ms = self._time.belief.off_ms
            work.alarms.delivered(self._postman.tries(), now_ms)
            if work.settle(now_ms):
                self._settle_s = time.monotonic()
            self._postman.hand(work.alarms.letters)  # stored: what is not delivered now is after the next start
        stepped, self._ticked_ms = abs(now_ms - self._ticked_ms) > NEAR_MS, now_ms
        if stepped or time.monotonic() >= self._save_s:
            self._save_s = time.monotonic() + SAVE_S
            work.save()
        if not self._inbox.is_settled:
            return
        if self._greeted != self._inbox.connections:
            self._greeted = self._inbox.connections
            self._greeted_s = time.monotonic()
            self._publisher.receipts(work.marks)
            house.tell_all()
            work.foretelling.tell_all()
            work.watch.tell_all()
            work.alarms.tell_all()
            self._told_adjustments = None
            self._status_s = 0.0
        self._publish_adjustments(work)
        if self._publisher.changes(work, now_ms, int(time.monotonic() * 1000)):
            self._told_s = time.monotonic()
        self._publisher.clear(self._inbox.retained())
        if time.monotonic() >= self._status_s:
            self._status_s = time.monotonic() + STATUS_S
            fault = "; ".join(filter(None, (self._inbox.fault or self._fault(), work.strangers(now_ms))))
            self._publish_status(online=not self._inbox.is_deaf, fault=fault)
        self._inbox.flush()

    def _stands_by(self) -> bool:
        """Whether another collector of this site collects: then this one takes, publishes and alerts of nothing."""
        now_s, before = time.monotonic(), self._lease
        for payload in self._inbox.statuses():
            try:
                status = decode(payload, CollectorStatus)
            except MessageRejected:
                continue
            self._lease = seen(self._lease, status, now_s)
            if status.instance != self._lease.instance and not self._lease.stands_by:
                self._status_s = 0.0  # the last word of another one covers ours
        if self._inbox.is_settled:
            self._lease = decided(self._lease, now_s, self._now_ms())
        if self._lease.stands_by and not before.stands_by:
            log.error(
                "another collector (%s) is already running for site %s; this one waits until it stops: stop one of"
                " them",
                ascii(self._lease.rival)[1:65],
                self._plan.id,
            )
        if before.stands_by and not self._lease.stands_by:
            log.warning("the other collector of site %s has stopped; this one takes over", self._plan.id)
            self._greeted, self._status_s = 0, 0.0
        return self._lease.stands_by

    def _publish_status(self, *, online: bool, fault: str = "") -> None:
        """Publish how this collector is, unless another one collects: the topic has room for one."""
        if self._lease.stands_by:
            return
        instance, since_ms = self._lease.instance, self._lease.since_ms or 0
        self._publisher.status(CollectorStatus(online, self._now_ms(), fault, instance, since_ms))

    def _fault(self) -> str:
        return "; ".join(filter(None, (self._projected(), self._time.fault)))

    def _ear(self) -> Ear:
        """Whether devices can be heard: they too need a while to come back, by the clock on the wall."""
        if not self._inbox.connected or self._inbox.is_deaf:
            return Ear.AWAY
        return Ear.OPEN if time.monotonic() - self._greeted_s >= COMING_S else Ear.NEW

    def reopened(self, fault: JournalAway) -> Journal | None:
        """Say what is wrong until the journal takes writes again; None: `stop` came first.

        Nobody judges meanwhile, and the states that were told grow old: so it says that it is not online.
        """
        log.error("%s", fault)
        pause_s, again_s, self._status_s = FIRST_PAUSE_S, time.monotonic() + FIRST_PAUSE_S, 0.0
        began_s, began_ms = time.monotonic(), self._now_ms()
        while not self._stop.is_set():
            self._inbox.batch(TICK_S)  # gets neither receipt nor acknowledgement: the senders keep it
            if time.monotonic() - began_s < PATIENCE_S:
                self._report_progress()
            if time.monotonic() >= self._status_s:
                self._status_s = time.monotonic() + STATUS_S
                self._publish_status(online=False, fault=fault.finding)
                self._inbox.flush()
            now_s = time.monotonic()
            if self._outage is None and now_s - began_s >= OUTAGE_S and now_s >= self._alert_again_s:
                self._alert_again_s = now_s + AGAIN_S
                self._alert_of_outage(began_ms)
            if time.monotonic() < again_s:
                continue
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            again_s = time.monotonic() + pause_s
            try:
                journal = _proven(self._guard)
            except JournalAway as still:
                fault = still
                continue
            log.warning("%s can be written again", self._path)
            self._inbox.renew()  # what was not acknowledged comes again
            return journal
        return None

    def replaced(self, fault: Exception) -> Journal | None:
        """A backup in the place of a damaged journal; raises the fault again if the journal is not damaged."""
        try:
            journal = self._guard.replaced(fault)
        except JournalAway as away:
            return self.reopened(away)
        self._inbox.renew()  # what was not acknowledged comes again
        return journal

    def _alert_of_outage(self, since_ms: int) -> None:
        """Nobody judges now, and nothing can be stored: this one letter goes out from here."""
        now_ms = self._now_ms()
        if judged(self._plan, self._alerts.hours(AlertKind.JOURNAL_AWAY), now_ms):
            self._outage = outage(since_ms, now_ms)
            self._postman.add(letters([self._outage], self._alerts, self._plan, now_ms, UNSTORED))


def _proven(guard: JournalGuard) -> Journal:
    """The journal, opened anew and written to."""
    journal = guard.open_journal()
    try:
        journal.can_grow()
    except BaseException:
        journal.close()
        raise
    return journal
