"""A figure of several runs: its median and its range. One run on a machine with other work says little.

In:    what each run gave.
Out:   median, least and most; as text, with the number of runs.
Never: fewer than five runs.
"""

import argparse
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

FEWEST_RUNS: Final = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range."""

    median: float
    least: float
    most: float
    runs: int

    @classmethod
    def of(cls, figures: Iterable[float]) -> Self:
        """The spread of what each run gave."""
        found = list(figures)
        return cls(statistics.median(found), min(found), max(found), len(found))

    def text(self, digits: int = 2) -> str:
        """Such as `1.03 (0.89 to 1.17, 5 runs)`."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f}, {self.runs} runs)"


def runs(given: str) -> int:
    """A number of runs, for argparse: five or more."""
    count = int(given)
    if count < FEWEST_RUNS:
        raise argparse.ArgumentTypeError(f"a median and a range need {FEWEST_RUNS} runs or more, got {count}")
    return count
