"""Health service of one site: counts and evaluates its sensors in small slices beside the live loop.

In:    the journal inside its transaction, batches just taken in, managers' commands, site time.
Out:   findings by device that must be published; the spaces whose sensors are doubted.
Never: work for each event, a space's state, more than one slice per call.

Every completed hour is counted once from the stored events, and again when late events arrive. The
journal stores the result under its own keys: 14 days of each sensor, the findings, and what is ignored.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from collector.contract.findings import (
    MAX_NOTES,
    Finding,
    FindingCommand,
    FindingKind,
    Findings,
    SensorNote,
)
from collector.contract.loss_reasons import LossReason
from collector.contract.messages import OutgoingMessage
from collector.contract.states import COARSE_STEP_MS, coarsen_moment
from collector.health.clocks import ArrivalAges, find_clock_fault
from collector.health.finding_rules import estimate_battery, evaluate_sensors
from collector.health.health_store import (
    FindingStart,
    HealthNotes,
    load_notes,
    load_pasts,
    save_notes,
    save_pasts,
)
from collector.health.identities import DuplicateClientDetector
from collector.health.ignoring import IgnoredFinding, apply_command, compute_fingerprint, keep_valid
from collector.health.learned_values_for_health import read_hold_reliability, read_threshold
from collector.health.placement.day_matches import match_day
from collector.health.refusals import build_rejection_findings, read_rejections
from collector.health.tallies.hour_tallies import ActivityRule, build_activity_rule
from collector.health.tallies.sensor_groups import SensorGroup, group_sensors
from collector.health.tallies.sensor_history import CountedHours, SensorHistory, compute_days, count_hours
from collector.health.tallies.site_activity import HoldReliability, SensorRecord
from collector.history.door_days import DaySpan, find_day_span
from collector.intake.intake import IntakeResult
from collector.live.space_states import SpaceStates
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor, SensorKey
from collector.site.spaces import Tenure
from collector.store.journal import Journal
from edge.contract import topics
from edge.contract.sensor_traits import HealthRole
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

MAX_SLICE_EVENTS: Final = 6_000
"""Approximate limit of events that one call reads: about 20 ms."""
COMPARISON_COST_EVENTS: Final = 900
"""The cost of comparing one space's sensors with the whole site, in events."""

NOTES_INTERVAL_MS: Final = MINUTE_MS
"""Sensor notes are published again this often, in site time."""
REJECTIONS_INTERVAL_MS: Final = 5_000
"""New rejections are published this often, because an installer may be waiting for them."""
_EMPTY_NOTE: Final = SensorNote()

log = logging.getLogger(__name__)


