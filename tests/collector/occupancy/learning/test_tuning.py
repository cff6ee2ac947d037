"""Learned holds: examples from quiet spans, and their bounds."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.occupancy.evidence import EMPTY_EVIDENCE, NEVER_MS, Evidence, SensorState
from collector.occupancy.learning.tuning import (
    FLIP_PERIOD_MS,
    LENGTHEN_BY_MS,
    NO_HOLD_STATISTICS,
    SHORTEN_BY_MS,
    HoldBounds,
    HoldStatistics,
    fit_to_bounds,
    learn_quiet_span,
)

MINUTE = 60_000
BOUNDS = HoldBounds(8 * MINUTE, 5 * MINUTE, 15 * MINUTE)
SPANS = st.lists(st.integers(0, 40 * MINUTE), max_size=200)


def after(spans: list[int], bounds: HoldBounds = BOUNDS) -> HoldStatistics:
    tuned = NO_HOLD_STATISTICS
    for span in spans:
        tuned = learn_quiet_span(tuned, span, bounds)
    return tuned


def test_motion_while_the_hold_runs_teaches_nothing() -> None:
    assert after([8 * MINUTE]) == NO_HOLD_STATISTICS


def test_a_flip_lengthens_the_hold_and_a_long_quiet_span_shortens_it() -> None:
    assert after([8 * MINUTE + 1]).offset_ms == LENGTHEN_BY_MS
    assert after([90 * MINUTE]).offset_ms == -SHORTEN_BY_MS


def test_flips_converge_to_their_intended_share() -> None:
    """One in ten of the quiet spans that end a hold of 8 min is somebody who sat still for up to 12 min."""
    spans = ([9 * MINUTE, 10 * MINUTE, 11 * MINUTE, 12 * MINUTE] + [90 * MINUTE] * 36) * 100
    tuned = after(spans)
    assert 9 * MINUTE < BOUNDS.start_ms + tuned.offset_ms < 12 * MINUTE + LENGTHEN_BY_MS
    assert tuned.flips / tuned.quiet_spans < 0.08
    assert 0.05 < tuned.start_flips / tuned.start_quiet_spans < 0.1
    assert tuned.flips / tuned.quiet_spans < tuned.start_flips / tuned.start_quiet_spans


def test_many_newcomers_do_not_count_as_flips() -> None:
    """A phone booth: the next person comes by chance, on average forty minutes after the last."""
    chance = Random(1)  # noqa: S311 - repeatable, no secret
    spans = [round(chance.expovariate(1 / 40) * MINUTE) for _ in range(2000)]
    assert BOUNDS.start_ms + after(spans).offset_ms < 10 * MINUTE


def test_a_newcomer_never_shortens_the_hold_below_its_start() -> None:
    long = 90 * MINUTE
    flipped = [8 * MINUTE + 1, *[long] * 10]
    by_chance = 8 * MINUTE + after(flipped).offset_ms + FLIP_PERIOD_MS + 1
    assert after(flipped).offset_ms == LENGTHEN_BY_MS - 10 * SHORTEN_BY_MS
    assert after([*flipped, by_chance]).offset_ms == 0
    assert after([long, 8 * MINUTE - SHORTEN_BY_MS + FLIP_PERIOD_MS + 1]).offset_ms == -2 * SHORTEN_BY_MS


def test_a_fixed_hold_stays_and_its_flips_are_counted() -> None:
    pinned = HoldBounds(8 * MINUTE, 8 * MINUTE, 8 * MINUTE)
    assert after([8 * MINUTE + 1] * 3, pinned) == HoldStatistics(
        0, *[after([8 * MINUTE + 1] * 3).start_quiet_spans] * 4
    )


@given(spans=SPANS)
def test_the_learned_hold_stays_within_its_bounds(spans: list[int]) -> None:
    assert BOUNDS.min_ms <= BOUNDS.start_ms + after(spans).offset_ms <= BOUNDS.max_ms


@given(spans=SPANS)
def test_there_are_never_more_flips_than_quiet_spans(spans: list[int]) -> None:
    tuned = after(spans)
    assert tuned.flips <= tuned.quiet_spans
    assert tuned.start_flips <= tuned.start_quiet_spans


@given(spans=SPANS, start=st.integers(5, 15))
def test_a_learned_hold_fits_into_changed_bounds(spans: list[int], start: int) -> None:
    bounds = HoldBounds(start * MINUTE, 5 * MINUTE, 15 * MINUTE)
    assert bounds.min_ms <= bounds.start_ms + fit_to_bounds(after(spans), bounds).offset_ms <= bounds.max_ms


def test_motion_just_after_the_flip_window_is_no_flip() -> None:
    assert after([8 * MINUTE + FLIP_PERIOD_MS + 1]).offset_ms == -SHORTEN_BY_MS


def test_evidence_stored_before_learning_existed_is_decoded() -> None:
    """An array_like struct of an earlier version is shorter: new fields have their defaults."""
    view = SensorState("pi", "pir", 5, 1, is_high=True, rose_ms=4, fell_ms=NEVER_MS, has_full_hold=True, value=1.0)
    evidence = msgspec.structs.replace(EMPTY_EVIDENCE, key=(5, "pi", "s", 1), sensor_states=(view,))
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(evidence))
    old[-2][0] = old[-2][0][:9]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(old[:-1]), type=Evidence) == evidence
