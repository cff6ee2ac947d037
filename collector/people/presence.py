"""What the sensors of the spaces say of the whole house: how many people are surely in, and whether it is quiet.

In:    the plan; the states of its spaces as they changed.
Out:   steps: from a moment on, so many are known to be inside, and no more than so many can be.
Never: clocks, files; a figure from which the state of one dedicated space could be read.
"""

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Final, NamedTuple

from collector.outward import TAKEN, Occupancy
from collector.plan import SensorKind, SitePlan, Space, SpaceKind, Tenure
from collector.use import Timeline

FEW: Final = 5
"""Of dedicated spaces, whole fives count, and never the last five: from the sum nobody can tell which are taken."""
_SEEING: Final = frozenset(
    {SensorKind.PIR, SensorKind.PRESSURE, SensorKind.DISTANCE, SensorKind.PRESENCE, SensorKind.PEOPLE}
)
"""What tells that a space is vacant. One with sound or air alone never is, and would keep no house quiet."""
_PEOPLE: Final = frozenset({SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM})
"""Where people sit. A machine may work alone."""


class Seen(NamedTuple):
    """What is known of the house from a moment on."""

    at_ms: int
    known: int
    """So many people, at least, are seen inside."""
    taken: bool
    """Some space is taken, were it by who is away for the moment."""
    at_most: int | None
    """Where no space is taken: so many vouch for nothing, and may hide one person each; None: nobody vouches."""
    since_ms: int | None
    """While no space is occupied: since when none of the taken ones is, or, if none is taken, none has changed."""


class Presence:
    """The watched spaces of one house."""

    def __init__(self, plan: SitePlan) -> None:
        watched = {sensor.space for sensor in plan.sensors if sensor.kind in _SEEING}
        self.spaces: Final = {
            space.id: space
            for space in plan.spaces
            if space.kind in _PEOPLE and space.id in watched and not space.disabled
        }
        """Those that count, by id."""
        zones = {space.zone for space in self.spaces.values()}
        self.everywhere: Final = bool(zones) and {zone.id for zone in plan.zones} <= zones
        """Every zone has such a space."""

    def steps(self, timelines: Mapping[str, Timeline], from_ms: int, to_ms: int) -> list[Seen]:
        """The steps from `from_ms` to `to_ms`, the first at `from_ms`.

        `timelines` holds of each space the changes of the span and the last one before it, if there was one; without
        any it is unknown.
        """
        changes = [(at_ms, name, state) for name in self.spaces for at_ms, state in timelines.get(name, ())]
        changes.sort(key=itemgetter(0))
        house = _Sums(self.spaces.values())
        steps: list[Seen] = []
        now_ms = 0
        for at_ms, name, state in changes:
            if at_ms >= to_ms:
                break
            if at_ms > max(now_ms, from_ms):
                _append(steps, house.seen(max(now_ms, from_ms)))
            house.move(self.spaces[name], state, at_ms)
            now_ms = at_ms
        _append(steps, house.seen(max(now_ms, from_ms)))
        return steps


class _Sums:
    """How many spaces are in which state; all are unknown at first."""

    def __init__(self, spaces: Collection[Space]) -> None:
        self._states = {space.id: Occupancy.UNKNOWN for space in spaces}
        self._vouching = {space.zone: 0 for space in spaces}
        self._dedicated = sum(space.tenure is Tenure.DEDICATED for space in spaces)
        self._mute = len(self._vouching)
        """Zones in which no space vouches for anything."""
        self._newest_ms = 0
        """The newest change: spaces move in order."""
        self._taken_ms: dict[str, int] = {}
        """When those that are taken became so, or changed as such."""
        self._occupied = self._occupied_dedicated = 0
        self._unknown = len(self._states)

    def move(self, space: Space, state: Occupancy, at_ms: int) -> None:
        """A space has another state; no earlier than what moved before."""
        before, self._states[space.id] = self._states[space.id], state
        self._newest_ms = at_ms
        if (before is Occupancy.UNKNOWN) is not (state is Occupancy.UNKNOWN):
            self._vouch(space.zone, 1 if before is Occupancy.UNKNOWN else -1)
        if state in TAKEN:
            self._taken_ms[space.id] = at_ms
        else:
            self._taken_ms.pop(space.id, None)
        more = (state is Occupancy.OCCUPIED) - (before is Occupancy.OCCUPIED)
        if space.tenure is Tenure.DEDICATED:
            self._occupied_dedicated += more
        else:
            self._occupied += more

    def seen(self, at_ms: int) -> Seen:
        """What that says."""
        hidden = max(0, min(self._occupied_dedicated, self._dedicated - FEW)) // FEW * FEW
        if self._occupied or self._occupied_dedicated:
            return Seen(at_ms, self._occupied + hidden, True, None, None)
        if self._taken_ms:
            return Seen(at_ms, 0, True, None, max(self._taken_ms.values()))
        if self._mute or not self._states:
            return Seen(at_ms, 0, False, None, None)
        return Seen(at_ms, 0, False, self._unknown, self._newest_ms)

    def _vouch(self, zone: str, sign: int) -> None:
        """One space more, or less, whose state is known."""
        before = self._vouching[zone]
        self._vouching[zone] = before + sign
        self._mute += (before + sign == 0) - (before == 0)
        self._unknown -= sign


def _append(steps: list[Seen], new: Seen) -> None:
    """Add a step if it says something new."""
    if not steps or steps[-1][1:] != new[1:]:
        steps.append(new)