class HealthService:
    """Counts, evaluates and publishes the health of one site's sensors. Used by the collector's thread only."""

    def __init__(  # noqa: PLR0913, PLR0917 - everything that findings are computed from
        self,
        plan: SitePlan,
        journal: Journal,
        spaces: SpaceStates,
        raw_hours: int,
        now_ms: int,
        list_wrong_answers: Callable[[], Iterable[tuple[SensorKey, Finding]]] = tuple,
    ) -> None:
        """Begin with the findings of the last run; `list_wrong_answers` returns those of truth rounds."""
        self._list_wrong_answers = list_wrong_answers
        self._plan, self._journal, self._spaces, self._raw_hours = plan, journal, spaces, raw_hours
        self._groups = group_sensors(plan)
        self._group_of = {sensor.key: name for name, group in self._groups.items() for sensor in group.sensors}
        self._fingerprints = {sensor.key: compute_fingerprint(sensor) for sensor in plan.sensors}
        movers = [
            sensor
            for sensor in plan.sensors
            if sensor.kind.traits.health.role is HealthRole.MOVEMENT and sensor.space is not None
        ]
        self._representatives = {sensor.space: sensor.key for sensor in reversed(movers)}
        """For each space the movement sensor that represents all of its movement sensors."""
        notes = load_notes(journal)
        self._histories = load_pasts(journal, plan)
        self.counted_until_ms = max((past.until_ms for past in self._histories.values()), default=0)
        """No hour from this instant on is counted for any sensor."""
        self._arrivals = ArrivalAges(
            {device: hours for device, hours in notes.clocks.items() if device in plan.device_ids}
        )
        self._since: list[FindingStart] = list(notes.since)
        self._ignored: list[IgnoredFinding] = list(notes.ignored)
        self._late_from_ms: dict[str, int] = dict(notes.late)
        self._found: list[tuple[SensorKey, Finding]] = []
        self._rejected: list[tuple[SensorKey, Finding]] = []
        self._identities = DuplicateClientDetector()
        self._contested: list[tuple[SensorKey, Finding]] = []
        self._has_new_rejections = False
        self._published: dict[str, Findings] = {}
        self._published_ms: int | None = None
        self._round: Iterator[int] | None = None
        self._due_ms = 0
        self._has_late_events = False
        self._has_changes = True
        self._evaluate(now_ms)  # restores the findings of the last run

    # Input

    def record_intake(self, into: IntakeResult, now_ms: int) -> None:
        """Record a batch. Only one event per batch is sampled; over an hour every device is sampled."""
        if into.accepted:
            event = into.accepted[now_ms % len(into.accepted)]
            self._arrivals.record_event(event.device, event.at_ms, now_ms)
        if into.undated:
            self._arrivals.record_undated(into.undated[now_ms % len(into.undated)].device, now_ms)
        self._has_new_rejections = self._has_new_rejections or bool(into.rejected)
        for device, stream in into.receipts_due:
            self._identities.record_stream(device, stream, now_ms)
        for gap in into.gaps:
            if gap.reason is LossReason.FUTURE:
                self._arrivals.record_rejected(gap.device, gap.last - gap.first + 1, now_ms)
        if self._has_late_events:
            self._has_late_events = False
            self._save_notes()

    def record_late_event(self, sensor: SensorKey, at_ms: int) -> None:
        """Record a late event so that its hour is counted again. Call this before `record_intake`."""
        past = self._histories.get(sensor)
        name = self._group_of.get(sensor, "")
        if past is not None and at_ms < self._late_from_ms.get(name, past.until_ms or self.counted_until_ms):
            self._late_from_ms[name] = at_ms
            self._has_late_events = True
            self._due_ms = 0

    def apply_command(self, command: FindingCommand, now_ms: int) -> None:
        """Apply a manager's command about a finding."""
        self._ignored = apply_command(
            self._ignored, command, self._all_findings, self._fingerprints, self._today(now_ms)
        )
        self._save_notes()
        self._update_doubted_spaces()

    # Output

    def republish_all(self) -> None:
        """Publish everything again at the next call: the broker may have lost its retained messages."""
        self._published.clear()
        self._has_changes = True

    def pop_messages(self, now_ms: int, _screen_ms: int) -> list[OutgoingMessage]:
        """Return changed findings as messages."""
        return [OutgoingMessage(topics.FINDINGS, device, found) for device, found in self.pop_changed_findings(now_ms)]

    def pop_changed_findings(self, now_ms: int) -> list[tuple[str, Findings]]:
        """Return the findings by device that changed since they were last published."""
        noted_ms = self._published_ms
        wait_ms = REJECTIONS_INTERVAL_MS if self._has_new_rejections else NOTES_INTERVAL_MS
        if not self._has_changes and noted_ms is not None and 0 <= now_ms - noted_ms < wait_ms:
            return []
        self._has_changes, self._has_new_rejections, self._published_ms = False, False, now_ms
        with self._journal.transaction():
            refused = read_rejections(self._journal.tables, self._plan)
        self._rejected = build_rejection_findings(
            refused, {name[0]: finding.since_ms for name, finding in self._rejected}, now_ms
        )
        self._contested = [
            ((device, ""), Finding(FindingKind.TWO_CLIENTS, since_ms))
            for device, since_ms in self._identities.find_duplicates(now_ms).items()
        ]
        found: dict[str, list[Finding]] = {device: [] for device in self._plan.device_ids}
        for name, finding in self.list_findings():
            if name[0] in found:
                found[name[0]].append(finding)
        with self._journal.transaction():
            notes, missing = self._sensor_notes(now_ms), self._journal.tables.count_lost_events()
        fresh = {
            device: Findings(0, self._coarsen(these, now_ms), notes[device], missing.get(device, 0), refused[device])
            for device, these in found.items()
        }
        changed = {device: found for device, found in fresh.items() if self._published.get(device) != found}
        self._published.update(changed)
        at_ms = now_ms - now_ms % COARSE_STEP_MS  # a precise time would show when something became old
        return [(device, replace(found, at_ms=at_ms)) for device, found in changed.items()]

    def _sensor_notes(self, now_ms: int) -> dict[str, dict[str, SensorNote]]:
        """Return the note of each sensor, by device."""
        newest = self._journal.tables.read_last_events()
        notes: dict[str, dict[str, SensorNote]] = {device: {} for device in self._plan.device_ids}
        for sensor in self._plan.sensors:
            device_notes = notes.get(sensor.device)
            if (
                device_notes is not None
                and len(device_notes) < MAX_NOTES
                and (note := self._build_note(sensor, newest, now_ms)) != _EMPTY_NOTE
            ):
                device_notes[sensor.id] = note
        return notes

    def _build_note(self, sensor: Sensor, newest: Mapping[SensorKey, int], now_ms: int) -> SensorNote:
        at_ms = newest.get(sensor.key)
        space = self._plan.space_by_id.get(sensor.space or "")
        if at_ms is not None and space is not None and space.tenure is Tenure.DEDICATED:
            is_silent = now_ms - at_ms >= self._activity_rule(sensor).silent_after_ms
            at_ms = at_ms if is_silent else None  # otherwise it would expose the member's presence
        estimate = estimate_battery(self._histories[sensor.key].days)
        return SensorNote(
            last_event_ms=None
            if at_ms is None
            else self._coarsen_moment(min(at_ms, now_ms) // NOTES_INTERVAL_MS * NOTES_INTERVAL_MS, now_ms),
            battery_pct=None if estimate is None else round(estimate[0]),
            days_left=None if estimate is None else estimate[1],
        )

    def list_findings(self) -> list[tuple[SensorKey, Finding]]:
        """Return all findings, with `ignored` set on those that a manager ignores."""
        return [
            (name, replace(finding, ignored=self._is_ignored(name, finding))) for name, finding in self._all_findings
        ]

    @property
    def _all_findings(self) -> list[tuple[SensorKey, Finding]]:
        """Findings of the hourly evaluation, of rejections, and of duplicate clients."""
        return [*self._found, *self._rejected, *self._contested]

    # Work

    def is_due(self, now_ms: int) -> bool:
        """Return whether a round is running or due."""
        return self._round is not None or now_ms - now_ms % HOUR_MS > self._due_ms

    def run_slice(self, now_ms: int) -> None:
        """Process one slice of the current round, inside the journal's transaction."""
        if self._round is None:
            due_ms = now_ms - now_ms % HOUR_MS
            oldest_ms = due_ms - max(1, self._raw_hours - 1) * HOUR_MS  # kept until the next round, an hour on
            self._round = self._run_round(CountedHours(oldest_ms, due_ms, self._plan.time_zone), now_ms)
            self._due_ms = due_ms
            self.counted_until_ms = max(self.counted_until_ms, due_ms)
        spent = 0
        for cost in self._round:
            spent += cost
            if spent >= MAX_SLICE_EVENTS:
                return
        self._round = None

    def _run_round(self, span: CountedHours, now_ms: int) -> Iterator[int]:
        """Process one round over the site; each yielded value is the cost of one piece, in events read."""
        counted: dict[int, DaySpan] = {}
        for group in self._groups.values():
            read, days = self._count(group, self._late_from_ms.pop(group.name, None), span)
            counted |= {day.day: day for day in days}
            yield read
        for day in _list_days_from(counted, span):
            for group, changed in match_day(self._plan, self._groups, self._histories, day, span.due_ms):
                self._histories |= changed
                self._save_group(group)
                yield COMPARISON_COST_EVENTS
        self._evaluate(now_ms)
        self._save_notes()
        yield 0

    def _count(self, group: SensorGroup, late_ms: int | None, span: CountedHours) -> tuple[int, list[DaySpan]]:
        """Count the hours of a group that are due; return the number of events read, and the days computed."""
        stored = self._journal.tables
        begun = min(
            self._histories[sensor.key].until_ms
            or min(stored.read_first_event_ms(sensor.key) or span.due_ms, span.due_ms)
            for sensor in group.sensors
        )
        from_ms = begun if late_ms is None else min(begun, late_ms)
        if any(
            self._histories[sensor.key].lacked_threshold and self._activity_rule(sensor).event_kind
            for sensor in group.sensors
        ):
            from_ms = 0  # the threshold of a sound sensor was just learned: count the earlier hours again
        from_ms = max(from_ms - from_ms % HOUR_MS, span.oldest_ms)
        if from_ms >= span.due_ms:
            return 1, []
        read = 1
        pairs: list[tuple[ActivityRule, SensorHistory]] = []
        for sensor in group.sensors:
            rule = self._activity_rule(sensor)
            events = stored.read_values(sensor.key, from_ms, span.due_ms)
            read += len(events)
            pairs.append((rule, count_hours(self._histories[sensor.key], rule, from_ms, events, span)))
        pasts, days = compute_days(pairs, from_ms, span)
        self._histories |= {sensor.key: past for sensor, past in zip(group.sensors, pasts, strict=True)}
        self._save_group(group)
        return read, days

    def _evaluate(self, now_ms: int) -> None:
        """Evaluate all sensors and device clocks, and keep when each finding began."""
        found = evaluate_sensors([self._sensor_record(sensor) for sensor in self._plan.sensors])
        for device, hours in self._arrivals.hours.items():
            if (finding := find_clock_fault(hours, now_ms)) is not None:
                found.append(((device, ""), finding))
        found += self._list_wrong_answers()
        before = {(since.device, since.sensor, since.kind, since.quantity): since.at_ms for since in self._since}
        self._since = [
            FindingStart(
                *name,
                finding.kind,
                before.get((*name, finding.kind, finding.quantity), now_ms),
                finding.quantity,
            )
            for name, finding in found
        ]
        self._found = [
            (name, replace(finding, since_ms=since.at_ms))
            for (name, finding), since in zip(found, self._since, strict=True)
        ]
        self._ignored = keep_valid(self._ignored, self._all_findings, self._fingerprints, self._today(now_ms))
        self._update_doubted_spaces()

    def _update_doubted_spaces(self) -> None:
        """Mark the spaces that have a sensor with a finding as doubted."""
        self._has_changes = True
        ill = {
            key
            for name, finding in self._found
            if not self._is_ignored(name, finding)
            for key in (
                name,
                *([(finding.witness_device, finding.witness)] if finding.kind is FindingKind.SWAPPED else []),
            )
        }
        self._spaces.set_degraded(
            {
                sensor.space
                for sensor in self._plan.sensors
                if sensor.space is not None and (sensor.key in ill or (sensor.device, "") in ill)
            }
        )

    def _sensor_record(self, sensor: Sensor) -> SensorRecord:
        space = self._plan.space_by_id.get(sensor.space or "")
        named = self._representatives.get(sensor.space) == sensor.key
        past = self._histories[sensor.key]
        return SensorRecord(
            rule=self._activity_rule(sensor),
            space=sensor.space or "",
            space_kind=space.kind if space else None,
            dedicated=space is not None and space.tenure is Tenure.DEDICATED,
            zone=sensor.zone or (space.zone if space else ""),
            door=sensor.door or "",
            fired=past.fired,
            hold=read_hold_reliability(self._spaces, sensor.space) if sensor.space and named else HoldReliability(),
            days=past.days,
        )

    def _activity_rule(self, sensor: Sensor) -> ActivityRule:
        return build_activity_rule(self._plan, sensor, read_threshold(self._spaces, sensor))

    def _is_ignored(self, name: SensorKey, finding: Finding) -> bool:
        return any(one.is_about(name, finding) for one in self._ignored)

    def _today(self, now_ms: int) -> int:
        return find_day_span(now_ms, self._plan.time_zone).day

    def _save_group(self, group: SensorGroup) -> None:
        save_pasts(self._journal, group, self._histories)

    def _save_notes(self) -> None:
        notes = HealthNotes(tuple(self._since), tuple(self._ignored), self._arrivals.hours, self._late_from_ms)
        save_notes(self._journal, notes)

    def _coarsen(self, found: Iterable[Finding], now_ms: int) -> list[Finding]:
        """Return the findings for publication: instants of erased events are rounded to five minutes."""
        return [replace(finding, since_ms=self._coarsen_moment(finding.since_ms, now_ms)) for finding in found]

    def _coarsen_moment(self, at_ms: int, now_ms: int) -> int:
        return coarsen_moment(at_ms, now_ms, self._raw_hours * HOUR_MS)


def _list_days_from(counted: Mapping[int, DaySpan], span: CountedHours) -> list[DaySpan]:
    """Return the days to compare: from the first counted one on, because each result depends on the day before."""
    days: list[DaySpan] = []
    day = counted[min(counted)] if counted else None
    while day is not None and day.from_ms < span.due_ms:
        days.append(day)
        day = find_day_span(day.to_ms, span.zone)
    return days
