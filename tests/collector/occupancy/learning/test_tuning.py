"""Learned holds: examples from quiet spans, and their bounds."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.occupancy.evidence import EMPTY_EVIDENCE, NEVER_MS, Evidence, SensorState
from collector.occupancy.learning.quiet_spans import MIN_SPANS, NO_QUIET_SPANS
from collector.occupancy.learning.tuning import (
    NO_HOLD_STATISTICS,
    HoldBounds,
    HoldStatistics,
    fit_to_bounds,
    learn_quiet_span,
)

MINUTE = 60_000
BOUNDS = HoldBounds(10 * MINUTE, 5 * MINUTE, 15 * MINUTE)
SEAT_BOUNDS = HoldBounds(3 * MINUTE, 3 * MINUTE, 15 * MINUTE)
NIGHT = 14 * 60.0
DAYS = 30
SPANS = st.lists(st.integers(0, 40 * MINUTE), max_size=200)


def after(spans: list[int], bounds: HoldBounds = BOUNDS) -> HoldStatistics:
    tuned = NO_HOLD_STATISTICS
    for span in spans:
        tuned = learn_quiet_span(tuned, span, bounds)
    return tuned


def hold_min(lengths_min: list[float], bounds: HoldBounds = BOUNDS) -> float:
    tuned = after([round(length * MINUTE) for length in lengths_min], bounds)
    return (bounds.start_ms + tuned.offset_ms) / MINUTE


def list_days(gaps_a_day: int, shape: float, scale_min: float, breaks: int = 3) -> list[float]:
    """Quiet spans of working days: somebody sits still, has breaks of 10 to 20 minutes and lunch, and goes home.

    The gaps between movements are a minute longer than a Weibull distribution, as in UCI 864.
    """
    chance = Random(7)  # noqa: S311 - repeatable, no secret
    found: list[float] = []
    for _ in range(DAYS):
        gaps = (1 + chance.weibullvariate(scale_min, shape) for _ in range(gaps_a_day))
        found += [gap for gap in gaps if gap > 2]
        found += [chance.uniform(10, 20) for _ in range(breaks)]
        found += [chance.uniform(30, 60), NIGHT]
    return found


def test_a_short_span_teaches_nothing() -> None:
    assert after([MINUTE] * 500) == NO_HOLD_STATISTICS


def test_the_hold_stays_until_enough_spans_are_known() -> None:
    assert after([9 * MINUTE] * (MIN_SPANS - 2) + [round(NIGHT * MINUTE)]).offset_ms == 0


def test_breaks_do_not_lengthen_the_hold_of_a_well_placed_sensor() -> None:
    for breaks in (0, 2, 5):
        assert hold_min(list_days(150, 0.9, 1.05, breaks)) <= 10, breaks


def test_a_sensor_that_loses_people_for_long_gets_a_longer_hold() -> None:
    assert hold_min(list_days(80, 0.4, 0.8)) == 15
    assert 10 < hold_min(list_days(110, 0.9, 1.5)) < 15


def test_a_sensor_that_never_misses_anybody_for_long_gets_a_shorter_hold() -> None:
    assert hold_min(list_days(250, 1.2, 0.7)) < 9


def test_a_mat_that_loses_people_for_minutes_gets_a_longer_hold() -> None:
    chance = Random(8)  # noqa: S311 - repeatable, no secret
    lost = [chance.uniform(2, 10) for _ in range(15 * DAYS)]
    days = list_days(0, 1, 1)
    mixed = [span for day in range(DAYS) for span in (*lost[day * 15 : day * 15 + 15], *days[day * 5 : day * 5 + 5])]
    assert 8 < hold_min(mixed, SEAT_BOUNDS) < 14


def test_errands_do_not_lengthen_the_hold_of_a_good_mat() -> None:
    chance = Random(9)  # noqa: S311 - repeatable, no secret
    spans = [
        span for _ in range(60) for span in (*(chance.uniform(2, 8) for _ in range(5)), chance.uniform(10, 20), NIGHT)
    ]
    assert hold_min(spans, SEAT_BOUNDS) == 3


def test_many_newcomers_do_not_count_as_flips() -> None:
    """A phone booth: the next person comes by chance, on average forty minutes after the last."""
    chance = Random(1)  # noqa: S311 - repeatable, no secret
    assert hold_min([chance.expovariate(1 / 40) for _ in range(2000)]) <= 10


def test_old_spans_are_forgotten() -> None:
    """A sensor that lost people was turned towards them."""
    assert hold_min([*list_days(80, 0.4, 0.8), *list_days(150, 0.9, 1.05) * 4]) <= 10


def test_a_fixed_hold_stays() -> None:
    fixed = HoldBounds(8 * MINUTE, 8 * MINUTE, 8 * MINUTE)
    assert hold_min(list_days(80, 0.4, 0.8), fixed) == 8


@given(spans=SPANS)
def test_the_learned_hold_stays_within_its_bounds(spans: list[int]) -> None:
    assert BOUNDS.min_ms <= BOUNDS.start_ms + after(spans).offset_ms <= BOUNDS.max_ms


@given(offset_min=st.integers(-5, 5), start=st.integers(5, 15))
def test_a_learned_hold_fits_into_changed_bounds(offset_min: int, start: int) -> None:
    bounds = HoldBounds(start * MINUTE, 5 * MINUTE, 15 * MINUTE)
    fitted = fit_to_bounds(HoldStatistics(offset_min * MINUTE, NO_QUIET_SPANS), bounds)
    assert bounds.min_ms <= bounds.start_ms + fitted.offset_ms <= bounds.max_ms


def test_evidence_stored_before_learning_existed_is_decoded() -> None:
    """An array_like struct of an earlier version is shorter: new fields have their defaults."""
    view = SensorState("pi", "pir", 5, 1, is_high=True, rose_ms=4, fell_ms=NEVER_MS, has_full_hold=True, value=1.0)
    evidence = msgspec.structs.replace(EMPTY_EVIDENCE, key=(5, "pi", "s", 1), sensor_states=(view,))
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(evidence))
    old[-3][0] = old[-3][0][:9]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(old[:-2]), type=Evidence) == evidence
