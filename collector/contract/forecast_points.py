"""Points of a forecast (deciles of one coming hour, and their lead), and scores of earlier forecasts."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

DECILES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities whose values a point gives."""
BAND_SHARE: Final = round(DECILES[-1] - DECILES[0], 6)
"""Share of the outcomes between the lowest and the highest value of a point."""


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


class Lead(StrEnum):
    """How long before its hour a point was issued."""

    HOUR = "1h"
    THREE_HOURS = "3h"
    DAY = "day"
    """At the midnight before."""
    WEEK = "week"
    """Seven days before that midnight."""


class ChanceScore(Struct, frozen=True, gc=False):
    """Forecasts of about the same chance: their number, the mean chance, and the share that came true."""

    forecasts: int
    mean_chance: float
    hit_rate: float


class ForecastScore(Struct, frozen=True, gc=False):
    """Scores of many points; errors in the unit of the series."""

    points: int
    error: float
    """Mean of |actual - median|."""
    pinball: float
    """Mean over the deciles 10, 50 and 90 %. Source: Koenker and Bassett 1978."""
    coverage: float
    """Share of outcomes between the 10 and 90 % deciles, 0-1; 0.8 is ideal."""
    width: float
    """Mean distance of those deciles."""
