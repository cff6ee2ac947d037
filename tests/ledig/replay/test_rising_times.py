"""The longest_length strictly rising subsequence of rows is selected."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledig.replay.rising_times import select_rising

MOMENTS = st.lists(st.integers(0, 30), max_size=12)


def selected_places(moments: list[int]) -> list[int]:
    return [
        place for place, moment in enumerate(select_rising([(moment,) for moment in moments])) if moment is not None
    ]


def longest_length(moments: list[int]) -> int:
    """Return the length of the longest_length rising subsequence by dynamic programming."""
    ends = [1] * len(moments)
    for place, moment in enumerate(moments):
        ends[place] = 1 + max((ends[at] for at in range(place) if moments[at] < moment), default=0)
    return max(ends, default=0)


@given(MOMENTS)
def test_selected_rows_rise_and_are_the_longest_subsequence(moments: list[int]) -> None:
    found = [moments[place] for place in selected_places(moments)]
    assert all(earlier < later for earlier, later in pairwise(found))
    assert len(found) == longest_length(moments)


@given(st.sets(st.integers(1, 1000), min_size=4, max_size=40), st.data())
def test_one_wrong_time_costs_one_row(moments: set[int], data: st.DataObject) -> None:
    rows = sorted(moments)
    place = data.draw(st.integers(1, len(rows) - 3))
    for wrong in (0, 5000, rows[place - 1]):
        assert selected_places([*rows[:place], wrong, *rows[place:]]) == [
            at for at in range(len(rows) + 1) if at != place
        ]


def test_first_of_conflicting_rows_is_selected() -> None:
    assert selected_places([1, 2, 2, 3]) == [0, 1, 3]
    assert selected_places([8, 9, 19, 18]) == [0, 1, 2]


def test_repeated_hour_continues_after_the_previous_row() -> None:
    assert select_rising([(20, 80), (50, 110), (20, 80), (50, 110), (140,)]) == [20, 50, 80, 110, 140]
    assert select_rising([(20, 80), (50, 110), (999,), (20, 80), (50, 110), (140,)]) == [20, 50, None, 80, 110, 140]
    assert select_rising([(20, 80), (50, 110), (140,)]) == [20, 50, 140]
