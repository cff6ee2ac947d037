"""Finds the fewest spaces that were free at once today while the site was open.

In:    rows of ZONE_FIVE_MIN for the whole site since midnight, the current frame.
Out:   a count and its time.
Never: clocks, I/O; a moment with too little data, at which zero free would only mean unknown.
"""

from collections.abc import Iterable

from msgspec import Struct

from collector.history.measures import ZONE_FIVE_MIN, HistoryRow
from collector.site.calendar import is_open
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from dashboard.live.frame import LinkStatus, PublicFrame
from dashboard.live.opening_times import format_clock
from dashboard.use.used_hours import MIN_COVERAGE

_CAPACITY, _FREE, _UNKNOWN = (ZONE_FIVE_MIN.fields.index(name) for name in ("capacity", "free_least", "unknown_mean"))


class FewestFree(Struct, frozen=True):
    """The fewest free at once, and the local time `HH:MM`."""

    count: int
    at: str


def find_fewest_free(
    rows: Iterable[HistoryRow], frame: PublicFrame, kind: SpaceKind, plan: SitePlan
) -> FewestFree | None:
    """Find the fewest free spaces in today's open hours, including now.

    Args:
        rows: rows of ZONE_FIVE_MIN for this kind in the whole site, since midnight.
        frame: the current public frame.
        kind: the kind of space.
        plan: the plan of the site.

    Returns:
        The fewest, or None if the site has not been open yet or too little is known.
    """
    candidates = [
        (int(free), format_clock(plan, row.at_ms))
        for row in rows
        if (free := row.fields[_FREE]) is not None
        and is_open(plan, row.at_ms)
        and _is_known(row.fields[_UNKNOWN] or 0.0, row.fields[_CAPACITY] or 0.0)
    ]
    now = frame.kinds.get(kind)
    if now and not frame.closed and frame.link is LinkStatus.LIVE and _is_known(now.most - now.least, now.capacity):
        candidates.append((now.most, frame.clock))  # as in history, an unknown space counts as free
    return FewestFree(*min(candidates, key=lambda candidate: candidate[0])) if candidates else None


def _is_known(unknown: float, capacity: float) -> bool:
    """Return whether enough is known for a figure."""
    return capacity > 0 and 1 - unknown / capacity >= MIN_COVERAGE
