"""Odds of the number of people inside: crossings, quiet doors, bounds."""

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
def test_odds_sum_to_one_and_are_never_below_zero_people(steps: list[Step]) -> None:
    odds = NOBODY
    for step in steps:
        odds = step(odds)
        assert odds.least >= 0
        assert sum(odds.of) == pytest.approx(1)
        assert all(0 <= each <= 1 for each in odds.of)
        assert quantile(odds, TAIL) <= shown(odds, LIKELY) <= quantile(odds, 1 - TAIL)
        assert quantile(odds, TAIL) <= shown(odds, SURE) <= quantile(odds, 1 - TAIL)


def test_entries_and_exits_are_counted() -> None:
    assert shown(crowd(20), SURE) == 20
    assert shown(left(left(crowd(20), USUAL), USUAL), SURE) == 18


def test_more_exits_than_people_never_give_a_negative_number() -> None:
    odds = crowd(1)
    for _ in range(5):
        odds = left(odds, USUAL)
    assert odds.least == 0
    assert shown(odds, LIKELY) == 0


def test_the_range_widens_with_crossings_and_with_door_errors() -> None:
    assert width(NOBODY) == 0 < width(crowd(20)) < width(crowd(200))
    assert width(crowd(50)) < width(crowd(50, errors(1, 4)))


def test_exits_count_more_at_doors_that_miss_exits() -> None:
    odds, even = crowd(100, errors(1.2, 1)), crowd(100)
    for _ in range(50):
        odds, even = left(odds, errors(1.2, 1)), left(even, USUAL)
    assert shown(even, SURE) - shown(odds, SURE) == pytest.approx(50 * 0.2, abs=3)


def test_quiet_doors_reduce_a_number_but_do_not_empty_the_site() -> None:
    phantoms = crowd(40, errors(1, 4))
    after = phantoms
    for _ in range(12 * 9):
        after = watched(after, 0, 1 / 12, 0.5)
    assert shown(after, SURE) < 10
    assert shown(after, SURE) >= 1
    assert shown(watched(phantoms, 0, 1 / 12, 0.5), SURE) > 30, "five minutes are little evidence"


def test_bounds_limit_the_odds() -> None:
    assert at_least(NOBODY, 3) == Odds(3)
    assert at_most(crowd(9), 2).least + len(at_most(crowd(9), 2).of) <= 3
    assert at_most(Odds(9), 2) == Odds(2)
    assert shown(at_least(crowd(2), 1), SURE) == 2


def test_a_site_is_shown_as_empty_only_if_certain_enough() -> None:
    odds = Odds(0, (0.6, 0.4))
    assert shown(odds, LIKELY) == 0
    assert shown(odds, SURE) == 1


def test_a_fully_watched_site_is_empty_if_nobody_is_detected() -> None:
    odds = Odds(0, (0.3, 0.6, 0.1))
    assert shown(odds, LIKELY) == 1
    assert shown(unseen(odds, 0.1), LIKELY) == 0
    assert unseen(Odds(4), 0.1) == Odds(4), "who is known to be there hides, and is still there"
