"""The collector's pipeline: processes a batch, a command or the passing of time, each in one transaction.

In:    messages as they arrived, the time.
Out:   the journal, the states of all spaces, and the receipts that are due.
Never: sockets, clocks, threads.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from collector.adjustments import NAME as ADJUSTMENTS
from collector.adjustments import changed, decode_command, encode, from_stored
from collector.air import AirState
from collector.alerts.alarms import Alarms, Watched
from collector.alerts.settings import USUAL, AlertSettings
from collector.alerts.wire import is_command
from collector.days import is_open, local
from collector.evidence import Evidence, Heard
from collector.forecast.foretelling import Foretelling
from collector.health.watch import Watch
from collector.history import HOUR_MS, tables
from collector.house import Change, House
from collector.inference.coarse import coarsened
from collector.intake import FUTURE_MS, KEPT_STREAMS, Delivery, Intake, Limits, Repeat, Roster, StreamKey, take_in
from collector.journal import AIR, FOREVER_MS, RESTORED, Journal, SensorKey
from collector.marks import ERASED, TAKEN_FROM, save_belief
from collector.plan import SitePlan
from collector.purge import PURGE_EVERY_MS, Purge
from collector.rejection import Loss
from collector.salvage import name_shown
from collector.settings import RetentionSettings
from collector.settle import BUCKET_MS, UNTIL, Settlement
from collector.site_time import SiteTime, given_time
from edge.message import MessageRejected

STRANGERS_MS: Final = HOUR_MS
"""How long a device that is missing from the site file is named after its last message."""
MOST_STRANGERS: Final = 10

_encode = msgspec.msgpack.Encoder().encode
_evidence = msgspec.msgpack.Decoder(Evidence).decode
_air = msgspec.msgpack.Decoder(AirState).decode

log = logging.getLogger(__name__)


class Work:
    """Keeps journal, states and history in step while one journal is open.

    Attributes:
        spaces: the current states.
        stored_up_to: for every known stream, how far it is stored.
        forecaster: forecasts to publish.
        health: findings about sensors to publish.
        alarms: alerts to publish and to send.
        adjustments: what managers have changed outside the site file.
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
        alerts: AlertSettings = USUAL,
    ) -> None:
        self.adjustments = from_stored(journal.settled().get(ADJUSTMENTS))
        self.is_outdated = False
        self._time = given_time() if isinstance(now, int) else now
        now_ms = now if isinstance(now, int) else now.belief.site_ms
        self.house = House(plan)
        self.house.take_out_of_use(self.adjustments.out_of_use)
        self.marks = journal.marks()
        self._plan = plan
        self._journal = journal
        self._retention = retention
        self._allowed_kinds = Roster(plan)
        self._sensors = {space.id: [sensor.key for sensor in plan.sensors_of(space.id)] for space in plan.spaces}
        self._series = {sensor.key: name for sensor in plan.sensors if (name := sensor.door or sensor.zone)}
        self._rollup = Settlement(plan)
        self._counted_until_ms = journal.meta(UNTIL) or 0
        self._more_history = True
        self.foretelling = Foretelling(plan)
        self._purge = Purge(plan, self.house)
        self._purge_ms = now_ms + PURGE_EVERY_MS
        self._erased_ms = journal.meta(ERASED) or 0
        self._accepted_from_ms = journal.meta(TAKEN_FROM) or 0
        self._restored_ms = journal.meta(RESTORED)
        self._restored = journal.restored_marks()
        self._unsaved: set[str] = set()
        self._must_shrink = True
        self._rejected_count = 0
        self._unknown_devices: dict[str, int] = {}
        self._held_devices: set[str] = set()
        self._load_stored(now_ms)
        is_open(plan, now_ms)  # loading its library of public holidays takes time: do it before messages arrive
        self.watch = Watch(plan, journal, self.house, retention.raw_hours, now_ms)
        self.alarms = Alarms(plan, journal, Watched(self.house, self.watch.found), alerts, now_ms)

    def take(self, deliveries: Iterable[Delivery], now_ms: int) -> dict[StreamKey, int]:
        """Validate, store and evaluate one batch; return the receipts that are due, now that it is on the disk."""
        deletion_ms, holds_future = self._time.deletion_ms(now_ms), self._time.holds_future
        oldest_ms = max(deletion_ms - self._retention.raw_hours * HOUR_MS, self._accepted_from_ms)
        limits = Limits(self._allowed_kinds, oldest_ms, now_ms + FUTURE_MS, holds_future)

        def is_known(repeat: Repeat) -> bool:
            return self._journal.is_known(repeat, max(oldest_ms, self._erased_ms), limits.latest_ms)

        result = take_in(deliveries, self.marks, limits, is_known)
        for device, at_ms in result.newest.items():
            self._time.report(device, at_ms, exact=False)
        self._log_held(result.held)
        if result.marks or result.refused:
            with self._journal.transaction():
                self._store_batch(result, now_ms)
            self.marks.update(result.marks)
            self._log_rejected(result)
            self._note_unknown_devices(result, now_ms)
        return result.spoke

    def strangers(self, now_ms: int) -> str:
        """Name devices that have recently sent events and are missing from the site file; empty: none has."""
        names = [name for name, at_ms in self._unknown_devices.items() if 0 <= now_ms - at_ms < STRANGERS_MS]
        return f"events of {', '.join(names)} are rejected: the site file has no such device" if names else ""

    def _note_unknown_devices(self, result: Intake, now_ms: int) -> None:
        for rejection in result.refused:
            if rejection.reason is Loss.UNKNOWN_DEVICE:
                name = name_shown(rejection.device)
                if name in self._unknown_devices or len(self._unknown_devices) < MOST_STRANGERS:
                    self._unknown_devices[name] = now_ms
        old = [name for name, at_ms in self._unknown_devices.items() if not 0 <= now_ms - at_ms < STRANGERS_MS]
        for name in old:
            del self._unknown_devices[name]

    def tick(self, now_ms: int) -> None:
        """Apply what the passing of time changes without events."""
        if changes := self.house.tick(now_ms):
            with self._journal.transaction():
                self._store_changes(changes)

    def settle(self, now_ms: int) -> bool:
        """Compute a part of the history and a forecast that is due, and erase data past its retention.

        Call `tick` directly before.

        Returns:
            Whether to call again at the next tick: buckets or forecasts are due. Buckets that late events made stale
            may wait: during a backlog they would be computed again and again.
        """
        due_ms, counted_ms = now_ms - now_ms % BUCKET_MS, self._counted_until_ms
        if self._more_history or due_ms > counted_ms:
            with self._journal.transaction():
                self._more_history = self._rollup.settle(self._journal.connection, now_ms)
                self._counted_until_ms = self._journal.meta(UNTIL) or 0
            # Late events may never end, so the count also continues when history has advanced.
            if not self._more_history or self._counted_until_ms > counted_ms:
                self._restart_count()
        if not self._more_history and self.foretelling.due(self._counted_until_ms):
            with self._journal.transaction():
                self.foretelling.step(self._journal.connection, self._counted_until_ms)
        if self.watch.due(now_ms):
            with self._journal.transaction():
                self.watch.step(now_ms)
        if self.alarms.due(now_ms):
            with self._journal.transaction():
                self.alarms.step(now_ms)
        if now_ms >= self._purge_ms:
            with self._journal.transaction():
                self._erase_expired(now_ms)
            self._must_shrink = True
        if self._must_shrink:  # until then, erased data can be read in the log
            self._must_shrink = not self._journal.shrink()
        return due_ms > self._counted_until_ms or (
            not self._more_history and self.foretelling.due(self._counted_until_ms)
        )

    def is_ahead(self, now_ms: int) -> bool:
        """Whether data was written for a time after `now_ms`, and that time has certainly not come yet."""
        if max(self._counted_until_ms, self._erased_ms, self._accepted_from_ms) <= now_ms:
            return False
        return self._time.belief.confirmed or self._journal.newest(FOREVER_MS) <= now_ms

    def obey(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Process commands to the collector; a command that breaks the contract is rejected and logged."""
        with self._journal.transaction():
            for payload in payloads:
                handler = self.alarms if is_command(payload) else self.watch
                handler.answer(payload, now_ms)

    def adjust(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Store and apply the managers' adjustments; one that breaks the contract is rejected and logged."""
        before, today = self.adjustments, local(self._plan, now_ms).date()
        after = before
        for payload in payloads:
            try:
                after = changed(after, decode_command(payload), self._plan, today)
            except MessageRejected as fault:
                log.warning("rejected an adjustment: %s", fault)
        if after == before:
            return
        with self._journal.transaction():
            self._journal.set_settled({ADJUSTMENTS: encode(after)})
        self.adjustments = after
        self.is_outdated |= after.hours != before.hours
        self.house.take_out_of_use(after.out_of_use)

    def save(self) -> None:
        """Store the newest evidence of each space, so that the next start has less to read."""
        self._collect_changed_zones()
        with self._journal.transaction():
            self._journal.set_settled({space: self._encode_evidence(space) for space in self._unsaved})
            if self._time.belief.boot:
                save_belief(self._journal, self._time.belief)
        self._unsaved.clear()

    def _store_batch(self, result: Intake, now_ms: int) -> None:
        journal = self._journal
        self._explain_gaps(result, now_ms)
        journal.add_events(result.accepted, result.undated)
        journal.set_marks(result.marks)
        if result.gaps:
            journal.add_gaps(result.gaps, now_ms)
        if result.refused:
            journal.add_refused(result.refused, now_ms)
        self._store_changes(self.house.take(result.accepted, now_ms, self._read_later_events))
        for sensor, at_ms in self._find_late(result).items():
            if at_ms < self._counted_until_ms and (name := self._series.get(sensor)):
                self._mark_stale(name, at_ms)
            if at_ms < self.watch.counted_ms:
                self.watch.late(sensor, at_ms)
        self.watch.arrived(result, now_ms)
        self.alarms.arrived(result, now_ms)

    def _explain_gaps(self, result: Intake, now_ms: int) -> None:
        """Mark gaps that the damaged journal caused: devices have dropped events for which they had a receipt.

        A stream that the backup lacks began after it was made.
        """
        if self._restored_ms is None:
            return
        recent = now_ms - self._restored_ms < self._retention.raw_hours * HOUR_MS
        for number, gap in enumerate(result.gaps):
            known = self.marks.get(gap[:2])
            position = self._restored.get(gap[:2]) if known is not None else 0 if recent else None
            if position is not None and gap.first == position + 1 and gap.reason is Loss.DROPPED:
                result.gaps[number] = gap._replace(reason=Loss.JOURNAL_DAMAGED)
        for key in self._restored.keys() & result.spoke.keys():
            del self._restored[key]
            self._journal.forget_restored(key)

    def _find_late(self, result: Intake) -> dict[SensorKey, int]:
        """For each sensor, its oldest event from a time that is already counted."""
        counted_ms = max(self._counted_until_ms, self.watch.counted_ms)
        oldest: dict[SensorKey, int] = {}
        for event in result.accepted:
            at_ms = event.at_ms
            if at_ms < counted_ms and at_ms < oldest.get(key := (event.device, event.sensor), counted_ms):
                oldest[key] = at_ms
        return oldest

    def _store_changes(self, changes: Sequence[Change]) -> None:
        """Write changed transitions and evidence of spaces, and the air."""
        journal, states = self._journal, self.house
        journal.rewrite(changes, self._erased_ms)
        for change in changes:
            from_ms = max(change.from_ms, self._erased_ms)
            if from_ms < self._counted_until_ms:
                self._mark_stale(change.space, from_ms)
        bodies = {change.space: self._encode_evidence(change.space) for change in changes}
        zones = self._collect_changed_zones()
        self._unsaved -= bodies.keys()
        bodies |= {AIR + zone: _encode(states.air(zone)) for zone in zones}
        journal.set_settled(bodies)

    def _encode_evidence(self, space: str) -> bytes:
        """The stored form of a space's evidence, without the exact moments of erased events."""
        evidence = self.house.evidence(space)
        before_ms = min(self._erased_ms, evidence.at_ms)  # the newest event stays, with its moment
        return _encode(coarsened(evidence, self.house.rules(space), before_ms))

    def _collect_changed_zones(self) -> set[str]:
        spaces, zones = self.house.touched()
        self._unsaved |= spaces
        return zones

    def _mark_stale(self, subject: str, from_ms: int) -> None:
        self._journal.mark_stale(subject, from_ms)
        self._more_history = True

    def _read_later_events(self, space: str, evidence: Evidence) -> list[Heard]:
        """The stored events of a space that follow this evidence."""
        events = self._journal.events(self._sensors[space], evidence.at_ms)
        return [event for event in events if event.key > evidence.key]

    def _load_stored(self, now_ms: int) -> None:
        """Load what is stored, and evaluate the events that were stored after it."""
        settled, checkpoints = self._journal.settled(), self._journal.checkpoints()
        newer: list[Heard] = []
        for space in self._sensors:
            known = [_evidence(settled[space])] if space in settled else []
            if space in checkpoints:
                known.append(_evidence(checkpoints[space].body))
                self.house.set_checkpoint(space, known[-1])
            if known:  # a checkpoint may be newer than the saved evidence
                self.house.restore(space, max(known, key=lambda evidence: evidence.key))
            newer += self._read_later_events(space, self.house.evidence(space))
        for name, body in settled.items():
            if name.startswith(AIR):
                self.house.restore_air(name.removeprefix(AIR), _air(body))
        changes = self.house.take(newer, now_ms, self._read_later_events)
        with self._journal.transaction():
            self._store_changes(changes)
        self._restart_count()

    def _restart_count(self) -> None:
        """Continue the live count of people from where history ends."""
        if self._plan.doors:
            self.house.count_from(*self._rollup.latest(self._journal.connection))

    def _erase_expired(self, now_ms: int) -> None:
        """Erase a part of what is past its retention; the next part soon, if there is one."""
        deletion_ms = self._time.deletion_ms(now_ms)
        before_ms = min(deletion_ms - self._retention.raw_hours * HOUR_MS, self._counted_until_ms)
        undated_ms = FOREVER_MS if self._time.holds_future else now_ms + FUTURE_MS
        more = False
        if before_ms > self._erased_ms:
            self._accepted_from_ms = max(self._accepted_from_ms, self._journal.newest(before_ms) + 1)
            self._journal.set_meta(TAKEN_FROM, self._accepted_from_ms)
            more = self._purge.step(self._journal, before_ms, undated_ms)
            self._erased_ms = before_ms
            self._journal.set_meta(ERASED, before_ms)
        if not more:
            for key in self._journal.retire_streams(KEPT_STREAMS):
                self.marks.pop(key, None)
            tables.erase(self._journal.connection, self._plan, self._retention, deletion_ms)
        self._purge_ms = now_ms + (0 if more else PURGE_EVERY_MS)

    def _log_held(self, held: set[str]) -> None:
        """Log once when a device starts to hold back events from the future."""
        for device in sorted(held - self._held_devices):
            log.warning(
                "events of %s are in the future by the server's clock, which is not confirmed; the device keeps them",
                device,
            )
        self._held_devices = (self._held_devices | held) if self._time.holds_future else held

    def _log_rejected(self, result: Intake) -> None:
        """Log the 1st, 10th, 100th … rejection, so that a broken device cannot fill the log."""
        if not result.refused:
            return
        before, self._rejected_count = self._rejected_count, self._rejected_count + len(result.refused)
        if not before or len(str(before)) < len(str(self._rejected_count)):
            last = result.refused[-1]
            log.warning("rejected %d so far; the last: %s: %s", self._rejected_count, last.place, last.reason)
