"""Counts how long spaces were kept: the stays that ended on one day, by classes of length.

In:    timelines of the spaces of a zone.
Out:   rows of STAYS.
Never: clocks, files; whose stay it was, on which space, or when it began.

A stay goes on while its space is taken, away included, so it ends with the hold after the last movement. What is
`LONGEST_MS` or longer is one class, whatever came before: so nothing older than that need be known of a day.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from collector.history import HOUR_MS, MINUTE_MS, STAYS, Row
from collector.outward import TAKEN, Occupancy
from collector.use import Timeline, pieces

BOUNDS_MS: Final = (15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS)
"""Where one class of STAYS ends and the next begins."""
LONGEST_MS: Final = BOUNDS_MS[-1]
CUT_SHORT: Final = STAYS.fields.index("cut_short")
LONGER: Final = STAYS.fields.index("longer")

Stay = tuple[int, int]
"""When it ended (Unix ms), and its class: the number of a field of STAYS."""


def stay_rows(tags: tuple[str, ...], timelines: Sequence[Timeline], from_ms: int, to_ms: int) -> list[Row]:
    """The row of one day, from `from_ms` to `to_ms`; none if nothing was known of these spaces all day.

    Args:
        tags: zone (or WHOLE_SITE) and kind.
        timelines: of the offered spaces, known from `LONGEST_MS` before the day on.
        from_ms: local midnight.
        to_ms: the next.
    """
    if not any(_known(timeline, from_ms, to_ms) for timeline in timelines):
        return []
    counts = [0] * len(STAYS.fields)
    for timeline in timelines:
        for ended_ms, number in _stays(timeline, from_ms - LONGEST_MS, to_ms):
            counts[number] += ended_ms >= from_ms
    return [Row(tags, from_ms, tuple(float(count) for count in counts))]


def _stays(timeline: Timeline, from_ms: int, to_ms: int) -> Iterator[Stay]:
    """The stays that ended in a span; one that is not over is none yet."""
    before = Occupancy.UNKNOWN
    begun: int | None = None
    whole = False
    for start_ms, _end_ms, state in pieces(timeline, from_ms, to_ms):
        if state in TAKEN:
            if begun is None:
                begun, whole = start_ms, before is Occupancy.VACANT
        elif begun is not None:
            yield start_ms, _class(start_ms - begun, whole=whole and state is Occupancy.VACANT)
            begun = None
        before = state


def _class(length_ms: int, *, whole: bool) -> int:
    if length_ms >= LONGEST_MS:
        return LONGER
    return bisect_right(BOUNDS_MS, length_ms) if whole else CUT_SHORT


def _known(timeline: Timeline, from_ms: int, to_ms: int) -> bool:
    return any(state is not Occupancy.UNKNOWN for _start, _end, state in pieces(timeline, from_ms, to_ms))
