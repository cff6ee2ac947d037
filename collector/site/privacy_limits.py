"""Privacy rules: which figures are stored or shown without exposing one member (docs/decisions/0006, 0010, 0033).

In:    the plan of the site.
Out:   spaces that count in figures; zones and kinds whose history or forecast is hidden.
Never: rows; settings that weaken the rules.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SEATING_KINDS, Space, SpaceKind, Tenure

MIN_SHOWN_GROUP: Final = 5
"""Smallest group that is shown, live or past, on pages and feeds: people that are counted (smaller counts are shown as
"fewer than"), and spaces of one kind in a zone whose history is shown. A floor that no setting passes."""
FEW_COUNT_VALUE: Final = MIN_SHOWN_GROUP / 2
"""Value of a count of one to four wherever counts are added, so that no mean reveals the exact count."""
MIN_SMALL_GROUP_WEEKS: Final = 4
"""The use of fewer than five spaces is shown only over this long or longer."""
SMALL_GROUP_SHARE_STEP: Final = 0.05
"""And rounded to this share."""
MAX_DESK_HOURS_DAYS: Final = 35
"""Hourly use of one desk is never kept longer."""
MAX_HISTORY_DAYS: Final = 396
"""All other history is never kept longer: 13 months."""

COUNTED_KINDS: Final = tuple(kind for kind in SpaceKind if kind is not SpaceKind.SUPPLY)
"""Kinds that are counted as taken or free."""


def find_counted_spaces(plan: SitePlan) -> frozenset[str]:
    """Return the spaces that count in the series of their zone and of the site.

    Dedicated spaces count only where a zone has five or more of a kind: the difference between a sum and the known
    shared spaces would otherwise be the state of one of them. Supplies and disabled spaces have no series.
    """
    there = [space for space in plan.spaces if space.kind is not SpaceKind.SUPPLY and not space.disabled]
    own = Counter((space.zone, space.kind) for space in there if not space.is_offered)
    return frozenset(space.id for space in there if space.is_offered or own[space.zone, space.kind] >= MIN_SHOWN_GROUP)


def find_zones_without_air(plan: SitePlan) -> frozenset[str]:
    """Return zones whose air would reveal one of one to four members: fewer than five shared places are there."""
    own, shared = _count_places(plan)
    return frozenset(
        zone
        for zone, members in own.items()
        if members < MIN_SHOWN_GROUP and len(shared.get(zone, ())) < MIN_SHOWN_GROUP
    )


def find_conditional_air_zones(plan: SitePlan) -> dict[str, tuple[str, ...]]:
    """Return zones with one to four dedicated places and five or more shared ones, and those shared places.

    While fewer than five of the shared places are taken, the air would reveal whether the members are there.
    """
    own, shared = _count_places(plan)
    return {
        zone: tuple(shared[zone])
        for zone, members in own.items()
        if members < MIN_SHOWN_GROUP and len(shared.get(zone, ())) >= MIN_SHOWN_GROUP
    }


def find_small_zones(plan: SitePlan) -> frozenset[str]:
    """Return zones with one to four places: five-minute means of their air would date arrivals and departures."""
    own, shared = _count_places(plan)
    return frozenset(
        zone for zone in plan.zone_by_id if 0 < own.get(zone, 0) + len(shared.get(zone, ())) < MIN_SHOWN_GROUP
    )


def _count_places(plan: SitePlan) -> tuple[Counter[str], dict[str, list[str]]]:
    """Return by zone the number of dedicated places, and the ids of shared places."""
    places = [space for space in plan.spaces if space.kind in SEATING_KINDS and not space.disabled]
    shared: dict[str, list[str]] = {}
    for space in places:
        if space.is_offered:
            shared.setdefault(space.zone, []).append(space.id)
    return Counter(space.zone for space in places if not space.is_offered), shared


def find_published_air_sensors(plan: SitePlan) -> frozenset[tuple[str, str]]:
    """Return the sensors that may publish their zone's air, by device and id; none in a dedicated room."""
    own = {space.id for space in plan.spaces if space.tenure is Tenure.DEDICATED}
    without_air = {None, *find_zones_without_air(plan)}
    return frozenset(
        sensor.key for sensor in plan.sensors if sensor.zone not in without_air and sensor.space not in own
    )


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Numbers of shared and dedicated spaces of one kind in a zone or WHOLE_SITE, without disabled ones."""

    offered: int
    dedicated: int = 0
    """Dedicated spaces that count in the series."""
    uncounted: int = 0
    """Dedicated spaces that are too few for the series."""

    def offered_capacity(self, capacity: float) -> float:
        """Return how much of a row's capacity is offered. Rows older than this privacy rule count every space."""
        every = self.offered + self.dedicated + self.uncounted
        return capacity - self.dedicated - (self.uncounted if capacity == every else 0)


def compute_tenancy(plan: SitePlan, zone: str, kind: str) -> Tenancy:
    """Count the shared and dedicated spaces of one kind, in a zone or in WHOLE_SITE."""
    known = find_counted_spaces(plan)
    there = [s for s in plan.spaces if s.kind == kind and zone in {s.zone, WHOLE_SITE} and not s.disabled]
    own = [space for space in there if not space.is_offered]
    dedicated = sum(space.id in known for space in own)
    return Tenancy(len(there) - len(own), dedicated, len(own) - dedicated)


