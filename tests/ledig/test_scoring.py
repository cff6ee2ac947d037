"""Scoring says how often the house was wrong, in minutes and shares."""

import pytest

from ledig.scoring import DAY_MS, MINUTE_MS, Score, Truth, score


def minutes(*taken: int) -> list[Truth]:
    return [Truth(index * MINUTE_MS, bool(value)) for index, value in enumerate(taken)]


def shown(*story: tuple[float, str]) -> list[tuple[int, str]]:
    return [(int(at_min * MINUTE_MS), state) for at_min, state in story]


def test_what_is_shown_right_scores_nothing_wrong() -> None:
    assert score(minutes(0, 1, 1, 0), shown((0, "vacant"), (1, "occupied"), (3, "vacant"))) == Score(
        occupied_min=2,
        vacant_min=2,
        false_vacant_min=0,
        false_vacant_share=0,
        longest_false_vacant_min=0,
        false_occupied_min=0,
        false_occupied_share=0,
        unknown_share=0,
        transitions_per_day=2 * DAY_MS / (4 * MINUTE_MS),
    )


def test_free_while_taken_is_counted_to_the_moment_and_the_longest_stretch_is_told() -> None:
    found = score(minutes(1, 1, 1, 1, 1), shown((0, "vacant"), (0.5, "occupied"), (2, "vacant"), (4, "occupied")))
    assert found.false_vacant_min == pytest.approx(2.5)
    assert found.false_vacant_share == pytest.approx(0.5)
    assert found.longest_false_vacant_min == pytest.approx(2)


def test_taken_while_free_counts_away_too() -> None:
    found = score(minutes(0, 0, 0, 0), shown((0, "vacant"), (1, "occupied"), (2, "away"), (3, "vacant")))
    assert found.false_occupied_min == pytest.approx(2)
    assert found.false_occupied_share == pytest.approx(0.5)
    assert found.false_vacant_share is None


def test_what_is_not_known_is_wrong_in_neither_way() -> None:
    found = score(minutes(1, 0, 1, 0), shown((2, "disabled"), (3, "vacant")))
    assert (found.false_vacant_min, found.false_occupied_min) == (0, 0)
    assert found.unknown_share == pytest.approx(0.75)


def test_away_is_no_change_from_occupied() -> None:
    found = score(minutes(1, 1), shown((0, "occupied"), (0.5, "away"), (1, "occupied")))
    assert found.transitions_per_day == 0


def test_a_hole_in_the_truth_is_not_judged_and_parts_two_stretches() -> None:
    truth = [Truth(0, taken=True), Truth(60 * MINUTE_MS, taken=True)]
    found = score(truth, shown((0, "vacant")), reach_ms=MINUTE_MS)
    assert found.occupied_min == pytest.approx(2)
    assert found.longest_false_vacant_min == pytest.approx(1)


def test_no_truth_has_no_shares() -> None:
    found = score([], shown((0, "vacant")))
    assert found.occupied_min == found.vacant_min == 0
    assert found.unknown_share is None
    assert found.transitions_per_day is None
