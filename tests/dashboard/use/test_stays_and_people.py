"""Lengths of stays and people inside: sums and means, with counts of 1 to 4 withheld."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.use.hours import open_hours
from dashboard.use.people import Counted, people_in
from dashboard.use.stays import stays
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import MONDAY, at_ms, people_rows, stay_row, weeks

END = 2**50


def test_stays_add_up_over_days_and_are_rounded_to_fives() -> None:
    counted_stays = stays([stay_row(MONDAY + timedelta(days=n), 1, 2, 0, 10, 12, 3, 0, 2) for n in range(4)])
    assert counted_stays.counts == (None, 10.0, 0.0, 40.0, 50.0, 10.0, 0.0)
    assert (counted_stays.cut_short, counted_stays.days) == (10.0, 4)
    assert counted_stays.share(3) == pytest.approx(40 / 110)
    assert counted_stays.share(0) is None
    assert counted_stays.middle == 4


def test_median_class_holds_half_of_the_stays() -> None:
    assert stays([stay_row(MONDAY, 10, 0, 10)]).middle == 0


def test_no_stays_have_no_median() -> None:
    assert stays([]).middle is None
    assert stays([]).coverage == 0


@given(st.lists(st.lists(st.integers(0, 9), min_size=8, max_size=8), max_size=20))
def test_counts_of_one_to_four_are_withheld(days) -> None:
    counted_stays = stays([stay_row(MONDAY + timedelta(days=n), *map(float, counts)) for n, counts in enumerate(days)])
    for number, count in enumerate((*counted_stays.counts, counted_stays.cut_short)):
        real = sum(counts[number] for counts in days)
        assert (count is None) == (0 < real < 5)
        assert count is None or (count % 5 == 0 and abs(count - real) <= 2.5)
    shares = [counted_stays.share(number) or 0.0 for number in range(7)]
    assert sum(shares) == pytest.approx(1.0 if counted_stays.total else 0.0)


def test_people_are_averaged_by_hour_with_their_range() -> None:
    days = weeks(2)
    found = people_in(open_hours(PLAN, days, END), Counted(people_rows(days, lambda at: float(at.hour))))
    assert [row.hour for row in found] == list(range(7, 20))
    noon = found[5]
    assert (noon.mean, noon.least, noon.most, noon.coverage) == (12.0, 11.0, 13.0, 1.0)


def test_hours_without_a_count_are_unknown() -> None:
    days = weeks(1)
    late = [row for row in people_rows(days, lambda _at: 9.0) if row.at_ms >= at_ms(days.first + timedelta(days=2))]
    found = people_in(open_hours(PLAN, days, END), Counted(late))
    assert {row.mean for row in found} == {None}
    assert {row.coverage for row in found} == {0.6}


def test_mean_of_one_to_four_people_is_marked_as_few() -> None:
    days = weeks(1)
    found = people_in(open_hours(PLAN, days, END), Counted(people_rows(days, lambda _at: 3.0)))
    assert all(row.few for row in found)
