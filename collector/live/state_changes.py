"""Changes to publish: states of spaces, summaries of zones and of the site, learned values.

In:    evaluated states, crossings, readings of air, moments.
Out:   what changed since it was last published.
Never: clocks, sockets.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from collector.contract.states import (
    TAKEN_STATES,
    Occupancy,
    Reason,
    SpaceHealth,
    SpaceState,
    Summary,
    Tuning,
    coarsen_moment,
    hide_few_people,
    next_coarsening_ms,
)
from collector.live.counts import count_by_kind
from collector.occupancy.evidence import StoredEvent, Transition
from collector.occupancy.zone_air import AirState, evaluate_air, update_air
from collector.people.counting import PeopleCounter
from collector.people.estimate import DoorCrossing
from collector.site.privacy_limits import MIN_SHOWN_GROUP, find_conditional_air_zones, find_published_air_sensors
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space, Tenure
from edge.contract.message import EventKind

REFRESH_MS: Final = 10_000
"""Newer evidence for the same state is published this often, in site time."""
_CHECK_MS: Final = 1_000
"""Newer evidence is checked this often, in real time: screens show no more of a site whose time runs faster."""

StateDigest = tuple[Occupancy, int, Reason, SpaceHealth]


class StateChanges:
    """Keeps what was published. Part of a `SpaceStates`, owned by its thread."""

    def __init__(self, plan: SitePlan, exact_for_ms: int) -> None:
        self._exact_for_ms = exact_for_ms
        self.people_counter = PeopleCounter(plan)
        self.air_by_zone = {zone.id: AirState() for zone in plan.zones}
        self._plan = plan
        self._door_sensors = {sensor.key for sensor in plan.sensors if sensor.door is not None}
        published = find_published_air_sensors(plan)
        self._zone_of = {s.key: s.zone for s in plan.sensors if s.zone in self.air_by_zone and s.key in published}
        self._silent_after_ms = {sensor.key: plan.silent_after_ms(sensor) for sensor in plan.sensors}
        self._conditional_air = find_conditional_air_zones(plan)
        self._spaces_of = {zone.id: [space for space in plan.spaces if space.zone == zone.id] for zone in plan.zones}
        self._shown = {space.id: Occupancy.UNKNOWN for space in plan.spaces}
        self._out_of_use: frozenset[str] = frozenset()
        self._corrected: dict[str, Occupancy] = {}
        self._published: dict[str, tuple[StateDigest, int]] = {}
        self._coarsen_at_ms: dict[str, int] = {}
        """By space: when a moment of its published state will be too old to be exact."""
        self._summaries: dict[str, Summary] = {}
        self._changed_zones: set[str] = set()
        self._public_spaces = frozenset(space.id for space in plan.spaces if space.tenure is Tenure.SHARED)
        self._refreshed: set[str] = set()
        self._tunings: dict[str, Tuning | None] = {}
        self._last_check_ms: int | None = None
        self.mark_all_unpublished()

    def mark_all_unpublished(self) -> None:
        """Mark everything as not published."""
        self._published.clear()
        self._summaries.clear()
        self._tunings.clear()
        self._evaluated = set(self._public_spaces)
        self._learning_changed = set(self._public_spaces)

    def restore_air(self, zone: str, state: AirState) -> None:
        """Restore the air of a zone; ignore a zone that is not in the plan."""
        if zone in self.air_by_zone:
            self.air_by_zone[zone] = state

    def pop_changed_zones(self) -> set[str]:
        """Return the zones whose air changed since the last call."""
        zones, self._changed_zones = self._changed_zones, set()
        return zones

    def apply_event(self, event: StoredEvent) -> None:
        """Apply an event of a door or of a zone's air; ignore any other."""
        key = event.device, event.sensor
        if key in self._door_sensors:
            if event.kind is EventKind.CROSSING and event.value:
                self.people_counter.add_crossing(DoorCrossing(event.at_ms, 1 if event.value > 0 else -1))
        elif (zone := self._zone_of.get(key)) is not None:
            self.air_by_zone[zone] = update_air(self.air_by_zone[zone], event)
            self._changed_zones.add(zone)

    def replace_transitions(self, space: str, from_ms: int, transitions: Sequence[Transition]) -> None:
        """Replace the transitions of a space from a moment on."""
        if self._plan.doors:
            self.people_counter.replace_transitions(space, from_ms, transitions)

    def set_state(self, space: str, state: Occupancy) -> None:
        """Set the evaluated state of a space."""
        self._shown[space] = state
        if space in self._public_spaces:
            self._evaluated.add(space)
            self._learning_changed.add(space)

    def recheck_space(self, space: str) -> None:
        """Check a space again: what it shows may have changed although its state did not."""
        if space in self._public_spaces:
            self._evaluated.add(space)

    def set_out_of_use(self, spaces: Collection[str]) -> None:
        """Set the spaces that are shown and counted as disabled; they are evaluated as before."""
        for space in self._out_of_use.symmetric_difference(spaces):
            self.recheck_space(space)
        self._out_of_use = frozenset(spaces)

    def set_corrected(self, corrected: Mapping[str, Occupancy]) -> None:
        """Set the spaces that are shown and counted as somebody found them; they are evaluated as before."""
        for space in self._corrected.keys() | corrected.keys():
            if self._corrected.get(space) is not corrected.get(space):
                self.recheck_space(space)
        self._corrected = dict(corrected)

    def is_corrected(self, space: str) -> bool:
        """Return whether a space is shown as somebody found it."""
        return space in self._corrected

    def is_out_of_use(self, space: str) -> bool:
        """Return whether a space is shown as disabled, whatever its evaluated state."""
        return space in self._out_of_use

    def mark_refreshed(self, space: str) -> None:
        """Note that newer evidence supports the state of a space."""
        self._refreshed.add(space)

    def pop_changed_states(
        self, now_ms: int, screen_ms: int, view: Callable[[str, int], SpaceState]
    ) -> list[tuple[str, SpaceState]]:
        """Return the states to publish now, by space; `view` builds them.

        Args:
            now_ms: site time.
            screen_ms: a monotonic clock in real time.
            view: builds the state of a space at a moment.
        """
        due_now: list[tuple[str, SpaceState]] = []
        evaluated, self._evaluated = self._evaluated, set()
        for space in sorted(evaluated):
            state = view(space, now_ms)
            if (published := self._published.get(space)) is None or published[0] != _digest(state):
                due_now.append((space, state))
            else:
                self._refreshed.add(space)
        if self._last_check_ms is None or screen_ms - self._last_check_ms >= _CHECK_MS:
            self._last_check_ms = screen_ms
            self._refreshed.update(space for space, until_ms in self._coarsen_at_ms.items() if now_ms >= until_ms)
            due = [space for space in sorted(self._refreshed & self._published.keys()) if self._is_old(space, now_ms)]
            due_now += [(space, view(space, now_ms)) for space in due if space not in evaluated]
        for space, state in due_now:
            self._published[space] = _digest(state), now_ms
            self._refreshed.discard(space)
            if (until_ms := next_coarsening_ms(state, self._exact_for_ms)) is None:
                self._coarsen_at_ms.pop(space, None)
            else:
                self._coarsen_at_ms[space] = until_ms
        return due_now

    def pop_changed_tunings(self, learned: Callable[[str], Tuning | None]) -> list[tuple[str, Tuning | None]]:
        """Return changed learned values by space; None: no longer any. Checks spaces that were evaluated again."""
        changed, self._learning_changed = self._learning_changed, set()
        found = ((space, learned(space)) for space in sorted(changed))
        changes = [(space, values) for space, values in found if values != self._tunings.get(space)]
        self._tunings.update(changes)
        return changes

    def build_zone_summary(self, zone: str, now_ms: int) -> Summary:
        """Return the summary of a zone."""
        kinds = count_by_kind(self._shown_states(self._spaces_of[zone]))
        shown = (
            None if self._is_air_hidden(zone) else evaluate_air(self.air_by_zone[zone], self._silent_after_ms, now_ms)
        )
        return Summary(at_ms=now_ms, kinds=kinds, air=shown)

    def _shown_states(
        self, spaces: Iterable[Space], *, with_corrections: bool = True
    ) -> Iterator[tuple[Space, Occupancy]]:
        for space in spaces:
            shown = self._shown[space.id]
            if with_corrections:
                shown = self._corrected.get(space.id, shown)
            yield space, Occupancy.DISABLED if space.id in self._out_of_use else shown

    def _is_air_hidden(self, zone: str) -> bool:
        """Return whether the air would reveal which of a few members are there."""
        others = self._conditional_air.get(zone)
        return others is not None and sum(self._shown[space] in TAKEN_STATES for space in others) < MIN_SHOWN_GROUP

    def build_site_summary(self, now_ms: int, *, with_corrections: bool = True) -> Summary:
        """Return the summary of the site; people only where a door is watched."""
        kinds = count_by_kind(self._shown_states(self._plan.spaces, with_corrections=with_corrections))
        people = self.people_counter.count_people(now_ms) if self._plan.doors else None
        return Summary(at_ms=now_ms, kinds=kinds, people=people)

    def pop_changed_summaries(self, now_ms: int) -> list[tuple[str, Summary]]:
        """Return the summaries to publish now; one to four people are hidden, so that none of them changes a topic."""
        due_now = [(zone, self.build_zone_summary(zone, now_ms)) for zone in self._spaces_of]
        due_now.append((WHOLE_SITE, hide_few_people(self.build_site_summary(now_ms))))
        changes = [
            (name, update)
            for name, summary in due_now
            if (update := _summary_update(self._summaries.get(name), summary, self._exact_for_ms)) is not None
        ]
        self._summaries.update(changes)
        return changes

    def _is_old(self, space: str, now_ms: int) -> bool:
        return abs(now_ms - self._published[space][1]) >= REFRESH_MS  # also after the clock was set back


def _digest(state: SpaceState) -> StateDigest:
    return state.state, state.since_ms, state.because.reason, state.health


def _summary_update(published: Summary | None, summary: Summary, exact_for_ms: int) -> Summary | None:
    """Return the summary to publish: a different one, or the same with a coarse moment; None: nothing."""
    if published is None or (published.kinds, published.air, published.people) != (
        summary.kinds,
        summary.air,
        summary.people,
    ):
        return summary
    at_ms = coarsen_moment(published.at_ms, summary.at_ms, exact_for_ms)
    return None if at_ms == published.at_ms else replace(published, at_ms=at_ms)
