"""The chance that one of the spots that fit is free, if none is liked better."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.forecast.outlook import chance
from dashboard.member.liked import odds_of_some
from tests.dashboard.test_ahead import expected

TOLD = expected(0.2, 3, 8, 20)


def test_of_five_in_twenty_eight_it_is_what_dealing_them_out_gives() -> None:
    """As many dealt hands as a sure answer needs: the spots that are free, by the forecast, shuffled over all."""
    hour, spots, fit = TOLD.hours[2], 28, 5
    at_least = [1.0, *(chance(TOLD, hour, free) or 0.0 for free in range(1, spots + 1)), 0.0]
    dealer, hands, found = random.Random(5), 20_000, 0  # noqa: S311 - a dealer, no secret
    weights = [at_least[free] - at_least[free + 1] for free in range(spots + 1)]
    for free in dealer.choices(range(spots + 1), weights, k=hands):
        found += min(dealer.sample(range(spots), free), default=spots) < fit
    assert odds_of_some(TOLD, hour, [fit])[fit] == pytest.approx(found / hands, abs=0.015)


def test_where_all_that_is_free_is_certain_it_is_the_textbook_s() -> None:
    """Four aces and five cards: 1 - C(48, 5) / C(52, 5), about 0.341 (any table of poker hands)."""
    sure = expected(5, capacity=52)
    certain = type(sure.hours[0])(0, 5.0, (5.0,) * 9, 0.99)
    days = 10**9  # no odds are surer than the days allow
    told = type(sure)(at_ms=sure.at_ms, capacity=52, days=days, hours=(certain,))
    textbook = 1 - Fraction(math.comb(48, 5), math.comb(52, 5))
    assert odds_of_some(told, certain, [4])[4] == pytest.approx(float(textbook), abs=1e-6)


@given(place=st.integers(0, 3), numbers=st.sets(st.integers(-2, 40), max_size=8))
def test_more_that_fit_are_never_less_likely_and_never_likelier_than_any(place: int, numbers: set[int]) -> None:
    hour = TOLD.hours[place]
    told = odds_of_some(TOLD, hour, numbers)
    assert set(told) == {fit for fit in numbers if 0 < fit < 28}
    odds = [told[fit] for fit in sorted(told)]
    assert odds == pytest.approx(sorted(odds), abs=1e-9)
    assert all(0 < each <= (chance(TOLD, hour, 1) or 0.0) + 1e-9 for each in odds)
