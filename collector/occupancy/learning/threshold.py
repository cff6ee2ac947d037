"""Learn the level above which a sound or light sensor indicates people, from its agreement with direct sensors.

In:    readings, each with what the direct sensors of the same space indicated at that moment.
Out:   the boundary, once it is known, and how well the sensor agrees.
Never: clocks, units, fixed boundaries; single readings: only the number of readings per level is kept.

Two histograms with the same cells are kept: readings while nobody is there, and while somebody is. The direct sensor
may be wrong for an hour at a time (a motion sensor that barely covers a seat), which mixes some readings of one kind
into the other. The level at which two mixtures differ most is the same as for the pure ones (Menon, van Rooyen, Ong and
Williamson, "Learning from Corrupted Binary Labels via Class-Probability Estimation", ICML 2015). So the boundary is
where they differ most, not at a quantile that a few wrong readings would move.

This best level is rarely a point: over a wide span all levels are about equally good. A space that is taken stays taken
above one third of that span, and a vacant space becomes taken above three quarters of it: so readings a little louder
or brighter than those learned, of either kind, are still classified correctly.
"""

from bisect import bisect_left
from math import asinh, sinh
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.timekeeping.durations import DAY_MS

CELLS_PER_FACTOR_E: Final = 40
"""Histogram cells per factor of e: each spans 2.5 % of a level, such as 1.2 dB at 50 dB or 9 lux at 365. A light sensor
in daily use fills about 250, a sound sensor 50."""
MAX_READINGS: Final = 20_160
"""Above this number of readings of one kind, old ones count half: a week of one reading every 30 s."""
MIN_EMPTY_READINGS: Final = 240
"""Fewest readings with nobody there, two hours at one per 30 s: enough to distinguish rare noises from common ones."""
MIN_TAKEN_READINGS: Final = 10
"""Fewest readings with somebody there, five minutes: about one visit."""
PRIOR_READINGS: Final = 4
"""Readings added to the contrary evidence, so that few readings never look certain."""
MIN_AGREEMENT: Final = 0.5
"""Least difference of a boundary: 0 is chance, 1 is perfect. Reached even if half of the direct readings are wrong."""
MIN_VOUCH_AGREEMENT: Final = 0.95
"""Balanced agreement from which a sensor may confirm vacancy alone (docs/decisions/0015-sound-light-air.md)."""
MIN_VOUCH_READINGS: Final = 480
"""Fewest readings of each kind behind that agreement: a working day of one a minute."""
EMPTY_AFTER_MS: Final = 7_200_000
"""Every direct sensor must have been quiet this long before a reading counts as "nobody there": twice the longest gap
of a badly placed motion sensor beside somebody (60 min, UCI 864)."""
REVIEW_EVERY: Final = 4
REVIEW_LATER_EVERY: Final = 64
"""Readings of one kind between two searches for the boundary, up to and beyond MIN_EMPTY_READINGS. A search costs
twenty times as much as counting a reading."""


class ReadingBoundary(Struct, frozen=True, gc=False, array_like=True):
    """Two levels, in the sensor's own unit."""

    keeps_above: float
    """A reading above it keeps a taken space taken."""
    takes_above: float
    """A reading above it makes a vacant space taken."""


class HeldOutTest(Struct, frozen=True, gc=False, array_like=True):
    """How a boundary agrees with readings of days from which it was not learned (steady_signal.py)."""

    candidate: ReadingBoundary | None = None
    """Learned from the days before `day`."""
    day: int = 0
    """The newest day (UTC)."""
    days: int = 0
    """Days on which a candidate was tested while somebody was there."""
    newest_tested_day: int = 0
    empty: int = 0
    """Readings while nobody was there, and how many of them the candidate of their day classified correctly."""
    empty_right: int = 0
    taken: int = 0
    taken_right: int = 0
    empty_by_time: tuple[int, ...] = ()
    """Readings of each kind by the time of day."""
    taken_by_time: tuple[int, ...] = ()


