"""Counts of the lengths of stays that ended on one day, by classes of length.

In:    timelines of the spaces of a zone.
Out:   rows of STAYS.
Never: clocks, files; the person, the space or the start of a stay.

A stay lasts while its space is taken, away included, so it ends with the hold after the last motion. Stays of
`LONGEST_CLASS_MS` or longer are one class, whatever their start: so a day needs no data that is older than that.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from collector.contract.states import TAKEN_STATES, Occupancy
from collector.history.measures import STAYS, HistoryRow
from collector.occupancy.hourly_use import Timeline, split_timeline
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

CLASS_BOUNDS_MS: Final = (15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS)
"""Bounds between the classes of STAYS."""
LONGEST_CLASS_MS: Final = CLASS_BOUNDS_MS[-1]
CUT_SHORT_FIELD: Final = STAYS.fields.index("cut_short")
LONGER_FIELD: Final = STAYS.fields.index("longer")

Stay = tuple[int, int]
"""End (Unix ms), and class: the index of a field of STAYS."""


def compute_stay_rows(
    tags: tuple[str, ...], timelines: Sequence[Timeline], from_ms: int, to_ms: int
) -> list[HistoryRow]:
    """Compute the row of one day; none if the states of these spaces were unknown all day.

    Args:
        tags: zone (or WHOLE_SITE) and kind.
        timelines: of the offered spaces, from `LONGEST_CLASS_MS` before the day on.
        from_ms: local midnight.
        to_ms: the next local midnight.
    """
    if not any(_is_any_known(timeline, from_ms, to_ms) for timeline in timelines):
        return []
    counts = [0] * len(STAYS.fields)
    for timeline in timelines:
        for ended_ms, number in _ended_stays(timeline, from_ms - LONGEST_CLASS_MS, to_ms):
            counts[number] += ended_ms >= from_ms
    return [HistoryRow(tags, from_ms, tuple(float(count) for count in counts))]


def _ended_stays(timeline: Timeline, from_ms: int, to_ms: int) -> Iterator[Stay]:
    """Yield the stays that ended in a span."""
    before = Occupancy.UNKNOWN
    begun: int | None = None
    is_whole = False
    for start_ms, _end_ms, state in split_timeline(timeline, from_ms, to_ms):
        if state in TAKEN_STATES:
            if begun is None:
                begun, is_whole = start_ms, before is Occupancy.VACANT
        elif begun is not None:
            yield start_ms, _length_class(start_ms - begun, is_whole=is_whole and state is Occupancy.VACANT)
            begun = None
        before = state


def _length_class(length_ms: int, *, is_whole: bool) -> int:
    if length_ms >= LONGEST_CLASS_MS:
        return LONGER_FIELD
    return bisect_right(CLASS_BOUNDS_MS, length_ms) if is_whole else CUT_SHORT_FIELD


def _is_any_known(timeline: Timeline, from_ms: int, to_ms: int) -> bool:
    return any(state is not Occupancy.UNKNOWN for _start, _end, state in split_timeline(timeline, from_ms, to_ms))
