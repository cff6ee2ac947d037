"""Odds of the number of people inside: crossings, quiet doors, bounds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.people.odds import (
    NOBODY_INSIDE,
    TAIL_SHARE,
    CrossingErrors,
    PeopleOdds,
    after_entry,
    after_exit,
    after_nobody_seen,
    after_watched_doors,
    compute_crossing_errors,
    number_to_show,
    quantile,
    with_at_least,
    with_at_most,
    with_chance_of_somebody,
)

USUAL = compute_crossing_errors(1, 1)
Step = Callable[[PeopleOdds], PeopleOdds]


def crowd(people: int, by: CrossingErrors = USUAL) -> PeopleOdds:
    odds = NOBODY_INSIDE
    for _ in range(people):
        odds = after_entry(odds, by)
    return odds


def width(odds: PeopleOdds) -> int:
    return quantile(odds, 1 - TAIL_SHARE) - quantile(odds, TAIL_SHARE)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.just(lambda odds: after_entry(odds, USUAL)),
    st.just(lambda odds: after_exit(odds, USUAL)),
    st.builds(
        lambda exits, rate: lambda odds: after_watched_doors(odds, exits, 1 / 12, rate, 1),
        st.integers(0, 40),
        st.floats(0.1, 3),
    ),
    st.builds(lambda hides: lambda odds: after_nobody_seen(odds, 0, hides), st.floats(0.01, 1)),
    st.builds(lambda people: lambda odds: with_at_least(odds, people), st.integers(0, 200)),
    st.builds(lambda people: lambda odds: with_at_most(odds, people), st.integers(0, 200)),
)


@given(st.lists(STEPS, max_size=60))
def test_odds_sum_to_one_and_are_never_below_zero_people(steps: list[Step]) -> None:
    odds = NOBODY_INSIDE
    for step in steps:
        odds = step(odds)
        assert odds.least >= 0
        assert sum(odds.probabilities) == pytest.approx(1)
        assert all(0 <= each <= 1 for each in odds.probabilities)
        assert quantile(odds, TAIL_SHARE) <= number_to_show(odds) <= quantile(odds, 1 - TAIL_SHARE)
        assert quantile(odds, TAIL_SHARE) <= number_to_show(odds) <= quantile(odds, 1 - TAIL_SHARE)


def test_entries_and_exits_are_counted() -> None:
    assert number_to_show(crowd(20)) == 20
    assert number_to_show(after_exit(after_exit(crowd(20), USUAL), USUAL)) == 18


def test_more_exits_than_people_never_give_a_negative_number() -> None:
    odds = crowd(1)
    for _ in range(5):
        odds = after_exit(odds, USUAL)
    assert odds.least == 0
    assert number_to_show(odds) == 0


def test_the_range_widens_with_crossings_and_with_door_errors() -> None:
    assert width(NOBODY_INSIDE) == 0 < width(crowd(20)) < width(crowd(200))
    assert width(crowd(50)) < width(crowd(50, compute_crossing_errors(1, 4)))


def test_exits_count_more_at_doors_that_miss_exits() -> None:
    odds, even = crowd(100, compute_crossing_errors(1.2, 1)), crowd(100)
    for _ in range(50):
        odds, even = after_exit(odds, compute_crossing_errors(1.2, 1)), after_exit(even, USUAL)
    assert number_to_show(even) - number_to_show(odds) == pytest.approx(50 * 0.2, abs=3)


def test_quiet_doors_reduce_a_number_but_do_not_empty_the_site() -> None:
    phantoms = crowd(40, compute_crossing_errors(1, 4))
    after = phantoms
    for _ in range(12 * 9):
        after = after_watched_doors(after, 0, 1 / 12, 0.5, 1)
    assert number_to_show(after) < 10
    assert number_to_show(after) >= 1
    assert number_to_show(after_watched_doors(phantoms, 0, 1 / 12, 0.5, 1)) > 30, "five minutes are little evidence"


def test_bounds_limit_the_odds() -> None:
    assert with_at_least(NOBODY_INSIDE, 3) == PeopleOdds(3)
    assert with_at_most(crowd(9), 2).least + len(with_at_most(crowd(9), 2).probabilities) <= 3
    assert with_at_most(PeopleOdds(9), 2) == PeopleOdds(2)
    assert number_to_show(with_at_least(crowd(2), 1)) == 2


def test_a_site_is_shown_as_empty_only_if_certain_enough() -> None:
    assert number_to_show(PeopleOdds(0, (0.91, 0.09))) == 0
    assert number_to_show(PeopleOdds(0, (0.89, 0.11))) == 1


def test_a_site_is_empty_if_nobody_is_detected() -> None:
    odds = PeopleOdds(0, (0.3, 0.6, 0.1))
    assert number_to_show(odds) == 1
    assert number_to_show(after_nobody_seen(odds, 0, 0.03)) == 0
    assert after_nobody_seen(PeopleOdds(4), 0, 0.1) == PeopleOdds(4), (
        "who is known to be there hides, and is still there"
    )


def test_each_hidden_person_is_as_likely_as_before() -> None:
    assert after_nobody_seen(PeopleOdds(0, (0.25, 0.25, 0.5)), 1, 0.5) == PeopleOdds(
        0, pytest.approx((1 / 3, 1 / 3, 1 / 3))
    )


def test_somebody_detected_is_probably_inside() -> None:
    odds = with_chance_of_somebody(PeopleOdds(0, (0.8, 0.1, 0.1)), 0.9)
    assert odds == PeopleOdds(0, pytest.approx((0.1, 0.45, 0.45)))
    assert with_chance_of_somebody(NOBODY_INSIDE, 0.5) == NOBODY_INSIDE, "where everybody left, nobody stayed"
    assert with_chance_of_somebody(PeopleOdds(4), 0.5) == PeopleOdds(4)


def test_habits_hardly_correct_precise_doors() -> None:
    people = crowd(20, compute_crossing_errors(1, 0.003))
    for _ in range(12 * 4):
        people = after_watched_doors(people, 0, 1 / 12, 1, 0.003)
    assert number_to_show(people) == 20
