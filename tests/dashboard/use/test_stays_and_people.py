"""Lengths of stays and people inside: sums and means, with counts of 1 to 4 withheld."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.use.people_by_hour import PeopleTotals, average_people_by_hour
from dashboard.use.stay_counts import sum_stays
from dashboard.use.used_hours import list_open_hours
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import MONDAY, build_stay_row, build_weeks, generate_people_rows, to_unix_ms

END = 2**50


def test_stays_add_up_over_days_and_are_rounded_to_fives() -> None:
    counted_stays = sum_stays([build_stay_row(MONDAY + timedelta(days=n), 1, 2, 0, 10, 12, 3, 0, 2) for n in range(4)])
    assert counted_stays.counts == (None, 10.0, 0.0, 40.0, 50.0, 10.0, 0.0)
    assert (counted_stays.unknown_length, counted_stays.day_count) == (10.0, 4)
    assert counted_stays.compute_share(3) == pytest.approx(40 / 110)
    assert counted_stays.compute_share(0) is None
    assert counted_stays.median_class == 4


def test_median_class_holds_half_of_the_stays() -> None:
    assert sum_stays([build_stay_row(MONDAY, 10, 0, 10)]).median_class == 0


def test_no_stays_have_no_median() -> None:
    assert sum_stays([]).median_class is None
    assert sum_stays([]).coverage == 0


@given(st.lists(st.lists(st.integers(0, 9), min_size=8, max_size=8), max_size=20))
def test_counts_of_one_to_four_are_withheld(days) -> None:
    counted_stays = sum_stays(
        [build_stay_row(MONDAY + timedelta(days=n), *map(float, counts)) for n, counts in enumerate(days)]
    )
    for number, count in enumerate((*counted_stays.counts, counted_stays.unknown_length)):
        real = sum(counts[number] for counts in days)
        assert (count is None) == (0 < real < 5)
        assert count is None or (count % 5 == 0 and abs(count - real) <= 2.5)
    shares = [counted_stays.compute_share(number) or 0.0 for number in range(7)]
    assert sum(shares) == pytest.approx(1.0 if counted_stays.total else 0.0)


def test_people_are_averaged_by_hour_with_their_range() -> None:
    days = build_weeks(2)
    found = average_people_by_hour(
        list_open_hours(PLAN, days, END), PeopleTotals(generate_people_rows(days, lambda at: float(at.hour)))
    )
    assert [row.hour for row in found] == list(range(7, 20))
    noon = found[5]
    assert (noon.mean, noon.least, noon.most, noon.coverage) == (12.0, 11.0, 13.0, 1.0)


def test_hours_without_a_count_are_unknown() -> None:
    days = build_weeks(1)
    late = [
        row
        for row in generate_people_rows(days, lambda _at: 9.0)
        if row.at_ms >= to_unix_ms(days.first + timedelta(days=2))
    ]
    found = average_people_by_hour(list_open_hours(PLAN, days, END), PeopleTotals(late))
    assert {row.mean for row in found} == {None}
    assert {row.coverage for row in found} == {0.6}


def test_mean_of_one_to_four_people_is_marked_as_few() -> None:
    days = build_weeks(1)
    found = average_people_by_hour(
        list_open_hours(PLAN, days, END), PeopleTotals(generate_people_rows(days, lambda _at: 3.0))
    )
    assert all(row.is_few for row in found)
