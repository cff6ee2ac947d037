"""Read the shown states and the events from the collector's journal before they are erased.

In:    the journal's file, read-only; the site time reached.
Out:   every transition of every space and every event since the start; the number of stored events.
Never: writing. Only the collector writes; it erases events and transitions after 72 hours of site time.
"""

from pathlib import Path
from typing import Final

from collector.occupancy.evidence import StoredEvent
from collector.site.site_plan import SitePlan
from collector.store.read_only import read_journal
from edge.contract.raw_retention import MAX_RAW_HOURS
from edge.timekeeping.durations import HOUR_MS

READ_EVERY_MS: Final = 12 * HOUR_MS
"""Interval in site time, well below the retention of the journal."""
_REREAD_MS: Final = (MAX_RAW_HOURS - 12) * HOUR_MS
"""Younger transitions are still in the journal, and late events may still correct them."""


class ReplayJournal:
    """The transitions of each space read so far, as pairs of Unix milliseconds and state, oldest first."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.transitions: dict[str, list[tuple[int, str]]] = {}
        self._events: set[StoredEvent] = set()

    def read_new(self, now_ms: int) -> None:
        """Read the journal's content; it replaces what was read earlier for the same hours."""
        with read_journal(self._journal) as stored:
            rows = stored.read_transitions()
            self._events.update(stored.iterate_events())
        from_ms = now_ms - _REREAD_MS
        for space, before in self.transitions.items():
            self.transitions[space] = [transition for transition in before if transition[0] < from_ms]
        for space, at_ms, state in rows:
            shown = self.transitions.setdefault(space, [])
            if not shown or at_ms > shown[-1][0]:
                shown.append((at_ms, state))

    def events_by_space(self, plan: SitePlan) -> dict[str, list[StoredEvent]]:
        """Return the stored events of each space read so far, in canonical order."""
        spaces = {sensor.key: sensor.space for sensor in plan.sensors if sensor.space is not None}
        found: dict[str, list[StoredEvent]] = {space.id: [] for space in plan.spaces}
        for event in sorted(self._events):
            if (space := spaces.get((event.device, event.sensor))) is not None:
                found[space].append(event)
        return found

    def count_stored(self, device: str, stream: str) -> int:
        """Return the number of stored events of a stream."""
        with read_journal(self._journal) as stored:
            return stored.read_stored_up_to(device, stream) - stored.count_missing(device, stream)
