from hypothesis import given
from hypothesis import strategies as st

from edge.timekeeping.clock_anchor import MAX_HELD_STEP_MS, ClockAnchor, update_anchor
from edge.timekeeping.durations import HOUR_MS

NOW_MS = 1_763_870_400_000


def make_anchor(wall_ms: int = NOW_MS, monotonic_ms: int = 10_000) -> ClockAnchor:
    return update_anchor(ClockAnchor(), wall_ms, monotonic_ms, synchronised=True)


def test_time_is_unknown_after_a_boot_in_1970_until_the_clock_is_set() -> None:
    anchor = update_anchor(ClockAnchor(), 5_000, 10_000, synchronised=False)
    assert anchor.unix_ms(10_000) is None
    anchor = update_anchor(anchor, NOW_MS, 60_000, synchronised=True)
    assert anchor.unix_ms(10_000) == NOW_MS - 50_000
    assert anchor.unix_ms(60_000) == NOW_MS


def test_unsynchronised_clock_does_not_change_the_anchor() -> None:
    anchor = make_anchor()
    assert update_anchor(anchor, NOW_MS + HOUR_MS, 20_000, synchronised=False) == anchor


def test_step_forward_takes_effect_at_once() -> None:
    anchor = update_anchor(make_anchor(), NOW_MS + 10_000 + HOUR_MS, 20_000, synchronised=True)
    assert anchor.unix_ms(20_000) == NOW_MS + 10_000 + HOUR_MS


def test_short_step_back_holds_time_still_until_the_clock_has_caught_up() -> None:
    anchor = update_anchor(make_anchor(), NOW_MS + 5_000, 20_000, synchronised=True)  # five seconds back
    assert [anchor.unix_ms(at) for at in (19_000, 20_000, 24_000, 25_000, 26_000)] == [
        NOW_MS + 9_000,
        NOW_MS + 10_000,
        NOW_MS + 10_000,
        NOW_MS + 10_000,
        NOW_MS + 11_000,
    ]
    assert update_anchor(anchor, NOW_MS + 6_000, 21_000, synchronised=True) == anchor


def test_long_step_back_takes_effect_at_once() -> None:
    for step_ms in (HOUR_MS, 24 * HOUR_MS):
        anchor = update_anchor(make_anchor(), NOW_MS + 10_000 - step_ms, 20_000, synchronised=True)
        assert anchor.unix_ms(20_000) == NOW_MS + 10_000 - step_ms


@given(
    st.lists(
        st.tuples(st.integers(0, 100_000), st.integers(-MAX_HELD_STEP_MS // 4, MAX_HELD_STEP_MS)),
        min_size=1,
        max_size=20,
    )
)
def test_short_steps_never_move_time_backwards(readings: list[tuple[int, int]]) -> None:
    anchor, last_ms, monotonic_ms = make_anchor(monotonic_ms=0), NOW_MS, 0
    for passed_ms, off_ms in readings:
        monotonic_ms += passed_ms
        clock_ms = max(NOW_MS + monotonic_ms + off_ms, last_ms + passed_ms - MAX_HELD_STEP_MS)
        anchor = update_anchor(anchor, clock_ms, monotonic_ms, synchronised=True)
        now_ms = anchor.unix_ms(monotonic_ms)
        assert now_ms is not None
        assert now_ms >= last_ms
        last_ms = now_ms
