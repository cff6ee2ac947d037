"""Keep issued forecasts with their outcomes, and score them.

In:    points as they are issued, known hours, rows of FORECAST.
Out:   rows of FORECAST, and their scores.
Never: clocks, files, changes to what was issued.
"""

from collections.abc import Collection
from typing import TypeVar

from msgspec.structs import astuple

from collector.forecast import Point
from collector.forecast.known_hours import Known
from collector.forecast.odds import odds
from collector.forecast.outlook import Hindsight, counts
from collector.forecast.score import Issued, Kept, Lead, Score, by_lead, by_tenth
from collector.history import Row

LOW, MIDDLE, HIGH, ODDS, CAME, CAME_FREE = range(6)  # the order of FORECAST's fields

_F = TypeVar("_F", Score, Kept)


def promise(zone: str, kind: str, lead: Lead, point: Point) -> Row:
    """Build the row of an issued point.

    Args:
        zone: or WHOLE_SITE.
        kind: kind of space, or PEOPLE.
        lead: how long before its hour it is issued.
        point: the forecast.
    """
    deciles = counts(point)
    chance = None if point.capacity is None else odds(point, 1)
    return Row((zone, kind, lead.value), point.at_ms, (deciles[0], deciles[4], deciles[-1], chance, None, None))


def with_outcome(row: Row, known: Known | None) -> Row:
    """Add the outcome to an issued row; None: the outcome is unknown."""
    came = (None, None) if known is None else (known.mean, known.free_share)
    return Row(row.tags, row.at_ms, (*row.fields[:CAME], *came))


def hindsight(rows: Collection[Row]) -> Hindsight | None:
    """Score rows of FORECAST; None while none has an outcome."""
    issued = [one for row in rows if (one := _to_issued(row)) is not None]
    if not issued:
        return None
    promises = [
        (chance, kept)
        for row in rows
        if (chance := row.fields[ODDS]) is not None and (kept := row.fields[CAME_FREE]) is not None
    ]
    leads = {lead: _round_scores(found) for lead, found in by_lead(issued).items()}
    return Hindsight(leads, tuple(one and _round_scores(one) for one in by_tenth(promises)) if promises else ())


def _round_scores(figures: _F) -> _F:
    """Round scores to four decimals."""
    return type(figures)(*(round(value, 4) for value in astuple(figures)))


def _to_issued(row: Row) -> Issued | None:
    """Convert a row for scoring, which uses only the median and both ends."""
    low, middle, high, _, came, _ = row.fields
    if low is None or middle is None or high is None or came is None:
        return None
    point = Point(row.at_ms, (low,) * 4 + (middle,) + (high,) * 4, middle, None, 0)
    return Issued(Lead(row.tags[-1]), point, came)
