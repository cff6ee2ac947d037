"""Privacy rules: no series or forecast, and no difference of them, covers one to four desks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.site.privacy_limits import (
    SeriesGroup,
    Tenancy,
    build_series_groups,
    coarsen_count,
    compute_tenancy,
    find_conditional_air_zones,
    find_counted_spaces,
    find_hidden_desk_zones,
    find_published_air_sensors,
    find_small_zones,
    find_zones_without_air,
    has_dedicated,
    has_forecast,
    has_too_few,
    is_history_hidden,
)
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import plan

ZONES = ("hall", "loft", "quiet")
DESK = SpaceKind.DESK.value


@st.composite
def site_plans(draw: st.DrawFn) -> SitePlan:
    """Draw sites with shared and dedicated desks in each zone, some of them disabled."""
    desks = [
        Space(
            id=f"{zone}-{tenure}-{number}",
            name="Desk",
            kind=SpaceKind.DESK,
            zone=zone,
            x_m=1,
            y_m=1,
            tenure=tenure,
            disabled=number > 5 and draw(st.booleans()),
        )
        for zone in ZONES
        for tenure in Tenure
        for number in range(draw(st.integers(0, 8)))
    ]
    return plan(*desks, sensors=(), zones=ZONES)


def seats(plan: SitePlan, zones: set[str], tenure: Tenure) -> int:
    """Return how many desks of one tenure the series of these zones cover."""
    known = find_counted_spaces(plan)
    return sum(space.zone in zones and space.tenure is tenure and space.id in known for space in plan.spaces)


@given(site_plans())
def test_no_series_or_difference_covers_one_to_four_desks(plan: SitePlan) -> None:
    hidden = find_hidden_desk_zones(plan)
    published = [{zone} for zone in ZONES if zone not in hidden]
    if WHOLE_SITE not in hidden:
        published += [set(ZONES), set(ZONES) & hidden]
    assert all(seats(plan, zones, tenure) not in range(1, 5) for zones in published for tenure in Tenure)


@given(site_plans())
def test_no_forecast_or_difference_covers_one_to_four_desks(plan: SitePlan) -> None:
    published = {zone for zone in ZONES if has_forecast(plan, zone, DESK)}
    groups = [{zone} for zone in published]
    if has_forecast(plan, WHOLE_SITE, DESK):
        groups += [set(ZONES), set(ZONES) - published]
    assert all(seats(plan, zones, Tenure.SHARED) not in range(1, 5) for zones in groups)


def desks(kind: SpaceKind = SpaceKind.DESK, **counts: int) -> list[Space]:
    """Return so many shared desks, or spaces of another kind, of each zone."""
    return [
        Space(id=f"{zone}-{number}", name="Desk", kind=kind, zone=zone, x_m=1, y_m=1)
        for zone, count in counts.items()
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "is_hidden"), [(0, False), (1, True), (4, True), (5, False), (6, False)])
def test_zone_is_hidden_below_five_desks_and_shown_from_five(count: int, is_hidden: bool) -> None:
    site = plan(*desks(hall=count, loft=4, quiet=3), sensors=(), zones=ZONES)
    assert find_hidden_desk_zones(site) == {"loft", "quiet"} | ({"hall"} if is_hidden else set())


@pytest.mark.parametrize(("count", "is_hidden"), [(1, True), (4, True), (5, False)])
def test_site_is_hidden_below_five_desks_and_shown_from_five(count: int, is_hidden: bool) -> None:
    site = plan(*desks(hall=count), sensors=(), zones=ZONES)
    assert find_hidden_desk_zones(site) == ({"hall", WHOLE_SITE} if is_hidden else set())


@pytest.mark.parametrize(("count", "is_few"), [(1, True), (4, True), (5, False)])
def test_rooms_have_a_series_from_five(count: int, is_few: bool) -> None:
    site = plan(*desks(SpaceKind.ROOM, hall=count), sensors=(), zones=ZONES)
    assert has_too_few(site, "hall", SpaceKind.ROOM) is is_few


def test_one_small_zone_hides_the_smallest_other_zone() -> None:
    site = plan(*desks(hall=5, loft=7, quiet=4), sensors=(), zones=ZONES)
    assert find_hidden_desk_zones(site) == {"hall", "quiet"}


@pytest.mark.parametrize(("count", "stored"), [(0, 0), (1, 2.5), (4, 2.5), (5, 5)])
def test_count_of_one_to_four_is_stored_as_one_value(count: int, stored: float) -> None:
    assert coarsen_count(count) == stored


ROOM, EQUIPMENT, SUPPLY = SpaceKind.ROOM, SpaceKind.EQUIPMENT, SpaceKind.SUPPLY


def places(
    zone: str, count: int, kind: SpaceKind = SpaceKind.DESK, *, own: bool = False, disabled: bool = False
) -> list[Space]:
    """Return so many spaces of one zone; `own` ones are dedicated."""
    tenure = Tenure.DEDICATED if own else Tenure.SHARED
    return [
        Space(
            id=f"{zone}-{kind}-{tenure}{'-disabled' * disabled}-{number}",
            name="Space",
            kind=kind,
            zone=zone,
            x_m=1,
            y_m=1,
            tenure=tenure,
            disabled=disabled,
        )
        for number in range(count)
    ]


def site_of(*groups: list[Space], sensors: tuple[Sensor, ...] = ()) -> SitePlan:
    return plan(*(space for group in groups for space in group), sensors=sensors, zones=ZONES)


def ids(*groups: list[Space]) -> tuple[str, ...]:
    return tuple(space.id for group in groups for space in group)


@pytest.mark.parametrize(("own", "is_counted"), [(4, False), (5, True), (6, True)])
def test_dedicated_spaces_count_from_five_of_a_kind_in_their_zone(own: int, is_counted: bool) -> None:
    mine, shared = places("hall", own, own=True), places("hall", 1)
    rooms, others = places("hall", 4, ROOM, own=True), places("loft", 4, own=True)
    assert find_counted_spaces(site_of(mine, shared, rooms, others)) == {
        *ids(shared),
        *(ids(mine) if is_counted else ()),
    }


def test_disabled_spaces_and_supplies_are_never_counted() -> None:
    broken = places("hall", 5, disabled=True), places("hall", 1, own=True, disabled=True)
    assert not find_counted_spaces(site_of(*broken, places("hall", 4, own=True), places("hall", 5, SUPPLY, own=True)))


@pytest.mark.parametrize(
    ("own", "shared", "has_no_air", "is_conditional", "is_small"),
    [
        (0, 0, False, False, False),
        (0, 1, False, False, True),
        (0, 4, False, False, True),
        (0, 5, False, False, False),
        (1, 0, True, False, True),
        (1, 3, True, False, True),
        (1, 4, True, False, False),
        (1, 5, False, True, False),
        (4, 5, False, True, False),
        (5, 0, False, False, False),
        (5, 4, False, False, False),
        (5, 5, False, False, False),
    ],
)
def test_air_is_hidden_where_it_would_reveal_one_to_four_members(
    own: int, shared: int, has_no_air: bool, is_conditional: bool, is_small: bool
) -> None:
    open_to_all = places("hall", shared)
    site = site_of(
        places("hall", own, own=True),
        open_to_all,
        places("hall", 5, disabled=True),
        places("hall", 5, own=True, disabled=True),
        places("hall", 5, EQUIPMENT),
        places("hall", 5, EQUIPMENT, own=True),
        places("loft", 5),
    )
    assert find_zones_without_air(site) == ({"hall"} if has_no_air else set())
    assert find_conditional_air_zones(site) == ({"hall": ids(open_to_all)} if is_conditional else {})
    assert find_small_zones(site) == ({"hall"} if is_small else set())


def test_air_is_published_except_in_dedicated_rooms_and_zones_that_would_reveal_members() -> None:
    office, desk = places("loft", 1, ROOM, own=True)[0], places("loft", 5)[0]
    air = Sensor(device="pi", id="air", kind=SensorKind.AIR, zone="loft")
    sensors = (
        air,
        replace(air, id="desk", space=desk.id),
        replace(air, id="office", space=office.id),
        replace(air, id="hall", zone="hall"),
        replace(air, id="none", zone=None, space=desk.id),
    )
    site = site_of([office], places("loft", 5), places("hall", 1, own=True), sensors=sensors)
    assert find_published_air_sensors(site) == {("pi", "air"), ("pi", "desk")}


def test_spaces_are_counted_by_tenure_without_disabled_ones() -> None:
    site = site_of(
        places("hall", 3),
        places("hall", 5, own=True),
        places("hall", 2, disabled=True),
        places("hall", 1, ROOM),
        places("loft", 2, own=True),
        places("loft", 4),
    )
    assert compute_tenancy(site, "hall", DESK) == Tenancy(3, dedicated=5)
    assert compute_tenancy(site, "loft", DESK) == Tenancy(4, uncounted=2)
    assert compute_tenancy(site, WHOLE_SITE, DESK) == Tenancy(7, dedicated=5, uncounted=2)


@pytest.mark.parametrize(("capacity", "offered"), [(8, 3), (10, 3), (7, 2)])
def test_offered_capacity_excludes_uncounted_spaces_only_in_rows_that_count_every_space(
    capacity: float, offered: float
) -> None:
    assert Tenancy(3, dedicated=5, uncounted=2).offered_capacity(capacity) == offered


def test_each_zone_and_the_site_have_a_series_in_parts_of_five_or_more() -> None:
    hall, own = places("hall", 5), places("hall", 5, own=True)
    quiet = places("quiet", 6)
    site = site_of(hall, own, places("loft", 4), places("loft", 4, own=True), quiet, places("quiet", 5, SUPPLY))
    assert build_series_groups(site) == (
        SeriesGroup("quiet", SpaceKind.DESK, (ids(quiet),)),
        SeriesGroup(WHOLE_SITE, SpaceKind.DESK, (ids(quiet), ids(hall, places("loft", 4)), ids(own))),
    )


def test_a_site_with_few_desks_or_a_dedicated_room_has_no_series() -> None:
    site = site_of(places("hall", 4), places("hall", 5, ROOM), places("loft", 1, ROOM, own=True))
    assert build_series_groups(site) == (SeriesGroup("hall", ROOM, (ids(places("hall", 5, ROOM)),)),)


def test_a_dedicated_room_hides_the_history_and_forecast_of_its_zone_and_of_the_site() -> None:
    site = site_of(places("hall", 5, ROOM), places("loft", 5, ROOM), places("loft", 1, ROOM, own=True))
    for zone, is_dedicated in (("hall", False), ("loft", True), (WHOLE_SITE, True)):
        assert has_dedicated(site, zone, ROOM) is is_dedicated
        assert is_history_hidden(site, zone, ROOM) is is_dedicated
        assert has_forecast(site, zone, ROOM) is not is_dedicated
    assert not has_dedicated(site, "loft", DESK)


def test_the_history_of_few_rooms_is_hidden_although_they_have_a_forecast() -> None:
    site = site_of(places("hall", 1, ROOM))
    assert (is_history_hidden(site, "hall", ROOM), has_forecast(site, "hall", ROOM)) == (True, True)


def test_history_of_desks_is_hidden_by_the_rule_for_desks() -> None:
    site = site_of(places("hall", 5), places("hall", 1, own=True), places("loft", 4), places("quiet", 9))
    assert [is_history_hidden(site, zone, DESK) for zone in (*ZONES, WHOLE_SITE)] == [True, True, False, False]


@pytest.mark.parametrize(("count", "expected"), [(0, False), (4, False), (5, True)])
def test_desks_have_a_forecast_from_five_offered_ones(count: int, expected: bool) -> None:
    site = site_of(
        places("hall", count),
        places("hall", 5, own=True),
        places("hall", 5, disabled=True),
        places("hall", 1, ROOM),
    )
    assert has_forecast(site, "hall", DESK) is expected
    assert has_forecast(site, WHOLE_SITE, DESK) is expected
    assert not has_forecast(site, "loft", DESK)


def test_a_zone_without_offered_rooms_has_no_forecast_of_rooms() -> None:
    site = site_of(places("hall", 1, ROOM), places("loft", 1, ROOM, disabled=True), places("loft", 5))
    assert [has_forecast(site, zone, ROOM) for zone in ("hall", "loft", WHOLE_SITE)] == [True, False, True]


@pytest.mark.parametrize(("count", "is_few"), [(0, False), (1, True), (4, True), (5, False)])
def test_only_offered_rooms_are_counted_as_few(count: int, is_few: bool) -> None:
    site = site_of(
        places("hall", count, ROOM),
        places("hall", 5, ROOM, disabled=True),
        places("hall", 5, ROOM, own=True),
        places("hall", 4),
        places("hall", 4, EQUIPMENT),
    )
    assert has_too_few(site, "hall", ROOM) is is_few
    assert has_too_few(site, WHOLE_SITE, ROOM) is is_few
    assert not has_too_few(site, "hall", DESK)


def test_rooms_of_small_zones_are_too_few_although_the_site_has_five() -> None:
    site = site_of(places("hall", 3, ROOM), places("loft", 3, ROOM))
    assert [has_too_few(site, zone, ROOM) for zone in ("hall", "loft", WHOLE_SITE)] == [True, True, False]


def test_zones_without_counted_desks_are_hidden_and_zones_without_desks_are_not() -> None:
    site = site_of(places("hall", 4, own=True), places("loft", 3, ROOM), places("quiet", 5, own=True))
    assert find_hidden_desk_zones(site) == {"hall"}


def test_two_small_zones_with_five_desks_together_hide_no_other_zone() -> None:
    assert find_hidden_desk_zones(site_of(places("hall", 2), places("loft", 3), places("quiet", 5))) == {"hall", "loft"}
