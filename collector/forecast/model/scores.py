"""Scores of forecasts: issued forecasts compared with outcomes.

In:    issued points with their lead and the outcome.
Out:   error, pinball loss and coverage of the band by lead; how often the forecast chance of a free space came true.
Never: forecasting.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from collector.contract.forecast_points import DECILES, ChanceScore, ForecastPoint, ForecastScore, Lead


class IssuedPoint(Struct, frozen=True, gc=False):
    """A point, and the actual mean."""

    lead: Lead
    point: ForecastPoint
    actual: float


def pinball_loss(chance: float, value: float, came: float) -> float:
    """Return the loss of the forecast that `chance` of the outcomes stay below `value`."""
    return (came - value) * (chance if came >= value else chance - 1)


def score_points(issued: Sequence[IssuedPoint]) -> ForecastScore | None:
    """Score points together; None if there are none."""
    if not issued:
        return None
    count = len(issued)
    ends = [(one.point.deciles[0], one.point.median, one.point.deciles[-1], one.actual) for one in issued]
    losses = [
        (pinball_loss(0.1, low, y) + pinball_loss(0.5, mid, y) + pinball_loss(0.9, high, y)) / 3
        for low, mid, high, y in ends
    ]
    return ForecastScore(
        count,
        sum(abs(came - middle) for _, middle, _, came in ends) / count,
        sum(losses) / count,
        sum(low <= came <= high for low, _, high, came in ends) / count,
        sum(high - low for low, _, high, _ in ends) / count,
    )


def score_by_lead(issued: Iterable[IssuedPoint]) -> dict[Lead, ForecastScore]:
    """Score the points of each lead that has any."""
    groups: dict[Lead, list[IssuedPoint]] = {lead: [] for lead in Lead}
    for one in issued:
        groups[one.lead].append(one)
    scores = {lead: score_points(group) for lead, group in groups.items()}
    return {lead: found for lead, found in scores.items() if found is not None}


def score_by_tenth(forecasts: Iterable[tuple[float, float]]) -> list[ChanceScore | None]:
    """Return how often forecasts came true, by tenths of their chance.

    Args:
        forecasts: the forecast chance and the outcome, both 0-1. The outcome can lie between: if a space was free for
            40 % of the hour, "at least one" is 0.4 true.

    Returns:
        Ten entries, for chances of 0-10 % to 90-100 %; None where no such chance was forecast.
    """
    tenths: list[list[tuple[float, float]]] = [[] for _ in range(len(DECILES) + 1)]
    for chance, outcome in forecasts:
        tenths[min(9, int(chance * 10))].append((chance, outcome))
    return [_score_tenth(group) if group else None for group in tenths]


def _score_tenth(forecasts: Sequence[tuple[float, float]]) -> ChanceScore:
    count = len(forecasts)
    return ChanceScore(
        count, sum(chance for chance, _ in forecasts) / count, sum(outcome for _, outcome in forecasts) / count
    )
