"""How long people stay and how many are in: means, and nothing of one to four."""

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


def test_stays_add_up_over_the_days_and_are_told_in_fives() -> None:
    told = stays([stay_row(MONDAY + timedelta(days=n), 1, 2, 0, 10, 12, 3, 0, 2) for n in range(4)])
    assert told.counts == (None, 10.0, 0.0, 40.0, 50.0, 10.0, 0.0)
    assert (told.cut_short, told.days) == (10.0, 4)
    assert told.share(3) == pytest.approx(40 / 110)
    assert told.share(0) is None
    assert told.middle == 4


def test_the_middle_stay_is_one_that_half_are_no_longer_than() -> None:
    assert stays([stay_row(MONDAY, 10, 0, 10)]).middle == 0


def test_of_no_stays_there_is_no_middle() -> None:
    assert stays([]).middle is None
    assert stays([]).coverage == 0


@given(st.lists(st.lists(st.integers(0, 9), min_size=8, max_size=8), max_size=20))
def test_no_count_of_one_to_four_is_ever_told(days) -> None:
    told = stays([stay_row(MONDAY + timedelta(days=n), *map(float, counts)) for n, counts in enumerate(days)])
    for number, count in enumerate((*told.counts, told.cut_short)):
        real = sum(counts[number] for counts in days)
        assert (count is None) == (0 < real < 5)
        assert count is None or (count % 5 == 0 and abs(count - real) <= 2.5)
    shares = [told.share(number) or 0.0 for number in range(7)]
    assert sum(shares) == pytest.approx(1.0 if told.total else 0.0)


def test_people_are_told_by_the_hour_with_their_range() -> None:
    days = weeks(2)
    found = people_in(open_hours(PLAN, days, END), Counted(people_rows(days, lambda at: float(at.hour))))
    assert [row.hour for row in found] == list(range(7, 20))
    noon = found[5]
    assert (noon.mean, noon.least, noon.most, noon.coverage) == (12.0, 11.0, 13.0, 1.0)


def test_hours_without_a_count_are_not_known() -> None:
    days = weeks(1)
    late = [row for row in people_rows(days, lambda _at: 9.0) if row.at_ms >= at_ms(days.first + timedelta(days=2))]
    found = people_in(open_hours(PLAN, days, END), Counted(late))
    assert {row.mean for row in found} == {None}
    assert {row.coverage for row in found} == {0.6}


def test_a_mean_of_one_to_four_people_is_told_as_few() -> None:
    days = weeks(1)
    found = people_in(open_hours(PLAN, days, END), Counted(people_rows(days, lambda _at: 3.0)))
    assert all(row.few for row in found)
