"""Finds the fewest spaces that were free at once today while the site was open.

In:    rows of ZONE_FIVE_MIN for the whole site since midnight, the current frame.
Out:   a count and its time.
Never: clocks, I/O; a moment with too little data, at which zero free would only mean unknown.
"""

from collections.abc import Iterable

from msgspec import Struct

from collector.days import is_open
from collector.history import ZONE_FIVE_MIN, Row
from collector.plan import SitePlan, SpaceKind
from dashboard.hours import clock
from dashboard.live.frame import Frame, Link
from dashboard.use.hours import KNOWN_LEAST

_CAPACITY, _FREE, _UNKNOWN = (ZONE_FIVE_MIN.fields.index(name) for name in ("capacity", "free_least", "unknown_mean"))


class Fewest(Struct, frozen=True):
    """The fewest free at once, and the local time `HH:MM`."""

    count: int
    at: str


def fewest(rows: Iterable[Row], frame: Frame, kind: SpaceKind, plan: SitePlan) -> Fewest | None:
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
        (int(free), clock(plan, row.at_ms))
        for row in rows
        if (free := row.fields[_FREE]) is not None
        and is_open(plan, row.at_ms)
        and _is_known(row.fields[_UNKNOWN] or 0.0, row.fields[_CAPACITY] or 0.0)
    ]
    now = frame.kinds.get(kind)
    if now and not frame.closed and frame.link is Link.LIVE and _is_known(now.most - now.least, now.capacity):
        candidates.append((now.most, frame.clock))  # as in history, an unknown space counts as free
    return Fewest(*min(candidates, key=lambda candidate: candidate[0])) if candidates else None


def _is_known(unknown: float, capacity: float) -> bool:
    """Return whether enough is known for a figure."""
    return capacity > 0 and 1 - unknown / capacity >= KNOWN_LEAST
