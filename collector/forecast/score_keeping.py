"""Keep issued forecasts with their outcomes, and score them.

In:    points as they are issued, known hours, rows of FORECAST.
Out:   rows of FORECAST, and their scores.
Never: clocks, files, changes to what was issued.
"""

from collections.abc import Collection
from typing import TypeVar

from msgspec.structs import astuple

from collector.contract.forecast_odds import chance_at_least_free
from collector.contract.forecast_points import ChanceScore, ForecastPoint, ForecastScore, Lead
from collector.contract.forecasts import ForecastScores, count_deciles
from collector.forecast.known_hours import KnownHour
from collector.forecast.model.scores import IssuedPoint, score_by_lead, score_by_tenth
from collector.history.measures import HistoryRow

LOW, MIDDLE, HIGH, ODDS, CAME, CAME_FREE = range(6)  # the order of FORECAST's fields

_F = TypeVar("_F", ForecastScore, ChanceScore)


def build_forecast_row(zone: str, kind: str, lead: Lead, point: ForecastPoint) -> HistoryRow:
    """Build the row of an issued point.

    Args:
        zone: or WHOLE_SITE.
        kind: kind of space, or PEOPLE.
        lead: how long before its hour it is issued.
        point: the forecast.
    """
    deciles = count_deciles(point)
    chance = None if point.capacity is None else chance_at_least_free(point, 1)
    return HistoryRow((zone, kind, lead.value), point.at_ms, (deciles[0], deciles[4], deciles[-1], chance, None, None))


def add_outcome(row: HistoryRow, known: KnownHour | None) -> HistoryRow:
    """Add the outcome to an issued row; None: the outcome is unknown."""
    came = (None, None) if known is None else (known.mean, known.free_share)
    return HistoryRow(row.tags, row.at_ms, (*row.fields[:CAME], *came))


def score_rows(rows: Collection[HistoryRow]) -> ForecastScores | None:
    """Score rows of FORECAST; None while none has an outcome."""
    issued = [one for row in rows if (one := _to_issued(row)) is not None]
    if not issued:
        return None
    forecasts = [
        (chance, outcome)
        for row in rows
        if (chance := row.fields[ODDS]) is not None and (outcome := row.fields[CAME_FREE]) is not None
    ]
    leads = {lead: _round_scores(found) for lead, found in score_by_lead(issued).items()}
    return ForecastScores(
        leads, tuple(one and _round_scores(one) for one in score_by_tenth(forecasts)) if forecasts else ()
    )


def _round_scores(figures: _F) -> _F:
    """Round scores to four decimals."""
    return type(figures)(*(round(value, 4) for value in astuple(figures)))


def _to_issued(row: HistoryRow) -> IssuedPoint | None:
    """Convert a row for scoring, which uses only the median and both ends."""
    low, middle, high, _, came, _ = row.fields
    if low is None or middle is None or high is None or came is None:
        return None
    point = ForecastPoint(row.at_ms, (low,) * 4 + (middle,) + (high,) * 4, middle, None, 0)
    return IssuedPoint(Lead(row.tags[-1]), point, came)
