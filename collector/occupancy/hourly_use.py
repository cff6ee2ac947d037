"""Hourly use of one space, from its timeline.

In:    timelines: states of a space with their start.
Out:   rows of SPACE_HOUR; the pieces of a timeline, for other measures.
Never: clocks, files; a figure of SPACE_HOUR that depends on when within its hour a space changed (0033).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from collector.contract.states import TAKEN_STATES, Occupancy
from collector.history.measures import SPACE_HOUR, HistoryRow
from edge.timekeeping.durations import HOUR_MS, HOUR_S

Timeline = Sequence[tuple[int, Occupancy]]
"""States of a space: (start, state), strictly ascending. Before the first it is unknown."""
HALF_HOUR_MS: Final = HOUR_MS // 2


def split_timeline(timeline: Timeline, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, Occupancy]]:
    """Yield the states of `from_ms` <= t < `to_ms` as (start, end, state), without gaps, oldest first."""
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


def compute_space_hours(space: str, timeline: Timeline, from_ms: int, to_ms: int) -> list[HistoryRow]:
    """Compute rows of SPACE_HOUR for each hour (UTC) from `from_ms` to `to_ms`, both on the hour.

    The state at half past counts for the whole hour: seconds of a single space would date arrivals and departures. An
    hour in which the space is disabled at half past is in no field.

    Args:
        space: its id, the tag of the rows.
        timeline: its states, from before `from_ms` on.
        from_ms: start of the first hour.
        to_ms: end of the last hour.
    """
    rows = []
    for hour_ms in range(from_ms, to_ms, HOUR_MS):
        field = _field_of(find_state(timeline, hour_ms + HALF_HOUR_MS))
        rows.append(
            HistoryRow(
                (space,), hour_ms, tuple(float(HOUR_S) if n == field else 0.0 for n in range(len(SPACE_HOUR.fields)))
            )
        )
    return rows


def find_state(timeline: Timeline, at_ms: int) -> Occupancy:
    """Return the state of a space at an instant, including a change at that instant; unknown before the first."""
    place = bisect_right(timeline, at_ms, key=itemgetter(0))
    return timeline[place - 1][1] if place else Occupancy.UNKNOWN


def _field_of(state: Occupancy) -> int | None:
    if state is Occupancy.DISABLED:
        return None
    name = "taken_s" if state in TAKEN_STATES else "vacant_s" if state is Occupancy.VACANT else "unknown_s"
    return SPACE_HOUR.fields.index(name)
