"""Scoring measures how often the shown state was wrong, in minutes and shares."""

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples

from edge.timekeeping.durations import DAY_MS, MINUTE_MS
from ledig.replay.scoring import (
    BREAK_MS,
    ShownLatency,
    SpaceScore,
    TruthSample,
    find_false_vacant,
    score_space,
)

ShownTransitions = list[tuple[int, str]]


def minutes(*taken: int) -> list[TruthSample]:
    return [TruthSample(index * MINUTE_MS, bool(value)) for index, value in enumerate(taken)]


def shown(*transitions: tuple[float, str]) -> ShownTransitions:
    return [(int(at_min * MINUTE_MS), state) for at_min, state in transitions]


def test_correct_states_score_no_errors() -> None:
    assert score_space(minutes(0, 1, 1, 0), shown((0, "vacant"), (1, "occupied"), (3, "vacant"))) == SpaceScore(
        occupied_min=2,
        vacant_min=2,
        false_vacant_min=0,
        false_vacant_share=0,
        longest_false_vacant_min=0,
        false_vacant_episodes_per_hour=0,
        false_occupied_min=0,
        false_occupied_share=0,
        unknown_share=0,
        transitions_per_day=2 * DAY_MS / (4 * MINUTE_MS),
        true_transitions_per_day=2 * DAY_MS / (4 * MINUTE_MS),
        arrival=ShownLatency(0, 0, 1),
        release=ShownLatency(0, 0, 1),
    )


def test_free_while_taken_is_counted_exactly_with_the_longest_stretch() -> None:
    found = score_space(minutes(1, 1, 1, 1, 1), shown((0, "vacant"), (0.5, "occupied"), (2, "vacant"), (4, "occupied")))
    assert found.false_vacant_min == pytest.approx(2.5)
    assert found.false_vacant_share == pytest.approx(0.5)
    assert found.longest_false_vacant_min == pytest.approx(2)


def test_away_counts_as_taken_while_free() -> None:
    found = score_space(minutes(0, 0, 0, 0), shown((0, "vacant"), (1, "occupied"), (2, "away"), (3, "vacant")))
    assert found.false_occupied_min == pytest.approx(2)
    assert found.false_occupied_share == pytest.approx(0.5)
    assert found.false_vacant_share is None


def test_unknown_counts_as_neither_error() -> None:
    found = score_space(minutes(1, 0, 1, 0), shown((2, "disabled"), (3, "vacant")))
    assert (found.false_vacant_min, found.false_occupied_min) == (0, 0)
    assert found.unknown_share == pytest.approx(0.75)


def test_changes_across_a_break_are_not_counted() -> None:
    """The state starts unknown, becomes vacant, and again after a break. Only taken and back count as changes."""
    truth = minutes(0, 0, 0, 0, 0) + [TruthSample(DAY_MS + at * MINUTE_MS, taken=False) for at in range(5)]
    transitions = shown((1, "vacant"), (2, "occupied"), (3, "vacant"), (6, "unknown"), (1442, "vacant"))
    assert score_space(truth, transitions).transitions_per_day == pytest.approx(2 * 1440 / 10)


def test_change_across_a_short_hole_is_counted() -> None:
    truth = [TruthSample(0, taken=False), TruthSample(BREAK_MS, taken=True)]
    found = score_space(truth, shown((0, "vacant"), (5, "occupied")))
    assert found.transitions_per_day == found.true_transitions_per_day == pytest.approx(1440 / 2)


def test_latency_is_the_delay_until_the_change_is_shown() -> None:
    found = score_space(minutes(0, 1, 1, 0, 1, 1, 0), shown((0, "vacant"), (1.5, "occupied"), (3.25, "vacant")))
    assert found.arrival == ShownLatency(75, 120, 2), "the second was never shown; it counts until the end of the stay"
    assert found.release == ShownLatency(7.5, 15, 2), "the second time it was already free"


