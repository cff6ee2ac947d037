"""Says whose past may be told: the rules by which no figure gives one member away (docs/decisions/0006, 0010, 0033).

In:    the plan of the house.
Out:   which spaces count in figures; zones and kinds whose past, or whose forecast, is not to be told.
Never: rows, settings that loosen it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.plan import WHOLE_SITE, SitePlan, Space, SpaceKind, Tenure

FEW: Final = 5
"""Fewer people than this, live or past, are told as fewer than this, on pages and feeds alike."""
IN_SUMS: Final = FEW / 2
"""One to four people count as so many wherever people are added up: from no mean beside others follows how many."""
SEATS: Final = 5
"""The past of a zone's desks is shown from this many on (a floor that no setting passes)."""

COUNTED_KINDS: Final = tuple(kind for kind in SpaceKind if kind is not SpaceKind.SUPPLY)
"""What is counted as taken or free."""

_PLACES: Final = frozenset({SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM})
"""Where people sit."""


def counted(plan: SitePlan) -> frozenset[str]:
    """The spaces that count in the series of their zone and of the house.

    Of dedicated ones five or more of a kind in a zone, never fewer: what is taken there beyond what is known of the
    shared ones would be the state of one of them. Supplies, and what is out of use, have no series.
    """
    there = [space for space in plan.spaces if space.kind is not SpaceKind.SUPPLY and not space.disabled]
    own = Counter((space.zone, space.kind) for space in there if not space.offered)
    return frozenset(space.id for space in there if space.offered or own[space.zone, space.kind] >= FEW)


def breathed(plan: SitePlan) -> frozenset[str]:
    """Zones whose air says whether one of one to four members is there: fewer than five others have a place in them."""
    own, shared = _tenants(plan)
    return frozenset(zone for zone, members in own.items() if members < FEW and len(shared.get(zone, ())) < SEATS)


def veiled(plan: SitePlan) -> dict[str, tuple[str, ...]]:
    """Zones in which one to four members have a place among five shared ones or more, and these shared ones.

    While fewer than five of these are taken, the air says whether the members are there.
    """
    own, shared = _tenants(plan)
    return {
        zone: tuple(shared[zone])
        for zone, members in own.items()
        if members < FEW and len(shared.get(zone, ())) >= SEATS
    }


def close_quarters(plan: SitePlan) -> frozenset[str]:
    """Zones with one to four places: every five minutes of their air would date who came and left."""
    own, shared = _tenants(plan)
    return frozenset(zone for zone in plan.zone if 0 < own.get(zone, 0) + len(shared.get(zone, ())) < SEATS)


def _tenants(plan: SitePlan) -> tuple[Counter[str], dict[str, list[str]]]:
    """By zone, how many dedicated places there are, and the shared ones."""
    places = [space for space in plan.spaces if space.kind in _PLACES and not space.disabled]
    shared: dict[str, list[str]] = {}
    for space in places:
        if space.offered:
            shared.setdefault(space.zone, []).append(space.id)
    return Counter(space.zone for space in places if not space.offered), shared


def aired(plan: SitePlan) -> frozenset[tuple[str, str]]:
    """The sensors that tell of the air of their zone, by device and name: none in somebody's own room is one."""
    own = {space.id for space in plan.spaces if space.tenure is Tenure.DEDICATED}
    untold = {None, *breathed(plan)}
    return frozenset(sensor.key for sensor in plan.sensors if sensor.zone not in untold and sensor.space not in own)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """How many spaces of one kind in a zone, or in WHOLE_SITE, are whose; none of them is out of use."""

    offered: int
    dedicated: int = 0
    """Those that count in the series."""
    uncounted: int = 0
    """Those that are too few for that."""

    def shared(self, capacity: float) -> float:
        """How many of a row's capacity are offered: rows of before `counted` hold every space there is."""
        every = self.offered + self.dedicated + self.uncounted
        return capacity - self.dedicated - (self.uncounted if capacity == every else 0)


def tenancy(plan: SitePlan, zone: str, kind: str) -> Tenancy:
    """Whose the spaces of one kind are, in a zone or in WHOLE_SITE."""
    known = counted(plan)
    there = [s for s in plan.spaces if s.kind == kind and zone in {s.zone, WHOLE_SITE} and not s.disabled]
    own = [space for space in there if not space.offered]
    dedicated = sum(space.id in known for space in own)
    return Tenancy(len(there) - len(own), dedicated, len(own) - dedicated)


