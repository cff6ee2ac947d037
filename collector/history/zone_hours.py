"""Hourly rows from five-minute rows, and the precision of stored rows.

In:    rows of ZONE_FIVE_MIN.
Out:   rows of ZONE_HOUR.
Never: clocks, files.
"""

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from collector.history.measures import HistoryRow
from edge.timekeeping.durations import HOUR_MS

MAX_UNCERTAIN_SHARE: Final = 0.2
"""A minimum uses only moments at which no larger share of the offered spaces is unknown: in an outage, the known
spaces do not show how many were free."""
AIR_DECIMALS: Final = {"co2_ppm": 0, "temperature_c": 1, "humidity_pct": 0}
"""Decimals of a stored mean, by the precision of the sensors."""


def compute_zone_hours(rows: Iterable[HistoryRow]) -> list[HistoryRow]:
    """Compute rows of ZONE_HOUR from all rows of ZONE_FIVE_MIN of some hours of one series, oldest first."""
    hours: list[HistoryRow] = []
    for at_ms, group in groupby(rows, lambda row: row.at_ms - row.at_ms % HOUR_MS):
        within = list(group)
        capacity, taken, peak, free, unknown = zip(*(row.fields for row in within), strict=True)
        of = len(within)
        known = [least for least in free if least is not None]
        hours.append(
            HistoryRow(
                within[0].tags,
                at_ms,
                (
                    float(of),
                    math.fsum(capacity) / of,
                    math.fsum(taken) / of,
                    max(peak),
                    min(known, default=None),
                    math.fsum(unknown) / of,
                    float(known.count(0)),
                ),
            )
        )
    return hours
