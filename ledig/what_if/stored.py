"""Read from a site's journal the stored events of its spaces, and the evidence before them.

In:    the journal's file, while a collector may be writing it.
Out:   the span that it covers, and the stored events of one space at a time.
Never: writes, WAL checkpoints or long reads; the collector is not disturbed.
"""

from pathlib import Path

from collector.history.measures import HistoryAway
from collector.occupancy.evidence import EMPTY_EVIDENCE
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.blobs import EVIDENCE
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.journal_tables import JournalTables
from collector.store.metadata_keys import ERASED_UNTIL
from collector.store.read_only import read_journal
from ledig.what_if.comparison import StoredSpace


class StoredEventsRejected(ValueError):
    """The journal contains no events that could be evaluated again."""


class StoredEvents:
    """The stored events of one site.

    Attributes:
        span: from the earliest time after which all events are stored to the newest event.

    Raises:
        HistoryAway: the journal does not exist or cannot be read.
        StoredEventsRejected: the journal has no event of a space, or was written by a newer Ledig.
    """

    def __init__(self, journal: Path, plan: SitePlan) -> None:
        if not journal.exists():
            finding = "there is no journal; the collector creates it when it first starts"
            raise HistoryAway(f"{journal}: {finding}; for a site of `ledig up`, give its folder: --data DIR")
        self._journal, self._plan = journal, plan
        with read_journal(self._journal) as stored:
            version = stored.read_version()
            if version > len(MIGRATION_STEPS):
                raise StoredEventsRejected(f"{journal}: a newer Ledig wrote it; install that version")
            if version < len(MIGRATION_STEPS):
                raise StoredEventsRejected(f"{journal}: an older Ledig wrote it; start this version's collector on it")
            self.span = self._find_span(stored)

    def read_space(self, space: str) -> StoredSpace:
        """Read the events of one space and its evidence before them."""
        with read_journal(self._journal) as stored:
            body = stored.read_checkpoint(space)
            before = EMPTY_EVIDENCE if body is None else EVIDENCE.decode(body)
            events = [
                event
                for key in self._sensor_keys(space)
                for event in stored.iterate_events(key, self.span[1])
                if event.key > before.key
            ]
        return StoredSpace(sorted(events), before)

    def _find_span(self, stored: JournalTables) -> tuple[int, int]:
        sensors = {key for space in self._plan.spaces for key in self._sensor_keys(space.id)}
        newest = stored.read_last_events()
        first = [at_ms for key in sensors if (at_ms := stored.read_first_event_ms(key)) is not None]
        last = [newest[key] for key in sensors if key in newest]
        if not first or not last:
            raise StoredEventsRejected(f"{self._journal}: no events are stored yet; let the site run for a while first")
        return max(min(first), stored.read_number(ERASED_UNTIL) or 0), max(last)

    def _sensor_keys(self, space: str) -> list[SensorKey]:
        return [sensor.key for sensor in self._plan.sensors_of(space)]
