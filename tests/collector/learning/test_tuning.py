"""Learned holds: examples from quiet spans, and their bounds."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence import NEVER, START, Evidence, SensorView
from collector.learning.tuning import LONGER_MS, QUICK_MS, SHORTER_MS, UNTUNED, HoldBounds, Tuned, fitted_to, seen_again

MINUTE = 60_000
BOUNDS = HoldBounds(8 * MINUTE, 5 * MINUTE, 15 * MINUTE)
SPANS = st.lists(st.integers(0, 40 * MINUTE), max_size=200)


def after(spans: list[int], bounds: HoldBounds = BOUNDS) -> Tuned:
    tuned = UNTUNED
    for span in spans:
        tuned = seen_again(tuned, span, bounds)
    return tuned


def test_motion_while_the_hold_runs_teaches_nothing() -> None:
    assert after([8 * MINUTE]) == UNTUNED


def test_a_flip_lengthens_the_hold_and_a_long_quiet_span_shortens_it() -> None:
    assert after([8 * MINUTE + 1]).longer_ms == LONGER_MS
    assert after([90 * MINUTE]).longer_ms == -SHORTER_MS


def test_flips_converge_to_their_intended_share() -> None:
    """One in ten of the quiet spans that end a hold of 8 min is somebody who sat still for up to 12 min."""
    spans = ([9 * MINUTE, 10 * MINUTE, 11 * MINUTE, 12 * MINUTE] + [90 * MINUTE] * 36) * 100
    tuned = after(spans)
    assert 9 * MINUTE < BOUNDS.start_ms + tuned.longer_ms < 12 * MINUTE + LONGER_MS
    assert tuned.flips / tuned.ends < 0.08
    assert 0.05 < tuned.start_flips / tuned.start_ends < 0.1
    assert tuned.flips / tuned.ends < tuned.start_flips / tuned.start_ends


def test_many_newcomers_do_not_count_as_flips() -> None:
    """A phone booth: the next person comes by chance, on average forty minutes after the last."""
    chance = Random(1)  # noqa: S311 - repeatable, no secret
    spans = [round(chance.expovariate(1 / 40) * MINUTE) for _ in range(2000)]
    assert BOUNDS.start_ms + after(spans).longer_ms < 10 * MINUTE


def test_a_newcomer_never_shortens_the_hold_below_its_start() -> None:
    long = 90 * MINUTE
    flipped = [8 * MINUTE + 1, *[long] * 10]
    by_chance = 8 * MINUTE + after(flipped).longer_ms + QUICK_MS + 1
    assert after(flipped).longer_ms == LONGER_MS - 10 * SHORTER_MS
    assert after([*flipped, by_chance]).longer_ms == 0
    assert after([long, 8 * MINUTE - SHORTER_MS + QUICK_MS + 1]).longer_ms == -2 * SHORTER_MS


def test_a_fixed_hold_stays_and_its_flips_are_counted() -> None:
    pinned = HoldBounds(8 * MINUTE, 8 * MINUTE, 8 * MINUTE)
    assert after([8 * MINUTE + 1] * 3, pinned) == Tuned(0, *[after([8 * MINUTE + 1] * 3).start_ends] * 4)


@given(spans=SPANS)
def test_the_learned_hold_stays_within_its_bounds(spans: list[int]) -> None:
    assert BOUNDS.least_ms <= BOUNDS.start_ms + after(spans).longer_ms <= BOUNDS.most_ms


@given(spans=SPANS)
def test_there_are_never_more_flips_than_quiet_spans(spans: list[int]) -> None:
    tuned = after(spans)
    assert tuned.flips <= tuned.ends
    assert tuned.start_flips <= tuned.start_ends


@given(spans=SPANS, start=st.integers(5, 15))
def test_a_learned_hold_fits_into_changed_bounds(spans: list[int], start: int) -> None:
    bounds = HoldBounds(start * MINUTE, 5 * MINUTE, 15 * MINUTE)
    assert bounds.least_ms <= bounds.start_ms + fitted_to(after(spans), bounds).longer_ms <= bounds.most_ms


def test_motion_just_after_the_flip_window_is_no_flip() -> None:
    assert after([8 * MINUTE + QUICK_MS + 1]).longer_ms == -SHORTER_MS


def test_evidence_stored_before_learning_existed_is_decoded() -> None:
    """An array_like struct of an earlier version is shorter: new fields have their defaults."""
    view = SensorView("pi", "pir", 5, 1, high=True, high_ms=4, end_ms=NEVER, full=True, value=1.0)
    evidence = msgspec.structs.replace(START, key=(5, "pi", "s", 1), views=(view,))
    old = msgspec.msgpack.decode(msgspec.msgpack.encode(evidence))
    old[-2][0] = old[-2][0][:9]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(old[:-1]), type=Evidence) == evidence
