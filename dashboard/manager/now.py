"""Says how tight it has been today: the fewest that were free at once while the house was open.

In:    rows of ZONE_FIVE_MIN of the whole house since midnight, the frame of now.
Out:   a count and its time.
Never: clocks, history: what is not known of today is left out.
"""

from collections.abc import Iterable

from msgspec import Struct

from collector.days import is_open
from collector.history import ZONE_FIVE_MIN, Row
from collector.plan import SitePlan, SpaceKind
from dashboard.hours import clock
from dashboard.live.frame import Frame, Link

_FREE: int = ZONE_FIVE_MIN.fields.index("free_least")


class Fewest(Struct, frozen=True):
    """The fewest free at once, and when: `HH:MM` of the house."""

    count: int
    at: str


def fewest(rows: Iterable[Row], frame: Frame, kind: SpaceKind, plan: SitePlan) -> Fewest | None:
    """Of today's open hours and of now; None: the house has not been open yet, or nobody knows.

    Args:
        rows: of ZONE_FIVE_MIN, this kind and the whole house, since midnight.
        frame: as the house is now.
        kind: of space.
        plan: the house.
    """
    told = [
        (int(free), clock(plan, row.at_ms))
        for row in rows
        if (free := row.fields[_FREE]) is not None and is_open(plan, row.at_ms)
    ]
    if not frame.closed and frame.link is Link.LIVE and kind in frame.kinds:
        told.append((frame.kinds[kind].least, frame.clock))
    return Fewest(*min(told, key=lambda one: one[0])) if told else None
