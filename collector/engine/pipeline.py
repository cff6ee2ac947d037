"""The collector's pipeline: processes a batch, a command or the passing of time, each in one transaction.

In:    messages as they arrived, the time.
Out:   the journal, the states of all spaces, and the receipts that are due.
Never: sockets, clocks, threads.
"""

import logging
from collections.abc import Iterable, Sequence

from collector.alerts.alert_service import NO_BROKER, AlertService, AlertSources, SystemFacts
from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS, AlertSettings
from collector.configuration.collector_settings import RetentionSettings
from collector.contract.alerts import AlertCommand
from collector.contract.findings import FindingCommand
from collector.contract.loss_reasons import LossReason
from collector.contract.messages import decode_message
from collector.engine.adjustment_changes import AdjustmentChanges
from collector.engine.message_publisher import MessageSource
from collector.engine.purge import PURGE_EVERY_MS, JournalPurge
from collector.engine.unknown_devices import UnknownDevices
from collector.forecast.forecaster import Forecaster
from collector.health.health_service import HealthService
from collector.history.measures import BUCKET_MS
from collector.intake.intake import (
    KEPT_STREAMS,
    AllowedKinds,
    IncomingMessage,
    IntakeLimits,
    IntakeResult,
    RepeatedEvent,
    StreamKey,
    process_messages,
)
from collector.live.space_states import SpaceStates
from collector.occupancy.coarse_evidence import coarsen_evidence
from collector.occupancy.evidence import Evidence, SpaceChange, StoredEvent
from collector.rollup.buckets import COMPUTED_UNTIL_KEY, HistoryRollup
from collector.site.adjustments import Adjustments, apply_command
from collector.site.calendar import is_open, to_local_time
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.blobs import AIR, EVIDENCE
from collector.store.journal import AIR_PREFIX, RESTORED_AT, Journal
from collector.store.metadata_keys import ACCEPTED_FROM, ERASED_UNTIL, save_time_estimate
from collector.store.stored_adjustments import load_adjustments, save_adjustments
from collector.timekeeping.instants import FOREVER_MS
from collector.timekeeping.site_time import SiteTime, make_given_time
from collector.truth.truth_service import TruthService
from edge.contract import topics
from edge.contract.message import MAX_FUTURE_MS, MessageRejected
from edge.timekeeping.durations import HOUR_MS

log = logging.getLogger(__name__)


