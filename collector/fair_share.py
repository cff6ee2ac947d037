"""Decides whose records go when too many are kept: those of whoever has the most, so that nobody evicts another's.

In:    how many each owner has, and how many are too many.
Out:   how many of each owner's oldest go.
Never: files, clocks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def evictions(held: Mapping[str, int], surplus: int) -> dict[str, int]:
    """Take `surplus` records from the owners that have the most, until they have as many as the next.

    Returns:
        How many of each owner's oldest go; owners that keep everything are left out.
    """
    if surplus <= 0:
        return {}
    low, high = 0, max(held.values(), default=0)
    while low < high:  # the highest level to which all may be cut
        level = (low + high + 1) // 2
        if sum(max(0, count - level) for count in held.values()) >= surplus:
            low = level
        else:
            high = level - 1
    gone = {owner: count - low for owner, count in held.items() if count > low}
    spared = sum(gone.values()) - surplus
    for owner in sorted(gone)[: max(0, spared)]:
        gone[owner] -= 1
    return {owner: count for owner, count in gone.items() if count}


def newest_of_each(items: Sequence[_T], owner: Callable[[_T], str], most: int) -> list[_T]:
    """At most `most` of the items, which are sorted oldest first; the oldest of whoever has the most go."""
    gone = evictions(Counter(map(owner, items)), len(items) - most)
    kept = []
    for item in items:
        if gone.get(owner(item), 0):
            gone[owner(item)] -= 1
        else:
            kept.append(item)
    return kept
