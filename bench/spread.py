"""Median and range of a figure over several runs. A single run on a shared machine has little meaning.

In:    the figure of each run.
Out:   median, least and most; as text, with the number of runs.
Never: fewer than five runs.
"""

import argparse
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

MIN_RUNS: Final = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of a figure."""

    median: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, figures: Iterable[float]) -> Self:
        """Compute the spread of the figures of all runs."""
        found = list(figures)
        return cls(statistics.median(found), min(found), max(found), len(found))

    def format(self, digits: int = 2) -> str:
        """Format as text, such as `1.03 (0.89 to 1.17, 5 runs)`."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f}, {self.runs} runs)"


def parse_runs(given: str) -> int:
    """Parse a number of runs for argparse: five or more."""
    count = int(given)
    if count < MIN_RUNS:
        raise argparse.ArgumentTypeError(f"a median and a range need {MIN_RUNS} runs or more, got {count}")
    return count
