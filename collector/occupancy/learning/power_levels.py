"""Learn the power that a machine draws idle and in use, from its own readings.

In:    readings in watts.
Out:   both levels once they are clear, and whether a reading means that the machine is in use.
Never: clocks, rated power, fixed levels.

Readings are counted in cells of the logarithm, since machines differ by orders of magnitude. They are divided into two
levels at the split that separates them most, relative to their spread. A machine with more than two levels (off, idle,
working) may be split between the lower ones: then it is shown in use while it is only switched on, never free while it
works.
"""

from bisect import bisect_left
from math import exp, expm1, log1p, sqrt
from typing import Final

from msgspec import Struct

CELLS_PER_FACTOR_E: Final = 10
"""Histogram cells per factor of e: each spans 10 % of a level; from 0 to a megawatt there are 139."""
MAX_READINGS: Final = 80_640
"""Above this number of readings, old ones count half: four weeks of one per 30 s, as some machines run once a week."""
MIN_READINGS: Final = 10
"""Fewest readings of each level: five minutes at one per 30 s; a switch-on peak is shorter."""
MIN_FACTOR: Final = 2.0
"""In use, a machine draws at least this many times its idle power; a smaller difference is its fan."""
MIN_SEPARATION: Final = 5.0
"""Least separation of the levels, Ashman's D. Above 2 two levels are distinct (Ashman, Bird and Zepf, "Detecting
bimodality in astronomical datasets", 1994); a uniform spread reaches 3.5, and the tail of a single level 4.5."""
MAX_BETWEEN_SHARE: Final = 0.25
"""The middle third between two levels, on the logarithmic scale, holds at most this share of the readings of the rarer
level; otherwise one is the tail of the other."""
REVIEW_EVERY: Final = 8
"""Readings between two searches for the split; a search costs twenty times as much as counting a reading."""


class PowerLevels(Struct, frozen=True, gc=False, array_like=True):
    """Both levels, in watts."""

    idle_w: float
    in_use_w: float


class PowerHistogram(Struct, frozen=True, gc=False, array_like=True):
    """Histogram of one machine: how many readings fell into each cell."""

    cells: tuple[int, ...] = ()
    """Cells with readings, ascending."""
    counts: tuple[int, ...] = ()
    levels: PowerLevels | None = None
    """None: no two clear levels yet."""


EMPTY_HISTOGRAM: Final = PowerHistogram()


def learn_power(known: PowerHistogram, watts: float) -> PowerHistogram:
    """Count one reading; negative power (noise of the meter, a machine that feeds back) counts as 0."""
    cell = round(CELLS_PER_FACTOR_E * log1p(max(0.0, watts)))
    cells, counts = known.cells, known.counts
    place = bisect_left(cells, cell)
    if place < len(cells) and cells[place] == cell:
        counts = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
    else:
        cells = (*cells[:place], cell, *cells[place:])
        counts = (*counts[:place], 1, *counts[place:])
    total = sum(counts)
    if total > MAX_READINGS:
        kept = [(cell, count // 2) for cell, count in zip(cells, counts, strict=True) if count > 1]
        cells, counts = tuple(cell for cell, _ in kept), tuple(count for _, count in kept)
    levels = _find_levels(cells, counts) if total % REVIEW_EVERY == 0 else known.levels
    return PowerHistogram(cells, counts, levels)


def is_in_use(known: PowerHistogram, watts: float, was: bool) -> bool | None:  # noqa: FBT001 - what was known of the machine
    """Return whether the machine is in use at `watts`, given whether it `was` before; None: not learned yet."""
    if known.levels is None:
        return None
    starts_w, ends_w = switching_levels_w(known.levels)
    return max(0.0, watts) > (ends_w if was else starts_w)


def switching_levels_w(levels: PowerLevels) -> tuple[float, float]:
    """Return the power above which use begins, and the power down to which it continues.

    Two thirds and one third of the way from idle to in use, on the logarithmic scale: readings that fluctuate about
    the middle change nothing.
    """
    idle, busy = log1p(levels.idle_w), log1p(levels.in_use_w)
    return expm1(idle + (busy - idle) * 2 / 3), expm1(idle + (busy - idle) / 3)


def _find_levels(cells: tuple[int, ...], counts: tuple[int, ...]) -> PowerLevels | None:
    """Return the levels on both sides of the gap that separates them most."""
    pairs = list(zip(cells, counts, strict=True))
    number, first, second = _power_sums(pairs)
    low_number, low_first, low_second = 0, 0, 0
    furthest, levels = MIN_SEPARATION, None
    for cell, count in pairs:
        low_number += count
        low_first += count * cell
        low_second += count * cell * cell
        rarer = min(low_number, number - low_number)
        if rarer < MIN_READINGS:
            continue
        low, high = low_first / low_number, (first - low_first) / (number - low_number)
        spread = low_second / low_number - low**2 + (second - low_second) / (number - low_number) - high**2
        apart = sqrt(2) * (high - low) / sqrt(spread + 1 / 6)  # 1/12 each: the variance within a cell
        if apart >= furthest and _are_distinct(pairs, low, high, rarer):
            furthest, levels = apart, PowerLevels(_cell_watts(low), _cell_watts(high))
    return levels


def _are_distinct(pairs: list[tuple[int, int]], low: float, high: float, rarer: int) -> bool:
    """Return whether two levels differ enough and few readings lie between them."""
    if _cell_watts(high) < MIN_FACTOR * max(_cell_watts(low), 1.0):
        return False
    third = (high - low) / 3
    return sum(count for cell, count in pairs if low + third < cell < high - third) <= MAX_BETWEEN_SHARE * rarer


def _power_sums(pairs: list[tuple[int, int]]) -> tuple[int, int, int]:
    return (
        sum(count for _, count in pairs),
        sum(count * cell for cell, count in pairs),
        sum(count * cell * cell for cell, count in pairs),
    )


def _cell_watts(cell: float) -> float:
    return exp(cell / CELLS_PER_FACTOR_E) - 1
