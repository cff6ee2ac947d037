"""Generated desks: exchanged sensors are named as pairs within two days, and nothing else is found."""

import pytest

from bench.accuracy.generated_pairs import (
    EXCHANGED,
    MAX_DAYS,
    find_all,
    find_with_exchange,
    generate_events,
    list_named_days,
)


@pytest.mark.parametrize("seed", [31, 32])
def test_each_exchanged_pair_is_one_finding_within_two_days(seed: int) -> None:
    found = find_with_exchange(seed)
    named = list_named_days(found)
    assert sorted(named) == sorted(EXCHANGED)
    assert max(named.values()) <= MAX_DAYS
    assert len(found) == len(EXCHANGED)


def test_sound_desks_have_no_finding() -> None:
    assert find_all(generate_events(33, 3, {})) == []
