"""Filter spaces by a member's needs and count the matching ones.

In:    the plan, the public frame's character of each space, the chosen needs.
Out:   counts by kind, for the site and for each zone.
Never: stored needs: the page keeps them on the phone only.
"""

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from typing import Final

from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceAttribute, SpaceKind
from dashboard.live.frame import FreeCount

_LIST_ORDER: Final = "vuoad"
"""State characters of a frame in the order in which matching spaces are listed."""
Needs = frozenset[SpaceAttribute]
MatchCounts = tuple[tuple[str, int], ...]
"""Number of matching spaces in each zone that has any, by zone id."""


def read_needs(names: Iterable[str]) -> Needs:
    """Return the needs in form values; unknown values are ignored."""
    return frozenset(SpaceAttribute(name) for name in names if name in set(SpaceAttribute))


def list_offered(plan: SitePlan) -> list[Space]:
    """Return the offered spaces in the order of the frame."""
    return [space for space in plan.spaces if space.is_offered]


def list_useful_needs(plan: SitePlan) -> list[SpaceAttribute]:
    """Return the needs that at least one offered space meets."""
    return [need for need in SpaceAttribute if any(need in space.attributes for space in list_offered(plan))]


def encode_needs(needs: Needs) -> int:
    """Encode needs as a bit mask, for the page's script."""
    return reduce(lambda sum_, need: sum_ | 1 << list(SpaceAttribute).index(need), needs, 0)


def meets_needs(space: Space, wanted: Needs) -> bool:
    """Return whether a space meets all wanted needs."""
    return wanted <= space.attributes


def count_free(spots: Iterable[tuple[Space, str]], wanted: Needs) -> dict[SpaceKind, FreeCount]:
    """Count free spaces by kind, among those that match and are not disabled.

    Args:
        spots: spaces with their characters (`frame.STATE_CODES`); each kind among them gets a count, even 0 of 0.
        wanted: needs that a space must meet.
    """
    sums: dict[SpaceKind, list[int]] = {}
    for space, code in spots:
        row = sums.setdefault(space.kind, [0, 0, 0])
        if meets_needs(space, wanted) and code != "d":
            row[0] += code == "v"
            row[1] += code in "vu"
            row[2] += 1
    return {kind: FreeCount(*sums[kind]) for kind in SpaceKind if kind in sums}


def raise_least(counted: dict[SpaceKind, FreeCount], site: dict[SpaceKind, FreeCount]) -> dict[SpaceKind, FreeCount]:
    """Raise the lower bounds to what the counts of the whole site prove.

    Args:
        counted: free spaces of a part of the site, counted by their characters.
        site: free spaces of the whole site; with few people in, it holds a coarse level and no space has a state.
    """
    return {kind: _with_level(free, site.get(kind, free)) for kind, free in counted.items()}


def _with_level(free: FreeCount, site: FreeCount) -> FreeCount:
    most_taken = site.capacity - site.least
    return FreeCount(max(free.least, free.capacity - most_taken), free.most, free.capacity)


def count_matches(spots: Iterable[tuple[Space, str]], needs: Iterable[SpaceAttribute]) -> frozenset[MatchCounts]:
    """Return the numbers of matching spaces for all combinations of needs; disabled spaces are left out."""
    having = [(space.zone, space.attributes) for space, code in spots if code != "d"]
    choices = reduce(lambda known, need: known | {choice | {need} for choice in known}, needs, {Needs()})
    return frozenset(_count_by_zone(zone for zone, has in having if choice <= has) for choice in choices)


def count_wanted(spots: Iterable[tuple[Space, str]], wanted: Needs) -> MatchCounts:
    """Return the numbers of spaces that match these needs; disabled spaces are left out."""
    return _count_by_zone(space.zone for space, code in spots if code != "d" and meets_needs(space, wanted))


def _count_by_zone(zones: Iterable[str]) -> MatchCounts:
    return tuple(sorted(Counter(zones).items()))


def encode_matches(counts: MatchCounts) -> str:
    """Encode numbers of matching spaces as a key, such as `hall:3,loft:1`; the page's script builds the same."""
    return ",".join(sorted(f"{zone}:{number}" for zone, number in counts))


def list_matches(spots: Iterable[tuple[Space, str]], wanted: Needs) -> list[Space]:
    """Return the matching spaces that are not disabled, free ones first; empty if nothing is wanted."""
    if not wanted:
        return []
    return [
        space
        for space, code in sorted(spots, key=lambda spot: _LIST_ORDER.index(spot[1]))
        if code != "d" and meets_needs(space, wanted)
    ]


def find_whole_zone(plan: SitePlan, kind: str, wanted: Needs) -> str | None:
    """Return the zone whose spaces of a kind are exactly the matching ones, so that its forecast applies; else None."""
    of_kind = [space for space in list_offered(plan) if space.kind == kind and not space.disabled]
    fitting = {space.zone for space in of_kind if meets_needs(space, wanted)}
    if len(fitting) != 1 or not all(meets_needs(space, wanted) for space in of_kind if space.zone in fitting):
        return None
    return fitting.pop()
