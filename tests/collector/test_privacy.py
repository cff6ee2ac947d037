"""Which past may be told: nothing that is told, and no difference of it, is about one to four desks."""

from hypothesis import given
from hypothesis import strategies as st

from collector.plan import WHOLE_SITE, SitePlan, Space, SpaceKind, Tenure
from collector.privacy import counted, foretold, hidden_zones
from tests.collector.room import plan

ZONES = ("hall", "loft", "quiet")
DESK = SpaceKind.DESK.value


@st.composite
def houses(draw: st.DrawFn) -> SitePlan:
    """Of each zone so many shared and dedicated desks, some of them out of use."""
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


def seats(house: SitePlan, zones: set[str], tenure: Tenure) -> int:
    """How many desks of one tenure the series of these zones are made of."""
    known = counted(house)
    return sum(space.zone in zones and space.tenure is tenure and space.id in known for space in house.spaces)


@given(houses())
def test_no_series_that_is_told_and_no_difference_of_them_is_about_one_to_four_desks(house: SitePlan) -> None:
    hidden = hidden_zones(house)
    told = [{zone} for zone in ZONES if zone not in hidden]
    if WHOLE_SITE not in hidden:
        told += [set(ZONES), set(ZONES) & hidden]
    assert all(seats(house, zones, tenure) not in range(1, 5) for zones in told for tenure in Tenure)


@given(houses())
def test_no_forecast_and_no_difference_of_them_is_about_one_to_four_desks(house: SitePlan) -> None:
    told = {zone for zone in ZONES if foretold(house, zone, DESK)}
    groups = [{zone} for zone in told]
    if foretold(house, WHOLE_SITE, DESK):
        groups += [set(ZONES), set(ZONES) - told]
    assert all(seats(house, zones, Tenure.SHARED) not in range(1, 5) for zones in groups)
