"""Learn which rise of CO2 indicates people: one that hardly ever occurs while nobody is there.

In:    the slope of CO2 at regular intervals, each with whether somebody may have been there.
Out:   the slope from which on a rise indicates somebody, once it is known.
Never: clocks, levels of CO2, a fixed slope.

Air moves between rooms, and a door left open or a ventilation that starts lets CO2 rise in an empty room. How often
that happens depends on the building and the season. So rises while nobody is there are counted. A rise is used if one
that is as steep is at least twenty times as frequent while somebody may be there. If false rises are as frequent at
both times, at most a twentieth of the used ones is false. (This is the target-decoy estimate of a false discovery rate:
Elias and Gygi, Nature Methods 4, 2007.)
"""

from typing import Final

from msgspec.structs import replace

from collector.occupancy.learning.threshold import (
    MAX_READINGS,
    REVIEW_EVERY,
    ReadingBoundary,
    ReadingHistogram,
    cell_of,
    compute_cell_reading,
    count_reading,
)

MAX_FALSE_SHARE: Final = 0.05
"""With a tenth, chance decides in the first days: at generated rises in UCI 357, 43 % were right instead of 66 %."""
PRIOR_RISES: Final = 3
"""Rises added to those seen while nobody was there, so that a few quiet hours never look certain: the shortest rise
that has a trend fills three slots of two minutes."""
MAX_VACANT_SLOPES: Final = 2_100
"""Above this number of slopes while nobody was there, old ones count half: a fortnight of nights, because what happens
in an empty room changes with the weather and with who closes the doors."""
MIN_VACANT_DAYS: Final = 2
"""Fewest days with slopes while nobody was there: one night may be still."""

RISING_AIR: Final = ReadingHistogram(taken_span_readings=1, vacant_span_readings=1, min_days=MIN_VACANT_DAYS, slack=0)
"""Nothing learned yet. Its `taken_counts` are the slopes while somebody may have been there."""


def learn_slope(known: ReadingHistogram, slope: float, least: float, day: int, *, present: bool) -> ReadingHistogram:
    """Count one slope; slopes come in order of time.

    Args:
        known: what was learned so far; at first RISING_AIR.
        slope: of CO2, ppm an hour.
        least: a flatter slope is no rise.
        day: ordinal of the local date.
        present: whether somebody may be there.
    """
    cell, most = cell_of(slope) if slope >= least else 0, MAX_READINGS if present else MAX_VACANT_SLOPES
    known = count_reading(known, cell, day, present=present, most=most)
    if (sum(known.taken_counts) + sum(known.empty_counts)) % REVIEW_EVERY:
        return known
    return replace(known, boundary=_find_boundary(known))


def is_evidence(known: ReadingHistogram, slope: float | None) -> bool:
    """Return whether a slope indicates somebody; None: there is no trend."""
    return slope is not None and known.boundary is not None and slope >= known.boundary.takes_above


def _find_boundary(known: ReadingHistogram) -> ReadingBoundary | None:
    """Find the flattest rise that is rare enough while nobody is there; None: too little is known, or there is none."""
    all_empty, all_taken = sum(known.empty_counts), sum(known.taken_counts)
    if known.empty_days < known.min_days or not all_taken:
        return None
    found, empty, taken = None, PRIOR_RISES, 0
    for cell, more_empty, more_taken in zip(
        reversed(known.cells), reversed(known.empty_counts), reversed(known.taken_counts), strict=True
    ):
        if not cell:
            break
        empty += more_empty
        taken += more_taken
        if empty * all_taken <= MAX_FALSE_SHARE * taken * all_empty:
            found = cell
    if found is None:
        return None
    level = compute_cell_reading(found - 0.5)
    return ReadingBoundary(keeps_above=level, takes_above=level)
