"""Adds up how long people stay.

In:    rows of STAYS of one zone and kind.
Out:   the number of stays of each length, rounded to fives.
Never: an exact count, or a count of 1 to 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.history.measures import STAYS, HistoryRow
from dashboard.history.queries import round_stays

STAY_CLASSES: Final = STAYS.fields[:-1]
"""The classes of stay lengths, the shortest first."""


@dataclass(frozen=True, slots=True)
class StayCounts:
    """The number of stays in each class, rounded to fives; None for 1 to 4."""

    counts: tuple[float | None, ...]
    unknown_length: float | None
    """The number of stays with an unknown length, rounded to fives; None for 1 to 4."""
    day_count: int
    """The number of days counted."""

    @property
    def total(self) -> float:
        """The number of stays with a known length, without withheld classes."""
        return sum(count or 0.0 for count in self.counts)

    @property
    def coverage(self) -> float:
        """The share of stays with a known length, 0 to 1."""
        every = self.total + (self.unknown_length or 0.0)
        return self.total / every if every else 0.0

    def compute_share(self, number: int) -> float | None:
        """Return the share of one class in `total`, 0 to 1; None if the class is withheld."""
        count = self.counts[number]
        return count / self.total if count is not None and self.total else None

    @property
    def median_class(self) -> int | None:
        """The class of the median stay; None if there are no stays."""
        so_far = 0.0
        for number, count in enumerate(self.counts):
            so_far += count or 0.0
            if self.total and so_far >= self.total / 2:
                return number
        return None


def sum_stays(rows: Sequence[HistoryRow]) -> StayCounts:
    """Add up the stays of some days."""
    counts = [sum(row.fields[number] or 0.0 for row in rows) for number in range(len(STAYS.fields))]
    rounded = [round_stays(count) for count in counts]
    return StayCounts(tuple(rounded[:-1]), rounded[-1], len(rows))
