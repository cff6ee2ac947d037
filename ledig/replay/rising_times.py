"""Select the longest strictly rising subsequence of rows by their times.

In:    for each row its possible times: one, or two in the repeated hour when summer time ends.
Out:   for each row the time chosen, or None if the row does not fit the others.
Never: files, columns.

One time that is far ahead is left out, instead of all rows after it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from operator import lt
from typing import Final

_AFTER_ALL_MS: Final = 2**63


def select_rising(rows: Sequence[tuple[int, ...]]) -> list[int | None]:
    """Select the longest subsequence of rows with strictly rising times; of several, the one with the earliest rows.

    Args:
        rows: the possible times of each row, rising within a row.

    Returns:
        For each row the time chosen, or None.
    """
    first = [times_ms[0] for times_ms in rows]
    if all(map(lt, first, first[1:])):
        return list(first)
    least: list[int] = []  # by length of a subsequence of the rows so far: the least time it can end with
    places: list[list[tuple[int, int]]] = []  # (row, time_ms) of all possible ends, by length
    for row, times_ms in enumerate(rows):
        for time_ms in reversed(times_ms):  # falling, so that a row never follows itself
            place = bisect_left(least, time_ms)
            if place == len(least):
                least.append(time_ms)
                places.append([])
            least[place] = time_ms
            places[place].append((row, time_ms))
    chosen: list[int | None] = [None] * len(rows)
    row, time_ms = len(rows), _AFTER_ALL_MS
    for candidates in reversed(places):
        row, time_ms = min(pair for pair in candidates if pair[0] < row and pair[1] < time_ms)
        chosen[row] = time_ms
    return chosen
