"""Quiet spans: counting, fading, and the share in which somebody was there all along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.occupancy.learning.quiet_spans import (
    EDGES_MIN,
    MAX_SPANS,
    MIN_SPANS,
    NO_QUIET_SPANS,
    QuietSpans,
    count_longer,
    count_span,
)

MINUTE = 60_000
NIGHT = 600 * MINUTE


def count_all(spans: list[int]) -> QuietSpans:
    known = NO_QUIET_SPANS
    for span_ms in spans:
        known = count_span(known, span_ms)
    return known


@pytest.mark.parametrize(("span_ms", "longer"), [(2 * MINUTE - 1, 0), (2 * MINUTE, 1), (NIGHT, 1)])
def test_spans_are_counted_from_two_minutes_on(span_ms: int, longer: int) -> None:
    assert count_longer(count_all([span_ms]), 0)[0] == longer


def test_spans_within_a_class_are_spread_evenly() -> None:
    known = QuietSpans((0, 0, 0, 0, 0, 10, *[0] * (len(EDGES_MIN) - 6)), (50,) * len(EDGES_MIN))
    assert count_longer(known, round(5.5 * MINUTE)) == (5, 2.5)
    assert count_longer(known, 6 * MINUTE) == (0, 0)


def test_nothing_is_concluded_from_few_spans_or_before_a_night() -> None:
    assert not count_all([3 * MINUTE] * (MIN_SPANS - 2) + [NIGHT]).stayed_pct
    assert not count_all([3 * MINUTE] * MIN_SPANS).stayed_pct
    assert count_all([3 * MINUTE] * (MIN_SPANS - 1) + [NIGHT]).stayed_pct


def test_a_space_without_nights_learns_too() -> None:
    assert count_all([3 * MINUTE] * 2 * MIN_SPANS).stayed_pct


def test_short_spans_are_stays_and_nights_are_absences() -> None:
    day = [
        *(round(length * MINUTE) for length in (2.1, 2.2, 2.3, 2.4, 2.7, 2.8, 3.2, 3.7, 4.5) * 5),
        15 * MINUTE,
        NIGHT,
    ]
    stayed = count_all(day * 10).stayed_pct
    assert stayed[0] > 90
    assert stayed[EDGES_MIN.index(15)] < 5
    assert stayed[-1] == 0


@given(spans=st.lists(st.sampled_from([2 * MINUTE, 12 * MINUTE, 70 * MINUTE, NIGHT]), max_size=400))
def test_never_more_stays_than_spans(spans: list[int]) -> None:
    known = count_all(spans)
    longer, stayed = count_longer(known, 10 * MINUTE)
    assert 0 <= stayed <= longer <= len(spans)
    assert sum(known.counts) <= MAX_SPANS
