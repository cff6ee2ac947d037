"""Counts how often a space was shown free and then taken again so soon that somebody was there all the time.

In:    the transitions of a space.
Out:   a number.
Never: clocks.
"""

from collections.abc import Sequence
from itertools import pairwise

from collector.contract.states import FLIP_PERIOD_MS, TAKEN_STATES, Occupancy


def count_flips(timeline: Sequence[tuple[int, Occupancy]]) -> int:
    """Count the short free spans between two taken ones, in transitions from oldest to newest."""
    return sum(
        before[1] is Occupancy.VACANT and after[1] in TAKEN_STATES and after[0] - before[0] <= FLIP_PERIOD_MS
        for before, after in pairwise(timeline)
    )
