"""Filters spots by what a member needs, and counts those that fit.

In:    the plan, the public frame's one character for each spot, the needs that are wished for.
Out:   counts by kind, for the house and for each zone.
Never: a memory of what anybody needs: the page keeps that on the phone, and sends it to nobody.
"""

from collections.abc import Iterable
from functools import reduce
from typing import Final

from collector.plan import Attribute, SitePlan, Space, SpaceKind
from dashboard.live.frame import Free

_BEST: Final = "vuoad"
"""The characters of a frame in the order in which matching spaces are listed."""
Needs = frozenset[Attribute]


def read_needs(given: Iterable[str]) -> Needs:
    """The needs that a form names; what is none is left out."""
    return frozenset(Attribute(name) for name in given if name in set(Attribute))


def offered(plan: SitePlan) -> list[Space]:
    """The spots in the order of the frame."""
    return [space for space in plan.spaces if space.offered]


def to_choose(plan: SitePlan) -> list[Attribute]:
    """The needs that make a difference here: some spots answer them."""
    return [need for need in Attribute if any(need in space.attributes for space in offered(plan))]


def bits(needs: Needs) -> int:
    """Needs as one number, for the page's script."""
    return reduce(lambda sum_, need: sum_ | 1 << list(Attribute).index(need), needs, 0)


def fits(space: Space, wanted: Needs) -> bool:
    """Whether a spot has everything that is wished for."""
    return wanted <= space.attributes


def count(spots: Iterable[tuple[Space, str]], wanted: Needs) -> dict[SpaceKind, Free]:
    """Free spots by kind, of those that fit and are in use at all.

    Args:
        spots: each with its character, as in frame.CODES; every kind among them has a count, be it 0 of 0.
        wanted: what a spot must have.
    """
    sums: dict[SpaceKind, list[int]] = {}
    for space, code in spots:
        row = sums.setdefault(space.kind, [0, 0, 0])
        if fits(space, wanted) and code != "d":
            row[0] += code == "v"
            row[1] += code in "vu"
            row[2] += 1
    return {kind: Free(*sums[kind]) for kind in SpaceKind if kind in sums}


def with_level(counted: dict[SpaceKind, Free], site: dict[SpaceKind, Free]) -> dict[SpaceKind, Free]:
    """Raise the least number free to what the counts of the whole site prove.

    Args:
        counted: free spots of a part of the site, counted by their characters.
        site: free spots of the whole site; while few people are in, it holds a level and no spot has a state.
    """
    return {kind: _with_level(free, site.get(kind, free)) for kind, free in counted.items()}


def _with_level(free: Free, site: Free) -> Free:
    most_taken = site.capacity - site.least
    return Free(max(free.least, free.capacity - most_taken), free.most, free.capacity)


def numbers(spots: Iterable[tuple[Space, str]], needs: Iterable[Attribute]) -> frozenset[int]:
    """How many of these spots, in use at all, fit each choice of needs."""
    having = [space.attributes for space, code in spots if code != "d"]
    choices = reduce(lambda known, need: known | {choice | {need} for choice in known}, needs, {Needs()})
    return frozenset(sum(choice <= has for has in having) for choice in choices)


def matching(spots: Iterable[tuple[Space, str]], wanted: Needs) -> list[Space]:
    """The spaces in use that have everything that is wanted, free ones first; none if nothing is wanted."""
    if not wanted:
        return []
    return [
        space
        for space, code in sorted(spots, key=lambda spot: _BEST.index(spot[1]))
        if code != "d" and fits(space, wanted)
    ]


def whole_zone(plan: SitePlan, kind: str, wanted: Needs) -> str | None:
    """The zone whose spots of a kind are exactly those that fit: what is forecast of it holds for them; None: none."""
    of_kind = [space for space in offered(plan) if space.kind == kind and not space.disabled]
    fitting = {space.zone for space in of_kind if fits(space, wanted)}
    if len(fitting) != 1 or not all(fits(space, wanted) for space in of_kind if space.zone in fitting):
        return None
    return fitting.pop()
