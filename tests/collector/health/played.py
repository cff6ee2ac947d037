"""Replays events through the collector's own health service and reads its findings at the end of each day.

In:    a plan, events, a folder for the journal.
Out:   the findings at the end of each day.
Never: a stand-in: the journal is a file, and the spaces are evaluated too.
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
    """Yield the findings at the end of each day."""
    start_ms = events[0].at_ms // HOUR_MS * HOUR_MS
    with closing(Journal(folder / "journal.sqlite")) as journal:
        watching = Watching(plan, journal, start_ms)
        index = 0
        for now_ms in range(start_ms + DAY_MS, until_ms + 1, DAY_MS):
            first = index
            while index < len(events) and events[index].at_ms < now_ms:
                index += 1
            watching.take(events[first:index], now_ms)
            yield watching.found(now_ms)
