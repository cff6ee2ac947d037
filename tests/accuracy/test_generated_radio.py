"""Sensors that lose messages on the radio: what is shown stays calm, known and right."""

from random import Random

import pytest

from bench.accuracy.generated_radio import LOST_SHARES, SPACES, score_lossy_space
from bench.accuracy.generated_spaces import PIR, list_events
from bench.accuracy.line import Figure
from bench.accuracy.player import drop_messages

SEED, DAYS = 11, 8


@pytest.mark.parametrize("lost_share", LOST_SHARES)
@pytest.mark.parametrize("name", SPACES)
def test_a_space_is_known_and_calm_however_many_messages_are_lost(name: str, lost_share: float) -> None:
    found = score_lossy_space(name, lost_share, SEED, DAYS)
    assert found[Figure.UNKNOWN_PCT] <= LOST_SHARES[lost_share]
    assert found[Figure.CHANGES_PER_DAY] <= found[Figure.TRUE_CHANGES_PER_DAY] + 4
    assert found[Figure.FALSE_VACANT_PCT] <= 2
    assert found[Figure.FALSE_OCCUPIED_PCT] <= 6


def test_each_message_is_lost_with_the_given_probability() -> None:
    generator = Random(1)  # noqa: S311 - repeatable, no secret
    sent = list_events({PIR: []}, 1)
    assert drop_messages(sent, 0, generator) == sent
    assert drop_messages(sent, 1, generator) == []
    assert len(drop_messages(sent, 0.2, generator)) == pytest.approx(0.8 * len(sent), rel=0.05)
