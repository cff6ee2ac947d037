"""Somebody who knows every rate of a simulated counter tells what follows from it."""

from hypothesis import given
from hypothesis import strategies as st

from bench.accuracy.known_rates import DAY_MIN, Minute, Rates, told

_USUAL = Rates(missed_in=0.05, missed_out=0.08, turned=0.02, trips_per_min=0.5 / 60, motion=0.6)
_FAULTLESS = Rates(missed_in=0.0, missed_out=0.0, turned=0.0, trips_per_min=0.0, motion=0.6)


def _ends(truth: list[int], minutes: list[Minute], rates: Rates = _USUAL) -> list[int]:
    return [count for count, _, _ in told(truth, minutes, rates)]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30))
def test_a_faultless_counter_leaves_no_doubt(truth: list[int]) -> None:
    steps = [after - before for before, after in zip([0, *truth], truth, strict=False)]
    minutes = [Minute(max(0, by), max(0, -by), 1 if inside else 0) for by, inside in zip(steps, truth, strict=True)]
    assert told(truth, minutes, _FAULTLESS) == [(inside,) * 3 for inside in truth]


def test_who_moves_unseen_by_the_counter_is_told() -> None:
    assert _ends([1, 1], [Minute(0, 0, 1), Minute(0, 0, 0)]) == [1, 1]


def test_a_room_without_motion_is_told_as_empty_again() -> None:
    still = [Minute(0, 0, 0)] * 10
    assert _ends([3] + [0] * 10, [Minute(3, 0, 2), *still])[-1] == 0


def test_a_lone_exit_from_a_full_room_that_never_changes_is_believed_to_be_a_round_trip() -> None:
    """On another day sixty people stayed through, and one went out and came back, as one in a hundred does a minute."""
    truth = ([0] * 60 + [60] * (DAY_MIN - 120) + [0] * 60) * 2
    day = [Minute(0, 0, 0)] * 60 + [Minute(60, 0, 2)] + [Minute(0, 0, 1)] * (DAY_MIN - 121)
    day += [Minute(0, 60, 0)] + [Minute(0, 0, 0)] * 59
    day[600] = Minute(0, 1, 2)
    found = _ends(truth, day * 2)
    assert found[600] == found[599] > 50


def test_the_day_that_is_judged_teaches_nothing() -> None:
    """A single day has no other, so its truth bears on nothing that is told of it."""
    minutes = [Minute(2, 0, 1), Minute(0, 1, 1), Minute(0, 1, 0)] * 20
    assert _ends([2, 1, 0] * 20, minutes) == _ends([5, 5, 5] * 20, minutes)


@given(st.lists(st.builds(Minute, st.integers(0, 6), st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=3))
def test_nothing_that_a_counter_tells_is_impossible(minutes: list[Minute]) -> None:
    found = told([0] * len(minutes), minutes, _USUAL)
    assert all(0 <= least <= count <= most for count, least, most in found)
