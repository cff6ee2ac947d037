"""Turns states and readings into five-minute series of zones and the whole site.

In:    timelines of the spaces of a zone; readings of the air.
Out:   rows of ZONE_FIVE_MIN, ZONE_HOUR and AIR_FIVE_MIN.
Never: clocks, files. Sums are whole numbers (or exactly rounded) and divided once, at the end: the same events
       give the same bytes, whatever order they came in.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from collector.history import AIR_FIVE_MIN, HOUR_MS, ZONE_FIVE_MIN, Row
from collector.outward import TAKEN, Occupancy
from collector.use import Timeline

BUCKET_MS = ZONE_FIVE_MIN.bucket_ms
"""All series share one bucket."""
MOST_UNCERTAIN = 0.2
"""A minimum uses only moments at which no larger share of the offered spaces is unknown. In an outage the known rest
says nothing of how many were free."""


@dataclass(frozen=True, slots=True)
class Member:
    """One space in the sum of its zone. A dedicated desk is not `offered`: it is never free for anybody."""

    offered: bool
    timeline: Timeline


@dataclass(slots=True)
class _Sum:
    """Spaces of a zone at one instant."""

    capacity: int
    taken: int = 0
    unknown: int = 0
    offered: int = 0
    """Spaces that anybody may take and that are in use."""
    free: int = 0
    """Of the offered ones, those known to be vacant."""
    uncertain: int = 0
    """Of the offered ones, those whose state is unknown."""

    def add(self, member: Member, state: Occupancy, sign: int) -> None:
        if state is Occupancy.DISABLED:
            self.capacity -= sign
            return
        is_unknown = state not in TAKEN and state is not Occupancy.VACANT
        self.taken += sign * (state in TAKEN)
        self.unknown += sign * is_unknown
        if member.offered:
            self.offered += sign
            self.uncertain += sign * is_unknown
            self.free += sign * (state is Occupancy.VACANT)

    @property
    def surplus(self) -> int | None:
        """The most spaces that can be free; None while too many are unknown to say anything of a minimum."""
        if self.uncertain > MOST_UNCERTAIN * self.offered:
            return None
        return self.free + self.uncertain


class _Bucket:
    """What is added up over five minutes: space-milliseconds, the greatest and the least sum."""

    def __init__(self) -> None:
        self.capacity_ms = self.taken_ms = self.unknown_ms = self.taken_peak = 0
        self.free_least: int | None = None

    def add(self, now: _Sum, span_ms: int) -> None:
        self.capacity_ms += now.capacity * span_ms
        self.taken_ms += now.taken * span_ms
        self.unknown_ms += now.unknown * span_ms
        self.taken_peak = max(self.taken_peak, now.taken)
        surplus = now.surplus
        if surplus is not None:
            self.free_least = surplus if self.free_least is None else min(self.free_least, surplus)

    def row(self, tags: tuple[str, ...], at_ms: int) -> Row:
        """Means over the whole bucket, in the order of ZONE_FIVE_MIN's fields."""
        return Row(
            tags,
            at_ms,
            (
                self.capacity_ms / BUCKET_MS,
                self.taken_ms / BUCKET_MS,
                float(self.taken_peak),
                None if self.free_least is None else float(self.free_least),
                self.unknown_ms / BUCKET_MS,
            ),
        )


def zone_rows(tags: tuple[str, ...], members: Sequence[Member], from_ms: int, to_ms: int) -> list[Row]:
    """Rows of ZONE_FIVE_MIN for the buckets from `from_ms` to `to_ms`, both on a bucket's edge.

    Args:
        tags: zone (or WHOLE_SITE) and kind.
        members: the spaces of that kind there that count (`privacy.counted`): dedicated ones do in `capacity`,
            `taken_mean` and `taken_peak`. What stands in history of under five seats is for the pages to hide.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    now = _Sum(len(members))
    states = [Occupancy.UNKNOWN] * len(members)
    for member in members:
        now.add(member, Occupancy.UNKNOWN, 1)
    buckets = [_Bucket() for _ in range(from_ms, to_ms, BUCKET_MS)]
    at_ms = from_ms
    for change_ms, number, state in _changes(members, to_ms):
        _spend(buckets, now, from_ms, at_ms, change_ms)
        at_ms = max(at_ms, change_ms)
        now.add(members[number], states[number], -1)
        now.add(members[number], state, 1)
        states[number] = state
    _spend(buckets, now, from_ms, at_ms, to_ms)
    return [bucket.row(tags, from_ms + number * BUCKET_MS) for number, bucket in enumerate(buckets)]


def zone_hours(rows: Iterable[Row]) -> list[Row]:
    """Rows of ZONE_HOUR from all rows of ZONE_FIVE_MIN of some hours of one series, oldest first."""
    hours: list[Row] = []
    for at_ms, group in groupby(rows, lambda row: row.at_ms - row.at_ms % HOUR_MS):
        within = list(group)
        capacity, taken, peak, free, unknown = zip(*(row.fields for row in within), strict=True)
        of = len(within)
        known = [least for least in free if least is not None]
        hours.append(
            Row(
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


def without_uncertain_minimum(row: Row) -> Row:
    """A row of ZONE_FIVE_MIN without its minimum if, in the mean, too many spaces were unknown for one."""
    capacity, taken_mean, taken_peak, _free_least, unknown_mean = (field or 0.0 for field in row.fields)
    if unknown_mean <= MOST_UNCERTAIN * capacity:
        return row
    return Row(row.tags, row.at_ms, (capacity, taken_mean, taken_peak, None, unknown_mean))


def _changes(members: Sequence[Member], to_ms: int) -> list[tuple[int, int, Occupancy]]:
    changes = [
        (at_ms, number, state)
        for number, member in enumerate(members)
        for at_ms, state in member.timeline
        if at_ms < to_ms
    ]
    changes.sort(key=itemgetter(0))  # what changes in one millisecond changes at once: no time passes between
    return changes


def _spend(buckets: list[_Bucket], now: _Sum, from_ms: int, start_ms: int, end_ms: int) -> None:
    while start_ms < end_ms:
        number = (start_ms - from_ms) // BUCKET_MS
        until_ms = min(end_ms, from_ms + (number + 1) * BUCKET_MS)
        buckets[number].add(now, until_ms - start_ms)
        start_ms = until_ms


def air_rows(zone: str, readings: Iterable[tuple[int, str, float]], from_ms: int, to_ms: int) -> list[Row]:
    """Rows of AIR_FIVE_MIN for the buckets from `from_ms` to `to_ms`; none for a bucket without a reading.

    Args:
        zone: whose air it is.
        readings: (when, kind, value); kinds that are no field of the measure are left out.
        from_ms: start of the first bucket.
        to_ms: end of the last.
    """
    buckets: dict[int, dict[str, list[float]]] = {}
    for at_ms, kind, value in readings:
        if from_ms <= at_ms < to_ms and kind in AIR_FIVE_MIN.fields:
            buckets.setdefault(at_ms - at_ms % BUCKET_MS, {}).setdefault(kind, []).append(value)
    return [
        Row((zone,), bucket_ms, tuple(_mean(values.get(kind, [])) for kind in AIR_FIVE_MIN.fields))
        for bucket_ms, values in sorted(buckets.items())
    ]


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None  # fsum: no order of adding shows in the last digit
