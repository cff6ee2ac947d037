"""Decides when a level counts: once it has stood still.

In:    what a pin read and when, and the passing of time (monotonic milliseconds).
Out:   settled levels, each with the moment of its first edge.
Never: clocks, pins, threads. Waiting is a value: `next_wake` says when silence will settle something.

Settling here and not in the GPIO driver keeps it the same on every driver, and testable.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple


class Settled(NamedTuple):
    """A level that counts: what it is, and when the pin first moved towards it."""

    at_ms: int
    level: int


@dataclass(frozen=True, slots=True)
class Debounce:
    """What one pin has told so far; a new one knows nothing, so that its first level is told too."""

    settled: int | None = None
    """The level that counts; None: none has stood still yet."""
    level: int | None = None
    """What the pin read last."""
    first_ms: int | None = None
    """When the present unrest began; None: the pin is at rest."""
    edge_ms: int = 0
    """When the pin moved last."""


def step(state: Debounce, settle_ms: int, at_ms: int, level: int | None = None) -> tuple[Debounce, list[Settled]]:
    """Let time pass until `at_ms`, then take what the pin reads (None: only time passes).

    Two threads may tell a pin's edges a little out of order: an edge never counts before the one told earlier.

    Returns:
        The new state and the levels that settled, oldest first: none or one, two if `settle_ms` is 0.
    """
    at_ms = max(at_ms, state.edge_ms)
    state, settled = _pass(state, settle_ms, at_ms)
    if level is None or level == state.level:
        return state, settled
    first_ms = at_ms if state.first_ms is None else state.first_ms
    state = replace(state, level=level, first_ms=first_ms, edge_ms=at_ms)
    state, at_once = _pass(state, settle_ms, at_ms)
    return state, settled + at_once


def next_wake(state: Debounce, settle_ms: int) -> int | None:
    """When silence alone will settle the pin; None: it is at rest."""
    return None if state.first_ms is None else state.edge_ms + settle_ms


def _pass(state: Debounce, settle_ms: int, at_ms: int) -> tuple[Debounce, list[Settled]]:
    """Settle what has stood still until `at_ms`."""
    if state.first_ms is None or state.level is None or at_ms < state.edge_ms + settle_ms:
        return state, []
    rested = replace(state, settled=state.level, first_ms=None)
    if state.level == state.settled:  # it trembled and came back: nothing happened
        return rested, []
    return rested, [Settled(state.first_ms, state.level)]
