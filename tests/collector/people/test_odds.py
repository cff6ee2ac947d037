"""The odds of how many are inside: crossings, quiet doors, bounds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.people.odds import (
    LIKELY,
    NOBODY,
    SURE,
    TAIL,
    Errors,
    Odds,
    at_least,
    at_most,
    entered,
    errors,
    left,
    quantile,
    shown,
    unseen,
    watched,
)

USUAL = errors(1, 1)
Step = Callable[[Odds], Odds]


def crowd(people: int, by: Errors = USUAL) -> Odds:
    odds = NOBODY
    for _ in range(people):
        odds = entered(odds, by)
    return odds


def width(odds: Odds) -> int:
    return quantile(odds, 1 - TAIL) - quantile(odds, TAIL)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.just(lambda odds: entered(odds, USUAL)),
    st.just(lambda odds: left(odds, USUAL)),
    st.builds(
        lambda exits, rate: lambda odds: watched(odds, exits, 1 / 12, rate), st.integers(0, 40), st.floats(0.1, 3)
    ),
    st.builds(lambda hides: lambda odds: unseen(odds, hides), st.floats(0.01, 1)),
    st.builds(lambda people: lambda odds: at_least(odds, people), st.integers(0, 200)),
    st.builds(lambda people: lambda odds: at_most(odds, people), st.integers(0, 200)),
)


@given(st.lists(STEPS, max_size=60))
def test_odds_are_one_together_and_nobody_is_never_less_than_none_whatever_comes(steps: list[Step]) -> None:
    odds = NOBODY
    for step in steps:
        odds = step(odds)
        assert odds.least >= 0
        assert sum(odds.of) == pytest.approx(1)
        assert all(0 <= each <= 1 for each in odds.of)
        assert quantile(odds, TAIL) <= shown(odds, LIKELY) <= quantile(odds, 1 - TAIL)
        assert quantile(odds, TAIL) <= shown(odds, SURE) <= quantile(odds, 1 - TAIL)


def test_who_comes_and_goes_is_counted() -> None:
    assert shown(crowd(20), SURE) == 20
    assert shown(left(left(crowd(20), USUAL), USUAL), SURE) == 18


def test_more_exits_than_people_make_nobody_negative() -> None:
    odds = crowd(1)
    for _ in range(5):
        odds = left(odds, USUAL)
    assert odds.least == 0
    assert shown(odds, LIKELY) == 0


def test_the_range_widens_with_what_passes_and_with_how_much_the_doors_err() -> None:
    assert width(NOBODY) == 0 < width(crowd(20)) < width(crowd(200))
    assert width(crowd(50)) < width(crowd(50, errors(1, 4)))


def test_doors_that_miss_who_goes_out_let_each_exit_count_for_more() -> None:
    odds, even = crowd(100, errors(1.2, 1)), crowd(100)
    for _ in range(50):
        odds, even = left(odds, errors(1.2, 1)), left(even, USUAL)
    assert shown(even, SURE) - shown(odds, SURE) == pytest.approx(50 * 0.2, abs=3)


def test_doors_through_which_nobody_leaves_thin_a_crowd_out_but_do_not_empty_the_house() -> None:
    phantoms = crowd(40, errors(1, 4))
    after = phantoms
    for _ in range(12 * 9):
        after = watched(after, 0, 1 / 12, 0.5)
    assert shown(after, SURE) < 10
    assert shown(after, SURE) >= 1
    assert shown(watched(phantoms, 0, 1 / 12, 0.5), SURE) > 30, "five minutes say little"


def test_who_is_seen_is_there_and_who_cannot_be_is_not() -> None:
    assert at_least(NOBODY, 3) == Odds(3)
    assert at_most(crowd(9), 2).least + len(at_most(crowd(9), 2).of) <= 3
    assert at_most(Odds(9), 2) == Odds(2)
    assert shown(at_least(crowd(2), 1), SURE) == 2


def test_a_house_is_told_as_empty_only_when_that_is_sure_enough() -> None:
    odds = Odds(0, (0.6, 0.4))
    assert shown(odds, LIKELY) == 0
    assert shown(odds, SURE) == 1


def test_a_house_in_which_all_would_be_seen_is_empty_when_nobody_is() -> None:
    odds = Odds(0, (0.3, 0.6, 0.1))
    assert shown(odds, LIKELY) == 1
    assert shown(unseen(odds, 0.1), LIKELY) == 0
    assert unseen(Odds(4), 0.1) == Odds(4), "who is known to be there hides, and is still there"
