"""Says how tight it has been today: the fewest that were free at once while the house was open.

In:    rows of ZONE_FIVE_MIN of the whole house since midnight, the frame of now.
Out:   a count and its time.
Never: clocks, history; a moment at which too little was known: then "none" would only say that nobody knows.
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
    """The fewest free at once, and when: `HH:MM` of the house."""

    count: int
    at: str


def fewest(rows: Iterable[Row], frame: Frame, kind: SpaceKind, plan: SitePlan) -> Fewest | None:
    """Of today's open hours and of now; None: the house has not been open yet, or too little is known.

    Args:
        rows: of ZONE_FIVE_MIN, this kind and the whole house, since midnight.
        frame: as the house is now.
        kind: of space.
        plan: the house.
    """
    told = [
        (int(free), clock(plan, row.at_ms))
        for row in rows
        if (free := row.fields[_FREE]) is not None
        and is_open(plan, row.at_ms)
        and _is_known(row.fields[_UNKNOWN] or 0.0, row.fields[_CAPACITY] or 0.0)
    ]
    now = frame.kinds.get(kind)
    if now and not frame.closed and frame.link is Link.LIVE and _is_known(now.most - now.least, now.capacity):
        told.append((now.most, frame.clock))  # as in history: a space whose state is unknown may be free
    return Fewest(*min(told, key=lambda one: one[0])) if told else None


def _is_known(unknown: float, capacity: float) -> bool:
    """Whether enough is known for a figure."""
    return capacity > 0 and 1 - unknown / capacity >= KNOWN_LEAST
