"""Plays events to the collector's own watch over its sensors, and asks it at the end of each day.

In:    a plan, events, a folder for the journal.
Out:   what is found at the end of each day.
Never: a stand-in: the journal is a file, the house judges the events too.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bench.accuracy.watching import Found, Watching
from collector.evidence import Heard
from collector.health.hours import HOUR_MS
from collector.journal import Journal
from collector.plan import SitePlan

DAY_MS = 24 * HOUR_MS


def found_by_day(plan: SitePlan, events: Sequence[Heard], folder: Path, until_ms: int) -> Iterator[Found]:
    """What is found at the end of each day."""
    begun = events[0].at_ms // HOUR_MS * HOUR_MS
    with closing(Journal(folder / "journal.sqlite")) as journal:
        watching = Watching(plan, journal, begun)
        place = 0
        for now_ms in range(begun + DAY_MS, until_ms + 1, DAY_MS):
            first = place
            while place < len(events) and events[place].at_ms < now_ms:
                place += 1
            watching.take(events[first:place], now_ms)
            yield watching.found(now_ms)
