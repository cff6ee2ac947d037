"""Five-minute counts of zones and the whole site, and means of their air, for history.

In:    timelines of the spaces of a zone; readings of the air.
Out:   rows of ZONE_FIVE_MIN and AIR_FIVE_MIN.
Never: clocks, files; a figure that depends on when within its bucket a space changed (docs/decisions/0033).

A count is taken at one instant, the start of its bucket. A mean over the bucket would reveal when a single space
changed: 0.94 of 300 s is a change 18 s after the start.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.contract.states import TAKEN_STATES, Occupancy
from collector.history.measures import AIR_FIVE_MIN, BUCKET_MS, HistoryRow
from collector.history.zone_hours import AIR_DECIMALS, MAX_UNCERTAIN_SHARE
from collector.occupancy.hourly_use import Timeline, find_state
from collector.site.privacy_limits import MIN_SHOWN_GROUP, coarsen_count


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """Spaces counted together and coarsened as one number. Dedicated ones are not `offered` and never free."""

    offered: bool
    timelines: Sequence[Timeline]


def compute_zone_rows(tags: tuple[str, ...], parts: Sequence[SeriesPart], from_ms: int, to_ms: int) -> list[HistoryRow]:
    """Compute rows of ZONE_FIVE_MIN for the buckets from `from_ms` to `to_ms`, both on a bucket's edge.

    Args:
        tags: zone (or WHOLE_SITE) and kind.
        parts: the spaces of that kind, as `build_series_groups` divides them. The rows of a zone and of the site are
            sums of the same coarse numbers, so that differences of rows reveal no more than the rows.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    return [_row(tags, parts, at_ms) for at_ms in range(from_ms, to_ms, BUCKET_MS)]


def _row(tags: tuple[str, ...], parts: Sequence[SeriesPart], at_ms: int) -> HistoryRow:
    """Count one instant. An offered space with an unknown state may be free.

    If fewer than five spaces are usable and some are taken, the coarse number does not show how many are free.
    """
    capacity = unknown = offered = uncertain = 0
    taken = free = 0.0
    for part in parts:
        states = [find_state(timeline, at_ms) for timeline in part.timelines]
        usable = [state for state in states if state is not Occupancy.DISABLED]
        known = [state for state in usable if state in TAKEN_STATES or state is Occupancy.VACANT]
        counted = coarsen_count(sum(state in TAKEN_STATES for state in known))
        capacity += len(usable)
        unknown += len(usable) - len(known)
        taken += counted
        if part.offered:
            offered += len(usable)
            uncertain += len(usable) if counted and len(usable) < MIN_SHOWN_GROUP else len(usable) - len(known)
            free += max(0.0, len(usable) - counted)
    least = None if uncertain > MAX_UNCERTAIN_SHARE * offered else free
    return HistoryRow(tags, at_ms, (float(capacity), taken, taken, least, float(unknown)))


def compute_air_rows(
    zone: str, readings: Iterable[tuple[int, str, float]], from_ms: int, to_ms: int
) -> list[HistoryRow]:
    """Compute rows of AIR_FIVE_MIN for the buckets from `from_ms` to `to_ms`; none for a bucket without readings.

    Args:
        zone: the zone of the air.
        readings: (time, kind, value); kinds that the measure does not have are ignored.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    buckets: dict[int, dict[str, list[float]]] = {}
    for at_ms, kind, value in readings:
        if from_ms <= at_ms < to_ms and kind in AIR_FIVE_MIN.fields:
            buckets.setdefault(at_ms - at_ms % BUCKET_MS, {}).setdefault(kind, []).append(value)
    return [
        HistoryRow(
            (zone,), bucket_ms, tuple(_mean(values.get(kind, []), AIR_DECIMALS[kind]) for kind in AIR_FIVE_MIN.fields)
        )
        for bucket_ms, values in sorted(buckets.items())
    ]


def _mean(values: list[float], digits: int) -> float | None:
    if not values:
        return None
    return round(math.fsum(values) / len(values), digits)  # fsum: the result does not depend on the order
