"""How full it will be: the usual week, today's course, the coming days, with bands that keep what they promise.

In:    hours of the past and the coming hours, each with its local day and hour as the house's calendar cut them.
Out:   for each coming hour the middle, nine deciles and what is usual; odds of a free spot; a score of it all.
Never: clocks, time zones, calendars, files. The caller says which hours are open and which day is red.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

HOUR_MS: Final = 3_600_000
DECILES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The chances whose values a point names."""
LEAST_DAYS: Final = 14
"""Nothing is shown before the series is this old. Source: La Permanence coworking; two weeks of history cost
16 % more error than eight, one week 27 %."""


class Opening(StrEnum):
    """What the calendar says of an hour."""

    OPEN = "open"
    RED = "red"
    """Open on a red day: it is like a Sunday, whatever its weekday."""
    CLOSED = "closed"
    """Nothing is learnt from it and nothing is forecast for it."""


class Hour(Struct, frozen=True, gc=False, array_like=True):
    """One hour of a series. In an hour that autumn brings twice, both have the same `day` and `hour`."""

    at_ms: int
    """Its start, Unix ms, UTC, on the full hour."""
    day: int
    """The local date as `date.toordinal()` has it."""
    hour: int
    """Local, 0-23."""
    opening: Opening
    value: float | None = None
    """The mean of what is taken (or of the people present) over the hour; None: poorly known, or yet to come."""
    capacity: float | None = None
    """How many there are; None where there is no bound, as for people."""

    @property
    def weekday(self) -> int:
        """Whose profile it belongs to: 0 Monday to 6 Sunday; a red day is a Sunday."""
        return 6 if self.opening is Opening.RED else (self.day + 6) % 7


class Point(Struct, frozen=True, gc=False, array_like=True):
    """What is expected of one coming hour, in the unit of the series (taken spaces, or people)."""

    at_ms: int
    deciles: tuple[float, ...]
    """The values that 10, 20 ... 90 % of the outcomes stay below; they never fall."""
    usual: float
    """What is usual at this weekday and hour, whatever the present days are like."""
    capacity: float | None
    days: int
    """How many past days the deciles are learnt from: no odds are surer than that allows."""

    @property
    def middle(self) -> float:
        """As likely too low as too high."""
        return self.deciles[4]
