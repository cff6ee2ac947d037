"""Forecast of how full the site will be: the usual week, the course of today, the coming days, with calibrated bands.

In:    past and coming hours, each with its local day and hour from the site's calendar.
Out:   for each coming hour the median, nine deciles and the usual value; odds of a free space; scores of them.
Never: clocks, time zones, calendars, files. The caller decides which hours are open and which days are red.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

DECILES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities whose values a point gives."""
MIN_SERIES_DAYS: Final = 14
"""Youngest age of a series with a forecast. Source: La Permanence coworking; two weeks of history have 16 % more error
than eight, one week 27 %."""


class HourOpening(StrEnum):
    """Whether the site is open in an hour."""

    OPEN = "open"
    RED = "red"
    """Open on a red day: it counts as a Sunday, whatever its weekday."""
    CLOSED = "closed"
    """Closed: no learning and no forecast."""


class SeriesHour(Struct, frozen=True, gc=False, array_like=True):
    """One hour of a series. Two hours share `day` and `hour` when autumn repeats an hour."""

    at_ms: int
    """Its start on the full hour, in Unix ms, UTC."""
    day: int
    """The local date as `date.toordinal()`."""
    hour: int
    """Local, 0-23."""
    opening: HourOpening
    value: float | None = None
    """Mean of taken spaces (or people) over the hour. None: poorly known, or not over yet."""
    capacity: float | None = None
    """Number of spaces; None where there is no bound, as for people."""

    @property
    def weekday(self) -> int:
        """Weekday of its profile: 0 Monday to 6 Sunday; a red day counts as a Sunday."""
        return 6 if self.opening is HourOpening.RED else (self.day + 6) % 7


class ForecastPoint(Struct, frozen=True, gc=False, array_like=True):
    """Forecast of one coming hour, in the unit of the series (taken spaces, or people)."""

    at_ms: int
    deciles: tuple[float, ...]
    """Values that 10, 20 … 90 % of the outcomes stay below; they never decrease."""
    usual: float
    """The usual value at this weekday and hour, independent of recent days."""
    capacity: float | None
    days: int
    """Number of past days behind the deciles; it limits how certain odds can be."""

    @property
    def median(self) -> float:
        """The median."""
        return self.deciles[4]
