"""Comparison of two periods: a change is separated from random variation."""

import random
from datetime import date, timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.use.compare import MIN_COMPARED_DAYS, ChangeVerdict, compare_days

FIRST = date(2025, 9, 1)
APART = timedelta(days=28)


def number_days(values, first=FIRST):
    return {first + timedelta(days=number): value for number, value in enumerate(values)}


def test_weekly_pattern_cancels_out() -> None:
    weekly = [0.7, 0.8, 0.6, 0.5, 0.2, 0.0, 0.0] * 4
    wobble = [0.01, -0.01, 0.0, 0.02] * 7
    found = compare_days(
        number_days([value + 0.1 + more for value, more in zip(weekly, wobble, strict=True)]),
        number_days(weekly, FIRST - APART),
        APART,
    )
    assert found.verdict is ChangeVerdict.MORE
    assert found.difference == pytest.approx(0.105)
    assert found.noise is not None
    assert found.noise < 0.01


def test_four_days_are_too_few_for_a_verdict() -> None:
    found = compare_days(number_days([1.0] * 4), number_days([0.0] * 4, FIRST - APART), APART)
    assert (found.verdict, found.noise, found.day_count) == (ChangeVerdict.TOO_FEW, None, 4)
    assert compare_days({}, {}, APART).now is None


def test_limit_for_five_days_follows_student_t() -> None:
    """t is 2.776 with 4 degrees of freedom; the standard deviation of 1, 2, 3, 4, 5 is the root of 2.5."""
    found = compare_days(number_days([1.0, 2.0, 3.0, 4.0, 5.0]), number_days([0.0] * 5, FIRST - APART), APART)
    assert found.noise == pytest.approx(2.776 * 2.5**0.5 / 5**0.5, rel=0.004)
    assert (found.now, found.verdict) == (3.0, ChangeVerdict.MORE)


def test_days_known_in_only_one_period_are_ignored() -> None:
    now, before = number_days([1.0] * 10), number_days([1.0] * 10, FIRST - APART)
    del before[FIRST - APART], now[FIRST + timedelta(days=9)]
    assert compare_days(now, before, APART).day_count == 8


def test_random_variation_is_called_a_change_in_5_percent() -> None:
    dice = random.Random(7)  # noqa: S311 - dice, no secret
    is_change = [
        compare_days(
            number_days([dice.gauss(0.5, 0.1) for _ in range(7)]),
            number_days([dice.gauss(0.5, 0.1) for _ in range(7)], FIRST - APART),
            APART,
        ).verdict
        is not ChangeVerdict.NOISE
        for _ in range(4000)
    ]
    assert 0.04 < fmean(is_change) < 0.06


VALUES = st.lists(st.floats(0, 1, width=16), min_size=0, max_size=40)


@given(now=VALUES, before=VALUES)
def test_swapping_the_periods_reverses_the_result(now, before) -> None:
    there = compare_days(number_days(now), number_days(before, FIRST - APART), APART)
    back = compare_days(number_days(before), number_days(now, FIRST - APART), APART)
    assert (there.verdict is ChangeVerdict.TOO_FEW) == (there.day_count < MIN_COMPARED_DAYS)
    opposite = {ChangeVerdict.MORE: ChangeVerdict.LESS, ChangeVerdict.LESS: ChangeVerdict.MORE}
    assert back.verdict is opposite.get(there.verdict, there.verdict)
    assert (there.now, there.before, there.noise) == (back.before, back.now, pytest.approx(back.noise))