class Pipeline:
    """Keeps journal, states and history in step while one journal is open.

    Attributes:
        spaces: the current states.
        stored_up_to: for every known stream, how far it is stored.
        forecaster: forecasts to publish.
        health: findings about sensors to publish.
        truth: truth labels, and how often answers were wrong.
        alert_service: alerts to publish and to send.
        adjustment_changes: what managers have changed outside the site file, to publish.
        unknown_devices: devices that send events and are missing from the site file, for the status.
        message_sources: everything that publishes, in the order in which it is published.
        is_outdated: the opening hours have changed since the plan was made: build a new plan and a new pipeline.

    Raises:
        JournalAway: from every method: open the journal again and build a new pipeline.
    """

    def __init__(
        self,
        plan: SitePlan,
        journal: Journal,
        retention: RetentionSettings,
        now: int | SiteTime,
        alerts: AlertSettings = DEFAULT_ALERT_SETTINGS,
    ) -> None:
        self.adjustment_changes = AdjustmentChanges(load_adjustments(journal))
        self.is_outdated = False
        self._time = make_given_time() if isinstance(now, int) else now
        now_ms = now if isinstance(now, int) else now.estimate.site_ms
        raw_ms = retention.raw_hours * HOUR_MS
        self.spaces = SpaceStates(plan, raw_ms)
        self.spaces.set_out_of_use(self.adjustments.out_of_use)
        self.stored_up_to = journal.read_stored_up_to()
        self._plan = plan
        self._journal = journal
        self._retention = retention
        self._allowed_kinds = AllowedKinds(plan)
        self._sensors = {space.id: [sensor.key for sensor in plan.sensors_of(space.id)] for space in plan.spaces}
        self._series = {sensor.key: name for sensor in plan.sensors if (name := sensor.door or sensor.zone)}
        self._rollup = HistoryRollup(plan)
        self._counted_until_ms = journal.tables.read_number(COMPUTED_UNTIL_KEY) or 0
        self._more_history = True
        self.forecaster = Forecaster(plan)
        self._purge = JournalPurge(plan, self.spaces)
        self._purge_ms = now_ms + PURGE_EVERY_MS
        self._erased_ms = journal.tables.read_number(ERASED_UNTIL) or 0
        self._accepted_from_ms = journal.tables.read_number(ACCEPTED_FROM) or 0
        self._restored_ms = journal.tables.read_number(RESTORED_AT)
        self._restored = journal.read_restored_positions()
        self._unsaved: set[str] = set()
        self._must_shrink = True
        self._rejected_count = 0
        self.unknown_devices = UnknownDevices()
        self._held_devices: set[str] = set()
        self._load_stored(now_ms)
        is_open(plan, now_ms)  # loading its library of public holidays takes time: do it before messages arrive
        self.truth = TruthService(plan, journal, self.spaces, now_ms)
        self.health = HealthService(
            plan, journal, self.spaces, retention.raw_hours, now_ms, self.truth.list_wrong_answers
        )
        sources = AlertSources(self.spaces, self.health.list_findings, raw_ms)
        self.alert_service = AlertService(plan, journal, sources, alerts, now_ms)
        self.message_sources: tuple[MessageSource, ...] = (
            self.adjustment_changes,
            self.spaces,
            self.forecaster,
            self.health,
            self.truth,
            self.alert_service,
        )

    @property
    def adjustments(self) -> Adjustments:
        """What managers have changed outside the site file."""
        return self.adjustment_changes.current

    def process_batch(self, messages: Iterable[IncomingMessage], now_ms: int) -> dict[StreamKey, int]:
        """Validate, store and evaluate one batch; return the receipts that are due, now that it is on the disk."""
        deletion_ms, holds_future = self._time.deletion_ms(now_ms), self._time.holds_future
        oldest_ms = max(deletion_ms - self._retention.raw_hours * HOUR_MS, self._accepted_from_ms)
        limits = IntakeLimits(self._allowed_kinds, oldest_ms, now_ms + MAX_FUTURE_MS, holds_future)

        def is_known(repeat: RepeatedEvent) -> bool:
            return self._journal.is_known(repeat, max(oldest_ms, self._erased_ms), limits.latest_ms)

        result = process_messages(messages, self.stored_up_to, limits, is_known)
        for device, at_ms in result.newest_ms.items():
            self._time.record_device_time(device, at_ms, exact=False)
        self._log_held(result.held_devices)
        if result.stored_up_to or result.rejected:
            with self._journal.transaction():
                self._store_batch(result, now_ms)
            self.stored_up_to.update(result.stored_up_to)
            self._log_rejected(result)
            self.unknown_devices.record_rejected(result.rejected, now_ms)
        return result.receipts_due

    def tick(self, now_ms: int) -> None:
        """Apply what the passing of time changes without events."""
        if changes := self.spaces.tick(now_ms):
            with self._journal.transaction():
                self._store_changes(changes)

    def advance_history(self, now_ms: int, system: SystemFacts = NO_BROKER) -> bool:
        """Compute a part of the history and a forecast that is due, and erase data past its retention.

        Call `tick` directly before.

        Args:
            now_ms: site time.
            system: for the alerts.

        Returns:
            Whether to call again at the next tick: buckets or forecasts are due. Buckets that late events made stale
            may wait: during a backlog they would be computed again and again.
        """
        due_ms, counted_ms = now_ms - now_ms % BUCKET_MS, self._counted_until_ms
        if self._more_history or due_ms > counted_ms:
            with self._journal.transaction():
                self._more_history = self._rollup.compute_slice(self._journal.tables, now_ms)
                self._counted_until_ms = self._journal.tables.read_number(COMPUTED_UNTIL_KEY) or 0
            # Late events may never end, so the count also continues when history has advanced.
            if not self._more_history or self._counted_until_ms > counted_ms:
                self._restart_count()
        if not self._more_history and self.forecaster.is_due(self._counted_until_ms):
            with self._journal.transaction():
                self.forecaster.forecast_next(self._journal.tables, self._counted_until_ms)
        if self.health.is_due(now_ms):
            with self._journal.transaction():
                self.health.run_slice(now_ms)
        self.truth.tick(now_ms)
        if self.alert_service.is_due(now_ms):
            with self._journal.transaction():
                self.alert_service.evaluate(now_ms, system)
        if now_ms >= self._purge_ms:
            with self._journal.transaction():
                self._erase_expired(now_ms)
            self._must_shrink = True
        if self._must_shrink:  # until then, erased data can be read in the log
            self._must_shrink = not self._journal.log.truncate()
        return due_ms > self._counted_until_ms or (
            not self._more_history and self.forecaster.is_due(self._counted_until_ms)
        )

    def is_ahead(self, now_ms: int) -> bool:
        """Whether data was written for a time after `now_ms`, and that time has certainly not come yet."""
        if max(self._counted_until_ms, self._erased_ms, self._accepted_from_ms) <= now_ms:
            return False
        return self._time.estimate.confirmed or self._journal.find_newest_ms(FOREVER_MS) <= now_ms

    def process_commands(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Process commands to the collector; a command that breaks the contract is rejected and logged."""
        with self._journal.transaction():
            for payload in payloads:
                try:
                    command: FindingCommand | AlertCommand = decode_message(topics.COLLECTOR_COMMAND, payload)
                except MessageRejected as fault:
                    log.warning("rejected a command to the collector: %s", fault)
                    continue
                if isinstance(command, AlertCommand):
                    self.alert_service.apply_command(command, now_ms)
                else:
                    self.health.apply_command(command, now_ms)

    def process_truth_commands(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Store and apply what people found in spaces; a command that breaks the contract is rejected and logged."""
        with self._journal.transaction():
            for payload in payloads:
                try:
                    self.truth.apply_command(decode_message(topics.TRUTH_COMMAND, payload), now_ms)
                except MessageRejected as fault:
                    log.warning("rejected a command about the truth of a space: %s", fault)

    def apply_adjustments(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Store and apply the managers' adjustments; one that breaks the contract is rejected and logged."""
        before, today = self.adjustments, to_local_time(self._plan, now_ms).date()
        after = before
        for payload in payloads:
            try:
                after = apply_command(after, decode_message(topics.ADJUSTMENT_COMMAND, payload), self._plan, today)
            except MessageRejected as fault:
                log.warning("rejected an adjustment: %s", fault)
        if after == before:
            return
        with self._journal.transaction():
            save_adjustments(self._journal, after)
        self.adjustment_changes.replace(after)
        self.is_outdated |= after.hours != before.hours
        self.spaces.set_out_of_use(after.out_of_use)

    def save_evidence(self) -> None:
        """Store the newest evidence of each space, so that the next start has less to read."""
        self._collect_changed_zones()
        with self._journal.transaction():
            self._journal.store_values({space: self._encode_evidence(space) for space in self._unsaved})
            if self._time.estimate.boot:
                save_time_estimate(self._journal, self._time.estimate)
        self._unsaved.clear()

    def _store_batch(self, result: IntakeResult, now_ms: int) -> None:
        journal = self._journal
        self._explain_gaps(result, now_ms)
        journal.add_events(result.accepted, result.undated)
        journal.set_stored_up_to(result.stored_up_to)
        if result.gaps:
            journal.rejections.add_gaps(result.gaps, now_ms)
        if result.rejected:
            journal.rejections.add_rejected(result.rejected, now_ms)
        self._store_changes(self.spaces.apply_events(result.accepted, now_ms, self._read_later_events))
        for sensor, at_ms in self._find_late(result).items():
            if at_ms < self._counted_until_ms and (name := self._series.get(sensor)):
                self._mark_stale(name, at_ms)
            if at_ms < self.health.counted_until_ms:
                self.health.record_late_event(sensor, at_ms)
        self.health.record_intake(result, now_ms)
        self.alert_service.record_intake(result, now_ms)

    def _explain_gaps(self, result: IntakeResult, now_ms: int) -> None:
        """Mark gaps that the damaged journal caused: devices have dropped events for which they had a receipt.

        A stream that the backup lacks began after it was made.
        """
        if self._restored_ms is None:
            return
        recent = now_ms - self._restored_ms < self._retention.raw_hours * HOUR_MS
        for number, gap in enumerate(result.gaps):
            known = self.stored_up_to.get(gap[:2])
            position = self._restored.get(gap[:2]) if known is not None else 0 if recent else None
            if position is not None and gap.first == position + 1 and gap.reason is LossReason.DROPPED:
                result.gaps[number] = gap._replace(reason=LossReason.JOURNAL_DAMAGED)
        for key in self._restored.keys() & result.receipts_due.keys():
            del self._restored[key]
            self._journal.drop_restored_position(key)

    def _find_late(self, result: IntakeResult) -> dict[SensorKey, int]:
        """For each sensor, its oldest event from a time that is already counted."""
        counted_ms = max(self._counted_until_ms, self.health.counted_until_ms)
        oldest: dict[SensorKey, int] = {}
        for event in result.accepted:
            at_ms = event.at_ms
            if at_ms < counted_ms and at_ms < oldest.get(key := (event.device, event.sensor), counted_ms):
                oldest[key] = at_ms
        return oldest

    def _store_changes(self, changes: Sequence[SpaceChange]) -> None:
        """Write changed transitions and evidence of spaces, and the air."""
        journal, states = self._journal, self.spaces
        journal.replace_transitions(changes, self._erased_ms)
        for change in changes:
            from_ms = max(change.from_ms, self._erased_ms)
            if from_ms < self._counted_until_ms:
                self._mark_stale(change.space, from_ms)
        bodies = {change.space: self._encode_evidence(change.space) for change in changes}
        zones = self._collect_changed_zones()
        self._unsaved -= bodies.keys()
        bodies |= {AIR_PREFIX + zone: AIR.encode(states.get_air(zone)) for zone in zones}
        journal.store_values(bodies)

    def _encode_evidence(self, space: str) -> bytes:
        """The stored form of a space's evidence, without the exact moments of erased events."""
        evidence = self.spaces.get_evidence(space)
        before_ms = min(self._erased_ms, evidence.at_ms)  # the newest event stays, with its moment
        return EVIDENCE.encode(coarsen_evidence(evidence, self.spaces.get_rules(space), before_ms))

    def _collect_changed_zones(self) -> set[str]:
        spaces, zones = self.spaces.pop_changed()
        self._unsaved |= spaces
        return zones

    def _mark_stale(self, subject: str, from_ms: int) -> None:
        self._journal.tables.mark_stale(subject, from_ms)
        self._more_history = True

    def _read_later_events(self, space: str, evidence: Evidence) -> list[StoredEvent]:
        """The stored events of a space that follow this evidence."""
        events = self._journal.read_events(self._sensors[space], evidence.at_ms)
        return [event for event in events if event.key > evidence.key]

    def _load_stored(self, now_ms: int) -> None:
        """Load what is stored, and evaluate the events that were stored after it."""
        stored, checkpoints = self._journal.read_values(), self._journal.read_checkpoints()
        newer: list[StoredEvent] = []
        for space in self._sensors:
            known = [EVIDENCE.decode(stored[space])] if space in stored else []
            if space in checkpoints:
                known.append(EVIDENCE.decode(checkpoints[space].body))
                self.spaces.set_checkpoint(space, known[-1])
            if known:  # a checkpoint may be newer than the saved evidence
                self.spaces.restore_evidence(space, max(known, key=lambda evidence: evidence.key))
            newer += self._read_later_events(space, self.spaces.get_evidence(space))
        for name, body in stored.items():
            if name.startswith(AIR_PREFIX):
                self.spaces.restore_air(name.removeprefix(AIR_PREFIX), AIR.decode(body))
        changes = self.spaces.apply_events(newer, now_ms, self._read_later_events)
        with self._journal.transaction():
            self._store_changes(changes)
        self._restart_count()

    def _restart_count(self) -> None:
        """Continue the live count of people from where history ends."""
        if self._plan.doors:
            self.spaces.start_counting(*self._rollup.read_live_start(self._journal.tables))

    def _erase_expired(self, now_ms: int) -> None:
        """Erase a part of what is past its retention; the next part soon, if there is one."""
        deletion_ms = self._time.deletion_ms(now_ms)
        before_ms = min(deletion_ms - self._retention.raw_hours * HOUR_MS, self._counted_until_ms)
        undated_ms = FOREVER_MS if self._time.holds_future else now_ms + MAX_FUTURE_MS
        more = False
        if before_ms > self._erased_ms:
            self._accepted_from_ms = max(self._accepted_from_ms, self._journal.find_newest_ms(before_ms) + 1)
            self._journal.tables.store_number(ACCEPTED_FROM, self._accepted_from_ms)
            more = self._purge.purge_part(self._journal, before_ms, undated_ms)
            self._erased_ms = before_ms
            self.truth.erase_times(before_ms)
            self._journal.tables.store_number(ERASED_UNTIL, before_ms)
        if not more:
            for key in self._journal.remove_old_streams(KEPT_STREAMS):
                self.stored_up_to.pop(key, None)
            self._journal.tables.history.erase_expired_rows(self._plan, self._retention, deletion_ms)
        self._purge_ms = now_ms + (0 if more else PURGE_EVERY_MS)

    def _log_held(self, held: set[str]) -> None:
        """Log once when a device starts to hold back events from the future."""
        for device in sorted(held - self._held_devices):
            log.warning(
                "events of %s are in the future by the server's clock, which is not confirmed; the device keeps them",
                device,
            )
        self._held_devices = (self._held_devices | held) if self._time.holds_future else held

    def _log_rejected(self, result: IntakeResult) -> None:
        """Log the 1st, 10th, 100th … rejection, so that a broken device cannot fill the log."""
        if not result.rejected:
            return
        before, self._rejected_count = self._rejected_count, self._rejected_count + len(result.rejected)
        if not before or len(str(before)) < len(str(self._rejected_count)):
            last = result.rejected[-1]
            log.warning("rejected %d so far; the last: %s: %s", self._rejected_count, last.position_text, last.reason)
