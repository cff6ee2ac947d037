"""Odds that one of the matching spaces is free, if all are equally popular."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.forecasts import chance_in_hour
from dashboard.member.fitting_odds import compute_match_odds
from tests.support.dashboard.outlooks import build_outlook

OUTLOOK = build_outlook(0.2, 3, 8, 20)


def test_odds_match_a_simulation_with_5_of_28_spaces() -> None:
    """Simulate many random choices of the free spaces, as many as needed for a stable result."""
    hour, spots, fit = OUTLOOK.hours[2], 28, 5
    at_least = [1.0, *(chance_in_hour(OUTLOOK, hour, free) or 0.0 for free in range(1, spots + 1)), 0.0]
    dealer, hands, found = random.Random(5), 20_000, 0  # noqa: S311 - a simulation, not a secret
    weights = [at_least[free] - at_least[free + 1] for free in range(spots + 1)]
    for free in dealer.choices(range(spots + 1), weights, k=hands):
        found += min(dealer.sample(range(spots), free), default=spots) < fit
    assert compute_match_odds(OUTLOOK, hour, [fit])[fit] == pytest.approx(found / hands, abs=0.015)


def test_odds_match_the_hypergeometric_formula_for_a_certain_count() -> None:
    """Four aces and five cards: 1 - C(48, 5) / C(52, 5), about 0.341 (any table of poker hands)."""
    sure = build_outlook(5, capacity=52)
    certain = type(sure.hours[0])(0, 5.0, (5.0,) * 9, 0.99)
    days = 10**9  # the number of days limits the certainty
    outlook = type(sure)(at_ms=sure.at_ms, capacity=52, days=days, hours=(certain,))
    textbook = 1 - Fraction(math.comb(48, 5), math.comb(52, 5))
    assert compute_match_odds(outlook, certain, [4])[4] == pytest.approx(float(textbook), abs=1e-6)


@given(place=st.integers(0, 3), numbers=st.sets(st.integers(-2, 40), max_size=8))
def test_odds_grow_with_matching_spaces_up_to_those_of_all(place: int, numbers: set[int]) -> None:
    hour = OUTLOOK.hours[place]
    odds_by_match = compute_match_odds(OUTLOOK, hour, numbers)
    assert set(odds_by_match) == {fit for fit in numbers if 0 < fit < 28}
    odds = [odds_by_match[fit] for fit in sorted(odds_by_match)]
    assert odds == pytest.approx(sorted(odds), abs=1e-9)
    assert all(0 < each <= (chance_in_hour(OUTLOOK, hour, 1) or 0.0) + 1e-9 for each in odds)
