"""Tells which way somebody passed a door with two light beams.

In:    one beam broken or clear, and when (monotonic milliseconds).
Out:   the new state, and +1 for a way in, -1 for a way out, 0 for neither.
Never: clocks, pins, a guess.

A body is wider than the gap between the beams, so a pass breaks one beam, then both, then leaves by the other:
clear, outer, both, inner, clear is a way in. Whoever turns back leaves by the beam he came through. Two who walk so
close that the door is never clear between them count as one; no pair of beams can tell them apart.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Beam(StrEnum):
    """Which of the two."""

    OUTER = "outer"
    """Nearer to the street."""
    INNER = "inner"
    """Nearer to the house."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Which beams are broken, and how this pass went so far."""

    broken: frozenset[Beam] = frozenset()
    first: Beam | None = None
    """The beam that broke first; None: the door is clear."""
    since_ms: int = 0
    """When it broke."""
    both: bool = False
    """Whether both were broken at once during this pass."""


def step(state: Crossing, beam: Beam, level: int, at_ms: int, within_ms: int) -> tuple[Crossing, int]:
    """Take one beam's level (1: broken).

    Args:
        state: the pass so far.
        beam: which beam speaks.
        level: 1 broken, 0 clear; repeating the present level changes nothing.
        at_ms: when.
        within_ms: a pass that takes longer, from the first beam broken to the last one clear, is not counted:
            a chair was parked there.
    """
    broken = state.broken | {beam} if level else state.broken - {beam}
    if broken == state.broken:
        return state, 0
    if not state.broken:
        return Crossing(broken, first=beam, since_ms=at_ms), 0
    if broken:
        return replace(state, broken=broken, both=state.both or len(broken) == 2), 0
    passed = state.both and beam is not state.first and at_ms - state.since_ms <= within_ms
    way = 1 if state.first is Beam.OUTER else -1
    return Crossing(), way if passed else 0
