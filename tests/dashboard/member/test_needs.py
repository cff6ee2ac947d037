"""Filter by needs: which spaces match, and how many of them are free."""

from dataclasses import replace

from hypothesis import given
from hypothesis.strategies import frozensets, lists, sampled_from, tuples

from collector.site.spaces import Space, SpaceAttribute, SpaceKind
from dashboard.live.frame import FreeCount
from dashboard.live.frame import count_free_spaces as count_states
from dashboard.member.needs import (
    count_free,
    count_matches,
    count_wanted,
    encode_matches,
    encode_needs,
    find_whole_zone,
    list_offered,
    list_useful_needs,
    meets_needs,
    read_needs,
)
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.stage import build_morning_states

CODES = {"v": "vacant", "o": "occupied", "a": "away", "u": "unknown", "d": "disabled"}
NONE: frozenset[SpaceAttribute] = frozenset()
WINDOW = frozenset({SpaceAttribute.WINDOW})
DESK = Space(id="d", name="D", kind=SpaceKind.DESK, zone="hall", x_m=1, y_m=1)
needs = frozensets(sampled_from(SpaceAttribute))


def test_counts_without_needs_equal_those_of_the_frame() -> None:
    states = build_morning_states()
    spots = [(space, states[space.id].state.value[0]) for space in list_offered(PLAN)]
    assert count_free(spots, NONE) == count_states(list_offered(PLAN), states)


def test_unknown_space_counts_at_most_and_disabled_space_never() -> None:
    assert count_free([(DESK, code) for code in "vvouad"], NONE) == {SpaceKind.DESK: FreeCount(2, 3, 5)}


def test_kind_without_matches_is_still_counted() -> None:
    assert count_free([(DESK, "v")], WINDOW) == {SpaceKind.DESK: FreeCount(0, 0, 0)}


@given(has=needs, wanted=needs, more=needs)
def test_more_needs_never_match_more_spaces(
    has: frozenset[SpaceAttribute], wanted: frozenset[SpaceAttribute], more: frozenset[SpaceAttribute]
) -> None:
    space = replace(DESK, attributes=has)
    assert meets_needs(space, wanted) or not meets_needs(space, wanted | more)
    assert meets_needs(space, wanted) is (encode_needs(has) & encode_needs(wanted) == encode_needs(wanted)), (
        "the page's script compares these bit masks"
    )


@given(codes=lists(sampled_from("voaud")), wanted=needs)
def test_least_most_and_capacity_are_ordered(codes: list[str], wanted: frozenset[SpaceAttribute]) -> None:
    for free in count_free([(DESK, code) for code in codes], wanted).values():
        assert 0 <= free.least <= free.most <= free.capacity


@given(spots=lists(tuples(needs, sampled_from("vd")), max_size=8), wanted=needs)
def test_match_counts_cover_every_combination_of_needs(
    spots: list[tuple[frozenset[SpaceAttribute], str]], wanted: frozenset[SpaceAttribute]
) -> None:
    made = [(replace(DESK, attributes=has), code) for has, code in spots]
    asked = frozenset(SpaceAttribute)
    counts = count_wanted(made, wanted)
    assert sum(number for _, number in counts) == count_free(made, wanted).get(DESK.kind, FreeCount(0, 0, 0)).capacity
    assert counts in count_matches(made, asked)
    assert count_matches(made, ()) == {count_wanted(made, frozenset())}


def test_matching_spaces_are_counted_by_zone() -> None:
    spots = [(replace(DESK, zone=zone, attributes=WINDOW), code) for zone, code in (("b", "v"), ("a", "o"), ("b", "d"))]
    assert count_wanted(spots, WINDOW) == (("a", 1), ("b", 1))
    assert encode_matches((("a-2", 1), ("a", 3))) == "a-2:1,a:3", "in the order of the script's strings"


def test_only_needs_met_by_a_space_are_offered_and_unknown_ones_ignored() -> None:
    assert list_useful_needs(PLAN) == [SpaceAttribute.WINDOW]
    assert read_needs(["window", "", "sea-view", "window"]) == WINDOW


def test_needs_met_by_exactly_one_whole_zone_give_that_zone() -> None:
    assert find_whole_zone(PLAN, "desk", WINDOW) is None, "these are spread over the site"
    quiet = tuple(
        replace(space, attributes=frozenset({SpaceAttribute.QUIET})) if space.zone == "quiet" else space
        for space in PLAN.spaces
    )
    plan = replace(PLAN, spaces=quiet)
    assert find_whole_zone(plan, "desk", frozenset({SpaceAttribute.QUIET})) == "quiet"
    assert find_whole_zone(plan, "desk", frozenset({SpaceAttribute.QUIET, SpaceAttribute.WINDOW})) is None
    assert find_whole_zone(plan, "booth", frozenset({SpaceAttribute.QUIET})) is None
