"""Computes the use of a group of fewer than five spaces: one share for four weeks or more.

In:    open hours, and rows of SPACE_HOUR of these spaces.
Out:   a share in steps of five per cent.
Never: a figure for one hour, one day or one space; a finer share, because the difference between two periods would
       reveal such a figure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.history.measures import HistoryRow
from collector.site.privacy_limits import MIN_SMALL_GROUP_WEEKS, SMALL_GROUP_SHARE_STEP
from collector.site.series_hours import SeriesHour
from dashboard.use.used_hours import MIN_COVERAGE


@dataclass(frozen=True, slots=True)
class SmallGroupUse:
    """The use of a group of fewer than five spaces."""

    share: float | None
    """Share of the open time, 0 to 1; None if there are too few days or too little data."""


def compute_small_group_use(
    hours: Sequence[SeriesHour], rows: Iterable[HistoryRow], spaces: int, days: int
) -> SmallGroupUse:
    """Compute the share of the open time in which these spaces were taken.

    Args:
        hours: the open hours that are over.
        rows: rows of SPACE_HOUR for all of the spaces.
        spaces: the number of spaces.
        days: the number of days in the query.
    """
    if days < 7 * MIN_SMALL_GROUP_WEEKS or not hours:
        return SmallGroupUse(None)
    open_ms = {hour.at_ms for hour in hours}
    states = [row.fields for row in rows if row.at_ms in open_ms]
    taken, vacant = (sum(state[field] != 0.0 for state in states) for field in (0, 1))
    if taken + vacant < MIN_COVERAGE * len(hours) * spaces:
        return SmallGroupUse(None)
    return SmallGroupUse(round(round(taken / (taken + vacant) / SMALL_GROUP_SHARE_STEP) * SMALL_GROUP_SHARE_STEP, 2))
