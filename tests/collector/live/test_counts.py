"""Counts of free, taken and unknown spaces."""

from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import Occupancy, SpaceCounts
from collector.live.counts import count_by_kind
from collector.site.spaces import Space, SpaceKind, Tenure


def a(kind: SpaceKind = SpaceKind.DESK, tenure: Tenure = Tenure.SHARED) -> Space:
    return Space(id="x", name="X", kind=kind, zone="loft", x_m=0, y_m=0, tenure=tenure)


def test_away_counts_as_taken_and_unknown_only_as_possibly_free() -> None:
    states = [Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN, Occupancy.DISABLED]
    assert count_by_kind((a(), state) for state in states) == {
        SpaceKind.DESK: SpaceCounts(capacity=5, free_min=1, free_max=2, taken=2, unknown=1, disabled=1)
    }


def test_only_offered_spaces_count() -> None:
    assert (
        count_by_kind([(a(tenure=Tenure.DEDICATED), Occupancy.VACANT), (a(SpaceKind.SUPPLY), Occupancy.STOCKED)]) == {}
    )


def test_kinds_are_counted_separately_and_in_order() -> None:
    found = count_by_kind([(a(SpaceKind.ROOM), Occupancy.VACANT), (a(SpaceKind.DESK), Occupancy.OCCUPIED)])
    assert list(found) == [SpaceKind.DESK, SpaceKind.ROOM]
    assert (found[SpaceKind.DESK].free_min, found[SpaceKind.ROOM].free_min) == (0, 1)


@given(states=st.lists(st.sampled_from(Occupancy)))
def test_unknown_never_counts_as_free(states: list[Occupancy]) -> None:
    for found in count_by_kind((a(), state) for state in states).values():
        assert found.free_min == states.count(Occupancy.VACANT)
        assert found.free_min <= found.free_max == found.free_min + states.count(Occupancy.UNKNOWN)