NOT_TESTED: Final = HeldOutTest()


class ReadingHistogram(Struct, frozen=True, gc=False, array_like=True):
    """Histograms of one sensor: how many readings of each kind fell into each cell of level."""

    taken_span_readings: int
    """In a taken space, one high reading counts as this many readings; 1: only for its own moment."""
    vacant_span_readings: int
    """The same in a vacant space."""
    min_days: int
    """Fewest days with readings while nobody was there."""
    slack: float
    """Levels whose difference is this close to the best count as equally good."""
    cells: tuple[int, ...] = ()
    """Cells with readings, ascending; integers from `cell_of`."""
    empty_counts: tuple[int, ...] = ()
    """Readings while nobody was there, by cell."""
    taken_counts: tuple[int, ...] = ()
    """Readings while somebody was there, by cell."""
    boundary: ReadingBoundary | None = None
    """None: not learned yet."""
    empty_days: int = 0
    """Number of days (UTC) with a reading while nobody was there."""
    newest_day: int = 0
    held_out: HeldOutTest = NOT_TESTED
    """Of a steady signal."""


SPARSE_SIGNAL: Final = ReadingHistogram(taken_span_readings=20, vacant_span_readings=4, min_days=1, slack=0.05)
"""For signals that people cause now and then, such as sound; quiet readings while people are there are normal. With
readings every 30 s, one sound keeps a taken space for ten minutes, and a lone one takes a vacant space for two. With 14
or 28, with 0.02, or with a quarter or half in place of the third, no figure of the recorded room (UCI 864) changes by
more than 2.2 points on unseen days; these values leave most margin for noise that the recording lacks."""
STEADY_SIGNAL: Final = ReadingHistogram(taken_span_readings=1, vacant_span_readings=1, min_days=5, slack=0.005)
"""For signals that last while somebody is there, such as light. Daylight must have been seen in more than one weather,
and five days in a row include or begin a weekend. More slack would reach down into daylight: on unseen days of the
recorded office (UCI 357), 0.02 is wrong for half as many minutes more, 0.0025 for as many."""


