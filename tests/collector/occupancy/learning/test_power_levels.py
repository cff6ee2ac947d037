"""Power levels of a machine are learned from its own readings, and only when both are clear."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from collector.occupancy.learning.power_levels import (
    EMPTY_HISTOGRAM,
    MAX_READINGS,
    MIN_READINGS,
    PowerHistogram,
    is_in_use,
    learn_power,
)

WATTS = st.floats(min_value=-1_000_000, max_value=1_000_000)


def learnt(watts: Iterable[float], known: PowerHistogram = EMPTY_HISTOGRAM) -> PowerHistogram:
    for reading in watts:
        known = learn_power(known, reading)
    return known


@given(
    idle=st.floats(1, 50), factor=st.floats(4, 300), noise=st.floats(0, 0.1), random=st.randoms(use_true_random=True)
)
@settings(max_examples=50)
def test_two_clear_levels_are_separated(idle: float, factor: float, noise: float, random: Random) -> None:
    works = idle * factor
    watts = [random.gauss(level, level * noise) for level in [idle] * 300 + [works] * 100]
    known = learnt(watts)
    assert known.levels is not None
    assert is_in_use(known, works, was=False)
    assert not is_in_use(known, idle, was=True)


@given(level=st.floats(0, 2000), noise=st.floats(0, 0.3), random=st.randoms(use_true_random=True))
@settings(max_examples=50)
def test_a_machine_with_one_level_learns_nothing(level: float, noise: float, random: Random) -> None:
    known = learnt(random.gauss(level, level * noise) for _ in range(800))
    assert known.levels is None
    assert is_in_use(known, level, was=False) is None


def test_a_level_needs_some_minutes_of_readings() -> None:
    idle = [3.0, 3.2, 2.8] * 100
    assert learnt([*idle, *[400.0] * (MIN_READINGS - 1)]).levels is None
    known = learnt([*idle, *[400.0] * (MIN_READINGS + 10)])
    assert known.levels is not None
    assert known.levels.idle_w == pytest.approx(3, rel=0.1)
    assert known.levels.in_use_w == pytest.approx(400, rel=0.1)


def test_rare_use_is_found_among_weeks_of_idling() -> None:
    random = Random(4)  # noqa: S311 - repeatable, no secret
    known = learnt([*(random.gauss(8, 1) for _ in range(20_000)), *(random.uniform(90, 250) for _ in range(120))])
    assert known.levels is not None
    assert is_in_use(known, 90, was=False)


def test_readings_around_the_middle_change_nothing() -> None:
    known = learnt([3.0, 300.0] * 100)
    middle = (4 * 301) ** 0.5 - 1
    for watts in (middle * 0.8, middle, middle * 1.2):
        assert is_in_use(known, watts, was=True)
        assert not is_in_use(known, watts, was=False)


def test_a_new_machine_replaces_the_old_levels() -> None:
    known = learnt([30.0, 900.0] * MAX_READINGS, learnt([2.0, 20.0] * 500))
    assert not is_in_use(known, 30, was=True)
    assert is_in_use(known, 900, was=False)


@given(watts=st.lists(WATTS, max_size=100), now=WATTS)
def test_the_histogram_is_bounded_and_survives_encoding(watts: list[float], now: float) -> None:
    known = learnt(watts)
    assert list(known.cells) == sorted(set(known.cells))
    assert sum(known.counts) == len(watts)
    assert all(0 <= cell <= 139 for cell in known.cells)
    assert msgpack.decode(msgpack.encode(known), type=PowerHistogram) == known
    assert is_in_use(known, now, was=True) or not is_in_use(known, now, was=False)
