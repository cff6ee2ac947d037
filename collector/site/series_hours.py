"""One hour of a series of counts, with its local day and its opening hours."""

from enum import StrEnum

from msgspec import Struct


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
