"""Detects in which direction a person passes a door with two light beams.

In:    one beam broken or clear, and when (monotonic milliseconds).
Out:   the new state, and +1 for an entry, -1 for an exit, 0 for neither.
Never: clocks, pins, a guess.

A body is wider than the gap between the beams, so a pass breaks one beam, then both, then clears the first and at
last the second: clear, outer, both, inner, clear is an entry. A person who turns back clears the same beam last that
broke first. Two people who walk so close that the door is never clear between them count as one; two beams cannot
distinguish them.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Beam(StrEnum):
    """One of the two light beams."""

    OUTER = "outer"
    """The beam nearer to the outside."""
    INNER = "inner"
    """The beam nearer to the inside."""


@dataclass(frozen=True, slots=True)
class BeamPairState:
    """Which beams are broken, and the course of the present pass."""

    broken: frozenset[Beam] = frozenset()
    first: Beam | None = None
    """The beam that broke first; None if the door is clear."""
    since_ms: int = 0
    """When that beam broke."""
    both: bool = False
    """Whether both were broken at the same time during this pass."""


def detect_crossing(
    state: BeamPairState, beam: Beam, level: int, at_ms: int, within_ms: int
) -> tuple[BeamPairState, int]:
    """Apply the level of one beam.

    Args:
        state: the pass so far.
        beam: the beam that changed.
        level: 1 broken, 0 clear; repeating the present level changes nothing.
        at_ms: when, monotonic milliseconds.
        within_ms: a pass that takes longer, from the first beam broken to the last one clear, is not counted: an
            object, such as a chair, stood in the door.

    Returns:
        The new state, and +1 for an entry, -1 for an exit, 0 for neither.
    """
    broken = state.broken | {beam} if level else state.broken - {beam}
    if broken == state.broken:
        return state, 0
    if not state.broken:
        return BeamPairState(broken, first=beam, since_ms=at_ms), 0
    if broken:
        return replace(state, broken=broken, both=state.both or len(broken) == 2), 0
    is_pass = state.both and beam is not state.first and at_ms - state.since_ms <= within_ms
    direction = 1 if state.first is Beam.OUTER else -1
    return BeamPairState(), direction if is_pass else 0
