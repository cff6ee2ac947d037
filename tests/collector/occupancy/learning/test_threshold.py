"""Boundaries are learned from agreement with a direct sensor, in any unit, and wrong labels hardly move them."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from collector.occupancy.learning.threshold import (
    MAX_READINGS,
    MIN_EMPTY_READINGS,
    MIN_TAKEN_READINGS,
    SPARSE_SIGNAL,
    STEADY_SIGNAL,
    ReadingHistogram,
    compute_agreement,
    learn_reading,
    may_vouch,
)
from tests.support.collector.room import HOUR, MINUTE, NOON_MS

Reading = tuple[float, bool | None]
LEVELS = st.floats(min_value=-100, max_value=1_000_000)
READINGS = st.lists(st.tuples(LEVELS, st.sampled_from([True, False, None])), max_size=60)


def learnt(
    readings: Iterable[Reading], known: ReadingHistogram = SPARSE_SIGNAL, every_ms: int = HOUR
) -> ReadingHistogram:
    for number, (value, present) in enumerate(readings, start=known.empty_days):
        known = learn_reading(known, value, present, NOON_MS + number * every_ms)
    return known


def room(random: Random, hours: int, people: float = 0.3) -> list[Reading]:
    """Create readings every 30 s: 35 dB in an empty room, one in three above 55 dB with somebody in it."""
    readings: list[Reading] = []
    for _ in range(hours * 120):
        present = random.random() < people
        loud = present and random.random() < 1 / 3
        readings.append((random.gauss(62, 4) if loud else random.gauss(35, 1.5), present))
    return readings


@given(random=st.randoms(use_true_random=True))
@settings(max_examples=20)
def test_a_boundary_lies_between_an_empty_room_and_speech(random: Random) -> None:
    boundary = learnt(room(random, 24)).boundary
    assert boundary is not None
    assert 36 < boundary.keeps_above <= boundary.takes_above < 62


def test_between_equally_good_levels_a_third_keeps_and_three_quarters_take() -> None:
    boundary = learnt([(35.0, False)] * 1000 + [(45.0, True)] + [(60.0, True)] * 447).boundary
    assert boundary is not None
    lowest, highest = (35 * 45) ** 0.5, (45 * 60) ** 0.5  # the cells of the histogram are logarithmic
    assert boundary.keeps_above == pytest.approx(lowest * (highest / lowest) ** (1 / 3), abs=0.5)
    assert boundary.takes_above == pytest.approx(lowest * (highest / lowest) ** (3 / 4), abs=0.5)


def test_nothing_is_learned_before_both_kinds_of_readings() -> None:
    quiet = learnt([(35.0, False)] * (MIN_EMPTY_READINGS - 1) + [(60.0, True)] * MIN_TAKEN_READINGS)
    assert quiet.boundary is None
    assert learnt([(35.0, False)] * 1000 + [(60.0, True)] * (MIN_TAKEN_READINGS - 1)).boundary is None
    assert learnt([(35.0, False)] * 1000 + [(60.0, True)] * (MIN_TAKEN_READINGS + 2)).boundary is not None


def test_one_visit_after_quiet_nights_is_enough() -> None:
    random = Random(2)  # noqa: S311 - repeatable, no secret
    nights: list[Reading] = [(random.gauss(35, 1.5), False) for _ in range(2000)]
    visit: list[Reading] = [(level, True) for level in (71, 67, 52, 35, 64, 55, 34, 48, 35, 35, 36, 62, 35, 47, 50, 36)]
    assert learnt(nights + visit).boundary is not None


@given(random=st.randoms(use_true_random=True), louder_in=st.sampled_from([SPARSE_SIGNAL, STEADY_SIGNAL]))
@settings(max_examples=20)
def test_a_sensor_that_does_not_depend_on_people_never_learns(random: Random, louder_in: ReadingHistogram) -> None:
    readings: list[Reading] = [(random.choice([34, 35, 36, 40, 60]), random.random() < 0.3) for _ in range(2000)]
    assert learnt(readings, louder_in).boundary is None


@given(wrong=st.floats(0.0, 0.05), random=st.randoms(use_true_random=True))
@settings(max_examples=20)
def test_wrong_labels_of_the_direct_sensor_hardly_move_the_boundary(wrong: float, random: Random) -> None:
    labelled = room(random, 48, people=0.5)
    readings: list[Reading] = [(level, bool(present) and random.random() >= wrong) for level, present in labelled]
    boundary = learnt(readings).boundary
    assert boundary is not None
    assert 36 < boundary.keeps_above <= boundary.takes_above < 66


@given(hushed=st.floats(0.1, 0.5), random=st.randoms(use_true_random=True))
@settings(max_examples=20)
def test_quiet_readings_beside_people_do_not_prevent_learning(hushed: float, random: Random) -> None:
    empty: list[Reading] = [(random.gauss(35, 1), False) for _ in range(1000)]
    taken: list[Reading] = [(60.0 if random.random() < hushed else 35.0, True) for _ in range(1000)]
    boundary = learnt(empty + taken).boundary
    assert boundary is not None
    assert 36 < boundary.takes_above < 60


@given(factor=st.sampled_from([0.25, 0.5, 2.0, 4.0, 32.0]))
def test_the_boundary_does_not_depend_on_the_unit(factor: float) -> None:
    lamp: list[Reading] = [(level, False) for level in (5.0, 9.0, 20.0, 44.0) for _ in range(100)]
    lamp += [(level, True) for level in (380.0, 420.0, 500.0) for _ in range(100)]
    one, other = (
        learnt(lamp, STEADY_SIGNAL).boundary,
        learnt([(v * factor, p) for v, p in lamp], STEADY_SIGNAL).boundary,
    )
    assert one is not None
    assert other is not None
    assert other.takes_above == pytest.approx(one.takes_above * factor, rel=0.1)


@given(random=st.randoms(use_true_random=True))
@settings(max_examples=5)
def test_only_a_signal_that_follows_people_may_vouch_alone(random: Random) -> None:
    lamp = list[Reading](((0.0, False), (400.0, True)) * 600)
    assert compute_agreement(learnt(lamp, STEADY_SIGNAL)) == pytest.approx(1.0)
    assert may_vouch(learnt(lamp, STEADY_SIGNAL))
    assert not may_vouch(learnt(lamp[:600], STEADY_SIGNAL))
    sound = learnt(room(random, 48))
    assert sound.boundary is not None
    assert not may_vouch(sound)
    assert compute_agreement(STEADY_SIGNAL) is None
    assert not may_vouch(STEADY_SIGNAL)


def test_light_needs_several_days_and_sound_one() -> None:
    lamp = list[Reading](((0.0, False), (400.0, True)) * 600)
    assert learnt(lamp, STEADY_SIGNAL, every_ms=MINUTE).boundary is None
    assert learnt(lamp, STEADY_SIGNAL, every_ms=5 * MINUTE).boundary is not None
    assert learnt(lamp, SPARSE_SIGNAL, every_ms=MINUTE).boundary is not None


def test_old_readings_fade() -> None:
    lamp = list[Reading](((0.0, False), (400.0, True)) * 1000)
    weaker = list[Reading](((0.0, False), (100.0, True)) * 4 * MAX_READINGS)
    boundary = learnt([*lamp, *weaker], STEADY_SIGNAL).boundary
    assert boundary is not None
    assert boundary.takes_above < 100


@given(readings=READINGS)
def test_uncertain_readings_teach_nothing(readings: list[Reading]) -> None:
    known = SPARSE_SIGNAL
    for number, (value, present) in enumerate(readings):
        fresh = learn_reading(known, value, present, NOON_MS + number * HOUR)
        assert (fresh == known) is (present is None)
        known = fresh


@given(readings=READINGS)
def test_each_certain_reading_is_counted_once_in_ascending_cells(readings: list[Reading]) -> None:
    known = learnt(readings)
    assert sum(known.taken_counts) == sum(present is True for _, present in readings)
    assert sum(known.empty_counts) == sum(present is False for _, present in readings)
    assert list(known.cells) == sorted(set(known.cells))
    assert len(known.cells) == len(known.empty_counts) == len(known.taken_counts) <= 800


@given(readings=READINGS)
def test_a_threshold_survives_encoding(readings: list[Reading]) -> None:
    known = learnt([*readings, *[(1.0, False)] * MIN_EMPTY_READINGS, *[(50.0, True)] * MIN_TAKEN_READINGS])
    assert msgpack.decode(msgpack.encode(known), type=ReadingHistogram) == known
