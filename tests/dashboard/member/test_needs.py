"""Filter by needs: which spaces match, and how many of them are free."""

from dataclasses import replace

from hypothesis import given
from hypothesis.strategies import frozensets, lists, sampled_from, tuples

from collector.plan import Attribute, Space, SpaceKind
from dashboard.live.frame import Free
from dashboard.live.frame import count as count_states
from dashboard.member.needs import bits, count, fits, numbers, offered, read_needs, to_choose, whole_zone
from tests.dashboard.house import PLAN
from tests.dashboard.stage import morning

CODES = {"v": "vacant", "o": "occupied", "a": "away", "u": "unknown", "d": "disabled"}
NONE: frozenset[Attribute] = frozenset()
WINDOW = frozenset({Attribute.WINDOW})
DESK = Space(id="d", name="D", kind=SpaceKind.DESK, zone="hall", x_m=1, y_m=1)
needs = frozensets(sampled_from(Attribute))


def test_counts_without_needs_equal_those_of_the_frame() -> None:
    states = morning()
    spots = [(space, states[space.id].state.value[0]) for space in offered(PLAN)]
    assert count(spots, NONE) == count_states(offered(PLAN), states)


def test_unknown_space_counts_at_most_and_disabled_space_never() -> None:
    assert count([(DESK, code) for code in "vvouad"], NONE) == {SpaceKind.DESK: Free(2, 3, 5)}


def test_kind_without_matches_is_still_counted() -> None:
    assert count([(DESK, "v")], WINDOW) == {SpaceKind.DESK: Free(0, 0, 0)}


@given(has=needs, wanted=needs, more=needs)
def test_more_needs_never_match_more_spaces(
    has: frozenset[Attribute], wanted: frozenset[Attribute], more: frozenset[Attribute]
) -> None:
    space = replace(DESK, attributes=has)
    assert fits(space, wanted) or not fits(space, wanted | more)
    assert fits(space, wanted) is (bits(has) & bits(wanted) == bits(wanted)), (
        "the page's script compares these bit masks"
    )


@given(codes=lists(sampled_from("voaud")), wanted=needs)
def test_least_most_and_capacity_are_ordered(codes: list[str], wanted: frozenset[Attribute]) -> None:
    for free in count([(DESK, code) for code in codes], wanted).values():
        assert 0 <= free.least <= free.most <= free.capacity


@given(spots=lists(tuples(needs, sampled_from("vd")), max_size=8), wanted=needs)
def test_match_counts_cover_every_combination_of_needs(
    spots: list[tuple[frozenset[Attribute], str]], wanted: frozenset[Attribute]
) -> None:
    made = [(replace(DESK, attributes=has), code) for has, code in spots]
    asked = frozenset(Attribute)
    assert count(made, wanted).get(DESK.kind, Free(0, 0, 0)).capacity in numbers(made, asked)
    assert numbers(made, ()) == {sum(code != "d" for _, code in spots)}


def test_only_needs_met_by_a_space_are_offered_and_unknown_ones_ignored() -> None:
    assert to_choose(PLAN) == [Attribute.WINDOW]
    assert read_needs(["window", "", "sea-view", "window"]) == WINDOW


def test_needs_met_by_exactly_one_whole_zone_give_that_zone() -> None:
    assert whole_zone(PLAN, "desk", WINDOW) is None, "these are spread over the house"
    quiet = tuple(
        replace(space, attributes=frozenset({Attribute.QUIET})) if space.zone == "quiet" else space
        for space in PLAN.spaces
    )
    plan = replace(PLAN, spaces=quiet)
    assert whole_zone(plan, "desk", frozenset({Attribute.QUIET})) == "quiet"
    assert whole_zone(plan, "desk", frozenset({Attribute.QUIET, Attribute.WINDOW})) is None
    assert whole_zone(plan, "booth", frozenset({Attribute.QUIET})) is None
