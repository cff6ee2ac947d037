"""Checks whether a sensor's activity on one day matches another space's sensors better than those of its own space.

In:    the five-minute bits of the sensor, of the others of its space, and of every sensor of every other space.
Out:   the other space and both similarities, or that the sensor matches its own space.
Never: a result for a day on which the sensor, or the rest of its space, hardly moved.

Two people may keep the same hours on one day by chance, so `finding_rules.py` requires several days, and the margin
here is wide.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.health.tallies.minutes import correlate

MIN_BINS: Final = 12
"""At least one hour of activity, in five-minute bins."""
MIN_SIMILARITY: Final = 0.5
"""The similarity of two sensors at one desk on a good day. Desks of one site reach 0.1-0.4 by shared hours alone."""
MIN_MARGIN: Final = 0.3


class SpaceMatch(NamedTuple):
    """Which space one sensor's activity matched on one day."""

    space: str
    """The other space that it matches by the required margin; empty: none."""
    other_pct: int
    own_pct: int


def match_space(sensor: int, own: Sequence[int], others: Mapping[str, Sequence[int]], total: int) -> SpaceMatch | None:
    """Compare a sensor with its own space and with all others.

    It is compared with one sensor at a time, because two swapped sensors would hide each other in a space's sum.

    Args:
        sensor: its five-minute bits.
        own: the bits of each other sensor of its space.
        others: the bits of the sensors of every other space.
        total: number of bins of the site's day, from the first movement to the last.

    Returns:
        The match; None: too little activity to compare.
    """
    if sensor.bit_count() < MIN_BINS or max((bits.bit_count() for bits in own), default=0) < MIN_BINS:
        return None
    own_similarity = max(correlate(sensor, bits, total) for bits in own)
    if own_similarity >= 1 - MIN_MARGIN or not others:
        return SpaceMatch("", 0, _to_pct(own_similarity))
    similarities = {
        space: max(correlate(sensor, bits, total) for bits in all_bits) for space, all_bits in others.items()
    }
    space = max(similarities, key=lambda name: (similarities[name], name), default="")
    best = similarities.get(space, 0.0)
    if best >= MIN_SIMILARITY and best - own_similarity >= MIN_MARGIN:
        return SpaceMatch(space, _to_pct(best), _to_pct(own_similarity))
    return SpaceMatch("", 0, _to_pct(own_similarity))


def _to_pct(share: float) -> int:
    return max(0, round(100 * share))
