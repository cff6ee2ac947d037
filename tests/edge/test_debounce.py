from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.debounce import Debounce, Settled, next_wake, step

SETTLE_MS = 50

Edges = list[tuple[int, int]]


def told(edges: Edges, ticks: list[int], end_ms: int, settle_ms: int = SETTLE_MS) -> list[Settled]:
    inputs: list[tuple[int, int, int | None]] = [(at, 1, level) for at, level in edges] + [
        (at, 0, None) for at in ticks
    ]
    state, story = Debounce(), list[Settled]()
    for at_ms, _, level in [*sorted(inputs, key=lambda each: each[:2]), (end_ms, 0, None)]:
        state, settled = step(state, settle_ms, at_ms, level)
        story += settled
    return story


def test_a_level_counts_once_it_stood_still_from_its_first_edge() -> None:
    state, settled = step(Debounce(), SETTLE_MS, 1000, 0)
    assert settled == []
    assert next_wake(state, SETTLE_MS) == 1050
    state, settled = step(state, SETTLE_MS, 1050)
    assert settled == [Settled(1000, 0)]
    assert next_wake(state, SETTLE_MS) is None


def test_chatter_gives_one_change_at_its_first_edge() -> None:
    assert told([(0, 0), (100, 1), (110, 0), (125, 1), (140, 0), (155, 1)], [], 500) == [Settled(0, 0), Settled(100, 1)]


def test_a_glitch_that_comes_back_is_nothing() -> None:
    assert told([(0, 0), (100, 1), (120, 0)], [], 500) == [Settled(0, 0)]


def test_an_edge_told_late_by_another_thread_counts_from_when_it_is_learned() -> None:
    assert told([(0, 0)], [], 60) == [Settled(0, 0)]
    state, _ = step(Debounce(), SETTLE_MS, 1000, 0)
    state, _ = step(state, SETTLE_MS, 990, 1)
    assert next_wake(state, SETTLE_MS) == 1050


def test_without_a_settle_time_every_edge_counts_at_once() -> None:
    assert told([(0, 0), (1, 1), (2, 0)], [], 2, settle_ms=0) == [Settled(0, 0), Settled(1, 1), Settled(2, 0)]


edges = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 1)), max_size=30, unique_by=lambda edge: edge[0])


@given(edges=edges, ticks=st.lists(st.integers(0, 2000)), settle_ms=st.sampled_from([0, 1, 50, 300]))
def test_ticks_never_change_the_story(edges: Edges, ticks: list[int], settle_ms: int) -> None:
    assert told(edges, ticks, 3000, settle_ms) == told(edges, [], 3000, settle_ms)


@given(edges=edges)
def test_levels_alternate_and_the_last_one_is_what_the_pin_reads(edges: Edges) -> None:
    story = told(edges, [], 3000)
    assert all(one.level != next_.level for one, next_ in pairwise(story))
    assert [settled.at_ms for settled in story] == sorted(settled.at_ms for settled in story)
    if edges:
        assert story[-1].level == max(edges)[1]


@given(gaps=st.lists(st.integers(1, SETTLE_MS - 1), max_size=40))
def test_any_chatter_shorter_than_the_settle_time_is_at_most_one_change(gaps: list[int]) -> None:
    at_ms, level, chatter = 1000, 0, [(0, 0)]
    for gap in gaps:
        at_ms, level = at_ms + gap, 1 - level
        chatter.append((at_ms, level))
    assert len(told(chatter, [], at_ms + SETTLE_MS)) == 1 + level
