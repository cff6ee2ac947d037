"""Count the states of the spaces of a zone or of the whole site.

In:    spaces with their states.
Out:   counts by kind, as published.
Never: clocks; spaces that are not offered.
"""

from collections.abc import Iterable

from collector.contract.states import TAKEN_STATES, Occupancy, SpaceCounts
from collector.site.spaces import Space, SpaceKind


def count_by_kind(states: Iterable[tuple[Space, Occupancy]]) -> dict[SpaceKind, SpaceCounts]:
    """Count offered spaces by kind, in the order of `SpaceKind`; leave out kinds without any.

    `capacity` counts all of them: `free_min` + `taken` + `unknown` + `disabled`. Away counts as taken.
    """
    found: dict[SpaceKind, list[Occupancy]] = {kind: [] for kind in SpaceKind}
    for space, state in states:
        if space.is_offered:
            found[space.kind].append(state)
    return {kind: _count_states(those) for kind, those in found.items() if those}


def _count_states(states: list[Occupancy]) -> SpaceCounts:
    vacant, unknown = states.count(Occupancy.VACANT), states.count(Occupancy.UNKNOWN)
    return SpaceCounts(
        capacity=len(states),
        free_min=vacant,
        free_max=vacant + unknown,
        taken=sum(state in TAKEN_STATES for state in states),
        unknown=unknown,
        disabled=states.count(Occupancy.DISABLED),
    )
