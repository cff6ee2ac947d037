"""The odds with all rates of a simulated counter follow from them."""

from hypothesis import given
from hypothesis import strategies as st

from bench.accuracy.known_rates import DAY_MIN, SensedMinute, SensorRates, estimate_counts

_USUAL = SensorRates(
    missed_in_share=0.05, missed_out_share=0.08, reversed_share=0.02, trips_per_min=0.5 / 60, motion_share=0.6
)
_FAULTLESS = SensorRates(
    missed_in_share=0.0, missed_out_share=0.0, reversed_share=0.0, trips_per_min=0.0, motion_share=0.6
)


def _estimate(truth: list[int], minutes: list[SensedMinute], rates: SensorRates = _USUAL) -> list[int]:
    return [count for count, _, _ in estimate_counts(truth, minutes, rates)]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30))
def test_faultless_counter_gives_exact_counts(truth: list[int]) -> None:
    steps = [after - before for before, after in zip([0, *truth], truth, strict=False)]
    minutes = [
        SensedMinute(max(0, by), max(0, -by), 1 if inside else 0) for by, inside in zip(steps, truth, strict=True)
    ]
    assert estimate_counts(truth, minutes, _FAULTLESS) == [(inside,) * 3 for inside in truth]


def test_motion_without_a_counted_entry_shows_a_person() -> None:
    assert _estimate([1, 1], [SensedMinute(0, 0, 1), SensedMinute(0, 0, 0)]) == [1, 1]


def test_room_without_motion_becomes_empty() -> None:
    still = [SensedMinute(0, 0, 0)] * 10
    assert _estimate([3] + [0] * 10, [SensedMinute(3, 0, 2), *still])[-1] == 0


def test_single_exit_from_a_constant_room_counts_as_a_round_trip() -> None:
    """On the other day sixty people stay all day; one in a hundred goes out and comes back per minute."""
    truth = ([0] * 60 + [60] * (DAY_MIN - 120) + [0] * 60) * 2
    day = [SensedMinute(0, 0, 0)] * 60 + [SensedMinute(60, 0, 2)] + [SensedMinute(0, 0, 1)] * (DAY_MIN - 121)
    day += [SensedMinute(0, 60, 0)] + [SensedMinute(0, 0, 0)] * 59
    day[600] = SensedMinute(0, 1, 2)
    found = _estimate(truth, day * 2)
    assert found[600] == found[599] > 50


def test_estimated_day_is_not_learned_from() -> None:
    """A single day has no other day, so its truth does not influence its estimates."""
    minutes = [SensedMinute(2, 0, 1), SensedMinute(0, 1, 1), SensedMinute(0, 1, 0)] * 20
    assert _estimate([2, 1, 0] * 20, minutes) == _estimate([5, 5, 5] * 20, minutes)


@given(
    st.lists(st.builds(SensedMinute, st.integers(0, 6), st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=3)
)
def test_any_counter_result_gives_an_estimate(minutes: list[SensedMinute]) -> None:
    found = estimate_counts([0] * len(minutes), minutes, _USUAL)
    assert all(0 <= least <= count <= most for count, least, most in found)
