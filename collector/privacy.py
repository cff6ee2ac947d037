"""Says whose past may be told: the rules by which no figure gives one member away (docs/decisions/0006, 0010).

In:    the plan of the house.
Out:   zones and kinds whose past, or whose forecast, is not to be told.
Never: rows, settings that loosen it.
"""

from collections.abc import Sequence
from typing import Final

from collector.plan import WHOLE_SITE, SitePlan, Space, SpaceKind, Tenure

FEW: Final = 5
"""Fewer people than this, live or past, are told as fewer than this, on pages and feeds alike."""
SEATS: Final = 5
"""The past of a zone's desks is shown from this many on (a floor that no setting passes)."""


def hidden_zones(plan: SitePlan) -> frozenset[str]:
    """Zones whose desks have no past to show: those with one to four, and what would give these away.

    Where nobody can sit is no desk.
    """
    return _too_few(plan, [space for space in plan.spaces if space.kind is SpaceKind.DESK and not space.disabled])


def hidden(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether the past of one kind of space in a zone, or in WHOLE_SITE, is not to be told.

    Of desks see `hidden_zones`. A booth, a room or a machine has a past of its own, and what the sum of a zone is
    beyond the others' is that of the one that is dedicated.
    """
    if kind == SpaceKind.DESK:
        return zone in hidden_zones(plan)
    return any(
        space.kind == kind and space.tenure is Tenure.DEDICATED and zone in {space.zone, WHOLE_SITE}
        for space in plan.spaces
    )


def foretold(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether free spots of a kind in a zone, or in WHOLE_SITE, are forecast at all.

    What has no past to tell has no forecast either. A forecast is about what is offered: of fewer than five offered
    desks it would be the habit of whoever sits there.
    """
    offered = [space for space in plan.spaces if space.offered and space.kind == kind and not space.disabled]
    there = sum(zone in {space.zone, WHOLE_SITE} for space in offered)
    if hidden(plan, zone, kind):
        return False
    return there >= SEATS and zone not in _too_few(plan, offered) if kind == SpaceKind.DESK else there > 0


def _too_few(plan: SitePlan, desks: Sequence[Space]) -> frozenset[str]:
    """Zones with one to four of these desks.

    If these are fewer than five together, the smallest other zone as well, so that the figures of the house do not
    give them away.
    """
    seats = {zone.id: sum(desk.zone == zone.id for desk in desks) for zone in plan.zones}
    hidden = {zone for zone, n in seats.items() if 0 < n < SEATS}
    others = sorted((n, zone) for zone, n in seats.items() if n >= SEATS)
    if hidden and others and sum(seats[zone] for zone in hidden) < SEATS:
        hidden.add(others[0][1])
    return frozenset(hidden)
