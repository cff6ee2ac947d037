"""Learns above which level a sound or light sensor speaks of people, from its agreement with a better sensor.

In:    readings, each with what the better sensors of the same space said at that moment.
Out:   the boundary, once it is known, and how well the sensor agrees.
Never: clocks, units, a boundary set by hand; a reading itself: only how many lay about which level is kept.

Two histograms with shared cells are kept: readings beside nobody, and readings beside somebody. The better sensor
may be wrong for an hour at a time (a movement sensor that sees one seat badly), which mixes some of the one into the
other. The level at which two mixtures differ most is the same as for the pure ones (Menon, van Rooyen, Ong and
Williamson, "Learning from Corrupted Binary Labels via Class-Probability Estimation", ICML 2015), so the boundary is
where they differ most, and not at a quantile that a few wrong readings would move.

Such a best level is rarely a point: over a wide span all levels do about equally well. A third of the way into it
keeps a space that is taken, three quarters take one that is vacant: whatever is a little louder or brighter than
what was learnt from, on either side, is still told apart.
"""

from bisect import bisect_left
from math import asinh, sinh
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

FINENESS: Final = 40
"""Cells a factor of e: 2.5 % of a level each, such as 1.2 dB at 50 dB or 9 lux at 365; a light sensor in daily use
fills about 250, a sound sensor 50."""
MEMORY: Final = 20_160
"""Beyond so many readings of one kind the old ones count half: a week of one reading every 30 s."""
LEAST_EMPTY: Final = 240
"""Two hours of readings beside nobody, at one in 30 s: enough to know a rare noise from a common one."""
LEAST_TAKEN: Final = 10
"""Five minutes of readings beside somebody: about one visit."""
DOUBT: Final = 4
"""So many readings more are counted for the contrary: few readings never look sure."""
LEAST_AGREEMENT: Final = 0.5
"""0 is chance, 1 is perfect. Half of the better sensor's own words may be wrong before less is left."""
VOUCH_AGREEMENT: Final = 0.95
"""Balanced agreement from which a sensor may vouch alone (docs/decisions/0015-sound-light-air.md)."""
VOUCH_READINGS: Final = 480
"""So many readings of each kind must stand behind that: a working day of one a minute."""
DAY_MS: Final = 86_400_000
QUIET_MS: Final = 7_200_000
"""So long every better sensor must have been quiet before a reading counts as beside nobody: twice the longest gap of
a badly placed movement sensor beside somebody (60 min, UCI 864)."""
REVIEW_EVERY: Final = 4
REVIEW_LATER_EVERY: Final = 64
"""Readings of one kind between two looks for the boundary, up to and beyond LEAST_EMPTY: a look costs twenty times as
much as counting one."""


class Boundary(Struct, frozen=True, gc=False, array_like=True):
    """Two levels, in the sensor's own unit."""

    keeps_above: float
    """Above it a reading prolongs what is taken already."""
    takes_above: float
    """Above it a reading speaks for somebody in a space that is not taken."""


class Threshold(Struct, frozen=True, gc=False, array_like=True):
    """What is known of one sensor: how many readings of each kind lay in each cell of level."""

    held: int
    """In a taken space one loud reading speaks for so many readings; 1: for its own moment only."""
    lone: int
    """In a vacant one it speaks for so many."""
    least_days: int
    """On so many days it must have been read beside nobody."""
    slack: float
    """Levels whose agreement lies this close to the best count as equally good."""
    cells: tuple[int, ...] = ()
    """Those that hold a reading, ascending; an integer of `_cell`."""
    empty: tuple[int, ...] = ()
    """Readings beside nobody, by cell."""
    taken: tuple[int, ...] = ()
    """Readings beside somebody, by cell."""
    boundary: Boundary | None = None
    """None: not learnt yet."""
    days: int = 0
    """Days, UTC, with a reading beside nobody, and the newest of them."""
    newest_day: int = 0


SPARSE: Final = Threshold(held=20, lone=4, least_days=1, slack=0.05)
"""Of what somebody makes now and then, such as sound: silence beside people is usual. Of readings of 30 s one sound
keeps a taken space for ten minutes, and a lone one takes a vacant space for two. With 14 or 28, with 0.02, or with a
quarter or half in place of the third, no figure of the recorded room (UCI 864) changes by more than 2.2 points, on days
that were not heard before; these leave most room for noise that is not in it."""
STEADY: Final = Threshold(held=1, lone=1, least_days=5, slack=0.005)
"""Of what lasts as long as somebody is there, such as light: of daylight it must have seen more than one weather, and
five days in a row have a weekend or begin one. More slack would reach down into daylight: on unseen days of the
recorded office (UCI 357) 0.02 is wrong for half as many minutes again, 0.0025 for as many."""


