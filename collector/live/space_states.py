"""States of all spaces, doors and zones of one site: events in, changes out.

In:    stored events in any order, moments.
Out:   rewritten transitions of spaces; the states and summaries to publish.
Never: clocks, sockets, files, logging. One thread owns a `SpaceStates`.

It holds frozen values only, and they are a function of the stored events and the newest time passed in.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import takewhile
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from collector.contract.messages import OutgoingMessage
from collector.contract.states import (
    Because,
    Occupancy,
    Reason,
    SpaceHealth,
    SpaceState,
    Summary,
    Tuning,
    coarsen_state,
)
from collector.live.corrections import Correction, apply_correction, get_corrected_occupancy, is_current
from collector.live.state_changes import StateChanges
from collector.occupancy.evaluate import (
    build_space_state,
    find_lapses,
    fit_to_rules,
    fold_events,
    merge_transitions,
    next_wake_ms,
)
from collector.occupancy.evidence import EMPTY_EVIDENCE, Evidence, SpaceChange, StoredEvent, Transition
from collector.occupancy.published_tuning import build_tuning
from collector.occupancy.space_rules import SpaceRules, build_space_rules
from collector.occupancy.zone_air import AirState
from collector.people.estimate import DoorCrossing, PeopleEstimate
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space
from collector.timekeeping.instants import FOREVER_MS
from edge.contract import topics
from edge.contract.raw_retention import MAX_RAW_MS
from edge.timekeeping.durations import MINUTE_MS

StoredEventsReader = Callable[[str, Evidence], Sequence[StoredEvent]]
"""Reads all stored events of a space above the key of this evidence, in any order, including the newest."""

SNAPSHOT_INTERVAL_MS: Final = 15 * MINUTE_MS
MAX_SNAPSHOTS: Final = 12
"""Snapshots of the evidence kept per space: a late event is folded from one of them, not over all stored events."""


class _SpaceEntry:
    """One space: its evidence and the transitions reported of it."""

    __slots__ = ("checkpoint", "due_ms", "evidence", "pending", "reported", "rules", "snapshots", "space")

    def __init__(self, space: Space, rules: SpaceRules) -> None:
        self.space = space
        self.rules = rules
        self.checkpoint = self.evidence = fit_to_rules(EMPTY_EVIDENCE, rules)
        self.snapshots: deque[Evidence] = deque((self.evidence,), MAX_SNAPSHOTS)
        """Earlier evidence, each folded over all events up to its own; never empty."""
        self.reported: list[Transition] | None = []
        """Transitions reported at or after the newest event. None: unknown, because the evidence was restored."""
        self.due_ms = FOREVER_MS
        """Time alone changes nothing shown before this moment."""
        self.pending: list[StoredEvent] = []


class SpaceStates:
    """Every space, door and zone of one plan. Restore stored evidence before the first `apply_events`."""

    def __init__(self, plan: SitePlan, exact_for_ms: int = MAX_RAW_MS) -> None:
        """Begin with unknown states; moments older than `exact_for_ms` are shown to five minutes only."""
        self._exact_for_ms = exact_for_ms
        self._entries = {space.id: _SpaceEntry(space, build_space_rules(plan, space.id)) for space in plan.spaces}
        self._entry_by_sensor = {
            sensor.key: self._entries[sensor.space] for sensor in plan.sensors if sensor.space is not None
        }
        self._spaces_with_air = frozenset(sensor.space for sensor in plan.sensors if sensor.zone is not None)
        """Spaces with an air sensor, whose readings count for the zone's air too."""
        self._due: list[tuple[int, str]] = []
        self._changed: set[str] = set()
        self._degraded: frozenset[str] = frozenset()
        self._corrections: dict[str, Correction] = {}
        self._state_changes = StateChanges(plan, exact_for_ms)
        for entry in self._entries.values():
            self._state_changes.set_state(entry.space.id, entry.evidence.state)

    def restore_evidence(self, space: str, evidence: Evidence) -> None:
        """Restore stored evidence under the current rules; ignore a space that is no longer in the plan."""
        if (entry := self._entries.get(space)) is not None:
            entry.evidence = fit_to_rules(evidence, entry.rules)
            entry.snapshots.append(entry.evidence)
            entry.reported = None
            self._state_changes.set_state(space, entry.evidence.state)
            self._wake(entry, 0)

    def get_evidence(self, space: str) -> Evidence:
        """Return the evidence of a space, to be stored."""
        return self._entries[space].evidence

    def set_checkpoint(self, space: str, evidence: Evidence) -> None:
        """Fold late events of the space from here on; ignore a space that is no longer in the plan."""
        if (entry := self._entries.get(space)) is not None:
            entry.checkpoint = fit_to_rules(evidence, entry.rules)

    def get_checkpoint(self, space: str) -> Evidence:
        """Return the evidence from which late events are folded at the latest; at first empty evidence."""
        return self._entries[space].checkpoint

    def get_rules(self, space: str) -> SpaceRules:
        """Return the rules of a space."""
        return self._entries[space].rules

    def start_counting(
        self,
        crowd: PeopleEstimate,
        crossings: Sequence[DoorCrossing],
        timelines: Mapping[str, Sequence[tuple[int, Occupancy]]],
    ) -> None:
        """Continue the people count from the end of history (see `PeopleCounter.start`).

        Args:
            crowd: the estimate at the end of history.
            crossings: stored crossings that are not older.
            timelines: by space, its changes since then and the last one before.
        """
        self._state_changes.people_counter.start(crowd, crossings, timelines)

    def restore_air(self, zone: str, state: AirState) -> None:
        """Restore the stored air of a zone; ignore a zone that is no longer in the plan."""
        self._state_changes.restore_air(zone, state)

    def get_air(self, zone: str) -> AirState:
        """Return the air of a zone, to be stored."""
        return self._state_changes.air_by_zone[zone]

    def pop_changed(self) -> tuple[set[str], set[str]]:
        """Return the spaces and zones whose evidence changed since the last call, to be stored."""
        spaces, self._changed = self._changed, set()
        return spaces, self._state_changes.pop_changed_zones()

    def apply_events(self, events: Sequence[StoredEvent], now_ms: int, past: StoredEventsReader) -> list[SpaceChange]:
        """Apply stored events of any sensors, in any order; return the changes of spaces.

        Args:
            events: synchronised events, none applied before; events of unknown sensors are ignored.
            now_ms: the current time; lapses are reported up to here.
            past: called only when an event is older than the newest one of its space.
        """
        entries: list[_SpaceEntry] = []
        entry_by_sensor = self._entry_by_sensor
        for event in events:
            entry = entry_by_sensor.get((event.device, event.sensor))
            if entry is None:
                self._state_changes.apply_event(event)
                continue
            if not entry.pending:
                entries.append(entry)
            entry.pending.append(event)
        changes = [self._apply_pending(entry, now_ms, past) for entry in entries]
        self._recheck_corrections(now_ms)
        return self._apply_to_people([change for change in changes if change is not None])

    def tick(self, now_ms: int) -> list[SpaceChange]:
        """Return the changes by lapses that are due and not reported yet."""
        changes: list[SpaceChange] = []
        while self._due and self._due[0][0] <= now_ms:
            due_ms, space = heappop(self._due)
            entry = self._entries[space]
            if entry.due_ms == due_ms:  # otherwise the heap holds a newer entry
                entry.due_ms = FOREVER_MS
                if (change := self._compare_reported(entry, entry.evidence, [], now_ms)) is not None:
                    changes.append(change)
        self._recheck_corrections(now_ms)
        return self._apply_to_people(changes)

    def set_degraded(self, spaces: Collection[str]) -> None:
        """Set the spaces that have a sensor with a finding: their health is `degraded` at best."""
        for space in self._degraded.symmetric_difference(spaces):
            self._state_changes.recheck_space(space)
        self._degraded = frozenset(spaces)

    def set_out_of_use(self, spaces: Collection[str]) -> None:
        """Set the spaces that are shown as `disabled`; their transitions and history do not change."""
        self._state_changes.set_out_of_use(spaces)

    def is_out_of_use(self, space: str) -> bool:
        """Return whether a manager set the space out of use."""
        return self._state_changes.is_out_of_use(space)

    def is_corrected(self, space: str) -> bool:
        """Return whether a space is shown as somebody found it."""
        return self._state_changes.is_corrected(space)

    def set_corrections(self, corrections: Mapping[str, Correction], now_ms: int) -> None:
        """Set the newest correction of each space; one that does not apply any more changes nothing."""
        self._corrections = {space: correction for space, correction in corrections.items() if space in self._entries}
        self._recheck_corrections(now_ms)

    def get_sensed_state(self, space: str, now_ms: int) -> SpaceState:
        """Return the state that the sensors of a space show now, without any correction."""
        entry = self._entries[space]
        return coarsen_state(build_space_state(entry.evidence, entry.rules, now_ms), now_ms, self._exact_for_ms)

    def get_state(self, space: str, now_ms: int) -> SpaceState:
        """Return the state that a space shows now."""
        state = self.get_sensed_state(space, now_ms)
        if self._state_changes.is_out_of_use(space):
            return SpaceState(
                state=Occupancy.DISABLED,
                since_ms=0,
                because=Because(Reason.DISABLED),
                health=state.health,
                at_ms=0,
            )
        if self._state_changes.is_corrected(space):
            state = apply_correction(self._corrections[space], state)
        if space in self._degraded and state.health is SpaceHealth.HEALTHY:
            return replace(state, health=SpaceHealth.DEGRADED)
        return state

    def get_zone_summary(self, zone: str, now_ms: int) -> Summary:
        """Return the summary of a zone, as of the last `apply_events` or `tick`."""
        return self._state_changes.build_zone_summary(zone, now_ms)

    def get_site_summary(self, now_ms: int) -> Summary:
        """Return the summary of the whole site, as of the last `apply_events` or `tick`."""
        return self._state_changes.build_site_summary(now_ms)

    def get_sensed_site_summary(self, now_ms: int) -> Summary:
        """Return the summary of the whole site by its sensors, without any correction."""
        return self._state_changes.build_site_summary(now_ms, with_corrections=False)

    def pop_changed_states(self, now_ms: int, screen_ms: int) -> list[tuple[str, SpaceState]]:
        """Return the states that changed since the last call, by space; never those of dedicated spaces.

        A change of state, reason or health is returned at once. Newer evidence for the same state is returned every ten
        seconds of site time, and at most once a second of `screen_ms`, a monotonic clock that runs in real time.
        """
        return self._state_changes.pop_changed_states(now_ms, screen_ms, self.get_state)

    def pop_changed_summaries(self, now_ms: int) -> list[tuple[str, Summary]]:
        """Return the summaries that changed since the last call, by zone or WHOLE_SITE."""
        return self._state_changes.pop_changed_summaries(now_ms)

    def pop_changed_tunings(self) -> list[tuple[str, Tuning | None]]:
        """Return learned values that changed since the last call; None: no longer any. None of dedicated spaces."""
        return self._state_changes.pop_changed_tunings(self.get_tuning)

    def pop_messages(self, now_ms: int, screen_ms: int) -> Iterator[OutgoingMessage]:
        """Return changed states, summaries and learned values as messages."""
        for space, state in self.pop_changed_states(now_ms, screen_ms):
            yield OutgoingMessage(topics.SPACE_STATE, space, state)
        for zone, summary in self.pop_changed_summaries(now_ms):
            if zone == WHOLE_SITE:
                yield OutgoingMessage(topics.SITE_SUMMARY, "", summary)
            else:
                yield OutgoingMessage(topics.ZONE_SUMMARY, zone, summary)
        for space, tuning in self.pop_changed_tunings():
            yield OutgoingMessage(topics.TUNING, space, tuning)

    def get_tuning(self, space: str) -> Tuning | None:
        """Return the learned values of a space; None if it learns nothing."""
        entry = self._entries[space]
        return build_tuning(entry.evidence, entry.rules)

    def republish_all(self) -> None:
        """Publish everything again: the broker may have lost it."""
        self._state_changes.mark_all_unpublished()

    def _recheck_corrections(self, now_ms: int) -> None:
        """Show the corrections that still apply."""
        if not self._corrections:
            self._state_changes.set_corrected({})
            return
        self._corrections = {
            space: correction
            for space, correction in self._corrections.items()
            if is_current(correction, self._entries[space].evidence, self.get_sensed_state(space, now_ms), now_ms)
        }
        self._state_changes.set_corrected(
            {space: get_corrected_occupancy(correction) for space, correction in self._corrections.items()}
        )

    def _apply_to_people(self, changes: list[SpaceChange]) -> list[SpaceChange]:
        for change in changes:
            self._state_changes.replace_transitions(change.space, change.from_ms, change.transitions)
        return changes

    def _apply_pending(self, entry: _SpaceEntry, now_ms: int, past: StoredEventsReader) -> SpaceChange | None:
        events, entry.pending = entry.pending, []
        if entry.space.id in self._spaces_with_air:
            for event in events:
                self._state_changes.apply_event(event)
        if len(events) > 1:
            events.sort()
        self._changed.add(entry.space.id)
        old = entry.evidence
        first = events[0]
        if first.at_ms <= old.key[0] and first.key <= old.key:
            return self._refold(entry, first, now_ms, past)
        entry.evidence, transitions = fold_events(old, events, entry.rules)
        if entry.evidence.at_ms - entry.snapshots[-1].at_ms >= SNAPSHOT_INTERVAL_MS:
            entry.snapshots.append(entry.evidence)
        check_ms = entry.evidence.check_ms
        if transitions or entry.reported != [] or now_ms >= check_ms:
            return self._compare_reported(entry, old, transitions, now_ms)
        self._state_changes.mark_refreshed(entry.space.id)
        if check_ms < entry.due_ms:
            self._wake(entry, check_ms)
        return None

    def _refold(self, entry: _SpaceEntry, first: StoredEvent, now_ms: int, past: StoredEventsReader) -> SpaceChange:
        """Fold again from before `first`. No event changes transitions older than itself."""
        while entry.snapshots and entry.snapshots[-1].key >= first.key:
            entry.snapshots.pop()
        start = max((entry.checkpoint, *entry.snapshots), key=attrgetter("key"))  # older events may be erased
        entry.snapshots.append(start)
        stored = sorted(event for event in past(entry.space.id, start) if event.key > start.key)
        entry.evidence, transitions = fold_events(start, stored, entry.rules)
        transitions_now = self._transitions_since(entry, start, transitions, now_ms)
        from_ms = max(first.at_ms, start.at_ms)
        self._set_reported(entry, transitions_now, now_ms)
        return SpaceChange(
            entry.space.id,
            from_ms,
            [transition for transition in transitions_now if transition.at_ms >= from_ms],
            refolded=True,
        )

    def _compare_reported(
        self, entry: _SpaceEntry, old: Evidence, transitions: list[Transition], now_ms: int
    ) -> SpaceChange | None:
        """Compare the transitions since `old` with those reported; the change begins where they differ."""
        transitions_now = self._transitions_since(entry, old, transitions, now_ms)
        reported = entry.reported
        self._set_reported(entry, transitions_now, now_ms)
        if reported is None:
            return SpaceChange(entry.space.id, old.at_ms, transitions_now, refolded=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(transitions_now, reported, strict=False)))
        differing = [*transitions_now[same : same + 1], *reported[same : same + 1]]
        if not differing:
            return None
        from_ms = min(transition.at_ms for transition in differing)
        return SpaceChange(entry.space.id, from_ms, transitions_now[same:], refolded=False)

    def _transitions_since(
        self, entry: _SpaceEntry, old: Evidence, transitions: list[Transition], now_ms: int
    ) -> list[Transition]:
        """Return the transitions at or after the newest event of `old`, up to now."""
        lapses = find_lapses(entry.evidence, entry.rules, now_ms)
        if old.since_ms != old.at_ms or old.at_ms == 0:
            return merge_transitions(old.state, transitions + lapses)
        began = Transition(old.since_ms, old.state, old.because)
        return merge_transitions(old.previous_state, [began, *transitions, *lapses])

    def _set_reported(self, entry: _SpaceEntry, transitions_now: list[Transition], now_ms: int) -> None:
        evidence = entry.evidence
        entry.reported = [transition for transition in transitions_now if transition.at_ms >= evidence.at_ms]
        self._state_changes.set_state(entry.space.id, transitions_now[-1].state if transitions_now else evidence.state)
        due_ms = next_wake_ms(evidence, entry.rules, max(now_ms, evidence.at_ms))
        if due_ms < entry.due_ms:
            self._wake(entry, due_ms)

    def _wake(self, entry: _SpaceEntry, due_ms: int) -> None:
        entry.due_ms = due_ms
        heappush(self._due, (due_ms, entry.space.id))
