"""Privacy rules: no series or forecast, and no difference of them, covers one to four desks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.site.privacy import coarsen_count, find_counted_spaces, find_hidden_desk_zones, has_forecast, has_too_few
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Space, SpaceKind, Tenure
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
