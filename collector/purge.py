"""Forgets raw events and single transitions after their hours, and keeps what they left behind.

In:    the journal inside its transaction, the house, the moment before which things are forgotten.
Out:   fewer rows; for each space a checkpoint: its evidence and its state at that moment.
Never: more work in one call than its budget, an event that history still needs.
"""

import msgspec

from collector import adjustments
from collector.alerts import store as alerts
from collector.health.store import kept_names
from collector.house import House
from collector.inference import advance, fold
from collector.inference.coarse import coarsened
from collector.journal import AIR, Checkpoint, Journal
from collector.people.doors import BUCKET_MS
from collector.plan import SitePlan

PURGE_EVERY_MS = 300_000
"""In house time."""
BUDGET = 20_000
"""The most events that one call forgets, give or take one space's: some 50 ms."""

_encoder = msgspec.msgpack.Encoder()


class Purge:
    """Goes round all spaces and sensors, a bounded piece with each call."""

    def __init__(self, plan: SitePlan, house: House) -> None:
        self._house = house
        self._sensors = {space.id: [sensor.key for sensor in plan.sensors_of(space.id)] for space in plan.spaces}
        self._of_spaces = {key for keys in self._sensors.values() for key in keys}
        airs = (AIR + zone.id for zone in plan.zones)
        self._known = {*self._sensors, *airs, *kept_names(plan), alerts.NAME, adjustments.NAME}
        self._left: list[str] = []

    def step(self, journal: Journal, before_ms: int, undated_after_ms: int) -> bool:
        """Forget a piece of what is older than `before_ms`; returns whether a piece is left for the next call."""
        if not self._left:
            self._left = list(self._sensors)
            self._rest(journal, before_ms, undated_after_ms)
        spent = 0
        while self._left and spent < BUDGET:
            spent += self._space(journal, self._left.pop(), before_ms, undated_after_ms)
        return bool(self._left)

    def _space(self, journal: Journal, space: str, before_ms: int, undated_after_ms: int) -> int:
        """Fold the events of one space that are to be forgotten into its checkpoint; forget them."""
        rules, sensors = self._house.rules(space), self._sensors[space]
        start = self._house.checkpoint(space)
        events = [e for e in journal.events(sensors, start.at_ms, before_ms) if e.key > start.key]
        evidence, _ = fold(start, events, rules)
        lapses = advance(evidence, rules, before_ms)
        state = lapses[-1].state if lapses else evidence.state
        evidence = coarsened(evidence, rules, before_ms)
        journal.set_checkpoint(space, Checkpoint(before_ms, state, _encoder.encode(evidence)))
        self._house.set_checkpoint(space, evidence)
        newest = self._house.evidence(space)
        coarse = coarsened(newest, rules, before_ms)
        if coarse is not newest:  # it may have no new event for months
            journal.set_settled({space: _encoder.encode(coarse)})
        journal.erase_transitions(space, before_ms)
        return journal.erase_events(sensors, before_ms, undated_after_ms)

    def _rest(self, journal: Journal, before_ms: int, undated_after_ms: int) -> None:
        """What belongs to no space: doors, air, sensors that left the plan; refusals; what old spaces left."""
        journal.erase_events(journal.sensors() - self._of_spaces, before_ms, undated_after_ms)
        journal.erase_refused(before_ms)
        journal.forget_gap_times(before_ms)
        journal.erase_crowds(before_ms - BUCKET_MS)  # from the last of them on, late events are counted
        journal.erase_strangers(self._known, before_ms)