def coarse(count: float) -> float:
    """A count as it is stored and added up: one to four are IN_SUMS, so that nothing made of it depends on which."""
    return IN_SUMS if 0 < count < FEW else float(count)


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """A zone, or WHOLE_SITE, and kind with a five-minute series; its spaces by the parts that are counted as one."""

    zone: str
    kind: SpaceKind
    parts: tuple[tuple[str, ...], ...]
    """Ids. Each part has five spaces or more, all offered or all dedicated."""


def series_groups(plan: SitePlan) -> tuple[SeriesGroup, ...]:
    """Every series of five minutes and of hours: of no zone or site in which one to four spaces could be told apart.

    The site's parts are those of its zones, and all the rest together: its row is the sum of what its zones' rows say
    and of one coarse number, and so tells no more of a zone that has no series.
    """
    known = counted(plan)
    groups: list[SeriesGroup] = []
    for kind in COUNTED_KINDS:
        there = [space for space in plan.spaces if space.kind is kind and space.id in known]
        open_zones = [zone.id for zone in plan.zones if not hidden(plan, zone.id, kind)]
        zones = {zone: _parts([space for space in there if space.zone == zone]) for zone in open_zones}
        groups += [SeriesGroup(zone, kind, parts) for zone, parts in zones.items() if parts]
        rest = _parts([space for space in there if space.zone not in zones])
        whole = (*(part for parts in zones.values() for part in parts), *rest)
        if whole and not hidden(plan, WHOLE_SITE, kind):
            groups.append(SeriesGroup(WHOLE_SITE, kind, whole))
    return tuple(groups)


def _parts(spaces: Sequence[Space]) -> tuple[tuple[str, ...], ...]:
    """The offered and the dedicated ones, each if there are any."""
    found = tuple(tuple(space.id for space in spaces if space.offered is offered) for offered in (True, False))
    return tuple(part for part in found if part)


def few(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether the rooms, booths or machines of a zone, or of WHOLE_SITE, are one to four, or would tell of so many.

    They have no series, only the hours of each one, of which nothing is told but the use of four weeks or more.
    """
    offered = [space for space in plan.spaces if space.kind == kind and space.offered and not space.disabled]
    if kind == SpaceKind.DESK or not offered:
        return False
    return len(offered) < SEATS if zone == WHOLE_SITE else zone in _too_few(plan, offered)


def hidden_zones(plan: SitePlan) -> frozenset[str]:
    """Zones whose desks have no past to show: those where one to four are shared, and what would give these away.

    The same of WHOLE_SITE in a house of one to four. Where nobody can sit is no desk; where all are dedicated, and too
    few to be counted, there is no past at all.
    """
    desks = [space for space in plan.spaces if space.kind is SpaceKind.DESK and not space.disabled]
    known = counted(plan)
    untold = {space.zone for space in desks} - {space.zone for space in desks if space.id in known}
    shared = [space for space in desks if space.offered]
    if 0 < len(shared) < SEATS:
        untold.add(WHOLE_SITE)
    return _too_few(plan, shared) | untold


def hidden(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether one kind of space in a zone, or in WHOLE_SITE, has no series of its past.

    Of desks see `hidden_zones`, of what are few `few`. Where a room, a booth or a machine is dedicated, what the sum
    of its zone is beyond the others' hours is its own.
    """
    if kind == SpaceKind.DESK:
        return zone in hidden_zones(plan)
    return few(plan, zone, kind) or has_dedicated(plan, zone, kind)


def has_dedicated(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether one of a kind in a zone, or in WHOLE_SITE, is dedicated."""
    return any(
        space.kind == kind and space.tenure is Tenure.DEDICATED and zone in {space.zone, WHOLE_SITE}
        for space in plan.spaces
    )


def foretold(plan: SitePlan, zone: str, kind: str) -> bool:
    """Whether free spots of a kind in a zone, or in WHOLE_SITE, are forecast at all.

    A forecast is about what is offered: of fewer than five offered desks it would be the habit of whoever sits there.
    Nor is there one where one of the rooms, booths or machines is dedicated.
    """
    offered = [space for space in plan.spaces if space.offered and space.kind == kind and not space.disabled]
    there = sum(zone in {space.zone, WHOLE_SITE} for space in offered)
    if kind == SpaceKind.DESK:
        return there >= SEATS and zone not in hidden_zones(plan)
    return there > 0 and not has_dedicated(plan, zone, kind)


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