def coarsen_count(count: float) -> float:
    """Return a count as it is stored and added up: one to four become FEW_COUNT_VALUE, so that they look the same."""
    return FEW_COUNT_VALUE if 0 < count < MIN_SHOWN_GROUP else float(count)


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """A zone or WHOLE_SITE and a kind with a five-minute series; its spaces in parts that are counted together."""

    zone: str
    kind: SpaceKind
    parts: tuple[tuple[str, ...], ...]
    """Ids. Each part has at least five spaces, all offered or all dedicated."""


def build_series_groups(plan: SitePlan) -> tuple[SeriesGroup, ...]:
    """Return all five-minute and hourly series; none of a zone or site where one to four spaces could be distinguished.

    The site's parts are those of its zones, plus one part for all the rest: its row is the sum of its zones' rows and
    one coarse number, and so reveals no more about a zone without a series.
    """
    known = find_counted_spaces(plan)
    groups: list[SeriesGroup] = []
    for kind in COUNTED_KINDS:
        there = [space for space in plan.spaces if space.kind is kind and space.id in known]
        open_zones = [zone.id for zone in plan.zones if not is_history_hidden(plan, zone.id, kind)]
        zones = {zone: _split_by_tenure([space for space in there if space.zone == zone]) for zone in open_zones}
        groups += [SeriesGroup(zone, kind, parts) for zone, parts in zones.items() if parts]
        rest = _split_by_tenure([space for space in there if space.zone not in zones])
        whole = (*(part for parts in zones.values() for part in parts), *rest)
        if whole and not is_history_hidden(plan, WHOLE_SITE, kind):
            groups.append(SeriesGroup(WHOLE_SITE, kind, whole))
    return tuple(groups)


def _split_by_tenure(spaces: Sequence[Space]) -> tuple[tuple[str, ...], ...]:
    """Split spaces into offered and dedicated ones; leave out an empty part."""
    found = tuple(tuple(space.id for space in spaces if space.is_offered is offered) for offered in (True, False))
    return tuple(part for part in found if part)


def has_too_few(plan: SitePlan, zone: str, kind: str) -> bool:
    """Return whether the rooms, booths or machines of a zone or WHOLE_SITE are one to four, or would reveal so few.

    They have no series. Only their own hours are stored, and only use over four weeks or more is shown.
    """
    offered = [space for space in plan.spaces if space.kind == kind and space.is_offered and not space.disabled]
    if kind == SpaceKind.DESK or not offered:
        return False
    return len(offered) < MIN_SHOWN_GROUP if zone == WHOLE_SITE else zone in _zones_with_few(plan, offered)


def find_hidden_desk_zones(plan: SitePlan) -> frozenset[str]:
    """Return zones whose desk history is hidden: zones with one to four shared desks, and any that would reveal those.

    Includes WHOLE_SITE if the site has one to four shared desks, and zones whose desks are all dedicated and too few
    to be counted. A zone without desks is not included.
    """
    desks = [space for space in plan.spaces if space.kind is SpaceKind.DESK and not space.disabled]
    known = find_counted_spaces(plan)
    hidden_zones = {space.zone for space in desks} - {space.zone for space in desks if space.id in known}
    shared = [space for space in desks if space.is_offered]
    if 0 < len(shared) < MIN_SHOWN_GROUP:
        hidden_zones.add(WHOLE_SITE)
    return _zones_with_few(plan, shared) | hidden_zones


def is_history_hidden(plan: SitePlan, zone: str, kind: str) -> bool:
    """Return whether one kind of space in a zone, or in WHOLE_SITE, has no series.

    For desks see `find_hidden_desk_zones`, for other kinds `has_too_few`. Where a room, booth or machine is dedicated,
    the sum of its zone less the hours of the others would be its own state.
    """
    if kind == SpaceKind.DESK:
        return zone in find_hidden_desk_zones(plan)
    return has_too_few(plan, zone, kind) or has_dedicated(plan, zone, kind)


def has_dedicated(plan: SitePlan, zone: str, kind: str) -> bool:
    """Return whether one space of a kind in a zone, or in WHOLE_SITE, is dedicated."""
    return any(
        space.kind == kind and space.tenure is Tenure.DEDICATED and zone in {space.zone, WHOLE_SITE}
        for space in plan.spaces
    )


def has_forecast(plan: SitePlan, zone: str, kind: str) -> bool:
    """Return whether free spaces of a kind in a zone, or in WHOLE_SITE, are forecast.

    A forecast covers offered spaces. For fewer than five offered desks it would show the habits of single members.
    There is none where a room, booth or machine of the kind is dedicated.
    """
    offered = [space for space in plan.spaces if space.is_offered and space.kind == kind and not space.disabled]
    there = sum(zone in {space.zone, WHOLE_SITE} for space in offered)
    if kind == SpaceKind.DESK:
        return there >= MIN_SHOWN_GROUP and zone not in find_hidden_desk_zones(plan)
    return there > 0 and not has_dedicated(plan, zone, kind)


def _zones_with_few(plan: SitePlan, desks: Sequence[Space]) -> frozenset[str]:
    """Return zones with one to four of these desks.

    If those zones have fewer than five together, add the smallest other zone, so that the figures of the site do not
    reveal them.
    """
    seats = {zone.id: sum(desk.zone == zone.id for desk in desks) for zone in plan.zones}
    hidden = {zone for zone, n in seats.items() if 0 < n < MIN_SHOWN_GROUP}
    others = sorted((n, zone) for zone, n in seats.items() if n >= MIN_SHOWN_GROUP)
    if hidden and others and sum(seats[zone] for zone in hidden) < MIN_SHOWN_GROUP:
        hidden.add(others[0][1])
    return frozenset(hidden)
