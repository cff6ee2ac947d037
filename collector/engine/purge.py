"""Erases raw events and transitions after their retention, and keeps a checkpoint of each space.

In:    the journal inside its transaction, the states of the spaces, the moment before which data is erased.
Out:   fewer rows; for each space a checkpoint: its evidence and its state at that moment.
Never: more work in one call than its budget, an event that history still needs.
"""

from collector.alerts import alert_store
from collector.health.health_store import list_journal_keys
from collector.history.measures import BUCKET_MS
from collector.live.space_states import SpaceStates
from collector.occupancy.coarse_evidence import coarsen_evidence
from collector.occupancy.evaluate import find_lapses, fold_events
from collector.site.site_plan import SitePlan
from collector.store.blobs import EVIDENCE
from collector.store.journal import AIR_PREFIX, Checkpoint, Journal
from collector.store.stored_adjustments import ADJUSTMENTS_KEY
from collector.truth.truth_store import TRUTH_KEY
from edge.timekeeping.durations import MINUTE_MS

PURGE_EVERY_MS = 5 * MINUTE_MS
"""In site time."""
MAX_EVENTS_PER_STEP = 20_000
"""Most events that one call erases, plus at most one space's events: about 50 ms."""


class JournalPurge:
    """Works through all spaces and sensors, a bounded part with each call."""

    def __init__(self, plan: SitePlan, spaces: SpaceStates) -> None:
        self._spaces = spaces
        self._sensors = {space.id: [sensor.key for sensor in plan.sensors_of(space.id)] for space in plan.spaces}
        self._space_sensors = {key for keys in self._sensors.values() for key in keys}
        airs = (AIR_PREFIX + zone.id for zone in plan.zones)
        others = (*list_journal_keys(plan), alert_store.JOURNAL_KEY, ADJUSTMENTS_KEY, TRUTH_KEY)
        self._known = {*self._sensors, *airs, *others}
        self._pending: list[str] = []

    def purge_part(self, journal: Journal, before_ms: int, undated_after_ms: int) -> bool:
        """Erase a part of what is older than `before_ms`; returns whether another part is left."""
        if not self._pending:
            self._pending = list(self._sensors)
            self._purge_rest(journal, before_ms, undated_after_ms)
        spent = 0
        while self._pending and spent < MAX_EVENTS_PER_STEP:
            spent += self._purge_space(journal, self._pending.pop(), before_ms, undated_after_ms)
        return bool(self._pending)

    def _purge_space(self, journal: Journal, space: str, before_ms: int, undated_after_ms: int) -> int:
        """Fold the expiring events of one space into its checkpoint, then erase them."""
        rules, sensors = self._spaces.get_rules(space), self._sensors[space]
        start = self._spaces.get_checkpoint(space)
        events = [e for e in journal.read_events(sensors, start.at_ms, before_ms) if e.key > start.key]
        evidence, _ = fold_events(start, events, rules)
        transitions = find_lapses(evidence, rules, before_ms)
        state = transitions[-1].state if transitions else evidence.state
        evidence = coarsen_evidence(evidence, rules, before_ms)
        journal.store_checkpoint(space, Checkpoint(before_ms, state, EVIDENCE.encode(evidence)))
        self._spaces.set_checkpoint(space, evidence)
        newest = self._spaces.get_evidence(space)
        coarse = coarsen_evidence(newest, rules, before_ms)
        if coarse is not newest:  # the space may have no new event for months
            journal.store_values({space: EVIDENCE.encode(coarse)})
        journal.erase_transitions(space, before_ms)
        return journal.erase_events(sensors, before_ms, undated_after_ms)

    def _purge_rest(self, journal: Journal, before_ms: int, undated_after_ms: int) -> None:
        """Erase what belongs to no space (doors, air, removed sensors), rejections, and data of removed spaces."""
        journal.erase_events(journal.list_sensors() - self._space_sensors, before_ms, undated_after_ms)
        journal.rejections.erase_rejected(before_ms)
        journal.rejections.clear_gap_times(before_ms)
        journal.erase_people_estimates(before_ms - BUCKET_MS)  # late events are counted from the last of these on
        journal.erase_unknown_subjects(self._known, before_ms)
