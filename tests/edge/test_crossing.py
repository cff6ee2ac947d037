import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.crossing import Beam, Crossing, step

WITHIN_MS = 2000
O, I = Beam.OUTER, Beam.INNER  # noqa: E741 - as they stand in a drawing
WAY_IN = [(O, 1), (I, 1), (O, 0), (I, 0)]
WAY_OUT = [(I, 1), (O, 1), (I, 0), (O, 0)]


def ways(passes: list[tuple[Beam, int]], step_ms: int = 100) -> list[int]:
    state, told = Crossing(), list[int]()
    for number, (beam, level) in enumerate(passes):
        state, way = step(state, beam, level, number * step_ms, WITHIN_MS)
        told += [way] if way else []
    return told


@pytest.mark.parametrize(
    ("passes", "told"),
    [
        (WAY_IN, [1]),
        (WAY_OUT, [-1]),
        (WAY_IN + WAY_IN, [1, 1]),
        (WAY_IN + WAY_OUT, [1, -1]),
        ([(O, 1), (O, 0)], []),
        ([(I, 1), (I, 0)], []),
        ([(O, 1), (I, 1), (I, 0), (O, 0)], []),
        ([(I, 1), (O, 1), (O, 0), (I, 0)], []),
        ([(O, 1), (O, 0), (I, 1), (I, 0)], []),
        ([(O, 1), (I, 1), (O, 0), (O, 1), (O, 0), (I, 0)], [1]),
        ([(O, 1), (O, 0), *WAY_IN, (I, 1), (I, 0)], [1]),
    ],
    ids=[
        "in",
        "out",
        "two in a row",
        "in and out again",
        "only the outer beam",
        "only the inner beam",
        "turned back outside",
        "turned back inside",
        "one hand at each beam, never both",
        "hesitates in the middle",
        "chatter at both ends",
    ],
)
def test_which_way(passes: list[tuple[Beam, int]], told: list[int]) -> None:
    assert ways(passes) == told


def test_a_pass_that_takes_too_long_is_a_chair() -> None:
    assert ways(WAY_IN, step_ms=WITHIN_MS // 3) == [1]
    assert ways(WAY_IN, step_ms=WITHIN_MS // 3 + 1) == []


def test_after_a_chair_the_next_person_counts() -> None:
    assert ways([*WAY_IN, *WAY_IN], step_ms=WITHIN_MS) == []
    state, _ = step(Crossing(), O, 1, 0, WITHIN_MS)
    state, _ = step(state, O, 0, 60_000, WITHIN_MS)
    told = []
    for number, (beam, level) in enumerate(WAY_IN):
        state, way = step(state, beam, level, 70_000 + number, WITHIN_MS)
        told.append(way)
    assert told == [0, 0, 0, 1]


@given(st.lists(st.tuples(st.sampled_from(Beam), st.integers(0, 1)), max_size=60))
def test_mirrored_beams_mirror_the_ways(passes: list[tuple[Beam, int]]) -> None:
    mirror = {O: I, I: O}
    assert ways([(mirror[beam], level) for beam, level in passes], 1) == [-way for way in ways(passes, 1)]


@given(st.lists(st.tuples(st.sampled_from(Beam), st.integers(0, 1)), max_size=60))
def test_repeating_a_level_changes_nothing(passes: list[tuple[Beam, int]]) -> None:
    assert ways([each for each in passes for _ in range(2)], 1) == ways(passes, 1)
