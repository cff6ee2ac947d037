"""Adds up how long people stay.

In:    rows of STAYS of one zone and kind.
Out:   how many stays of each length, as they may be told.
Never: a count of fewer than five, or an exact one: `dashboard.past.told_stays` says how a count is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.history import STAYS, Row
from dashboard.past import told_stays

CLASSES: Final = STAYS.fields[:-1]
"""From the shortest to the longest."""


@dataclass(frozen=True, slots=True)
class Stays:
    """How many stays of each class, told in steps of five; None: one to four."""

    counts: tuple[float | None, ...]
    cut_short: float | None
    """How many more there were whose length is not known."""
    days: int
    """Days that were counted."""

    @property
    def total(self) -> float:
        """How many are told by length."""
        return sum(count or 0.0 for count in self.counts)

    @property
    def coverage(self) -> float:
        """The share of the stays whose length is known, 0 to 1."""
        every = self.total + (self.cut_short or 0.0)
        return self.total / every if every else 0.0

    def share(self, number: int) -> float | None:
        """Of the stays that are told, those of one class, 0 to 1."""
        count = self.counts[number]
        return count / self.total if count is not None and self.total else None

    @property
    def middle(self) -> int | None:
        """The class that half of the stays are no longer than; None of none."""
        so_far = 0.0
        for number, count in enumerate(self.counts):
            so_far += count or 0.0
            if self.total and so_far >= self.total / 2:
                return number
        return None


def stays(rows: Sequence[Row]) -> Stays:
    """The sum of some days."""
    counts = [sum(row.fields[number] or 0.0 for row in rows) for number in range(len(STAYS.fields))]
    told = [told_stays(count) for count in counts]
    return Stays(tuple(told[:-1]), told[-1], len(rows))
