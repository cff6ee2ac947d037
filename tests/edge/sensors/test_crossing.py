import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.crossing import Beam, BeamPairState, detect_crossing

WITHIN_MS = 2000
O, I = Beam.OUTER, Beam.INNER  # noqa: E741 - short, to show the pattern
ENTRY = [(O, 1), (I, 1), (O, 0), (I, 0)]
EXIT = [(I, 1), (O, 1), (I, 0), (O, 0)]


def detect_directions(passes: list[tuple[Beam, int]], step_ms: int = 100) -> list[int]:
    state, directions = BeamPairState(), list[int]()
    for number, (beam, level) in enumerate(passes):
        state, direction = detect_crossing(state, beam, level, number * step_ms, WITHIN_MS)
        directions += [direction] if direction else []
    return directions


@pytest.mark.parametrize(
    ("passes", "directions"),
    [
        (ENTRY, [1]),
        (EXIT, [-1]),
        (ENTRY + ENTRY, [1, 1]),
        (ENTRY + EXIT, [1, -1]),
        ([(O, 1), (O, 0)], []),
        ([(I, 1), (I, 0)], []),
        ([(O, 1), (I, 1), (I, 0), (O, 0)], []),
        ([(I, 1), (O, 1), (O, 0), (I, 0)], []),
        ([(O, 1), (O, 0), (I, 1), (I, 0)], []),
        ([(O, 1), (I, 1), (O, 0), (O, 1), (O, 0), (I, 0)], [1]),
        ([(O, 1), (O, 0), *ENTRY, (I, 1), (I, 0)], [1]),
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
def test_direction_of_a_pass(passes: list[tuple[Beam, int]], directions: list[int]) -> None:
    assert detect_directions(passes) == directions


def test_pass_that_takes_too_long_is_not_counted() -> None:
    assert detect_directions(ENTRY, step_ms=WITHIN_MS // 3) == [1]
    assert detect_directions(ENTRY, step_ms=WITHIN_MS // 3 + 1) == []


def test_next_person_after_a_slow_pass_is_counted() -> None:
    assert detect_directions([*ENTRY, *ENTRY], step_ms=WITHIN_MS) == []
    state, _ = detect_crossing(BeamPairState(), O, 1, 0, WITHIN_MS)
    state, _ = detect_crossing(state, O, 0, 60_000, WITHIN_MS)
    directions = []
    for number, (beam, level) in enumerate(ENTRY):
        state, direction = detect_crossing(state, beam, level, 70_000 + number, WITHIN_MS)
        directions.append(direction)
    assert directions == [0, 0, 0, 1]


@given(st.lists(st.tuples(st.sampled_from(Beam), st.integers(0, 1)), max_size=60))
def test_mirrored_beams_reverse_the_directions(passes: list[tuple[Beam, int]]) -> None:
    mirror = {O: I, I: O}
    assert detect_directions([(mirror[beam], level) for beam, level in passes], 1) == [
        -direction for direction in detect_directions(passes, 1)
    ]


@given(st.lists(st.tuples(st.sampled_from(Beam), st.integers(0, 1)), max_size=60))
def test_repeating_a_level_changes_nothing(passes: list[tuple[Beam, int]]) -> None:
    assert detect_directions([edge for edge in passes for _ in range(2)], 1) == detect_directions(passes, 1)
