"""Learns what a machine draws while it idles and while it is in use, from its own watts.

In:    readings in watts.
Out:   both levels once they are clear, and whether a reading means that the machine is in use.
Never: clocks, a name plate, a level set by hand.

The readings are counted in cells of the logarithm, as machines differ by decades. They fall into two levels at the
split that sets them furthest apart for their own spread. A machine with more than two levels (off, idle, working) may
be split between the lower ones: it is then shown in use while it is only switched on, never free while it works.
"""

from bisect import bisect_left
from math import exp, expm1, log1p, sqrt
from typing import Final

from msgspec import Struct

CELLS_A_FACTOR: Final = 10
"""Cells a factor of e, so that each spans 10 % of a level; from 0 to a megawatt there are 139."""
MEMORY: Final = 80_640
"""Beyond so many readings the old ones count half: four weeks of one in 30 s, as some machines run once a week."""
LEAST_READINGS: Final = 10
"""Each level must have been seen for five minutes of 30 s; a switch-on peak is shorter."""
LEAST_FACTOR: Final = 2.0
"""In use a machine draws at least so many times its idle watts; less is its fan."""
LEAST_APART: Final = 5.0
"""Ashman's D. Above 2 two levels are apart (Ashman, Bird and Zepf, "Detecting bimodality in astronomical datasets",
1994); an even spread over any range reaches 3.5, and the tail of a single level 4.5."""
MOST_BETWEEN: Final = 0.25
"""The middle third between two levels, counted in factors, holds at most this share of what the rarer one holds: else
the one is the other's tail."""
REVIEW_EVERY: Final = 8
"""Readings between two looks for the split: a look costs twenty times as much as counting one."""


class Levels(Struct, frozen=True, gc=False, array_like=True):
    """Both levels, in watts."""

    idle_w: float
    in_use_w: float


class TwoLevels(Struct, frozen=True, gc=False, array_like=True):
    """What is known of one machine: how many readings lay in each cell."""

    cells: tuple[int, ...] = ()
    """Those that hold a reading, ascending."""
    counts: tuple[int, ...] = ()
    levels: Levels | None = None
    """None: two clear levels were not seen yet."""


EMPTY: Final = TwoLevels()


def learn(known: TwoLevels, watts: float) -> TwoLevels:
    """Take one reading; one below zero (a meter's noise, a machine that feeds back) counts as none drawn."""
    cell = round(CELLS_A_FACTOR * log1p(max(0.0, watts)))
    cells, counts = known.cells, known.counts
    place = bisect_left(cells, cell)
    if place < len(cells) and cells[place] == cell:
        counts = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
    else:
        cells = (*cells[:place], cell, *cells[place:])
        counts = (*counts[:place], 1, *counts[place:])
    total = sum(counts)
    if total > MEMORY:
        kept = [(cell, count // 2) for cell, count in zip(cells, counts, strict=True) if count > 1]
        cells, counts = tuple(cell for cell, _ in kept), tuple(count for _, count in kept)
    levels = _split(cells, counts) if total % REVIEW_EVERY == 0 else known.levels
    return TwoLevels(cells, counts, levels)


def in_use(known: TwoLevels, watts: float, was: bool) -> bool | None:  # noqa: FBT001 - what was known of the machine
    """Whether the machine is in use, as it draws `watts` and `was` so before; None: not learnt yet."""
    if known.levels is None:
        return None
    starts_w, ends_w = switching(known.levels)
    return max(0.0, watts) > (ends_w if was else starts_w)


def switching(levels: Levels) -> tuple[float, float]:
    """Above which watts a machine begins to be in use, and down to which it goes on being so.

    Two thirds of the way from idle to in use, counted in factors, and one third: a reading that trembles about the
    middle changes nothing.
    """
    idle, busy = log1p(levels.idle_w), log1p(levels.in_use_w)
    return expm1(idle + (busy - idle) * 2 / 3), expm1(idle + (busy - idle) / 3)


def _split(cells: tuple[int, ...], counts: tuple[int, ...]) -> Levels | None:
    """The levels on both sides of the gap that sets them furthest apart."""
    pairs = list(zip(cells, counts, strict=True))
    number, first, second = _moments(pairs)
    low_number, low_first, low_second = 0, 0, 0
    furthest, levels = LEAST_APART, None
    for cell, count in pairs:
        low_number += count
        low_first += count * cell
        low_second += count * cell * cell
        rarer = min(low_number, number - low_number)
        if rarer < LEAST_READINGS:
            continue
        low, high = low_first / low_number, (first - low_first) / (number - low_number)
        spread = low_second / low_number - low**2 + (second - low_second) / (number - low_number) - high**2
        apart = sqrt(2) * (high - low) / sqrt(spread + 1 / 6)  # 1/12 each: nothing is known within a cell
        if apart >= furthest and _clear(pairs, low, high, rarer):
            furthest, levels = apart, Levels(_watts(low), _watts(high))
    return levels


def _clear(pairs: list[tuple[int, int]], low: float, high: float, rarer: int) -> bool:
    """Whether two levels differ by enough, and little lies between them."""
    if _watts(high) < LEAST_FACTOR * max(_watts(low), 1.0):
        return False
    third = (high - low) / 3
    return sum(count for cell, count in pairs if low + third < cell < high - third) <= MOST_BETWEEN * rarer


def _moments(pairs: list[tuple[int, int]]) -> tuple[int, int, int]:
    return (
        sum(count for _, count in pairs),
        sum(count * cell for cell, count in pairs),
        sum(count * cell * cell for cell, count in pairs),
    )


def _watts(cell: float) -> float:
    return exp(cell / CELLS_A_FACTOR) - 1
