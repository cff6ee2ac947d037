"""Chooses, of rows whose times should rise, the most that do.

In:    for each row the moments that its time may mean: one, or two in the hour that comes twice in autumn.
Out:   for each row its moment, or None where it does not fit the others.
Never: files, columns.

One time that is far ahead is left out, and not everything that follows it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from operator import lt
from typing import Final

_BEYOND: Final = 2**63


def rising(rows: Sequence[tuple[int, ...]]) -> list[int | None]:
    """The longest choice of rows whose moments rise strictly; of several such the one with the earliest rows.

    Args:
        rows: the moments of each row, rising within a row.
    """
    first = [moments[0] for moments in rows]
    if all(map(lt, first, first[1:])):
        return list(first)
    least: list[int] = []  # the least moment that can stand at each place of the choice, by the rows so far
    places: list[list[tuple[int, int]]] = []  # (row, moment) of all that can stand there
    for row, moments in enumerate(rows):
        for moment in reversed(moments):  # falling, so that no row follows itself
            place = bisect_left(least, moment)
            if place == len(least):
                least.append(moment)
                places.append([])
            least[place] = moment
            places[place].append((row, moment))
    chosen: list[int | None] = [None] * len(rows)
    row, moment = len(rows), _BEYOND
    for candidates in reversed(places):
        row, moment = min(pair for pair in candidates if pair[0] < row and pair[1] < moment)
        chosen[row] = moment
    return chosen
