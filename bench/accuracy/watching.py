"""Play events to the collector's sensor health, and collect its findings hour by hour.

In:    a plan, and events as the collector stores them.
Out:   the findings at any time; all findings until the end.
Never: a rule of its own. The journal is a file, and space states are computed from the same events, as in the pipeline.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from collector.contract.findings import Finding, FindingKind
from collector.contract.loss_reasons import LossReason
from collector.health.health_service import HealthService
from collector.intake.rejection import RejectedInput
from collector.live.space_states import SpaceStates
from collector.occupancy.evidence import Evidence, StoredEvent
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.journal import Journal
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.timekeeping.durations import HOUR_MS

SensorFindings = list[tuple[SensorKey, Finding]]
"""Device and sensor, with the finding about it."""


class HealthRun:
    """One run of the collector's sensor health."""

    def __init__(self, plan: SitePlan, journal: Journal, now_ms: int) -> None:
        self.spaces = SpaceStates(plan)
        self.health = HealthService(plan, journal, self.spaces, MAX_RAW_HOURS, now_ms)
        self._plan, self._journal = plan, journal

    def add_events(self, sent: Sequence[StoredEvent], now_ms: int) -> None:
        """Reject the values that the contract rejects, store and evaluate the rest, and do everything that is due."""
        events = [event for event in sent if event.kind.low <= event.value <= event.kind.high]
        refused = [
            RejectedInput(
                event.device, LossReason.BAD_VALUE, b"", event.stream, event.seq, event.seq, event.sensor, "value"
            )
            for event in sent
            if not event.kind.low <= event.value <= event.kind.high
        ]
        with self._journal.transaction():
            self._journal.rejections.add_rejected(refused, now_ms)
            self._journal.add_events(events)
            self.spaces.apply_events(events, now_ms, self._read_events)
            for event in events:
                self.health.record_late_event((event.device, event.sensor), event.at_ms)
        self.run_due(now_ms)

    def run_due(self, now_ms: int) -> None:
        """Do everything that is due."""
        while self.health.is_due(now_ms):
            with self._journal.transaction():
                self.health.run_slice(now_ms)

    def list_findings(self, now_ms: int) -> SensorFindings:
        """Return the present findings; one about rejected events counts for each sensor that sent them."""
        self.health.republish_all()
        return [
            ((device, sensor), finding)
            for device, report in self.health.pop_changed_findings(now_ms)
            for finding in report.findings
            for sensor in (
                sorted({one.sensor for one in report.rejected})
                if finding.kind is FindingKind.REJECTED
                else [finding.sensor]
            )
        ]

    def _read_events(self, space: str, evidence: Evidence) -> list[StoredEvent]:
        keys = [sensor.key for sensor in self._plan.sensors_of(space)]
        return [event for event in self._journal.read_events(keys, evidence.at_ms) if event.key > evidence.key]


def collect_findings(plan: SitePlan, events: Sequence[StoredEvent], step_ms: int = HOUR_MS) -> SensorFindings:
    """Return all findings ever made, each kind once per sensor and quantity, as last reported.

    Args:
        plan: the site.
        events: stored events in canonical order.
        step_ms: interval between two looks at the findings.
    """
    latest: dict[tuple[SensorKey, FindingKind, str], Finding] = {}
    start_ms = events[0].at_ms // HOUR_MS * HOUR_MS
    with TemporaryDirectory() as folder, closing(Journal(Path(folder) / "journal.sqlite")) as journal:
        watching = HealthRun(plan, journal, start_ms)
        place = 0
        for now_ms in range(start_ms + step_ms, events[-1].at_ms + 2 * step_ms, step_ms):
            first = place
            while place < len(events) and events[place].at_ms < now_ms:
                place += 1
            watching.add_events(events[first:place], now_ms)
            latest |= {
                (name, finding.kind, finding.quantity): finding for name, finding in watching.list_findings(now_ms)
            }
    return [(name, finding) for (name, _, _), finding in latest.items()]
