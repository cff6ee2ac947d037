"""What the collector does with a batch, and with the passing of time: each is one transaction.

In:    messages as they came, moments.
Out:   the journal, the house, and which receipts are owed.
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
"""A device that the site file does not have is named for so long after it last sent something."""
MOST_STRANGERS: Final = 10

_encode = msgspec.msgpack.Encoder().encode
_evidence = msgspec.msgpack.Decoder(Evidence).decode
_air = msgspec.msgpack.Decoder(AirState).decode

log = logging.getLogger(__name__)


class Work:
    """Keeps journal, house and history in step, from the journal's opening to its closing.

    Attributes:
        house: what everything is now.
        marks: of every known stream, how far it is stored.
        foretelling: what is forecast, to be told.
        watch: what is found about sensors, to be told.
        alarms: what somebody should be alerted of, to be told and delivered.
        adjustments: what managers have changed without the site file.
        is_outdated: their hours have changed since the plan was made: it must be made anew, and this object with it.

    Raises:
        JournalAway: from every method: the journal must be opened anew, and this object made anew with it.
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
        self._roster = Roster(plan)
        self._sensors = {space.id: [sensor.key for sensor in plan.sensors_of(space.id)] for space in plan.spaces}
        self._series = {sensor.key: name for sensor in plan.sensors if (name := sensor.door or sensor.zone)}
        self._settlement = Settlement(plan)
        self._settled_ms = journal.meta(UNTIL) or 0
        self._more_history = True
        self.foretelling = Foretelling(plan)
        self._purge = Purge(plan, self.house)
        self._purge_ms = now_ms + PURGE_EVERY_MS
        self._erased_ms = journal.meta(ERASED) or 0
        self._taken_from_ms = journal.meta(TAKEN_FROM) or 0
        self._restored_ms = journal.meta(RESTORED)
        self._restored = journal.restored_marks()
        self._unsaved: set[str] = set()
        self._uncut = True
        self._refused = 0
        self._strangers: dict[str, int] = {}
        self._held: set[str] = set()
        self._restore(now_ms)
        is_open(plan, now_ms)  # its library of red days takes a while to load: now, while nobody waits
        self.watch = Watch(plan, journal, self.house, retention.raw_hours, now_ms)
        self.alarms = Alarms(plan, journal, Watched(self.house, self.watch.found), alerts, now_ms)

    def take(self, deliveries: Iterable[Delivery], now_ms: int) -> dict[StreamKey, int]:
        """Store and judge one batch; returns the receipts that are owed now that it is on the disk."""
        deletion_ms, holds_future = self._time.deletion_ms(now_ms), self._time.holds_future
        oldest_ms = max(deletion_ms - self._retention.raw_hours * HOUR_MS, self._taken_from_ms)
        limits = Limits(self._roster, oldest_ms, now_ms + FUTURE_MS, holds_future)

        def is_known(repeat: Repeat) -> bool:
            return self._journal.is_known(repeat, max(oldest_ms, self._erased_ms), limits.latest_ms)

        into = take_in(deliveries, self.marks, limits, is_known)
        for device, at_ms in into.newest.items():
            self._time.report(device, at_ms, exact=False)
        self._log_held(into.held)
        if into.marks or into.refused:
            with self._journal.transaction():
                self._store(into, now_ms)
            self.marks.update(into.marks)
            self._log_refused(into)
            self._note_strangers(into, now_ms)
        return into.spoke

    def strangers(self, now_ms: int) -> str:
        """That devices send events which the site file does not have, with their names; empty: none has of late."""
        names = [name for name, at_ms in self._strangers.items() if 0 <= now_ms - at_ms < STRANGERS_MS]
        return f"events of {', '.join(names)} are rejected: the site file has no such device" if names else ""

    def _note_strangers(self, into: Intake, now_ms: int) -> None:
        for refused in into.refused:
            if refused.reason is Loss.UNKNOWN_DEVICE:
                name = name_shown(refused.device)
                if name in self._strangers or len(self._strangers) < MOST_STRANGERS:
                    self._strangers[name] = now_ms
        old = [name for name, at_ms in self._strangers.items() if not 0 <= now_ms - at_ms < STRANGERS_MS]
        for name in old:
            del self._strangers[name]

    def tick(self, now_ms: int) -> None:
        """Let time pass: what silence alone brings."""
        if changes := self.house.tick(now_ms):
            with self._journal.transaction():
                self._keep(changes)

    def settle(self, now_ms: int) -> bool:
        """Compute a slice of the history and a forecast that is due, and forget what is past its time.

        `tick` came just before.

        Returns:
            Whether to come again with the next tick: buckets or forecasts are due. What late news made stale may wait:
            while a backlog drains it would be computed again and again.
        """
        due_ms, counted_ms = now_ms - now_ms % BUCKET_MS, self._settled_ms
        if self._more_history or due_ms > counted_ms:
            with self._journal.transaction():
                self._more_history = self._settlement.settle(self._journal.connection, now_ms)
                self._settled_ms = self._journal.meta(UNTIL) or 0
            if not self._more_history or self._settled_ms > counted_ms:  # late news may never end; the count goes on
                self._count_anew()
        if not self._more_history and self.foretelling.due(self._settled_ms):
            with self._journal.transaction():
                self.foretelling.step(self._journal.connection, self._settled_ms)
        if self.watch.due(now_ms):
            with self._journal.transaction():
                self.watch.step(now_ms)
        if self.alarms.due(now_ms):
            with self._journal.transaction():
                self.alarms.step(now_ms)
        if now_ms >= self._purge_ms:
            with self._journal.transaction():
                self._forget(now_ms)
            self._uncut = True
        if self._uncut:  # until then, what was erased can be read in the log
            self._uncut = not self._journal.shrink()
        return due_ms > self._settled_ms or (not self._more_history and self.foretelling.due(self._settled_ms))

    def is_ahead(self, now_ms: int) -> bool:
        """Whether something was written for a time after `now_ms`, and it is certain that this has not come yet."""
        if max(self._settled_ms, self._erased_ms, self._taken_from_ms) <= now_ms:
            return False
        return self._time.belief.confirmed or self._journal.newest(FOREVER_MS) <= now_ms

    def obey(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Take commands to the collector; one that breaks the contract is refused in the log."""
        with self._journal.transaction():
            for payload in payloads:
                room = self.alarms if is_command(payload) else self.watch
                room.answer(payload, now_ms)

    def adjust(self, payloads: Iterable[bytes], now_ms: int) -> None:
        """Store what managers ask to be adjusted, and use it; what breaks the contract is rejected in the log."""
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
        """Store what the newest events left behind of each space: the next start has less to read."""
        self._collect_touched()
        with self._journal.transaction():
            self._journal.set_settled({space: self._body(space) for space in self._unsaved})
            if self._time.belief.boot:
                save_belief(self._journal, self._time.belief)
        self._unsaved.clear()

    def _store(self, into: Intake, now_ms: int) -> None:
        journal = self._journal
        self._explain_gaps(into, now_ms)
        journal.add_events(into.accepted, into.undated)
        journal.set_marks(into.marks)
        if into.gaps:
            journal.add_gaps(into.gaps, now_ms)
        if into.refused:
            journal.add_refused(into.refused, now_ms)
        self._keep(self.house.take(into.accepted, now_ms, self._past))
        for sensor, at_ms in self._late(into).items():
            if at_ms < self._settled_ms and (name := self._series.get(sensor)):
                self._stale(name, at_ms)
            if at_ms < self.watch.counted_ms:
                self.watch.late(sensor, at_ms)
        self.watch.arrived(into, now_ms)
        self.alarms.arrived(into, now_ms)

    def _explain_gaps(self, into: Intake, now_ms: int) -> None:
        """Devices let go of what they had a receipt for: after a restore the journal lost it, and not they.

        A stream that the backup did not know had begun after it.
        """
        if self._restored_ms is None:
            return
        recent = now_ms - self._restored_ms < self._retention.raw_hours * HOUR_MS
        for number, gap in enumerate(into.gaps):
            known = self.marks.get(gap[:2])
            mark = self._restored.get(gap[:2]) if known is not None else 0 if recent else None
            if mark is not None and gap.first == mark + 1 and gap.reason is Loss.DROPPED:
                into.gaps[number] = gap._replace(reason=Loss.JOURNAL_DAMAGED)
        for key in self._restored.keys() & into.spoke.keys():
            del self._restored[key]
            self._journal.forget_restored(key)

    def _late(self, into: Intake) -> dict[SensorKey, int]:
        """The oldest word of each sensor that speaks of what is counted already."""
        counted_ms = max(self._settled_ms, self.watch.counted_ms)
        oldest: dict[SensorKey, int] = {}
        for event in into.accepted:
            at_ms = event.at_ms
            if at_ms < counted_ms and at_ms < oldest.get(key := (event.device, event.sensor), counted_ms):
                oldest[key] = at_ms
        return oldest

    def _keep(self, changes: Sequence[Change]) -> None:
        """Write what changed in the spaces' stories, and the air with it."""
        journal, house = self._journal, self.house
        journal.rewrite(changes, self._erased_ms)
        for change in changes:
            from_ms = max(change.from_ms, self._erased_ms)
            if from_ms < self._settled_ms:
                self._stale(change.space, from_ms)
        bodies = {change.space: self._body(change.space) for change in changes}
        zones = self._collect_touched()
        self._unsaved -= bodies.keys()
        bodies |= {AIR + zone: _encode(house.air(zone)) for zone in zones}
        journal.set_settled(bodies)

    def _body(self, space: str) -> bytes:
        """The evidence of a space as it is stored: what is forgotten leaves no exact moment in it."""
        evidence = self.house.evidence(space)
        before_ms = min(self._erased_ms, evidence.at_ms)  # the newest event is stored, and keeps its place
        return _encode(coarsened(evidence, self.house.rules(space), before_ms))

    def _collect_touched(self) -> set[str]:
        spaces, zones = self.house.touched()
        self._unsaved |= spaces
        return zones

    def _stale(self, subject: str, from_ms: int) -> None:
        self._journal.mark_stale(subject, from_ms)
        self._more_history = True

    def _past(self, space: str, evidence: Evidence) -> list[Heard]:
        """The stored events of a space above the key of this evidence."""
        events = self._journal.events(self._sensors[space], evidence.at_ms)
        return [event for event in events if event.key > evidence.key]

    def _restore(self, now_ms: int) -> None:
        """Read back what is stored, and judge what was stored after that."""
        settled, checkpoints = self._journal.settled(), self._journal.checkpoints()
        newer: list[Heard] = []
        for space in self._sensors:
            known = [_evidence(settled[space])] if space in settled else []
            if space in checkpoints:
                known.append(_evidence(checkpoints[space].body))
                self.house.set_checkpoint(space, known[-1])
            if known:  # a checkpoint may have overtaken what was saved before it
                self.house.restore(space, max(known, key=lambda evidence: evidence.key))
            newer += self._past(space, self.house.evidence(space))
        for name, body in settled.items():
            if name.startswith(AIR):
                self.house.restore_air(name.removeprefix(AIR), _air(body))
        changes = self.house.take(newer, now_ms, self._past)
        with self._journal.transaction():
            self._keep(changes)
        self._count_anew()

    def _count_anew(self) -> None:
        """Let the live count go on from where history is now."""
        if self._plan.doors:
            self.house.count_from(*self._settlement.latest(self._journal.connection))

    def _forget(self, now_ms: int) -> None:
        """Forget a piece of what is past its hours; the next piece soon, if there is one."""
        deletion_ms = self._time.deletion_ms(now_ms)
        before_ms = min(deletion_ms - self._retention.raw_hours * HOUR_MS, self._settled_ms)
        undated_ms = FOREVER_MS if self._time.holds_future else now_ms + FUTURE_MS
        more = False
        if before_ms > self._erased_ms:
            self._taken_from_ms = max(self._taken_from_ms, self._journal.newest(before_ms) + 1)
            self._journal.set_meta(TAKEN_FROM, self._taken_from_ms)
            more = self._purge.step(self._journal, before_ms, undated_ms)
            self._erased_ms = before_ms
            self._journal.set_meta(ERASED, before_ms)
        if not more:
            for key in self._journal.retire_streams(KEPT_STREAMS):
                self.marks.pop(key, None)
            tables.erase(self._journal.connection, self._plan, self._retention, deletion_ms)
        self._purge_ms = now_ms + (0 if more else PURGE_EVERY_MS)

    def _log_held(self, held: set[str]) -> None:
        """One line when a device's events begin to wait for the right time."""
        for device in sorted(held - self._held):
            log.warning(
                "events of %s are in the future by the server's clock, which is not confirmed; the device keeps them",
                device,
            )
        self._held = (self._held | held) if self._time.holds_future else held

    def _log_refused(self, into: Intake) -> None:
        """One line for each tenfold of refusals: a device that sends nonsense must not fill the log."""
        if not into.refused:
            return
        before, self._refused = self._refused, self._refused + len(into.refused)
        if not before or len(str(before)) < len(str(self._refused)):
            last = into.refused[-1]
            log.warning("refused %d so far; the last: %s: %s", self._refused, last.place, last.reason)
