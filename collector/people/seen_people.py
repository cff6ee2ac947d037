"""The people that the sensors of all spaces see: how many are surely inside, and whether the site is quiet.

In:    the plan; the states of its spaces as they changed.
Out:   steps: from a moment on, at least and at most so many people are inside.
Never: clocks, files; a figure that reveals the state of one dedicated space.
"""

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Final, NamedTuple

from collector.contract.states import TAKEN_STATES, Occupancy
from collector.occupancy.hourly_use import Timeline
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import SitePlan
from collector.site.spaces import SEATING_KINDS, Space, Tenure


class SeenPeopleStep(NamedTuple):
    """What is known of the site from a moment on."""

    at_ms: int
    seen_people: int
    """At least this many people are detected inside."""
    is_any_taken: bool
    """Some space is taken, including away."""
    max_people: int | None
    """If no space is taken: the number of unknown spaces, each of which may hide one person. None: too little known."""
    quiet_since_ms: int | None
    """While no space is occupied: since when. If none is taken either: since the last change."""


class SeenPeople:
    """The watched spaces of one site."""

    def __init__(self, plan: SitePlan) -> None:
        # Spaces with only sound or air do not count: they would never be vacant.
        watched = {sensor.space for sensor in plan.sensors if sensor.kind.traits.sees_people}
        self.spaces: Final = {
            space.id: space
            for space in plan.spaces
            if space.kind in SEATING_KINDS and space.id in watched and not space.disabled
        }
        """The spaces that count, by id."""
        zones = {space.zone for space in self.spaces.values()}
        self.covers_all_zones: Final = bool(zones) and {zone.id for zone in plan.zones} <= zones
        """Every zone has such a space."""

    def compute_steps(self, timelines: Mapping[str, Timeline], from_ms: int, to_ms: int) -> list[SeenPeopleStep]:
        """Return the steps from `from_ms` to `to_ms`, the first at `from_ms`.

        `timelines` has for each space the changes of the span and the last one before it, if any; a space without
        changes is unknown.
        """
        changes = [(at_ms, name, state) for name in self.spaces for at_ms, state in timelines.get(name, ())]
        changes.sort(key=itemgetter(0))
        sums = _StateCounts(self.spaces.values())
        steps: list[SeenPeopleStep] = []
        now_ms = 0
        for at_ms, name, state in changes:
            if at_ms >= to_ms:
                break
            if at_ms > max(now_ms, from_ms):
                _append_step(steps, sums.seen(max(now_ms, from_ms)))
            sums.move(self.spaces[name], state, at_ms)
            now_ms = at_ms
        _append_step(steps, sums.seen(max(now_ms, from_ms)))
        return steps


class _StateCounts:
    """Counts of spaces by state; all are unknown at first."""

    def __init__(self, spaces: Collection[Space]) -> None:
        self._states = {space.id: Occupancy.UNKNOWN for space in spaces}
        self._known_by_zone = {space.zone: 0 for space in spaces}
        self._dedicated = sum(space.tenure is Tenure.DEDICATED for space in spaces)
        self._unknown_zones = len(self._known_by_zone)
        """Number of zones without a known space."""
        self._newest_ms = 0
        """Time of the newest change: changes come in order."""
        self._taken_ms: dict[str, int] = {}
        """When each taken space last changed its state."""
        self._occupied = self._occupied_dedicated = 0
        self._unknown = len(self._states)

    def move(self, space: Space, state: Occupancy, at_ms: int) -> None:
        """Set the state of a space; changes come in order of time."""
        before, self._states[space.id] = self._states[space.id], state
        self._newest_ms = at_ms
        if (before is Occupancy.UNKNOWN) is not (state is Occupancy.UNKNOWN):
            self._count_known(space.zone, 1 if before is Occupancy.UNKNOWN else -1)
        if state in TAKEN_STATES:
            self._taken_ms[space.id] = at_ms
        else:
            self._taken_ms.pop(space.id, None)
        more = (state is Occupancy.OCCUPIED) - (before is Occupancy.OCCUPIED)
        if space.tenure is Tenure.DEDICATED:
            self._occupied_dedicated += more
        else:
            self._occupied += more

    def seen(self, at_ms: int) -> SeenPeopleStep:
        """Return what the counts show."""
        # dedicated spaces count in whole groups, without the last group, so that the sum shows none of them
        counted = max(0, min(self._occupied_dedicated, self._dedicated - MIN_SHOWN_GROUP))
        hidden = counted - counted % MIN_SHOWN_GROUP
        if self._occupied or self._occupied_dedicated:
            return SeenPeopleStep(at_ms, self._occupied + hidden, True, None, None)
        if self._taken_ms:
            return SeenPeopleStep(at_ms, 0, True, None, max(self._taken_ms.values()))
        if self._unknown_zones or not self._states:
            return SeenPeopleStep(at_ms, 0, False, None, None)
        return SeenPeopleStep(at_ms, 0, False, self._unknown, self._newest_ms)

    def _count_known(self, zone: str, sign: int) -> None:
        """Count one space more, or less, with a known state."""
        before = self._known_by_zone[zone]
        self._known_by_zone[zone] = before + sign
        self._unknown_zones += (before + sign == 0) - (before == 0)
        self._unknown -= sign


def _append_step(steps: list[SeenPeopleStep], new: SeenPeopleStep) -> None:
    """Append a step if it differs from the last one."""
    if not steps or steps[-1][1:] != new[1:]:
        steps.append(new)
