"""Plays a recording part by part, each after all others: what is learnt is judged on time that it had not seen.

In:    rows, which column counts people, the sensors.
Out:   what is shown in every part when the product has lived through the others first.
Never: a part that teaches for its own judgement.

A part is a day: what was recorded without a break belongs to the day on which it began. Where only one day has people
in it, its stretches between breaks are parts of their own, so that somebody is in the lessons.

A part is played as if it came days after the others, at its own time of day, to one space that lives through it all.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from bench.accuracy.player import Shown, Track, events, play, rules_of, spans
from collector.outward import Occupancy
from ledig.replay.rows import Row
from ledig.replay.scoring import DAY_MS

Part = Sequence[Row]
_APART_DAYS: Final = 2


def parts(rows: Sequence[Row], people: str) -> list[Part]:
    """The rows cut into days, or into stretches where a single day has people."""
    stretches = spans(rows)
    days = [
        [row for stretch in of_day for row in stretch]
        for _, of_day in groupby(stretches, key=lambda stretch: stretch[0].at_ms // DAY_MS)
    ]
    inhabited = sum(any(row.values[people] > 0 for row in day) for day in days)
    return list(days) if inhabited > 1 else list(stretches)


def shown_unseen(rows: Sequence[Row], people: str, tracks: Sequence[Track]) -> Shown:
    """What is shown over the whole recording, each part by a space that has learnt from all others."""
    shown: Shown = []
    for part in parts(rows, people):
        shown.append((part[0].at_ms, Occupancy.UNKNOWN))
        shown += _after_others(rows, part, tracks)
    return shown


def _after_others(rows: Sequence[Row], part: Part, tracks: Sequence[Track]) -> Iterator[tuple[int, str]]:
    others = [row for row in rows if not part[0].at_ms <= row.at_ms <= part[-1].at_ms]
    later_ms = (_APART_DAYS + max(0, rows[-1].at_ms - part[0].at_ms) // DAY_MS) * DAY_MS
    moved = [Row(row.at_ms + later_ms, row.values, row.key) for row in part]
    _, shown = play(events([*others, *moved], tracks), rules_of(tracks), moved[-1].at_ms)
    return ((at_ms - later_ms, state) for at_ms, state in shown if at_ms >= moved[0].at_ms)