def learn(known: Threshold, value: float, present: bool | None, at_ms: int) -> Threshold:  # noqa: FBT001 - what was sensed
    """Take one reading; they come in order of time.

    Args:
        known: what was learnt so far; at first SPARSE or STEADY.
        value: the reading, in any unit that grows with the level and is not all below 1 (dB, lux).
        present: True: a better sensor says that somebody is there, or its hold runs; False: every better sensor lives
            and has been quiet for QUIET_MS; None: not sure, and nothing is learnt.
        at_ms: when it was read, Unix milliseconds, UTC.
    """
    if present is None:
        return known
    known = _counted(known, _cell(value), present)
    if not present and (day := at_ms // DAY_MS) > known.newest_day:
        known = replace(known, days=known.days + 1, newest_day=day)
    total = sum(known.taken) if present else sum(known.empty)
    if total > MEMORY:
        known = _halved(known, present)
    if total % (REVIEW_EVERY if total <= LEAST_EMPTY else REVIEW_LATER_EVERY) == 0:
        known = replace(known, boundary=_best(known))
    return known


def agreement(known: Threshold) -> float | None:
    """Share of single readings that agree with the better sensor, both kinds weighing the same; None: not learnt."""
    if known.boundary is None:
        return None
    place = bisect_left(known.cells, _cell(known.boundary.takes_above))
    heard = sum(known.taken[place:]) / sum(known.taken)
    still = sum(known.empty[:place]) / sum(known.empty)
    return (heard + still) / 2


def may_vouch(known: Threshold) -> bool:
    """Whether it agreed so well, over so many readings of both kinds, that it may go on alone."""
    share = agreement(known)
    seen = min(sum(known.empty), sum(known.taken))
    return share is not None and share >= VOUCH_AGREEMENT and seen >= VOUCH_READINGS


def _cell(value: float) -> int:
    return round(FINENESS * asinh(value))  # logarithmic, but for levels about 0


def _level(cell: float) -> float:
    return sinh(cell / FINENESS)


def _counted(known: Threshold, cell: int, present: bool) -> Threshold:  # noqa: FBT001
    cells, empty, taken = known.cells, known.empty, known.taken
    place = bisect_left(cells, cell)
    if place == len(cells) or cells[place] != cell:
        cells = (*cells[:place], cell, *cells[place:])
        empty = (*empty[:place], int(not present), *empty[place:])
        taken = (*taken[:place], int(present), *taken[place:])
        return replace(known, cells=cells, empty=empty, taken=taken)
    if present:
        return replace(known, taken=(*taken[:place], taken[place] + 1, *taken[place + 1 :]))
    return replace(known, empty=(*empty[:place], empty[place] + 1, *empty[place + 1 :]))


def _halved(known: Threshold, present: bool) -> Threshold:  # noqa: FBT001
    """What is old weighs less; a cell that holds nothing more is let go."""
    by_cell = zip(known.cells, known.empty, known.taken, strict=True)
    halved = [(cell, e, t // 2) if present else (cell, e // 2, t) for cell, e, t in by_cell]
    cells, empty, taken = zip(*[row for row in halved if row[1] or row[2]], strict=True)
    return replace(known, cells=cells, empty=empty, taken=taken)


def _best(known: Threshold) -> Boundary | None:
    """The span of levels at which the two kinds of readings differ most; None: too few, or they hardly differ."""
    all_empty, all_taken = sum(known.empty), sum(known.taken)
    enough = all_empty >= LEAST_EMPTY and all_taken >= LEAST_TAKEN and known.days >= known.least_days
    if not enough or len(known.cells) == 1:
        return None
    below_empty, below_taken = 0, 0
    found: list[float] = []  # of each gap between two cells
    for empty, taken in zip(known.empty[:-1], known.taken[:-1], strict=True):
        below_empty += empty
        below_taken += taken
        still = (below_empty / (all_empty + DOUBT)) ** known.lone
        unheard = ((below_taken + DOUBT) / (all_taken + DOUBT)) ** known.held
        found.append(still - unheard)
    best = max(found)
    if best < LEAST_AGREEMENT:
        return None
    first = last = found.index(best)
    while first > 0 and found[first - 1] >= best - known.slack:
        first -= 1
    while last < len(found) - 1 and found[last + 1] >= best - known.slack:
        last += 1
    lowest, highest = ((known.cells[gap] + known.cells[gap + 1]) / 2 for gap in (first, last))
    span = highest - lowest
    return Boundary(keeps_above=_level(lowest + span / 3), takes_above=_level(lowest + span * 3 / 4))
