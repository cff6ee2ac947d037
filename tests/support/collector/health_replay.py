"""Replays events through the collector's own health service and reads its findings at the end of each day.

In:    a plan, events, a folder for the journal.
Out:   the findings at the end of each day.
Never: a stand-in: the journal is a file, and the spaces are evaluated too.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bench.accuracy.watching import HealthRun, SensorFindings
from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from edge.timekeeping.durations import DAY_MS, HOUR_MS


def replay_findings_by_day(
    plan: SitePlan, events: Sequence[StoredEvent], folder: Path, until_ms: int
) -> Iterator[SensorFindings]:
    """Yield the findings at the end of each day."""
    start_ms = events[0].at_ms // HOUR_MS * HOUR_MS
    with closing(Journal(folder / "journal.sqlite")) as journal:
        watching = HealthRun(plan, journal, start_ms)
        index = 0
        for now_ms in range(start_ms + DAY_MS, until_ms + 1, DAY_MS):
            first = index
            while index < len(events) and events[index].at_ms < now_ms:
                index += 1
            watching.add_events(events[first:index], now_ms)
            yield watching.list_findings(now_ms)
