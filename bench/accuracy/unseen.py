"""Play each part of a recording after all others, so that learned values are tested on unseen data.

In:    rows, the column with the number of people, the sensors.
Out:   the states shown in every part by a space that has learned from the other parts.
Never: a part that is used for learning before its own test.

A part is a day; rows without a break belong to the day on which they begin. If only one day has people in it, the
spans between breaks are the parts, so that the other parts have people to learn from.

A part is played as if it came days after the others, at the same time of day, to the space that has played them.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from bench.accuracy.player import SensorColumn, ShownStates, build_rules, derive_events, play_events, split_at_breaks
from collector.contract.states import Occupancy
from edge.timekeeping.durations import DAY_MS
from ledig.replay.recorded_rows import RecordedRow

RecordingPart = Sequence[RecordedRow]
_APART_DAYS: Final = 2


def split_parts(rows: Sequence[RecordedRow], people: str) -> list[RecordingPart]:
    """Split the rows into days, or into spans without a break if only one day has people."""
    stretches = split_at_breaks(rows)
    days = [
        [row for stretch in of_day for row in stretch]
        for _, of_day in groupby(stretches, key=lambda stretch: stretch[0].at_ms // DAY_MS)
    ]
    days_with_people = sum(any(row.values[people] > 0 for row in day) for day in days)
    return list(days) if days_with_people > 1 else list(stretches)


def play_unseen(rows: Sequence[RecordedRow], people: str, tracks: Sequence[SensorColumn]) -> ShownStates:
    """Return the states shown over the whole recording, each part by a space that has learned from all others."""
    shown: ShownStates = []
    for part in split_parts(rows, people):
        shown.append((part[0].at_ms, Occupancy.UNKNOWN))
        shown += _play_after_others(rows, part, tracks)
    return shown


def _play_after_others(
    rows: Sequence[RecordedRow], part: RecordingPart, tracks: Sequence[SensorColumn]
) -> Iterator[tuple[int, str]]:
    others = [row for row in rows if not part[0].at_ms <= row.at_ms <= part[-1].at_ms]
    later_ms = (_APART_DAYS + max(0, rows[-1].at_ms - part[0].at_ms) // DAY_MS) * DAY_MS
    shifted = [RecordedRow(row.at_ms + later_ms, row.values, row.key) for row in part]
    _, shown = play_events(derive_events([*others, *shifted], tracks), build_rules(tracks), shifted[-1].at_ms)
    return ((at_ms - later_ms, state) for at_ms, state in shown if at_ms >= shifted[0].at_ms)
