"""Play events to the collector's sensor health, and collect its findings hour by hour.

In:    a plan, and events as the collector stores them.
Out:   the findings at any time; all findings until the end.
Never: a rule of its own. The journal is a file, and space states are computed from the same events, as in the pipeline.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from collector.evidence import Evidence, Heard
from collector.health.days import Name
from collector.health.findings import Finding, FindingKind
from collector.health.hours import HOUR_MS
from collector.health.watch import Watch
from collector.house import House
from collector.journal import Journal
from collector.plan import SitePlan
from collector.settings import RAW_HOURS_CEILING

Found = list[tuple[Name, Finding]]
"""Device and sensor, with the finding about it."""


class Watching:
    """One run of the collector's sensor health."""

    def __init__(self, plan: SitePlan, journal: Journal, now_ms: int) -> None:
        self.house = House(plan)
        self.watch = Watch(plan, journal, self.house, RAW_HOURS_CEILING, now_ms)
        self._plan, self._journal = plan, journal

    def take(self, events: Sequence[Heard], now_ms: int) -> None:
        """Store and evaluate events, then do everything that is due."""
        with self._journal.transaction():
            self._journal.add_events(events)
            self.house.take(events, now_ms, self._read_events)
            for event in events:
                self.watch.late((event.device, event.sensor), event.at_ms)
        self.pass_time(now_ms)

    def pass_time(self, now_ms: int) -> None:
        """Do everything that is due."""
        while self.watch.due(now_ms):
            with self._journal.transaction():
                self.watch.step(now_ms)

    def found(self, now_ms: int) -> Found:
        """Return the present findings."""
        self.watch.tell_all()
        return [
            ((device, finding.sensor), finding)
            for device, report in self.watch.to_tell(now_ms)
            for finding in report.findings
        ]

    def _read_events(self, space: str, evidence: Evidence) -> list[Heard]:
        keys = [sensor.key for sensor in self._plan.sensors_of(space)]
        return [event for event in self._journal.events(keys, evidence.at_ms) if event.key > evidence.key]


def ever_found(plan: SitePlan, events: Sequence[Heard], step_ms: int = HOUR_MS) -> Found:
    """Return all findings ever made, each kind once per sensor, as last reported.

    Args:
        plan: the site.
        events: stored events in canonical order.
        step_ms: interval between two looks at the findings.
    """
    latest: dict[tuple[Name, FindingKind], Finding] = {}
    start_ms = events[0].at_ms // HOUR_MS * HOUR_MS
    with TemporaryDirectory() as folder, closing(Journal(Path(folder) / "journal.sqlite")) as journal:
        watching = Watching(plan, journal, start_ms)
        place = 0
        for now_ms in range(start_ms + step_ms, events[-1].at_ms + 2 * step_ms, step_ms):
            first = place
            while place < len(events) and events[place].at_ms < now_ms:
                place += 1
            watching.take(events[first:place], now_ms)
            latest |= {(name, finding.kind): finding for name, finding in watching.found(now_ms)}
    return [(name, finding) for (name, _), finding in latest.items()]
