"""Plays stored events to the collector's own watch over its sensors, day by day.

In:    a plan, events, a folder for the journal.
Out:   what is found at the end of each day, and at last.
Never: a stand-in: the journal is a file, the house judges the events too.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from collector.evidence import Heard
from collector.findings import Finding
from collector.health.days import Name
from collector.health.hours import HOUR_MS
from collector.health.watch import Watch
from collector.house import House
from collector.journal import Journal
from collector.plan import SitePlan

DAY_MS = 24 * HOUR_MS


class Played:
    """One run of the collector's watch."""

    def __init__(self, plan: SitePlan, journal: Journal, now_ms: int) -> None:
        self.house = House(plan)
        self.journal = journal
        self.watch = Watch(plan, journal, self.house, 72, now_ms)

    def take(self, events: Sequence[Heard], now_ms: int) -> None:
        """Store events and do all that is due then."""
        with self.journal.transaction():
            self.journal.add_events(events)
            for event in events:
                self.watch.late((event.device, event.sensor), event.at_ms)
        while self.watch.due(now_ms):
            with self.journal.transaction():
                self.watch.step(now_ms)

    def found(self, now_ms: int) -> list[tuple[Name, Finding]]:
        """Everything that is found now."""
        self.watch.tell_all()
        return [
            ((device, finding.sensor), finding)
            for device, told in self.watch.to_tell(now_ms)
            for finding in told.findings
        ]


def found_by_day(
    plan: SitePlan, events: Sequence[Heard], folder: Path, until_ms: int
) -> Iterator[list[tuple[Name, Finding]]]:
    """What is found at the end of each day."""
    begun = events[0].at_ms // HOUR_MS * HOUR_MS
    with closing(Journal(folder / "journal.sqlite")) as journal:
        played = Played(plan, journal, begun)
        place = 0
        for now_ms in range(begun + DAY_MS, until_ms + 1, DAY_MS):
            first = place
            while place < len(events) and events[place].at_ms < now_ms:
                place += 1
            played.take(events[first:place], now_ms)
            yield played.found(now_ms)
