"""Debounces a pin: a level counts once it has been stable for a set time.

In:    the levels of a pin and when they were read; the current time (monotonic milliseconds).
Out:   stable levels, each with the time of its first edge.
Never: clocks, pins, threads. Waiting is a value: `next_stable_ms` is when the level becomes stable without new edges.

Debouncing here instead of in the GPIO driver makes it the same for every driver, and testable.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple


class StableLevel(NamedTuple):
    """A stable level, and when the pin first changed towards it."""

    at_ms: int
    level: int


@dataclass(frozen=True, slots=True)
class DebounceState:
    """The debounce state of one pin; initially empty, so that the first level is reported too."""

    stable_level: int | None = None
    """The last stable level; None if there is none yet."""
    level: int | None = None
    """The level that was read last."""
    first_ms: int | None = None
    """The first edge since the last stable level; None if the pin is stable."""
    edge_ms: int = 0
    """The last edge."""


def debounce_level(
    state: DebounceState, debounce_ms: int, at_ms: int, level: int | None = None
) -> tuple[DebounceState, list[StableLevel]]:
    """Advance the time to `at_ms`, then apply the level of the pin (None: only the time advances).

    Two threads may report the edges of a pin slightly out of order: an edge never counts as earlier than the edge
    that was reported before it.

    Args:
        state: the state of the pin.
        debounce_ms: how long a level must be stable, milliseconds.
        at_ms: when the level was read, or the current time; monotonic milliseconds.
        level: 0 or 1.

    Returns:
        The new state and the levels that became stable, oldest first: none or one; up to two if `debounce_ms` is 0.
    """
    at_ms = max(at_ms, state.edge_ms)
    state, settled = _accept_stable(state, debounce_ms, at_ms)
    if level is None or level == state.level:
        return state, settled
    first_ms = at_ms if state.first_ms is None else state.first_ms
    state = replace(state, level=level, first_ms=first_ms, edge_ms=at_ms)
    state, at_once = _accept_stable(state, debounce_ms, at_ms)
    return state, settled + at_once


def next_stable_ms(state: DebounceState, debounce_ms: int) -> int | None:
    """Return when the level becomes stable if no edge comes; None if it is stable."""
    return None if state.first_ms is None else state.edge_ms + debounce_ms


def _accept_stable(state: DebounceState, debounce_ms: int, at_ms: int) -> tuple[DebounceState, list[StableLevel]]:
    """Accept the level if it has been stable until `at_ms`."""
    if state.first_ms is None or state.level is None or at_ms < state.edge_ms + debounce_ms:
        return state, []
    stable = replace(state, stable_level=state.level, first_ms=None)
    if state.level == state.stable_level:  # it bounced and came back: no change
        return stable, []
    return stable, [StableLevel(state.first_ms, state.level)]
