"""Privacy rules: no series or forecast, and no difference of them, covers one to four desks."""

from hypothesis import given
from hypothesis import strategies as st

from collector.site.plan import WHOLE_SITE, SitePlan, Space, SpaceKind, Tenure
from collector.site.privacy import find_counted_spaces, find_hidden_desk_zones, has_forecast
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
