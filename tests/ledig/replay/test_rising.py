"""Of rows whose times should rise, the most that do are kept."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledig.replay.rising import rising

MOMENTS = st.lists(st.integers(0, 30), max_size=12)


def kept(moments: list[int]) -> list[int]:
    return [place for place, moment in enumerate(rising([(moment,) for moment in moments])) if moment is not None]


def longest(moments: list[int]) -> int:
    """The length of the longest rising choice, by trying all."""
    ends = [1] * len(moments)
    for place, moment in enumerate(moments):
        ends[place] = 1 + max((ends[at] for at in range(place) if moments[at] < moment), default=0)
    return max(ends, default=0)


@given(MOMENTS)
def test_what_is_kept_rises_and_no_choice_keeps_more(moments: list[int]) -> None:
    found = [moments[place] for place in kept(moments)]
    assert all(earlier < later for earlier, later in pairwise(found))
    assert len(found) == longest(moments)


@given(st.sets(st.integers(1, 1000), min_size=4, max_size=40), st.data())
def test_one_time_far_ahead_or_long_ago_costs_one_row(moments: set[int], data: st.DataObject) -> None:
    rows = sorted(moments)
    place = data.draw(st.integers(1, len(rows) - 3))
    for wrong in (0, 5000, rows[place - 1]):
        assert kept([*rows[:place], wrong, *rows[place:]]) == [at for at in range(len(rows) + 1) if at != place]


def test_of_rows_that_exclude_each_other_the_first_stays() -> None:
    assert kept([1, 2, 2, 3]) == [0, 1, 3]
    assert kept([8, 9, 19, 18]) == [0, 1, 2]


def test_an_hour_that_comes_twice_goes_on_after_the_row_before() -> None:
    assert rising([(20, 80), (50, 110), (20, 80), (50, 110), (140,)]) == [20, 50, 80, 110, 140]
    assert rising([(20, 80), (50, 110), (999,), (20, 80), (50, 110), (140,)]) == [20, 50, None, 80, 110, 140]
    assert rising([(20, 80), (50, 110), (140,)]) == [20, 50, 140]
