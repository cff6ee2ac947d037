"""Generated spaces: long outputs of motion sensors do not change what is shown."""

import pytest

from bench.accuracy.generated_spaces import (
    BOOTH_OUTPUTS_MS,
    DESK_OUTPUTS_MS,
    hold_output,
    score_booth,
    score_passed_desk,
)
from bench.accuracy.line import Figure

SEED, DAYS = 11, 8


@pytest.mark.parametrize("output_ms", BOOTH_OUTPUTS_MS)
def test_a_booth_is_free_after_people_left_however_long_the_output(output_ms: int) -> None:
    found = score_booth(output_ms, SEED, DAYS)
    assert found[Figure.FALSE_VACANT_PCT] <= 1
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 4
    assert found[Figure.UNKNOWN_PCT] <= 5


@pytest.mark.parametrize("output_ms", DESK_OUTPUTS_MS)
def test_passers_by_hardly_take_a_desk_however_long_the_output(output_ms: int) -> None:
    assert score_passed_desk(output_ms, SEED, DAYS)[Figure.FALSE_OCCUPIED_PCT] <= 6


def test_an_output_stays_high_until_nothing_moved_for_its_length() -> None:
    assert hold_output([0, 40, 200], 50) == [(0, 1.0), (90, 0.0), (200, 1.0), (250, 0.0)]
    assert hold_output([], 50) == []
