"""How likely somebody inside goes undetected: the prior, and what the ends of quiet times teach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.people.quiet import (
    HELD_MS,
    DetectionRate,
    QuietLearning,
    estimate_detection,
    fade_learning,
    find_required_quiet_ms,
    learn_detection,
    learn_hiding,
)
from tests.support.collector.room import HOUR, MINUTE

NOTHING = QuietLearning()


def hides(learning: QuietLearning, minutes: int) -> float:
    return estimate_detection(learning, is_fully_watched=True).hiding_odds(0, minutes * MINUTE)


SPANS = st.lists(st.floats(0, HOUR), min_size=3, max_size=3).map(sorted)


@given(gaps=st.floats(0.5, 30), gaps_ms=st.floats(MINUTE, HOUR), spans=SPANS)
def test_hiding_odds_of_two_spans_multiply(gaps: float, gaps_ms: float, spans: list[float]) -> None:
    rate = DetectionRate(gaps, gaps_ms)
    first, second, third = spans
    both = rate.hiding_odds(first, second) * rate.hiding_odds(second, third)
    assert both == pytest.approx(rate.hiding_odds(first, third))
    assert 0 < both <= 1


def test_required_quiet_grows_with_the_gaps_of_the_sensors() -> None:
    def required_min(learning: QuietLearning, *, is_fully_watched: bool) -> float:
        rate = estimate_detection(learning, is_fully_watched=is_fully_watched)
        return find_required_quiet_ms(rate, is_fully_watched=is_fully_watched) / MINUTE

    assert required_min(NOTHING, is_fully_watched=True) == 10
    assert required_min(NOTHING, is_fully_watched=False) == 60
    assert required_min(QuietLearning(100, 100 * MINUTE), is_fully_watched=True) == 10
    assert required_min(QuietLearning(100, 1000 * MINUTE), is_fully_watched=True) > 60


def test_a_good_sensor_is_learned_from_short_gaps_and_a_bad_one_from_long_gaps() -> None:
    found = {}
    for gap_min in (1, 10):
        learning = NOTHING
        for _ in range(30):
            learning = learn_detection(learning, HELD_MS + gap_min * MINUTE, 0.9)
        found[gap_min] = hides(learning, 10)
    assert found[1] < 0.005
    assert found[10] > 0.3


def test_somebody_detected_after_a_quiet_night_came_in_just_now() -> None:
    rate = estimate_detection(NOTHING, is_fully_watched=True)
    assert rate.chance_of_hiding(5 * MINUTE, 0.1) > 0.9
    assert rate.chance_of_hiding(14 * HOUR, 1e-6) < 0.001


def test_somebody_who_leaves_undetected_shows_that_the_sensor_misses_people() -> None:
    assert hides(learn_hiding(NOTHING, HOUR, 0.5, is_exit=True), 10) > 3 * hides(NOTHING, 10)


def test_an_entry_into_a_probably_empty_site_teaches_nothing() -> None:
    assert hides(learn_hiding(NOTHING, 14 * HOUR, 1e-6, is_exit=False), 10) == pytest.approx(
        hides(NOTHING, 10), rel=0.01
    )


def test_a_person_who_just_walked_in_teaches_nothing() -> None:
    assert learn_detection(NOTHING, HELD_MS - 1, 1) == NOTHING
    assert learn_hiding(NOTHING, HELD_MS - 1, 1, is_exit=True) == NOTHING


def test_a_moved_sensor_is_learned_anew() -> None:
    learning = QuietLearning(50, 50 * MINUTE)
    for _ in range(60):
        learning = fade_learning(learning)
    assert learning.found < 1
