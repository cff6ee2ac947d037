"""Fair eviction: when too many records are kept, owners with the most records lose theirs first.

In:    the number of records of each owner; how many are too many.
Out:   how many of the oldest records of each owner to delete.
Never: files, clocks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def plan_evictions(held: Mapping[str, int], surplus: int) -> dict[str, int]:
    """Spread `surplus` deletions over the owners with the most records, so that no owner evicts another's records.

    Returns:
        For each owner, how many of its oldest records to delete. Owners that lose nothing are left out.
    """
    if surplus <= 0:
        return {}
    low, high = 0, max(held.values(), default=0)
    while low < high:  # find the highest level to which all owners may be cut
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


def keep_newest_of_each(items: Sequence[_T], owner: Callable[[_T], str], most: int) -> list[_T]:
    """Keep at most `most` of the items, sorted oldest first; owners with the most items lose their oldest."""
    gone = plan_evictions(Counter(map(owner, items)), len(items) - most)
    kept = []
    for item in items:
        if gone.get(owner(item), 0):
            gone[owner(item)] -= 1
        else:
            kept.append(item)
    return kept