def learn_reading(known: ReadingHistogram, value: float, present: bool | None, at_ms: int) -> ReadingHistogram:  # noqa: FBT001 - what was sensed
    """Count one reading; readings come in order of time.

    Args:
        known: what was learned so far; at first SPARSE_SIGNAL or STEADY_SIGNAL.
        value: the reading, in any unit that grows with the level and is not always below 1 (dB, lux).
        present: True: a direct sensor detects somebody, or its hold runs. False: every direct sensor is alive and has
            been quiet for EMPTY_AFTER_MS. None: not sure, and nothing is learned.
        at_ms: time of the reading, Unix milliseconds, UTC.
    """
    if present is None:
        return known
    known = count_reading(known, cell_of(value), at_ms // DAY_MS, present=present)
    total = sum(known.taken_counts) if present else sum(known.empty_counts)
    if total % (REVIEW_EVERY if total <= MIN_EMPTY_READINGS else REVIEW_LATER_EVERY) == 0:
        known = replace(known, boundary=find_boundary(known) if known.empty_days >= known.min_days else None)
    return known


def count_reading(
    known: ReadingHistogram, cell: int, day: int, *, present: bool, most: int = MAX_READINGS
) -> ReadingHistogram:
    """Count one reading without a search for the boundary.

    Args:
        known: what was learned so far.
        cell: of the reading, from `cell_of`.
        day: its day; days with nobody there are counted.
        present: whether somebody is there.
        most: above this number of readings of its kind, old ones count half.
    """
    known = _with_reading(known, cell, present)
    if not present and day > known.newest_day:
        known = replace(known, empty_days=known.empty_days + 1, newest_day=day)
    if sum(known.taken_counts if present else known.empty_counts) > most:
        known = _halve_counts(known, present)
    return known


def compute_agreement(known: ReadingHistogram) -> float | None:
    """Return the share of readings that agree with direct sensors, both kinds weighing the same; None: not learned."""
    if known.boundary is None:
        return None
    place = bisect_left(known.cells, cell_of(known.boundary.takes_above))
    taken_share = sum(known.taken_counts[place:]) / sum(known.taken_counts)
    empty_share = sum(known.empty_counts[:place]) / sum(known.empty_counts)
    return (taken_share + empty_share) / 2


def may_vouch(known: ReadingHistogram) -> bool:
    """Return whether the sensor agreed well enough, over enough readings of both kinds, to confirm vacancy alone."""
    share = compute_agreement(known)
    seen = min(sum(known.empty_counts), sum(known.taken_counts))
    return share is not None and share >= MIN_VOUCH_AGREEMENT and seen >= MIN_VOUCH_READINGS


def cell_of(value: float) -> int:
    """Return the cell of a reading."""
    return round(CELLS_PER_FACTOR_E * asinh(value))  # logarithmic, except near 0


def compute_cell_reading(cell: float) -> float:
    """Return the reading in the middle of a cell."""
    return sinh(cell / CELLS_PER_FACTOR_E)


def _with_reading(known: ReadingHistogram, cell: int, present: bool) -> ReadingHistogram:  # noqa: FBT001
    cells, empty, taken = known.cells, known.empty_counts, known.taken_counts
    place = bisect_left(cells, cell)
    if place == len(cells) or cells[place] != cell:
        cells = (*cells[:place], cell, *cells[place:])
        empty = (*empty[:place], int(not present), *empty[place:])
        taken = (*taken[:place], int(present), *taken[place:])
        return replace(known, cells=cells, empty_counts=empty, taken_counts=taken)
    if present:
        return replace(known, taken_counts=(*taken[:place], taken[place] + 1, *taken[place + 1 :]))
    return replace(known, empty_counts=(*empty[:place], empty[place] + 1, *empty[place + 1 :]))


def _halve_counts(known: ReadingHistogram, present: bool) -> ReadingHistogram:  # noqa: FBT001
    """Halve old counts of one kind; drop cells that become empty."""
    by_cell = zip(known.cells, known.empty_counts, known.taken_counts, strict=True)
    halved = [(cell, e, t // 2) if present else (cell, e // 2, t) for cell, e, t in by_cell]
    cells, empty, taken = zip(*[row for row in halved if row[1] or row[2]], strict=True)
    return replace(known, cells=cells, empty_counts=empty, taken_counts=taken)


def find_boundary(known: ReadingHistogram) -> ReadingBoundary | None:
    """Find the boundary where the two kinds of readings differ most; None: too few readings, or they hardly differ."""
    all_empty, all_taken = sum(known.empty_counts), sum(known.taken_counts)
    if all_empty < MIN_EMPTY_READINGS or all_taken < MIN_TAKEN_READINGS or len(known.cells) == 1:
        return None
    below_empty, below_taken = 0, 0
    found: list[float] = []  # of each gap between two cells
    for empty, taken in zip(known.empty_counts[:-1], known.taken_counts[:-1], strict=True):
        below_empty += empty
        below_taken += taken
        empty_share = (below_empty / (all_empty + PRIOR_READINGS)) ** known.vacant_span_readings
        missed_share = ((below_taken + PRIOR_READINGS) / (all_taken + PRIOR_READINGS)) ** known.taken_span_readings
        found.append(empty_share - missed_share)
    best = max(found)
    if best < MIN_AGREEMENT:
        return None
    first = last = found.index(best)
    while first > 0 and found[first - 1] >= best - known.slack:
        first -= 1
    while last < len(found) - 1 and found[last + 1] >= best - known.slack:
        last += 1
    lowest, highest = ((known.cells[gap] + known.cells[gap + 1]) / 2 for gap in (first, last))
    span = highest - lowest
    return ReadingBoundary(
        keeps_above=compute_cell_reading(lowest + span / 3),
        takes_above=compute_cell_reading(lowest + span * 3 / 4),
    )
