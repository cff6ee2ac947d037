"""Lost messages of a sensor: the share of its heartbeats that are lost, and how many in a row are tolerated."""

from random import Random

import pytest

from collector.occupancy.learning.heartbeat_losses import (
    BLOCK_HEARTBEATS,
    MIN_GAPS,
    HeartbeatLosses,
    compute_tolerated,
    learn_gap,
)
from edge.timekeeping.durations import DAY_MS, HOUR_MS

BEAT_MS, MAX_GAP_MS = 30_000, 600_000


def learn_gaps(gaps_ms: list[int], known: HeartbeatLosses | None = None) -> HeartbeatLosses | None:
    for gap_ms in gaps_ms:
        known = learn_gap(known, gap_ms, BEAT_MS, MAX_GAP_MS)
    return known


def simulate_gaps(lost_share: float, count: int, seed: int = 3) -> list[int]:
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    gaps_ms, gap_ms = [], 0
    for _ in range(count):
        gap_ms += BEAT_MS
        if generator.random() >= lost_share:
            gaps_ms.append(gap_ms)
            gap_ms = 0
    return gaps_ms


@pytest.mark.parametrize("gap_ms", [1, 14_999, 30_000, 31_000, 44_999])
def test_nothing_is_learned_from_a_sensor_that_loses_nothing(gap_ms: int) -> None:
    assert learn_gaps([gap_ms] * 5000) is None


@pytest.mark.parametrize("lost_share", [0.05, 0.2, 0.5])
def test_the_share_of_lost_heartbeats_is_learned(lost_share: float) -> None:
    known = learn_gaps(simulate_gaps(lost_share, 1500))
    assert known is not None
    assert known.lost_share == pytest.approx(lost_share, abs=0.04)


def test_a_device_that_restarts_twice_loses_no_messages() -> None:
    known = learn_gaps([3 * BEAT_MS, *[BEAT_MS] * 100, 2 * BEAT_MS, *[BEAT_MS] * 100, 4 * BEAT_MS])
    assert known is not None
    assert known.gaps == MIN_GAPS - 1
    assert (known.lost_share, known.tolerated) == (0, 0)


def test_a_sensor_that_was_off_for_long_lost_no_messages() -> None:
    assert learn_gaps([MAX_GAP_MS + 1] * 20) is None


def test_a_sensor_that_loses_nothing_any_more_is_tolerated_as_before() -> None:
    lossy = learn_gaps(simulate_gaps(0.3, 400))
    assert lossy is not None
    assert lossy.tolerated > 0
    assert learn_gaps([BEAT_MS] * 3 * BLOCK_HEARTBEATS, lossy) is None


@pytest.mark.parametrize(
    ("lost_share", "heartbeat_ms", "tolerated"),
    [(0, 30_000, 0), (0.05, 30_000, 3), (0.2, 30_000, 6), (0.2, HOUR_MS, 3), (0.05, HOUR_MS, 1), (0.2, 8 * DAY_MS, 0)],
)
def test_a_working_sensor_seems_dead_at_most_once_a_week(lost_share: float, heartbeat_ms: int, tolerated: int) -> None:
    assert compute_tolerated(lost_share, heartbeat_ms) == tolerated
    assert 7 * DAY_MS / heartbeat_ms * lost_share ** (tolerated + 1) <= 1


def test_what_is_tolerated_is_bounded_even_if_nearly_all_is_lost() -> None:
    assert compute_tolerated(1.0, 1000) < 130