def test_occupancy_from_the_start_is_no_arrival() -> None:
    found = score_space(minutes(1, 1), shown((0, "occupied")))
    assert (found.arrival, found.release) == (None, None)


def test_each_false_vacant_stretch_is_one_episode() -> None:
    found = score_space(minutes(*[1] * 60), shown((0, "vacant"), (1, "occupied"), (5, "vacant"), (6, "away")))
    assert found.false_vacant_episodes_per_hour == pytest.approx(2)


def test_false_vacant_stretches_are_exact_to_the_millisecond() -> None:
    transitions = shown((0, "vacant"), (0.5, "occupied"), (3, "vacant"), (3.25, "unknown"))
    assert find_false_vacant(minutes(1, 1, 0, 1), transitions) == [(0, 30_000), (180_000, 195_000)]


def test_at_95_s_covers_95_of_100_changes() -> None:
    truth = [TruthSample(at * MINUTE_MS, taken=bool(at % 2)) for at in range(201)]
    transitions = [
        change for at in range(100) for change in ((2 * at, "vacant"), (2 * at + 1 + (at + 1) / 200, "occupied"))
    ]
    found = score_space(truth, shown(*transitions))
    assert found.arrival is not None
    assert found.arrival.at_95_s == pytest.approx(95 * 0.3)
    assert found.arrival.median_s == pytest.approx(50.5 * 0.3)


STATES = sampled_from(["vacant", "occupied", "away", "unknown", "disabled"])
STORIES = lists(tuples(integers(0, 90 * MINUTE_MS), STATES), max_size=12).map(sorted)
TRUTHS = lists(tuples(integers(0, 90), booleans()), min_size=1, max_size=40, unique_by=lambda sample: sample[0]).map(
    lambda samples: [TruthSample(at * MINUTE_MS, taken) for at, taken in sorted(samples)]
)


@given(TRUTHS, STORIES)
def test_shares_are_bounded_and_no_minute_is_scored_twice(
    truth: list[TruthSample], transitions: ShownTransitions
) -> None:
    found = score_space(truth, transitions)
    shares = (found.false_vacant_share, found.false_occupied_share, found.unknown_share)
    assert all(share is None or 0 <= share <= 1 for share in shares)
    assert found.longest_false_vacant_min <= found.false_vacant_min <= found.occupied_min
    assert found.false_occupied_min <= found.vacant_min
    assert found.occupied_min + found.vacant_min <= len(truth)
    for latency in (found.arrival, found.release):
        assert latency is None or 0 <= latency.median_s <= latency.at_95_s


@given(TRUTHS)
def test_truth_scores_no_errors_and_no_delay(truth: list[TruthSample]) -> None:
    found = score_space(truth, [(sample.at_ms, "occupied" if sample.taken else "vacant") for sample in truth])
    assert found.false_vacant_min == found.false_occupied_min == found.unknown_share == 0
    assert found.transitions_per_day == found.true_transitions_per_day
    assert all(latency is None or latency.at_95_s == 0 for latency in (found.arrival, found.release))


def test_away_after_occupied_is_no_change() -> None:
    found = score_space(minutes(1, 1), shown((0, "occupied"), (0.5, "away"), (1, "occupied")))
    assert found.transitions_per_day == 0


def test_hole_in_the_truth_is_not_scored_and_ends_a_stretch() -> None:
    truth = [TruthSample(0, taken=True), TruthSample(60 * MINUTE_MS, taken=True)]
    found = score_space(truth, shown((0, "vacant")), reach_ms=MINUTE_MS)
    assert found.occupied_min == pytest.approx(2)
    assert found.longest_false_vacant_min == pytest.approx(1)


def test_empty_truth_has_no_shares() -> None:
    found = score_space([], shown((0, "vacant")))
    assert found.occupied_min == found.vacant_min == 0
    assert found.unknown_share is None
    assert found.transitions_per_day is None
