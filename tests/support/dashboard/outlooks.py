"""Forecasts as the collector publishes them."""

from collector.contract.forecast_points import ChanceScore, ForecastScore, Lead
from collector.contract.forecasts import ForecastScores, HourOutlook, Outlook
from tests.support.dashboard.site import MONDAY_10_MS


def build_outlook(*free: float, usual: float = 0.0, first: int = 0, capacity: int | None = 28) -> Outlook:
    """Build consecutive hours with these medians and matching odds."""
    hours = tuple(
        HourOutlook(first + n, usual, (middle,) * 9, min(0.968, max(0.032, middle / 2)))
        for n, middle in enumerate(free)
    )
    return Outlook(at_ms=MONDAY_10_MS, capacity=capacity, days=30, hours=hours)


SCORES = ForecastScores(
    {Lead.HOUR: ForecastScore(300, 0.42, 0.4, 0.8, 3.2), Lead.DAY: ForecastScore(100, 1.1, 0.4, 0.84, 3.2)},
    (*(None,) * 8, ChanceScore(10, 0.85, 0.9), ChanceScore(390, 0.95, 0.974)),
)


def build_hour_outlook(ahead: int, middle: float, odds: float | None = 0.9) -> HourOutlook:
    spread = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
    return HourOutlook(ahead, middle + 1, tuple(max(0.0, middle + beyond) for beyond in spread), odds)


OUTLOOK = Outlook(
    at_ms=MONDAY_10_MS,
    capacity=28,
    days=30,
    usual=((-1, 9.0), (0, 5.0), (1, 7.0)),
    hours=(
        build_hour_outlook(0, 4.0),
        build_hour_outlook(1, 6.5),
        build_hour_outlook(24, 0.4, 0.2),
        build_hour_outlook(25, 27.9),
    ),
    scores=SCORES,
)
