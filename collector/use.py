"""Turns the states of a space into how it was used, hour by hour.

In:    timelines: what a space was, from when.
Out:   rows of SPACE_HOUR, and the pieces of a timeline for others to add up.
Never: clocks, files. Time is counted in whole milliseconds and divided once, at the end, so that the same
       states give the same bytes.
"""

from collections.abc import Iterator, Sequence

from collector.history import HOUR_MS, SPACE_HOUR, Row
from collector.outward import TAKEN, Occupancy

Timeline = Sequence[tuple[int, Occupancy]]
"""What a space was: (from when, state), times strictly rising. Before the first it is unknown."""


def pieces(timeline: Timeline, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, Occupancy]]:
    """The states of `from_ms` <= t < `to_ms` as (start, end, state), without holes and oldest first."""
    start, state = from_ms, Occupancy.UNKNOWN
    for at_ms, after in timeline:
        if at_ms >= to_ms:
            break
        if at_ms > start:
            yield start, at_ms, state
            start = at_ms
        state = after
    if start < to_ms:
        yield start, to_ms, state


def space_hours(space: str, timeline: Timeline, from_ms: int, to_ms: int) -> list[Row]:
    """Rows of SPACE_HOUR for each hour (UTC) from `from_ms` to `to_ms`, both on the hour.

    Seconds taken, vacant and unknown; time in which the space was disabled is in none of them.
    """
    hours = [[0, 0, 0] for _ in range(from_ms, to_ms, HOUR_MS)]
    for start, end, state in pieces(timeline, from_ms, to_ms):
        field = _field(state)
        if field is None:
            continue
        for number in range((start - from_ms) // HOUR_MS, (end - 1 - from_ms) // HOUR_MS + 1):
            hour_ms = from_ms + number * HOUR_MS
            hours[number][field] += min(end, hour_ms + HOUR_MS) - max(start, hour_ms)
    return [
        Row((space,), from_ms + number * HOUR_MS, tuple(spent_ms / 1000 for spent_ms in hour))
        for number, hour in enumerate(hours)
    ]


def _field(state: Occupancy) -> int | None:
    if state is Occupancy.DISABLED:
        return None
    word = "taken_s" if state in TAKEN else "vacant_s" if state is Occupancy.VACANT else "unknown_s"
    return SPACE_HOUR.fields.index(word)
