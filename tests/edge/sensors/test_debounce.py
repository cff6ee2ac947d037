from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.sensors.debounce import DebounceState, StableLevel, debounce_level, next_stable_ms

DEBOUNCE_MS = 50

Edges = list[tuple[int, int]]


def debounce_all(edges: Edges, ticks: list[int], end_ms: int, debounce_ms: int = DEBOUNCE_MS) -> list[StableLevel]:
    inputs: list[tuple[int, int, int | None]] = [(at, 1, level) for at, level in edges] + [
        (at, 0, None) for at in ticks
    ]
    state, levels = DebounceState(), list[StableLevel]()
    for at_ms, _, level in [*sorted(inputs, key=lambda each: each[:2]), (end_ms, 0, None)]:
        state, settled = debounce_level(state, debounce_ms, at_ms, level)
        levels += settled
    return levels


def test_level_counts_once_it_is_stable_with_the_time_of_its_first_edge() -> None:
    state, settled = debounce_level(DebounceState(), DEBOUNCE_MS, 1000, 0)
    assert settled == []
    assert next_stable_ms(state, DEBOUNCE_MS) == 1050
    state, settled = debounce_level(state, DEBOUNCE_MS, 1050)
    assert settled == [StableLevel(1000, 0)]
    assert next_stable_ms(state, DEBOUNCE_MS) is None


def test_bouncing_gives_one_change_at_its_first_edge() -> None:
    assert debounce_all([(0, 0), (100, 1), (110, 0), (125, 1), (140, 0), (155, 1)], [], 500) == [
        StableLevel(0, 0),
        StableLevel(100, 1),
    ]


def test_glitch_that_returns_to_the_old_level_is_no_change() -> None:
    assert debounce_all([(0, 0), (100, 1), (120, 0)], [], 500) == [StableLevel(0, 0)]


def test_edge_reported_late_by_another_thread_is_never_before_the_earlier_one() -> None:
    assert debounce_all([(0, 0)], [], 60) == [StableLevel(0, 0)]
    state, _ = debounce_level(DebounceState(), DEBOUNCE_MS, 1000, 0)
    state, _ = debounce_level(state, DEBOUNCE_MS, 990, 1)
    assert next_stable_ms(state, DEBOUNCE_MS) == 1050


def test_without_a_debounce_time_every_edge_counts_at_once() -> None:
    assert debounce_all([(0, 0), (1, 1), (2, 0)], [], 2, debounce_ms=0) == [
        StableLevel(0, 0),
        StableLevel(1, 1),
        StableLevel(2, 0),
    ]


edges = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 1)), max_size=30, unique_by=lambda edge: edge[0])


@given(edges=edges, ticks=st.lists(st.integers(0, 2000)), debounce_ms=st.sampled_from([0, 1, 50, 300]))
def test_additional_ticks_do_not_change_the_result(edges: Edges, ticks: list[int], debounce_ms: int) -> None:
    assert debounce_all(edges, ticks, 3000, debounce_ms) == debounce_all(edges, [], 3000, debounce_ms)


@given(edges=edges)
def test_levels_alternate_and_the_last_one_is_what_the_pin_reads(edges: Edges) -> None:
    levels = debounce_all(edges, [], 3000)
    assert all(one.level != next_.level for one, next_ in pairwise(levels))
    assert [settled.at_ms for settled in levels] == sorted(settled.at_ms for settled in levels)
    if edges:
        assert levels[-1].level == max(edges)[1]


@given(gaps=st.lists(st.integers(1, DEBOUNCE_MS - 1), max_size=40))
def test_bouncing_shorter_than_the_debounce_time_is_at_most_one_change(gaps: list[int]) -> None:
    at_ms, level, chatter = 1000, 0, [(0, 0)]
    for gap in gaps:
        at_ms, level = at_ms + gap, 1 - level
        chatter.append((at_ms, level))
    assert len(debounce_all(chatter, [], at_ms + DEBOUNCE_MS)) == 1 + level
