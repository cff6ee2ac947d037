"""Says of one sensor and one day whether it moved with another space's sensors rather than with its own.

In:    the five-minute bits of the sensor, of the others of its space, of every sensor of every other space.
Out:   the other space and both likenesses, or that it moved as it should.
Never: a day on which it, or the rest of its space, hardly moved: that says nothing.

By chance, two people keep the same hours on one day: so `judge` wants several days, and here the margin is wide.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.health.minutes import alike

LEAST_BINS: Final = 12
"""An hour of movement in five-minute pieces."""
LIKE: Final = 0.5
"""As alike as two sensors at one desk are on a good day. Desks of one house, by their shared hours alone: 0.1-0.4."""
MARGIN: Final = 0.3


class Moved(NamedTuple):
    """How one sensor moved on one day."""

    space: str
    """The other space that it moved with; empty: with none by such a margin."""
    other_pct: int
    own_pct: int


def moved(sensor: int, own: Sequence[int], others: Mapping[str, Sequence[int]], of: int) -> Moved | None:
    """Compare with one sensor at a time: two that were swapped would hide each other in a space's sum.

    Args:
        sensor: its bits.
        own: the bits of each other sensor of its space.
        others: the same of the sensors of every other space.
        of: how many bins the house's day had, from the first movement to the last.

    Returns:
        How it moved; None: too little to say.
    """
    if sensor.bit_count() < LEAST_BINS or max((bits.bit_count() for bits in own), default=0) < LEAST_BINS:
        return None
    with_own = max(alike(sensor, bits, of) for bits in own)
    if with_own >= 1 - MARGIN or not others:
        return Moved("", 0, _pct(with_own))
    found = {space: max(alike(sensor, bits, of) for bits in all_bits) for space, all_bits in others.items()}
    space = max(found, key=lambda name: (found[name], name), default="")
    best = found.get(space, 0.0)
    if best >= LIKE and best - with_own >= MARGIN:
        return Moved(space, _pct(best), _pct(with_own))
    return Moved("", 0, _pct(with_own))


def _pct(share: float) -> int:
    return max(0, round(100 * share))
