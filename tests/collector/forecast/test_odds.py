"""Chance that at least so many spaces are free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import DECILES, ForecastPoint

DECILES_OF_TEN = st.lists(st.integers(0, 100), min_size=9, max_size=9).map(lambda v: tuple(x / 10 for x in sorted(v)))


def point(deciles: tuple[float, ...], days: int = 42, capacity: float | None = 10.0) -> ForecastPoint:
    return ForecastPoint(0, deciles, deciles[4], capacity, days)


@given(DECILES_OF_TEN, st.integers(7, 42))
def test_the_chance_falls_with_the_number_and_is_never_certain(deciles: tuple[float, ...], days: int) -> None:
    chances = [chance_at_least_free(point(deciles, days), wanted) for wanted in range(13)]
    assert chances == sorted(chances, reverse=True)
    assert 0 <= chances[-1] <= chances[0] < 1
    assert chances[10] > 0, "all ten may be free"


@pytest.mark.parametrize(("days", "most"), [(7, 0.99), (13, 0.997), (42, 0.999)])
def test_more_days_make_the_odds_of_one_of_twenty_spaces_more_certain(days: int, most: float) -> None:
    assert chance_at_least_free(point((4.0,) * 9, days, capacity=20), 1) == pytest.approx(most, abs=0.005)


def test_odds_differ_by_how_many_spaces_are_expected_and_required() -> None:
    """With thirteen known days; before, 93 % for each."""
    many, few = (tuple(20 - free + step for step in range(-4, 5)) for free in (15.7, 5.5))
    found = [chance_at_least_free(point(taken, 13, capacity=20), wanted) for taken in (many, few) for wanted in (1, 4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.99
    assert found[3] < 0.85


@given(DECILES_OF_TEN, st.integers(1, 10))
def test_odds_agree_with_the_deciles(deciles: tuple[float, ...], wanted: int) -> None:
    chance = chance_at_least_free(point(deciles), wanted)
    for share, taken in zip(DECILES, deciles, strict=True):
        if 10 - taken >= wanted:
            assert chance >= share - 1e-9, "in so many cases so many or more are free"
        if 10 - taken <= wanted - 1:
            assert chance <= share + 1e-9


def test_a_space_free_for_half_an_hour_has_even_odds() -> None:
    assert chance_at_least_free(point((9.5,) * 9), 1) == pytest.approx(0.5)
    assert chance_at_least_free(point((7.6,) * 9), 3) == pytest.approx(0.4)


def test_the_moments_of_an_hour_are_spread_evenly_around_its_mean() -> None:
    """All numbers from 0 to 10 are equally likely: five or more are free in 5.5 of 10 cases, as a mean over moments."""
    assert chance_at_least_free(point(tuple(range(1, 10))), 5) == pytest.approx(0.55)


def test_odds_beyond_the_deciles_fall_gradually() -> None:
    spread = tuple(float(step) for step in range(1, 10))
    assert chance_at_least_free(point(spread, capacity=20), 10) == pytest.approx(0.95, abs=0.02)
    assert chance_at_least_free(point(spread, capacity=20), 20) == pytest.approx(0.07, abs=0.02)


def test_a_series_without_capacity_has_no_odds() -> None:
    with pytest.raises(ValueError, match="need a capacity"):
        chance_at_least_free(point((3.0,) * 9, capacity=None), 1)
