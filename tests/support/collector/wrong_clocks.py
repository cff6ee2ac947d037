"""A site on one simulated machine whose clock can be wrong, for tests: the collector's pipeline, with time as a value.

In:    a folder; what is wrong with the clock, and when.
Out:   the journal's rows at the end.
Never: real time; sockets, threads.
"""

from collections import deque
from contextlib import closing
from pathlib import Path

from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS
from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.engine.startup import load_initial_estimate, start_pipeline
from collector.history import tables
from collector.history.measures import FORECAST, MEASURES, SPACE_HOUR, ZONE_FIVE_MIN, ZONE_HOUR, HistoryRow
from collector.intake.intake import IncomingMessage
from collector.site.site_plan import WHOLE_SITE
from collector.store.journal import Journal
from collector.timekeeping.site_clock import ClockReading
from collector.timekeeping.site_time import SiteTime
from edge.contract.message import EventKind, SensorEvent
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message

PLAN = build_desk_plan(6, devices=3)
RETENTION = RetentionSettings()
HISTORY_DAYS = 60

Rows = dict[tuple[str, tuple[str, ...], int], tuple[float | None, ...]]


class SimulatedServer:
    """A server with a clock and a collector, and devices whose own clocks are right."""

    def __init__(self, folder: Path, *, synchronised: bool) -> None:
        self.true_ms, self.booted_ms, self.boot = NOON_MS, NOON_MS - DAY_MS, 1
        self.wrong_ms, self.synchronised = 0, synchronised
        self.reaches_devices = True
        self.refused = 0
        self._path = folder / "journal.sqlite"
        self._outboxes: dict[str, deque[SensorEvent]] = {device: deque() for device in PLAN.device_ids}
        self._seqs = dict.fromkeys(PLAN.device_ids, 0)
        with closing(Journal(self._path)) as journal, journal.transaction():
            _add_history(journal)
        self.journal = Journal(self._path)
        self._start()

    def read(self) -> ClockReading:
        return ClockReading(self.true_ms + self.wrong_ms, self.true_ms - self.booted_ms, self.boot, self.synchronised)

    def restart(self, *, reboots: bool = False) -> None:
        """End the collector cleanly and start it; with `reboots` the whole machine restarts, which takes a minute."""
        self.work.save_evidence()
        self.journal.close()
        if reboots:
            self.true_ms += MINUTE_MS
            self.boot, self.booted_ms = self.boot + 1, self.true_ms
        self.journal = Journal(self._path)
        self._start()

    def run_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.true_ms += MINUTE_MS
            self._make_events()
            self.run_loop_once()

    def run_loop_once(self) -> None:
        """Do what the collector's loop does with waiting messages and the passing of time."""
        if self.reaches_devices:
            self._send_waiting()
        now_ms = self.time.now_ms()
        self.work.tick(now_ms)
        while self.work.advance_history(now_ms):
            pass
        if self.work.is_ahead(now_ms):
            self.work = self._begin()

    def end(self) -> Rows:
        """Close the journal; return every row of history."""
        self.run_loop_once()
        with closing(self.journal):
            return read_all_rows(self.journal)

    def gaps(self) -> list[tuple[object, ...]]:
        return self.journal._connection.execute("SELECT device, first, last, reason FROM gap").fetchall()

    def count_old_rows(self) -> int:
        """How many rows remain of the history from before the start."""
        return sum(1 for _, _, at_ms in read_all_rows(self.journal) if at_ms < NOON_MS)

    def find_future_rows(self) -> list[tuple[str, int]]:
        """Everything in the journal that is dated in the future."""
        now_ms, db = self.true_ms, self.journal._connection
        found = [
            (name, at_ms) for name, _, at_ms in read_all_rows(self.journal) if at_ms > now_ms and name != FORECAST.name
        ]
        for table in ("transition", "event", "people_estimate", "gap", "quarantine"):
            found += [
                (table, at_ms)
                for (at_ms,) in db.execute(f"SELECT at_ms FROM {table} WHERE at_ms > ?", (now_ms,))  # noqa: S608 - our own names
            ]
        names = "SELECT name, value FROM meta WHERE name IN ('buckets_until_ms', 'erased_until_ms', 'accepted_from_ms')"
        return found + [(name, value) for name, value in db.execute(names) if value > now_ms]

    def _start(self) -> None:
        self.time = SiteTime(self.read, PLAN.device_ids)
        self.time.resume(load_initial_estimate(self.journal, self.time.last_ms()))
        self.work = self._begin()

    def _begin(self) -> Pipeline:
        self.time.now_ms()
        return start_pipeline(PLAN, self.journal, RETENTION, self.time, DEFAULT_ALERT_SETTINGS)

    def _make_events(self) -> None:
        """Let each desk's sensor report every minute; some desks are used."""
        minute = self.true_ms // MINUTE_MS
        for n, sensor in enumerate(one for one in PLAN.sensors if one.space is not None):
            moves = (minute // (7 + n)) % 2 == 0
            kind, value = (EventKind.MOTION, 1) if moves else (EventKind.HEARTBEAT, 0)
            seq = self._seqs[sensor.device] = self._seqs[sensor.device] + 1
            self._outboxes[sensor.device].append(SensorEvent(seq, sensor.id, self.true_ms - 500, kind, value))

    def _send_waiting(self) -> None:
        """Send what waits, and drop what a receipt covers."""
        deliveries = []
        for device, outbox in self._outboxes.items():
            events = list(outbox)[:200]
            if events:
                deliveries.append(IncomingMessage(device, message(events, oldest=events[0].seq)))
        owed = self.work.process_batch(deliveries, self.time.now_ms())
        for (device, _), seq in owed.items():
            while self._outboxes[device] and self._outboxes[device][0].seq <= seq:
                self._outboxes[device].popleft()


def read_all_rows(journal: Journal) -> Rows:
    """Every row of history that has a value."""
    found: Rows = {}
    for measure in MEASURES:
        for tags in tables.iterate_series(journal._connection, measure):
            for row in tables.read_rows(journal._connection, measure, tags, 0, 2**62):
                found[measure.name, row.tags, row.at_ms] = row.fields
    return found


def _add_history(journal: Journal) -> None:
    """Write rows for sixty days before noon, as if they had been recorded."""
    db = journal._connection
    hours = range(NOON_MS - HISTORY_DAYS * DAY_MS, NOON_MS, HOUR_MS)
    for measure, tags in ((ZONE_FIVE_MIN, (WHOLE_SITE, "desk")), (ZONE_HOUR, (WHOLE_SITE, "desk"))):
        fields = tuple(float(n % 5) for n in range(len(measure.fields)))
        tables.upsert_rows(db, measure, [HistoryRow(tags, at_ms, fields) for at_ms in hours])
    fields = tuple(600.0 for _ in SPACE_HOUR.fields)
    recent = range(NOON_MS - 30 * DAY_MS, NOON_MS, HOUR_MS)
    tables.upsert_rows(db, SPACE_HOUR, [HistoryRow(("desk-0",), at_ms, fields) for at_ms in recent])
