"""Bands of a forecast, and how much of an error remains."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.forecast.model.bands import DayErrors, compute_distances, fit_slope

WORKDAY, WEEKEND = False, True


def days(count: int, *, weekend: bool = WORKDAY, **by_hour: float) -> list[DayErrors]:
    """Create so many days with these errors, by hours named h9, h10."""
    return [DayErrors(weekend, {int(hour[1:]): error for hour, error in by_hour.items()})] * count


@given(st.lists(st.floats(-100, 100), min_size=5, max_size=60))
def test_distances_rise_within_the_errors(errors: list[float]) -> None:
    found = compute_distances([DayErrors(WORKDAY, {9: error}) for error in errors], 9, weekend=WORKDAY)
    assert found is None or list(found) == sorted(found)
    assert found is None or 0 <= found[0] <= found[-1] <= max(map(abs, errors))


def test_four_in_five_of_the_coming_errors_lie_within_the_band() -> None:
    random = Random(2)  # noqa: S311 - artificial errors
    within = 0
    for _ in range(4000):
        *past, to_come = [random.gauss(0, 3) for _ in range(41)]
        found = compute_distances([DayErrors(WORKDAY, {9: error}) for error in past], 9, weekend=WORKDAY)
        within += found is not None and abs(to_come) <= found[-1]
    assert 0.77 <= within / 4000 <= 0.83


def test_fewer_than_five_errors_give_no_band() -> None:
    assert compute_distances([], 9, weekend=WORKDAY) is None
    assert compute_distances(days(4, h9=1.0), 9, weekend=WORKDAY) is None
    assert compute_distances(days(6, h9=1.0), 9, weekend=WORKDAY) is not None
    assert compute_distances(days(6, h9=1.0), 14, weekend=WORKDAY) is None


def test_errors_of_near_hours_similar_days_and_recent_days_weigh_more() -> None:
    def middling(past: list[DayErrors], hour: int = 9, *, weekend: bool = WORKDAY) -> float:
        found = compute_distances(past, hour, weekend=weekend)
        assert found is not None
        return found[1]

    two = days(10, h9=1.0, h12=9.0)
    assert middling(two, 9) < middling(two, 12)
    kinds = days(10, h9=1.0) + days(6, weekend=WEEKEND, h9=9.0)
    assert middling(kinds) < middling(kinds, weekend=WEEKEND)
    calm, wild = days(30, h9=1.0), days(10, h9=9.0)
    assert compute_distances(wild + calm, 9, weekend=WORKDAY) < compute_distances(calm + wild, 9, weekend=WORKDAY)


def test_errors_of_one_day_count_as_one() -> None:
    random = Random(6)  # noqa: S311 - artificial errors
    past = [DayErrors(WORKDAY, {hour: random.gauss(0, 3) for hour in range(6, 13)}) for _ in range(30)]
    each, together = (compute_distances(past, 9, weekend=WORKDAY, as_days=as_days) for as_days in (False, True))
    assert each is not None
    assert together is not None
    assert all(wider > narrow for wider, narrow in zip(together, each, strict=True))
    assert compute_distances(past[:4], 9, weekend=WORKDAY, as_days=True) is None


@pytest.mark.parametrize(("lasts", "found"), [(1.0, 1.0), (0.5, 0.5), (0.0, 0.0), (-1.0, 0.0), (3.0, 1.0)])
def test_the_remaining_share_of_an_error_is_learned(lasts: float, found: float) -> None:
    pairs = [[(cause, lasts * cause) for cause in (1.0, -2.0, 3.0)]] * 200
    assert fit_slope(pairs, prior=min(1, max(0, lasts))) == pytest.approx(found)


def test_the_prior_fades_with_contrary_days() -> None:
    one, ten, many = ([[(1.0, 0.0)]] * count for count in (1, 10, 42))
    assert 0.8 > fit_slope(one, 0.8) > fit_slope(ten, 0.8) > fit_slope(many, 0.8) > 0
    assert fit_slope([], 0.8) == fit_slope([[], []], 0.8) == fit_slope([[(0.0, 5.0)]], 0.8) == 0.8
    assert fit_slope(one + [[]] * 30, 0.8) > fit_slope(one, 0.8), "a day without pairs does not count"
